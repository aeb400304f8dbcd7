/* sandbox_private.h - what both ends of a worker's socket know. Not for other folders. */
#pragma once

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

/* sandbox_confine.c: give up every right that parsing does not need. */
#define SHIELD(name, key, title) SHIELD_##name,
typedef enum SandboxShield {
#include "sandbox/shields.def"
    SHIELD_COUNT,
} SandboxShield;
#undef SHIELD

/* The shields that hold, a bit each. */
unsigned confine(void);
