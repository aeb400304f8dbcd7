/* index_vectors.c - the vector leg of a search, in the index or in a store outside; see index.h. */
#include "index/index_private.h"

#include <math.h>

#include "base/clock.h"
#include "base/log.h"

static float inner(const float *a, const float *b, size_t dims)
{
    float sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The first vectors of the hits from where an outside store's were copied, each of unit length;
 * zeros for what has none. NULL: they cannot be read. */
static float *read_outside(Index *index, Arena *arena, const LegHit *hits, size_t count)
{
    const IndexOutside *outside = &index->outside;
    size_t dims = outside->space.dims;
    uint64_t *keys = arena_new_array(arena, uint64_t, count);
    float *values = arena_new_array(arena, float, count *dims);
    Error ignored;
    for (size_t i = 0; i < count; i++)
        keys[i] = hits[i].key;
    if (!outside->read_own(outside->self, arena, &outside->space, keys, count, values, &ignored))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        float *own = values + i * dims, length = sqrtf(inner(own, own, dims));
        for (size_t d = 0; length > 0 && d < dims; d++)
            own[d] /= length;
    }
    return values;
}

/* As vectors_own_cosines(). */
static void own_cosines(Index *index, Arena *arena, const float *query, const LegHit *hits,
                        size_t count, float *cosines)
{
    size_t dims = index->outside.space.dims;
    if (index->vectors) {
        vectors_own_cosines(index->vectors, query, hits, count, cosines);
        return;
    }
    const float *values = read_outside(index, arena, hits, count);
    float length = sqrtf(inner(query, query, dims));
    for (size_t i = 0; i < count; i++)
        cosines[i] =
            values && length > 0 ? inner(query, values + i * dims, dims) / length : hits[i].score;
}

/* As vectors_similarities(), of first vectors. */
static void similarities(Index *index, Arena *arena, const LegHit *hits, size_t count,
                         float *cosines)
{
    size_t dims = index->outside.space.dims;
    if (index->vectors) {
        vectors_similarities(index->vectors, hits, count, cosines);
        return;
    }
    const float *values = read_outside(index, arena, hits, count);
    for (size_t i = 0; values && i < count; i++)
        for (size_t j = 0; j < i; j++)
            cosines[i * count + j] = cosines[j * count + i] =
                inner(values + i * dims, values + j * dims, dims);
}

/* A chunk with several vectors counts as the mean of its own and its best: its best alone is worse
 * than its own where queries are about whole texts (nDCG@10 of Cranfield's hybrid .456 and .462).
 */
static void weigh_own(Index *index, Arena *arena, const float *vector, LegHit *hits, size_t count)
{
    bool has_parts = false;
    for (size_t i = 0; i < count; i++)
        has_parts |= hits[i].part != 0;
    if (!has_parts)
        return;
    float *own = arena_new_array(arena, float, count);
    own_cosines(index, arena, vector, hits, count, own);
    for (size_t i = 0; i < count; i++)
        if (hits[i].part)
            hits[i].score = (hits[i].score + own[i]) / 2;
    qsort(hits, count, sizeof(*hits), leg_hits_by_score);
}

/* A store that did not answer is not waited for by every search. */
#define OUTSIDE_PAUSE_MS 2000

static size_t ask_outside(Index *index, Arena *arena, const float *vector, const KeyFilter *filter,
                          size_t depth, LegHit *hits, Error *err)
{
    const IndexOutside *outside = &index->outside;
    size_t count = 0;
    bool rests = monotonic_ms() < atomic_load(&index->outside_again_ms);
    if (!rests && outside->search(outside->self, &outside->space, arena, vector, filter, depth,
                                  hits, &count, err))
        return count;
    if (!rests) {
        log_warn("vectors", "%s", err->message);
        atomic_store(&index->outside_again_ms, monotonic_ms() + OUTSIDE_PAUSE_MS);
    }
    (void)fail(err, ERROR_UPSTREAM,
               "The store of vectors does not answer, so only words were searched.");
    return 0;
}

size_t index_search_vectors(Index *index, Arena *arena, const IndexSearch *search,
                            const KeyFilter *filter, size_t depth, LegHit *hits)
{
    const float *vector = search->late_vector ? search->late_vector(search->self) : search->vector;
    VectorStore *embedded = &index->embedded.store;
    size_t count = 0;
    Error err = { 0 };
    if (!vector || !(index->vectors || index->outside.search))
        return 0;
    if (!index->vectors)
        count = ask_outside(index, arena, vector, filter, depth, hits, &err);
    else if (!embedded->search(embedded, NULL, arena, vector, filter, depth, hits, &count, &err))
        return 0;
    if (search->vector_failed_r)
        *search->vector_failed_r = err;
    weigh_own(index, arena, vector, hits, count);
    return count;
}

/* By the chunks' own vectors: their best parts say less of what they are about (measured). */
void index_smooth(Index *index, Arena *arena, float share, IndexHit *hits, size_t count)
{
    _Static_assert(FUSION_NEAR <= VECTORS_SIMILAR_MAX, "all that support each other");
    LegHit parts[FUSION_NEAR];
    float *cosines = arena_new_array(arena, float, count *count);
    for (size_t i = 0; i < count; i++)
        parts[i] = (LegHit){ .key = hits[i].key };
    similarities(index, arena, parts, count, cosines);
    fusion_smooth(hits, count, cosines, share);
}
