/* fork_server.c - see fork_server.h: the server's side. */
#include "sandbox/fork_server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define START_WAIT_MS 20000
#define NO_LIBRARY 127 /* what ld.so(8) ends a program with when a shared library is missing */

/* --- Starting one --- */

static bool add_actions(posix_spawn_file_actions_t *actions, int socket_fd, bool shows_errors)
{
    int last = shows_errors ? 1 : 2;
    bool ok = true;
    for (int fd = 0; fd <= last; fd++)
        ok = ok && posix_spawn_file_actions_addopen(actions, fd, "/dev/null",
                                                    fd ? O_WRONLY : O_RDONLY, 0) == 0;
    if (socket_fd >= 0)
        ok = ok && posix_spawn_file_actions_adddup2(actions, socket_fd, WORKER_SOCKET) == 0;
    return ok &&
           posix_spawn_file_actions_addclosefrom_np(actions, WORKER_SOCKET + (socket_fd >= 0)) == 0;
}

/* What add_actions() orders, then the fork server's main(). */
static _Noreturn void be_fork_server(const SandboxOptions *options, int socket_fd)
{
    sigset_t none;
    sigemptyset(&none);
    (void)setpgid(0, 0);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= (options->shows_errors ? 1 : 2); fd++)
        if (null < 0 || dup2(null, fd) < 0)
            _exit(64);
    if (dup2(socket_fd, WORKER_SOCKET) < 0 || close_range(WORKER_SOCKET + 1, ~0u, 0) != 0)
        _exit(64);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    char *argv[] = { heap_text(WORKER_NAME), NULL };
    sandbox_worker_main(1, argv, options->copied);
    _exit(64);
}

static int copy(const SandboxOptions *options, int socket_fd, pid_t *pid_r)
{
    *pid_r = fork();
    if (*pid_r == 0)
        be_fork_server(options, socket_fd);
    return *pid_r < 0 ? errno : 0;
}

/* The program of a class: beside ourselves or in ../libexec/lectern. It is called after ourselves:
 * beside lectern-sanitize is lectern-worker-CLASS-sanitize. */
static bool find_program(const SandboxOptions *options, const char *class, char path[PATH_MAX])
{
    static const char *const places[] = { "", "../libexec/lectern/" };
    char self[PATH_MAX];
    if (class[strspn(class, "abcdefghijklmnopqrstuvwxyz")] != '\0')
        return false;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return false;
    self[length] = '\0';
    char *name = strrchr(self, '/') + 1;
    const char *suffix = strncmp(name, "lectern-", 8) == 0 ? name + 7 : "";
    for (size_t i = 0; i < COUNT(places); i++) {
        int used = options->workers
                       ? snprintf(path, PATH_MAX, "%s/lectern-worker-%s", options->workers, class)
                       : snprintf(path, PATH_MAX, "%.*s%slectern-worker-%s%s", (int)(name - self),
                                  self, places[i], class, suffix);
        if (used < PATH_MAX && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

/* Started by hand, as it were, a worker ends at once; the loader ends it with NO_LIBRARY. */
static bool starts(const char *program)
{
    pid_t pid;
    int status;
    posix_spawn_file_actions_t actions;
    char *argv[] = { heap_text(WORKER_NAME), NULL }, *none[] = { NULL };
    posix_spawn_file_actions_init(&actions);
    bool good = add_actions(&actions, -1, false) &&
                posix_spawn(&pid, program, &actions, NULL, argv, none) == 0;
    while (good && waitpid(pid, &status, 0) < 0)
        good = errno == EINTR;
    free(argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    return good && WIFEXITED(status) && WEXITSTATUS(status) != NO_LIBRARY;
}

SandboxWorkerState fork_server_state(const SandboxOptions *options, const char *class)
{
    char path[PATH_MAX];
    if (!find_program(options, class, path))
        return SANDBOX_WORKER_MISSING;
    return starts(path) ? SANDBOX_WORKER_READY : SANDBOX_WORKER_BROKEN;
}

static int spawn(const SandboxOptions *options, const char *class, int socket_fd, pid_t *pid_r)
{
    char program[PATH_MAX];
    if (!*class)
        snprintf(program, sizeof program, "%s",
                 options->program ? options->program : "/proc/self/exe");
    else if (!find_program(options, class, program))
        return ENOENT;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    char *argv[] = { heap_text(WORKER_NAME), NULL };
    /* Calls into libraries are bound once, before the forks. */
    char *environment[] = { heap_text("LD_BIND_NOW=1"), NULL };
    int failure = ENOMEM;
    if (add_actions(&actions, socket_fd, options->shows_errors))
        failure = posix_spawn(pid_r, program, &actions, &attributes, argv, environment);
    free(argv[0]);
    free(environment[0]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

/* Two connected sockets; the child's is never WORKER_SOCKET itself, because dup2() would then keep
 * close-on-exec. */
static bool make_pair(int type, int *ours_r, int *childs_r)
{
    int pair[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    *childs_r = fcntl(pair[1], F_DUPFD_CLOEXEC, WORKER_SOCKET + 1);
    close(pair[1]);
    if (*childs_r < 0) {
        close(pair[0]);
        return false;
    }
    *ours_r = pair[0];
    return true;
}

static void explain_failure(int failure, const char *class, Error *err)
{
    errno = failure;
    if (*class && failure == ENOENT)
        fail(err, ERROR_UNSUPPORTED, "its reader, the program lectern-worker-%s, is not installed",
             class);
    else
        fail_errno(err, "starting a reader");
}

ForkServer *fork_server_new(const SandboxOptions *options, const char *class, Error *err)
{
    AUTO_CLOSE int childs = -1;
    int ours;
    pid_t pid;
    if (!make_pair(SOCK_SEQPACKET, &ours, &childs)) {
        fail_errno(err, "starting a reader");
        return NULL;
    }
    int failure = options->copied && !*class ? copy(options, childs, &pid)
                                             : spawn(options, class, childs, &pid);
    if (failure) {
        close(ours);
        explain_failure(failure, class, err);
        return NULL;
    }
    ForkServer *server = heap_alloc(sizeof *server);
    server->pid = pid;
    server->socket = ours;
    snprintf(server->class, sizeof server->class, "%s", class);
    return server;
}

void fork_server_free(ForkServer *server)
{
    if (!server)
        return;
    (void)kill(server->pid, SIGKILL);
    while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    close(server->socket);
    free(server);
}

/* --- Asking it --- */

static bool explain_end(ForkServer *server, Error *err)
{
    siginfo_t about = { 0 };
    (void)kill(server->pid, SIGKILL);
    (void)waitid(P_PID, (id_t)server->pid, &about, WEXITED | WNOWAIT);
    if (about.si_code == CLD_EXITED && about.si_status == NO_LIBRARY)
        return fail(err, ERROR_UNSUPPORTED,
                    "its reader, the program lectern-worker-%s, lacks a shared library",
                    server->class);
    if (about.si_code == CLD_EXITED)
        return fail(err, ERROR_DAMAGED, "the reader ended without an answer (status %d)",
                    about.si_status);
    return fail(err, ERROR_DAMAGED, "the reader crashed before it had a file (signal %d)",
                about.si_status);
}

/* Only a child of ours is believed, since it will be waited for and perhaps killed. */
static bool is_child(pid_t pid)
{
    siginfo_t about;
    return pid > 0 && waitid(P_PID, (id_t)pid, &about, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static bool receive_pid(ForkServer *server, pid_t *pid_r, Error *err)
{
    struct pollfd ready = { .fd = server->socket, .events = POLLIN };
    int32_t answer = 0;
    int count;
    do
        count = poll(&ready, 1, START_WAIT_MS);
    while (count < 0 && errno == EINTR);
    if (count == 0)
        return fail(err, ERROR_TIMEOUT, "the reader was not ready in %d s", START_WAIT_MS / 1000);
    if (recv(server->socket, &answer, sizeof answer, 0) != (ssize_t)sizeof answer)
        return explain_end(server, err);
    if (answer < 0) {
        errno = -answer;
        return fail_errno(err, "starting a reader");
    }
    if (!is_child(answer))
        return fail(err, ERROR_INTERNAL, "the reader that was started is not ours");
    *pid_r = answer;
    return true;
}

/* The worker's number, when it has `socket_fd` as its own. */
static bool fork_worker(ForkServer *server, const char *service, int socket_fd, pid_t *pid_r,
                        Error *err)
{
    ForkRequest request = { 0 };
    snprintf(request.service, sizeof request.service, "%s", service);
    server->worker_count++;
    server->last_used_ms = monotonic_ms();
    Str bytes = { (const char *)&request, sizeof request };
    if (!files_send(server->socket, bytes, &socket_fd, 1))
        return explain_end(server, err);
    return receive_pid(server, pid_r, err);
}

WorkerProcess *fork_server_ask(ForkServer *server, const char *service, Error *err)
{
    int ours, childs;
    pid_t pid = -1;
    if (!make_pair(SOCK_STREAM, &ours, &childs)) {
        fail_errno(err, "starting a reader");
        return NULL;
    }
    bool forked = fork_worker(server, service, childs, &pid, err);
    close(childs); /* so that the worker's end is heard */
    if (!forked) {
        close(ours);
        return NULL;
    }
    WorkerProcess *worker = worker_process_new(pid, ours, service);
    if (worker_process_wait_ready(worker, START_WAIT_MS, err))
        return worker;
    worker_process_free(worker);
    return NULL;
}
