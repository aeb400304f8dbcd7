/* vectors_scan.c - see vectors_scan.h.
 *
 * Cells are looked at from the nearest on. What differs in fewer signs than the limit comes into
 * the query's list, counted by distance, and the limit sinks to where enough are nearer: of n
 * entries about near * ln(n / near) come in, the others cost their distance and one comparison.
 * What comes in is estimated by its signs and the query's values, four times as telling for a tenth
 * of the cost of its own values, which lie elsewhere. */
#include "index/vectors_scan.h"

#include <math.h>

/* Places; a multiple of 64. Their signs take 48 KB in 384 dimensions. */
#define BLOCK 1024
/* A list is cut when it has so many times what is wanted. */
#define LIST_TIMES 8

void vector_query_prepare(VectorQuery *query, const float *vector, size_t dims)
{
    double square = 0;
    float most = 0;
    memset(query->signs, 0, sizeof(query->signs));
    query->sum = 0;
    memset(query->bytes + dims, 0, words_of(dims) * 64 - dims);
    for (size_t d = 0; d < dims; d++) {
        square += (double)vector[d] * (double)vector[d];
        most = MAX(most, fabsf(vector[d]));
        query->signs[d / 64] |= (uint64_t)(vector[d] > 0) << (d % 64);
    }
    bool is_direction = square > 0 && isfinite(square);
    for (size_t d = 0; d < dims; d++) {
        query->values[d] =
            is_direction ? (int16_t)lrintf(vector[d] * (VECTOR_QUERY_MAX / most)) : 0;
        query->bytes[d] = is_direction ? (int8_t)lrintf(vector[d] * (127 / most)) : 0;
        query->sum += query->bytes[d];
    }
    query->vector = vector;
    query->norm = is_direction ? (float)(1 / sqrt(square)) : 0;
    query->byte_factor = query->norm * most / 127;
    query->factor = is_direction ? (float)((double)most / VECTOR_QUERY_MAX / sqrt(square)) : 0;
}

/* --- Shortlists --- */

Shortlist shortlist_new(const Scan *scan, const VectorQuery *query, Effort effort)
{
    return (Shortlist){ .query = query,
                        .effort = effort,
                        .at = heap_alloc((LIST_TIMES * effort.most + BLOCK) * sizeof(Candidate)),
                        .histogram = heap_alloc((scan->dims + 1) * sizeof(uint32_t)),
                        .limit = (uint16_t)(scan->dims + 1) };
}

void shortlist_free(Shortlist *list)
{
    free(list->at);
    free(list->histogram);
}

/* Keep the `most` best; of those in the last bin of estimates the first. */
static void shortlist_cut(Shortlist *list)
{
    enum { BINS = 1024 };
    uint32_t bins[BINS] = { 0 };
    int32_t least = INT32_MAX, best = INT32_MIN;
    size_t most = list->effort.most, above = 0, cut = BINS - 1, kept = 0;
    if (list->count <= most)
        return;
    for (size_t i = 0; i < list->count; i++) {
        least = MIN(least, list->at[i].estimate);
        best = MAX(best, list->at[i].estimate);
    }
    unsigned shift = 0;
    while ((best - least) >> shift >= BINS)
        shift++;
    for (size_t i = 0; i < list->count; i++)
        bins[(list->at[i].estimate - least) >> shift]++;
    while (above + bins[cut] <= most)
        above += bins[cut--];
    size_t at_cut = most - above;
    for (size_t i = 0; i < list->count; i++) {
        size_t bin = (size_t)(list->at[i].estimate - least) >> shift;
        if (bin < cut || (bin == cut && !at_cut))
            continue;
        at_cut -= bin == cut;
        list->at[kept++] = list->at[i];
    }
    list->count = kept;
}

static void shortlist_add(Shortlist *list, Candidate candidate, uint16_t distance)
{
    list->at[list->count++] = candidate;
    list->histogram[distance]++;
    list->within++;
    while (list->within - list->histogram[list->limit - 1] >= list->effort.near)
        list->within -= list->histogram[--list->limit];
}

static void shortlist_block(const Scan *scan, Shortlist *list, uint32_t segment, size_t group,
                            size_t groups)
{
    uint16_t distances[BLOCK], near[BLOCK];
    const VectorView *view = scan->now->at[segment]->view;
    const uint64_t *allowed = scan->allowed[segment];
    const uint32_t *place_entry = view->place_entry + group * 8;
    size_t words = words_of(scan->dims);
    const uint64_t *signs = view->signs + group * 8 * words;
    size_t found = scan->kernels->nearer(signs, groups, words, list->query->signs, list->limit,
                                         near, distances);
    for (size_t i = 0; i < found; i++) {
        size_t place = near[i];
        uint32_t entry = place_entry[place];
        if (distances[i] >= list->limit || entry == NO_ENTRY ||
            (allowed && !(allowed[entry / 64] >> (entry % 64) & 1)))
            continue;
        int32_t estimate = scan->kernels->sum_signed(
            list->query->bytes, signs + place / 8 * 8 * words + place % 8, words);
        shortlist_add(list, (Candidate){ estimate, segment, entry }, distances[i]);
    }
    if (list->count > LIST_TIMES * list->effort.most)
        shortlist_cut(list);
}

/* --- Cells --- */

/* A cell that is looked at. */
typedef struct Probe {
    uint32_t segment, group, end;
} Probe;

/* Cells by gap: how much less like the query their centre is than the best centre. */
#define GAP_BINS 128
#define GAP_BINS_OF_ONE 64 /* gaps are from 0 to 2 */
/* So many entries are looked at, however far they are; in groups. */
#define GROUPS_LEAST (4096 / 8)

static const VectorView *view_of(const Scan *scan, size_t segment)
{
    return scan->now->at[segment]->view;
}

/* Cosines of the query with the centres, as their signs tell them; the best. The only cell of a
 * small segment has none and is always looked at. */
static float measure_cells(const Scan *scan, const VectorQuery *query, float *cosines)
{
    size_t words = words_of(scan->dims);
    float best = -1, factor = query->byte_factor;
    int32_t sum = query->sum;
    for (size_t s = 0; s < scan->now->count; s++) {
        const VectorView *view = view_of(scan, s);
        const float *scales = view->centre_scales;
        size_t cells = view->cell_count;
        for (size_t c = 0; cells > 1 && c < cells; c++) {
            const uint64_t *signs = view->centres + c / 8 * 8 * words + c % 8;
            int32_t set = scan->kernels->sum_signed(query->bytes, signs, words);
            cosines[c] = factor * scales[c] * (float)(2 * set - sum);
            best = MAX(best, cosines[c]);
        }
        if (cells == 1)
            cosines[0] = INFINITY;
        cosines += cells;
    }
    return best;
}

/* The bin of each cell, and the groups of the cells in each bin. */
static void bin_cells(const Scan *scan, const VectorQuery *query, uint8_t *bins,
                      size_t groups[static GAP_BINS])
{
    AUTO_FREE float *cosines = heap_alloc(scan->cells * sizeof(*cosines));
    float best = measure_cells(scan, query, cosines);
    size_t at = 0;
    for (size_t s = 0; s < scan->now->count; s++) {
        const VectorView *view = view_of(scan, s);
        for (size_t c = 0; c < view->cell_count; c++, at++) {
            float gap = MIN(MAX(best - cosines[at], 0.0f), 2.0f);
            bins[at] = (uint8_t)MIN((size_t)(gap * GAP_BINS_OF_ONE), (size_t)GAP_BINS - 1);
            groups[bins[at]] += view->cell_groups[c + 1] - view->cell_groups[c];
        }
    }
}

/* The cells within reach, nearest bin first; how many. */
static size_t choose_cells(const Scan *scan, const VectorQuery *query, float reach, Probe *chosen)
{
    size_t groups[GAP_BINS] = { 0 }, starts[GAP_BINS + 1] = { 0 }, last = 0, at = 0;
    AUTO_FREE uint8_t *bins = heap_alloc(scan->cells);
    bin_cells(scan, query, bins, groups);
    for (size_t within = groups[0];
         last + 1 < GAP_BINS && (last + 1 < reach * GAP_BINS_OF_ONE || within < GROUPS_LEAST);)
        within += groups[++last];
    for (size_t i = 0; i < scan->cells; i++)
        starts[bins[i] + 1]++;
    for (size_t b = 1; b <= GAP_BINS; b++)
        starts[b] += starts[b - 1];
    size_t count = starts[last + 1];
    for (uint32_t s = 0; s < scan->now->count; s++) {
        const VectorView *view = view_of(scan, s);
        for (size_t c = 0; c < view->cell_count; c++, at++)
            if (bins[at] <= last)
                chosen[starts[bins[at]]++] =
                    (Probe){ s, view->cell_groups[c], view->cell_groups[c + 1] };
    }
    return count;
}

/* Every cell. */
static size_t list_cells(const Scan *scan, Probe *chosen)
{
    size_t count = 0;
    for (uint32_t s = 0; s < scan->now->count; s++) {
        const VectorView *view = view_of(scan, s);
        chosen[count++] = (Probe){ s, 0, view->cell_groups[view->cell_count] };
    }
    return count;
}

static void prefetch_cell(const Scan *scan, const Probe *probe)
{
    const VectorView *view = view_of(scan, probe->segment);
    size_t group_words = words_of(scan->dims) * 8;
    const uint64_t *signs = view->signs + probe->group * group_words;
    size_t groups = MIN(probe->end - probe->group, (uint32_t)BLOCK / 8);
    for (size_t word = 0; word < groups * group_words; word += 8)
        __builtin_prefetch(signs + word, 0, 2);
    for (size_t group = 0; group < groups; group += 2)
        __builtin_prefetch(view->place_entry + (probe->group + group) * 8, 0, 2);
}

void scan_signs(const Scan *scan, Shortlist *list)
{
    enum { AHEAD = 3 };
    AUTO_FREE Probe *probes = heap_alloc((scan->cells + 1) * sizeof(*probes));
    float reach = list->effort.reach;
    size_t count =
        isfinite(reach) ? choose_cells(scan, list->query, reach, probes) : list_cells(scan, probes);
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            prefetch_cell(scan, &probes[i + AHEAD]);
        for (size_t group = probes[i].group; group < probes[i].end; group += BLOCK / 8)
            shortlist_block(scan, list, probes[i].segment, group,
                            MIN(probes[i].end - group, (size_t)BLOCK / 8));
    }
    shortlist_cut(list);
}
