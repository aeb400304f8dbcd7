/* encode_queue.h - one encoder shared by everybody: queries first, bulk work behind them.
 *
 *   encode_queue_new(folder)
 *   encode_queue_embed(texts) ... from any thread; encode_queue_stop() ends what waits
 *   encode_queue_free()
 *
 * The model is loaded by whoever needs it first, so an idle server does not hold it. Worker
 * threads take packs of tokens (encoder.h) from the waiting calls; several small calls share a
 * pack. One more thread serves queries only, so that a query starts at once, also while every
 * worker is in the middle of a bulk pack. Vectors do not depend on what
 * shared the pack.
 *
 * Threads: every function may be called from any thread, but encode_queue_free() last and alone. */
#pragma once

#include "base/base.h"
#include "encode/encoder.h"

#define ENCODE_MODEL_NAME_MAX 96

typedef struct EncodeQueue EncodeQueue;

typedef enum EncodePriority { ENCODE_QUERY, ENCODE_BULK } EncodePriority;

typedef struct EncodeQueueOptions {
    const char *folder;     /* of the model; copied. NULL or "" : no model, every call says so */
    const char *model;      /* its name, copied: no other is loaded. NULL or "": any */
    int thread_max;         /* workers; 0: the number of cores, at most 4 */
    bool keep_priority;     /* workers are not made to give way; for measuring */
    EncoderOptions encoder; /* its texts are copied */
} EncodeQueueOptions;

typedef enum EncodeState {
    ENCODE_NO_MODEL, /* the folder lacks weights or a tokenizer */
    ENCODE_UNLOADED, /* the files are there; the first call loads them */
    ENCODE_READY,
    ENCODE_BROKEN, /* its files do not fit together, loading failed, or it is not the one asked
                      for; `reason` says why, the next call tries again */
} EncodeState;

typedef struct EncodeStatus {
    EncodeState state;
    char model[ENCODE_MODEL_NAME_MAX]; /* "all-MiniLM-L6-v2/6b15dc96"; "" until loaded */
    size_t dims;                       /* 0 until loaded */
    const char *kernels;               /* "AVX-512 fp32"; "" until loaded */
    size_t waiting;                    /* texts that no worker has taken yet */
    char reason[400];                  /* of NO_MODEL and BROKEN, a sentence; else "" */
} EncodeStatus;

EncodeQueue *encode_queue_new(const EncodeQueueOptions *options);
/* Before it is loaded: vectors that carry this name are its own, when they were named by its
 * weights alone; it keeps the name then. */
void encode_queue_known_as(EncodeQueue *queue, Str model);
/* Load the model now if it is not yet; ERROR_NOT_FOUND when there is none. */
MUST_CHECK bool encode_queue_load(EncodeQueue *queue, Error *err);
/* The same in a thread of its own, for a caller that needs the model soon; a failure is told by
 * the call that then needs it. */
void encode_queue_prepare(EncodeQueue *queue);
/* One unit vector for each text into out[count][dims], cut at max_tokens (0: as the model is
 * made for). Loads the model if need be and waits. ERROR_NOT_FOUND: no model; ERROR_BUSY: the
 * queue is stopping. */
MUST_CHECK bool encode_queue_embed(EncodeQueue *queue, EncodePriority priority, const Str *texts,
                                   size_t count, size_t max_tokens, float *out, Error *err);
/* The same for sequences that are tokens already, ids one after another; each has 1 to
 * encoder_tokens_max of the vocabulary's ids. */
MUST_CHECK bool encode_queue_run(EncodeQueue *queue, EncodePriority priority, const uint32_t *ids,
                                 const uint32_t *lengths, size_t count, float *out, Error *err);
/* The same for one text, without waiting for it: the model is loaded, the text is on its way. NULL:
 * it is not, err says why. Exactly one encode_queue_await() must follow, before `out` goes. */
typedef struct EncodeCall EncodeCall;
EncodeCall *encode_queue_begin(EncodeQueue *queue, EncodePriority priority, Str text, float *out,
                               Error *err);
MUST_CHECK bool encode_queue_await(EncodeCall *call, Error *err);
/* What is loaded, or why nothing is. Never waits for work in progress. */
void encode_queue_status(EncodeQueue *queue, EncodeStatus *status_r);
/* The loaded encoder, for its tokenizer and sizes; NULL before it is loaded. Borrowed. */
Encoder *encode_queue_encoder(EncodeQueue *queue);
/* From now on waiting and new calls fail with ERROR_BUSY; packs in progress end. */
void encode_queue_stop(EncodeQueue *queue);
/* Stops, waits for the calls and workers, frees the model. NULL is fine. */
void encode_queue_free(EncodeQueue *queue);
