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
    size_t first;  /* so many entries in the nearest cells tell how near the k-th is */
    float reach;   /* cells whose centre is this much less like the query than that, by cosine */
    size_t near;   /* so many of them at least by signs against signs, of these ... */
    size_t most;   /* ... so many at least by signs against the query's values */
    float spreads; /* more when what is as near may seem so many standard deviations farther */
} Effort;

typedef struct Scan {
    const Snapshot *now;
    size_t dims;
    const VectorKernels *kernels;
    uint64_t **allowed; /* of each segment; NULL: all */
    size_t cells, groups, entries, allowed_count;
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
    uint16_t limit;    /* what comes must differ in fewer signs */
    float nearest;     /* cosine of the query with the nearest centre */
    uint16_t *gaps;    /* between the query and the centre of each cell */
    uint16_t expected; /* the limit for what may be as near as is expected */
} Shortlist;

Shortlist shortlist_new(const Scan *scan, const VectorQuery *query, Effort effort);
void shortlist_free(Shortlist *list);
/* Look into the nearest cells, in which there are about so many entries. */
void scan_nearest(const Scan *scan, Shortlist *list, size_t entries);
/* Look anew, for what has at least this cosine, as far as scan_nearest() can tell (-INFINITY: it
 * cannot): into all cells within reach of it. The best candidates are left, `most` or more when
 * more may have it. */
void scan_within(const Scan *scan, Shortlist *list, float cosine);
/* Bring the `most` best to the front, of those that are nearly the same the first; how many. */
size_t candidates_cut(Candidate *all, size_t count, size_t most);
