/* sandbox.c - the server's side: starting workers and keeping some ready.
 *
 * One thread starts every worker, because a worker is told to die with the thread (not only the
 * process) that started it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sandbox/worker_process.h"

#define READY_WAIT_MS 20000

struct Sandbox {
    SandboxOptions options;
    pthread_t keeper;
    pthread_mutex_t lock;
    pthread_cond_t wanted, started;
    WorkerProcess *ready; /* a list */
    int ready_count, target, waiting;
    bool is_stopping;
    Error failure; /* of the last start; code NONE when it worked */
    uint64_t failure_count;
    unsigned shields;
    bool knows_shields;
};

/* --- Starting one --- */

static bool add_actions(posix_spawn_file_actions_t *actions, int socket_fd, bool shows_errors)
{
    int last = shows_errors ? 1 : 2;
    bool ok = true;
    for (int fd = 0; fd <= last; fd++)
        ok = ok && posix_spawn_file_actions_addopen(actions, fd, "/dev/null",
                                                    fd ? O_WRONLY : O_RDONLY, 0) == 0;
    return ok && posix_spawn_file_actions_adddup2(actions, socket_fd, WORKER_SOCKET) == 0 &&
           posix_spawn_file_actions_addclosefrom_np(actions, WORKER_SOCKET + 1) == 0;
}

static int spawn(const SandboxOptions *options, const char *service, int socket_fd, pid_t *pid_r)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    char *argv[] = { heap_text(WORKER_NAME), heap_text(service), NULL };
    char *environment[] = { NULL };
    int failure = ENOMEM;
    if (add_actions(&actions, socket_fd, options->shows_errors))
        failure = posix_spawn(pid_r, options->program ? options->program : "/proc/self/exe",
                              &actions, &attributes, argv, environment);
    free(argv[0]);
    free(argv[1]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

static WorkerProcess *start_worker(Sandbox *sandbox, const char *service, Error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        fail_errno(err, "starting a reader");
        return NULL;
    }
    /* The child's end must not be WORKER_SOCKET itself: dup2 would then keep close-on-exec. */
    int child_end = fcntl(pair[1], F_DUPFD_CLOEXEC, WORKER_SOCKET + 1);
    close(pair[1]);
    pid_t pid;
    int failure = child_end < 0 ? errno : spawn(&sandbox->options, service, child_end, &pid);
    fd_auto(&child_end);
    if (failure) {
        close(pair[0]);
        errno = failure;
        fail_errno(err, "starting a reader");
        return NULL;
    }
    WorkerProcess *worker = worker_process_new(pid, pair[0], service);
    if (worker_process_wait_ready(worker, READY_WAIT_MS, err))
        return worker;
    worker_process_free(worker);
    return NULL;
}

/* --- The keeper --- */

static bool needs_more(const Sandbox *sandbox)
{
    return sandbox->ready_count < MAX(sandbox->target, sandbox->waiting);
}

static void *keep(void *argument)
{
    Sandbox *sandbox = argument;
    pthread_mutex_lock(&sandbox->lock);
    while (!sandbox->is_stopping) {
        if (!needs_more(sandbox)) {
            pthread_cond_wait(&sandbox->wanted, &sandbox->lock);
            continue;
        }
        pthread_mutex_unlock(&sandbox->lock);
        Error err = { 0 };
        WorkerProcess *worker = start_worker(sandbox, sandbox->options.service, &err);
        pthread_mutex_lock(&sandbox->lock);
        if (worker) {
            worker->next = sandbox->ready;
            sandbox->ready = worker;
            sandbox->ready_count++;
            sandbox->shields = worker->shields;
            sandbox->knows_shields = true;
        } else {
            /* Whoever waits is told; nobody retries by itself. */
            sandbox->failure = err;
            sandbox->failure_count++;
            sandbox->target = 0;
        }
        pthread_cond_broadcast(&sandbox->started);
    }
    pthread_mutex_unlock(&sandbox->lock);
    return NULL;
}

bool sandbox_new(const SandboxOptions *options, Sandbox **sandbox_r, Error *err)
{
    Sandbox *sandbox = heap_alloc(sizeof *sandbox);
    sandbox->options = *options;
    if (!sandbox->options.ready_count)
        sandbox->options.ready_count = 1;
    sandbox->target = options->starts_early ? MAX(sandbox->options.ready_count, 0) : 0;
    pthread_mutex_init(&sandbox->lock, NULL);
    pthread_cond_init(&sandbox->wanted, NULL);
    pthread_cond_init(&sandbox->started, NULL);
    int failure = pthread_create(&sandbox->keeper, NULL, keep, sandbox);
    if (failure) {
        free(sandbox);
        errno = failure;
        return fail_errno(err, "starting a thread");
    }
    pthread_setname_np(sandbox->keeper, "sandbox");
    *sandbox_r = sandbox;
    return true;
}

void sandbox_free(Sandbox *sandbox)
{
    if (!sandbox)
        return;
    pthread_mutex_lock(&sandbox->lock);
    sandbox->is_stopping = true;
    pthread_cond_broadcast(&sandbox->wanted);
    pthread_mutex_unlock(&sandbox->lock);
    pthread_join(sandbox->keeper, NULL);
    for (WorkerProcess *worker = sandbox->ready, *next; worker; worker = next) {
        next = worker->next;
        worker_process_free(worker);
    }
    pthread_cond_destroy(&sandbox->wanted);
    pthread_cond_destroy(&sandbox->started);
    pthread_mutex_destroy(&sandbox->lock);
    free(sandbox);
}

/* A ready worker; it is the caller's. */
static WorkerProcess *take_worker(Sandbox *sandbox, Error *err)
{
    pthread_mutex_lock(&sandbox->lock);
    sandbox->waiting++;
    uint64_t failures = sandbox->failure_count;
    pthread_cond_signal(&sandbox->wanted);
    while (!sandbox->ready && sandbox->failure_count == failures)
        pthread_cond_wait(&sandbox->started, &sandbox->lock);
    WorkerProcess *worker = sandbox->ready;
    if (worker) {
        sandbox->ready = worker->next;
        sandbox->ready_count--;
        sandbox->target = MAX(sandbox->options.ready_count, 0);
    } else {
        *err = sandbox->failure;
    }
    sandbox->waiting--;
    pthread_cond_signal(&sandbox->wanted);
    pthread_mutex_unlock(&sandbox->lock);
    return worker;
}

bool sandbox_run(Sandbox *sandbox, const SandboxJob *job, Error *err)
{
    if (job->file_count > WORKER_FILES_MAX || job->args.length > WORKER_ARGS_MAX ||
        job->frame_count > WORKER_FRAMES_MAX)
        return fail(err, ERROR_INTERNAL, "the job for the reader is too large");
    WorkerProcess *worker = take_worker(sandbox, err);
    if (!worker)
        return false;
    /* One that was killed while it waited is not this job's fault. */
    if (!worker_process_order(worker, job, err)) {
        worker_process_free(worker);
        worker = take_worker(sandbox, err);
        if (!worker || !worker_process_order(worker, job, err)) {
            worker_process_free(worker);
            return false;
        }
    }
    bool done = worker_process_listen(worker, job, err);
    worker_process_free(worker);
    return done;
}

Str sandbox_describe(Sandbox *sandbox, Arena *arena)
{
    static const char *const titles[] = {
#define SHIELD(name, title) title,
#include "sandbox/shields.def"
#undef SHIELD
    };
    Error err;
    pthread_mutex_lock(&sandbox->lock);
    bool knows = sandbox->knows_shields;
    pthread_mutex_unlock(&sandbox->lock);
    if (!knows) {
        WorkerProcess *worker = take_worker(sandbox, &err);
        if (!worker)
            return str_format(arena, "readers cannot be started: %s", err.message);
        worker_process_free(worker);
    }
    Buf holds = buf_new(arena, KB(1)), lacks = buf_new(arena, KB(1));
    for (size_t i = 0; i < COUNT(titles); i++) {
        Buf *list = sandbox->shields >> i & 1 ? &holds : &lacks;
        buf_addf(list, "%s%s", list->length ? ", " : "", titles[i]);
    }
    return str_format(arena, "readers are confined by: " STR_FMT "%s" STR_FMT,
                      STR_ARG(buf_str(&holds)), lacks.length ? "; this machine lacks: " : "",
                      STR_ARG(buf_str(&lacks)));
}
