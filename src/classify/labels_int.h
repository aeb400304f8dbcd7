/* labels_int.h - what the files of labels.h share; for this folder only. */
#pragma once

#include <pthread.h>

#include "classify/labels.h"

#define JOB_LABEL_TRAIN "label_train"
#define JOB_LABEL_DOCUMENT "label_document"
#define JOB_LABEL_BATCH "label_batch"

struct Labels {
    Db *db;
    Library *library;
    Models *models;
    pthread_mutex_t lock; /* of what follows */
    Arena *arena;         /* of heads of sentiment: one for each model that was used */
    VEC(Classifier *) feelings;
};

/* What a model service says of the text: labels of the set with a quote that stands in it. */
typedef struct ModelSaid {
    uint16_t labels[CLASSIFY_LABELS_MAX];
    size_t count;
    double confidence;
    size_t start, end;
    Str model;
} ModelSaid;
MUST_CHECK bool labels_ask_model(Labels *labels, const Scope *scope, Arena *arena,
                                 const ClassifyLabel *names, size_t count, bool is_multi, Str text,
                                 ModelSaid *said_r, Error *err);

/* Tells the listener. */
MUST_CHECK bool labels_tell(DbTx *tx, const Scope *scope, Arena *arena, const Classification *said,
                            Error *err);
/* Adds what a stage said to the document's tags, in place of other labels of the set. */
MUST_CHECK bool labels_set_tags(DbTx *tx, const Scope *scope, Arena *arena, const LabelSet *set,
                                Str document, StrList names, Error *err);
