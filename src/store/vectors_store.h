/* vectors_store.h - the `vectors` table: what the encoder made of each chunk.
 *
 * A row has the chunk's own vector and behind it, when it has several, those of its windows: all
 * int8 values times one scale, or 32-bit floats. It names its model; a chunk may have a row of each
 * model. */
#pragma once

#include "store/chunks_store.h"

typedef enum VectorForm { VECTOR_INT8, VECTOR_FLOAT } VectorForm;

typedef struct Vector {
    int64_t number; /* of the chunk */
    Str workspace;  /* read, never written */
    VectorForm form;
    double scale; /* of VECTOR_INT8: value = scale * byte */
    Str bytes;    /* one or four bytes for each dimension of each vector, little-endian */
} Vector;

typedef struct VectorList {
    Vector *at;
    size_t count;
} VectorList;

/* How many vectors of `dims` values the row has; 0: it is of another size. */
size_t vector_parts(const Vector *vector, size_t dims);
/* The values of one of them, into values[dims]. */
void vector_values(const Vector *vector, size_t part, size_t dims, float *values);

/* Adds or replaces the vectors of one document's chunks, brings the document's vector_count up to
 * date and tells index_changes. A number that is not a chunk of it is left out. */
MUST_CHECK bool vector_add(DbTx *tx, const Scope *scope, Arena *arena, Str document, Str model,
                           const Vector *vectors, size_t count, Error *err);
/* Those of these chunks that are live and have one, by number. */
MUST_CHECK bool vector_find_many(DbTx *tx, const Scope *scope, Arena *arena, Str model,
                                 const int64_t *numbers, size_t count, VectorList *list_r,
                                 Error *err);
/* The next vectors of live chunks, as chunk_scan() reads chunks. */
MUST_CHECK bool vector_scan(DbTx *tx, const Scope *scope, Arena *arena, Str model,
                            ChunkCursor *cursor, int64_t limit, VectorList *list_r, Error *err);
/* Chunks of a document's indexed version that have no vector of this model: number, heading and
 * text of each, by ordinal. */
MUST_CHECK bool vector_missing(DbTx *tx, const Scope *scope, Arena *arena, Str document, Str model,
                               int64_t limit, ChunkList *list_r, Error *err);
/* How many of the live chunks have a vector of this model; all workspaces with a system scope. */
MUST_CHECK bool vector_count(DbTx *tx, const Scope *scope, Str model, int64_t *count_r, Error *err);
/* How many of the chunks of ready documents outside the trash have none, likewise. */
MUST_CHECK bool vector_missing_count(DbTx *tx, const Scope *scope, Str model, int64_t *count_r,
                                     Error *err);
/* Forgets at most `limit` vectors of a model that is not used any more. System scope. */
MUST_CHECK bool vector_remove_model(DbTx *tx, const Scope *scope, Str model, int64_t limit,
                                    int64_t *removed_r, Error *err);
