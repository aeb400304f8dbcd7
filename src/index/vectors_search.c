/* vectors_search.c - the readers of the vector index; see vectors.h. */
#include <assert.h>
#include <emmintrin.h>
#include <math.h>

#include "index/vectors_scan.h"

/* An entry scored by its values costs what so many cost by their signs. */
#define SCORE_COST 16

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

static void score_list(const Scan *scan, const VectorQuery *query, const Candidate *list,
                       size_t count, LegHit *all)
{
    enum { AHEAD = 16 };
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            prefetch(scan, list[i + AHEAD].segment, list[i + AHEAD].entry);
        all[i] = score(scan, query, list[i].segment, list[i].entry);
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

int leg_hits_by_score(const void *a, const void *b)
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
            while (++left < high && leg_hits_by_score(&all[left], &pivot) < 0)
                ;
            while (leg_hits_by_score(&all[--right], &pivot) > 0)
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

size_t leg_hits_merge_parts(LegHit *all, size_t count)
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
        keys = scan->has_parts ? leg_hits_merge_parts(best, taken) : taken;
        if (keys < k && taken < count)
            continue;
        qsort(best, keys, sizeof(*best), leg_hits_by_score);
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

/* The score of the k-th best of what the nearest cells have; -INFINITY: they have fewer. */
static float expect(const Scan *scan, Shortlist *list, size_t k)
{
    Effort effort = list->effort;
    list->effort.near = 6 * k, list->effort.most = 3 * k;
    scan_nearest(scan, list, effort.first);
    list->effort = effort;
    size_t count = candidates_cut(list->at, list->count, 3 * k);
    if (count < k)
        return -INFINITY;
    AUTO_FREE LegHit *some = heap_alloc(count * sizeof(*some));
    float least = INFINITY;
    score_list(scan, list->query, list->at, count, some);
    bring_best(some, count, k);
    for (size_t i = 0; i < k; i++)
        least = MIN(least, some[i].score);
    return least;
}

/* With more effort as long as what is found has parts of too few keys. */
static size_t search_signs(const Scan *scan, const VectorQuery *query, Effort effort, size_t k,
                           LegHit *hits)
{
    for (;;) {
        Shortlist list = shortlist_new(scan, query, effort);
        scan_within(scan, &list, expect(scan, &list, scan->has_parts ? 2 * k : k));
        AUTO_FREE LegHit *all = heap_alloc((list.count + 1) * sizeof(*all));
        score_list(scan, query, list.at, list.count, all);
        size_t found = best_keys(scan, query, all, list.count, k, hits);
        bool is_all = list.count == scan->allowed_count;
        shortlist_free(&list);
        if (found == k || is_all)
            return found;
        effort.reach = INFINITY, effort.near *= 4, effort.most *= 4;
    }
}

static void open_scan(Scan *scan, const KeyFilter *filter)
{
    for (size_t s = 0; s < scan->now->count; s++) {
        size_t passed;
        scan->allowed[s] = segment_allowed(scan->now->at[s], filter, &passed);
        scan->allowed_count += passed;
        scan->entries += scan->now->at[s]->count;
        const VectorView *view = scan->now->at[s]->view;
        scan->cells += view->cell_count;
        scan->groups += view->cell_groups[view->cell_count];
        scan->has_parts |= scan->now->at[s]->has_parts;
    }
}

/* What finds 0.99 of the true ones, as measured on 384 dimensions. The first cells are to have
 * enough that are allowed to tell of the k-th. The more there are, the more are as near by their
 * signs; and the fewer dimensions, the less signs tell: what they say of a cosine is off by up to
 * 1 / sqrt(dims), and two are compared. */
static Effort effort_of(const Scan *scan, size_t k)
{
    const double ten = 10, many = 100000, measured = 384, first = 1024;
    double dims = MIN((double)scan->dims, measured);
    double allowed = (double)MAX(scan->allowed_count, (size_t)1);
    double rank = (double)k * (double)scan->entries / allowed * (scan->has_parts ? 2 : 1);
    double growth = sqrt(MAX(allowed / many, 1.0)), wanted = sqrt(MAX((double)k / ten, 1.0));
    double reach = 0.33 + 0.2 * log10(growth) + 5 * (1 / sqrt(dims) - 1 / sqrt(measured));
    double times = growth * wanted * measured / dims;
    double near = 250 * times, most = 120 * times;
    float spreads = scan->is_exact ? 2 : 1;
    if (scan->is_exact)
        reach += 0.1, near *= 4, most *= 3;
    return (Effort){ (size_t)MAX(first, 8 * rank), (float)reach, MAX((size_t)near, 4 * k),
                     MAX((size_t)most, 3 * k), spreads };
}

size_t vectors_search(VectorIndex *index, const float *vector, const KeyFilter *filter, size_t k,
                      LegHit *hits)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    AUTO_FREE uint64_t **allowed = heap_alloc((now->count + 1) * sizeof(*allowed));
    Scan scan = { .now = now,
                  .dims = index->dims,
                  .kernels = index->kernels,
                  .allowed = allowed,
                  .is_exact = index->is_exact };
    VectorQuery query;
    vector_query_prepare(&query, vector, scan.dims);
    open_scan(&scan, filter);
    Effort effort = effort_of(&scan, k);
    bool is_few = scan.allowed_count <= effort.most + scan.entries / SCORE_COST;
    size_t found =
        is_few ? search_all(&scan, &query, k, hits) : search_signs(&scan, &query, effort, k, hits);
    for (size_t s = 0; s < now->count; s++)
        free(allowed[s]);
    return found;
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

/* Vectors as rows of what inner_rows takes: a product with values of both signs is that with what
 * they have above zero less that with what they have below. */
typedef struct Rows {
    size_t length; /* of a row: whole words, zeros behind the values */
    int8_t *values;
    uint8_t *above, *below;
} Rows;

static Rows rows_of(const Found *found, size_t count, size_t dims)
{
    size_t length = words_of(dims) * 64, size = (count + 3) / 4 * 4 * length;
    Rows rows = { length, heap_alloc(size), heap_alloc(size), heap_alloc(size) };
    for (size_t i = 0; i < count; i++) {
        if (!found[i].segment)
            continue;
        const VectorView *view = found[i].segment->view;
        memcpy(rows.values + i * length, view->values + (size_t)found[i].entry * dims, dims);
    }
    for (size_t at = 0; at < size; at += 16) {
        const __m128i zeros = _mm_setzero_si128();
        __m128i values = _mm_loadu_si128((const void *)(rows.values + at));
        __m128i is_below = _mm_cmpgt_epi8(zeros, values);
        _mm_storeu_si128((void *)(rows.above + at), _mm_andnot_si128(is_below, values));
        _mm_storeu_si128((void *)(rows.below + at),
                         _mm_and_si128(is_below, _mm_sub_epi8(zeros, values)));
    }
    return rows;
}

static float scale_of(const Found *found)
{
    const VectorView *view = found->segment ? found->segment->view : NULL;
    return view ? view->scales[found->entry] : 0;
}

/* Row `i` with itself and those before it. */
static void add_similarities(const VectorKernels *kernels, const Rows *rows, const Found *found,
                             size_t i, size_t count, float *cosines)
{
    int32_t above[VECTORS_SIMILAR_MAX + 4], below[VECTORS_SIMILAR_MAX + 4];
    size_t whole = (i + 3) / 4 * 4, words = rows->length / 64;
    const int8_t *row = rows->values + i * rows->length;
    float scale = scale_of(&found[i]);
    kernels->inner_rows(row, rows->above, whole, words, above);
    kernels->inner_rows(row, rows->below, whole, words, below);
    for (size_t j = 0; j < i; j++)
        cosines[i * count + j] = cosines[j * count + i] =
            (float)(above[j] - below[j]) * scale * scale_of(&found[j]);
}

void vectors_similarities(VectorIndex *index, const LegHit *hits, size_t count, float *cosines)
{
    assert(count <= VECTORS_SIMILAR_MAX);
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    Found found[VECTORS_SIMILAR_MAX];
    for (size_t i = 0; i < count; i++)
        found[i] = find_entry(now, &hits[i]);
    Rows rows = rows_of(found, count, index->dims);
    for (size_t i = 0; i < count; i++) {
        cosines[i * count + i] = 0;
        add_similarities(index->kernels, &rows, found, i, count, cosines);
    }
    free(rows.values);
    free(rows.above);
    free(rows.below);
}

void vectors_own_cosines(VectorIndex *index, const float *query, const LegHit *hits, size_t count,
                         float *cosines)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(index->shelf);
    VectorQuery prepared;
    vector_query_prepare(&prepared, query, index->dims);
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
