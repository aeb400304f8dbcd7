/* worker.c - the other side of sandbox.h: the fork server, and the workers it forks. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sandbox/sandbox_private.h"

#define GATHER_MS 50 /* a frame waits no longer for others, so that a slow reader is heard */

static bool sandbox_is_worker(int argc, char **argv)
{
    return argc == 1 && strcmp(argv[0], WORKER_NAME) == 0;
}

/* Frames that go together: a block of text is far smaller than what a call and the server's waking
 * cost. A worker has one thread and one job. */
static struct {
    char bytes[KB(64)];
    size_t length;
    int64_t sent_ms; /* when they last went */
} gathered;

static bool send_gathered(Error *err)
{
    Str bytes = { gathered.bytes, gathered.length };
    gathered.length = 0;
    gathered.sent_ms = monotonic_ms();
    return fd_write_all(WORKER_SOCKET, bytes, err);
}

static bool send_or_gather(Str bytes, Error *err)
{
    if (bytes.length > sizeof gathered.bytes - gathered.length && !send_gathered(err))
        return false;
    if (bytes.length > sizeof gathered.bytes)
        return fd_write_all(WORKER_SOCKET, bytes, err);
    memcpy(gathered.bytes + gathered.length, bytes.at, bytes.length);
    gathered.length += bytes.length;
    return true;
}

static bool gather_message(unsigned type, Str payload, Error *err)
{
    char head[WORKER_HEAD_SIZE];
    uint32_t length = (uint32_t)payload.length;
    memcpy(head, &length, sizeof length);
    head[4] = (char)type;
    return send_or_gather((Str){ head, sizeof head }, err) && send_or_gather(payload, err);
}

/* What the server waits for. */
static bool send_message(unsigned type, Str payload, Error *err)
{
    return gather_message(type, payload, err) && send_gathered(err);
}

bool worker_send(WorkerJob *job, unsigned type, Str payload, Error *err)
{
    (void)job;
    if (type >= WORKER_FRAME_TYPES || payload.length > SANDBOX_FRAME_MAX)
        return fail(err, ERROR_INTERNAL, "frame %u of %zu bytes cannot be sent", type,
                    payload.length);
    return gather_message(WORKER_FRAME + type, payload, err) &&
           (monotonic_ms() - gathered.sent_ms < GATHER_MS || send_gathered(err));
}

bool worker_progress(WorkerJob *job, const char *stage, int64_t done, int64_t total, Error *err)
{
    char payload[16 + WORKER_STAGE_MAX];
    size_t length = MIN(strlen(stage), (size_t)WORKER_STAGE_MAX);
    (void)job;
    memcpy(payload, &done, 8);
    memcpy(payload + 8, &total, 8);
    memcpy(payload + 16, stage, length);
    return send_message(WORKER_PROGRESS, (Str){ payload, 16 + length }, err);
}

/* --- A worker and its one job --- */

static bool receive_order(WorkerOrder *order, WorkerJob *job)
{
    int received[SANDBOX_FD_MAX];
    size_t count = 0, used = 0;
    if (!files_receive(WORKER_SOCKET, order, sizeof *order, received, &count) ||
        order->args_length > SANDBOX_ARGS_MAX)
        return false;
    /* Bit i of the order: the job has a descriptor i. */
    for (size_t i = 0; i < SANDBOX_FD_MAX; i++) {
        bool is_given = order->file_bits >> i & 1;
        if (is_given && used == count)
            return false;
        job->fds[i] = is_given ? received[used++] : -1;
    }
    return used == count;
}

/* False when the server has gone, or ended us before a job came. */
static bool receive_job(WorkerJob *job)
{
    WorkerOrder order;
    if (!receive_order(&order, job))
        return false;
    char *args = heap_alloc(order.args_length);
    size_t length = 0;
    while (length < order.args_length) {
        ssize_t got = read(WORKER_SOCKET, args + length, order.args_length - length);
        if (got <= 0)
            return false;
        length += (size_t)got;
    }
    job->args = (Str){ args, length };
    return true;
}

static bool send_failure(const Error *failure, Error *err)
{
    char payload[sizeof failure->message + 64];
    int length =
        snprintf(payload, sizeof payload, "%s%c%s", error_name(failure->code), 0, failure->message);
    return send_message(WORKER_FAILED, (Str){ payload, (size_t)length }, err);
}

static _Noreturn void be_worker(const WorkerService *service, int socket_fd, unsigned shields)
{
    WorkerJob job = { 0 };
    Error err = { 0 };
    /* In place of the fork server's own socket, which no worker may have. */
    if (dup3(socket_fd, WORKER_SOCKET, 0) < 0 || close(socket_fd) != 0)
        _exit(64);
    char holds = (char)confine_worker(shields);
    if (!send_message(WORKER_READY, (Str){ &holds, 1 }, &err) || !receive_job(&job))
        _exit(0);
    gathered.sent_ms = 0; /* the first frame, what kind of file it is, may be all that is wanted */
    bool done = service->run(&job, &err);
    bool said = done ? send_message(WORKER_DONE, S(""), &err) : send_failure(&err, &err);
    /* Nothing of ours needs to be put in order, and leak checkers need calls that are closed. */
    _exit(said ? 0 : 1);
}

/* --- The fork server --- */

static const WorkerService *find_service(const WorkerService *services, const char *name)
{
    for (; services->name; services++)
        if (strcmp(services->name, name) == 0)
            return services;
    return NULL;
}

/* A child of our parent, not of ours: the server itself waits for it, and it ends with the server's
 * thread. The C library has no name for this kind of fork. What its own fork() does besides is for
 * threads, and here is one. */
static pid_t fork_sibling(void)
{
    return (pid_t)syscall(SYS_clone, WORKER_CLONE_FLAGS, 0, 0, 0, 0);
}

static _Noreturn void serve_forks(const WorkerService *services, unsigned shields)
{
    for (;;) {
        ForkRequest request;
        int files[SANDBOX_FD_MAX];
        size_t count = 0;
        Error err;
        if (!files_receive(WORKER_SOCKET, &request, sizeof request, files, &count) || count != 1)
            _exit(0); /* the server has gone */
        request.service[sizeof request.service - 1] = '\0';
        const WorkerService *service = find_service(services, request.service);
        int32_t pid = service ? fork_sibling() : -1;
        if (pid == 0)
            be_worker(service, files[0], shields);
        int32_t answer = pid > 0 ? pid : service ? -errno : -ENOSYS;
        close(files[0]);
        if (!fd_write_all(WORKER_SOCKET, (Str){ (const char *)&answer, sizeof answer }, &err))
            _exit(0);
    }
}

void sandbox_worker_main(int argc, char **argv, const WorkerService *services)
{
    if (!sandbox_is_worker(argc, argv))
        return;
    (void)signal(SIGPIPE, SIG_DFL);
    for (const WorkerService *service = services; service->name; service++)
        if (service->preload)
            service->preload();
    serve_forks(services, confine_fork_server());
}
