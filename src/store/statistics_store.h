/* statistics_store.h - how much there is, for a page and for /metrics. */
#pragma once

#include "store/documents_store.h"

typedef struct Statistics {
    DocumentCounts documents;
    int64_t collections, pages, chunks, text_bytes, file_bytes; /* outside the trash */
    int64_t vectors;        /* passages that have one to be found by */
    int64_t vectors_coming; /* passages that have one of the model that comes */
    int64_t trash_bytes, version_count;
    int64_t people, api_keys, conversations, messages, searches;
} Statistics;

/* Of the scope's workspace; of all together with a system scope whose workspace is empty. `coming`:
 * the model whose vectors are being made to serve next, empty: none. */
MUST_CHECK bool statistics_find(DbTx *tx, const Scope *scope, Str coming, Statistics *statistics_r,
                                Error *err);
