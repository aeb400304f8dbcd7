/* clamd_test.c - a scanner that finds, that does not, and that misbehaves. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/clamd.h"

typedef enum Manner { LISTENS, HANGS_UP, STAYS_SILENT } Manner;

typedef struct Scanner {
    int fd;
    Manner manner;
    const char *answer; /* sent with its zero */
    size_t heard;       /* bytes of the file */
} Scanner;

static bool read_whole(int fd, void *bytes, size_t size)
{
    return recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

static void *scan(void *argument)
{
    Scanner *scanner = argument;
    char command[sizeof "zINSTREAM"], bytes[KB(64)];
    uint32_t size;
    int fd = accept(scanner->fd, NULL, NULL);
    if (scanner->manner == LISTENS && read_whole(fd, command, sizeof command))
        while (read_whole(fd, &size, sizeof size) && (size = __builtin_bswap32(size)) &&
               read_whole(fd, bytes, size))
            scanner->heard += size;
    if (scanner->manner == STAYS_SILENT)
        (void)!read(fd, bytes, 1), sleep_ms(300);
    else if (scanner->answer)
        (void)!write(fd, scanner->answer, strlen(scanner->answer) + 1);
    close(fd);
    return NULL;
}

/* What clamd_scan() says of a file of so many bytes: "" nothing, a name, or "!" and its message. */
static Str ask(Arena *arena, Scanner *scanner, size_t size)
{
    char folder[] = "/tmp/clamd-XXXXXX";
    cr_assert(mkdtemp(folder));
    char *path = path_join(arena, str(folder), S("file"));
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
    FILE *file = fopen(path, "w");
    for (size_t i = 0; i < size; i++)
        (void)fputc('x', file);
    cr_assert(fclose(file) == 0);
    scanner->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(bind(scanner->fd, (struct sockaddr *)&at, sizeof at) == 0);
    cr_assert(listen(scanner->fd, 1) == 0);
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, scan, scanner) == 0);
    Clamd clamd = { .address = str_format(arena, "unix:%s", at.sun_path), .timeout_ms = 200 };
    if (scanner->manner != STAYS_SILENT)
        clamd.timeout_ms = 20000;
    Str found;
    Error err;
    bool good = clamd_scan(&clamd, arena, path, &found, &err);
    cr_expect(good || err.code == ERROR_BUSY);
    pthread_join(thread, NULL);
    close(scanner->fd);
    unlink(at.sun_path), unlink(path), rmdir(folder);
    return good ? found : str_format(arena, "!%s", err.message);
}

Test(net, a_scanner_that_misbehaves_is_never_taken_for_a_clean_file)
{
    static const struct {
        Manner manner;
        const char *answer, *says;
        size_t size;
    } cases[] = {
        { LISTENS, "stream: OK", "", 10 },
        { LISTENS, "stream: OK", "", 0 },
        { LISTENS, "stream: OK", "", 300000 },
        { LISTENS, "stream: Eicar-Signature FOUND", "Eicar-Signature", 10 },
        { LISTENS, "stream: Win.Test FOUND FOUND", "Win.Test FOUND", 10 },
        { LISTENS, "INSTREAM size limit exceeded. ERROR", "!takes no file of this size", 10 },
        { HANGS_UP, "INSTREAM size limit exceeded. ERROR", "!takes no file of this size", 10 },
        { LISTENS, "stream: Can't allocate memory ERROR", "!answered with an error", 10 },
        { LISTENS, "stream:  FOUND", "!answered with an error", 10 },
        { LISTENS, "OK", "!answered with an error", 10 },
        { LISTENS, "stream: OK\nstream: OK", "!answered with an error", 10 },
        { LISTENS, "", "!did not answer", 10 },
        { LISTENS, NULL, "!did not answer", 10 },
        { HANGS_UP, NULL, "!did not answer", 10 },
        { STAYS_SILENT, NULL, "!did not answer", 10 },
        { STAYS_SILENT, NULL, "!did not answer", 3000000 },
    };
    Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Scanner scanner = { .manner = cases[i].manner, .answer = cases[i].answer };
        Str said = ask(arena, &scanner, cases[i].size);
        bool is_as_wished = cases[i].says[0] == '!' ? said.length && said.at[0] == '!' &&
                                                          str_find(said, str(cases[i].says + 1)) > 0
                                                    : str_is(said, cases[i].says);
        cr_expect(is_as_wished, "%zu: " STR_FMT, i, STR_ARG(said));
        cr_expect(cases[i].manner != LISTENS || scanner.heard == cases[i].size);
    }
    arena_free(arena);
}

Test(net, addresses_of_a_scanner_are_checked)
{
    Error err;
    cr_expect(clamd_check(S("unix:/run/clamav/clamd.ctl"), &err));
    cr_expect(clamd_check(S("127.0.0.1:3310"), &err));
    cr_expect(!clamd_check(S("unix:relative"), &err));
    cr_expect(!clamd_check(S("127.0.0.1"), &err));
    cr_expect(!clamd_check(S("127.0.0.1:0"), &err));
    cr_expect(!clamd_check(S(":3310"), &err));
}
