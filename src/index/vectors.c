/* vectors.c - see vectors.h.
 *
 * A segment, little-endian, sections 8-byte aligned: VectorHead; keys u64; signs, groups of eight
 * vectors with word j of the eight side by side; scales f32; values int8. */
#include "index/vectors.h"

#include <assert.h>
#include <math.h>

#include "index/vector_kernels.h"

#define WAITING_MAX 4096

typedef struct VectorHead {
    char magic[8];
    uint32_t dims, count;
    uint64_t keys, signs, scales, values, end;
} VectorHead;

typedef struct VectorView {
    const uint64_t *signs;
    const float *scales;
    const int8_t *values;
} VectorView;

struct VectorIndex {
    Shelf *shelf;
    size_t dims;
    Bytes keys, vectors; /* waiting */
};

static size_t words_of(size_t dims) { return (dims + 63) / 64; }
static size_t groups_of(size_t count) { return (count + 7) / 8; }
static size_t dims_of(uint64_t setting) { return (size_t)(setting >> 32); }

/* --- The segment --- */

static VectorHead layout(size_t dims, size_t count)
{
    VectorHead head = { .dims = (uint32_t)dims, .count = (uint32_t)count };
    memcpy(head.magic, "LVECTOR1", 8);
    head.keys = sizeof(head);
    head.signs = head.keys + count * 8;
    head.scales = head.signs + groups_of(count) * words_of(dims) * 64;
    head.values = head.scales + (count * 4 + 7) / 8 * 8;
    head.end = head.values + (count * dims + 7) / 8 * 8;
    return head;
}

static bool open_segment(Str bytes, uint64_t setting, Segment *segment, Error *err)
{
    VectorHead head, expected;
    if (bytes.length < sizeof(head) || (uintptr_t)bytes.at % 8)
        return fail(err, ERROR_INTERNAL, "a vector segment is cut short");
    memcpy(&head, bytes.at, sizeof(head));
    expected = layout(dims_of(setting), head.count);
    if (memcmp(&head, &expected, sizeof(head)) != 0 || head.end != bytes.length)
        return fail(err, ERROR_INTERNAL, "a vector segment's head does not fit");
    VectorView *view = segment->view = heap_alloc(sizeof(*view));
    const void *at = bytes.at + head.keys;
    segment->keys = at;
    segment->count = head.count;
    at = bytes.at + head.signs, view->signs = at;
    at = bytes.at + head.scales, view->scales = at;
    at = bytes.at + head.values, view->values = at;
    for (uint32_t i = 1; i < head.count; i++)
        if (segment->keys[i - 1] >= segment->keys[i])
            return fail(err, ERROR_INTERNAL, "a vector segment's keys do not fit");
    return true;
}

/* An empty segment to be filled, all zeros behind the head. */
static Bytes segment_bytes(size_t dims, size_t count)
{
    VectorHead head = layout(dims, count);
    Bytes bytes = { .at = heap_alloc(head.end), .length = head.end, .capacity = head.end };
    memcpy(bytes.at, &head, sizeof(head));
    return bytes;
}

static void put(Bytes *bytes, size_t dims, size_t at, uint64_t key, float scale,
                const int8_t *values)
{
    VectorHead head;
    size_t words = words_of(dims);
    memcpy(&head, bytes->at, sizeof(head));
    memcpy(bytes->at + head.keys + at * 8, &key, 8);
    memcpy(bytes->at + head.scales + at * 4, &scale, 4);
    memcpy(bytes->at + head.values + at * dims, values, dims);
    for (size_t w = 0; w < words; w++) {
        uint64_t bits = 0;
        for (size_t d = w * 64; d < MIN(dims, w * 64 + 64); d++)
            bits |= (uint64_t)(values[d] > 0) << (d % 64);
        memcpy(bytes->at + head.signs + ((at / 8 * words + w) * 8 + at % 8) * 8, &bits, 8);
    }
}

static Bytes merge(Segment *const *segments, size_t count, uint64_t setting)
{
    size_t dims = dims_of(setting), entries = 0, made = 0;
    for (size_t i = 0; i < count; i++)
        entries += segments[i]->live_count;
    Bytes bytes = segment_bytes(dims, entries);
    AUTO_FREE uint32_t *at = heap_alloc((count + 1) * sizeof(*at));
    for (;;) {
        size_t least = count;
        for (size_t i = 0; i < count; i++) {
            while (at[i] < segments[i]->count && !segment_is_live(segments[i], at[i]))
                at[i]++;
            if (at[i] < segments[i]->count &&
                (least == count || segments[i]->keys[at[i]] < segments[least]->keys[at[least]]))
                least = i;
        }
        if (least == count)
            break;
        const VectorView *view = segments[least]->view;
        uint32_t from = at[least]++;
        put(&bytes, dims, made++, segments[least]->keys[from], view->scales[from],
            view->values + (size_t)from * dims);
    }
    assert(made == entries);
    return bytes;
}

const SegmentKind vector_segment_kind = {
    .name = "vector",
    .version = 1,
    .open = open_segment,
    .merge = merge,
};

/* --- Writing --- */

VectorIndex *vectors_new(const char *folder, size_t dims, uint32_t identity)
{
    assert(dims && dims <= VECTOR_DIMS_MAX);
    VectorIndex *index = heap_alloc(sizeof(*index));
    index->shelf = shelf_new(&vector_segment_kind, folder, (uint64_t)dims << 32 | identity);
    index->dims = dims;
    return index;
}

void vectors_free(VectorIndex *index)
{
    if (!index)
        return;
    shelf_free(index->shelf);
    free(index->keys.at);
    free(index->vectors.at);
    free(index);
}

ShelfState vectors_load(VectorIndex *index, uint64_t *generation_r, Error *err)
{
    return shelf_load(index->shelf, generation_r, err);
}

size_t vectors_dims(const VectorIndex *index) { return index->dims; }

void vectors_add(VectorIndex *index, uint64_t key, const float *vector)
{
    bytes_add(&index->keys, &key, sizeof(key));
    bytes_add(&index->vectors, vector, index->dims * sizeof(*vector));
    if (index->keys.length / sizeof(key) >= WAITING_MAX)
        vectors_publish(index);
}

/* Unit length, then the nearest of 255 steps of the largest value. */
static float quantise(const float *vector, size_t dims, int8_t *values)
{
    double square = 0;
    float most = 0;
    for (size_t d = 0; d < dims; d++) {
        square += (double)vector[d] * (double)vector[d];
        most = MAX(most, fabsf(vector[d]));
    }
    memset(values, 0, dims);
    if (!isfinite(square) || square <= 0)
        return 0;
    for (size_t d = 0; d < dims; d++)
        values[d] = (int8_t)lrintf(vector[d] * 127 / most);
    return (float)((double)most / 127 / sqrt(square));
}

typedef struct Order {
    uint64_t key;
    size_t at;
} Order;

static int compare_order(const void *a, const void *b)
{
    const Order *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->at > right->at) - (left->at < right->at);
}

void vectors_publish(VectorIndex *index)
{
    size_t waiting = index->keys.length / sizeof(uint64_t), count = 0;
    if (!waiting)
        return;
    AUTO_FREE Order *order = heap_alloc(waiting * sizeof(*order));
    for (size_t i = 0; i < waiting; i++) {
        memcpy(&order[i].key, index->keys.at + i * 8, 8);
        order[i].at = i;
    }
    qsort(order, waiting, sizeof(*order), compare_order);
    /* Of vectors with one key the last stays. */
    for (size_t i = 0; i < waiting; i++)
        if (i + 1 == waiting || order[i + 1].key != order[i].key)
            order[count++] = order[i];
    Bytes bytes = segment_bytes(index->dims, count);
    const void *base = index->vectors.at;
    const float *vectors = base;
    int8_t values[VECTOR_DIMS_MAX];
    for (size_t i = 0; i < count; i++) {
        float scale = quantise(vectors + order[i].at * index->dims, index->dims, values);
        put(&bytes, index->dims, i, order[i].key, scale, values);
    }
    index->keys.length = index->vectors.length = 0;
    shelf_add(index->shelf, bytes);
}

static void publish_waiting(VectorIndex *index, uint64_t key)
{
    for (size_t i = 0; i < index->keys.length; i += 8)
        if (memcmp(index->keys.at + i, &key, 8) == 0) {
            vectors_publish(index);
            break;
        }
}

bool vectors_delete(VectorIndex *index, uint64_t key)
{
    publish_waiting(index, key);
    return shelf_delete(index->shelf, key);
}

void vectors_erase(VectorIndex *index, uint64_t key)
{
    publish_waiting(index, key);
    shelf_erase(index->shelf, key);
}

void vectors_clear(VectorIndex *index)
{
    index->keys.length = index->vectors.length = 0;
    shelf_clear(index->shelf);
}

bool vectors_commit(VectorIndex *index, uint64_t generation, Error *err)
{
    vectors_publish(index);
    return shelf_commit(index->shelf, generation, err);
}

Shelf *vectors_shelf(VectorIndex *index) { return index->shelf; }

ShelfSize vectors_size(VectorIndex *index) { return shelf_size(index->shelf); }

Snapshot *vectors_snapshot(VectorIndex *index) { return shelf_snapshot(index->shelf); }

/* --- Searching --- */

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

static int compare_hits(const void *a, const void *b)
{
    const LegHit *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return (left->key > right->key) - (left->key < right->key);
}

/* Score the candidates by their values; the best k, in order. */
static size_t rescore(const Scan *scan, const float *query, const Candidate *candidates,
                      size_t count, size_t k, LegHit *hits)
{
    AUTO_FREE LegHit *all = heap_alloc((count + 1) * sizeof(*all));
    double square = 0;
    for (size_t d = 0; d < scan->dims; d++)
        square += (double)query[d] * (double)query[d];
    float norm = square > 0 && isfinite(square) ? (float)(1 / sqrt(square)) : 0;
    for (size_t i = 0; i < count; i++) {
        const VectorView *view = candidates[i].segment->view;
        uint32_t entry = candidates[i].entry;
        float inner =
            scan->kernels->inner(query, view->values + (size_t)entry * scan->dims, scan->dims);
        all[i] = (LegHit){ candidates[i].segment->keys[entry],
                           norm ? inner * view->scales[entry] * norm : 0 };
    }
    qsort(all, count, sizeof(*all), compare_hits);
    memcpy(hits, all, MIN(k, count) * sizeof(*hits));
    return MIN(k, count);
}

size_t vectors_search(VectorIndex *index, const float *query, const KeyFilter *filter, size_t k,
                      LegHit *hits)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    AUTO_FREE uint64_t **allowed = heap_alloc((now->count + 1) * sizeof(*allowed));
    Scan scan = {
        .now = now, .dims = index->dims, .kernels = vector_kernels(), .allowed = allowed
    };
    size_t most = MAX(VECTOR_CANDIDATES, 4 * k), entries = 0, count;
    for (size_t s = 0; s < now->count; s++) {
        size_t passed;
        allowed[s] = segment_allowed(now->at[s], filter, &passed);
        scan.allowed_count += passed;
        entries += groups_of(now->at[s]->count) * 8;
    }
    bool exact = scan.allowed_count <= 2 * most;
    AUTO_FREE Candidate *candidates =
        heap_alloc(((exact ? scan.allowed_count : most) + 1) * sizeof(*candidates));
    if (exact) {
        count = all_allowed(&scan, candidates);
    } else {
        AUTO_FREE uint16_t *distances = heap_alloc((entries + 1) * sizeof(*distances));
        AUTO_FREE uint32_t *histogram =
            heap_alloc((words_of(index->dims) * 64 + 1) * sizeof(*histogram));
        scan.distances = distances;
        scan.histogram = histogram;
        measure_distances(&scan, query);
        count = nearest(&scan, candidates, most);
    }
    for (size_t s = 0; s < now->count; s++)
        free(allowed[s]);
    return rescore(&scan, query, candidates, count, k, hits);
}

/* The living entry with the key; NULL segment when there is none. */
static Candidate find_entry(const Snapshot *now, uint64_t key)
{
    for (size_t s = 0; s < now->count; s++) {
        int64_t entry = segment_find(now->at[s], key);
        if (entry >= 0 && segment_is_live(now->at[s], (uint32_t)entry))
            return (Candidate){ now->at[s], (uint32_t)entry };
    }
    return (Candidate){ 0 };
}

void vectors_similarities(VectorIndex *index, const uint64_t *keys, size_t count, float *cosines)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    AUTO_FREE Candidate *found = heap_alloc((count + 1) * sizeof(*found));
    const VectorKernels *kernels = vector_kernels();
    float row[VECTOR_DIMS_MAX];
    for (size_t i = 0; i < count; i++)
        found[i] = find_entry(now, keys[i]);
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
