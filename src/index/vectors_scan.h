/* vectors_scan.h - the first pass of a search over the signs of all vectors, or of those in the
 * cells near the query: what is left of it is few enough to be scored by value. */
#pragma once

#include "index/vectors_private.h"

typedef struct VectorQuery {
    uint64_t signs[VECTOR_DIMS_MAX / 64];
    int8_t bytes[VECTOR_DIMS_MAX];   /* -127 to 127, zeros up to a whole word of signs */
    int32_t sum;                     /* of them */
    float byte_factor;               /* of an inner product with them; 0: not a direction */
    int16_t values[VECTOR_DIMS_MAX]; /* within VECTOR_QUERY_MAX */
    float factor;                    /* of an inner product with these */
    const float *vector;
    float norm; /* 1 / length, or 0 */
} VectorQuery;

void vector_query_prepare(VectorQuery *query, const float *vector, size_t dims);

/* How much of all is looked at; more finds more of the true ones. */
typedef struct Effort {
    float reach; /* cells this much less like the query than the nearest one, by cosine */
    size_t near; /* so many of them by signs against signs, of these ... */
    size_t most; /* ... so many by signs against the query's values */
} Effort;

typedef struct Scan {
    const Snapshot *now;
    size_t dims;
    const VectorKernels *kernels;
    uint64_t **allowed; /* of each segment; NULL: all */
    size_t cells, entries, allowed_count;
    bool has_parts, is_exact;
} Scan;

typedef struct Candidate {
    int32_t estimate;
    uint32_t segment, entry;
} Candidate;

/* The best so far of one query. */
typedef struct Shortlist {
    const VectorQuery *query;
    Effort effort;
    Candidate *at; /* in no order */
    size_t count;
    uint32_t *histogram; /* of the distances of all that came in, [dims + 1] */
    size_t within;       /* of them nearer than the limit */
    uint16_t limit;      /* what comes must be nearer */
} Shortlist;

Shortlist shortlist_new(const Scan *scan, const VectorQuery *query, Effort effort);
void shortlist_free(Shortlist *list);
/* Fill the list with up to `most` candidates. */
void scan_signs(const Scan *scan, Shortlist *list);
