/* lab_metrics.c - see lab_metrics.h. */
#include "search/lab_metrics.h"

#include <math.h>

#define CUT 10
#define CUT_DEEP 100
/* Differences that only rounding makes. */
#define SAME 1e-9

/* The best `most` grades, largest first, into best[]; returns how many are above 0. */
static size_t best_grades(const int64_t *grades, size_t count, int64_t *best, size_t most)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (grades[i] <= 0)
            continue;
        size_t at = kept < most ? kept++ : most;
        if (at == most && best[--at] >= grades[i])
            continue;
        for (; at > 0 && best[at - 1] < grades[i]; at--)
            best[at] = best[at - 1];
        best[at] = grades[i];
    }
    return kept;
}

static double discounted(const int64_t *gains, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += gains[i] > 0 ? (double)gains[i] / log2((double)i + 2) : 0;
    return sum;
}

static size_t relevant_in(const int64_t *gains, size_t count)
{
    size_t relevant = 0;
    for (size_t i = 0; i < count; i++)
        relevant += gains[i] > 0;
    return relevant;
}

LabScores lab_scores(const int64_t *gains, size_t count, const int64_t *grades, size_t grade_count)
{
    int64_t best[CUT];
    LabScores scores = { 0 };
    size_t relevant = relevant_in(grades, grade_count);
    if (!relevant)
        return scores;
    size_t best_count = best_grades(grades, grade_count, best, CUT);
    scores.ndcg10 = discounted(gains, MIN(count, CUT)) / discounted(best, best_count);
    scores.recall10 = (double)relevant_in(gains, MIN(count, CUT)) / (double)relevant;
    scores.recall100 = (double)relevant_in(gains, MIN(count, CUT_DEEP)) / (double)relevant;
    for (size_t i = 0; i < count && scores.mrr <= 0; i++)
        scores.mrr = gains[i] > 0 ? 1 / ((double)i + 1) : 0;
    return scores;
}

static int ascending(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

LabTimes lab_times(int64_t *us, size_t count)
{
    if (!count)
        return (LabTimes){ 0 };
    qsort(us, count, sizeof(*us), ascending);
    return (LabTimes){ .p50_ms = (double)us[(count * 50 + 99) / 100 - 1] / 1e3,
                       .p95_ms = (double)us[(count * 95 + 99) / 100 - 1] / 1e3 };
}

/* xorshift64* (Vigna 2016): the test must give the same p again, not be unpredictable. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static double shuffled_sum(const double *a, const double *b, size_t count, uint64_t *state)
{
    double sum = 0;
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        if (i % 64 == 0)
            bits = next_random(state);
        sum += bits >> (i % 64) & 1 ? a[i] - b[i] : b[i] - a[i];
    }
    return sum;
}

LabComparison lab_compare(const double *a, const double *b, size_t count)
{
    LabComparison comparison = { .p = 1 };
    uint64_t state = UINT64_C(88172645463325252);
    double sum = 0;
    size_t as_large = 0;
    for (size_t i = 0; i < count; i++) {
        sum += b[i] - a[i];
        comparison.better += b[i] - a[i] > SAME;
        comparison.worse += a[i] - b[i] > SAME;
    }
    comparison.same = count - comparison.better - comparison.worse;
    if (!count)
        return comparison;
    comparison.difference = sum / (double)count;
    for (size_t n = 0; n < LAB_SHUFFLES; n++)
        as_large += fabs(shuffled_sum(a, b, count, &state)) >= fabs(sum) - SAME;
    /* The arrangement that was seen is one of them. */
    comparison.p = ((double)as_large + 1) / (LAB_SHUFFLES + 1);
    return comparison;
}
