/* encode_rerank.h - how well each of some passages answers a query, by a cross-encoder.
 *
 *   reranker_new(folder) -> reranker_score(query, passages) ... -> reranker_free()
 *
 * The folder is a BERT-family model for sequence classification with one label (model.h). It is
 * loaded by the first call. Scoring runs on the caller's thread, in the order of the passages,
 * until its time is over: whoever calls puts the likeliest first. Threads: any; reranker_free()
 * last and alone. */
#pragma once

#include "encode/encoder.h"

#define RERANK_TOKENS_MAX 256 /* of a query and a passage together, unless told otherwise */

typedef struct Reranker Reranker;

typedef struct RerankCall {
    Str query;
    const Str *passages;
    size_t count;
    size_t tokens_max; /* of a pair; 0: RERANK_TOKENS_MAX. The longer text is cut */
    size_t tokens_all; /* no new pack after so many; 0: no bound */
    int64_t time_ms;   /* no new pack after so long; 0: no bound */
    float *scores;     /* [count]; 0 to 1, of those that were scored */
} RerankCall;

/* `options` may be NULL. */
Reranker *reranker_new(const char *folder, const EncoderOptions *options);
void reranker_free(Reranker *reranker); /* NULL is fine */
/* *scored_r of the passages have a score: the first ones. Fails when the model cannot be loaded. */
MUST_CHECK bool encode_rerank(Reranker *reranker, const RerankCall *call, size_t *scored_r,
                              Error *err);
