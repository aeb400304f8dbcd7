/* fork_server.h - the process that has loaded what a class of workers needs, and forks them. Not
 * for other folders.
 *
 * Starting a program with its libraries takes 15 ms of a processor, forking one that has them 1 ms.
 * A fork server holds no secrets, never gets a file, and is confined as a worker is, but for the
 * calls that fork.
 *
 * Its workers share its layout in memory. So that nobody finds that out by trying, a new one is
 * started when a worker has crashed, and after FORK_SERVER_WORKERS_MAX workers. (A copy of a
 * command has that command's layout; it reads one file.)
 *
 * Threads: one, the same for all calls. */
#pragma once

#include "sandbox/worker_process.h"

#define FORK_SERVER_WORKERS_MAX 1000

typedef struct ForkServer {
    pid_t pid;
    int socket;
    char class[32];       /* "": ourselves */
    int worker_count;     /* so far */
    unsigned crash_count; /* of all workers when it was started */
    int64_t last_used_ms; /* monotonic */
    struct ForkServer *next;
} ForkServer;

/* How it is with the program of a class, whose name a worker may have made up. */
SandboxWorkerState fork_server_state(const SandboxOptions *options, const char *class);
/* Start it; NULL: err says why. `class` is "" for ourselves. */
ForkServer *fork_server_new(const SandboxOptions *options, const char *class, Error *err);
/* Ends it; its workers live on. NULL is fine. */
void fork_server_free(ForkServer *server);
/* A worker of this service that has said what confines it; NULL: err says why. */
WorkerProcess *fork_server_ask(ForkServer *server, const char *service, Error *err);
