/* vectors_search.c - the readers of the vector index; see vectors.h.
 *
 * A scan goes over all signs in blocks; a block stays in the cache while each query of a batch
 * looks at it. What is nearer than the limit goes to the query's pool, counted by distance, and the
 * limit sinks to where enough are nearer: of n entries about most * ln(n / most) enter, the others
 * cost their distance and one comparison. The nearest of the pool are scored by their int8 values.
 */
#include <math.h>

#include "index/vector_kernels.h"
#include "index/vectors_private.h"

/* Entries; a multiple of 64. Their signs take 48 KB in 384 dimensions. */
#define BLOCK 1024
/* A pool is cut when it has so many times what is wanted. */
#define POOL_TIMES 4
/* An entry scored by its values costs what so many cost by their signs. */
#define SCORE_COST 64

typedef struct Candidate {
    uint32_t entry;
    uint16_t segment, distance;
} Candidate;

typedef struct VectorQuery {
    uint64_t signs[VECTOR_DIMS_MAX / 64];
    int16_t values[VECTOR_DIMS_MAX];
    float factor; /* of an inner product with `values`; 0: not a direction */
    const float *vector;
    float norm; /* 1 / length, or 0 */
} VectorQuery;

/* The nearest so far of one query, by their signs. */
typedef struct Pool {
    const VectorQuery *query;
    Candidate *at;
    size_t count, most;
    uint32_t *histogram; /* of the distances in the pool, [dims + 1] */
    size_t within;       /* nearer than the limit */
    uint16_t limit;      /* what comes must be nearer */
} Pool;

typedef struct Scan {
    const Snapshot *now;
    size_t dims;
    const VectorKernels *kernels;
    uint64_t **allowed; /* of each segment; NULL: all */
    size_t entries, allowed_count;
    bool has_parts, is_exact;
} Scan;

static void prepare(VectorQuery *query, const float *vector, size_t dims)
{
    double square = 0;
    float most = 0;
    memset(query->signs, 0, sizeof(query->signs));
    for (size_t d = 0; d < dims; d++) {
        square += (double)vector[d] * (double)vector[d];
        most = MAX(most, fabsf(vector[d]));
        query->signs[d / 64] |= (uint64_t)(vector[d] > 0) << (d % 64);
    }
    bool is_direction = square > 0 && isfinite(square);
    for (size_t d = 0; d < dims; d++)
        query->values[d] =
            is_direction ? (int16_t)lrintf(vector[d] * (VECTOR_QUERY_MAX / most)) : 0;
    query->vector = vector;
    query->norm = is_direction ? (float)(1 / sqrt(square)) : 0;
    query->factor = is_direction ? (float)((double)most / VECTOR_QUERY_MAX / sqrt(square)) : 0;
}

/* --- By signs --- */

/* Keep the nearest `most`; of those at the farthest distance the first. */
static void pool_cut(Pool *pool)
{
    size_t kept = 0, within = 0;
    uint32_t cut = 0;
    if (pool->count <= pool->most)
        return;
    while (within + pool->histogram[cut] <= pool->most)
        within += pool->histogram[cut++];
    size_t at_cut = pool->most - within;
    for (size_t i = 0; i < pool->count; i++) {
        uint32_t distance = pool->at[i].distance;
        if (distance > cut || (distance == cut && !at_cut))
            continue;
        at_cut -= distance == cut;
        pool->at[kept++] = pool->at[i];
    }
    pool->count = kept;
}

/* The histogram again, of what is left. */
static void pool_count(Pool *pool, size_t dims)
{
    memset(pool->histogram, 0, (dims + 1) * sizeof(*pool->histogram));
    for (size_t i = 0; i < pool->count; i++)
        pool->histogram[pool->at[i].distance]++;
    pool->within = pool->count;
}

static void pool_add(Pool *pool, Candidate candidate)
{
    if (candidate.distance >= pool->limit)
        return;
    pool->at[pool->count++] = candidate;
    pool->histogram[candidate.distance]++;
    pool->within++;
    while (pool->within - pool->histogram[pool->limit - 1] >= pool->most)
        pool->within -= pool->histogram[--pool->limit];
}

static void pool_block(const Scan *scan, Pool *pool, uint32_t segment, uint32_t first)
{
    uint16_t distances[BLOCK], near[BLOCK];
    const Segment *from = scan->now->at[segment];
    const VectorView *view = from->view;
    size_t words = words_of(scan->dims), count = MIN(from->count - first, (uint32_t)BLOCK);
    const uint64_t *allowed = scan->allowed[segment];
    scan->kernels->distances(view->signs + (size_t)first * words, groups_of(count), words,
                             pool->query->signs, distances);
    size_t found = scan->kernels->select(distances, count, pool->limit,
                                         allowed ? allowed + first / 64 : NULL, near);
    for (size_t i = 0; i < found; i++)
        pool_add(pool, (Candidate){ first + near[i], (uint16_t)segment, distances[near[i]] });
    if (pool->count > POOL_TIMES * pool->most) {
        pool_cut(pool);
        pool_count(pool, scan->dims);
    }
}

static bool any_allowed(const Scan *scan, uint32_t segment, uint32_t first)
{
    const uint64_t *allowed = scan->allowed[segment];
    uint32_t end = MIN(first + BLOCK, scan->now->at[segment]->count);
    for (uint32_t w = first / 64; allowed && w < bitmap_words(end); w++)
        if (allowed[w])
            return true;
    return !allowed;
}

static void scan_signs(const Scan *scan, Pool *pools, size_t count)
{
    for (uint32_t s = 0; s < scan->now->count; s++)
        for (uint32_t first = 0; first < scan->now->at[s]->count; first += BLOCK)
            for (size_t q = 0; any_allowed(scan, s, first) && q < count; q++)
                pool_block(scan, &pools[q], s, first);
    for (size_t q = 0; q < count; q++)
        pool_cut(&pools[q]);
}

static Pool pool_new(const Scan *scan, const VectorQuery *query, size_t most)
{
    return (Pool){ .query = query,
                   .at = heap_alloc((POOL_TIMES * most + BLOCK) * sizeof(Candidate)),
                   .most = most,
                   .histogram = heap_alloc((scan->dims + 1) * sizeof(uint32_t)),
                   .limit = (uint16_t)(scan->dims + 1) };
}

static void pool_free(Pool *pool)
{
    free(pool->at);
    free(pool->histogram);
}

/* --- By values --- */

/* What is scored is known by its place until the best are chosen: names would cost a miss each. */
static uint64_t place_of(size_t segment, size_t entry) { return (uint64_t)segment << 32 | entry; }

static LegHit score(const Scan *scan, const VectorQuery *query, size_t segment, uint32_t entry)
{
    const VectorView *view = scan->now->at[segment]->view;
    const int8_t *values = view->values + (size_t)entry * scan->dims;
    float inner = (float)scan->kernels->inner(query->values, values, scan->dims);
    return (LegHit){ .key = place_of(segment, entry),
                     .score = inner * view->scales[entry] * query->factor };
}

static void prefetch(const Scan *scan, size_t segment, uint32_t entry)
{
    const VectorView *view = scan->now->at[segment]->view;
    const int8_t *values = view->values + (size_t)entry * scan->dims;
    __builtin_prefetch(view->scales + entry);
    for (size_t at = 0; at < scan->dims; at += 64)
        __builtin_prefetch(values + at);
}

static void score_pool(const Scan *scan, const Pool *pool, LegHit *all)
{
    enum { AHEAD = 8 };
    for (size_t i = 0; i < pool->count; i++) {
        if (i + AHEAD < pool->count)
            prefetch(scan, pool->at[i + AHEAD].segment, pool->at[i + AHEAD].entry);
        all[i] = score(scan, pool->query, pool->at[i].segment, pool->at[i].entry);
    }
}

static void score_all(const Scan *scan, const VectorQuery *query, LegHit *all)
{
    for (size_t s = 0; s < scan->now->count; s++) {
        const Segment *segment = scan->now->at[s];
        for (size_t w = 0; w < bitmap_words(segment->count); w++) {
            uint64_t bits = scan->allowed[s] ? scan->allowed[s][w] : UINT64_MAX;
            for (; bits; bits &= bits - 1) {
                size_t entry = w * 64 + (size_t)__builtin_ctzll(bits);
                if (entry < segment->count)
                    *all++ = score(scan, query, s, (uint32_t)entry);
            }
        }
    }
}

/* --- The best --- */

/* From places to keys and parts; scored by the values in half precision where they are kept. */
static void name_hits(const Scan *scan, const VectorQuery *query, LegHit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Segment *segment = scan->now->at[hits[i].key >> 32];
        uint32_t entry = (uint32_t)hits[i].key;
        const VectorView *view = segment->view;
        if (view->halves)
            hits[i].score =
                query->norm * scan->kernels->inner_half(query->vector,
                                                        view->halves + (size_t)entry * scan->dims,
                                                        scan->dims);
        hits[i].key = segment_key(segment, entry);
        hits[i].part = segment->names[entry] % VECTOR_PARTS_MAX;
    }
}

static int by_key(const void *a, const void *b)
{
    const LegHit *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return (left->part > right->part) - (left->part < right->part);
}

static int by_score(const void *a, const void *b)
{
    const LegHit *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return (left->key > right->key) - (left->key < right->key);
}

static void swap(LegHit *a, LegHit *b)
{
    LegHit kept = *a;
    *a = *b;
    *b = kept;
}

/* Bring the best `first` of all to the front (Hoare's quickselect, pivot from the middle). */
static void bring_best(LegHit *all, size_t count, size_t first)
{
    size_t low = 0, high = count;
    while (first && first < count && high - low > 1) {
        swap(&all[low], &all[low + (high - low) / 2]);
        LegHit pivot = all[low];
        size_t left = low, right = high;
        for (;;) {
            while (++left < high && by_score(&all[left], &pivot) < 0)
                ;
            while (by_score(&all[--right], &pivot) > 0)
                ;
            if (left >= right)
                break;
            swap(&all[left], &all[right]);
        }
        swap(&all[low], &all[right]);
        if (right == first || right + 1 == first)
            break;
        if (right < first)
            low = right + 1;
        else
            high = right;
    }
}

/* Each key once, with its best part. */
static size_t merge_parts(LegHit *all, size_t count)
{
    size_t keys = 0;
    qsort(all, count, sizeof(*all), by_key);
    for (size_t i = 0; i < count; i++)
        if (!keys || all[keys - 1].key != all[i].key)
            all[keys++] = all[i];
    return keys;
}

/* The best k keys of all, in order, into hits; how many there are. `all` is used up. */
static size_t best_keys(const Scan *scan, const VectorQuery *query, LegHit *all, size_t count,
                        size_t k, LegHit *hits)
{
    size_t keys = 0;
    /* What int8 has in twice the places has the true ones. */
    size_t wanted = scan->has_parts ? 4 * k : scan->is_exact ? 2 * k : k;
    for (size_t first = wanted;; first *= 4) {
        size_t taken = MIN(first, count);
        bring_best(all, count, taken);
        AUTO_FREE LegHit *best = heap_alloc((taken + 1) * sizeof(*best));
        memcpy(best, all, taken * sizeof(*best));
        name_hits(scan, query, best, taken);
        keys = scan->has_parts ? merge_parts(best, taken) : taken;
        if (keys < k && taken < count)
            continue;
        qsort(best, keys, sizeof(*best), by_score);
        memcpy(hits, best, MIN(k, keys) * sizeof(*hits));
        return MIN(k, keys);
    }
}

/* --- Searching --- */

static size_t search_all(const Scan *scan, const VectorQuery *query, size_t k, LegHit *hits)
{
    AUTO_FREE LegHit *all = heap_alloc((scan->allowed_count + 1) * sizeof(*all));
    score_all(scan, query, all);
    return best_keys(scan, query, all, scan->allowed_count, k, hits);
}

/* The best of a scanned pool; scanned again for more when its parts are of too few keys. */
static size_t search_pool(const Scan *scan, Pool *pool, size_t k, LegHit *hits)
{
    AUTO_FREE LegHit *all = heap_alloc((pool->count + 1) * sizeof(*all));
    score_pool(scan, pool, all);
    size_t found = best_keys(scan, pool->query, all, pool->count, k, hits);
    if (found == k || pool->count == scan->allowed_count)
        return found;
    Pool wider = pool_new(scan, pool->query, pool->most * 4);
    scan_signs(scan, &wider, 1);
    found = search_pool(scan, &wider, k, hits);
    pool_free(&wider);
    return found;
}

static void search_signs(const Scan *scan, const VectorQuery *queries, size_t count, size_t most,
                         size_t k, LegHit *hits, size_t *counts)
{
    Pool pools[VECTOR_QUERIES_MAX];
    for (size_t q = 0; q < count; q++)
        pools[q] = pool_new(scan, &queries[q], most);
    scan_signs(scan, pools, count);
    for (size_t q = 0; q < count; q++) {
        counts[q] = search_pool(scan, &pools[q], k, hits + q * k);
        pool_free(&pools[q]);
    }
}

static void open_scan(Scan *scan, const KeyFilter *filter)
{
    for (size_t s = 0; s < scan->now->count; s++) {
        size_t passed;
        scan->allowed[s] = segment_allowed(scan->now->at[s], filter, &passed);
        scan->allowed_count += passed;
        scan->entries += scan->now->at[s]->count;
        scan->has_parts |= scan->now->at[s]->has_parts;
    }
}

/* The more there are, the more are as near by their signs: measured up to a million, where 3,000
 * find 0.99 of what all would. */
static size_t candidates_of(const Scan *scan, size_t k)
{
    size_t most = scan->is_exact ? VECTOR_CANDIDATES_EXACT : VECTOR_CANDIDATES, many = 65536;
    if (scan->allowed_count > many)
        most += (scan->allowed_count - many) / 384;
    return MAX(most, 4 * k);
}

void vectors_search_many(VectorIndex *index, const float *queries, size_t count,
                         const KeyFilter *filter, size_t k, LegHit *hits, size_t *counts)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    AUTO_FREE uint64_t **allowed = heap_alloc((now->count + 1) * sizeof(*allowed));
    AUTO_FREE VectorQuery *prepared =
        heap_alloc(MIN(count + 1, (size_t)VECTOR_QUERIES_MAX) * sizeof(*prepared));
    Scan scan = { .now = now,
                  .dims = index->dims,
                  .kernels = index->kernels,
                  .allowed = allowed,
                  .is_exact = index->is_exact };
    open_scan(&scan, filter);
    size_t most = candidates_of(&scan, k);
    bool is_few = scan.allowed_count <= most + scan.entries / SCORE_COST;
    for (size_t first = 0; first < count; first += VECTOR_QUERIES_MAX) {
        size_t batch = MIN(count - first, (size_t)VECTOR_QUERIES_MAX);
        for (size_t q = 0; q < batch; q++)
            prepare(&prepared[q], queries + (first + q) * scan.dims, scan.dims);
        if (!is_few)
            search_signs(&scan, prepared, batch, most, k, hits + first * k, counts + first);
        for (size_t q = 0; is_few && q < batch; q++)
            counts[first + q] = search_all(&scan, &prepared[q], k, hits + (first + q) * k);
    }
    for (size_t s = 0; s < now->count; s++)
        free(allowed[s]);
}

size_t vectors_search(VectorIndex *index, const float *query, const KeyFilter *filter, size_t k,
                      LegHit *hits)
{
    size_t count;
    vectors_search_many(index, query, 1, filter, k, hits, &count);
    return count;
}

/* --- Similarities --- */

typedef struct Found {
    const Segment *segment;
    uint32_t entry;
} Found;

/* The living entry that the hit names, else the first of its key; NULL segment: none. */
static Found find_entry(const Snapshot *now, const LegHit *hit)
{
    Found best = { 0 };
    uint64_t first = hit->key << VECTOR_PART_BITS, best_name = UINT64_MAX;
    for (size_t s = 0; s < now->count; s++) {
        const Segment *segment = now->at[s];
        for (uint32_t entry = segment_lower(segment, first);
             entry < segment->count && segment_key(segment, entry) == hit->key; entry++) {
            uint64_t name = segment->names[entry];
            bool is_better = name == (first | hit->part) ||
                             (best_name != (first | hit->part) && name < best_name);
            if (!segment_is_live(segment, entry) || !is_better)
                continue;
            best = (Found){ segment, entry };
            best_name = name;
        }
    }
    return best;
}

void vectors_similarities(VectorIndex *index, const LegHit *hits, size_t count, float *cosines)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    AUTO_FREE Found *found = heap_alloc((count + 1) * sizeof(*found));
    int16_t row[VECTOR_DIMS_MAX];
    for (size_t i = 0; i < count; i++)
        found[i] = find_entry(now, &hits[i]);
    memset(cosines, 0, count * count * sizeof(*cosines));
    for (size_t i = 0; i < count; i++) {
        if (!found[i].segment)
            continue;
        const VectorView *view = found[i].segment->view;
        for (size_t d = 0; d < index->dims; d++)
            row[d] = view->values[found[i].entry * index->dims + d];
        for (size_t j = 0; j < i; j++) {
            if (!found[j].segment)
                continue;
            const VectorView *other = found[j].segment->view;
            int32_t inner = index->kernels->inner(row, other->values + found[j].entry * index->dims,
                                                  index->dims);
            cosines[i * count + j] = cosines[j * count + i] =
                (float)inner * view->scales[found[i].entry] * other->scales[found[j].entry];
        }
    }
}

void vectors_own_cosines(VectorIndex *index, const float *query, const LegHit *hits, size_t count,
                         float *cosines)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    VectorQuery prepared;
    prepare(&prepared, query, index->dims);
    for (size_t i = 0; i < count; i++) {
        Found own = find_entry(now, &(LegHit){ .key = hits[i].key });
        const VectorView *view = own.segment ? own.segment->view : NULL;
        cosines[i] = 0;
        if (view)
            cosines[i] =
                prepared.factor * view->scales[own.entry] *
                (float)index->kernels->inner(
                    prepared.values, view->values + (size_t)own.entry * index->dims, index->dims);
    }
}
