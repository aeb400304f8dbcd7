/* vectors_search.c - the readers of the vector index; see vectors.h. */
#include <math.h>

#include "index/vector_kernels.h"
#include "index/vectors_private.h"

typedef struct Candidate {
    const Segment *segment;
    uint32_t entry;
} Candidate;

/* One search: distances of all entries of all segments, and how many there are of each. */
typedef struct Scan {
    const Snapshot *now;
    size_t dims;
    const VectorKernels *kernels;
    uint64_t **allowed;   /* a segment; NULL: all */
    uint16_t *distances;  /* of all segments, each rounded up to a group */
    uint32_t *histogram;  /* [dims + 1] */
    size_t allowed_count; /* of all segments */
} Scan;

static bool is_allowed(const Scan *scan, size_t segment, uint32_t entry)
{
    const uint64_t *bits = scan->allowed[segment];
    return !bits || bits[entry / 64] >> (entry % 64) & 1;
}

static void measure_distances(Scan *scan, const float *query)
{
    uint64_t signs[VECTOR_DIMS_MAX / 64] = { 0 };
    size_t words = words_of(scan->dims);
    uint16_t *distances = scan->distances;
    for (size_t d = 0; d < scan->dims; d++)
        signs[d / 64] |= (uint64_t)(query[d] > 0) << (d % 64);
    for (size_t s = 0; s < scan->now->count; s++) {
        const Segment *segment = scan->now->at[s];
        const VectorView *view = segment->view;
        size_t groups = groups_of(segment->count);
        scan->kernels->distances(view->signs, groups, words, signs, distances);
        for (uint32_t i = 0; i < segment->count; i++)
            if (is_allowed(scan, s, i))
                scan->histogram[distances[i]]++;
        distances += groups * 8;
    }
}

/* Entries up to the distance within which `most` lie; at that distance itself, the first ones. */
static size_t nearest(Scan *scan, Candidate *candidates, size_t most)
{
    size_t within = 0, count = 0;
    uint32_t cut = 0;
    while (cut <= scan->dims && within + scan->histogram[cut] <= most)
        within += scan->histogram[cut++];
    size_t at_cut = most - within;
    const uint16_t *distances = scan->distances;
    for (size_t s = 0; s < scan->now->count; s++) {
        const Segment *segment = scan->now->at[s];
        for (uint32_t i = 0; i < segment->count; i++) {
            if (distances[i] > cut || !is_allowed(scan, s, i))
                continue;
            if (distances[i] == cut && !at_cut)
                continue;
            at_cut -= distances[i] == cut;
            candidates[count++] = (Candidate){ segment, i };
        }
        distances += groups_of(segment->count) * 8;
    }
    return count;
}

static size_t all_allowed(const Scan *scan, Candidate *candidates)
{
    size_t count = 0;
    for (size_t s = 0; s < scan->now->count; s++)
        for (uint32_t i = 0; i < scan->now->at[s]->count; i++)
            if (is_allowed(scan, s, i))
                candidates[count++] = (Candidate){ scan->now->at[s], i };
    return count;
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

/* Score the candidates by their values; each key once, in order. Returns how many. */
static size_t rescore(const Scan *scan, const float *query, const Candidate *candidates,
                      size_t count, LegHit *all)
{
    size_t keys = 0;
    double square = 0;
    for (size_t d = 0; d < scan->dims; d++)
        square += (double)query[d] * (double)query[d];
    float norm = square > 0 && isfinite(square) ? (float)(1 / sqrt(square)) : 0;
    for (size_t i = 0; i < count; i++) {
        const VectorView *view = candidates[i].segment->view;
        uint32_t entry = candidates[i].entry;
        uint64_t name = candidates[i].segment->names[entry];
        float inner =
            scan->kernels->inner(query, view->values + (size_t)entry * scan->dims, scan->dims);
        all[i] = (LegHit){ .key = name >> VECTOR_PART_BITS,
                           .score = norm ? inner * view->scales[entry] * norm : 0,
                           .part = name % VECTOR_PARTS_MAX };
    }
    qsort(all, count, sizeof(*all), by_key);
    for (size_t i = 0; i < count; i++)
        if (!keys || all[keys - 1].key != all[i].key)
            all[keys++] = all[i];
    qsort(all, keys, sizeof(*all), by_score);
    return keys;
}

/* The nearest by their signs, scored; so many that k keys are among them. */
static size_t search_signs(Scan *scan, const float *query, size_t most, size_t k, LegHit **all_r)
{
    size_t entries = 0, keys;
    for (size_t s = 0; s < scan->now->count; s++)
        entries += groups_of(scan->now->at[s]->count) * 8;
    AUTO_FREE uint16_t *distances = heap_alloc((entries + 1) * sizeof(*distances));
    AUTO_FREE uint32_t *histogram =
        heap_alloc((words_of(scan->dims) * 64 + 1) * sizeof(*histogram));
    scan->distances = distances;
    scan->histogram = histogram;
    measure_distances(scan, query);
    do {
        AUTO_FREE Candidate *candidates = heap_alloc((most + 1) * sizeof(*candidates));
        free(*all_r);
        *all_r = heap_alloc((most + 1) * sizeof(**all_r));
        size_t count = nearest(scan, candidates, most);
        keys = rescore(scan, query, candidates, count, *all_r);
        most = MIN(most * 4, scan->allowed_count);
        if (count == scan->allowed_count)
            break;
    } while (keys < k);
    return keys;
}

static size_t search_all(const Scan *scan, const float *query, LegHit **all_r)
{
    AUTO_FREE Candidate *candidates = heap_alloc((scan->allowed_count + 1) * sizeof(*candidates));
    *all_r = heap_alloc((scan->allowed_count + 1) * sizeof(**all_r));
    return rescore(scan, query, candidates, all_allowed(scan, candidates), *all_r);
}

size_t vectors_search(VectorIndex *index, const float *query, const KeyFilter *filter, size_t k,
                      LegHit *hits)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    AUTO_FREE uint64_t **allowed = heap_alloc((now->count + 1) * sizeof(*allowed));
    AUTO_FREE LegHit *all = NULL;
    Scan scan = {
        .now = now, .dims = index->dims, .kernels = vector_kernels(), .allowed = allowed
    };
    size_t most = MAX(VECTOR_CANDIDATES, 4 * k);
    for (size_t s = 0; s < now->count; s++) {
        size_t passed;
        allowed[s] = segment_allowed(now->at[s], filter, &passed);
        scan.allowed_count += passed;
    }
    size_t count = scan.allowed_count <= 2 * most ? search_all(&scan, query, &all)
                                                  : search_signs(&scan, query, most, k, &all);
    for (size_t s = 0; s < now->count; s++)
        free(allowed[s]);
    memcpy(hits, all, MIN(k, count) * sizeof(*hits));
    return MIN(k, count);
}

/* The living entry that the hit names, else the first of its key; NULL segment: none. */
static Candidate find_entry(const Snapshot *now, const LegHit *hit)
{
    Candidate best = { 0 };
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
            best = (Candidate){ segment, entry };
            best_name = name;
        }
    }
    return best;
}

void vectors_similarities(VectorIndex *index, const LegHit *hits, size_t count, float *cosines)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    AUTO_FREE Candidate *found = heap_alloc((count + 1) * sizeof(*found));
    const VectorKernels *kernels = vector_kernels();
    float row[VECTOR_DIMS_MAX];
    for (size_t i = 0; i < count; i++)
        found[i] = find_entry(now, &hits[i]);
    memset(cosines, 0, count * count * sizeof(*cosines));
    for (size_t i = 0; i < count; i++) {
        if (!found[i].segment)
            continue;
        const VectorView *view = found[i].segment->view;
        for (size_t d = 0; d < index->dims; d++)
            row[d] = (float)view->values[found[i].entry * index->dims + d] *
                     view->scales[found[i].entry];
        for (size_t j = 0; j < i; j++) {
            if (!found[j].segment)
                continue;
            const VectorView *other = found[j].segment->view;
            float inner =
                kernels->inner(row, other->values + found[j].entry * index->dims, index->dims);
            cosines[i * count + j] = cosines[j * count + i] = inner * other->scales[found[j].entry];
        }
    }
}
