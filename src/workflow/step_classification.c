/* step_classification.c - the labels of the document, or of a text. */
#include "workflow/workflow_int.h"

const char step_classification_takes[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"label_set\":{\"type\":\"string\",\"description\":\"Id or name of a label set\"},"
    "\"stages\":{\"type\":\"string\",\"description\":\"Id or name of a classification workflow: "
    "label sets "
    "in stages\"},"
    "\"labels\":{\"type\":\"array\",\"minItems\":2,\"maxItems\":200,\"items\":{\"type\":\"string\"}"
    ","
    "\"description\":\"Labels of this step alone\"},"
    "\"multi\":{\"type\":\"boolean\",\"description\":\"More than one of `labels` may be said\"},"
    "\"keep\":{\"type\":\"boolean\",\"description\":\"Keep it with the document, for people to "
    "confirm "
    "(true unless said)\"},"
    "\"text\":{\"type\":\"string\",\"description\":\"Instead of the document\"}}}";

typedef struct Made {
    LabelSource source;
    LabelRun run;
} Made;

static void add_said(StepRun *run, const SaidLabels *said)
{
    json_t *labels = json_array();
    for (size_t i = 0; i < said->said_count; i++) {
        Str name = said->labels[said->scores[i].label].name;
        json_array_append_new(labels, json_stringn_nocheck(name.at, name.length));
    }
    json_object_set_new(run->output, "label",
                        json_array_size(labels) ? json_incref(json_array_get(labels, 0))
                                                : json_null());
    json_object_set_new(run->output, "labels", labels);
    json_object_set_new(run->output, "confidence", json_real(said->confidence));
    json_object_set_new(run->output, "sure", json_boolean(said->is_sure));
    json_object_set_new(run->output, "made_by",
                        json_stringn_nocheck(said->made_by.at, said->made_by.length));
}

/* --- Labels of the step alone --- */

static bool by_labels(StepRun *run, const LabelSource *source, Error *err)
{
    StrList names = step_texts(run, "labels");
    ClassifyLabel *labels = arena_new_array(run->arena, ClassifyLabel, names.count);
    ClassifySet set = { .labels = labels,
                        .label_count = names.count,
                        .is_multi = json_is_true(json_object_get(run->with, "multi")) };
    Embedder embedder;
    Classifier classifier;
    ClassifyResult result;
    for (size_t i = 0; i < names.count; i++)
        labels[i].name = names.at[i];
    if (!labels_embedder(run->workflows->options.labels, ENCODE_BULK, run->arena, &embedder, err) ||
        !classifier_train(&embedder, run->arena, &set, NULL, &classifier, err) ||
        !classify(&classifier, &embedder, run->arena, source->text, &result, err))
        return false;
    SaidLabels said = report_said(&classifier, &result);
    add_said(run, &said);
    return true;
}

/* --- Label sets --- */

typedef struct StagesWork {
    StepRun *run;
    Recipe recipe;
} StagesWork;

static bool stages_work(DbTx *tx, void *argument, Error *err)
{
    StagesWork *work = argument;
    return recipe_find_either(tx, &work->run->scope, work->run->arena, S(LABEL_WORKFLOW),
                              step_text(work->run, "stages"), &work->recipe, err);
}

static bool find_stages(StepRun *run, json_t **tree_r, StageList *stages_r, Error *err)
{
    StagesWork work = { .run = run };
    Str set = step_text(run, "label_set");
    if (set.length) {
        *stages_r = (StageList){ .at = { { .name = set, .set = set } }, .count = 1 };
        return true;
    }
    return store_read(run->workflows->options.db, &run->scope, stages_work, &work, err) &&
           json_parse(work.recipe.body, MB(1), tree_r, err) &&
           stages_read(run->arena, json_object_get(*tree_r, "stages"), stages_r, err);
}

static bool by_sets(StepRun *run, Made *made, Error *err)
{
    AUTO_JSON json_t *tree = NULL;
    StageList *stages = arena_new_one(run->arena, StageList);
    json_t *by_stage = json_object();
    json_object_set_new(run->output, "stages", by_stage);
    if (!find_stages(run, &tree, stages, err) ||
        !labels_run(run->workflows->options.labels, &run->scope, ENCODE_BULK, run->arena, stages,
                    &made->source, false, &made->run, err))
        return false;
    for (size_t i = 0; i < made->run.count; i++) {
        const LabelRunStage *stage = &made->run.at[i];
        if (stage->is_skipped)
            continue;
        add_said(run, &stage->said);
        json_object_setn_nocheck(by_stage, stage->name.at, stage->name.length,
                                 json_object_get(run->output, "label"));
    }
    return true;
}

static bool run_classification(StepRun *run, Error *err)
{
    Made *made = arena_new_one(run->arena, Made);
    int said = (json_object_get(run->with, "label_set") != NULL) +
               (json_object_get(run->with, "stages") != NULL) +
               (json_object_get(run->with, "labels") != NULL);
    if (said != 1)
        return fail(err, ERROR_INVALID, "give one of label_set, stages and labels");
    if (!step_source(run, &made->source, err))
        return false;
    run->made = made;
    return json_object_get(run->with, "labels") ? by_labels(run, &made->source, err)
                                                : by_sets(run, made, err);
}

static bool keep_classification(StepRun *run, DbTx *tx, Error *err)
{
    Made *made = run->made;
    Document document;
    if (json_is_false(json_object_get(run->with, "keep")))
        return true;
    /* A document that went since it was read is not classified. */
    return (!made->source.document.id.length || step_document_in(run, tx, &document, err)) &&
           labels_keep(tx, &run->scope, run->arena, &made->source, &made->run, err);
}

const StepType step_classification = { .run = run_classification, .commit = keep_classification };
