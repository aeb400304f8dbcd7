/* labels.h - label sets of the workspace at work: on texts, on documents, on many of them.
 *
 *     set + examples --job "label_train"--> classifier, kept with what was measured
 *     text or document --stages--> labels --sure--> done
 *                                     \--below the threshold--> a person: confirm, correct
 *                                                                  \--> example, learned from
 *
 * Who is asked is the set's choice: the encoder, the workspace's model service (which must quote
 * the text, and is not believed otherwise), or "auto": the encoder where a head was trained from
 * examples, else the service where there is one. A text is data: its words change neither which set
 * or stage is run, nor, as far as planted.h sees them, its label.
 *
 * Threads: any. */
#pragma once

#include "classify/classify.h"
#include "classify/report.h"
#include "classify/stages.h"
#include "encode/encode_queue.h"
#include "jobs/job_queue.h"
#include "library/library.h"
#include "models/models.h"
#include "store/classification_batches_store.h"
#include "store/classifications_store.h"
#include "store/label_sets_store.h"

typedef struct Labels Labels;

#define LABEL_TEXT_MAX MB(1)    /* of a document; what is behind it is not read */
#define LABEL_EXAMPLE_MAX KB(8) /* of an example's text */

Labels *labels_new(Db *db, Library *library, Models *models);
void labels_free(Labels *labels);

/* The encoder in use. ERROR_NOT_FOUND: there is none. */
MUST_CHECK bool labels_embedder(Labels *labels, EncodePriority priority, Arena *arena,
                                Embedder *embedder_r, Error *err);
/* Sentiment by meaning, learned once for a model; NULL when that fails. */
const Classifier *labels_feeling(Labels *labels, const Embedder *embedder);

/* --- Sets --- */

/* JSON as people write it, checked: names, or objects with name and description; as it is stored.
 */
MUST_CHECK bool labels_read_list(Arena *arena, const json_t *json, bool is_multi, Str *labels_r,
                                 Error *err);
/* What the stored text says. */
MUST_CHECK bool labels_of_set(Arena *arena, const LabelSet *set, ClassifyLabel **labels_r,
                              size_t *count_r, Error *err);
/* Names of the set alone, in a JSON array to be stored: one where the set is single. */
MUST_CHECK bool labels_read_names(Arena *arena, const LabelSet *set, json_t *json, Str *names_r,
                                  Error *err);
StrList labels_names(Arena *arena, Str json);
/* After each change of labels or examples, in its transaction: queues the training when enough has
 * changed since the last. */
MUST_CHECK bool labels_changed(DbTx *tx, const Scope *scope, Arena *arena, Str set, Error *err);
/* Trains it now, and keeps what was learned. */
MUST_CHECK bool labels_train(Labels *labels, const Scope *scope, EncodePriority priority,
                             Arena *arena, Str set, const ClassifyProgress *progress,
                             Classifier *classifier_r, Error *err);
/* The classifier as it is kept, trained now when there is none for these labels and this encoder.
 */
MUST_CHECK bool labels_classifier(Labels *labels, const Scope *scope, const Embedder *embedder,
                                  EncodePriority priority, Arena *arena, const LabelSet *set,
                                  Classifier *classifier_r, Error *err);

/* --- Texts --- */

typedef struct LabelSource {
    Str text, hash;
    Document document;     /* id empty: it is a text */
    const StopCheck *stop; /* of what is said of it; may be NULL */
} LabelSource;

MUST_CHECK bool labels_read_document(Labels *labels, const Scope *scope, Arena *arena, Str id,
                                     LabelSource *source_r, Error *err);
LabelSource labels_of_text(Arena *arena, Str text);

typedef struct LabelRunStage {
    Str name;
    bool is_skipped; /* its condition did not hold */
    LabelSet set;
    SaidLabels said;
    Classification kept; /* id empty: it was not */
} LabelRunStage;

typedef struct LabelRun {
    LabelRunStage at[STAGES_MAX];
    size_t count;
} LabelRun;

/* Stage by stage. What was said is kept, all of it or nothing. */
MUST_CHECK bool labels_run(Labels *labels, const Scope *scope, EncodePriority priority,
                           Arena *arena, const StageList *stages, const LabelSource *source,
                           bool is_kept, LabelRun *run_r, Error *err);
/* Keeps what a run with is_kept false said, in the caller's transaction. */
MUST_CHECK bool labels_keep(DbTx *tx, const Scope *scope, Arena *arena, const LabelSource *source,
                            LabelRun *run, Error *err);
/* "stages": an array of what each said (report_put_labels), or that it was skipped. */
void labels_put_stages(JsonWriter *json, Str text, const LabelRun *run);
/* That, and of the last stage that was not skipped: label_set, its labels and the classification
 * that was kept. */
void labels_put_run(JsonWriter *json, Str text, const LabelRun *run);
void labels_put_classification(JsonWriter *json, const Classification *classification);

/* --- People --- */

/* A person says what it is (`names` as stored; empty: as it was said): kept, learned from, and the
 * document's tags follow where the set has it so. */
MUST_CHECK bool labels_decide(DbTx *tx, const Scope *scope, Arena *arena, Str classification,
                              json_t *names, Classification *decided_r, Error *err);

/* What a document was said to be, surely, or by a person: in the transaction that keeps it. One
 * listener for the whole program, set before anything is said; not told of labels_keep(). */
typedef bool LabelsSaid(DbTx *tx, const Scope *scope, Arena *arena, const Classification *said,
                        Error *err);
void labels_set_listener(LabelsSaid *listener);

/* --- Many --- */

/* A batch of these items with a set or the stages of a workflow (recipes of kind
 * LABEL_WORKFLOW), and its job. With batch->id said, the batch of this id when there is one. */
#define LABEL_WORKFLOW "classification workflow"
MUST_CHECK bool labels_batch_start(DbTx *tx, const Scope *scope, Arena *arena,
                                   ClassificationBatch *batch, const ClassificationItem *items,
                                   size_t count, Error *err);
MUST_CHECK bool labels_batch_cancel(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err);

/* LibraryOptions.on_ready: queues a document whose collection has label sets. */
MUST_CHECK bool labels_document_ready(DbTx *tx, const Scope *scope, Arena *arena,
                                      const Document *document, Error *err);

/* Ends the batch with its job. */
JobCancel labels_batch_cancel_job;
/* Their argument is the Labels. */
JobHandler labels_train_job, labels_document_job, labels_batch_job;
