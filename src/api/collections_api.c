/* collections_api.c - collections and tags. */
#include "api/api.h"
#include "base/clock.h"
#include "store/collection_guard.h"
#include "store/collections_store.h"
#include "store/document_access.h"
#include "store/documents_store.h"
#include "store/kept_collections_store.h"

typedef struct CollectionWork {
    ApiRequest *request;
    Str name, description;
    bool has_name, has_description;
    bool draws_tasks, has_draws_tasks;
    int64_t keep_days;
    bool has_keep_days;
    int64_t before_ms, due_count;
    DueDocumentList due;
    Collection collection;
    CollectionList list;
    TagCountList tags;
} CollectionWork;

static void put_collection(JsonWriter *json, const Collection *collection)
{
    put_text(json, "id", collection->id);
    put_text(json, "name", collection->name);
    put_text(json, "description", collection->description);
    put_int(json, "documents", collection->document_count);
    put_bool(json, "draws_tasks", collection->draws_tasks_since_ms > 0);
    put_bool(json, "restricted", collection->is_restricted);
    if (collection->keep_days)
        put_int(json, "keep_days", collection->keep_days);
    else
        put_null(json, "keep_days");
    put_time(json, "created_at", collection->created_at_ms);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    CollectionWork *work = argument;
    return collection_list(tx, work->request->scope, work->request->arena, &work->list, err);
}

bool collections_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    CollectionWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_collection(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.list.count, S(""));
    return true;
}

static bool read_fields(CollectionWork *work, bool name_required, Error *err)
{
    ApiRequest *request = work->request;
    if (!api_fields(request, err,
                    { "name", JSON_STR, &work->name, .required = name_required, .length_max = 200 },
                    { "description", JSON_STR, &work->description, .length_max = 2000 },
                    { "draws_tasks", JSON_FLAG, &work->draws_tasks },
                    { "keep_days", JSON_I64, &work->keep_days, .max = KEEP_DAYS_MAX }))
        return false;
    work->has_keep_days = json_object_get(request->json, "keep_days") != NULL;
    if (work->has_keep_days && !scope_needs(request->scope, ROLE_ADMIN, err))
        return fail_in(err, "keep_days");
    work->has_draws_tasks = json_object_get(request->json, "draws_tasks") != NULL;
    work->has_name = json_object_get(request->json, "name") != NULL;
    work->has_description = json_object_get(request->json, "description") != NULL;
    work->name = str_trim(work->name);
    if (work->has_name && !work->name.length)
        return fail_field(err, "name", "a collection needs a name");
    return true;
}

/* Others than were set begin anew, with a day in which to take that back. */
static void set_keep_days(CollectionWork *work)
{
    Collection *collection = &work->collection;
    if (!work->has_keep_days || work->keep_days == collection->keep_days)
        return;
    collection->keep_days = work->keep_days;
    collection->keep_since_ms = work->keep_days ? now_ms() : 0;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    CollectionWork *work = argument;
    work->collection = (Collection){ .name = work->name,
                                     .description = work->description,
                                     .draws_tasks_since_ms = work->draws_tasks ? now_ms() : 0 };
    set_keep_days(work);
    return collection_add(tx, work->request->scope, work->request->arena, &work->collection, err);
}

static bool write_collection(const void *argument, HttpResponse *response)
{
    const CollectionWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_collection(&json, &work->collection);
    put_end(&json);
    return true;
}

bool collections_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    CollectionWork work = { .request = request };
    if (!read_fields(&work, true, err))
        return false;
    response->status = 201;
    return api_change(request, response, add_work, write_collection, &work, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    CollectionWork *work = argument;
    const Scope *scope = work->request->scope;
    Str id = work->request->params[0];
    if (!collection_find(tx, scope, work->request->arena, id, &work->collection, err))
        return false;
    if (work->has_name)
        work->collection.name = work->name;
    if (work->has_description)
        work->collection.description = work->description;
    bool draws = work->collection.draws_tasks_since_ms > 0;
    if (work->has_draws_tasks && work->draws_tasks != draws)
        work->collection.draws_tasks_since_ms = draws ? 0 : now_ms();
    set_keep_days(work);
    return collection_update(tx, scope, &work->collection, err);
}

bool collections_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    CollectionWork work = { .request = request };
    return read_fields(&work, false, err) &&
           api_change(request, response, change_work, write_collection, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    CollectionWork *work = argument;
    return collection_remove(tx, work->request->scope, work->request->params[0], err);
}

/* --- Documents that follow its sharing still --- */

#define FOLLOW_MS 10000 /* so long the removal waits for them, and helps */

typedef struct Following {
    const ApiRequest *request;
    GuardWalk walk;
} Following;

static bool may_follow_work(DbTx *tx, void *argument, Error *err)
{
    const Following *following = argument;
    const ApiRequest *request = following->request;
    return access_may_change(tx, request->scope, GUARDED_COLLECTION, request->params[0], err);
}

/* What a transaction that is tried again had in it does not count. */
static bool follow_work(DbTx *tx, void *argument, Error *err)
{
    Following *following = argument;
    const ApiRequest *request = following->request;
    GuardWalk walk = following->walk;
    if (!collection_guard_step(tx, request->scope, request->arena, request->params[0], &walk, err))
        return false;
    following->walk = walk;
    return true;
}

/* The job does the same: what one has done, the other passes over. */
static bool let_follow(const ApiRequest *request, Error *err)
{
    Following following = { .request = request };
    int64_t until_ms = monotonic_ms() + FOLLOW_MS;
    if (!store_read(request->api->db, request->scope, may_follow_work, &following, err))
        return false;
    while (!following.walk.is_over && monotonic_ms() < until_ms)
        if (!store_write(request->api->db, request->scope, follow_work, &following, err))
            return false;
    return true;
}

bool collections_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    CollectionWork work = { .request = request };
    return let_follow(request, err) && api_change(request, response, remove_work, NULL, &work, err);
}

/* --- How long documents are kept --- */

#define DUE_SHOWN 100
#define DUE_AHEAD_MS (INT64_C(30) * 24 * 3600 * 1000)

static bool due_work(DbTx *tx, void *argument, Error *err)
{
    CollectionWork *work = argument;
    const ApiRequest *request = work->request;
    return collection_find(tx, request->scope, request->arena, request->params[0],
                           &work->collection, err) &&
           kept_collection_due(tx, request->scope, request->arena, &work->collection,
                               work->before_ms, DUE_SHOWN, &work->due, &work->due_count, err);
}

bool collections_due(ApiRequest *request, HttpResponse *response, Error *err)
{
    CollectionWork work = { .request = request, .before_ms = now_ms() + DUE_AHEAD_MS };
    if (!store_read(request->api->db, request->scope, due_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.due.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "id", work.due.at[i].id);
        put_text(&json, "name", work.due.at[i].name);
        put_time(&json, "goes_at", work.due.at[i].goes_at_ms);
        put_end(&json);
    }
    api_list_end(&json, work.due_count, STR_NONE);
    return true;
}

static bool tags_work(DbTx *tx, void *argument, Error *err)
{
    CollectionWork *work = argument;
    return document_tags(tx, work->request->scope, work->request->arena, &work->tags, err);
}

bool tags_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    CollectionWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, tags_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.tags.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "tag", work.tags.at[i].tag);
        put_int(&json, "documents", work.tags.at[i].count);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.tags.count, S(""));
    return true;
}
