#include "fields/run.h"

#include "fields/kept.h"
#include "store/collections_store.h"

#define RESULT_MAX MB(4)
#define KEPT_MAX MB(8) /* with what people put into it */
#define REQUEST_MAX MB(2)

bool fields_of_paper(const FieldReader *reader, const Scope *scope, Arena *arena,
                     const json_t *schema, Str name, Str model, const Paper *paper, Str *text_r,
                     Error *err)
{
    AUTO_FIELDS FieldsResult result = { 0 };
    const FieldNode *root;
    if (!fields_schema(arena, schema, &root, err))
        return false;
    if (str_is(model, "rules"))
        fields_read(arena, root, &paper->input, &result);
    else
        fields_ask(reader->models, scope, arena, root, &paper->input, model, &result);
    if (!stop_go_on(paper->input.stop, err))
        return false;
    Buf out = buf_new(arena, RESULT_MAX);
    JsonWriter json = put_begin(&out);
    paper_put(&json, arena, paper, name, &result);
    put_end(&json);
    if (out.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the values of '" STR_FMT "' are more than %zu MiB",
                    STR_ARG(str_slice(paper->document.name, 0, 100)), RESULT_MAX / MB(1));
    *text_r = buf_str(&out);
    return true;
}

bool fields_keep(DbTx *tx, const Scope *scope, Arena *arena, DocumentFields *fields, Error *err)
{
    AUTO_JSON json_t *schema = NULL, *before = NULL, *result = NULL;
    DocumentFields kept;
    Error why;
    if (!document_fields_find(tx, scope, arena, fields->document, fields->name, &kept, &why)) {
        if (why.code != ERROR_NOT_FOUND)
            return fail(err, why.code, "%s", why.message);
        return document_fields_save(tx, scope, fields, err);
    }
    if (!json_parse(fields->schema, RESULT_MAX, &schema, err) ||
        !json_parse(kept.result, KEPT_MAX, &before, err) ||
        !json_parse(fields->result, RESULT_MAX, &result, err) ||
        !kept_read_again(arena, schema, before, result, err))
        return false;
    fields->result = fields_print(arena, result);
    return document_fields_save(tx, scope, fields, err);
}

/* --- Starting --- */

static bool find_documents(DbTx *tx, const Scope *scope, Arena *arena, const FieldsOrder *order,
                           StrList *documents_r, Error *err)
{
    DocumentFilter filter = { .collection = order->collection, .states = 1u << DOCUMENT_READY };
    Collection collection;
    Document document;
    for (size_t i = 0; i < order->documents.count; i++)
        if (!document_find(tx, scope, arena, order->documents.at[i], &document, err))
            return false;
    *documents_r = order->documents;
    if (order->documents.count)
        return true;
    if ((order->collection.length &&
         !collection_find(tx, scope, arena, order->collection, &collection, err)) ||
        !document_list_ids(tx, scope, arena, &filter, RUN_ITEMS_MAX + 1, documents_r, err))
        return false;
    if (documents_r->count > RUN_ITEMS_MAX)
        return fail(err, ERROR_TOO_LARGE,
                    "a run reads at most %d documents, and there are more; choose a collection",
                    RUN_ITEMS_MAX);
    return documents_r->count ||
           fail_field(err, "collection", "there is no document that has been read yet");
}

static Str request_json(Arena *arena, const FieldsOrder *order)
{
    Buf out = buf_new(arena, REQUEST_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "name", order->name);
    put_raw(&json, "schema", order->schema);
    put_text(&json, "model", order->model);
    put_text(&json, "collection", order->collection);
    put_end(&json);
    return buf_str(&out);
}

bool fields_run_start(DbTx *tx, const Scope *scope, Arena *arena, const FieldsOrder *order,
                      Run *run_r, Error *err)
{
    const NewJob job = { .type = S("fields_run"), .title = order->title };
    StrList documents;
    if (!find_documents(tx, scope, arena, order, &documents, err))
        return false;
    *run_r = (Run){ .kind = S(FIELDS_RUN),
                    .subject = order->name,
                    .request = request_json(arena, order) };
    return run_start(tx, scope, arena, run_r, &documents, 0, &job, err);
}

/* --- The job --- */

typedef struct FieldsRun {
    const FieldReader *reader;
    const json_t *schema;
    Str schema_text, name, model;
    DocumentFields kept; /* of the document at hand, in its arena */
    Arena *arena;
} FieldsRun;

static bool read_one(void *self, const Scope *scope, Arena *arena, RunItem *item, Error *err)
{
    FieldsRun *in = self;
    Paper paper;
    in->arena = arena;
    in->kept =
        (DocumentFields){ .document = item->document, .name = in->name, .schema = in->schema_text };
    return paper_open(in->reader->library, scope, arena, item->document, &paper, err) &&
           fields_of_paper(in->reader, scope, arena, in->schema, in->name, in->model, &paper,
                           &in->kept.result, err);
}

static bool save_one(DbTx *tx, void *self, const Scope *scope, Error *err)
{
    FieldsRun *in = self;
    return fields_keep(tx, scope, in->arena, &in->kept, err);
}

bool fields_run_job(Job *job, Error *err)
{
    AUTO_JSON json_t *request = NULL;
    FieldsRun in = { .reader = job->argument };
    const RunWork work = { "reading values", read_one, save_one, &in };
    bool is_gone;
    Run run;
    if (!run_of_job(job, &run, &is_gone, err) || is_gone)
        return is_gone;
    if (!json_parse(run.request, REQUEST_MAX, &request, err))
        return false;
    in.schema = json_object_get(request, "schema");
    in.schema_text = json_print(job->arena, in.schema);
    in.name = json_member_text(request, "name");
    in.model = json_member_text(request, "model");
    return run_work(job, &run, &work, err);
}
