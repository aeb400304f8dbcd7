/* encode_queue.c - see encode_queue.h. */
#include "encode/encode_queue_int.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

#define SLAB_TEXTS 256 /* texts of one call that are in tokens at once; bounds its memory */
#define PACK_TEXTS_MAX (ENCODER_PACK_TOKENS / 2)
#define NICE_OF_BULK 5
#define REST_AFTER_MS 3000 /* without work; between the documents of one upload there is less */

/* What a worker has taken: texts of one lane, from one or more requests. */
typedef struct Pack {
    uint32_t *ids; /* room for a pack or the longest text */
    size_t tokens, count;
    uint32_t lengths[PACK_TEXTS_MAX];
    float *outs[PACK_TEXTS_MAX];
    EncodeRequest *from[PACK_TEXTS_MAX];
} Pack;

EncodeQueue *encode_queue_new(const EncodeQueueOptions *options)
{
    EncodeQueue *queue = heap_alloc(sizeof *queue);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int threads = options->thread_max > 0 ? options->thread_max : (int)MAX(cores, 1);
    queue->folder = heap_text(options->folder ? options->folder : "");
    queue->wanted = heap_text(options->model ? options->model : "");
    queue->options = options->encoder;
    queue->options.cache = queue->cache = heap_text(options->encoder.cache);
    queue->thread_max = MIN(threads, THREAD_MAX);
    queue->keep_priority = options->keep_priority;
    pthread_mutex_init(&queue->load_lock, NULL);
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->work, NULL);
    pthread_cond_init(&queue->queries, NULL);
    pthread_cond_init(&queue->idle, NULL);
    encode_look_at_weights(queue);
    return queue;
}

/* --- Workers ---------------------------------------------------------------------------- */

/* Move the text at the head of the lane into the pack; false when it does not fit. */
static bool take_text(EncodeLane *lane, Pack *pack)
{
    EncodeRequest *request = lane->first;
    size_t length = request->lengths[request->taken];
    if (pack->count == PACK_TEXTS_MAX ||
        (pack->count && pack->tokens + length > ENCODER_PACK_TOKENS))
        return false;
    memcpy(pack->ids + pack->tokens, request->ids, length * sizeof *pack->ids);
    pack->tokens += length;
    pack->lengths[pack->count] = (uint32_t)length;
    pack->outs[pack->count] = request->out + request->taken * request->dims;
    pack->from[pack->count++] = request;
    request->ids += length;
    if (++request->taken == request->count)
        lane->first = request->next;
    return true;
}

/* Fill the pack from the first of `lanes` lanes that has work; never from two, so that a query
 * is not slowed by bulk texts beside it. False when there is nothing. */
static bool take_pack(EncodeQueue *queue, size_t lanes, Pack *pack)
{
    pack->count = pack->tokens = 0;
    for (size_t i = 0; i < lanes && !pack->count; i++)
        while (queue->lanes[i].first && take_text(&queue->lanes[i], pack))
            queue->waiting--;
    return pack->count > 0;
}

static void end_pack(const Pack *pack)
{
    for (size_t i = 0; i < pack->count; i++) {
        EncodeRequest *request = pack->from[i];
        if (++request->done == request->count ||
            (request->dropped && request->done == request->taken))
            pthread_cond_signal(&request->ended);
    }
}

/* The lock is held. *has_worked: something may be given back when nothing comes for a while. */
static void await_work(EncodeQueue *queue, size_t lanes, bool *has_worked)
{
    bool is_for_queries = lanes < LANES;
    pthread_cond_t *more = is_for_queries ? &queue->queries : &queue->work;
    bool has_come = true;
    queue->awaits_query |= is_for_queries;
    if (*has_worked)
        has_come = cond_wait_until(more, &queue->lock, monotonic_ms() + REST_AFTER_MS);
    else
        pthread_cond_wait(more, &queue->lock);
    queue->awaits_query &= !is_for_queries;
    if (has_come)
        return;
    *has_worked = false;
    pthread_mutex_unlock(&queue->lock);
    encoder_rest(queue->encoder);
    pthread_mutex_lock(&queue->lock);
}

static void work(EncodeQueue *queue, size_t lanes)
{
    AUTO_FREE Pack *pack = heap_alloc(sizeof *pack);
    size_t room = MAX((size_t)ENCODER_PACK_TOKENS, encoder_tokens_max(queue->encoder));
    AUTO_FREE uint32_t *ids = pack->ids = heap_alloc(room * sizeof *pack->ids);
    bool has_worked = false;
    pthread_mutex_lock(&queue->lock);
    while (!queue->stopping) {
        if (!take_pack(queue, lanes, pack)) {
            await_work(queue, lanes, &has_worked);
            continue;
        }
        has_worked = true;
        pthread_mutex_unlock(&queue->lock);
        encoder_run(queue->encoder, &(EncoderPack){ .ids = ids,
                                                    .lengths = pack->lengths,
                                                    .count = pack->count,
                                                    .outs = pack->outs });
        pthread_mutex_lock(&queue->lock);
        end_pack(pack);
    }
    pthread_mutex_unlock(&queue->lock);
}

/* Bulk work gives way to queries and requests (nice is per thread on Linux): beside it, on two
 * busy cores, the slowest hundredth of queries took 56 ms without this and 32 ms with it. */
void *encode_work_on_all(void *argument)
{
    EncodeQueue *queue = argument;
    if (!queue->keep_priority)
        setpriority(PRIO_PROCESS, (id_t)gettid(), NICE_OF_BULK);
    work(queue, LANES);
    return NULL;
}

void *encode_work_on_queries(void *queue)
{
    work(queue, 1);
    return NULL;
}

/* --- Calls ------------------------------------------------------------------------------ */

static bool is_stopping(EncodeQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool is = queue->stopping;
    pthread_mutex_unlock(&queue->lock);
    return is;
}

static bool stopping(Error *err)
{
    return fail(err, ERROR_BUSY, "the encoder is stopping; try again later");
}

/* One text takes one thread: others that woke for it would only be in its way. */
static void wake(EncodeQueue *queue, const EncodeLane *lane, const EncodeRequest *request)
{
    bool is_query = lane == &queue->lanes[ENCODE_QUERY] && queue->awaits_query;
    if (is_query) {
        queue->awaits_query = false;
        pthread_cond_signal(&queue->queries);
    }
    if (!is_query || request->count > 1)
        pthread_cond_broadcast(&queue->work);
}

static void add_request(EncodeQueue *queue, EncodeLane *lane, EncodeRequest *request)
{
    if (lane->first)
        lane->last->next = request;
    else
        lane->first = request;
    lane->last = request;
    queue->waiting += request->count;
    wake(queue, lane, request);
}

/* Put the request into its lane. */
static void start_request(EncodeQueue *queue, EncodeLane *lane, EncodeRequest *request)
{
    pthread_cond_init(&request->ended, NULL);
    pthread_mutex_lock(&queue->lock);
    if (queue->stopping)
        request->dropped = true;
    else
        add_request(queue, lane, request);
    pthread_mutex_unlock(&queue->lock);
}

/* Until it is done, or dropped with no text in work. */
static bool wait_request(EncodeQueue *queue, EncodeRequest *request, Error *err)
{
    pthread_mutex_lock(&queue->lock);
    while (request->done < (request->dropped ? request->taken : request->count))
        pthread_cond_wait(&request->ended, &queue->lock);
    bool whole = request->done == request->count;
    pthread_mutex_unlock(&queue->lock);
    pthread_cond_destroy(&request->ended);
    return whole || stopping(err);
}

static bool run_slab(EncodeQueue *queue, EncodePriority priority, const uint32_t *ids,
                     const uint32_t *lengths, size_t count, float *out, Error *err)
{
    EncodeRequest request = { .ids = ids,
                              .lengths = lengths,
                              .count = count,
                              .out = out,
                              .dims = encoder_dims(queue->encoder) };
    start_request(queue, &queue->lanes[priority], &request);
    return wait_request(queue, &request, err);
}

static bool embed_slab(EncodeQueue *queue, EncodePriority priority, const Str *texts, size_t count,
                       size_t max_tokens, float *out, Error *err)
{
    AUTO_FREE uint32_t *ids = heap_alloc(count * max_tokens * sizeof *ids);
    uint32_t lengths[SLAB_TEXTS], *next = ids;
    for (size_t i = 0; i < count; i++) {
        lengths[i] = (uint32_t)encoder_tokenize(queue->encoder, texts[i], next, max_tokens);
        next += lengths[i];
    }
    return run_slab(queue, priority, ids, lengths, count, out, err);
}

static bool embed_all(EncodeQueue *queue, EncodePriority priority, const Str *texts, size_t count,
                      size_t max_tokens, float *out, Error *err)
{
    if (is_stopping(queue))
        return stopping(err);
    if (!encode_queue_load(queue, err))
        return false;
    Encoder *encoder = encode_queue_encoder(queue);
    size_t limit = encoder_tokens_max(encoder), dims = encoder_dims(encoder);
    if (!max_tokens)
        max_tokens = encoder_tokens_usual(encoder);
    if (max_tokens < 2 || max_tokens > limit)
        return fail(err, ERROR_INVALID, "max_tokens must be 2 to %zu", limit);
    for (size_t at = 0; at < count; at += SLAB_TEXTS)
        if (!embed_slab(queue, priority, texts + at, MIN(count - at, (size_t)SLAB_TEXTS),
                        max_tokens, out + at * dims, err))
            return false;
    return true;
}

/* The queue is not freed before every call has ended. */
static void call_begins(EncodeQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->calls++;
    pthread_mutex_unlock(&queue->lock);
}

static void call_ends(EncodeQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    if (!--queue->calls)
        pthread_cond_signal(&queue->idle);
    pthread_mutex_unlock(&queue->lock);
}

bool encode_queue_embed(EncodeQueue *queue, EncodePriority priority, const Str *texts, size_t count,
                        size_t max_tokens, float *out, Error *err)
{
    call_begins(queue);
    bool good = embed_all(queue, priority, texts, count, max_tokens, out, err);
    call_ends(queue);
    return good;
}

/* Slabs too, so that a long call does not keep other bulk work waiting to its end. */
static bool run_all(EncodeQueue *queue, EncodePriority priority, const uint32_t *ids,
                    const uint32_t *lengths, size_t count, float *out, Error *err)
{
    if (!encode_queue_load(queue, err))
        return false;
    size_t dims = encoder_dims(encode_queue_encoder(queue));
    for (size_t at = 0; at < count; at += SLAB_TEXTS) {
        size_t some = MIN(count - at, (size_t)SLAB_TEXTS);
        if (!run_slab(queue, priority, ids, lengths + at, some, out + at * dims, err))
            return false;
        for (size_t i = 0; i < some; i++)
            ids += lengths[at + i];
    }
    return true;
}

bool encode_queue_run(EncodeQueue *queue, EncodePriority priority, const uint32_t *ids,
                      const uint32_t *lengths, size_t count, float *out, Error *err)
{
    call_begins(queue);
    bool good = run_all(queue, priority, ids, lengths, count, out, err);
    call_ends(queue);
    return good;
}

/* One text on its way. */
struct EncodeCall {
    EncodeQueue *queue;
    uint32_t *ids, length;
    EncodeRequest request;
};

EncodeCall *encode_queue_begin(EncodeQueue *queue, EncodePriority priority, Str text, float *out,
                               Error *err)
{
    call_begins(queue);
    if (!encode_queue_load(queue, err)) {
        call_ends(queue);
        return NULL;
    }
    Encoder *encoder = encode_queue_encoder(queue);
    size_t usual = encoder_tokens_usual(encoder);
    EncodeCall *call = heap_alloc(sizeof *call);
    call->queue = queue;
    call->ids = heap_alloc(usual * sizeof *call->ids);
    call->length = (uint32_t)encoder_tokenize(encoder, text, call->ids, usual);
    call->request = (EncodeRequest){ .ids = call->ids,
                                     .lengths = &call->length,
                                     .count = 1,
                                     .out = out,
                                     .dims = encoder_dims(encoder) };
    start_request(queue, &queue->lanes[priority], &call->request);
    return call;
}

bool encode_queue_await(EncodeCall *call, Error *err)
{
    bool good = wait_request(call->queue, &call->request, err);
    call_ends(call->queue);
    free(call->ids);
    free(call);
    return good;
}

/* --- The end ---------------------------------------------------------------------------- */

void encode_queue_stop(EncodeQueue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->stopping = true;
    for (size_t i = 0; i < LANES; i++) {
        for (EncodeRequest *request = queue->lanes[i].first; request; request = request->next) {
            request->dropped = true;
            if (request->done == request->taken)
                pthread_cond_signal(&request->ended);
        }
        queue->lanes[i].first = NULL;
    }
    queue->waiting = 0;
    pthread_cond_broadcast(&queue->work);
    pthread_cond_broadcast(&queue->queries);
    pthread_mutex_unlock(&queue->lock);
}

void encode_queue_free(EncodeQueue *queue)
{
    if (!queue)
        return;
    encode_queue_stop(queue);
    if (queue->has_loader)
        pthread_join(queue->loader, NULL);
    pthread_mutex_lock(&queue->lock);
    while (queue->calls)
        pthread_cond_wait(&queue->idle, &queue->lock);
    int thread_count = queue->thread_count;
    pthread_mutex_unlock(&queue->lock);
    for (int i = 0; i < thread_count; i++)
        pthread_join(queue->threads[i], NULL);
    encoder_free(queue->encoder);
    pthread_mutex_destroy(&queue->load_lock);
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->work);
    pthread_cond_destroy(&queue->queries);
    pthread_cond_destroy(&queue->idle);
    free(queue->folder);
    free(queue->wanted);
    free(queue->cache);
    free(queue);
}
