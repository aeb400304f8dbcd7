/* vectors_cells.c - see vectors_cells.h. */
#include "index/vectors_cells.h"

#include <emmintrin.h>
#include <math.h>

#include "index/vectors_private.h"

/* Cells as many as some times the root of the entries: more have fewer entries to look at, but more
 * centres to keep and to compare; fewer members make poor centres. */
#define CELL_ROOTS 5
#define CELL_MEMBERS 48
#define CELLS_FROM 1024 /* entries; a scan of fewer is as fast */
/* Where no cells were before, centres are first spread over so many entries each, so often; more
 * gain little. */
#define SPREAD_SAMPLES 8
#define SPREAD_ROUNDS 3
/* Of the centres those are compared by value that are so many signs farther than the nearest. */
#define MARGIN 12
/* So many entries are compared with so many groups of eight centres while these are near. */
#define BATCH 16
#define TILE 64

typedef struct Centres {
    const VectorKernels *kernels;
    size_t count, dims, words; /* count is a multiple of 8 */
    int16_t *values;           /* [count][dims], within VECTOR_QUERY_MAX */
    float *scales;             /* to unit length */
    uint64_t *signs;           /* groups of eight, as in a segment */
    int32_t *sums;             /* [count][dims], of the entries of this round */
    uint16_t *distances;       /* [BATCH][count] */
    uint16_t *near;            /* [count] */
} Centres;

size_t vector_cell_count(size_t entries)
{
    if (entries < CELLS_FROM)
        return 1;
    size_t count = (size_t)(CELL_ROOTS * sqrt((double)entries));
    return MIN(MIN(count, entries / CELL_MEMBERS) / 8 * 8, (size_t)VECTOR_CELLS_MAX);
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

/* The entries of a segment. */
typedef struct Entries {
    const int8_t *values;
    const uint64_t *signs;
    size_t count;
} Entries;

static size_t nearest(const Centres *centres, const int8_t *values, const uint16_t *distances)
{
    uint16_t least = least_of(distances, centres->count);
    size_t found = centres->kernels->select(distances, centres->count, (uint16_t)(least + MARGIN),
                                            centres->near);
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

/* The nearest centre of each of the entries `at`, at most BATCH. */
static void nearest_of(const Centres *centres, const Entries *entries, const size_t *at,
                       size_t count, uint32_t *cells)
{
    size_t words = centres->words, groups = groups_of(centres->count);
    for (size_t g = 0; g < groups; g += TILE)
        for (size_t i = 0; i < count; i++)
            centres->kernels->distances(
                centres->signs + g * 8 * words, MIN(groups - g, (size_t)TILE), words,
                entries->signs + at[i] * words, centres->distances + i * centres->count + g * 8);
    for (size_t i = 0; i < count; i++)
        cells[i] = (uint32_t)nearest(centres, entries->values + at[i] * centres->dims,
                                     centres->distances + i * centres->count);
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

/* That a centre starts from: they are from all over. */
static const int8_t *entry_of(const Centres *centres, const Entries *entries, size_t c)
{
    return entries->values + c * entries->count / centres->count * centres->dims;
}

/* The greatest of the sums without their signs. */
static float most_of(const int32_t *sum, size_t dims)
{
    const __m128 sign = _mm_set1_ps(-0.0f);
    __m128 most = _mm_setzero_ps();
    float lanes[4], all = 0;
    size_t d = 0;
    for (; d + 4 <= dims; d += 4) {
        __m128 four = _mm_cvtepi32_ps(_mm_loadu_si128((const void *)(sum + d)));
        most = _mm_max_ps(most, _mm_andnot_ps(sign, four));
    }
    _mm_storeu_ps(lanes, most);
    for (size_t i = 0; i < COUNT(lanes); i++)
        all = MAX(all, lanes[i]);
    for (; d < dims; d++)
        all = MAX(all, fabsf((float)sum[d]));
    return all;
}

/* Eight sums times `factor`, to the nearest whole numbers; adds to their squares. */
static __m128i round_eight(const int32_t *sum, __m128 factor, __m128i *square)
{
    __m128 low = _mm_cvtepi32_ps(_mm_loadu_si128((const void *)sum));
    __m128 high = _mm_cvtepi32_ps(_mm_loadu_si128((const void *)(sum + 4)));
    __m128i eight = _mm_packs_epi32(_mm_cvtps_epi32(_mm_mul_ps(low, factor)),
                                    _mm_cvtps_epi32(_mm_mul_ps(high, factor)));
    __m128i pairs = _mm_madd_epi16(eight, eight), zero = _mm_setzero_si128();
    *square = _mm_add_epi64(*square, _mm_unpacklo_epi32(pairs, zero));
    *square = _mm_add_epi64(*square, _mm_unpackhi_epi32(pairs, zero));
    return eight;
}

/* To where its sum points; without one to an entry. */
static void move_centre(Centres *centres, const Entries *entries, size_t c)
{
    const int32_t *sum = centres->sums + c * centres->dims;
    int16_t *values = centres->values + c * centres->dims;
    if (most_of(sum, centres->dims) <= 0)
        add_to(centres, c, entry_of(centres, entries, c));
    const __m128 factors =
        _mm_set1_ps((float)VECTOR_QUERY_MAX / MAX(most_of(sum, centres->dims), 1.0f));
    uint64_t *signs = centres->signs + c / 8 * 8 * centres->words + c % 8;
    __m128i squares = _mm_setzero_si128();
    for (size_t w = 0; w < centres->words; w++)
        signs[w * 8] = 0;
    for (size_t d = 0; d < centres->dims; d += 8) {
        int32_t rest[8] = { 0 };
        size_t count = MIN(centres->dims - d, COUNT(rest));
        memcpy(rest, sum + d, count * sizeof(*rest));
        __m128i eight = round_eight(rest, factors, &squares);
        int16_t rounded[8];
        _mm_storeu_si128((void *)rounded, eight);
        memcpy(values + d, rounded, count * sizeof(*rounded));
        __m128i positive =
            _mm_packs_epi16(_mm_cmpgt_epi16(eight, _mm_setzero_si128()), _mm_setzero_si128());
        signs[d / 64 * 8] |= (uint64_t)_mm_movemask_epi8(positive) << (d % 64);
    }
    int64_t halves[2];
    _mm_storeu_si128((void *)halves, squares);
    double square = (double)(halves[0] + halves[1]);
    centres->scales[c] = square > 0 ? (float)(1 / sqrt(square)) : 0;
}

static void move_centres(Centres *centres, const Entries *entries)
{
    for (size_t c = 0; c < centres->count; c++)
        move_centre(centres, entries, c);
    memset(centres->sums, 0, centres->count * centres->dims * sizeof(*centres->sums));
}

/* `taken` of the entries, from all over, to the cells of their centres, and these to where they
 * say. */
static void move_round(Centres *centres, const Entries *entries, size_t taken, uint32_t *cells)
{
    for (size_t i = 0; i < taken; i += BATCH) {
        size_t at[BATCH], count = MIN(taken - i, (size_t)BATCH);
        for (size_t j = 0; j < count; j++)
            at[j] = (i + j) * entries->count / taken;
        nearest_of(centres, entries, at, count, cells + i);
        for (size_t j = 0; j < count; j++)
            add_to(centres, cells[i + j], entries->values + at[j] * centres->dims);
    }
    move_centres(centres, entries);
}

/* Entries by their cells, of `count`, in each in their order; those of NO_CELL come last. */
static void sort_entries(const uint32_t *of, size_t entries, size_t count, uint32_t *first,
                         uint32_t *order)
{
    memset(first, 0, (count + 2) * sizeof(*first));
    for (size_t i = 0; i < entries; i++)
        first[MIN(of[i], count) + 1]++;
    for (size_t c = 0; c <= count; c++)
        first[c + 1] += first[c];
    for (uint32_t i = 0; i < entries; i++)
        order[first[MIN(of[i], count)]++] = i;
    for (size_t c = count + 1; c > 0; c--)
        first[c] = first[c - 1];
    first[0] = 0;
}

static void add_centre(Centres *centres, size_t c, const uint8_t *values)
{
    int32_t *sum = centres->sums + c * centres->dims;
    for (size_t d = 0; d < centres->dims; d++)
        sum[d] += values[d] - CENTRE_ZERO;
}

/* Where centres start: all entries have the same share of them. A cell of before gives its own
 * centre for its share, and members when that is more than one. */
static void take_centres(Centres *centres, const Entries *entries, const VectorCentres *before,
                         const uint32_t *cells)
{
    AUTO_FREE uint32_t *first = heap_alloc((before->count + 2) * sizeof(*first));
    AUTO_FREE uint32_t *order = heap_alloc(entries->count * sizeof(*order));
    size_t made = 0;
    sort_entries(cells, entries->count, before->count, first, order);
    for (size_t b = 0; b <= before->count; b++) {
        size_t from = made, members = first[b + 1] - first[b];
        size_t until = first[b + 1] * centres->count / entries->count;
        if (b < before->count && made < until)
            add_centre(centres, made++, before->values + b * centres->words * 64);
        for (; made < until; made++)
            add_to(centres, made,
                   entries->values +
                       order[first[b] + (made - from) * members / (until - from)] * centres->dims);
    }
    move_centres(centres, entries);
}

/* In seven bits; returns the scale that makes it a unit vector again. */
static float round_centre(const int16_t *values, size_t dims, size_t length, uint8_t *bytes)
{
    int32_t most = 1;
    double square = 0;
    for (size_t d = 0; d < dims; d++)
        most = MAX(most, abs(values[d]));
    memset(bytes, CENTRE_ZERO, length);
    for (size_t d = 0; d < dims; d++) {
        long value = lrintf((float)values[d] * ((float)(CENTRE_ZERO - 1) / (float)most));
        bytes[d] = (uint8_t)(value + CENTRE_ZERO);
        square += (double)(value * value);
    }
    return square > 0 ? (float)(1 / sqrt(square)) : 0;
}

static VectorCells one_cell(size_t count)
{
    VectorCells cells = { .count = 1,
                          .first = heap_alloc(2 * sizeof(uint32_t)),
                          .entries = heap_alloc(count * sizeof(uint32_t)) };
    cells.first[1] = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++)
        cells.entries[i] = i;
    return cells;
}

/* The cell of each entry; the centres are left where these say. */
static void find_cells(Centres *centres, const Entries *entries, const VectorCentres *before,
                       uint32_t *cells)
{
    size_t sampled = MIN(entries->count, centres->count * SPREAD_SAMPLES);
    take_centres(centres, entries, before, cells);
    for (size_t i = 0; !before->count && i < SPREAD_ROUNDS; i++)
        move_round(centres, entries, sampled, cells);
    move_round(centres, entries, entries->count, cells);
}

/* What a segment keeps of them. */
static VectorCells cells_of(const Centres *centres, const uint32_t *of, size_t entries)
{
    size_t length = centres->words * 64;
    VectorCells cells = { .count = centres->count,
                          .centres = heap_alloc(centres->count * length),
                          .scales = heap_alloc(centres->count * sizeof(float)),
                          .first = heap_alloc((centres->count + 2) * sizeof(uint32_t)),
                          .entries = heap_alloc(entries * sizeof(uint32_t)) };
    for (size_t c = 0; c < centres->count; c++)
        cells.scales[c] = round_centre(centres->values + c * centres->dims, centres->dims, length,
                                       cells.centres + c * length);
    sort_entries(of, entries, centres->count, cells.first, cells.entries);
    return cells;
}

VectorCells vector_cells_make(const int8_t *values, const uint64_t *signs, size_t count,
                              size_t dims, const VectorCentres *before, uint32_t *of)
{
    size_t cells = vector_cell_count(count), words = words_of(dims);
    if (cells == 1)
        return one_cell(count);
    Entries entries = { values, signs, count };
    AUTO_FREE int16_t *centre_values = heap_alloc(cells * dims * sizeof(*centre_values));
    AUTO_FREE float *scales = heap_alloc(cells * sizeof(*scales));
    AUTO_FREE uint64_t *centre_signs = heap_alloc_lines(cells * words * sizeof(*centre_signs));
    AUTO_FREE int32_t *sums = heap_alloc(cells * dims * sizeof(*sums));
    AUTO_FREE uint16_t *distances = heap_alloc(BATCH * cells * sizeof(*distances));
    AUTO_FREE uint16_t *near = heap_alloc(cells * sizeof(*near));
    Centres centres = { .kernels = vector_kernels(),
                        .count = cells,
                        .dims = dims,
                        .words = words,
                        .values = centre_values,
                        .scales = scales,
                        .signs = centre_signs,
                        .sums = sums,
                        .distances = distances,
                        .near = near };
    find_cells(&centres, &entries, before, of);
    return cells_of(&centres, of, count);
}

void vector_cells_free(VectorCells *cells)
{
    free(cells->centres);
    free(cells->scales);
    free(cells->first);
    free(cells->entries);
}
