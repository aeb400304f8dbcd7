/* runs_api.c - many documents or rows worked through by a job: how far, what came of each, as JSON
 * and as CSV. */
#include "api/api.h"
#include "api/runs.h"
#include "base/clock.h"
#include "base/csv.h"
#include "fields/kept.h"
#include "fields/run.h"
#include "jobs/job_queue.h"
#include "models/prompt_bench.h"
#include "store/document_fields_store.h"

#define REQUEST_MAX MB(2)
#define SLICE 200 /* items at once in a table */

typedef struct RunsWork {
    ApiRequest *request;
    Arena *arena; /* of the items at hand */
    Str kind, subject, state;
    Slice slice;
    Run run;
    RunsList list;
    RunItemList items;
    DocumentFields *kept; /* of the items, of a run that reads values */
} RunsWork;

static bool is_of_fields(const RunsWork *work) { return str_is(work->run.kind, FIELDS_RUN); }

/* --- Runs --- */

static void put_run(JsonWriter *json, const Run *run)
{
    int64_t left_s = job_seconds_left(&run->row, now_ms());
    put_text(json, "id", run->id);
    put_text(json, "kind", run->kind);
    put_text(json, "subject", run->subject);
    put_text(json, "state", str(run_state(run)));
    put_int(json, "total", run->total);
    put_int(json, "done", run->done);
    put_int(json, "failed", run->failed);
    if (left_s >= 0)
        put_int(json, "seconds_left", left_s);
    else
        put_null(json, "seconds_left");
    put_text(json, "job", run->job);
    put_text_or_null(json, "error", run->row.error);
    put_text_or_null(json, "user", run->user);
    put_time(json, "created_at", run->created_at_ms);
    put_time(json, "finished_at", run->row.finished_at_ms);
}

bool respond_run(HttpResponse *response, const Run *run)
{
    JsonWriter json = put_begin(&response->body);
    put_run(&json, run);
    if (run->request.length)
        put_raw(&json, "request", run->request);
    put_end(&json);
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    RunsWork *work = argument;
    const ApiRequest *request = work->request;
    return run_list(tx, request->scope, request->arena, work->kind, work->subject, &work->slice,
                    &work->list, err);
}

bool runs_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    RunsWork work = { .request = request,
                      .kind = http_query(request->http, "kind"),
                      .subject = http_query(request->http, "subject") };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_run(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    RunsWork *work = argument;
    const ApiRequest *request = work->request;
    return run_find(tx, request->scope, request->arena, request->params[0], &work->run, err);
}

bool runs_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    RunsWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           respond_run(response, &work.run);
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    RunsWork *work = argument;
    return find_work(tx, work, err) && job_cancel(tx, work->request->scope, work->run.job, err) &&
           find_work(tx, work, err);
}

static bool answer_one(const void *argument, HttpResponse *response)
{
    return respond_run(response, &((const RunsWork *)argument)->run);
}

bool runs_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    RunsWork work = { .request = request };
    return api_change(request, response, cancel_work, answer_one, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    RunsWork *work = argument;
    const Scope *scope = work->request->scope;
    if (!find_work(tx, work, err))
        return false;
    const char *state = run_state(&work->run);
    bool runs = strcmp(state, "running") == 0 || strcmp(state, "waiting") == 0;
    return (!runs || job_cancel(tx, scope, work->run.job, err)) &&
           run_remove(tx, scope, work->run.id, err);
}

bool runs_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    RunsWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}

/* --- Items --- */

/* What a document's values are now: a person may have corrected them since. */
static bool find_kept(DbTx *tx, RunsWork *work, Error *err)
{
    const Scope *scope = work->request->scope;
    work->kept = arena_new_array(work->arena, DocumentFields, work->items.count + 1);
    for (size_t i = 0; i < work->items.count; i++) {
        const RunItem *item = &work->items.at[i];
        Document document = { 0 };
        Error why = { 0 };
        if (!document_fields_find(tx, scope, work->arena, item->document, work->run.subject,
                                  &work->kept[i], &why) &&
            why.code == ERROR_NOT_FOUND)
            why = (Error){ 0 };
        if (!why.code && !work->kept[i].document_name.length &&
            !document_find(tx, scope, work->arena, item->document, &document, &why) &&
            why.code == ERROR_NOT_FOUND)
            why = (Error){ 0 };
        if (why.code)
            return fail(err, why.code, "%s", why.message);
        if (!work->kept[i].document_name.length)
            work->kept[i].document_name = document.name;
    }
    return true;
}

static bool items_work(DbTx *tx, void *argument, Error *err)
{
    RunsWork *work = argument;
    return find_work(tx, work, err) &&
           run_item_list(tx, work->request->scope, work->arena, work->run.id, work->state,
                         &work->slice, &work->items, err) &&
           (!is_of_fields(work) || find_kept(tx, work, err));
}

static void put_item(JsonWriter *json, const RunsWork *work, size_t i, size_t side_count,
                     const json_t *versions)
{
    const RunItem *item = &work->items.at[i];
    bool is_done = str_is(item->state, "done");
    Str result = is_of_fields(work) ? work->kept[i].result : item->result;
    put_object(json, NULL);
    put_int(json, "number", item->number);
    put_text(json, "state", item->state);
    if (is_of_fields(work)) {
        put_text(json, "document", item->document);
        put_text(json, "file", work->kept[i].document_name);
    } else if (side_count) {
        put_int(json, "row", item->number / (int64_t)side_count);
        put_int(json, "version",
                json_integer_value(json_array_get(versions, (size_t)item->number % side_count)));
    }
    if (is_done && result.length)
        put_raw(json, "result", result);
    else
        put_null(json, "result");
    if (item->error_code.length) {
        put_object(json, "error");
        put_text(json, "code", item->error_code);
        put_text(json, "message", item->error);
        put_end(json);
    } else {
        put_null(json, "error");
    }
    put_end(json);
}

/* --- As a table --- */

static bool put_values(const RunsWork *work, const json_t *request, Str list, Buf *out, Error *err)
{
    Arena *arena = work->arena;
    AUTO_JSON json_t *results = json_array();
    KeptRow *rows = arena_new_array(arena, KeptRow, work->items.count + 1);
    const FieldNode *root;
    size_t count = 0;
    if (!fields_schema(arena, json_object_get(request, "schema"), &root, err))
        return false;
    for (size_t i = 0; i < work->items.count; i++) {
        const DocumentFields *kept = &work->kept[i];
        json_t *result;
        if (!kept->result.length)
            continue;
        if (!json_parse(kept->result, MB(8), &result, err))
            return false;
        json_array_append_new(results, result);
        rows[count++] =
            (KeptRow){ kept->document, kept->document_name, json_object_get(result, "values") };
    }
    kept_table(out, root, rows, count, list);
    return true;
}

static Str number_text(Arena *arena, const json_t *value)
{
    if (json_is_real(value))
        return str_format(arena, "%.9g", json_real_value(value));
    return value ? json_print(arena, value) : STR_NONE;
}

static bool put_replies(const RunsWork *work, const json_t *versions, Buf *out, Error *err)
{
    static const char *const heads[] = { "row",     "version",      "text",
                                         "model",   "input_tokens", "output_tokens",
                                         "took_ms", "matches",      "error" };
    Arena *arena = work->arena;
    size_t sides = json_array_size(versions);
    bool is_first = !out->length;
    for (size_t i = 0; is_first && i < COUNT(heads); i++)
        csv_cell(out, str(heads[i]), i + 1 == COUNT(heads));
    for (size_t i = 0; i < work->items.count && sides; i++) {
        const RunItem *item = &work->items.at[i];
        AUTO_JSON json_t *result = NULL;
        if (item->result.length && !json_parse(item->result, RUN_RESULT_MAX, &result, err))
            return false;
        csv_cell(out, str_format(arena, "%" PRId64, item->number / (int64_t)sides + 1), false);
        csv_cell(out, number_text(arena, json_array_get(versions, (size_t)item->number % sides)),
                 false);
        csv_cell(out, json_member_text(result, "text"), false);
        csv_cell(out, json_member_text(result, "model"), false);
        for (size_t k = 4; k < 8; k++)
            csv_cell(out, number_text(arena, json_object_get(result, heads[k])), false);
        csv_cell(out, item->error, true);
    }
    return true;
}

/* Part after part, so that a long run takes no more room than its table. */
static bool put_table(RunsWork *work, HttpResponse *response, Error *err)
{
    ApiRequest *request = work->request;
    Str list = http_query(request->http, "list");
    work->slice = (Slice){ .limit = SLICE };
    response->media_type = S("text/csv; charset=utf-8");
    http_header(response, "Content-Disposition", S("attachment; filename=\"run.csv\""));
    do {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        AUTO_JSON json_t *asked = NULL;
        work->arena = arena;
        if (!store_read(request->api->db, request->scope, items_work, work, err) ||
            !json_parse(work->run.request, REQUEST_MAX, &asked, err))
            return false;
        bool good = is_of_fields(work) ? put_values(work, asked, list, &response->body, err)
                                       : put_replies(work, json_object_get(asked, "versions"),
                                                     &response->body, err);
        if (!good)
            return false;
        work->slice.after = str_copy(request->arena, work->items.next);
    } while (work->slice.after.length && !response->body.overflowed);
    return !response->body.overflowed ||
           fail(err, ERROR_TOO_LARGE,
                "the table is too long for one file; read it as JSON by "
                "parts (limit, after)");
}

bool runs_results(ApiRequest *request, HttpResponse *response, Error *err)
{
    RunsWork work = { .request = request,
                      .arena = request->arena,
                      .state = http_query(request->http, "state") };
    AUTO_JSON json_t *asked = NULL;
    Str format = http_query(request->http, "format");
    if (str_is(format, "csv"))
        return put_table(&work, response, err);
    if (format.length && !str_is(format, "json"))
        return fail_field(err, "format", "'format' is json or csv");
    if (!api_slice_by_key(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, items_work, &work, err) ||
        !json_parse(work.run.request, REQUEST_MAX, &asked, err))
        return false;
    const json_t *versions = json_object_get(asked, "versions");
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.items.count; i++)
        put_item(&json, &work, i, json_array_size(versions), versions);
    api_list_end(&json, work.state.length ? -1 : work.run.total, work.items.next);
    return true;
}
