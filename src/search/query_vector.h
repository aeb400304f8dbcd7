/* query_vector.h - the vector of a query: made while other work goes on, and kept for the next
 * time.
 *
 *     query_vector_begin() -> the keyword leg meanwhile -> query_vector_await()
 *
 * People type the same query again: another page, another filter, a letter taken back. The vectors
 * of the last QUERY_VECTORS_KEPT are kept, each for its workspace, so that nobody can tell by the
 * time an answer takes what others have asked.
 *
 * Threads: any; one QueryVector belongs to its thread. */
#pragma once

#include "encode/encode_queue.h"

#define QUERY_VECTORS_KEPT 256

typedef struct QueryVectors QueryVectors;

QueryVectors *query_vectors_new(void);
void query_vectors_free(QueryVectors *kept); /* NULL is fine */

typedef struct QueryVector {
    QueryVectors *kept; /* the caller's, with the next two lines; NULL: it is made and not kept */
    bool anew;          /* also when it is kept: for measuring */
    Str workspace, model, text;
    size_t dims;
    Str name;
    float *values;
    EncodeCall *call; /* NULL: nothing is on its way */
    bool is_there;
} QueryVector;

/* False: err says why, there is no vector. */
MUST_CHECK bool query_vector_begin(QueryVector *vector, EncodeQueue *queue, Arena *arena,
                                   Error *err);
/* Must follow before the arena goes; again is fine. NULL: err says why. */
const float *query_vector_await(QueryVector *vector, Error *err);
