/* sandbox.c - the server's side: starting workers and keeping some ready.
 *
 * One thread starts every worker, because a worker is told to die with the thread (not only the
 * process) that started it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* A caller that waits for a worker. */
typedef struct Request {
    const char *class, *service;
    WorkerProcess *worker; /* the answer; NULL: err says why */
    Error *err;
    bool is_answered;
    struct Request *next;
} Request;

struct Sandbox {
    SandboxOptions options;
    pthread_t keeper;
    bool has_keeper;
    pthread_mutex_t lock;
    pthread_cond_t wanted, answered;
    WorkerProcess *ready; /* a list, all of ready_service */
    int ready_count;
    bool has_failed; /* the last one that was to be kept ready: not tried again before a job */
    Request *requests;
    bool is_stopping;
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

/* What add_actions() orders, then the worker's main(). */
static _Noreturn void be_worker(const SandboxOptions *options, const char *service, int socket_fd)
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
    char *argv[] = { heap_text(WORKER_NAME), heap_text(service), NULL };
    sandbox_worker_main(2, argv, options->copied);
    _exit(64);
}

static int copy(const SandboxOptions *options, const char *service, int socket_fd, pid_t *pid_r)
{
    *pid_r = fork();
    if (*pid_r == 0)
        be_worker(options, service, socket_fd);
    return *pid_r < 0 ? errno : 0;
}

/* The program of a class, whose name a worker may have made up: beside ourselves or in
 * ../libexec/lectern. It is called after ourselves: beside lectern-sanitize is
 * lectern-worker-CLASS-sanitize. */
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

bool sandbox_has_worker(const SandboxOptions *options, const char *worker)
{
    char path[PATH_MAX];
    return find_program(options, worker, path);
}

static int spawn(const SandboxOptions *options, const char *class, const char *service,
                 int socket_fd, pid_t *pid_r)
{
    char program[PATH_MAX] = "/proc/self/exe";
    if (class ? !find_program(options, class, program) : options->program != NULL) {
        if (class)
            return ENOENT;
        snprintf(program, sizeof program, "%s", options->program);
    }
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
        failure = posix_spawn(pid_r, program, &actions, &attributes, argv, environment);
    free(argv[0]);
    free(argv[1]);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

static WorkerProcess *start_worker(Sandbox *sandbox, const char *class, const char *service,
                                   Error *err)
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
    const SandboxOptions *options = &sandbox->options;
    int failure = child_end < 0               ? errno
                  : options->copied && !class ? copy(options, service, child_end, &pid)
                                              : spawn(options, class, service, child_end, &pid);
    fd_auto(&child_end);
    if (failure) {
        close(pair[0]);
        errno = failure;
        if (class && failure == ENOENT)
            fail(err, ERROR_UNSUPPORTED,
                 "its reader, the program lectern-worker-%s, is not installed", class);
        else
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

static bool needs_ready(const Sandbox *sandbox)
{
    return sandbox->options.ready_service && !sandbox->has_failed &&
           sandbox->ready_count < sandbox->options.ready_count;
}

/* With the lock held; gives it up while the worker starts. */
static WorkerProcess *start_unlocked(Sandbox *sandbox, const char *class, const char *service,
                                     Error *err)
{
    pthread_mutex_unlock(&sandbox->lock);
    WorkerProcess *worker = start_worker(sandbox, class, service, err);
    pthread_mutex_lock(&sandbox->lock);
    if (worker) {
        sandbox->shields = worker->shields;
        sandbox->knows_shields = true;
    }
    return worker;
}

static void answer_request(Sandbox *sandbox)
{
    Request *request = sandbox->requests;
    sandbox->requests = request->next;
    request->worker = start_unlocked(sandbox, request->class, request->service, request->err);
    request->is_answered = true;
    sandbox->has_failed = !request->worker && !request->class;
    pthread_cond_broadcast(&sandbox->answered);
}

static void add_ready(Sandbox *sandbox)
{
    Error ignored;
    WorkerProcess *worker = start_unlocked(sandbox, NULL, sandbox->options.ready_service, &ignored);
    sandbox->has_failed = !worker;
    if (!worker)
        return;
    worker->next = sandbox->ready;
    sandbox->ready = worker;
    sandbox->ready_count++;
}

static void *keep(void *argument)
{
    Sandbox *sandbox = argument;
    pthread_mutex_lock(&sandbox->lock);
    while (!sandbox->is_stopping)
        if (sandbox->requests)
            answer_request(sandbox);
        else if (needs_ready(sandbox))
            add_ready(sandbox);
        else
            pthread_cond_wait(&sandbox->wanted, &sandbox->lock);
    pthread_mutex_unlock(&sandbox->lock);
    return NULL;
}

/* With the lock held. */
static bool start_keeper(Sandbox *sandbox, Error *err)
{
    if (sandbox->has_keeper)
        return true;
    int failure = pthread_create(&sandbox->keeper, NULL, keep, sandbox);
    if (failure) {
        errno = failure;
        return fail_errno(err, "starting a thread");
    }
    pthread_setname_np(sandbox->keeper, "sandbox");
    sandbox->has_keeper = true;
    return true;
}

Sandbox *sandbox_new(const SandboxOptions *options)
{
    Error ignored; /* the first job tries again and says it */
    Sandbox *sandbox = heap_alloc(sizeof *sandbox);
    sandbox->options = *options;
    pthread_mutex_init(&sandbox->lock, NULL);
    pthread_cond_init(&sandbox->wanted, NULL);
    pthread_cond_init(&sandbox->answered, NULL);
    pthread_mutex_lock(&sandbox->lock);
    if (needs_ready(sandbox))
        (void)start_keeper(sandbox, &ignored);
    pthread_mutex_unlock(&sandbox->lock);
    return sandbox;
}

void sandbox_free(Sandbox *sandbox)
{
    if (!sandbox)
        return;
    pthread_mutex_lock(&sandbox->lock);
    sandbox->is_stopping = true;
    pthread_cond_broadcast(&sandbox->wanted);
    pthread_mutex_unlock(&sandbox->lock);
    if (sandbox->has_keeper)
        pthread_join(sandbox->keeper, NULL);
    for (WorkerProcess *worker = sandbox->ready, *next; worker; worker = next) {
        next = worker->next;
        worker_process_free(worker);
    }
    pthread_cond_destroy(&sandbox->wanted);
    pthread_cond_destroy(&sandbox->answered);
    pthread_mutex_destroy(&sandbox->lock);
    free(sandbox);
}

/* With the lock held. */
static WorkerProcess *take_ready(Sandbox *sandbox, const char *service)
{
    WorkerProcess *worker = sandbox->ready;
    if (!worker || strcmp(worker->service, service) != 0)
        return NULL;
    sandbox->ready = worker->next;
    sandbox->ready_count--;
    pthread_cond_signal(&sandbox->wanted);
    return worker;
}

static WorkerProcess *request_worker(Sandbox *sandbox, const char *class, const char *service,
                                     Error *err)
{
    Request request = { .class = class, .service = service, .err = err };
    if (!start_keeper(sandbox, err))
        return NULL;
    Request **last = &sandbox->requests;
    while (*last)
        last = &(*last)->next;
    *last = &request;
    pthread_cond_signal(&sandbox->wanted);
    while (!request.is_answered)
        pthread_cond_wait(&sandbox->answered, &sandbox->lock);
    return request.worker;
}

/* A worker of this service; it is the caller's. */
static WorkerProcess *take_worker(Sandbox *sandbox, const SandboxJob *job, Error *err)
{
    pthread_mutex_lock(&sandbox->lock);
    WorkerProcess *worker = job->worker ? NULL : take_ready(sandbox, job->service);
    if (!worker)
        worker = request_worker(sandbox, job->worker, job->service, err);
    pthread_mutex_unlock(&sandbox->lock);
    return worker;
}

bool sandbox_run(Sandbox *sandbox, const SandboxJob *job, Error *err)
{
    if (job->args.length > SANDBOX_ARGS_MAX)
        return fail(err, ERROR_INTERNAL, "the job for the reader is too large");
    WorkerProcess *worker = take_worker(sandbox, job, err);
    if (!worker)
        return false;
    /* One that was killed while it waited is not this job's fault. */
    if (!worker_process_order(worker, job, err)) {
        worker_process_free(worker);
        worker = take_worker(sandbox, job, err);
        if (!worker || !worker_process_order(worker, job, err)) {
            worker_process_free(worker);
            return false;
        }
    }
    bool done = worker_process_listen(worker, job, err);
    worker_process_free(worker);
    return done;
}

void sandbox_describe(Sandbox *sandbox, Buf *json_members)
{
    static const char *const names[] = {
#define SHIELD(name, key, title) key,
#include "sandbox/shields.def"
#undef SHIELD
    };
    pthread_mutex_lock(&sandbox->lock);
    for (size_t i = 0; i < COUNT(names); i++)
        buf_addf(json_members, "%s\"%s\":%s", i ? "," : "", names[i],
                 !sandbox->knows_shields     ? "null"
                 : sandbox->shields >> i & 1 ? "true"
                                             : "false");
    pthread_mutex_unlock(&sandbox->lock);
}
