/* train.c - a classifier from labels and examples, and how well it does on those left out. */
#include <math.h>

#include "base/map.h"
#include "classify/classify_int.h"
#include "classify/head.h"
#include "text/planted.h"

#define FOLDS 5
#define MEASURED_LEAST 8 /* examples; fewer say nothing of the next one */
#define EMBED_BATCH 64   /* examples a call */
/* Where nothing could be measured: of the open halves of bench/classify/topics.tsv and intents.tsv
 * nine in ten that reach it are right. */
#define THRESHOLD_UNMEASURED 0.75
#define STRENGTHS_TRIED_MAX 2000 /* examples; with more of them the strength hardly matters */
static const double strengths[] = { 1, 10, 100 };

typedef struct Training {
    const Embedder *embedder;
    Arena *arena;
    const ClassifySet *set;
    const ClassifyProgress *progress;
    Classifier *to;
    float *vectors;  /* [example_count][dims], means of the examples' pieces */
    double *targets; /* [example_count][label_count] */
    double *logits;  /* of each example by what was trained without it */
} Training;

static bool tell(const Training *t, double done, const char *what, Error *err)
{
    if (!t->progress || t->progress->step(t->progress->self, done, what))
        return true;
    return fail(err, ERROR_CANCELLED, "training was stopped");
}

/* --- What is given --- */

static bool check_labels(Arena *arena, const ClassifySet *set, Error *err)
{
    Map names = map_new(arena);
    size_t least = set->is_multi ? 1 : 2;
    if (set->label_count < least || set->label_count > CLASSIFY_LABELS_MAX)
        return fail_field(err, "labels", "a label set has %zu to %d labels, not %zu", least,
                          CLASSIFY_LABELS_MAX, set->label_count);
    for (size_t l = 0; l < set->label_count; l++) {
        bool is_new;
        if (!str_trim(set->labels[l].name).length)
            return fail_field(err, "labels", "label %zu has no name", l + 1);
        map_add(&names, set->labels[l].name, &is_new);
        if (!is_new)
            return fail_field(err, "labels", "two labels are named '" STR_FMT "'",
                              STR_ARG(set->labels[l].name));
    }
    return true;
}

static bool check_examples(const ClassifySet *set, Error *err)
{
    if (set->example_count > CLASSIFY_EXAMPLES_MAX)
        return fail_field(err, "examples", "a label set learns from at most %d examples, not %zu",
                          CLASSIFY_EXAMPLES_MAX, set->example_count);
    for (size_t i = 0; i < set->example_count; i++) {
        const ClassifyExample *example = &set->examples[i];
        if (!set->is_multi && example->label_count != 1)
            return fail_field(err, "examples", "example %zu has %zu labels, not one", i + 1,
                              example->label_count);
        for (size_t k = 0; k < example->label_count; k++)
            if (example->labels[k] >= set->label_count)
                return fail_field(err, "examples", "example %zu has label %d of %zu", i + 1,
                                  example->labels[k] + 1, set->label_count);
    }
    return true;
}

static void copy_labels(Training *t)
{
    ClassifyLabel *labels = arena_new_array(t->arena, ClassifyLabel, t->set->label_count);
    for (size_t l = 0; l < t->set->label_count; l++)
        labels[l] = (ClassifyLabel){ str_copy(t->arena, t->set->labels[l].name),
                                     str_copy(t->arena, t->set->labels[l].description) };
    t->to->labels = labels;
}

/* --- Vectors of the examples --- */

/* Examples come of documents too, with sentences that speak to the classifier. */
static bool embed_batch(Training *t, size_t first, size_t count, Error *err)
{
    Piece pieces[PIECES_OF_EXAMPLE];
    Str texts[EMBED_BATCH * PIECES_OF_EXAMPLE];
    size_t ends[EMBED_BATCH], total = 0, dims = t->to->dims;
    float *vectors;
    AUTO_ARENA Arena *work = arena_new(MB(64));
    for (size_t i = 0; i < count; i++) {
        Str text = planted_blank(work, t->set->examples[first + i].text);
        size_t found = pieces_make(text, PIECES_OF_EXAMPLE, pieces);
        if (!found) { /* nothing but that: what it says is what there is */
            text = t->set->examples[first + i].text;
            found = pieces_make(text, PIECES_OF_EXAMPLE, pieces);
        }
        for (size_t p = 0; p < found; p++)
            texts[total++] = str_slice(text, pieces[p].start, pieces[p].end);
        if (!found)
            return fail_field(err, "examples", "example %zu has no text", first + i + 1);
        ends[i] = total;
    }
    if (!t->embedder->embed(t->embedder->self, work, texts, total, &vectors, &dims, err))
        return fail_in(err, "reading the examples");
    for (size_t i = 0, start = 0; i < count; start = ends[i++])
        vector_mean(vectors + start * dims, ends[i] - start, dims, t->vectors + (first + i) * dims);
    return true;
}

static bool embed_examples(Training *t, Error *err)
{
    size_t count = t->set->example_count;
    t->vectors = arena_new_array(t->arena, float, count * t->to->dims);
    for (size_t first = 0; first < count; first += EMBED_BATCH)
        if (!tell(t, 0.7 * (double)first / (double)count, "reading the examples", err) ||
            !embed_batch(t, first, MIN(count - first, (size_t)EMBED_BATCH), err))
            return false;
    return true;
}

static void set_targets(Training *t)
{
    const ClassifySet *set = t->set;
    t->targets = arena_new_array(t->arena, double, set->example_count * set->label_count);
    for (size_t i = 0; i < set->example_count; i++)
        for (size_t k = 0; k < set->examples[i].label_count; k++)
            t->targets[i * set->label_count + set->examples[i].labels[k]] = 1;
}

/* A head needs examples of every label: one without would never be said. */
static ClassifyWay way_for(const ClassifySet *set)
{
    size_t counts[CLASSIFY_LABELS_MAX] = { 0 };
    for (size_t i = 0; i < set->example_count; i++)
        for (size_t k = 0; k < set->examples[i].label_count; k++)
            counts[set->examples[i].labels[k]]++;
    for (size_t l = 0; l < set->label_count; l++)
        if (counts[l] < 2)
            return set->example_count ? CLASSIFY_NEAREST : CLASSIFY_ZERO_SHOT;
    return set->example_count < CLASSIFY_HEAD_EXAMPLES ? CLASSIFY_NEAREST : CLASSIFY_HEAD;
}

/* One row for each label that an example has. */
static void keep_nearest(Training *t)
{
    const ClassifySet *set = t->set;
    size_t rows = 0, dims = t->to->dims;
    for (size_t i = 0; i < set->example_count; i++)
        rows += set->examples[i].label_count;
    float *vectors = arena_new_array(t->arena, float, rows *dims);
    uint16_t *labels = arena_new_array(t->arena, uint16_t, rows);
    rows = 0;
    for (size_t i = 0; i < set->example_count; i++)
        for (size_t k = 0; k < set->examples[i].label_count; k++, rows++) {
            memcpy(vectors + rows * dims, t->vectors + i * dims, dims * sizeof(float));
            labels[rows] = set->examples[i].labels[k];
        }
    t->to->examples = vectors;
    t->to->example_labels = labels;
    t->to->example_count = rows;
}

/* --- Folds --- */

/* The examples of each label go round the folds, so that each has its share of every label. */
static uint8_t *fold_of_each(const Training *t)
{
    uint8_t *folds = arena_new_array(t->arena, uint8_t, t->set->example_count);
    size_t next[CLASSIFY_LABELS_MAX + 1] = { 0 };
    for (size_t i = 0; i < t->set->example_count; i++) {
        const ClassifyExample *example = &t->set->examples[i];
        size_t label = example->label_count ? example->labels[0] : CLASSIFY_LABELS_MAX;
        folds[i] = (uint8_t)((next[label]++ + label) % FOLDS);
    }
    return folds;
}

static float *train_without(const Training *t, Arena *work, const uint8_t *folds, int fold,
                            double strength)
{
    size_t dims = t->to->dims, labels = t->set->label_count, count = 0;
    float *vectors = arena_new_array(work, float, t->set->example_count *dims);
    double *targets = arena_new_array(work, double, t->set->example_count *labels);
    for (size_t i = 0; i < t->set->example_count; i++) {
        if (folds[i] == fold)
            continue;
        memcpy(vectors + count * dims, t->vectors + i * dims, dims * sizeof(float));
        memcpy(targets + count * labels, t->targets + i * labels, labels * sizeof(double));
        count++;
    }
    HeadData data = { vectors, count, dims, targets, labels, t->set->is_multi, strength };
    return head_train(work, &data);
}

/* Fills logits; returns how surprised the heads are by what they were not trained on. */
static double cross_validate(const Training *t, const uint8_t *folds, double strength,
                             double *logits)
{
    size_t labels = t->set->label_count;
    double surprise = 0;
    for (int fold = 0; fold < FOLDS; fold++) {
        AUTO_ARENA Arena *work = arena_new(GB(1));
        const float *head = train_without(t, work, folds, fold, strength);
        for (size_t i = 0; i < t->set->example_count; i++)
            if (folds[i] == fold)
                head_apply(head, labels, t->to->dims, t->vectors + i * t->to->dims,
                           logits + i * labels);
    }
    for (size_t i = 0; i < t->set->example_count; i++) {
        double *p = arena_new_array(t->arena, double, labels);
        memcpy(p, logits + i * labels, labels * sizeof(double));
        if (!t->set->is_multi)
            softmax(p, labels, 1);
        for (size_t l = 0; l < labels; l++) {
            double said = t->set->is_multi ? sigmoid(p[l]) : p[l];
            double right = t->targets[i * labels + l] > 0 ? said : t->set->is_multi ? 1 - said : 1;
            surprise -= log(MAX(right, 1e-12));
        }
    }
    return surprise;
}

static bool train_head(Training *t, Error *err)
{
    const uint8_t *folds = fold_of_each(t);
    size_t values = t->set->example_count * t->set->label_count;
    double *logits = arena_new_array(t->arena, double, values);
    double best = INFINITY, strength = strengths[1];
    bool tries_all = t->set->example_count <= STRENGTHS_TRIED_MAX;
    for (size_t s = 0; s < COUNT(strengths); s++) {
        if (!tries_all && s != 1)
            continue;
        if (!tell(t, 0.7 + 0.08 * (double)s, "trying the examples", err))
            return false;
        double surprise = cross_validate(t, folds, strengths[s], logits);
        if (surprise < best) {
            best = surprise;
            strength = strengths[s];
            memcpy(t->logits, logits, values * sizeof(double));
        }
    }
    if (!tell(t, 0.95, "training", err))
        return false;
    HeadData data = { t->vectors,          t->set->example_count, t->to->dims, t->targets,
                      t->set->label_count, t->set->is_multi,      strength };
    t->to->head = head_train(t->arena, &data);
    t->to->measures.fold_count = FOLDS;
    return true;
}

/* Each example against all others. */
static void try_nearest(Training *t)
{
    size_t dims = t->to->dims;
    for (size_t i = 0; i < t->set->example_count; i++) {
        const float *vector = t->vectors + i * dims;
        classifier_logits(t->to, &(TextVectors){ vector, 1, dims, vector }, i,
                          t->logits + i * t->set->label_count);
    }
    t->to->measures.fold_count = t->set->example_count;
}

/* --- Measures --- */

typedef struct Tally {
    size_t hits, said, there;
} Tally;

static double macro_f1(const Tally *tallies, size_t count)
{
    double sum = 0;
    for (size_t l = 0; l < count; l++)
        if (tallies[l].said + tallies[l].there)
            sum += 2.0 * (double)tallies[l].hits / (double)(tallies[l].said + tallies[l].there);
    return sum / (double)count;
}

static void set_threshold(Training *t, const double *surety, const bool *is_right, size_t count)
{
    ClassifyMeasures *m = &t->to->measures;
    double wanted =
        t->set->wanted_precision > 0 ? t->set->wanted_precision : CLASSIFY_PRECISION_USUAL;
    m->threshold = threshold_for_precision(t->arena, surety, is_right, count, wanted);
    size_t sure = 0, right = 0;
    for (size_t i = 0; i < count; i++)
        if (surety[i] >= m->threshold)
            sure++, right += is_right[i];
    m->sure_share = (double)sure / (double)count;
    m->sure_precision = sure ? (double)right / (double)sure : 0;
}

static void measure_single(Training *t)
{
    size_t count = t->set->example_count, labels = t->set->label_count, hits = 0;
    ClassifyMeasures *m = &t->to->measures;
    uint16_t *right = arena_new_array(t->arena, uint16_t, count);
    double *surety = arena_new_array(t->arena, double, count);
    bool *is_right = arena_new_array(t->arena, bool, count);
    Tally *tallies = arena_new_array(t->arena, Tally, labels);
    uint32_t *confusion = arena_new_array(t->arena, uint32_t, labels * labels);
    for (size_t i = 0; i < count; i++)
        right[i] = t->set->examples[i].labels[0];
    t->to->temperature = temperature_fit(t->logits, right, count, labels);
    for (size_t i = 0; i < count; i++) {
        double *p = t->logits + i * labels;
        size_t said = 0;
        classifier_confide(t->to, p);
        for (size_t l = 1; l < labels; l++)
            said = p[l] > p[said] ? l : said;
        surety[i] = p[said];
        is_right[i] = said == right[i];
        hits += is_right[i];
        confusion[right[i] * labels + said]++;
        tallies[said].said++;
        tallies[right[i]].there++;
        tallies[said].hits += is_right[i];
    }
    m->accuracy = (double)hits / (double)count;
    m->macro_f1 = macro_f1(tallies, labels);
    m->confusion = confusion;
    m->reliability = reliability_of(surety, is_right, count);
    set_threshold(t, surety, is_right, count);
}

static void measure_multi(Training *t)
{
    size_t count = t->set->example_count, labels = t->set->label_count, hits = 0;
    ClassifyMeasures *m = &t->to->measures;
    bool *is_there = arena_new_array(t->arena, bool, count *labels);
    double *confidence = arena_new_array(t->arena, double, count *labels);
    bool *is_right = arena_new_array(t->arena, bool, count *labels);
    double *surety = arena_new_array(t->arena, double, count);
    bool *all_right = arena_new_array(t->arena, bool, count);
    Tally *tallies = arena_new_array(t->arena, Tally, labels);
    for (size_t i = 0; i < count * labels; i++)
        is_there[i] = t->targets[i] > 0;
    t->to->temperature = temperature_fit_binary(t->logits, is_there, count * labels);
    for (size_t i = 0; i < count; i++) {
        surety[i] = 1;
        all_right[i] = true;
        classifier_confide(t->to, t->logits + i * labels);
        for (size_t l = 0, at = i * labels; l < labels; l++, at++) {
            bool said = t->logits[at] >= 0.5;
            confidence[at] = said ? t->logits[at] : 1 - t->logits[at];
            is_right[at] = said == is_there[at];
            hits += is_right[at];
            tallies[l].said += said;
            tallies[l].there += is_there[at];
            tallies[l].hits += said && is_there[at];
            surety[i] = MIN(surety[i], confidence[at]);
            all_right[i] = all_right[i] && is_right[at];
        }
    }
    m->accuracy = (double)hits / (double)(count * labels);
    m->macro_f1 = macro_f1(tallies, labels);
    m->reliability = reliability_of(confidence, is_right, count * labels);
    set_threshold(t, surety, all_right, count);
}

/* --- All of it --- */

static bool learn(Training *t, Error *err)
{
    const ClassifySet *set = t->set;
    t->to->way = way_for(set);
    if (t->to->way == CLASSIFY_ZERO_SHOT)
        return true;
    set_targets(t);
    if (!embed_examples(t, err))
        return false;
    t->logits = arena_new_array(t->arena, double, set->example_count * set->label_count);
    bool is_measured = t->to->way == CLASSIFY_HEAD;
    if (is_measured) {
        if (!train_head(t, err))
            return false;
    } else {
        keep_nearest(t);
        is_measured = !set->is_multi && set->example_count >= MEASURED_LEAST;
        if (is_measured)
            try_nearest(t);
    }
    if (is_measured && set->is_multi)
        measure_multi(t);
    else if (is_measured)
        measure_single(t);
    return tell(t, 1, "trained", err);
}

bool classifier_train(const Embedder *embedder, Arena *arena, const ClassifySet *set,
                      const ClassifyProgress *progress, Classifier *classifier_r, Error *err)
{
    float *vectors, *means;
    Classifier made = { .is_multi = set->is_multi,
                        .label_count = set->label_count,
                        .temperature = 1 };
    Training t = { embedder, arena, set, progress, .to = &made };
    made.measures = (ClassifyMeasures){ .example_count = set->example_count,
                                        .threshold = THRESHOLD_UNMEASURED };
    if (!check_labels(arena, set, err) || !check_examples(set, err))
        return false;
    copy_labels(&t);
    made.model = str_copy(arena, embedder->model);
    if (!label_vectors(embedder, arena, made.labels, made.label_count, &vectors, &means, &made.dims,
                       err))
        return fail_in(err, "reading the labels");
    made.label_vectors = vectors;
    made.label_means = means;
    if (!learn(&t, err))
        return false;
    *classifier_r = made;
    return true;
}
