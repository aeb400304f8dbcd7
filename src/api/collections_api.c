/* collections_api.c - collections and tags. */
#include "api/api.h"
#include "base/clock.h"
#include "store/collections_store.h"
#include "store/documents_store.h"

typedef struct CollectionWork {
    ApiRequest *request;
    Str name, description;
    bool has_name, has_description;
    bool draws_tasks, has_draws_tasks;
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
                    { "draws_tasks", JSON_FLAG, &work->draws_tasks }))
        return false;
    work->has_draws_tasks = json_object_get(request->json, "draws_tasks") != NULL;
    work->has_name = json_object_get(request->json, "name") != NULL;
    work->has_description = json_object_get(request->json, "description") != NULL;
    work->name = str_trim(work->name);
    if (work->has_name && !work->name.length)
        return fail_field(err, "name", "a collection needs a name");
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    CollectionWork *work = argument;
    work->collection = (Collection){ .name = work->name,
                                     .description = work->description,
                                     .draws_tasks_since_ms = work->draws_tasks ? now_ms() : 0 };
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

bool collections_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    CollectionWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
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
