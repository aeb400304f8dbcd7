/* head.c - see head.h. */
#include "classify/head.h"

#include <math.h>

#define HISTORY 10          /* pairs that L-BFGS remembers */
#define ROUNDS_MAX 300      /* unit vectors need 30 to 80 */
#define GRADIENT_SMALL 1e-4 /* of its largest part, as scikit-learn stops */
#define TRIES_MAX 40        /* of one line search */

typedef struct Fit {
    const HeadData *data;
    double *rows; /* [count][width]: the vectors with a 1 behind them */
    size_t width, size;
    double penalty;
    double *logits;
} Fit;

/* Four numbers in one register, or in two of older processors. */
typedef double Four __attribute__((vector_size(32), aligned(8), may_alias));

static double dot(const double *a, const double *b, size_t count)
{
    Four sums = { 0 }, more = { 0 };
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        sums += *(const Four *)(a + i) * *(const Four *)(b + i);
        more += *(const Four *)(a + i + 4) * *(const Four *)(b + i + 4);
    }
    double sum = 0;
    for (; i < count; i++)
        sum += a[i] * b[i];
    sums += more;
    return sum + sums[0] + sums[1] + sums[2] + sums[3];
}

static void add_scaled(double *to, double scale, const double *from, size_t count)
{
    size_t i = 0;
    for (; i + 4 <= count; i += 4)
        *(Four *)(to + i) += scale * *(const Four *)(from + i);
    for (; i < count; i++)
        to[i] += scale * from[i];
}

/* log(1 + e^x) without overflow. */
static double soft_plus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

/* The loss of one example; its logits become the loss's derivatives by them. */
static double one_of_several(double *logits, const double *targets, size_t count)
{
    double most = logits[0], sum = 0, loss = 0;
    for (size_t l = 1; l < count; l++)
        most = MAX(most, logits[l]);
    for (size_t l = 0; l < count; l++)
        sum += exp(logits[l] - most);
    for (size_t l = 0; l < count; l++) {
        loss += targets[l] * (log(sum) + most - logits[l]);
        logits[l] = exp(logits[l] - most) / sum - targets[l];
    }
    return loss;
}

static double each_by_itself(double *logits, const double *targets, size_t count)
{
    double loss = 0;
    for (size_t l = 0; l < count; l++) {
        loss += soft_plus(logits[l]) - targets[l] * logits[l];
        logits[l] = 1 / (1 + exp(-logits[l])) - targets[l];
    }
    return loss;
}

/* The loss at `weights`, and its gradient. */
static double loss_at(const Fit *fit, const double *weights, double *gradient)
{
    const HeadData *data = fit->data;
    double loss = 0;
    memset(gradient, 0, fit->size * sizeof(double));
    for (size_t i = 0; i < data->count; i++) {
        const double *row = fit->rows + i * fit->width;
        const double *targets = data->targets + i * data->label_count;
        for (size_t l = 0; l < data->label_count; l++)
            fit->logits[l] = dot(weights + l * fit->width, row, fit->width);
        loss += data->is_multi ? each_by_itself(fit->logits, targets, data->label_count)
                               : one_of_several(fit->logits, targets, data->label_count);
        for (size_t l = 0; l < data->label_count; l++)
            add_scaled(gradient + l * fit->width, fit->logits[l], row, fit->width);
    }
    for (size_t l = 0; l < data->label_count; l++) {
        const double *label = weights + l * fit->width;
        loss += fit->penalty / 2 * dot(label, label, data->dims);
        add_scaled(gradient + l * fit->width, fit->penalty, label, data->dims);
    }
    return loss;
}

/* --- L-BFGS --- */

typedef struct Descent {
    double *weights, *gradient, *tried, *tried_gradient, *direction;
    double *steps, *changes; /* [HISTORY][size], a ring */
    double curvatures[HISTORY];
    size_t pair_count;
} Descent;

/* Algorithm 7.4: the direction from the pairs that are remembered. */
static void find_direction(const Fit *fit, Descent *d)
{
    double alphas[HISTORY];
    size_t kept = MIN(d->pair_count, (size_t)HISTORY), size = fit->size;
    for (size_t i = 0; i < size; i++)
        d->direction[i] = -d->gradient[i];
    for (size_t back = 1; back <= kept; back++) {
        size_t at = (d->pair_count - back) % HISTORY;
        alphas[at] = dot(d->steps + at * size, d->direction, size) / d->curvatures[at];
        add_scaled(d->direction, -alphas[at], d->changes + at * size, size);
    }
    if (kept) {
        size_t at = (d->pair_count - 1) % HISTORY;
        const double *change = d->changes + at * size;
        double scale = d->curvatures[at] / dot(change, change, size);
        for (size_t i = 0; i < size; i++)
            d->direction[i] *= scale;
    }
    for (size_t back = kept; back >= 1; back--) {
        size_t at = (d->pair_count - back) % HISTORY;
        double beta = dot(d->changes + at * size, d->direction, size) / d->curvatures[at];
        add_scaled(d->direction, alphas[at] - beta, d->steps + at * size, size);
    }
}

/* Halves the step until the loss falls enough (Armijo's condition, 3.4). */
static bool step_down(const Fit *fit, Descent *d, double *loss)
{
    double slope = dot(d->gradient, d->direction, fit->size);
    double step = d->pair_count ? 1 : 1 / (1 + sqrt(dot(d->gradient, d->gradient, fit->size)));
    for (int i = 0; i < TRIES_MAX; i++, step /= 2) {
        memcpy(d->tried, d->weights, fit->size * sizeof(double));
        add_scaled(d->tried, step, d->direction, fit->size);
        double tried = loss_at(fit, d->tried, d->tried_gradient);
        if (tried <= *loss + 1e-4 * step * slope) {
            *loss = tried;
            return true;
        }
    }
    return false;
}

/* A pair that bends the wrong way, by rounding, is not remembered. */
static void remember(const Fit *fit, Descent *d)
{
    size_t at = d->pair_count % HISTORY, size = fit->size;
    double *step = d->steps + at * size, *change = d->changes + at * size;
    for (size_t i = 0; i < size; i++) {
        step[i] = d->tried[i] - d->weights[i];
        change[i] = d->tried_gradient[i] - d->gradient[i];
    }
    d->curvatures[at] = dot(step, change, size);
    if (d->curvatures[at] > 1e-12 * dot(change, change, size))
        d->pair_count++;
    memcpy(d->weights, d->tried, size * sizeof(double));
    memcpy(d->gradient, d->tried_gradient, size * sizeof(double));
}

static bool is_flat(const double *gradient, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (fabs(gradient[i]) > GRADIENT_SMALL)
            return false;
    return true;
}

static void descend(Arena *arena, const Fit *fit, double *weights)
{
    size_t size = fit->size;
    Descent d = { .weights = weights,
                  .gradient = arena_new_array(arena, double, size),
                  .tried = arena_new_array(arena, double, size),
                  .tried_gradient = arena_new_array(arena, double, size),
                  .direction = arena_new_array(arena, double, size),
                  .steps = arena_new_array(arena, double, size *HISTORY),
                  .changes = arena_new_array(arena, double, size *HISTORY) };
    double loss = loss_at(fit, weights, d.gradient);
    for (int round = 0; round < ROUNDS_MAX && !is_flat(d.gradient, size); round++) {
        find_direction(fit, &d);
        if (!step_down(fit, &d, &loss))
            return;
        remember(fit, &d);
    }
}

float *head_train(Arena *arena, const HeadData *data)
{
    size_t width = data->dims + 1;
    float *head = arena_new_array(arena, float, data->label_count *width);
    AUTO_ARENA Arena *work = arena_new(GB(1));
    Fit fit = { .data = data,
                .rows = arena_new_array(work, double, data->count *width),
                .width = width,
                .size = data->label_count * width,
                .penalty = 1 / (data->strength > 0 ? data->strength : 1),
                .logits = arena_new_array(work, double, data->label_count) };
    for (size_t i = 0; i < data->count; i++) {
        for (size_t k = 0; k < data->dims; k++)
            fit.rows[i * width + k] = data->vectors[i * data->dims + k];
        fit.rows[i * width + data->dims] = 1;
    }
    double *weights = arena_new_array(work, double, fit.size);
    descend(work, &fit, weights);
    for (size_t i = 0; i < fit.size; i++)
        head[i] = (float)weights[i];
    return head;
}

void head_apply(const float *head, size_t label_count, size_t dims, const float *vector,
                double *logits)
{
    for (size_t l = 0; l < label_count; l++) {
        const float *label = head + l * (dims + 1);
        double sum = label[dims];
        for (size_t k = 0; k < dims; k++)
            sum += (double)label[k] * vector[k];
        logits[l] = sum;
    }
}
