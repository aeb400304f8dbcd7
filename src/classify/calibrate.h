/* calibrate.h - scores made into confidence that can be believed, and measured.
 *
 * Pure; any thread. */
#pragma once

#include "base/base.h"

#define RELIABILITY_BINS 10

typedef struct ReliabilityBin {
    size_t count;
    double confidence, accuracy; /* means */
} ReliabilityBin;

typedef struct Reliability {
    ReliabilityBin bins[RELIABILITY_BINS]; /* of confidence: [0, .1), [.1, .2) ... [.9, 1] */
    double
        error; /* expected calibration error (Guo et al. 2017): the bins' gaps, by their counts */
} Reliability;

Reliability reliability_of(const double *confidence, const bool *is_right, size_t count);

/* The temperature that makes softmax(logits / temperature) likeliest for the right labels (Guo et
 * al. 2017). Few examples, all right, do not make it certain: one more may be wrong.
 * logits[count][label_count], two labels at least. */
double temperature_fit(const double *logits, const uint16_t *right, size_t count,
                       size_t label_count);
/* The same of single decisions: sigmoid(logit / temperature). */
double temperature_fit_binary(const double *logits, const bool *is_right, size_t count);

/* The lowest confidence such that of all that is said with at least as much, the share that is
 * right is at least `precision`. More than 1 when there is none. */
double threshold_for_precision(Arena *arena, const double *confidence, const bool *is_right,
                               size_t count, double precision);

/* softmax(logits / temperature) in place. */
void softmax(double *logits, size_t count, double temperature);
double sigmoid(double x);
