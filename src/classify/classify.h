/* classify.h - which labels a text has: learned from examples, or from the labels' own words.
 *
 *     labels + examples -> classifier_train() -> Classifier -> classifier_pack() -> bytes
 *     text -> classify() -> labels with calibrated confidence, and the place that says so
 *
 * Without examples a text is compared with what the labels say (zero-shot); with a few also with
 * its nearest examples; from CLASSIFY_HEAD_EXAMPLES on a logistic head is trained on the vectors
 * (head.h). Whatever the way, confidence is calibrated on examples that were left out of
 * training where there are enough, and `is_sure` says whether it reaches the threshold
 * that the wanted precision asks for.
 *
 * A text only ever is data: its words are compared, never followed. Everything lives in the
 * caller's arena and is pure but for the embedder; any thread. */
#pragma once

#include "base/base.h"
#include "classify/calibrate.h"

#define CLASSIFY_LABELS_MAX 200
#define CLASSIFY_EXAMPLES_MAX 20000
#define CLASSIFY_HEAD_EXAMPLES 20
#define CLASSIFY_PRECISION_USUAL 0.9

/* Unit vectors of texts. classify_embedder() (embedder.h) makes one of an encoder. */
typedef struct Embedder {
    MUST_CHECK bool (*embed)(void *self, Arena *arena, const Str *texts, size_t count,
                             float **vectors_r, size_t *dims_r, Error *err);
    void *self;
    Str model; /* its name: a classifier made with another is refused */
} Embedder;

typedef struct ClassifyLabel {
    Str name;        /* unique in its set */
    Str description; /* "" : only the name speaks */
} ClassifyLabel;

typedef struct ClassifyExample {
    Str text;
    const uint16_t *labels; /* indexes; more than one, or none, only where the set is_multi */
    size_t label_count;
} ClassifyExample;

typedef struct ClassifySet {
    const ClassifyLabel *labels;
    size_t label_count;
    const ClassifyExample *examples; /* may be none */
    size_t example_count;
    bool is_multi;           /* a text may have several labels, or none */
    double wanted_precision; /* 0: CLASSIFY_PRECISION_USUAL */
} ClassifySet;

typedef enum ClassifyWay { CLASSIFY_ZERO_SHOT, CLASSIFY_NEAREST, CLASSIFY_HEAD } ClassifyWay;
const char *classify_way_name(ClassifyWay way); /* "zero-shot", "nearest", "head" */

/* What was measured on examples that each fold was not trained on. */
typedef struct ClassifyMeasures {
    size_t example_count, fold_count; /* folds 0: too few examples, nothing was measured */
    double accuracy;                  /* multi-label: of single decisions */
    double macro_f1;
    const uint32_t *confusion; /* [true][said], label_count squared; NULL when multi-label */
    Reliability reliability;   /* of calibrated confidence */
    double threshold;          /* below it a person is asked */
    double sure_share;         /* of examples that reach it, and how often those are right */
    double sure_precision;
} ClassifyMeasures;

typedef struct Classifier {
    Str model; /* the embedder's */
    ClassifyWay way;
    bool is_multi;
    size_t dims;
    const ClassifyLabel *labels;
    size_t label_count;
    const float *label_vectors; /* [label_count][dims] */
    const float *label_means;   /* how near each label is to any text at all */
    const float *examples;      /* of CLASSIFY_NEAREST: [example_count][dims] */
    const uint16_t *example_labels;
    size_t example_count;
    const float *head; /* of CLASSIFY_HEAD: [label_count][dims + 1], the bias last */
    double temperature;
    ClassifyMeasures measures;
} Classifier;

/* Called with 0..1 as training goes on; false stops it (ERROR_CANCELLED). NULL:
 * nobody asks. */
typedef struct ClassifyProgress {
    bool (*step)(void *self, double done, const char *what);
    void *self;
} ClassifyProgress;

/* ERROR_INVALID names what of the set is wrong; ERROR_NOT_FOUND: there is no encoder. */
MUST_CHECK bool classifier_train(const Embedder *embedder, Arena *arena, const ClassifySet *set,
                                 const ClassifyProgress *progress, Classifier *classifier_r,
                                 Error *err);
/* To be kept, and read again: ERROR_DAMAGED when it is not whole. */
Str classifier_pack(const Classifier *classifier, Arena *arena);
MUST_CHECK bool classifier_unpack(Arena *arena, Str bytes, Classifier *classifier_r, Error *err);

typedef struct ClassifyScore {
    uint16_t label;    /* index */
    double confidence; /* 0..1; of a single-label set they add up to 1 */
} ClassifyScore;

typedef struct ClassifyResult {
    const ClassifyScore *scores; /* of all labels, best first */
    size_t score_count;
    size_t said_count; /* the first so many are said: 1, or those above one half of a multi set */
    double surety;     /* how sure all that is said is together: what the threshold is of */
    bool is_sure;      /* else a person is asked */
    size_t start, end; /* bytes of the text that say the first label most */
} ClassifyResult;

MUST_CHECK bool classify(const Classifier *classifier, const Embedder *embedder, Arena *arena,
                         Str text, ClassifyResult *result_r, Error *err);
