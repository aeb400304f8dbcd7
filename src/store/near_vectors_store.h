/* near_vectors_store.h - vectors that PostgreSQL searches with its extension pgvector: copies of
 * the rows of `vectors`.
 *
 * One table for each number of values (near_vectors_384), made when it is first needed: the
 * extension is not everywhere, so no migration may ask for it. It has a column `workspace` and so
 * the same forced row-level security as every other table. Values are halfvec, 16 bits each.
 *
 * PostgreSQL only. */
#pragma once

#include "store/scope.h"

#define NEAR_DIMS_MAX 4000 /* of a halfvec that has an index */

typedef struct NearVector {
    int64_t number; /* of the chunk */
    int64_t part, sum;
    const float *values; /* written, never read */
} NearVector;

typedef struct NearVectorList {
    NearVector *at;
    size_t count;
} NearVectorList;

typedef struct NearHit {
    int64_t number, part;
    double score; /* cosine */
} NearHit;

typedef struct NearHitList {
    NearHit *at;
    size_t count;
} NearHitList;

/* Whose vectors. */
typedef struct NearSpace {
    Str model;
    size_t dims;
} NearSpace;

/* The extension, inside db_write_schema(); ERROR_UNSUPPORTED says what is missing and what to do.
 */
MUST_CHECK bool near_create_extension(DbTx *tx, Error *err);
/* The table, likewise. */
MUST_CHECK bool near_create(DbTx *tx, Arena *arena, size_t dims, Error *err);
/* Whether the table is there. */
MUST_CHECK bool near_is_created(DbTx *tx, Arena *arena, size_t dims, bool *is_there_r, Error *err);

MUST_CHECK bool near_put(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                         const NearVector *vectors, size_t count, Error *err);
/* All parts of these chunks. */
MUST_CHECK bool near_remove(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                            const int64_t *numbers, size_t count, Error *err);
MUST_CHECK bool near_clear(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                           Error *err);
MUST_CHECK bool near_count(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                           int64_t *count_r, Error *err);
/* The next ones behind (number, part), in that order. */
MUST_CHECK bool near_list(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                          int64_t number, int64_t part, int64_t limit, NearVectorList *list_r,
                          Error *err);

typedef struct NearSearch {
    const float *query;
    Str bitmap;             /* bit n: chunk n may be given; no bytes: all */
    int64_t bit_count;      /* chunks from here on may not */
    const int64_t *numbers; /* the only chunks looked at, all of them; NULL: by the graph */
    size_t number_count;
    bool is_exact;      /* look at every vector */
    int64_t limit;      /* of vectors */
    int64_t timeout_ms; /* 0: as every statement */
} NearSearch;
/* The nearest, best first as far as the graph knows. ERROR_TIMEOUT. */
MUST_CHECK bool near_search(DbTx *tx, const Scope *scope, Arena *arena, const NearSpace *space,
                            const NearSearch *search, NearHitList *list_r, Error *err);
