/* hand_over.c - the old process's side; see hand_over.h. */
#include "cli/hand_over.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/hand_over_messages.h"

/* An index that has to be built anew takes its time; meanwhile this process serves. */
#define START_MS (15 * 60 * 1000)
#define ENVIRONMENT_MAX MB(2)
#define POLL_MS 200

struct HandOver {
    HandOverOptions options;
    pthread_mutex_t lock; /* held while one runs */
    atomic_bool is_stopping, is_done;
};

HandOver *hand_over_new(const HandOverOptions *options)
{
    HandOver *over = heap_alloc(sizeof *over);
    over->options = *options;
    pthread_mutex_init(&over->lock, NULL);
    return over;
}

void hand_over_cancel(HandOver *over) { over->is_stopping = true; }

void hand_over_free(HandOver *over)
{
    if (!over)
        return;
    hand_over_cancel(over);
    pthread_mutex_lock(&over->lock); /* until the one that runs has seen it */
    pthread_mutex_unlock(&over->lock);
    pthread_mutex_destroy(&over->lock);
    free(over);
}

bool hand_over_is_done(const HandOver *over) { return over && over->is_done; }

/* --- Starting the program anew --- */

/* Texts that end with a zero byte each, as the kernel keeps them. */
static bool read_texts(Arena *arena, const char *path, char ***texts_r, size_t *count_r, Error *err)
{
    Str bytes;
    if (!file_read(arena, path, ENVIRONMENT_MAX, &bytes, err))
        return false;
    size_t count = 0;
    for (size_t i = 0; i < bytes.length; i++)
        count += bytes.at[i] == '\0';
    char **texts = arena_new_array(arena, char *, count + 2);
    *count_r = 0;
    for (size_t at = 0; *count_r < count; at += strlen(bytes.at + at) + 1)
        texts[(*count_r)++] = (char *)(uintptr_t)bytes.at + at;
    *texts_r = texts;
    return true;
}

/* What this process began with, so that a .env that has changed since counts; but for what was said
 * to it alone. */
static bool make_environment(Arena *arena, char ***environment_r, Error *err)
{
    static const char *const ours[] = { TAKE_OVER_VARIABLE "=", "LISTEN_PID=", "LISTEN_FDS=",
                                        "LISTEN_FDNAMES=", "WATCHDOG_PID=" };
    char **texts;
    size_t count, kept = 0;
    if (!read_texts(arena, "/proc/self/environ", &texts, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool goes = false;
        for (size_t k = 0; k < COUNT(ours); k++)
            goes |= strncmp(texts[i], ours[k], strlen(ours[k])) == 0;
        if (!goes)
            texts[kept++] = texts[i];
    }
    texts[kept++] = str_c(arena, str_format(arena, TAKE_OVER_VARIABLE "=%d", TAKE_OVER_SOCKET));
    texts[kept] = NULL;
    *environment_r = texts;
    return true;
}

static int spawn(const char *program, char **arguments, char **environment, int socket,
                 pid_t *process_r)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    int failure = posix_spawn_file_actions_adddup2(&actions, socket, TAKE_OVER_SOCKET);
    if (!failure)
        failure = posix_spawn_file_actions_addclosefrom_np(&actions, TAKE_OVER_SOCKET + 1);
    if (!failure)
        failure = posix_spawn(process_r, program, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

/* *socket_r leads to the new process. */
static bool start(const HandOver *over, pid_t *process_r, int *socket_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    char **arguments, **environment;
    size_t count;
    int pair[2];
    if (!read_texts(arena, "/proc/self/cmdline", &arguments, &count, err) ||
        !make_environment(arena, &environment, err))
        return false;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return fail_errno(err, "making a socket");
    /* Never the number that it gets there: dup2() would keep close-on-exec. */
    AUTO_CLOSE int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, TAKE_OVER_SOCKET + 1);
    close(pair[1]);
    errno = theirs < 0 ? errno
                       : spawn(over->options.program, arguments, environment, theirs, process_r);
    if (theirs < 0 || errno) {
        close(pair[0]);
        return fail_errno(err, "starting %s", over->options.program);
    }
    *socket_r = pair[0];
    return true;
}

/* --- Speaking with it --- */

static bool has_news(HandOver *over, int socket, int64_t until_ms, Error *err)
{
    struct pollfd look = { .fd = socket, .events = POLLIN };
    while (poll(&look, 1, POLL_MS) <= 0) {
        if (over->is_stopping)
            return fail(err, ERROR_CANCELLED, "the server is stopping");
        if (monotonic_ms() >= until_ms)
            return fail(err, ERROR_TIMEOUT, "the new process is not ready within %d minutes",
                        START_MS / 60000);
    }
    return true;
}

static bool take_step(HandOver *over, int socket, pid_t process, bool *is_held, Error *err)
{
    HandOverMessage message;
    if (!message_receive(socket, &message, err))
        return fail(err, ERROR_CONFLICT,
                    "the new process has ended before it was ready; its last lines of log say why");
    switch (message.kind) {
    case MESSAGE_OPEN:
        *is_held = true;
        return over->options.hold(over->options.argument, true, err) &&
               message_send(socket, &(HandOverMessage){ .kind = MESSAGE_HELD }, err);
    case MESSAGE_READY:
        over->options.leave(over->options.argument, process);
        over->is_done = true;
        return message_send(socket, &(HandOverMessage){ .kind = MESSAGE_GO }, err);
    case MESSAGE_FAILED: return fail(err, ERROR_CONFLICT, "the new process says: %s", message.text);
    default: return fail(err, ERROR_CONFLICT, "the new process says what nobody understands");
    }
}

static bool speak(HandOver *over, int socket, pid_t process, bool *is_held, Error *err)
{
    const HandOverOptions *options = &over->options;
    int64_t until_ms = monotonic_ms() + START_MS;
    HandOverMessage sockets = { .kind = MESSAGE_SOCKETS };
    const int fds[] = { options->lock, options->local, options->tcp, options->redirect };
    for (size_t i = 0; i < COUNT(fds); i++) {
        sockets.has[i] = fds[i] >= 0;
        if (fds[i] >= 0)
            sockets.fds[sockets.fd_count++] = fds[i];
    }
    snprintf(sockets.listen, sizeof sockets.listen, "%s", options->listen);
    snprintf(sockets.listen_redirect, sizeof sockets.listen_redirect, "%s",
             options->listen_redirect);
    if (!message_send(socket, &sockets, err))
        return false;
    while (!over->is_done)
        if (!has_news(over, socket, until_ms, err) ||
            !take_step(over, socket, process, is_held, err))
            return over->is_done; /* it has our place, whatever it says now */
    return true;
}

static bool run(HandOver *over, int *process_r, Error *err)
{
    pid_t process;
    int socket = -1, status;
    bool is_held = false;
    Error ignored;
    if (getpid() == 1)
        return fail(err, ERROR_UNSUPPORTED,
                    "the server is the first process of a container, which ends with it: replace "
                    "the container, or start it with an init (docker run --init)");
    if (!start(over, &process, &socket, err))
        return false;
    if (speak(over, socket, process, &is_held, err)) {
        *process_r = process;
        return true; /* the socket stays open: its end tells that this process has ended */
    }
    (void)kill(process, SIGKILL);
    (void)waitpid(process, &status, 0);
    close(socket);
    if (is_held && !over->options.hold(over->options.argument, false, &ignored))
        return fail_in(err, "the index is held for nobody");
    return false;
}

bool hand_over_run(HandOver *over, int *process_r, Error *err)
{
    if (over->is_done || pthread_mutex_trylock(&over->lock) != 0)
        return fail(err, ERROR_CONFLICT, "a new process is taking this one's place already");
    bool good = run(over, process_r, err);
    pthread_mutex_unlock(&over->lock);
    return good;
}
