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
    free(index->vectors.at);
    free(index);
}

ShelfState vectors_load(VectorIndex *index, uint64_t *generation_r, Error *err)
{
    return shelf_load(index->shelf, generation_r, err);
}

void vectors_use(VectorIndex *index, const VectorKernels *kernels) { index->kernels = kernels; }

size_t vectors_dims(const VectorIndex *index) { return index->dims; }

void vectors_add(VectorIndex *index, uint64_t key, uint32_t part, const float *vector)
{
    uint64_t name = key << VECTOR_PART_BITS | part;
    assert(part < VECTOR_PARTS_MAX && name >> VECTOR_PART_BITS == key);
    bytes_add(&index->names, &name, sizeof(name));
    bytes_add(&index->vectors, vector, index->dims * sizeof(*vector));
    if (index->names.length / sizeof(name) >= WAITING_MAX)
        vectors_publish(index);
}

/* Of the largest value and of the length. */
static void measure(const float *vector, size_t dims, float *most_r, double *square_r)
{
    enum { LANES = 8 }; /* sums that do not wait for each other */
    float most[LANES] = { 0 };
    double squares[LANES] = { 0 };
    for (size_t d = 0; d < dims; d++) {
        most[d % LANES] = MAX(most[d % LANES], fabsf(vector[d]));
        squares[d % LANES] += (double)vector[d] * (double)vector[d];
    }
    *most_r = 0, *square_r = 0;
    for (size_t i = 0; i < LANES; i++) {
        *most_r = MAX(*most_r, most[i]);
        *square_r += squares[i];
    }
}

/* Each value times `factor` to the nearest whole number, which is within -127 and 127. */
static void round_values(const float *vector, size_t dims, float factor, int8_t *values)
{
    const __m128 factors = _mm_set1_ps(factor);
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        __m128i low = _mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(vector + d), factors));
        __m128i high = _mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(vector + d + 4), factors));
        __m128i words = _mm_packs_epi32(low, high);
        _mm_storel_epi64((void *)(values + d), _mm_packs_epi16(words, words));
    }
    for (; d < dims; d++)
        values[d] = (int8_t)lrintf(vector[d] * factor);
}

/* Unit length, then the nearest of 255 steps of the largest value; halves may be NULL. */
static float quantise(const float *vector, size_t dims, int8_t *values, uint16_t *halves)
{
    double square;
    float most;
    measure(vector, dims, &most, &square);
    memset(values, 0, dims);
    if (halves)
        memset(halves, 0, dims * sizeof(*halves));
    if (!isfinite(square) || square <= 0)
        return 0;
    round_values(vector, dims, 127 / most, values);
    for (size_t d = 0; halves && d < dims; d++) {
        _Float16 half = (_Float16)((double)vector[d] / sqrt(square));
        memcpy(&halves[d], &half, sizeof(half));
    }
    return (float)((double)most / 127 / sqrt(square));
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

void vectors_publish(VectorIndex *index)
{
    size_t waiting = index->names.length / sizeof(uint64_t), count = 0;
    if (!waiting)
        return;
    AUTO_FREE Order *order = heap_alloc(waiting * sizeof(*order));
    for (size_t i = 0; i < waiting; i++) {
        memcpy(&order[i].name, index->names.at + i * 8, 8);
        order[i].at = i;
    }
    qsort(order, waiting, sizeof(*order), compare_order);
    /* Of vectors with one name the last stays. */
    for (size_t i = 0; i < waiting; i++)
        if (i + 1 == waiting || order[i + 1].name != order[i].name)
            order[count++] = order[i];
    Bytes bytes = vector_segment_new(index->setting, count);
    const void *base = index->vectors.at;
    const float *vectors = base;
    int8_t values[VECTOR_DIMS_MAX];
    uint16_t halves[VECTOR_DIMS_MAX];
    for (size_t i = 0; i < count; i++) {
        const float *vector = vectors + order[i].at * index->dims;
        VectorEntry entry = { .name = order[i].name, .values = values, .halves = halves };
        entry.scale = quantise(vector, index->dims, values, index->is_exact ? halves : NULL);
        vector_segment_put(&bytes, i, &entry);
    }
    vector_segment_seal(&bytes, index->setting);
    index->names.length = index->vectors.length = 0;
    shelf_add(index->shelf, bytes);
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
    index->names.length = index->vectors.length = 0;
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
