/* head.h - logistic regression on vectors: the last layer of a classifier, trained here.
 *
 * One label of several: multinomial, the loss of scikit-learn's LogisticRegression
 * (sum of cross-entropies + |w|^2 / 2C, the biases free), minimised with L-BFGS (Nocedal and
 * Wright, Numerical Optimization, algorithms 7.4 and 7.5). Several labels: one such of two classes
 * each. Deterministic: the same examples give the same bytes. Pure; any thread. */
#pragma once

#include "base/base.h"

typedef struct HeadData {
    const float *vectors; /* [count][dims] */
    size_t count, dims;
    const double *targets; /* [count][label_count], 0 or 1 */
    size_t label_count;
    bool is_multi;
    double strength; /* C: the larger, the closer to the examples; 0: 1 */
} HeadData;

/* Weights [label_count][dims + 1], the bias last. */
float *head_train(Arena *arena, const HeadData *data);
/* logits[label_count] of one vector. */
void head_apply(const float *head, size_t label_count, size_t dims, const float *vector,
                double *logits);
