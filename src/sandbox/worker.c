/* worker.c - the worker's side of sandbox.h. */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/file.h"
#include "sandbox/sandbox_private.h"

bool sandbox_is_worker(int argc, char **argv)
{
    return argc >= 2 && strcmp(argv[0], WORKER_NAME) == 0;
}

static bool send_message(unsigned type, Str payload, Error *err)
{
    char head[WORKER_HEAD_SIZE];
    uint32_t length = (uint32_t)payload.length;
    memcpy(head, &length, sizeof length);
    head[4] = (char)type;
    return fd_write_all(WORKER_SOCKET, (Str){ head, sizeof head }, err) &&
           fd_write_all(WORKER_SOCKET, payload, err);
}

bool worker_send(WorkerJob *job, unsigned type, Str payload, Error *err)
{
    (void)job;
    if (type >= WORKER_FRAME_TYPES || payload.length > SANDBOX_FRAME_MAX)
        return fail(err, ERROR_INTERNAL, "frame %u of %zu bytes cannot be sent", type,
                    payload.length);
    return send_message(WORKER_FRAME + type, payload, err);
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

/* --- The one job --- */

static bool receive_order(WorkerOrder *order, WorkerJob *job)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * SANDBOX_FD_MAX)];
        struct cmsghdr align;
    } control = { 0 };
    struct iovec part = { order, sizeof *order };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    int received[SANDBOX_FD_MAX];
    size_t count = 0, used = 0;
    ssize_t got;
    do
        got = recvmsg(WORKER_SOCKET, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *order || order->args_length > SANDBOX_ARGS_MAX)
        return false;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_type == SCM_RIGHTS) {
        count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(received, CMSG_DATA(head), count * sizeof(int));
    }
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

void sandbox_worker_main(int argc, char **argv, const WorkerService *services)
{
    if (!sandbox_is_worker(argc, argv))
        return;
    const WorkerService *service = NULL;
    WorkerJob job = { 0 };
    Error err = { 0 };
    for (; services->name; services++)
        if (strcmp(services->name, argv[1]) == 0)
            service = services;
    if (!service)
        _exit(64);
    (void)signal(SIGPIPE, SIG_DFL);
    if (service->preload)
        service->preload();
    char shields = (char)confine();
    if (!send_message(WORKER_READY, (Str){ &shields, 1 }, &err) || !receive_job(&job))
        _exit(0);
    bool done = service->run(&job, &err);
    bool said = done ? send_message(WORKER_DONE, S(""), &err) : send_failure(&err, &err);
    /* Nothing of ours needs to be put in order, and leak checkers need calls that are closed. */
    _exit(said ? 0 : 1);
}
