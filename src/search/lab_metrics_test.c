/* lab_metrics_test.c - figures worked out by hand. */
#include "search/lab_metrics.h"

#include <criterion/criterion.h>
#include <math.h>

#define NEAR(a, b) cr_expect(fabs((a) - (b)) < 1e-6, "%s: %f, not %f", cases[i].about, (a), (b))

Test(search, scores_of_rankings_are_those_worked_out_by_hand)
{
    static const struct {
        const char *about;
        int64_t gains[12];
        size_t count;
        int64_t grades[12];
        size_t grade_count;
        LabScores scores;
    } cases[] = {
        { "all right", { 1, 1 }, 2, { 1, 1 }, 2, { 1, 1, 1, 1 } },
        { "nothing found", { 0 }, 0, { 1 }, 1, { 0, 0, 0, 0 } },
        { "nothing to find", { 0, 0 }, 2, { 0, -1 }, 2, { 0, 0, 0, 0 } },
        /* 1/log2(3) = 0.630930 */
        { "second", { 0, 1 }, 2, { 1 }, 1, { 0.6309298, 1, 1, 0.5 } },
        /* (2/log2(3) + 1/log2(5)) / (2 + 1/log2(3)) = 1.692539 / 2.630930 */
        { "graded, what is not judged between",
          { 0, 2, 0, 1 },
          4,
          { 1, 2, 0 },
          3,
          { 0.6433224, 1, 1, 0.5 } },
        /* Rank 11 does not count for nDCG@10, but for recall@100 and the reciprocal rank. */
        { "eleventh",
          { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
          11,
          { 1, 1 },
          2,
          { 0, 0, 0.5, 1 / 11. } },
        /* One of three: 1 / (1 + 0.630930 + 0.5) */
        { "one of three", { 1 }, 1, { 1, 1, 1 }, 3, { 0.4692787, 1 / 3., 1 / 3., 1 } },
        /* The ideal has the ten best of twelve: 4 first, then nine of 1. */
        { "more to find than ten",
          { 4 },
          1,
          { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4 },
          12,
          { 4 / (4.5435593 + 3), 1 / 12., 1 / 12., 1 } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        LabScores scores =
            lab_scores(cases[i].gains, cases[i].count, cases[i].grades, cases[i].grade_count);
        NEAR(scores.ndcg10, cases[i].scores.ndcg10);
        NEAR(scores.recall10, cases[i].scores.recall10);
        NEAR(scores.recall100, cases[i].scores.recall100);
        NEAR(scores.mrr, cases[i].scores.mrr);
    }
}

Test(search, percentiles_of_times_are_nearest_ranks)
{
    int64_t times[20];
    for (int i = 0; i < 20; i++)
        times[i] = (20 - i) * 1000;
    LabTimes found = lab_times(times, 20);
    cr_expect(found.p50_ms == 10 && found.p95_ms == 19, "%f %f", found.p50_ms, found.p95_ms);
    int64_t one = 3500;
    found = lab_times(&one, 1);
    cr_expect(found.p50_ms == 3.5 && found.p95_ms == 3.5);
    cr_expect(lab_times(NULL, 0).p95_ms == 0);
}

Test(search, a_difference_of_settings_counts_queries_and_says_how_likely_chance_is)
{
    double a[10], b[10];
    for (int i = 0; i < 10; i++) {
        a[i] = 0.5;
        b[i] = i < 9 ? 0.6 : 0.5;
    }
    LabComparison found = lab_compare(a, b, 10);
    cr_expect(found.better == 9 && found.worse == 0 && found.same == 1);
    cr_expect(fabs(found.difference - 0.09) < 1e-9);
    /* All nine that differ have to fall to the same side: 2 * 2^-9 = 0.0039. */
    cr_expect(found.p > 0.002 && found.p < 0.006, "%f", found.p);
    found = lab_compare(b, a, 10);
    cr_expect(found.worse == 9 && found.difference < 0 && found.p < 0.006);
    for (int i = 0; i < 10; i++)
        b[i] = a[i] + (i % 2 ? 0.1 : -0.1);
    found = lab_compare(a, b, 10);
    cr_expect(found.better == 5 && found.worse == 5 && found.p > 0.99, "%f", found.p);
    cr_expect(lab_compare(a, a, 10).p == 1 && lab_compare(NULL, NULL, 0).p == 1);
}
