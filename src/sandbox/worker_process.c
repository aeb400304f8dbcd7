/* worker_process.c - see worker_process.h: what a worker may say, and its end. */
#include "sandbox/worker_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"

#define LOOK_EVERY_MS 50
#define READ_SIZE KB(256)

WorkerProcess *worker_process_new(pid_t pid, int socket_fd, const char *service)
{
    WorkerProcess *worker = heap_alloc(sizeof *worker);
    worker->pid = pid;
    worker->socket = socket_fd;
    worker->state = STATE_STARTING;
    snprintf(worker->service, sizeof worker->service, "%s", service);
    return worker;
}

static void reap(WorkerProcess *worker)
{
    while (!worker->is_reaped && waitpid(worker->pid, &worker->status, 0) < 0 && errno == EINTR)
        ;
    worker->is_reaped = true;
}

void worker_process_kill(WorkerProcess *worker)
{
    if (!worker->is_reaped)
        (void)kill(worker->pid, SIGKILL);
}

void worker_process_free(WorkerProcess *worker)
{
    if (!worker)
        return;
    worker_process_kill(worker);
    reap(worker);
    close(worker->socket);
    free(worker->bytes);
    free(worker);
}

/* --- What it may say --- */

static bool on_ready(WorkerProcess *worker, Str payload, Error *err)
{
    if (payload.length != 1)
        return fail(err, ERROR_INVALID, "the reader's greeting is not one byte");
    worker->shields = (unsigned char)payload.at[0];
    worker->state = STATE_READY;
    return true;
}

static bool on_progress(WorkerProcess *worker, Str payload, Error *err)
{
    int64_t done, total;
    Str stage = str_from(payload, 16);
    if (payload.length < 16 || !utf8_is_valid(stage))
        return fail(err, ERROR_INVALID, "the reader's progress cannot be read");
    memcpy(&done, payload.at, 8);
    memcpy(&total, payload.at + 8, 8);
    if (done < 0 || total < 0 || done > total)
        return fail(err, ERROR_INVALID, "the reader's progress makes no sense");
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (worker->job->progress &&
        !worker->job->progress(worker->job->self, str_c(arena, stage), done, total))
        return fail(err, ERROR_CANCELLED, "stopped by a person");
    return true;
}

static bool on_done(WorkerProcess *worker, Str payload, Error *err)
{
    (void)payload, (void)err;
    worker->state = STATE_OVER;
    return true;
}

static bool on_failed(WorkerProcess *worker, Str payload, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    ptrdiff_t end = str_find_char(payload, '\0');
    if (end < 0)
        return fail(err, ERROR_INVALID, "the reader's error cannot be read");
    ErrorCode code = error_code(str_c(arena, str_slice(payload, 0, (size_t)end)));
    Str message = utf8_clean(arena, str_from(payload, (size_t)end + 1));
    fail(&worker->failure, code == ERROR_NONE ? ERROR_INTERNAL : code, STR_FMT, STR_ARG(message));
    worker->has_failed = true;
    worker->state = STATE_OVER;
    return true;
}

/* All that every worker may say, and when; the service's own frames come after. */
/* clang-format off */
static const struct {
    const char *name;
    WorkerState when;
    size_t payload_max;
    bool (*handle)(WorkerProcess *worker, Str payload, Error *err);
} accepted[] = {
    /*                    name        when            payload_max            handle */
    [WORKER_READY]    = { "ready",    STATE_STARTING, 1,                     on_ready },
    [WORKER_PROGRESS] = { "progress", STATE_RUNNING,  16 + WORKER_STAGE_MAX, on_progress },
    [WORKER_DONE]     = { "done",     STATE_RUNNING,  0,                     on_done },
    [WORKER_FAILED]   = { "failed",   STATE_RUNNING,  500,                   on_failed },
};
/* clang-format on */

static bool find_limits(unsigned type, const char **name_r, WorkerState *when_r,
                        size_t *payload_max_r)
{
    if (type < COUNT(accepted) && accepted[type].handle) {
        *name_r = accepted[type].name;
        *when_r = accepted[type].when;
        *payload_max_r = accepted[type].payload_max;
        return true;
    }
    if (type < WORKER_FRAME || type >= WORKER_FRAME + WORKER_FRAME_TYPES)
        return false;
    *name_r = "data";
    *when_r = STATE_RUNNING;
    *payload_max_r = SANDBOX_FRAME_MAX;
    return true;
}

/* Checked from the head alone, so that nothing too large is ever received. */
static bool check_head(const WorkerProcess *worker, unsigned type, size_t length, Error *err)
{
    const char *name;
    WorkerState when;
    size_t payload_max;
    if (!find_limits(type, &name, &when, &payload_max))
        return fail(err, ERROR_DAMAGED, "the reader sent unknown message %u", type);
    if (!(when & worker->state))
        return fail(err, ERROR_DAMAGED, "the reader sent '%s' too early or too late", name);
    if (length > payload_max)
        return fail(err, ERROR_DAMAGED, "the reader sent %zu bytes of '%s'", length, name);
    return true;
}

bool worker_process_receive(WorkerProcess *worker, unsigned type, Str payload, Error *err)
{
    if (!check_head(worker, type, payload.length, err))
        return false;
    if (type < WORKER_FRAME)
        return accepted[type].handle(worker, payload, err);

    const SandboxJob *job = worker->job;
    worker->output += payload.length;
    uint64_t output_max = job->output_max ? job->output_max : GB(4);
    if (worker->output > output_max)
        return fail(err, ERROR_TOO_LARGE, "the file has more than %zu MiB of contents",
                    (size_t)(output_max >> 20));
    return job->frame(job->self, type - WORKER_FRAME, payload, err);
}

/* --- Receiving --- */

static bool take_frames(WorkerProcess *worker, Error *err)
{
    size_t at = 0;
    bool ok = true;
    while (ok && worker->length - at >= WORKER_HEAD_SIZE) {
        uint32_t length;
        memcpy(&length, worker->bytes + at, sizeof length);
        unsigned type = (unsigned char)worker->bytes[at + 4];
        ok = check_head(worker, type, length, err);
        if (!ok || worker->length - at - WORKER_HEAD_SIZE < length)
            break;
        ok = worker_process_receive(worker, type,
                                    (Str){ worker->bytes + at + WORKER_HEAD_SIZE, length }, err);
        at += WORKER_HEAD_SIZE + length;
    }
    worker->length -= at;
    memmove(worker->bytes, worker->bytes + at, worker->length);
    return ok;
}

typedef enum Heard { HEARD_NOTHING, HEARD_BYTES, HEARD_END, HEARD_WRONG } Heard;

static Heard hear(WorkerProcess *worker, int wait_ms, Error *err)
{
    struct pollfd ready = { .fd = worker->socket, .events = POLLIN };
    if (poll(&ready, 1, wait_ms) <= 0)
        return HEARD_NOTHING;
    if (worker->capacity - worker->length < KB(16)) {
        worker->capacity = MAX(worker->capacity * 2, READ_SIZE);
        worker->bytes = heap_grow(worker->bytes, worker->capacity);
    }
    ssize_t got = recv(worker->socket, worker->bytes + worker->length,
                       worker->capacity - worker->length, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return HEARD_NOTHING;
    if (got <= 0)
        return HEARD_END;
    worker->length += (size_t)got;
    return take_frames(worker, err) ? HEARD_BYTES : HEARD_WRONG;
}

static bool explain_end(WorkerProcess *worker, size_t memory_max, Error *err)
{
    reap(worker);
    worker->has_crashed = WIFSIGNALED(worker->status);
    bool was_large = memory_max && worker->resident > memory_max / 4 * 3;
    if (WIFSIGNALED(worker->status) && WTERMSIG(worker->status) == SIGSYS)
        return fail(err, ERROR_DAMAGED, "the reader tried what it may not do and was stopped");
    if (WIFSIGNALED(worker->status) && WTERMSIG(worker->status) == SIGXCPU)
        return fail(err, ERROR_TIMEOUT, "the reader used too much processor time");
    if (WIFSIGNALED(worker->status) && was_large)
        return fail(err, ERROR_TOO_LARGE, "reading it needed more than %zu MiB of memory",
                    memory_max >> 20);
    if (WIFSIGNALED(worker->status))
        return fail(err, ERROR_DAMAGED, "the reader crashed (signal %d)", WTERMSIG(worker->status));
    return fail(err, ERROR_DAMAGED, "the reader ended without an answer (status %d)",
                WEXITSTATUS(worker->status));
}

bool worker_process_wait_ready(WorkerProcess *worker, int64_t wait_ms, Error *err)
{
    int64_t end = monotonic_ms() + wait_ms;
    while (worker->state == STATE_STARTING) {
        switch (hear(worker, LOOK_EVERY_MS, err)) {
        case HEARD_WRONG: return false;
        case HEARD_END: return explain_end(worker, 0, err);
        case HEARD_NOTHING:
        case HEARD_BYTES: break;
        }
        if (monotonic_ms() > end)
            return fail(err, ERROR_TIMEOUT, "the reader was not ready in %d s",
                        (int)(wait_ms / 1000));
    }
    return true;
}

/* --- The job --- */

static void limit_worker(const WorkerProcess *worker, const SandboxJob *job)
{
    int64_t time_ms = job->timeout_ms ? job->timeout_ms : 600000;
    rlim_t seconds = (rlim_t)(time_ms / 1000 + 1);
    (void)prlimit(worker->pid, RLIMIT_CPU, &(struct rlimit){ seconds, seconds + 1 }, NULL);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* Room for mapped files and libraries (the sanitizers map terabytes that they never touch);
     * what is resident is watched besides. */
    rlim_t space = (job->memory_max ? job->memory_max : GB(1)) + GB(2);
    (void)prlimit(worker->pid, RLIMIT_AS, &(struct rlimit){ space, space }, NULL);
#endif
}

bool worker_process_order(WorkerProcess *worker, const SandboxJob *job, Error *err)
{
    WorkerOrder order = { .args_length = (uint32_t)job->args.length };
    int files[SANDBOX_FD_MAX];
    size_t count = 0;
    for (size_t i = 0; i < SANDBOX_FD_MAX; i++)
        if (job->fds[i] >= 0) {
            order.file_bits |= 1u << i;
            files[count++] = job->fds[i];
        }
    limit_worker(worker, job);
    worker->job = job;
    worker->state = STATE_RUNNING;
    if (!files_send(worker->socket, (Str){ (const char *)&order, sizeof order }, files, count))
        return fail_errno(err, "handing the file to the reader");
    for (Str rest = job->args; rest.length;) {
        ssize_t sent = send(worker->socket, rest.at, rest.length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return fail_errno(err, "handing the file to the reader");
        rest = str_from(rest, (size_t)MAX(sent, 0));
    }
    return true;
}

/* Shared file pages count too: a mapped input that is being read is memory in use. */
static size_t resident_bytes(pid_t pid)
{
    char path[64], text[128] = "";
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fgets(text, sizeof text, file))
        (void)sscanf(text, "%*u %lu", &pages);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

typedef struct Watch {
    int64_t start_ms, heard_ms, looked_ms;
    int64_t time_max_ms, quiet_max_ms;
    size_t memory_max;
} Watch;

static bool may_go_on(WorkerProcess *worker, Watch *watch, Error *err)
{
    const SandboxJob *job = worker->job;
    int64_t now = monotonic_ms();
    if (now - watch->looked_ms < LOOK_EVERY_MS)
        return true;
    watch->looked_ms = now;
    worker->resident = resident_bytes(worker->pid);
    if (job->cancelled && atomic_load(job->cancelled))
        return fail(err, ERROR_CANCELLED, "stopped by a person");
    if (now - watch->start_ms > watch->time_max_ms)
        return fail(err, ERROR_TIMEOUT, "reading it took longer than %g s",
                    (double)watch->time_max_ms / 1000);
    if (now - watch->heard_ms > watch->quiet_max_ms)
        return fail(err, ERROR_TIMEOUT, "the reader made no progress for %g s",
                    (double)watch->quiet_max_ms / 1000);
    if (worker->resident > watch->memory_max)
        return fail(err, ERROR_TOO_LARGE, "reading it needed more than %zu MiB of memory",
                    watch->memory_max >> 20);
    return true;
}

bool worker_process_listen(WorkerProcess *worker, const SandboxJob *job, Error *err)
{
    int64_t now = monotonic_ms();
    Watch watch = {
        .start_ms = now,
        .heard_ms = now,
        .looked_ms = now,
        .time_max_ms = job->timeout_ms ? job->timeout_ms : 600000,
        .quiet_max_ms = job->quiet_ms ? job->quiet_ms : 60000,
        .memory_max = job->memory_max ? job->memory_max : GB(1),
    };
    while (worker->state != STATE_OVER) {
        switch (hear(worker, LOOK_EVERY_MS, err)) {
        case HEARD_WRONG: return false;
        case HEARD_END: return explain_end(worker, watch.memory_max, err);
        case HEARD_BYTES: watch.heard_ms = monotonic_ms(); break;
        case HEARD_NOTHING: break;
        }
        if (worker->state != STATE_OVER && !may_go_on(worker, &watch, err))
            return false;
    }
    if (worker->has_failed) {
        *err = worker->failure;
        return false;
    }
    return true;
}
