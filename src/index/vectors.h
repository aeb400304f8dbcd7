/* vectors.h - nearest vectors by inner product, exactly enough, without a graph.
 *
 * Each vector is stored twice: the signs of its values (one bit each) and its values in int8 with
 * one scale. The signs lie in cells of neighbours (vectors_cells.h). A search learns from the
 * nearest cells how near the k-th is about, and looks into all whose centres are near enough to
 * have a nearer one: of their vectors it counts the differing signs, multiplies the signs of those
 * that may be as near with the query's values, and scores the best of these by their own values;
 * when a filter leaves few, all of them are scored. On 80,000 MiniLM vectors that looks at every
 * sixth vector and finds 0.99 of the true ten; for queries that are near nothing at more. A graph
 * (Malkov and Yashunin, "HNSW", 2016; measured with hnswlib) takes longer for that, four times the
 * memory and forty times as long to build; and here filters cost little and deletes are final.
 *
 * A key may have several vectors, its parts; it counts as its best. Vectors are made unit length;
 * scores are cosines. Adding a part again replaces it, deleting takes all of them. Added vectors
 * wait until vectors_publish() (or until 4,096 wait).
 *
 * Threads: one writer at a time, any number of readers, which never wait for the writer.
 * Memory: about dims * 9/8 + 27 bytes a vector (459 for 384 dimensions), mapped once committed. */
#pragma once

#include "index/shelf.h"

#define VECTOR_DIMS_MAX 4096
#define VECTOR_PART_BITS 4
#define VECTOR_PARTS_MAX (1 << VECTOR_PART_BITS)

typedef struct VectorIndex VectorIndex;
typedef struct VectorKernels VectorKernels;

/* `identity` names database and model: a folder written with another one, or with the other kind of
 * exactness, counts as damaged. `is_exact` keeps each vector in half precision too, 2 * dims bytes
 * more, of which a search reads but the few it gives: measured, 0.999 of the true ten are found. */
VectorIndex *vectors_new(const char *folder, size_t dims, uint32_t identity, bool is_exact);
void vectors_free(VectorIndex *index); /* NULL is fine */
ShelfState vectors_load(VectorIndex *index, uint64_t *generation_r, Error *err);
size_t vectors_dims(const VectorIndex *index);
/* Other kernels than the best of this processor (vector_kernels.h), before any search. */
void vectors_use(VectorIndex *index, const VectorKernels *kernels);

/* For the writer: */
/* `part` is less than VECTOR_PARTS_MAX, `key` less than 2^60. */
void vectors_add(VectorIndex *index, uint64_t key, uint32_t part, const float *vector);
void vectors_publish(VectorIndex *index);
bool vectors_delete(VectorIndex *index, uint64_t key); /* at once; false: there was none */
void vectors_erase(VectorIndex *index, uint64_t key);  /* see shelf_erase() */
void vectors_clear(VectorIndex *index);
MUST_CHECK bool vectors_commit(VectorIndex *index, uint64_t generation, Error *err);

/* The best `k` keys that live and the filter (NULL: all) allows, each with its best part, best
 * first, equal scores in order of keys; always k when that many are allowed. Returns how many. Any
 * thread. */
size_t vectors_search(VectorIndex *index, const float *query, const KeyFilter *filter, size_t k,
                      LegHit *hits);
/* For qsort(): the best first, equal ones by key. */
int leg_hits_by_score(const void *a, const void *b);
/* Leave each key once, with its best part, ascending by key; how many there are. */
size_t leg_hits_merge_parts(LegHit *all, size_t count);
/* Cosines of the hits' vectors with each other, [count][count]: of the part that the hit names,
 * else of the key's first; 0 where there is none, and of each with itself. Scores are not read. */
#define VECTORS_SIMILAR_MAX 128 /* hits */
void vectors_similarities(VectorIndex *index, const LegHit *hits, size_t count, float *cosines);
/* cosines[i]: of the query with the first vector of the hit's key; 0 where there is none. */
void vectors_own_cosines(VectorIndex *index, const float *query, const LegHit *hits, size_t count,
                         float *cosines);
ShelfSize vectors_size(VectorIndex *index);
Shelf *vectors_shelf(VectorIndex *index); /* for merging beside the writer */
/* What a search would see now; for checks. Release with snapshot_release(). */
Snapshot *vectors_snapshot(VectorIndex *index);
extern const SegmentKind vector_segment_kind; /* setting: exact << 63 | dims << 32 | identity */
