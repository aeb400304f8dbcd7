/* classification_batches_api.c - many documents and texts classified in the background. */
#include "api/api.h"
#include "classify/labels.h"
#include "store/recipes_store.h"

#define RESULTS_SHOWN 100 /* of a batch in one answer; more by parts */

typedef struct BatchWork {
    ApiRequest *request;
    Str set, workflow, collection; /* by id or name; collection: by id */
    ClassificationBatch batch;
    ClassificationBatchList list;
    ClassificationItem *items;
    size_t count;
    Str state; /* of the items that are shown */
    Slice slice;
    ClassificationItemList done, failed;
} BatchWork;

/* --- Showing --- */

static void put_failure(JsonWriter *json, Str code, Str message)
{
    put_object(json, "error");
    put_text(json, "code", code);
    put_text(json, "message", message);
    put_end(json);
}

static void put_batch(JsonWriter *json, const ClassificationBatch *batch)
{
    int64_t over = batch->done + batch->failed + batch->cancelled;
    put_text(json, "id", batch->id);
    put_text(json, "state", batch->state);
    put_text_or_null(json, "label_set", batch->set);
    put_text_or_null(json, "workflow", batch->workflow);
    if (batch->workflow_version)
        put_int(json, "workflow_version", batch->workflow_version);
    put_int(json, "total", batch->total);
    put_int(json, "done", batch->done);
    put_int(json, "failed", batch->failed);
    put_int(json, "cancelled", batch->cancelled);
    put_number(json, "progress", batch->total ? (double)over / (double)batch->total : 1);
    put_text_or_null(json, "user", batch->user);
    put_time(json, "created_at", batch->created_at_ms);
    put_time(json, "finished_at", batch->finished_at_ms);
    if (batch->error_code.length)
        put_failure(json, batch->error_code, batch->error);
}

static void put_item(JsonWriter *json, const ClassificationItem *item)
{
    put_object(json, NULL);
    put_int(json, "number", item->number);
    put_text_or_null(json, "document", item->document);
    put_text(json, "state", item->state);
    if (item->result.length)
        put_raw(json, "result", item->result);
    if (item->error_code.length)
        put_failure(json, item->error_code, item->error);
    put_end(json);
}

static void put_items(JsonWriter *json, const char *name, const ClassificationItemList *list)
{
    put_array(json, name);
    for (size_t i = 0; i < list->count; i++)
        put_item(json, &list->at[i]);
    put_end(json);
}

/* With the first results and failures: more are read by parts. */
static bool answer_batch(const BatchWork *work, bool is_assistant, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    if (is_assistant) {
        put_bool(&json, "success", true);
        put_text(&json, "batch_id", work->batch.id);
        put_text(&json, "status", work->batch.state);
    }
    put_batch(&json, &work->batch);
    put_items(&json, "results", &work->done);
    put_items(&json, "failures", &work->failed);
    put_end(&json);
    return true;
}

static bool answer_one(const void *argument, HttpResponse *response)
{
    return answer_batch(argument, false, response);
}

static bool answer_assistant(const void *argument, HttpResponse *response)
{
    return answer_batch(argument, true, response);
}

/* --- Starting --- */

static bool read_document(Str id, ClassificationItem *item, Error *err)
{
    item->document = str_trim(id);
    return item->document.length > 0 ||
           fail_field(err, "documents", "a document is named by its id");
}

/* An id, or {document} or {text}. */
static bool read_item(Arena *arena, const json_t *json, ClassificationItem *item, Error *err)
{
    if (json_is_string(json))
        return read_document(
            str_copy(arena, (Str){ json_string_value(json), json_string_length(json) }), item, err);
    if (!json_read(json, arena,
                   JSON_FIELDS({ "document", JSON_STR, &item->document, .length_max = 64 },
                               { "id", JSON_STR, &item->document, .length_max = 64 },
                               { "document_id", JSON_STR, &item->document, .length_max = 64 },
                               { "text", JSON_STR, &item->text, .length_max = MB(1) },
                               { "content", JSON_STR, &item->text, .length_max = MB(1) }),
                   err))
        return false;
    if (item->text.length && !item->document.length)
        return true;
    return (!item->text.length && read_document(item->document, item, err)) ||
           fail_field(err, "documents", "each is an id, {document} or {text}");
}

static bool read_items(BatchWork *work, const json_t *documents, Error *err)
{
    size_t i, count = json_array_size(documents);
    const json_t *one;
    Arena *arena = work->request->arena;
    if (!count || count > CLASSIFICATION_ITEMS_MAX)
        return fail_field(err, "documents", "'documents' is a list of 1 to %d",
                          CLASSIFICATION_ITEMS_MAX);
    work->items = arena_new_array(arena, ClassificationItem, count);
    json_array_foreach(documents, i, one)
    {
        if (!read_item(arena, one, &work->items[i], err))
            return fail_in(err, "document %zu", i + 1);
    }
    work->count = count;
    return true;
}

static bool read_collection(DbTx *tx, BatchWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Collection collection;
    StrList ids;
    DocumentFilter filter = { .collection = work->collection, .states = 1u << DOCUMENT_READY };
    if (!work->collection.length)
        return true;
    if (!collection_find(tx, request->scope, request->arena, work->collection, &collection, err) ||
        !document_list_ids(tx, request->scope, request->arena, &filter, CLASSIFICATION_ITEMS_MAX,
                           &ids, err))
        return false;
    work->items = arena_new_array(request->arena, ClassificationItem, ids.count);
    work->count = ids.count;
    for (size_t i = 0; i < ids.count; i++)
        work->items[i].document = ids.at[i];
    return ids.count || fail_field(err, "collection", "there is no document in '" STR_FMT "' yet",
                                   STR_ARG(collection.name));
}

/* By what: a set, or a workflow as it is now. */
static bool find_plan(DbTx *tx, BatchWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    LabelSet set;
    Recipe recipe;
    if (work->set.length) {
        if (!label_set_find(tx, request->scope, request->arena, work->set, &set, err))
            return false;
        work->batch.set = set.id;
        work->batch.title = set.name;
        return true;
    }
    if (!recipe_find_either(tx, request->scope, request->arena, S(LABEL_WORKFLOW), work->workflow,
                            &recipe, err))
        return false;
    work->batch.workflow = recipe.id;
    work->batch.title = recipe.name;
    work->batch.workflow_version = recipe.version;
    return true;
}

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    const ApiRequest *request = work->request;
    return find_plan(tx, work, err) && read_collection(tx, work, err) &&
           labels_batch_start(tx, request->scope, request->arena, &work->batch, work->items,
                              work->count, err);
}

static bool start(ApiRequest *request, HttpResponse *response, bool is_assistant, Error *err)
{
    BatchWork work = { .request = request, .batch.id = request->once };
    json_t *documents = NULL;
    if (!api_fields(request, err, { "documents", JSON_ANY, &documents },
                    { "collection", JSON_STR, &work.collection, .length_max = 64 },
                    { "label_set", JSON_STR, &work.set, .length_max = 200 },
                    { "workflow", JSON_STR, &work.workflow, .length_max = 200 }))
        return false;
    if (!documents == !work.collection.length)
        return fail_field(err, "documents", "give either 'documents' or 'collection'");
    if (!work.set.length == !work.workflow.length)
        return fail_field(err, "label_set", "give either 'label_set' or 'workflow'");
    if (documents && !read_items(&work, documents, err))
        return false;
    response->status = 202;
    return api_change(request, response, start_work, is_assistant ? answer_assistant : answer_one,
                      &work, err);
}

bool classification_batches_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    return start(request, response, false, err);
}

bool classify_batch(ApiRequest *request, HttpResponse *response, Error *err)
{
    return start(request, response, true, err);
}

/* --- Looking --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    return classification_batch_list(tx, work->request->scope, work->request->arena, &work->slice,
                                     &work->list, err);
}

bool classification_batches_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    BatchWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_batch(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    const ApiRequest *request = work->request;
    Slice first = { .limit = RESULTS_SHOWN };
    return classification_batch_find(tx, request->scope, request->arena, request->params[0],
                                     &work->batch, err) &&
           classification_item_list(tx, request->scope, request->arena, work->batch.id, S("done"),
                                    &first, &work->done, err) &&
           classification_item_list(tx, request->scope, request->arena, work->batch.id, S("failed"),
                                    &first, &work->failed, err);
}

bool classification_batches_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    BatchWork work = { .request = request };
    return store_read(request->api->db, request->scope, show_work, &work, err) &&
           answer_batch(&work, false, response);
}

static bool items_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    const ApiRequest *request = work->request;
    return classification_batch_find(tx, request->scope, request->arena, request->params[0],
                                     &work->batch, err) &&
           classification_item_list(tx, request->scope, request->arena, work->batch.id, work->state,
                                    &work->slice, &work->done, err);
}

bool classification_batches_results(ApiRequest *request, HttpResponse *response, Error *err)
{
    BatchWork work = { .request = request, .state = http_query(request->http, "state") };
    if (!api_slice_by_key(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, items_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.done.count; i++)
        put_item(&json, &work.done.at[i]);
    api_list_end(&json, work.state.length ? -1 : work.batch.total, work.done.next);
    return true;
}

/* --- Ending --- */

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    const ApiRequest *request = work->request;
    return labels_batch_cancel(tx, request->scope, request->arena, request->params[0], err) &&
           show_work(tx, work, err);
}

bool classification_batches_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    BatchWork work = { .request = request };
    return api_change(request, response, cancel_work, answer_one, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    BatchWork *work = argument;
    const ApiRequest *request = work->request;
    return classification_batch_find(tx, request->scope, request->arena, request->params[0],
                                     &work->batch, err) &&
           (!str_is(work->batch.state, "running") ||
            labels_batch_cancel(tx, request->scope, request->arena, work->batch.id, err)) &&
           classification_batch_remove(tx, request->scope, work->batch.id, err);
}

bool classification_batches_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    BatchWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}
