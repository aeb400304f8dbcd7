/* sandbox_private.h - what both ends of a worker's socket know. Not for other folders. */
#pragma once

#include <sched.h>
#include <signal.h>

#include "sandbox/sandbox.h"

#define WORKER_NAME "lectern-worker"
#define WORKER_SOCKET 3
#define WORKER_FRAME_TYPES 64
#define WORKER_STAGE_MAX 64

/* A frame: length of the payload (4 bytes), type (1 byte), payload; this machine's byte order. */
#define WORKER_HEAD_SIZE 5

typedef enum WorkerMessage {
    WORKER_READY = 1, /* which protections hold: 1 byte of SandboxShield */
    WORKER_PROGRESS,  /* done, total (8 bytes each), stage */
    WORKER_DONE,
    WORKER_FAILED, /* code's name, NUL, sentence */
    WORKER_FRAME,  /* the service's own type 0, and so on */
} WorkerMessage;

/* The job: this, then its texts; descriptors come along with this. */
typedef struct WorkerOrder {
    uint32_t args_length, file_bits;
} WorkerOrder;

/* What the server asks of a fork server: a worker that runs this service and has the descriptor
 * that comes along as its socket. The answer is its process number, or -errno: 4 bytes. */
typedef struct ForkRequest {
    char service[32];
} ForkRequest;

#define WORKER_CLONE_FLAGS (CLONE_PARENT | SIGCHLD)

/* passing.c */
bool files_send(int socket_fd, Str bytes, const int *files, size_t count);
/* All `size` bytes or false. The descriptors are closed by exec. */
bool files_receive(int socket_fd, void *bytes, size_t size, int files_r[SANDBOX_FD_MAX],
                   size_t *count_r);

/* confine.c: giving up every right that parsing does not need. */
#define SHIELD(name, key, title) SHIELD_##name,
typedef enum SandboxShield {
#include "sandbox/shields.def"
    SHIELD_COUNT,
} SandboxShield;
#undef SHIELD

/* In a fork server: give up what neither it nor its workers need; they inherit that and cannot take
 * it back. The shields that hold, a bit each. */
unsigned confine_fork_server(void);
/* In a worker: give up the rest. `inherited` is what confine_fork_server() gave. */
unsigned confine_worker(unsigned inherited);
