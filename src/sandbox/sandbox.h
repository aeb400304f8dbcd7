/* sandbox.h - run work on untrusted files in a process that can do nothing else.
 *
 * A worker is this program started again (fork + exec of /proc/self/exe) with the name of a
 * service. It loads what it needs (preload), closes the door (no new privileges, seccomp,
 * Landlock, resource limits, empty environment), says "ready" and waits. It gets one job: texts
 * and read-only descriptors, answers with frames over one socket, and ends. Whatever it says is
 * checked against a table; anything not listed, too long or too often ends it.
 *
 *     server: sandbox_run() --job, descriptors--> worker: service->run(job)
 *             frame handlers <---- frames ------- worker_send(), worker_progress()
 *             true / Error   <- done / failed --- returns
 *
 * The main program calls sandbox_worker_main() first thing when sandbox_is_worker() says so.
 * Threads: sandbox_run() from any number of threads; each job has its own process. */
#pragma once

#include <stdatomic.h>

#include "base/base.h"

/* --- The worker's side ------------------------------------------------------------------ */

typedef struct WorkerJob WorkerJob;

typedef struct WorkerService {
    const char *name;
    /* Load tables and libraries that need files; runs before the door closes. May be NULL. */
    void (*preload)(void);
    /* Do one job. The process ends after it, so nothing needs to be freed. */
    bool (*run)(WorkerJob *job, Error *err);
} WorkerService;

bool sandbox_is_worker(int argc, char **argv);
/* Never returns to the program's own work: returns the exit status. */
int sandbox_worker_main(int argc, char **argv, const WorkerService *const *services, size_t count);

Str worker_args(const WorkerJob *job);
size_t worker_file_count(const WorkerJob *job);
int worker_file(const WorkerJob *job, size_t index); /* a descriptor; -1: there is none */
/* Send one frame of the job's table (its index there). Fails when the server is gone. */
MUST_CHECK bool worker_send(WorkerJob *job, unsigned frame, Str payload, Error *err);
/* Say how far it is; also tells the server that the worker is alive. */
MUST_CHECK bool worker_progress(WorkerJob *job, const char *stage, int64_t done, int64_t total,
                                Error *err);

/* --- The server's side ------------------------------------------------------------------ */

typedef struct Sandbox Sandbox;

typedef struct SandboxOptions {
    const char *service; /* of its workers; a sandbox for each */
    int ready_count;     /* workers kept ready once the first job came; 0: 1, -1: none */
    bool starts_early;   /* keep them ready from the start */
    bool shows_errors;   /* leave the worker's standard error open, for debugging */
    const char *program; /* NULL: /proc/self/exe */
} SandboxOptions;

/* What a worker may send: row i of the job's table is frame i. */
typedef struct SandboxFrame {
    const char *name;
    size_t payload_max;                                  /* bytes, at most 4 MiB */
    uint64_t count_max;                                  /* 0: any number */
    bool (*handle)(void *self, Str payload, Error *err); /* false ends the worker and the job */
} SandboxFrame;

typedef struct SandboxJob {
    Str args;          /* at most 64 KiB */
    const int *files;  /* open for reading; they stay the caller's */
    size_t file_count; /* at most 8 */
    const SandboxFrame *frames;
    size_t frame_count; /* at most 64 */
    void *self;         /* for handlers and progress */
    void (*progress)(void *self, Str stage, int64_t done, int64_t total); /* may be NULL */
    int64_t time_max_ms;                                                  /* wall clock; 0: 120 s */
    int64_t quiet_max_ms;            /* without a frame; 0: 60 s */
    size_t memory_max;               /* resident bytes; 0: 1 GiB */
    uint64_t output_max;             /* bytes of all frames; 0: 1 GiB */
    const atomic_bool *is_cancelled; /* looked at several times a second; may be NULL */
} SandboxJob;

/* Starts nothing yet unless starts_early. */
MUST_CHECK bool sandbox_new(const SandboxOptions *options, Sandbox **sandbox_r, Error *err);
/* Ends ready workers; no job may be running. NULL is fine. */
void sandbox_free(Sandbox *sandbox);
/* Run one job to its end. Fails with the worker's own error (code and sentence), or
 * ERROR_DAMAGED "the reader crashed (signal 11)", ERROR_TIMEOUT, ERROR_TOO_LARGE (memory or
 * output), ERROR_CANCELLED, or what a frame handler said. */
MUST_CHECK bool sandbox_run(Sandbox *sandbox, const SandboxJob *job, Error *err);
/* One sentence: what confines workers here and what this machine lacks. Starts a worker when none
 * has said so yet. */
Str sandbox_describe(Sandbox *sandbox, Arena *arena);
