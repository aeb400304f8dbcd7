/* coverage.c - see coverage.h. */
#include "index/coverage.h"

#define COVERED_WORDS_MAX 16
/* Measured (docs/ranking.md): a passage that somebody remembers is found by its words though the
 * vectors know nothing of it; what is asked in sentences gains too. */
#define COVERED_SHARE 0.35f
#define TRUSTED_HITS 3
#define TRUST_MIN 0.4f
#define TRUST_SLOPE 1.1f /* a difference of a tenth says nothing */

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* The keys of hits, those of `others` left out. */
static Coverage mark_hits(Arena *arena, KeywordCoverage *words, const LegHit *hits, size_t count,
                          const Coverage *others)
{
    Coverage marked = { .words = words,
                        .keys = arena_new_array(arena, uint64_t, count + 1),
                        .marks = arena_new_array(arena, uint64_t, count + 1) };
    for (size_t i = 0; i < count; i++)
        if (!others ||
            !bsearch(&hits[i].key, others->keys, others->count, sizeof(*others->keys), ascending))
            marked.keys[marked.count++] = hits[i].key;
    qsort(marked.keys, marked.count, sizeof(*marked.keys), ascending);
    keyword_coverage_mark(words, marked.keys, marked.count, marked.marks);
    return marked;
}

Coverage coverage_begin(KeywordIndex *index, Arena *arena, const Query *query,
                        const LegHit *keyword, size_t count)
{
    size_t words = query_all_words(arena, query, 0).clauses.count;
    if (!words || words > COVERED_WORDS_MAX || !count)
        return (Coverage){ 0 };
    return mark_hits(arena, keyword_coverage_begin(index, query, arena), keyword, count, NULL);
}

void coverage_end(Arena *arena, const LegHit *vector, size_t vector_count, Coverage *coverage)
{
    if (!coverage->words)
        return;
    Coverage first = *coverage, more = mark_hits(arena, first.words, vector, vector_count, &first);
    size_t count = coverage->count = first.count + more.count;
    coverage->keys = arena_new_array(arena, uint64_t, count);
    coverage->marks = arena_new_array(arena, uint64_t, count);
    coverage->shares = arena_new_array(arena, float, count);
    for (size_t i = 0, a = 0, b = 0; i < count; i++) {
        bool is_first = b == more.count || (a < first.count && first.keys[a] < more.keys[b]);
        coverage->keys[i] = is_first ? first.keys[a] : more.keys[b];
        coverage->marks[i] = is_first ? first.marks[a++] : more.marks[b++];
    }
    keyword_coverage_share(coverage->words, coverage->marks, count, coverage->shares);
    keyword_coverage_end(coverage->words);
    for (size_t i = 0; i < count; i++)
        coverage->most = MAX(coverage->most, coverage->shares[i]);
}

static float covered(const Coverage *coverage, uint64_t key)
{
    const uint64_t *found = bsearch(&key, coverage->keys, coverage->count, sizeof(key), ascending);
    return found ? coverage->shares[found - coverage->keys] : 0;
}

/* How far the vector leg is believed. When passages have much more of the query's words than those
 * that it finds best, it knows little of what is asked: names, numbers, a language that the model
 * has not learned. */
static float trust_in(const Coverage *coverage, const LegHit *vector, size_t count)
{
    float found = 0;
    size_t first = MIN(count, TRUSTED_HITS);
    for (size_t i = 0; i < first; i++)
        found += covered(coverage, vector[i].key) / (float)first;
    float trust = TRUST_SLOPE * (1 - (coverage->most - found));
    trust = MIN(MAX(trust, TRUST_MIN), 1.0f);
    return trust * trust;
}

float coverage_trust(float weight, const Coverage *coverage, const LegHit *vector, size_t count)
{
    float trust = coverage->count && count ? trust_in(coverage, vector, count) : 1;
    return weight * trust / (1 - weight + weight * trust);
}

void coverage_favour(Arena *arena, const Coverage *coverage, IndexHit *hits, size_t count)
{
    float *values = arena_new_array(arena, float, count + 1);
    if (coverage->most <= 0)
        return;
    for (size_t i = 0; i < count; i++) {
        float share = covered(coverage, hits[i].key);
        values[i] = share * share * share * share / coverage->most;
    }
    fusion_mix(hits, count, SHARE_COVERED, COVERED_SHARE, values);
}
