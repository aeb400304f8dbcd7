/* lab_metrics.h - how good a ranking is, by what people judged, and whether two differ.
 *
 * `gains` are the grades of what was found, best rank first; what nobody judged has 0. `grades` are
 * all that the query has, found or not. Gains are linear and the discount is log2(rank + 1)
 * (Jarvelin and Kekalainen 2002, as trec_eval computes ndcg_cut). Pure functions, any thread. */
#pragma once

#include "base/base.h"

typedef struct LabScores {
    double ndcg10, recall10, recall100, mrr;
} LabScores;

/* A query without a grade above 0 scores 0 everywhere. */
LabScores lab_scores(const int64_t *gains, size_t count, const int64_t *grades, size_t grade_count);

typedef struct LabTimes {
    double p50_ms, p95_ms;
} LabTimes;
/* Nearest ranks; orders `us`. */
LabTimes lab_times(int64_t *us, size_t count);

typedef struct LabComparison {
    double difference; /* mean of b - a */
    size_t better, worse, same;
    double p; /* see below */
} LabComparison;
/* a[i] and b[i] are the same query under two settings. p: how often chance alone gives a mean
 * difference at least so large, by LAB_SHUFFLES random exchanges of a[i] and b[i] (paired
 * randomisation test, two-sided; Smucker, Allan and Carterette 2007). Always the same for the same
 * values. */
LabComparison lab_compare(const double *a, const double *b, size_t count);
#define LAB_SHUFFLES 10000
