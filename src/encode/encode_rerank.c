#include "encode/encode_rerank.h"

#include <math.h>
#include <pthread.h>

#include "base/clock.h"

#define PACK_PAIRS 16

struct Reranker {
    char *folder;
    EncoderOptions options;
    pthread_mutex_t lock; /* held while loading */
    Encoder *encoder;
};

Reranker *reranker_new(const char *folder, const EncoderOptions *options)
{
    Reranker *reranker = heap_alloc(sizeof *reranker);
    reranker->folder = heap_text(folder);
    if (options)
        reranker->options = *options;
    reranker->options.cache = heap_text(reranker->options.cache);
    pthread_mutex_init(&reranker->lock, NULL);
    return reranker;
}

void reranker_free(Reranker *reranker)
{
    if (!reranker)
        return;
    encoder_free(reranker->encoder);
    pthread_mutex_destroy(&reranker->lock);
    free(reranker->folder);
    free((char *)(uintptr_t)reranker->options.cache);
    free(reranker);
}

static bool load(Reranker *reranker, Error *err)
{
    Encoder *encoder = NULL;
    if (reranker->encoder)
        return true;
    if (!encoder_open(reranker->folder, &reranker->options, &encoder, err))
        return false;
    if (!encoder_is_reranker(encoder)) {
        encoder_free(encoder);
        return fail(err, ERROR_INVALID, "%s is no model that scores pairs of texts",
                    reranker->folder);
    }
    reranker->encoder = encoder;
    return true;
}

/* Pairs that go through the layers together. */
typedef struct Pairs {
    uint32_t *ids;
    uint32_t lengths[PACK_PAIRS], seconds[PACK_PAIRS];
    float *outs[PACK_PAIRS];
    size_t count, tokens;
} Pairs;

/* As many of the passages from `at` on as fill a pack, one at least. */
static void gather(const Encoder *encoder, const RerankCall *call, size_t at, size_t tokens_max,
                   Pairs *pairs)
{
    pairs->count = pairs->tokens = 0;
    while (at + pairs->count < call->count && pairs->count < PACK_PAIRS) {
        size_t i = pairs->count;
        size_t length =
            encoder_tokenize_pair(encoder, call->query, call->passages[at + i],
                                  pairs->ids + pairs->tokens, tokens_max, &pairs->seconds[i]);
        if (i && pairs->tokens + length > ENCODER_PACK_TOKENS)
            return;
        pairs->lengths[i] = (uint32_t)length;
        pairs->outs[i] = &call->scores[at + i];
        pairs->tokens += length;
        pairs->count++;
    }
}

bool encode_rerank(Reranker *reranker, const RerankCall *call, size_t *scored_r, Error *err)
{
    pthread_mutex_lock(&reranker->lock);
    bool good = load(reranker, err);
    pthread_mutex_unlock(&reranker->lock);
    if (!good)
        return false;
    Encoder *encoder = reranker->encoder;
    size_t limit = encoder_tokens_max(encoder), tokens = 0, done = 0;
    size_t tokens_max = MIN(call->tokens_max ? call->tokens_max : RERANK_TOKENS_MAX, limit);
    int64_t start = monotonic_ms();
    if (tokens_max < 8)
        return fail(err, ERROR_INVALID, "tokens_max must be 8 to %zu", limit);
    AUTO_FREE uint32_t *ids = heap_alloc((ENCODER_PACK_TOKENS + 2 * tokens_max) * sizeof *ids);
    Pairs pairs = { .ids = ids };
    while (done < call->count && (!call->tokens_all || tokens < call->tokens_all) &&
           (!call->time_ms || monotonic_ms() - start < call->time_ms)) {
        gather(encoder, call, done, tokens_max, &pairs);
        encoder_run(encoder, &(EncoderPack){ .ids = ids,
                                             .lengths = pairs.lengths,
                                             .seconds = pairs.seconds,
                                             .count = pairs.count,
                                             .outs = pairs.outs });
        done += pairs.count;
        tokens += pairs.tokens;
    }
    for (size_t i = 0; i < done; i++) /* the reference's activation for one label */
        call->scores[i] = 1 / (1 + expf(-call->scores[i]));
    *scored_r = done;
    return true;
}
