/* calibrate.c - see calibrate.h. */
#include "classify/calibrate.h"

#include <math.h>

/* Outside of these a score says nothing, or everything. */
#define TEMPERATURE_LEAST 0.02
#define TEMPERATURE_MOST 50.0

double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

void softmax(double *logits, size_t count, double temperature)
{
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < count; i++)
        most = MAX(most, logits[i]);
    for (size_t i = 0; i < count; i++) {
        logits[i] = exp((logits[i] - most) / temperature);
        sum += logits[i];
    }
    for (size_t i = 0; i < count; i++)
        logits[i] /= sum;
}

Reliability reliability_of(const double *confidence, const bool *is_right, size_t count)
{
    Reliability r = { 0 };
    for (size_t i = 0; i < count; i++) {
        double place = MAX(confidence[i], 0.0) * RELIABILITY_BINS;
        ReliabilityBin *bin = &r.bins[MIN((size_t)place, (size_t)RELIABILITY_BINS - 1)];
        bin->count++;
        bin->confidence += confidence[i];
        bin->accuracy += is_right[i];
    }
    for (ReliabilityBin *bin = r.bins; bin < r.bins + RELIABILITY_BINS; bin++) {
        if (!bin->count)
            continue;
        bin->confidence /= (double)bin->count;
        bin->accuracy /= (double)bin->count;
        r.error += fabs(bin->confidence - bin->accuracy) * (double)bin->count / (double)count;
    }
    return r;
}

/* --- Temperature --- */

typedef struct Logits {
    const double *logits;
    const uint16_t *right;
    const bool *is_right; /* of single decisions; NULL: `right` counts */
    size_t count, label_count;
} Logits;

/* That a label is wrong although every example seen was right: Laplace's rule of succession, as
 * Platt (1999) uses it. Without it a handful of examples, all right, would make every score
 * certain. */
static double doubt(size_t count) { return 1 / ((double)count + 2); }

static double surprise_of_several(const double *logits, size_t count, size_t right, double inverse,
                                  double doubt)
{
    double most = -INFINITY, sum = 0, others = 0;
    for (size_t l = 0; l < count; l++)
        most = MAX(most, logits[l]);
    for (size_t l = 0; l < count; l++) {
        sum += exp((logits[l] - most) * inverse);
        others += l == right ? 0 : (logits[l] - most) / (double)(count - 1);
    }
    return log(sum) - ((1 - doubt) * (logits[right] - most) + doubt * others) * inverse;
}

/* log(1 + exp(x)) */
static double softplus(double x) { return log1p(exp(MIN(x, 700.0))); }

static double surprise_of_one(double logit, bool is_right, double inverse, double doubt)
{
    double x = (is_right ? logit : -logit) * inverse;
    return (1 - doubt) * softplus(-x) + doubt * softplus(x);
}

/* Cross entropy of logits / temperature. */
static double surprise(const Logits *from, double temperature)
{
    double sum = 0, doubts = doubt(from->count);
    for (size_t i = 0; i < from->count; i++)
        sum += from->is_right
                   ? surprise_of_one(from->logits[i], from->is_right[i], 1 / temperature, doubts)
                   : surprise_of_several(from->logits + i * from->label_count, from->label_count,
                                         from->right[i], 1 / temperature, doubts);
    return sum;
}

/* Golden section over the logarithm: the cross entropy is convex in 1 / temperature, so it has one
 * lowest place. */
static double fit(const Logits *from)
{
    const double golden = 0.6180339887498949;
    double low = log(TEMPERATURE_LEAST), high = log(TEMPERATURE_MOST);
    if (!from->count)
        return 1;
    for (int i = 0; i < 40; i++) {
        double a = high - golden * (high - low), b = low + golden * (high - low);
        if (surprise(from, exp(a)) < surprise(from, exp(b)))
            high = b;
        else
            low = a;
    }
    return exp((low + high) / 2);
}

double temperature_fit(const double *logits, const uint16_t *right, size_t count,
                       size_t label_count)
{
    return fit(&(Logits){ logits, right, NULL, count, label_count });
}

double temperature_fit_binary(const double *logits, const bool *is_right, size_t count)
{
    return fit(&(Logits){ logits, NULL, is_right, count, 1 });
}

/* --- Threshold --- */

typedef struct Said {
    double confidence;
    bool is_right;
} Said;

static int surest_first(const void *a, const void *b)
{
    const Said *x = a, *y = b;
    return x->confidence < y->confidence ? 1 : x->confidence > y->confidence ? -1 : 0;
}

double threshold_for_precision(Arena *arena, const double *confidence, const bool *is_right,
                               size_t count, double precision)
{
    Said *said = arena_new_array(arena, Said, MAX(count, (size_t)1));
    for (size_t i = 0; i < count; i++)
        said[i] = (Said){ confidence[i], is_right[i] };
    qsort(said, count, sizeof(*said), surest_first);
    double threshold = 1.01;
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        right += said[i].is_right;
        /* What is equally sure is said together. */
        bool is_edge = i + 1 == count || said[i + 1].confidence < said[i].confidence;
        if (is_edge && (double)right >= precision * (double)(i + 1))
            threshold = said[i].confidence;
    }
    return threshold;
}
