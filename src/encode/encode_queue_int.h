/* encode_queue_int.h - what is inside an EncodeQueue; for encode_queue.c and encode_load.c. */
#pragma once

#include <pthread.h>

#include "encode/encode_queue.h"

#define THREAD_MAX 4
#define LANES 2

/* One slab of a call, which stays where it is until every text is done. */
typedef struct EncodeRequest {
    struct EncodeRequest *next;
    const uint32_t *ids; /* of the next text to be taken */
    const uint32_t *lengths;
    size_t count, taken, done;
    float *out;
    size_t dims;
    bool dropped; /* the queue stopped before all texts were taken */
    pthread_cond_t ended;
} EncodeRequest;

typedef struct EncodeLane {
    EncodeRequest *first, *last;
} EncodeLane;

struct EncodeQueue {
    char *folder, *wanted, *cache;
    char known[ENCODE_MODEL_NAME_MAX];
    EncoderOptions options;
    int thread_max;
    bool keep_priority;
    pthread_mutex_t load_lock;          /* held while loading; taken before `lock` */
    pthread_mutex_t lock;               /* of all below */
    pthread_cond_t work, queries, idle; /* the second: for the one that serves queries only */
    EncodeLane lanes[LANES];            /* by EncodePriority */
    size_t waiting, calls;
    bool stopping;
    bool awaits_query; /* that one has nothing to do */
    Encoder *encoder;
    char model[ENCODE_MODEL_NAME_MAX];
    char reason[400];                  /* of the last failed loading, or look at the files */
    pthread_t threads[THREAD_MAX + 1]; /* the last serves queries only */
    int thread_count;
    pthread_t loader;
    bool has_loader;
};

/* encode_load.c. Files that were cut off or are no weights are told of before anybody needs them:
 * the table of tensors is read, not the tensors. */
void encode_look_at_weights(EncodeQueue *queue);

/* encode_queue.c: what the threads do, until the queue stops. The argument is the queue. */
void *encode_work_on_all(void *queue);
void *encode_work_on_queries(void *queue);
