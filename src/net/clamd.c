/* clamd.c - see clamd.h. */
#include "net/clamd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define TIMEOUT_MS 120000
#define PIECE_BYTES KB(64)
#define ANSWER_MAX KB(1)

typedef struct Talk {
    const Clamd *clamd;
    int fd;
    int64_t until_ms;
} Talk;

static bool no_answer(const Talk *talk, const char *why, Error *err)
{
    return fail(err, ERROR_BUSY,
                "the virus scanner (clamd at " STR_FMT ") %s; nothing was stored. Try again, or "
                "see to it that it runs (settings clamd and clamd_away)",
                STR_ARG(talk->clamd->address), why);
}

/* --- Connecting --- */

static bool is_unix(Str address) { return str_starts(address, S("unix:/")); }

static bool split_port(Str address, Str *host_r, Str *port_r)
{
    ptrdiff_t colon = str_find_last_char(address, ':');
    int64_t port;
    if (colon <= 0 || !str_to_int(str_from(address, (size_t)colon + 1), 1, 65535, &port))
        return false;
    *host_r = str_slice(address, 0, (size_t)colon);
    *port_r = str_from(address, (size_t)colon + 1);
    return true;
}

bool clamd_check(Str address, Error *err)
{
    Str host, port;
    struct sockaddr_un local;
    if (is_unix(address) ? address.length - S("unix:").length < sizeof local.sun_path
                         : split_port(address, &host, &port))
        return true;
    return fail_field(err, "clamd", "clamd is unix:/PATH or HOST:PORT");
}

static bool wait_for(const Talk *talk, short events)
{
    struct pollfd look = { .fd = talk->fd, .events = events };
    for (;;) {
        int64_t left = talk->until_ms - monotonic_ms();
        int ready = poll(&look, 1, (int)MAX(left, (int64_t)0));
        if (ready > 0 || left <= 0 || (ready < 0 && errno != EINTR))
            return ready > 0;
    }
}

static bool connect_to(Talk *talk, int family, const struct sockaddr *address, socklen_t size)
{
    int failure = 0;
    socklen_t length = sizeof failure;
    talk->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = talk->fd >= 0 &&
                (connect(talk->fd, address, size) == 0 ||
                 ((errno == EINPROGRESS || errno == EAGAIN) && wait_for(talk, POLLOUT) &&
                  getsockopt(talk->fd, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && !failure));
    if (!good && talk->fd >= 0) {
        close(talk->fd);
        talk->fd = -1;
    }
    return good;
}

static bool connect_unix(Talk *talk)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    Str path = str_from(talk->clamd->address, S("unix:").length);
    memcpy(local.sun_path, path.at, MIN(path.length, sizeof local.sun_path - 1));
    return connect_to(talk, AF_UNIX, (struct sockaddr *)&local, sizeof local);
}

static bool connect_tcp(Talk *talk, Arena *arena)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
    Str host, port;
    if (!split_port(talk->clamd->address, &host, &port) ||
        getaddrinfo(str_c(arena, host), str_c(arena, port), &hints, &found) != 0)
        return false;
    bool good = false;
    for (struct addrinfo *at = found; at && !good; at = at->ai_next)
        good = connect_to(talk, at->ai_family, at->ai_addr, at->ai_addrlen);
    freeaddrinfo(found);
    return good;
}

/* --- Asking --- */

/* Also when clamd sends no more because it has seen enough: then its answer is there. */
static bool send_bytes(const Talk *talk, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        ssize_t sent = send(talk->fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN && wait_for(talk, POLLOUT))
            continue;
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static bool send_piece(const Talk *talk, const char *bytes, size_t size)
{
    uint32_t length = htonl((uint32_t)size);
    return send_bytes(talk, &length, sizeof length) && send_bytes(talk, bytes, size);
}

/* False: the file could not be read. */
static bool send_file(const Talk *talk, Arena *arena, int fd)
{
    char *bytes = arena_alloc(arena, PIECE_BYTES);
    ssize_t got;
    bool is_heard = send_bytes(talk, "zINSTREAM", sizeof "zINSTREAM");
    while ((got = read(fd, bytes, PIECE_BYTES)) > 0 && is_heard)
        is_heard = send_piece(talk, bytes, (size_t)got);
    if (got == 0 && is_heard)
        (void)send_piece(talk, "", 0);
    return got >= 0;
}

static Str receive(const Talk *talk, Arena *arena)
{
    char *answer = arena_alloc(arena, ANSWER_MAX);
    size_t length = 0;
    while (length < ANSWER_MAX && (!length || answer[length - 1])) {
        ssize_t got =
            wait_for(talk, POLLIN) ? recv(talk->fd, answer + length, ANSWER_MAX - length, 0) : 0;
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    return (Str){ answer, length && !answer[length - 1] ? length - 1 : 0 };
}

/* "stream: OK", "stream: Eicar-Signature FOUND", "INSTREAM size limit exceeded. ERROR" */
static bool understand(const Talk *talk, Str answer, Str *found_r, Error *err)
{
    Str before = S("stream: "), after = S(" FOUND");
    *found_r = S("");
    if (str_is(answer, "stream: OK"))
        return true;
    if (str_find(answer, S("size limit exceeded")) >= 0)
        return no_answer(talk, "takes no file of this size (its StreamMaxLength)", err);
    if (!str_starts(answer, before) || !str_ends(answer, after) ||
        answer.length <= before.length + after.length)
        return no_answer(talk, answer.length ? "answered with an error" : "did not answer", err);
    *found_r = str_slice(answer, before.length, answer.length - after.length);
    return true;
}

bool clamd_scan(const Clamd *clamd, Arena *arena, const char *path, Str *found_r, Error *err)
{
    int64_t timeout = clamd->timeout_ms ? clamd->timeout_ms : TIMEOUT_MS;
    Talk talk = { .clamd = clamd, .fd = -1, .until_ms = monotonic_ms() + timeout };
    AUTO_CLOSE int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fail_errno(err, "reading the upload");
    if (!(is_unix(clamd->address) ? connect_unix(&talk) : connect_tcp(&talk, arena)))
        return no_answer(&talk, "cannot be reached", err);
    AUTO_CLOSE int connection = talk.fd;
    if (!send_file(&talk, arena, file))
        return fail_errno(err, "reading the upload");
    return understand(&talk, receive(&talk, arena), found_r, err);
}
