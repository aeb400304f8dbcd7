/* vectors_cells.c - see vectors_cells.h. */
#include "index/vectors_cells.h"

#include <emmintrin.h>
#include <math.h>

#include "index/vectors_private.h"

/* Cells as many as three times the root of the entries: more have fewer entries to look at, but
 * more centres; fewer members make poor centres. */
#define CELL_ROOTS 3
#define CELL_MEMBERS 64
#define CELLS_FROM 1024 /* entries; a scan of fewer is as fast */
#define CELLS_MAX 32768
/* Centres are found with so many entries of each cell, in so many rounds; more gain nothing. */
#define SAMPLE 16
#define ROUNDS 3
/* Of the centres those are compared by value that are so many signs farther than the nearest. */
#define MARGIN 12

typedef struct Centres {
    const VectorKernels *kernels;
    size_t count, dims, words; /* count is a multiple of 8 */
    int16_t *values;           /* [count][dims], within VECTOR_QUERY_MAX */
    float *scales;             /* to unit length */
    uint64_t *signs;           /* groups of eight, as in a segment */
    int32_t *sums;             /* [count][dims], of the entries of this round */
    uint16_t *distances, *near;
} Centres;

size_t vector_cell_count(size_t entries)
{
    if (entries < CELLS_FROM)
        return 1;
    size_t count = (size_t)(CELL_ROOTS * sqrt((double)entries));
    return MIN(MIN(count, entries / CELL_MEMBERS) / 8 * 8, (size_t)CELLS_MAX);
}

/* Of a multiple of 8 distances, none more than VECTOR_DIMS_MAX. */
static uint16_t least_of(const uint16_t *distances, size_t count)
{
    __m128i least = _mm_set1_epi16(INT16_MAX);
    uint16_t lanes[8], all = INT16_MAX;
    for (size_t i = 0; i < count; i += 8)
        least = _mm_min_epi16(least, _mm_loadu_si128((const void *)(distances + i)));
    _mm_storeu_si128((void *)lanes, least);
    for (size_t i = 0; i < COUNT(lanes); i++)
        all = MIN(all, lanes[i]);
    return all;
}

static size_t nearest(const Centres *centres, const int8_t *values, const uint64_t *signs)
{
    centres->kernels->distances(centres->signs, groups_of(centres->count), centres->words, signs,
                                centres->distances);
    uint16_t least = least_of(centres->distances, centres->count);
    size_t found = centres->kernels->select(centres->distances, centres->count,
                                            (uint16_t)(least + MARGIN), centres->near);
    size_t best = centres->near[0];
    float best_cosine = -INFINITY;
    for (size_t i = 0; i < found; i++) {
        size_t c = centres->near[i];
        float cosine =
            centres->scales[c] * (float)centres->kernels->inner(centres->values + c * centres->dims,
                                                                values, centres->dims);
        if (cosine > best_cosine)
            best = c, best_cosine = cosine;
    }
    return best;
}

/* To where its sum points; without one it stays. */
static void move_centre(Centres *centres, size_t c)
{
    const int32_t *sum = centres->sums + c * centres->dims;
    int16_t *values = centres->values + c * centres->dims;
    int32_t most = 0;
    double square = 0;
    for (size_t d = 0; d < centres->dims; d++)
        most = MAX(most, abs(sum[d]));
    if (!most)
        return;
    uint64_t *signs = centres->signs + c / 8 * 8 * centres->words + c % 8;
    for (size_t w = 0; w < centres->words; w++)
        signs[w * 8] = 0;
    for (size_t d = 0; d < centres->dims; d++) {
        values[d] = (int16_t)lrintf((float)sum[d] * ((float)VECTOR_QUERY_MAX / (float)most));
        square += values[d] * values[d];
        signs[d / 64 * 8] |= (uint64_t)(values[d] > 0) << (d % 64);
    }
    centres->scales[c] = (float)(1 / sqrt(square));
}

static void add_four(int32_t *sum, __m128i four)
{
    _mm_storeu_si128((void *)sum, _mm_add_epi32(_mm_loadu_si128((const void *)sum), four));
}

static void add_to(Centres *centres, size_t c, const int8_t *values)
{
    const __m128i zero = _mm_setzero_si128();
    int32_t *sum = centres->sums + c * centres->dims;
    size_t d = 0;
    for (; d + 8 <= centres->dims; d += 8) {
        /* Into the upper halves, and back down with their signs. */
        __m128i words = _mm_unpacklo_epi8(zero, _mm_loadl_epi64((const void *)(values + d)));
        add_four(sum + d, _mm_srai_epi32(_mm_unpacklo_epi16(zero, words), 24));
        add_four(sum + d + 4, _mm_srai_epi32(_mm_unpackhi_epi16(zero, words), 24));
    }
    for (; d < centres->dims; d++)
        sum[d] += values[d];
}

static void move_centres(Centres *centres)
{
    for (size_t c = 0; c < centres->count; c++)
        move_centre(centres, c);
    memset(centres->sums, 0, centres->count * centres->dims * sizeof(*centres->sums));
}

static void find_centres(Centres *centres, const int8_t *values, const uint64_t *signs,
                         size_t entries)
{
    size_t dims = centres->dims, words = centres->words, count = centres->count;
    size_t taken = MIN(entries, count * SAMPLE);
    for (size_t c = 0; c < count; c++)
        add_to(centres, c, values + c * entries / count * dims);
    move_centres(centres);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < taken; i++) {
            size_t entry = i * entries / taken;
            size_t c = nearest(centres, values + entry * dims, signs + entry * words);
            add_to(centres, c, values + entry * dims);
        }
        move_centres(centres);
    }
}

/* From an inner product with the signs to one with the unit centre: as if the rest of what is
 * multiplied were spread evenly (Gao and Long, "RaBitQ", 2024, section 3.2, not rotated). */
static float sign_scale(const int16_t *values, size_t dims)
{
    double square = 0, sum = 0;
    for (size_t d = 0; d < dims; d++) {
        square += values[d] * values[d];
        sum += abs(values[d]);
    }
    return sum > 0 ? (float)(sqrt(square) / sum) : 0;
}

VectorCells vector_cells_make(const int8_t *values, const uint64_t *signs, size_t entries,
                              size_t dims)
{
    VectorCells cells = { .count = vector_cell_count(entries) };
    if (cells.count == 1)
        return cells;
    size_t words = words_of(dims), count = cells.count;
    cells.signs = heap_alloc(count * words * sizeof(*cells.signs));
    cells.scales = heap_alloc(count * sizeof(*cells.scales));
    AUTO_FREE int16_t *centre_values = heap_alloc(count * dims * sizeof(*centre_values));
    AUTO_FREE int32_t *sums = heap_alloc(count * dims * sizeof(*sums));
    AUTO_FREE uint16_t *distances = heap_alloc(count * sizeof(*distances));
    AUTO_FREE uint16_t *near = heap_alloc(count * sizeof(*near));
    Centres centres = { vector_kernels(), count,       dims, words,     centre_values,
                        cells.scales,     cells.signs, sums, distances, near };
    find_centres(&centres, values, signs, entries);
    cells.of = heap_alloc(entries * sizeof(*cells.of));
    for (size_t i = 0; i < entries; i++)
        cells.of[i] = (uint32_t)nearest(&centres, values + i * dims, signs + i * words);
    for (size_t c = 0; c < count; c++)
        cells.scales[c] = sign_scale(centre_values + c * dims, dims);
    return cells;
}

void vector_cells_free(VectorCells *cells)
{
    free(cells->of);
    free(cells->signs);
    free(cells->scales);
}
