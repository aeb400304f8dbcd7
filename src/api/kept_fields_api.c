/* kept_fields_api.c - values that are kept with their documents: listed, corrected, exported. */
#include "api/api.h"
#include "fields/kept.h"
#include "store/document_fields_store.h"

#define RESULT_MAX MB(8)
#define EXPORT_MAX 1000 /* documents at once */

typedef struct KeptWork {
    ApiRequest *request;
    DocumentFields kept;
    DocumentFieldsList list;
    Str path, collection, result;
    json_t *value;
    Slice slice;
} KeptWork;

/* Of the schema in the path, as values are kept under it. */
static Str name_of(const ApiRequest *request, size_t parameter)
{
    return fields_name(request->arena, request->params[parameter]);
}

/* The kept result with when it was read and changed. */
static void put_kept(JsonWriter *json, const DocumentFields *kept)
{
    put_object(json, NULL);
    put_text(json, "document", kept->document);
    put_text(json, "name", kept->name);
    put_text(json, "file", kept->document_name);
    put_time(json, "created_at", kept->created_at_ms);
    put_time(json, "updated_at", kept->updated_at_ms);
    put_raw(json, "result", kept->result);
    put_end(json);
}

/* --- Of one document --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    const ApiRequest *request = work->request;
    return document_fields_list(tx, request->scope, request->arena, request->params[0], &work->list,
                                err);
}

bool fields_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeptWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++)
        put_kept(&json, &work.list.at[i]);
    api_list_end(&json, (int64_t)work.list.count, STR_NONE);
    return true;
}

static bool correct_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    const ApiRequest *request = work->request;
    AUTO_JSON json_t *schema = NULL, *result = NULL;
    if (!document_fields_find(tx, request->scope, request->arena, request->params[0],
                              name_of(request, 1), &work->kept, err) ||
        !json_parse(work->kept.schema, RESULT_MAX, &schema, err) ||
        !json_parse(work->kept.result, RESULT_MAX, &result, err) ||
        !kept_correct(request->arena, schema, result, work->path, work->value, err))
        return false;
    work->kept.result = fields_print(request->arena, result);
    return document_fields_save(tx, request->scope, &work->kept, err);
}

bool fields_correct(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeptWork work = { .request = request };
    work.value = json_object_get(request->json, "value");
    if (!work.value)
        return fail_field(err, "value", "'value' is missing; null takes the value away");
    if (!api_fields(request, err,
                    { "path", JSON_STR, &work.path, .required = true, .length_max = 200 },
                    { "value", JSON_ANY, &work.value }) ||
        !store_write(request->api->db, request->scope, correct_work, &work, err))
        return false;
    buf_add(&response->body, work.kept.result);
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const KeptWork *work = argument;
    const ApiRequest *request = work->request;
    return document_fields_remove(tx, request->scope, request->params[0], name_of(request, 1), err);
}

bool fields_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeptWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}

/* --- Of many --- */

static bool export_work(DbTx *tx, void *argument, Error *err)
{
    KeptWork *work = argument;
    const ApiRequest *request = work->request;
    return document_fields_list_named(tx, request->scope, request->arena, name_of(request, 0),
                                      work->collection, &work->slice, &work->list, err);
}

/* The columns are those of the first document's schema. */
static bool put_table(const KeptWork *work, Str list, Buf *out, Error *err)
{
    Arena *arena = work->request->arena;
    AUTO_JSON json_t *results = json_array();
    AUTO_JSON json_t *schema = NULL;
    KeptRow *rows = arena_new_array(arena, KeptRow, work->list.count);
    const FieldNode *root;
    if (!json_parse(work->list.at[0].schema, RESULT_MAX, &schema, err) ||
        !fields_schema(arena, schema, &root, err))
        return false;
    for (size_t i = 0; i < work->list.count; i++) {
        json_t *result;
        if (!json_parse(work->list.at[i].result, RESULT_MAX, &result, err))
            return false;
        json_array_append_new(results, result);
        rows[i] = (KeptRow){ work->list.at[i].document, work->list.at[i].document_name,
                             json_object_get(result, "values") };
    }
    kept_table(out, root, rows, work->list.count, list);
    return true;
}

bool fields_export(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeptWork work = { .request = request, .collection = http_query(request->http, "collection") };
    Str format = http_query(request->http, "format"), list = http_query(request->http, "list");
    bool is_table = str_is(format, "csv");
    if (format.length && !is_table && !str_is(format, "json"))
        return fail_field(err, "format", "'format' is json or csv");
    if (!api_slice(request, &work.slice, err))
        return false;
    if (is_table)
        work.slice.limit = EXPORT_MAX;
    if (!store_read(request->api->db, request->scope, export_work, &work, err))
        return false;
    if (is_table) {
        response->media_type = S("text/csv; charset=utf-8");
        http_header(response, "Content-Disposition",
                    str_format(request->arena, "attachment; filename=\"" STR_FMT ".csv\"",
                               STR_ARG(name_of(request, 0))));
        return !work.list.count || put_table(&work, list, &response->body, err);
    }
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++)
        put_kept(&json, &work.list.at[i]);
    api_list_end(&json, -1, work.list.next);
    return true;
}
