/* index.h - the index that a library searches: keyword leg, vector leg and their fusion.
 *
 *     index_new() -> index_load() -> catch up -> index_add_chunk(), index_add_vector(),
 *     index_delete() -> index_publish() -> visible     index_commit(generation) -> on disk
 *
 * It is a cache of the database. Each leg is stored with the generation (the last change it
 * contains, a number of the owner's). index_load() says for each leg:
 *     SHELF_LOADED   everything up to `generation` is there: apply the changes after it
 *     SHELF_EMPTY    there is no file: add everything
 *     SHELF_DAMAGED  torn, of another version, database or model (`reason`): the leg is empty now,
 *                    add everything
 * Applying a change twice is harmless: adding replaces, deleting what is not there is nothing.
 * index_load() may run while others search; until it is done they find nothing.
 *
 * Keys are the owner's numbers for chunks; they are small integers, as filters are bitmaps.
 *
 * Threads: any thread may call anything; writers take turns, readers never wait for them.
 * Added chunks are found after index_publish() or index_commit(); deletes work at once. */
#pragma once

#include "base/pool.h"
#include "index/fusion.h"
#include "index/keyword_explain.h"
#include "index/query.h"
#include "index/shelf.h"
#include "index/vector_store.h"

#define INDEX_HITS_MAX 1200

typedef struct Index Index;

typedef struct IndexOptions {
    const char *folder; /* made by the first commit; copied */
    size_t dims;        /* of the vectors; 0: keyword leg only */
    Str identity;       /* of the database */
    Str model;          /* that makes the vectors */
    bool is_exact;      /* vectors are kept in half precision too (vectors.h) */
} IndexOptions;

typedef struct IndexLeg {
    ShelfState state;
    uint64_t generation; /* 0 unless loaded */
    Error reason;        /* of SHELF_DAMAGED */
} IndexLeg;

typedef struct IndexOpened {
    IndexLeg keyword, vectors;
} IndexOpened;

Index *index_new(const IndexOptions *options);
void index_free(Index *index); /* no call may be running; NULL is fine */
IndexOpened index_load(Index *index);

typedef struct IndexChunk {
    uint64_t key;
    Str title;                 /* of the document; counts three times */
    Str headings;              /* around the chunk; count twice */
    const Str *inner_headings; /* in the body: heading:word finds them, and they count as body */
    size_t inner_count;
    Str name; /* of the document's file; counts twice, */
    Str body;
    Language language;
    bool is_first; /* but in its first chunk more: who types a name means the beginning */
} IndexChunk;

void index_add_chunk(Index *index, const IndexChunk *chunk);
#define INDEX_PARTS_MAX 16
/* One of the key's vectors, which counts as its best: `part` below 16 says which. dims values; made
 * unit length. A part added again replaces itself, the others stay until index_delete(). */
void index_add_vector(Index *index, uint64_t key, uint32_t part, const float *vector);
/* From both legs. */
void index_delete(Index *index, const uint64_t *keys, size_t count);
/* Delete so that after the next index_commit() no file has a word or value of them. */
void index_erase(Index *index, const uint64_t *keys, size_t count);
void index_publish(Index *index);
/* Forget everything in these legs, in memory; the files go with the next commit. */
void index_clear(Index *index, bool keyword, bool vectors);
/* Large segments were merged since the last commit, beside the writer: worth another one. */
bool index_has_merged(Index *index);
/* Write both legs; `generation` comes back from index_load(). */
MUST_CHECK bool index_commit(Index *index, uint64_t generation, Error *err);

/* Vectors of another model, beside those that serve: index_begin_model(), index_add_coming() for
 * all, then index_adopt_model() puts them in the place of those that served; nobody may be reading
 * at that moment. Deletes concern both. They are committed once they serve. */
void index_begin_model(Index *index, size_t dims, Str model);
void index_add_coming(Index *index, uint64_t key, uint32_t part, const float *vector);
void index_adopt_model(Index *index);
/* Until no large merge runs, for which index_adopt_model() would wait; none begins before the next
 * index_publish(). */
void index_wait_merges(Index *index);
/* Another process uses the files: no merge begins, and none runs when this returns. Nothing may be
 * committed meanwhile. */
void index_hold(Index *index, bool is_held);

/* The vectors are searched in a store elsewhere from now on; nobody may be searching at that
 * moment. For an index without vectors of its own. The texts of the space are copied. `search` is
 * as that of a VectorStore. `read_own` gives the first vectors of chunks, [count][dims], from where
 * the store's were copied: zeros for one that has none. */
typedef struct IndexOutside {
    VectorSpace space;
    bool (*search)(void *self, const VectorSpace *space, Arena *arena, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *err);
    bool (*read_own)(void *self, Arena *arena, const VectorSpace *space, const uint64_t *keys,
                     size_t count, float *values, Error *err);
    void *self;
} IndexOutside;
void index_use_outside(Index *index, const IndexOutside *outside);

/* The query as the keyword leg reads it, in the languages of the chunks. */
Query index_query(Index *index, Arena *arena, Str text);
/* The same while it is being typed: the last word also means the words of the index that begin with
 * it, the most frequent ones, for less. */
Query index_query_typing(Index *index, Arena *arena, Str text);

/* The words of a text as the index keeps them. */
WordList index_words(Index *index, Arena *arena, Language language, Str text);

typedef struct IndexSearch {
    Str text;            /* empty: no keyword leg */
    const Query *query;  /* NULL: index_query() of the text */
    const float *vector; /* of the query; NULL: no vector leg */
    /* Gives the vector, or NULL, so that it may be made while the keyword leg runs; called once. */
    const float *(*late_vector)(void *self);
    void *self;
    Pool *pool;       /* may look up the words beside the vectors, in a large index; NULL: none */
    KeyFilter filter; /* zero: all */
    size_t count;     /* at most INDEX_HITS_MAX */
    size_t depth;     /* hits of each leg that are fused; 0: FUSION_DEPTH, or count if more */
    float vector_weight; /* 0: FUSION_VECTOR_WEIGHT */
    float support;       /* share that neighbours give; 0: FUSION_SUPPORT, less: none */
    KeyFilter
        *having_r; /* may be NULL: all chunks that have words of the query, not only the best */
    Error *vector_failed_r; /* may be NULL: why the store of vectors did not answer; words alone are
                               searched then. Has code NONE when it did */
    bool *is_cut_r; /* set when its phrases are of words too frequent to look at all of them */
} IndexSearch;

/* The best hits into hits[count]; returns how many. Quoted and excluded words bind both legs. */
size_t index_search(Index *index, Arena *arena, const IndexSearch *search, IndexHit *hits);

/* The living chunks that keep to the query's phrases and exclusions, as a bitmap. *is_cut_r as
 * above. */
KeyFilter index_matching(Index *index, Arena *arena, const Query *query, bool *is_cut_r);
/* The first of the query's plain words that has digits, as the number of a part or a file has,
 * and is nowhere; empty: there is none. It is looked for among the hits first. */
Str index_missing_name(Index *index, Arena *arena, const Query *query, const IndexHit *hits,
                       size_t hit_count);

/* Where a chunk's text shows the query best. */
Snippet index_snippet(Index *index, Arena *arena, const Query *query, Language language, Str text,
                      size_t bytes_max);

/* The likeliest spelling of a word that occurs nowhere; see keyword_suggest(). `*looks` counts down
 * with each such word, which costs milliseconds in a large index; at 0 nothing is suggested. */
Str index_suggest(Index *index, Arena *arena, Str word, size_t *looks);

/* Why the keyword leg gives the chunk its score for the query. */
KeywordExplanation index_explain_keyword(Index *index, Arena *arena, const Query *query,
                                         uint64_t key);

/* See keyword_rarity(). */
double index_rarity(Index *index, Str word);

typedef struct IndexStatus {
    size_t chunks, vectors;
    size_t keyword_bytes, vector_bytes, keyword_segments, vector_segments;
} IndexStatus;
IndexStatus index_status(Index *index);
