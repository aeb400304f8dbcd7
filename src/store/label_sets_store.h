/* label_sets_store.h - the tables `label_sets`, `label_examples` and `label_trainings`: labels that
 * are learned from examples.
 *
 * Each change of labels or examples makes another revision; the classifier says of which one it was
 * made. They belong to the workspace: everybody reads them. */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

#define LABEL_SETS_MAX 200
#define LABEL_EXAMPLES_MAX 20000 /* of a set */
#define LABEL_TRAININGS_MAX 200  /* of a set: older ones are forgotten */

typedef struct LabelSet {
    Str id, user, name, description;
    Str labels; /* JSON array of {name, description}, for the owner to read */
    bool is_multi;
    double precision_wanted; /* of what is said without asking a person */
    double threshold;        /* below it a person is asked; 0: as measured */
    Str asks;                /* "auto", "encoder", "model" */
    Str collection;          /* id; empty: none */
    bool sets_tags;
    int64_t revision, trained_revision; /* trained 0: never */
    int64_t example_count;              /* read, never written */
    int64_t asked_count;                /* likewise: waits for a person */
    int64_t created_at_ms, updated_at_ms;
} LabelSet;

typedef struct LabelSetList {
    LabelSet *at;
    size_t count;
} LabelSetList;

/* Adds it with a new id. ERROR_CONFLICT: the name is taken, or there are LABEL_SETS_MAX. */
MUST_CHECK bool label_set_add(DbTx *tx, const Scope *scope, Arena *arena, LabelSet *set,
                              Error *err);
/* By id or by name; letter case does not matter. */
MUST_CHECK bool label_set_find(DbTx *tx, const Scope *scope, Arena *arena, Str id_or_name,
                               LabelSet *set_r, Error *err);
/* By name; `collection` empty: all. */
MUST_CHECK bool label_set_list(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                               LabelSetList *list_r, Error *err);
/* Saves what people set; other labels, or another kind of set, make another revision. */
MUST_CHECK bool label_set_update(DbTx *tx, const Scope *scope, Arena *arena, LabelSet *set,
                                 Error *err);
/* With its examples, trainings and classifications. */
MUST_CHECK bool label_set_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* --- Examples --- */

typedef struct LabelExample {
    Str id, text;
    Str labels;   /* JSON array of names */
    Str source;   /* "given", "confirmed", "corrected" */
    Str document; /* id; empty: of none */
    Str user;
    int64_t created_at_ms;
} LabelExample;

typedef struct LabelExampleList {
    LabelExample *at;
    size_t count;
    Str next;
} LabelExampleList;

/* The text's example from now on: one that is there gets these labels. Sets its id. ERROR_CONFLICT:
 * there are LABEL_EXAMPLES_MAX. */
MUST_CHECK bool label_example_set(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                                  LabelExample *example, Error *err);
/* Newest first; no slice: all of them, oldest first. */
MUST_CHECK bool label_example_list(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                                   const Slice *slice, LabelExampleList *list_r, Error *err);
MUST_CHECK bool label_example_remove(DbTx *tx, const Scope *scope, Str set, Str id, Error *err);

/* --- What was learned --- */

/* Bytes of the classifier; empty: none was trained. */
MUST_CHECK bool label_set_classifier(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                     Str *bytes_r, Error *err);

typedef struct LabelTraining {
    Str way; /* "zero-shot", "nearest", "head" */
    int64_t examples, folds;
    double accuracy, macro_f1, calibration_error, threshold;
    int64_t trained_at_ms;
} LabelTraining;

typedef struct LabelTrainingList {
    LabelTraining *at;
    size_t count;
} LabelTrainingList;

/* Keeps the classifier of that revision, and what was measured; one of a later revision that is
 * there already stays. */
MUST_CHECK bool label_set_trained(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  int64_t revision, Str classifier, const LabelTraining *training,
                                  Error *err);
/* Oldest first. */
MUST_CHECK bool label_training_list(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                                    LabelTrainingList *list_r, Error *err);
