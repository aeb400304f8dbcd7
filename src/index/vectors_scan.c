/* vectors_scan.c - see vectors_scan.h.
 *
 * Cells are looked at by the block. All distances of a block are counted first, so that the limit
 * is known under which enough are nearer; only these come into the query's list, estimated by their
 * signs and the query's values: four times as telling as the distance, for a tenth of the cost of
 * their own values, which lie elsewhere. */
#include "index/vectors_scan.h"

#include <emmintrin.h>
#include <math.h>

#include "index/vectors_cells.h"

/* Places. */
#define BLOCK 8192
/* How near the k-th is says which cells to look into, and so does how near the best centre is: with
 * this share of the way to it an eighth fewer are looked at for the same recall. */
#define RAISE 0.25f
/* So many times what is wanted at least is taken when so many seem near enough. */
#define MOST_TIMES 10

/* Eight values times `factor`, to the nearest whole numbers. */
static __m128i round_eight(const float *values, __m128 factor)
{
    __m128i low = _mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(values), factor));
    __m128i high = _mm_cvtps_epi32(_mm_mul_ps(_mm_loadu_ps(values + 4), factor));
    return _mm_packs_epi32(low, high);
}

static uint64_t signs_of_eight(const float *values)
{
    const __m128 zero = _mm_setzero_ps();
    int low = _mm_movemask_ps(_mm_cmpgt_ps(_mm_loadu_ps(values), zero));
    int high = _mm_movemask_ps(_mm_cmpgt_ps(_mm_loadu_ps(values + 4), zero));
    return (uint64_t)(low | high << 4);
}

/* Of `dims` values from `vector`, zeros behind them. */
static void quantise_query(VectorQuery *query, const float *vector, size_t dims, float most)
{
    const __m128 bytes = _mm_set1_ps(127 / most), numbers = _mm_set1_ps(VECTOR_QUERY_MAX / most);
    for (size_t d = 0; d < words_of(dims) * 64; d += 8) {
        float eight[8] = { 0 };
        if (d < dims)
            memcpy(eight, vector + d, MIN(dims - d, (size_t)8) * sizeof(*eight));
        __m128i rounded = round_eight(eight, bytes);
        _mm_storel_epi64((void *)(query->bytes + d), _mm_packs_epi16(rounded, rounded));
        _mm_storeu_si128((void *)(query->values + d), round_eight(eight, numbers));
        query->signs[d / 64] |= signs_of_eight(eight) << (d % 64);
        for (size_t i = 0; i < 8; i++)
            query->sum += query->bytes[d + i];
    }
}

void vector_query_prepare(VectorQuery *query, const float *vector, size_t dims)
{
    double square = 0;
    float most = 0;
    for (size_t d = 0; d < dims; d++) {
        square += (double)vector[d] * (double)vector[d];
        most = MAX(most, fabsf(vector[d]));
    }
    size_t length = words_of(dims) * 64;
    memset(query->signs, 0, length / 8);
    memset(query->bytes, 0, length);
    memset(query->values, 0, length * sizeof(*query->values));
    query->vector = vector;
    query->sum = 0;
    query->norm = query->byte_factor = query->factor = 0;
    if (!(square > 0) || !isfinite(square))
        return;
    quantise_query(query, vector, dims, most);
    query->norm = (float)(1 / sqrt(square));
    query->byte_factor = query->norm * most / 127;
    query->factor = (float)((double)most / VECTOR_QUERY_MAX / sqrt(square));
}

/* --- Shortlists --- */

Shortlist shortlist_new(const Scan *scan, const VectorQuery *query, Effort effort)
{
    return (Shortlist){ .query = query,
                        .effort = effort,
                        .at = heap_grow(NULL,
                                        (2 * MOST_TIMES * effort.most + BLOCK) * sizeof(Candidate)),
                        .limit = (uint16_t)(scan->dims + 1) };
}

void shortlist_free(Shortlist *list)
{
    free(list->at);
    free(list->gaps);
}

size_t candidates_cut(Candidate *all, size_t count, size_t most)
{
    enum { BINS = 256 };
    uint32_t bins[BINS] = { 0 };
    int32_t least = INT32_MAX, best = INT32_MIN;
    size_t above = 0, cut = BINS - 1, kept = 0;
    if (count <= most)
        return count;
    for (size_t i = 0; i < count; i++) {
        least = MIN(least, all[i].estimate);
        best = MAX(best, all[i].estimate);
    }
    unsigned shift = 0;
    while ((best - least) >> shift >= BINS)
        shift++;
    for (size_t i = 0; i < count; i++)
        bins[(all[i].estimate - least) >> shift]++;
    while (above + bins[cut] <= most)
        above += bins[cut--];
    size_t at_cut = most - above;
    for (size_t i = 0; i < count; i++) {
        size_t bin = (size_t)(all[i].estimate - least) >> shift;
        if (bin < cut || (bin == cut && !at_cut))
            continue;
        at_cut -= bin == cut;
        Candidate better = all[i];
        all[i] = all[kept];
        all[kept++] = better;
    }
    return kept;
}

/* --- Blocks of cells --- */

/* Farther than any. */
#define FAR INT16_MAX

/* A cell that is looked at, or a part of one that is more than a block. */
typedef struct Probe {
    uint32_t segment, group, end;
} Probe;

static const VectorView *view_of(const Scan *scan, size_t segment)
{
    return scan->now->at[segment]->view;
}

static size_t places_of(const Probe *probe) { return (size_t)(probe->end - probe->group) * 8; }

/* Its beginning: the processor itself fetches what follows, and asking for all of it would only
 * keep the queue of loads full. */
static void prefetch_probe(const Scan *scan, const Probe *probe)
{
    enum { BEGINNING = 2 }; /* groups */
    const VectorView *view = view_of(scan, probe->segment);
    size_t group_words = words_of(scan->dims) * 8;
    const uint64_t *signs = view->signs + probe->group * group_words;
    size_t groups = MIN(probe->end - probe->group, (uint32_t)BEGINNING);
    for (size_t word = 0; word < groups * group_words; word += 8)
        __builtin_prefetch(signs + word, 0, 2);
    __builtin_prefetch(view->place_entry + probe->group * 8, 0, 2);
}

/* What is nobody's, at the end of a cell, or not allowed is far. */
static void put_away(const Scan *scan, const Probe *probe, uint16_t *distances)
{
    const uint64_t *allowed = scan->allowed[probe->segment];
    const uint32_t *entries = view_of(scan, probe->segment)->place_entry + probe->group * 8;
    size_t count = places_of(probe);
    for (size_t i = count; i && entries[i - 1] == NO_ENTRY; i--)
        distances[i - 1] = FAR;
    for (size_t i = 0; allowed && i < count; i++)
        if (entries[i] == NO_ENTRY || !(allowed[entries[i] / 64] >> (entries[i] % 64) & 1))
            distances[i] = FAR;
}

/* Distances of all in the block; how many places. */
static size_t measure_block(const Scan *scan, const VectorQuery *query, const Probe *probes,
                            size_t count, uint16_t *distances)
{
    enum { AHEAD = 3 };
    size_t words = words_of(scan->dims), places = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            prefetch_probe(scan, &probes[i + AHEAD]);
        const VectorView *view = view_of(scan, probes[i].segment);
        scan->kernels->distances(view->signs + probes[i].group * 8 * words,
                                 probes[i].end - probes[i].group, words, query->signs,
                                 distances + places);
        put_away(scan, &probes[i], distances + places);
        places += places_of(&probes[i]);
    }
    return places;
}

/* The least limit, but no less than `low`, with `wanted` below it; `high` when there are fewer. */
static uint16_t limit_of(const VectorKernels *kernels, const uint16_t *distances, size_t count,
                         size_t wanted, uint16_t low, uint16_t high)
{
    while (low < high) {
        uint16_t middle = (uint16_t)(low + (high - low) / 2);
        if (kernels->count(distances, count, middle) >= wanted)
            high = middle;
        else
            low = (uint16_t)(middle + 1);
    }
    return high;
}

/* The distance of what has this cosine: the share of differing signs is the angle's of a half turn
 * (Goemans and Williamson, 1995, lemma 3.2), if the values spread evenly. */
static uint16_t limit_at(size_t dims, float cosine, float spreads)
{
    double share = acos(MIN(MAX((double)cosine, -1.0), 1.0)) / M_PI;
    double spread = sqrt(share * (1 - share) / (double)dims);
    return (uint16_t)((double)dims * MIN(share + (double)spreads * spread, 1.0) + 1);
}

/* As expected, but neither too few nor too many. */
static uint16_t expected_limit(const VectorKernels *kernels, const Shortlist *list,
                               const uint16_t *distances, size_t places)
{
    size_t near = list->effort.near;
    uint16_t limit = MIN(list->limit, list->expected);
    size_t found = kernels->count(distances, places, limit);
    if (found < near)
        return limit_of(kernels, distances, places, near, limit, list->limit);
    if (found > near * MOST_TIMES)
        return limit_of(kernels, distances, places, near * MOST_TIMES, 0, limit);
    return limit;
}

static void scan_block(const Scan *scan, Shortlist *list, const Probe *probes, size_t count)
{
    uint16_t distances[BLOCK], near[BLOCK];
    size_t words = words_of(scan->dims), at = 0;
    size_t places = measure_block(scan, list->query, probes, count, distances);
    list->limit = expected_limit(scan->kernels, list, distances, places);
    size_t found = scan->kernels->select(distances, places, list->limit, near);
    for (size_t p = 0, start = 0; p < count; start += places_of(&probes[p++])) {
        const VectorView *view = view_of(scan, probes[p].segment);
        for (; at < found && near[at] < start + places_of(&probes[p]); at++) {
            size_t place = (size_t)probes[p].group * 8 + near[at] - start;
            uint32_t entry = view->place_entry[place];
            if (entry == NO_ENTRY) /* inside a cell, in a damaged file */
                continue;
            int32_t estimate = scan->kernels->sum_signed(
                list->query->bytes, view->signs + place / 8 * 8 * words + place % 8, words);
            list->at[list->count++] = (Candidate){ estimate, probes[p].segment, entry };
        }
    }
}

static void cut_list(Shortlist *list, size_t room)
{
    size_t most = list->effort.most * MOST_TIMES;
    if (list->count > most + room)
        list->count = candidates_cut(list->at, list->count, most);
}

static void scan_probes(const Scan *scan, Shortlist *list, const Probe *probes, size_t count)
{
    for (size_t from = 0, to = 0; from < count; from = to) {
        size_t places = 0;
        for (; to < count && places + places_of(&probes[to]) <= BLOCK; to++)
            places += places_of(&probes[to]);
        scan_block(scan, list, probes + from, to - from);
        /* Not with every block that brings a few: to cut is to look at all. */
        cut_list(list, list->effort.most * MOST_TIMES);
    }
    cut_list(list, 0);
}

/* --- Cells --- */

/* Distances of the query from centres are 1 - cosine in such steps; none is more than 2. */
#define GAP_STEPS 16000

static uint16_t gap_of(float cosine)
{
    return (uint16_t)((1 - MIN(MAX(cosine, -1.0f), 1.0f)) * GAP_STEPS);
}

/* From the inner products with centres; the least. */
static uint16_t gaps_of(const VectorQuery *query, const float *scales, const int32_t *inners,
                        size_t cells, uint16_t *gaps)
{
    const __m128i zeros = _mm_set1_epi32(CENTRE_ZERO * query->sum);
    const __m128 steps = _mm_set1_ps(GAP_STEPS), factor = _mm_set1_ps(query->byte_factor);
    __m128i least = _mm_set1_epi16(FAR), fours[2];
    uint16_t lanes[8], all = FAR;
    for (size_t c = 0; c < cells; c += 8) {
        for (size_t i = 0; i < 2; i++) {
            __m128i inner = _mm_loadu_si128((const void *)(inners + c + i * 4));
            __m128 cosine = _mm_mul_ps(_mm_cvtepi32_ps(_mm_sub_epi32(inner, zeros)),
                                       _mm_mul_ps(_mm_loadu_ps(scales + c + i * 4), factor));
            __m128 gap = _mm_sub_ps(steps, _mm_mul_ps(cosine, steps));
            gap = _mm_min_ps(_mm_max_ps(gap, _mm_setzero_ps()), _mm_add_ps(steps, steps));
            fours[i] = _mm_cvttps_epi32(gap);
        }
        __m128i eight = _mm_packs_epi32(fours[0], fours[1]);
        least = _mm_min_epi16(least, eight);
        _mm_storeu_si128((void *)(gaps + c), eight);
    }
    _mm_storeu_si128((void *)lanes, least);
    for (size_t i = 0; i < COUNT(lanes); i++)
        all = MIN(all, lanes[i]);
    return all;
}

/* The only cell of a small segment has no centre and is always looked at. */
static void measure_cells(const Scan *scan, Shortlist *list)
{
    AUTO_FREE int32_t *inners = heap_alloc(scan->cells * sizeof(*inners));
    uint16_t *gaps = list->gaps = heap_alloc(scan->cells * sizeof(*gaps)), least = FAR;
    for (size_t s = 0; s < scan->now->count; s++) {
        const VectorView *view = view_of(scan, s);
        size_t cells = view->cell_count;
        if (cells > 1) {
            scan->kernels->inner_rows(list->query->bytes, view->centres, cells,
                                      words_of(scan->dims), inners);
            least = MIN(least, gaps_of(list->query, view->centre_scales, inners, cells, gaps));
        }
        gaps += cells;
    }
    list->nearest = 1 - (float)least / GAP_STEPS;
}

static size_t add_probes(Probe *probes, size_t count, uint32_t segment, uint32_t group,
                         uint32_t end)
{
    for (; group < end; group += BLOCK / 8)
        probes[count++] = (Probe){ segment, group, MIN(end, group + BLOCK / 8) };
    return count;
}

/* Look into the cells whose gaps are less than `limit`. */
static void scan_cells(const Scan *scan, Shortlist *list, uint16_t limit)
{
    const uint16_t *gaps = list->gaps;
    AUTO_FREE Probe *probes =
        heap_alloc((scan->cells + scan->groups * 8 / BLOCK) * sizeof(*probes));
    AUTO_FREE uint16_t *near = heap_alloc(scan->cells * sizeof(*near));
    size_t count = 0;
    for (uint32_t s = 0; s < scan->now->count; s++) {
        const VectorView *view = view_of(scan, s);
        size_t found = scan->kernels->select(gaps, view->cell_count, limit, near);
        for (size_t i = 0; i < found; i++)
            count = add_probes(probes, count, s, view->cell_groups[near[i]],
                               view->cell_groups[near[i] + 1]);
        gaps += view->cell_count;
    }
    scan_probes(scan, list, probes, count);
}

void scan_nearest(const Scan *scan, Shortlist *list, size_t entries)
{
    size_t cells = (size_t)((double)entries * (double)scan->cells / (double)scan->entries) + 1;
    measure_cells(scan, list);
    scan_cells(scan, list, limit_of(scan->kernels, list->gaps, scan->cells, cells, 1, FAR));
}

/* Leave those that may have the cosine: estimates are off by about 1 / sqrt(dims) (Gao and Long,
 * "RaBitQ", 2024, section 3.2, for values that spread evenly). */
static void shortlist_cut(const Scan *scan, Shortlist *list, float cosine)
{
    size_t most = list->effort.most, likely = 0;
    float spread = sqrtf((float)M_PI_2 / (float)scan->dims);
    float least = (cosine / spread - list->effort.spreads) / list->query->byte_factor +
                  (float)list->query->sum;
    for (size_t i = 0; i < list->count; i++)
        likely += (float)list->at[i].estimate * 2 > least;
    list->count = candidates_cut(list->at, list->count, MIN(MAX(likely, most), most * MOST_TIMES));
}

void scan_within(const Scan *scan, Shortlist *list, float cosine)
{
    float raised =
        isfinite(cosine) ? cosine + RAISE * MAX(list->nearest - cosine, 0.0f) : -INFINITY;
    list->count = 0;
    list->limit = (uint16_t)(scan->dims + 1);
    list->expected = limit_at(scan->dims, cosine, list->effort.spreads);
    scan_cells(scan, list, (uint16_t)(gap_of(raised - list->effort.reach) + 1));
    shortlist_cut(scan, list, cosine);
}
