/* vector_store.h - where the vectors of passages are kept and searched: one interface, three
 * stores.
 *
 *     embedded   the files of this node (vectors.h)             vector_store_embedded()
 *     pgvector   tables in the library's own PostgreSQL         library/pgvector_store.h
 *     weaviate   another service, over HTTP                     weaviate_store_new()
 *
 * A store holds spaces, one for each workspace and model, which never mix. What it holds is a copy:
 * the rows of the database are the truth, so any space may be dropped and filled again, and list()
 * lets the owner compare. Words are searched by the keyword leg and both legs are fused by the
 * index, whatever the store: that is what hybrid means here.
 *
 * How to add one: a struct whose first member is a VectorStore with all functions, a line in
 * vector_stores.def, the line in cli/app_library.c that opens it, and a row in
 * library/vector_store_test.c, whose tests say what must hold.
 *
 * Limits: a search takes VECTOR_SEARCH_MS at most and fails then; count() and answers() some
 * seconds; what writes or lists waits longer, since nobody does for it.
 *
 * Threads: search() from any number; of the others one at a time for a space. */
#pragma once

#include "index/shelf.h"

typedef struct VectorSpace {
    Str workspace, model;
    size_t dims;
} VectorSpace;

/* With texts of its own, on the heap. */
VectorSpace vector_space_copy(const VectorSpace *space);
void vector_space_free(VectorSpace *space);

/* One of a key's vectors. */
typedef struct StoredVector {
    uint64_t key;
    uint32_t part;
    uint32_t sum; /* of the row that it was made of */
    const float *values;
} StoredVector;

/* That a store has one. */
typedef struct StoredMark {
    uint64_t key;
    uint32_t part, sum;
} StoredMark;

typedef struct StoredMarks {
    StoredMark *at;
    size_t count;
} StoredMarks;

#define VECTOR_STORE_LIST_MAX 1000 /* marks of one list() */
#define VECTOR_SEARCH_MS 3000

typedef struct VectorStore VectorStore;
struct VectorStore {
    const char *name;
    /* What the space needs; again is harmless. */
    bool (*create)(VectorStore *store, const VectorSpace *space, Error *err);
    /* Adds or replaces, at most 4,096; those that are in stay when it fails. */
    bool (*upsert)(VectorStore *store, const VectorSpace *space, const StoredVector *vectors,
                   size_t count, Error *err);
    /* All parts of these keys; a key that is not there is nothing. */
    bool (*remove)(VectorStore *store, const VectorSpace *space, const uint64_t *keys, size_t count,
                   Error *err);
    /* Everything of the space, and the space. */
    bool (*clear)(VectorStore *store, const VectorSpace *space, Error *err);
    /* All spaces of a workspace that is no more, whatever their models; NULL: they lie with its
     * rows and files, and go with them. */
    bool (*forget)(VectorStore *store, Str workspace, Error *err);
    bool (*count)(VectorStore *store, const VectorSpace *space, int64_t *count_r, Error *err);
    /* The next ones behind `after` (NULL: the first), by key and part; none: the end. */
    bool (*list)(VectorStore *store, const VectorSpace *space, Arena *arena,
                 const StoredMark *after, StoredMarks *marks_r, Error *err);
    /* The best `k` keys that the filter's bitmap allows, as vectors_search() gives them: k of them
     * when so many are there. */
    bool (*search)(VectorStore *store, const VectorSpace *space, Arena *arena, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *err);
    /* Whether it is there, for next to nothing; NULL: it is where the database is. */
    bool (*answers)(VectorStore *store, Error *err);
    void (*free)(VectorStore *store); /* NULL: nothing is to be done */
};

/* What a store was filled from, for stores that would take longer to find what is near of what a
 * filter allows than it takes to compare it: the best `k` keys of those in the filter's bitmap, as
 * search() gives them. ERROR_TIMEOUT when `until_ms` (monotonic) comes first. Any thread.
 * `nearest` NULL: there is none. */
typedef struct VectorExact {
    bool (*nearest)(void *self, const VectorSpace *space, Arena *arena, const float *query,
                    const KeyFilter *filter, size_t k, int64_t until_ms, LegHit *hits,
                    size_t *count_r, Error *err);
    void *self;
} VectorExact;

/* The index's own vectors as a store with a single space. They are found at once here, while the
 * index publishes many together (vectors.h). */
typedef struct VectorIndex VectorIndex;
typedef struct EmbeddedStore {
    VectorStore store;
    VectorIndex *vectors; /* borrowed */
} EmbeddedStore;
EmbeddedStore vector_store_embedded(VectorIndex *vectors);

typedef enum VectorStoreKind {
#define VECTOR_STORE(name, kind) VECTOR_STORE_##name,
#include "index/vector_stores.def"
#undef VECTOR_STORE
    VECTOR_STORE_COUNT
} VectorStoreKind;
/* By its name in settings; VECTOR_STORE_COUNT: there is none of it. */
VectorStoreKind vector_store_named(Str name);

/* For stores: the best `k` keys of what was found part by part, each once, best first, equal scores
 * in order of keys. In place; returns how many. */
size_t vector_store_best(LegHit *hits, size_t count, size_t k);
/* The allowed keys, at most `max`; false: they are more, or all. */
bool vector_store_allowed(const KeyFilter *filter, Arena *arena, size_t max, uint64_t **keys_r,
                          size_t *count_r);
