/* vectors.c - the writer of the vector index; see vectors.h. */
#include "index/vectors.h"

#include <assert.h>
#include <emmintrin.h>
#include <math.h>

#include "index/vectors_private.h"

#define WAITING_MAX 4096

VectorIndex *vectors_new(const char *folder, size_t dims, uint32_t identity, bool is_exact)
{
    assert(dims && dims <= VECTOR_DIMS_MAX);
    VectorIndex *index = heap_alloc(sizeof(*index));
    index->setting = vector_setting(dims, identity, is_exact);
    index->shelf = shelf_new(&vector_segment_kind, folder, index->setting);
    index->is_exact = is_exact;
    index->dims = dims;
    index->kernels = vector_kernels();
    return index;
}

void vectors_free(VectorIndex *index)
{
    if (!index)
        return;
    shelf_free(index->shelf);
    free(index->names.at);
    free(index->scales.at);
    free(index->values.at);
    free(index->halves.at);
    free(index);
}

ShelfState vectors_load(VectorIndex *index, uint64_t *generation_r, Error *err)
{
    return shelf_load(index->shelf, generation_r, err);
}

void vectors_use(VectorIndex *index, const VectorKernels *kernels) { index->kernels = kernels; }

size_t vectors_dims(const VectorIndex *index) { return index->dims; }

/* The largest value without its sign. */
static float largest(const float *vector, size_t dims)
{
    const __m128 sign = _mm_set1_ps(-0.0f);
    __m128 most = _mm_setzero_ps();
    float lanes[4];
    size_t d = 0;
    for (; d + 4 <= dims; d += 4)
        most = _mm_max_ps(most, _mm_andnot_ps(sign, _mm_loadu_ps(vector + d)));
    _mm_storeu_ps(lanes, most);
    for (; d < dims; d++)
        lanes[0] = MAX(lanes[0], fabsf(vector[d]));
    return MAX(MAX(lanes[0], lanes[1]), MAX(lanes[2], lanes[3]));
}

/* Eight values times `factor` to the nearest whole numbers; adds to the squares of the products. */
static void round_eight(const float *vector, __m128 factor, __m128 squares[static 2],
                        int8_t *values)
{
    __m128 low = _mm_mul_ps(_mm_loadu_ps(vector), factor);
    __m128 high = _mm_mul_ps(_mm_loadu_ps(vector + 4), factor);
    __m128i words = _mm_packs_epi32(_mm_cvtps_epi32(low), _mm_cvtps_epi32(high));
    squares[0] = _mm_add_ps(squares[0], _mm_mul_ps(low, low));
    squares[1] = _mm_add_ps(squares[1], _mm_mul_ps(high, high));
    _mm_storel_epi64((void *)values, _mm_packs_epi16(words, words));
}

/* Each value times `factor`, which makes it no more than 127; the sum of their squares. */
static float round_values(const float *vector, size_t dims, float factor, int8_t *values)
{
    const __m128 factors = _mm_set1_ps(factor);
    __m128 squares[2] = { _mm_setzero_ps(), _mm_setzero_ps() };
    float lanes[4];
    size_t d = 0;
    for (; d + 8 <= dims; d += 8)
        round_eight(vector + d, factors, squares, values + d);
    if (d < dims) {
        float rest[8] = { 0 };
        int8_t rounded[8];
        memcpy(rest, vector + d, (dims - d) * sizeof(*rest));
        round_eight(rest, factors, squares, rounded);
        memcpy(values + d, rounded, dims - d);
    }
    _mm_storeu_ps(lanes, _mm_add_ps(squares[0], squares[1]));
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/* The nearest of 255 steps of the largest value; returns what a step is of the unit vector, 0 for
 * what is no direction. Halves of the unit vector may be NULL. */
static float quantise(const float *vector, size_t dims, int8_t *values, uint16_t *halves)
{
    float factor = 127 / largest(vector, dims);
    float square = isfinite(factor) ? round_values(vector, dims, factor, values) : 0;
    bool is_direction = isfinite(square) && square > 0;
    float scale = is_direction ? 1 / sqrtf(square) : 0;
    if (!is_direction)
        memset(values, 0, dims);
    for (size_t d = 0; halves && d < dims; d++) {
        _Float16 half = is_direction ? (_Float16)(vector[d] * factor * scale) : 0;
        memcpy(&halves[d], &half, sizeof(half));
    }
    return scale;
}

typedef struct Order {
    uint64_t name;
    size_t at;
} Order;

static int compare_order(const void *a, const void *b)
{
    const Order *left = a, *right = b;
    if (left->name != right->name)
        return left->name < right->name ? -1 : 1;
    return (left->at > right->at) - (left->at < right->at);
}

/* The waiting ones by name, of those with one name the last; how many. */
static size_t order_waiting(const VectorIndex *index, Order *order)
{
    size_t waiting = index->names.length / sizeof(uint64_t), count = 0;
    for (size_t i = 0; i < waiting; i++) {
        memcpy(&order[i].name, index->names.at + i * sizeof(uint64_t), sizeof(uint64_t));
        order[i].at = i;
    }
    qsort(order, waiting, sizeof(*order), compare_order);
    for (size_t i = 0; i < waiting; i++)
        if (i + 1 == waiting || order[i + 1].name != order[i].name)
            order[count++] = order[i];
    return count;
}

static void forget_waiting(VectorIndex *index)
{
    index->names.length = index->scales.length = 0;
    index->values.length = index->halves.length = 0;
}

void vectors_publish(VectorIndex *index)
{
    size_t waiting = index->names.length / sizeof(uint64_t), dims = index->dims;
    if (!waiting)
        return;
    AUTO_FREE Order *order = heap_alloc(waiting * sizeof(*order));
    size_t count = order_waiting(index, order);
    VectorDraft draft = vector_segment_new(index->setting, count);
    const void *scales = index->scales.at, *values = index->values.at, *halves = index->halves.at;
    for (size_t i = 0; i < count; i++) {
        size_t at = order[i].at;
        VectorEntry entry = { .name = order[i].name,
                              .cell = NO_CELL,
                              .scale = ((const float *)scales)[at],
                              .values = (const int8_t *)values + at * dims,
                              .halves =
                                  index->is_exact ? (const uint16_t *)halves + at * dims : NULL };
        vector_segment_put(&draft, &entry);
    }
    forget_waiting(index);
    shelf_add(index->shelf, vector_segment_seal(&draft, index->setting, &(VectorCentres){ 0 }));
}

void vectors_add(VectorIndex *index, uint64_t key, uint32_t part, const float *vector)
{
    uint64_t name = key << VECTOR_PART_BITS | part;
    size_t dims = index->dims;
    assert(part < VECTOR_PARTS_MAX && name >> VECTOR_PART_BITS == key);
    int8_t *values = bytes_grow(&index->values, dims);
    uint16_t *halves = index->is_exact ? bytes_grow(&index->halves, dims * sizeof(*halves)) : NULL;
    float scale = quantise(vector, dims, values, halves);
    bytes_add(&index->names, &name, sizeof(name));
    bytes_add(&index->scales, &scale, sizeof(scale));
    if (index->names.length / sizeof(name) >= WAITING_MAX)
        vectors_publish(index);
}

static void publish_waiting(VectorIndex *index, uint64_t key)
{
    for (size_t i = 0; i < index->names.length; i += sizeof(uint64_t)) {
        uint64_t name;
        memcpy(&name, index->names.at + i, sizeof(name));
        if (name >> VECTOR_PART_BITS == key) {
            vectors_publish(index);
            break;
        }
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
    forget_waiting(index);
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
