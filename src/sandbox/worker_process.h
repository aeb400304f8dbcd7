/* worker_process.h - one worker as the server sees it. Not for other folders. */
#pragma once

#include <sys/types.h>

#include "sandbox/sandbox_private.h"

typedef enum WorkerState {
    STATE_STARTING = 1,
    STATE_READY = 2,
    STATE_RUNNING = 4,
    STATE_OVER = 8,
} WorkerState;

typedef struct WorkerProcess {
    pid_t pid;
    int socket;
    char service[32];
    WorkerState state;
    unsigned shields;
    bool is_reaped;
    int status;    /* of waitpid() */
    Error failure; /* the worker's own */
    bool has_failed;
    bool has_crashed;      /* by a signal that was not the server's */
    const SandboxJob *job; /* while it runs */
    uint64_t output;
    size_t resident; /* bytes, when last looked at */
    char *bytes;     /* received, not yet a whole frame */
    size_t length, capacity;
    unsigned crash_count; /* of all workers when its fork server was started */
    struct WorkerProcess *next;
} WorkerProcess;

WorkerProcess *worker_process_new(pid_t pid, int socket_fd, const char *service);
/* It does nothing more; worker_process_free() is still to come. */
void worker_process_kill(WorkerProcess *worker);
/* Kills it when it still lives, reaps it. NULL is fine. */
void worker_process_free(WorkerProcess *worker);
MUST_CHECK bool worker_process_wait_ready(WorkerProcess *worker, int64_t wait_ms, Error *err);
/* Set the job's limits and hand it over. */
MUST_CHECK bool worker_process_order(WorkerProcess *worker, const SandboxJob *job, Error *err);
/* Receive until the worker is done, has failed or must be ended. */
MUST_CHECK bool worker_process_listen(WorkerProcess *worker, const SandboxJob *job, Error *err);
/* Take one message from the worker, however strange. */
MUST_CHECK bool worker_process_receive(WorkerProcess *worker, unsigned type, Str payload,
                                       Error *err);
