/* labels_jobs.c - documents as they come, and batches. */
#include "classify/labels_int.h"
#include "store/api_keys_store.h"
#include "store/people_store.h"
#include "store/recipes_store.h"

#define ITEM_MEMORY_MAX GB(1)
#define RESULT_MAX MB(2)
#define ITEMS_AT_ONCE 50

static StageList stage_of_set(Str set)
{
    return (StageList){ .at = { { .name = set, .set = set } }, .count = 1 };
}

/* --- A new document --- */

bool labels_document_ready(DbTx *tx, const Scope *scope, Arena *arena, const Document *document,
                           Error *err)
{
    LabelSetList sets;
    if (!document->collection.length)
        return true;
    if (!label_set_list(tx, scope, arena, document->collection, &sets, err))
        return false;
    NewJob job = { .type = S(JOB_LABEL_DOCUMENT), .subject = document->id };
    return !sets.count || job_add(tx, scope, arena, &job, NULL, err);
}

typedef struct DocumentWork {
    Job *job;
    Document document;
    LabelSetList sets;
} DocumentWork;

static bool document_work(DbTx *tx, void *argument, Error *err)
{
    DocumentWork *work = argument;
    Arena *arena = work->job->arena;
    const Scope *scope = &work->job->scope;
    return document_find(tx, scope, arena, work->job->subject, &work->document, err) &&
           (!work->document.collection.length ||
            label_set_list(tx, scope, arena, work->document.collection, &work->sets, err));
}

static bool classify_for(Job *job, const LabelSource *source, Str set, Error *err)
{
    Labels *labels = job->argument;
    AUTO_ARENA Arena *arena = arena_new(ITEM_MEMORY_MAX);
    StageList stages = stage_of_set(set);
    LabelRun *run = arena_new_one(arena, LabelRun);
    return labels_run(labels, &job->scope, ENCODE_BULK, arena, &stages, source, true, run, err);
}

/* What cannot be classified (no text, no encoder, gone meanwhile) is left alone. */
static bool is_for_nobody(const Error *err)
{
    return err->code == ERROR_NOT_FOUND || err->code == ERROR_INVALID;
}

bool labels_document_job(Job *job, Error *err)
{
    Labels *labels = job->argument;
    DocumentWork work = { .job = job };
    LabelSource source;
    if (!store_read(job->db, &job->scope, document_work, &work, err))
        return err->code == ERROR_NOT_FOUND;
    if (!labels_read_document(labels, &job->scope, job->arena, job->subject, &source, err))
        return is_for_nobody(err);
    for (size_t i = 0; i < work.sets.count; i++) {
        if (!job_progress(job, "classifying", (int64_t)i, (int64_t)work.sets.count))
            return job_stopped(job, err);
        if (!classify_for(job, &source, work.sets.at[i].id, err) && !is_for_nobody(err))
            return false;
    }
    return true;
}

/* --- Batches --- */

bool labels_batch_start(DbTx *tx, const Scope *scope, Arena *arena, ClassificationBatch *batch,
                        const ClassificationItem *items, size_t count, Error *err)
{
    Str id;
    Error why = { 0 };
    if (batch->id.length) {
        if (classification_batch_find(tx, scope, arena, batch->id, batch, &why))
            return true;
        if (why.code != ERROR_NOT_FOUND)
            return fail(err, why.code, "%s", why.message);
    }
    if (!classification_batch_add(tx, scope, arena, batch, items, count, err))
        return false;
    NewJob job = { .type = S(JOB_LABEL_BATCH),
                   .subject = batch->id,
                   .title = batch->title,
                   .result = batch->set };
    return job_add(tx, scope, arena, &job, &id, err) &&
           classification_batch_set_job(tx, scope, batch->id, id, err);
}

bool labels_batch_cancel(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err)
{
    ClassificationBatch batch;
    Error ignored;
    if (!classification_batch_find(tx, scope, arena, id, &batch, err))
        return false;
    if (!str_is(batch.state, "running"))
        return fail(err, ERROR_CONFLICT, "the batch is over");
    if (!classification_batch_end(tx, scope, id, S("cancelled"), err))
        return false;
    /* Its job may have ended this moment. */
    if (!job_cancel(tx, scope, batch.job, &ignored) && ignored.code != ERROR_CONFLICT &&
        ignored.code != ERROR_NOT_FOUND) {
        *err = ignored;
        return false;
    }
    return true;
}

bool labels_batch_cancel_job(DbTx *tx, const Scope *scope, Arena *arena, const JobRow *job,
                             Error *err)
{
    return labels_batch_cancel(tx, scope, arena, job->subject, err);
}

typedef struct BatchWork {
    Job *job;
    Scope scope; /* of whoever asked for it */
    ClassificationBatch batch;
    json_t *json; /* the workflow's; conditions stay in it */
    StageList stages;
    Error refused; /* why there are none: each item fails with it */
    ClassificationItemList items;
    ClassificationItem *item;
} BatchWork;

static bool find_stages(DbTx *tx, BatchWork *work, Error *err)
{
    RecipeVersion version;
    const ClassificationBatch *batch = &work->batch;
    Arena *arena = work->job->arena;
    if (batch->set.length) {
        work->stages = stage_of_set(batch->set);
        return true;
    }
    return recipe_version_find(tx, &work->scope, arena, batch->workflow, batch->workflow_version,
                               &version, err) &&
           json_parse(version.body, MB(1), &work->json, err) &&
           stages_read(arena, json_object_get(work->json, "stages"), &work->stages, err);
}

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    if (!classification_batch_find(tx, &work->job->scope, work->job->arena, work->job->subject,
                                   &work->batch, err))
        return false;
    if (find_stages(tx, work, &work->refused) || work->refused.code == ERROR_NOT_FOUND)
        return true;
    *err = work->refused;
    return false;
}

/* What waits fails with the reason. */
static void refuse_rest(BatchWork *work, const char *maker)
{
    work->stages.count = 0;
    (void)fail(&work->refused, ERROR_DENIED,
               "%s may not classify here any more: somebody who may has to start it again", maker);
}

/* Whoever made it may still keep what is said: people leave and keys are revoked while a batch
 * runs. */
static bool check_maker(DbTx *tx, BatchWork *work, Error *err)
{
    const ClassificationBatch *batch = &work->batch;
    Role role = ROLE_EDITOR;
    Error why = { 0 };
    if (batch->user.length && !membership_role(tx, &work->scope, batch->user, &role, err))
        return false;
    bool serves = api_key_act(tx, work->job->arena, batch->key, &work->scope, &why);
    if (!serves && why.code != ERROR_DENIED) {
        *err = why;
        return false;
    }
    if (role < ROLE_EDITOR)
        refuse_rest(work, "the person who made this batch");
    else if (!serves)
        refuse_rest(work, "the key that this batch was made with");
    return true;
}

static bool items_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    Slice slice = { .limit = ITEMS_AT_ONCE };
    return check_maker(tx, work, err) &&
           classification_item_list(tx, &work->scope, work->job->arena, work->batch.id,
                                    S("waiting"), &slice, &work->items, err);
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    return job_hold(tx, work->job, err) &&
           classification_item_save(tx, &work->scope, work->batch.id, work->item, err);
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    return classification_batch_end(tx, &work->scope, work->batch.id, S("done"), err) &&
           job_done_in(tx, work->job, err);
}

static bool classify_item(BatchWork *work, Arena *arena, ClassificationItem *item, Error *err)
{
    Labels *labels = work->job->argument;
    LabelSource source = labels_of_text(arena, item->text);
    LabelRun *run = arena_new_one(arena, LabelRun);
    Buf out = buf_new(arena, RESULT_MAX);
    if (!work->stages.count) {
        *err = work->refused;
        return false;
    }
    if (item->document.length &&
        !labels_read_document(labels, &work->scope, arena, item->document, &source, err))
        return false;
    if (!labels_run(labels, &work->scope, ENCODE_BULK, arena, &work->stages, &source, true, run,
                    err))
        return false;
    JsonWriter json = put_begin(&out);
    labels_put_run(&json, source.text, run);
    put_end(&json);
    item->state = S("done");
    item->result = buf_str(&out);
    return true;
}

/* A failure is the item's own, unless trying later may help: then all of it is tried again. */
static bool run_item(BatchWork *work, ClassificationItem *item, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(ITEM_MEMORY_MAX);
    Error why = { 0 };
    work->item = item;
    if (!classify_item(work, arena, item, &why)) {
        if (error_is_temporary(why.code) && work->job->attempt < work->job->attempt_max) {
            *err = why;
            return false;
        }
        item->state = S("failed");
        item->error_code = str(error_name(why.code));
        item->error = str_copy(arena, str(why.message));
    }
    return store_write(work->job->db, &work->job->scope, save_work, work, err);
}

static bool run_items(BatchWork *work, Error *err)
{
    int64_t total = work->batch.total;
    int64_t done = work->batch.done + work->batch.failed;
    do {
        if (!store_read(work->job->db, &work->scope, items_work, work, err))
            return false;
        for (size_t i = 0; i < work->items.count; i++) {
            if (!job_progress(work->job, "classifying", done++, total))
                return job_stopped(work->job, err);
            if (!run_item(work, &work->items.at[i], err))
                return false;
        }
    } while (work->items.count);
    return true;
}

bool labels_batch_job(Job *job, Error *err)
{
    BatchWork work = { .job = job, .scope = job->scope };
    AUTO_JSON json_t *json = NULL;
    bool good = store_read(job->db, &job->scope, begin_work, &work, err);
    json = work.json;
    if (!good)
        return err->code == ERROR_NOT_FOUND; /* removed meanwhile */
    work.scope.user = work.batch.user;
    work.scope.role = ROLE_EDITOR;
    return run_items(&work, err) && store_write(job->db, &job->scope, end_work, &work, err);
}
