/* fields_api.c - values of a schema from documents: read, kept, corrected, put into a table. */
#include "api/api.h"
#include "api/runs.h"
#include "fields/kept.h"
#include "fields/run.h"

#define MEMORY_MAX MB(768)
#define DOCUMENTS_MAX 50 /* in one request */
#define NAME_MAX 100
#define RESULT_MAX MB(4)

typedef struct FieldsWork {
    ApiRequest *request;
    StopCheck client;
    Arena *arena; /* of one document; freed behind it */
    json_t *schema;
    Str schema_text; /* as it is kept */
    Str name;        /* of the schema */
    Str model;
    bool is_saved;
    Str result; /* of the document at hand */
    DocumentFields kept;
} FieldsWork;

/* --- What is asked --- */

static bool read_schema(FieldsWork *work, const json_t *asked, json_t **schema_r, Error *err)
{
    Str said = { json_string_value(asked), json_string_length(asked) };
    if (!json_is_string(asked)) {
        *schema_r = json_incref((json_t *)(uintptr_t)asked);
        if (!work->name.length)
            work->name = fields_name(work->request->arena, json_member_text(asked, "title"));
        work->name = work->name.length ? work->name : S("values");
        return json_is_object(asked) ||
               fail_field(err, "schema",
                          "'schema' is the name of a ready-made one, or a JSON schema");
    }
    const ReadySchema *ready = ready_schema(said);
    if (!ready)
        return fail_field(err, "schema",
                          "there is no ready-made schema '" STR_FMT "': see GET /v1/fields/schemas",
                          STR_ARG(str_slice(said, 0, NAME_MAX)));
    work->name = work->name.length ? work->name : said;
    return json_parse(str(ready->json), KB(64), schema_r, err);
}

static bool check_name(const FieldsWork *work, Error *err)
{
    Str clean = fields_name(work->request->arena, work->name);
    return str_equal(work->name, clean) ||
           fail_field(err, "name",
                      "a schema's name has small letters, digits and - between them: '" STR_FMT "'",
                      STR_ARG(clean));
}

/* --- One document --- */

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    FieldsWork *work = argument;
    return fields_keep(tx, work->request->scope, work->arena, &work->kept, err);
}

static bool read_paper(FieldsWork *work, const Paper *paper, JsonWriter *json, Error *err)
{
    const ApiRequest *request = work->request;
    Str text;
    if (!fields_of_paper(request->api->field_reader, request->scope, work->arena, work->schema,
                         work->name, work->model, paper, &text, err))
        return false;
    work->kept = (DocumentFields){ .document = paper->document.id,
                                   .name = work->name,
                                   .schema = work->schema_text,
                                   .result = text };
    if (work->is_saved && paper->document.id.length &&
        !store_write(request->api->db, request->scope, save_work, work, err))
        return false;
    put_raw(json, NULL, work->kept.result);
    return true;
}

static bool read_one(FieldsWork *work, Str id, Str text, JsonWriter *json, Error *err)
{
    const ApiRequest *request = work->request;
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Paper paper;
    work->arena = arena;
    bool is_open = id.length
                       ? paper_open(request->api->library, request->scope, arena, id, &paper, err)
                       : paper_of_text(text, &paper, err);
    paper.input.stop = &work->client;
    return is_open && read_paper(work, &paper, json, err);
}

/* Many: each fails for itself. */
static bool read_many(FieldsWork *work, StrList ids, JsonWriter *json, Error *err)
{
    put_array(json, "items");
    for (size_t i = 0; i < ids.count; i++) {
        Error why;
        if (!stop_go_on(&work->client, err))
            return false;
        if (read_one(work, ids.at[i], STR_NONE, json, &why))
            continue;
        put_object(json, NULL);
        put_text(json, "document", ids.at[i]);
        put_object(json, "error");
        put_text(json, "code", str(error_name(why.code)));
        put_text(json, "message", str(why.message));
        put_end(json);
        put_end(json);
    }
    put_end(json);
    put_int(json, "total", (int64_t)ids.count);
    return true;
}

bool fields_extract(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *schema = NULL;
    FieldsWork work = { .request = request, .client = api_client(response) };
    json_t *asked = NULL;
    Str id = STR_NONE, text = STR_NONE;
    StrList ids = { 0 };
    const FieldNode *root;
    if (!api_fields(request, err, { "schema", JSON_ANY, &asked, .required = true },
                    { "name", JSON_STR, &work.name, .length_max = NAME_MAX },
                    { "document", JSON_STR, &id, .length_max = 64 },
                    { "text", JSON_STR, &text, .length_max = MB(1) },
                    { "documents", JSON_STRS, &ids, .length_max = DOCUMENTS_MAX },
                    { "model", JSON_STR, &work.model, .length_max = 200 },
                    { "save", JSON_FLAG, &work.is_saved }))
        return false;
    if ((id.length > 0) + (text.length > 0) + (ids.count > 0) != 1)
        return fail_field(err, "document", "give one of 'document', 'documents' and 'text'");
    if (!read_schema(&work, asked, &schema, err) || !check_name(&work, err) ||
        !fields_schema(request->arena, schema, &root, err) ||
        (work.is_saved && !scope_needs(request->scope, ROLE_EDITOR, err)))
        return false;
    work.schema = schema;
    work.schema_text = json_print(request->arena, schema);
    if (ids.count) {
        JsonWriter json = put_begin(&response->body);
        if (!read_many(&work, ids, &json, err))
            return false;
        put_end(&json);
        return true;
    }
    Buf out = buf_new(request->arena, RESULT_MAX + KB(1));
    JsonWriter json = put_begin_array(&out);
    if (!read_one(&work, id, text, &json, err))
        return false;
    put_end(&json);
    buf_add(&response->body, str_slice(buf_str(&out), 1, out.length - 1));
    return true;
}

/* --- Many, by a job --- */

typedef struct RunStart {
    const ApiRequest *request;
    FieldsOrder order;
    Run run;
} RunStart;

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    RunStart *start = argument;
    const ApiRequest *request = start->request;
    return fields_run_start(tx, request->scope, request->arena, &start->order, &start->run, err);
}

static bool answer_fields_run_add(const void *argument, HttpResponse *response)
{
    const RunStart *work = argument;
    return respond_run(response, &work->run);
}

bool fields_run_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *schema = NULL;
    FieldsWork work = { .request = request };
    RunStart start = { .request = request };
    FieldsOrder *order = &start.order;
    json_t *asked = NULL;
    const FieldNode *root;
    if (!api_fields(request, err, { "schema", JSON_ANY, &asked, .required = true },
                    { "name", JSON_STR, &work.name, .length_max = NAME_MAX },
                    { "documents", JSON_STRS, &order->documents },
                    { "collection", JSON_STR, &order->collection, .length_max = 64 },
                    { "model", JSON_STR, &order->model, .length_max = 200 }))
        return false;
    if (order->documents.count && order->collection.length)
        return fail_field(err, "documents", "give either 'documents' or 'collection', or neither");
    if (!read_schema(&work, asked, &schema, err) || !check_name(&work, err) ||
        !fields_schema(request->arena, schema, &root, err))
        return false;
    order->schema = json_print(request->arena, schema);
    order->name = order->title = work.name;
    response->status = 202;
    return api_change(request, response, start_work, answer_fields_run_add, &start, err);
}

/* --- Schemas that are there --- */

bool fields_schemas(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request;
    (void)err;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < ready_schema_count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", str(ready_schemas[i].name));
        put_text(&json, "about", str(ready_schemas[i].about));
        put_raw(&json, "schema", str(ready_schemas[i].json));
        put_end(&json);
    }
    api_list_end(&json, (int64_t)ready_schema_count, STR_NONE);
    return true;
}
