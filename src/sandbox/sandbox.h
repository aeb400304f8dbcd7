/* sandbox.h - runs one piece of work on foreign bytes in a process that can do nothing else.
 *
 *     sandbox --fork+exec ourselves--> fork server: preload, close the door but for forks
 *                                          | fork
 *     sandbox_run() --fds, arguments--> worker: close the door, run the service
 *        <------------ framed messages out   (ready, progress, data, done, failed)
 *
 * A worker has sealed descriptors in and one socket out: no files, no network, no new processes
 * (seccomp, Landlock, rlimits, no-new-privileges; what this machine lacks is said by
 * sandbox_describe()). It does one job and ends. A worker that crashes, hangs or grows costs that
 * job a reason in one line, never the server. Whatever it says is checked against a table of
 * messages; anything else ends it.
 *
 * A worker is kept ready, so that a job need not wait for a fork. Services whose libraries start
 * slowly are in programs of their own, lectern-worker-CLASS; each has a fork server while it is
 * used.
 *
 * Threads: sandbox_run() may be called from any number of threads at once. */
#pragma once

#include <stdatomic.h>

#include "base/base.h"

#define SANDBOX_FD_MAX 4
#define SANDBOX_ARGS_MAX KB(64)
#define SANDBOX_FRAME_MAX MB(1) /* one data frame */

/* --- Inside the worker ------------------------------------------------------------------- */

typedef struct WorkerJob {
    Str args;                /* what the parent sent; the service knows its form */
    int fds[SANDBOX_FD_MAX]; /* read-only; -1: not given */
} WorkerJob;

/* Send one frame, perhaps a moment later with others; `type` is the service's own number, 0-63.
 * False when the parent has gone. */
MUST_CHECK bool worker_send(WorkerJob *job, unsigned type, Str payload, Error *err);
/* Say how far the work is; also proves that the worker has not hung. */
MUST_CHECK bool worker_progress(WorkerJob *job, const char *stage, int64_t done, int64_t total,
                                Error *err);

typedef struct WorkerService {
    const char *name;      /* "extract" */
    void (*preload)(void); /* before the door closes, in the fork server; may be NULL */
    /* The work. Its error travels to the parent as code and message. */
    bool (*run)(WorkerJob *job, Error *err);
} WorkerService;

/* Call first in main(): when this process was started as a worker, does its job and never
 * returns. `services` ends with a row whose name is NULL. */
void sandbox_worker_main(int argc, char **argv, const WorkerService *services);

/* --- In the server ------------------------------------------------------------------------ */

typedef struct Sandbox Sandbox;

typedef struct SandboxOptions {
    const char *ready_service; /* kept ready; NULL: none */
    int ready_count;           /* how many */
    const char *program;       /* NULL: ourselves (/proc/self/exe) */
    const char *workers;       /* folder of lectern-worker-CLASS; NULL: beside ourselves, else
                                * ../libexec/lectern */
    /* Not NULL: our fork server is a copy of this process, which saves half the time of a command
     * that reads one file. Only where nothing secret is in memory and no other thread works. */
    const WorkerService *copied;
    bool shows_errors; /* leave the workers' standard error open, for debugging */
} SandboxOptions;

Sandbox *sandbox_new(const SandboxOptions *options);
/* Ends ready workers; no sandbox_run() may be in progress. NULL is fine. */
void sandbox_free(Sandbox *sandbox);
/* Which walls stand, as members of a JSON object: {"seccomp":true,"landlock":true,...};
 * null before the first worker has started. */
void sandbox_describe(Sandbox *sandbox, Buf *json_members);

typedef enum SandboxWorkerState {
    SANDBOX_WORKER_READY,
    SANDBOX_WORKER_MISSING, /* its program is not installed */
    SANDBOX_WORKER_BROKEN,  /* it is, and does not start: it lacks a shared library */
} SandboxWorkerState;

/* How it is with the program of this class; it is started, which takes some milliseconds. */
SandboxWorkerState sandbox_worker_state(const SandboxOptions *options, const char *worker);

typedef struct SandboxJob {
    const char *worker; /* a class whose program is lectern-worker-CLASS; NULL: ourselves */
    const char *service;
    Str args;
    int fds[SANDBOX_FD_MAX]; /* stay the caller's; -1: none */
    int64_t timeout_ms;      /* of the whole job; 0: 600,000 */
    int64_t quiet_ms;        /* without any message; 0: 60,000 */
    size_t memory_max;       /* of the worker; 0: 1 GiB */
    size_t output_max;       /* bytes of all frames; 0: 4 GiB */
    /* A frame has arrived. False ends the worker, with the error. */
    bool (*frame)(void *self, unsigned type, Str payload, Error *err);
    /* May be NULL. False: cancelled. */
    bool (*progress)(void *self, const char *stage, int64_t done, int64_t total);
    void *self;
    const _Atomic bool *cancelled; /* may be NULL; looked at often */
} SandboxJob;

/* Run it and wait. Fails with the service's own error, or ERROR_DAMAGED "the reader crashed on
 * this file (signal 11)", ERROR_TOO_LARGE "reading it needed more than 1 GB", ERROR_TIMEOUT,
 * ERROR_CANCELLED, ERROR_DAMAGED when the worker broke the rules (the file may have taken it over).
 */
MUST_CHECK bool sandbox_run(Sandbox *sandbox, const SandboxJob *job, Error *err);
