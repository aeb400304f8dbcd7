/* choose.h - which hits become results.
 *
 * Best first, but: a passage that says what a better one said already (alike.h) is folded under it;
 * one document gives at most SEARCH_SAME_DOCUMENT of the first ten while others are about as good;
 * or, grouped, a document is one result with its other passages inside. */
#pragma once

#include "index/fusion.h"
#include "store/chunks_store.h"

#define CHOSEN_COPIES_MAX 20
#define CHOSEN_PASSAGES_MAX 4

typedef struct Chosen {
    size_t hit;
    size_t copies[CHOSEN_COPIES_MAX], copy_count;
    size_t passages[CHOSEN_PASSAGES_MAX], passage_count;
} Chosen;

typedef struct Choice {
    Arena *arena;
    const IndexHit *hits;
    size_t hit_count, limit;
    bool spreads; /* no document crowds the others out of the first ten */
    bool folds;   /* copies go under the best of them */
    bool groups;  /* one result a document */
    /* The row of a hit; NULL when it is gone. Rows stay where they are. */
    bool (*row)(void *self, size_t hit, const ChunkHit **row_r, Error *err);
    void *self;
    Chosen *chosen; /* [limit]; made by choose_results() */
    size_t count;
} Choice;

MUST_CHECK bool choose_results(Choice *choice, Error *err);
