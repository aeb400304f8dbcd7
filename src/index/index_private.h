/* index_private.h - what the files of the index share. */
#pragma once

#include "index/index.h"

#include <pthread.h>

#include "index/keyword.h"
#include "index/vectors.h"

#define IDLE_WORDS_MAX 16

struct Index {
    KeywordIndex *keyword;
    VectorIndex *vectors;             /* NULL: keyword leg only */
    VectorIndex *coming;              /* another model's, until index_adopt_model(); NULL: none */
    EmbeddedStore embedded;           /* of `vectors` */
    IndexOutside outside;             /* no search: none */
    _Atomic int64_t outside_again_ms; /* it did not answer: until then it is not asked */
    char *folder;
    uint32_t database; /* checksum of its name */
    bool is_exact;
    bool has_stale_vectors;  /* erased keys may be in files of a leg that is not open */
    pthread_mutex_t writing; /* guards the legs' writers and what follows */
    pthread_t merger;        /* runs once for each large merge */
    pthread_cond_t merged;
    bool is_merging, has_merger; /* the second: `merger` is to be joined */
    bool is_held;                /* no merge begins */
    bool has_erased;             /* since the last commit */
    Words *words;                /* the writer's */
    pthread_mutex_t lock;        /* guards what follows */
    Words *idle[IDLE_WORDS_MAX]; /* for readers */
    size_t idle_count;
};

/* --- index_words.c --- */

/* As index_query(), of the words that were typed alone. */
Query index_parse(Index *index, Arena *arena, Str text);

/* --- index_vectors.c --- */

/* The vector leg, its best first; how many there are. */
size_t index_search_vectors(Index *index, Arena *arena, const IndexSearch *search,
                            const KeyFilter *filter, size_t depth, LegHit *hits);
/* What its neighbours among the hits say of each; see fusion_smooth(). */
void index_smooth(Index *index, Arena *arena, float share, IndexHit *hits, size_t count);
