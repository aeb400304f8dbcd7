/* records_api.c - what has been done: search history, statistics. */
#include "api/api.h"
#include "library/library.h"
#include "search/search.h"
#include "store/searches_store.h"
#include "store/statistics_store.h"

typedef struct RecordWork {
    ApiRequest *request;
    Slice slice;
    SearchList searches;
    SearchOpening opening;
    UnfoundKind unfound_kind;
    UnfoundList unfound;
    LibraryModelChange change;
    Statistics statistics;
} RecordWork;

static bool history_work(DbTx *tx, void *argument, Error *err)
{
    RecordWork *work = argument;
    return search_list(tx, work->request->scope, work->request->arena,
                       http_query(work->request->http, "prefix"), &work->slice, &work->searches,
                       err);
}

bool search_history(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecordWork work = { .request = request };
    searcher_flush_history(request->api->searcher);
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, history_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.searches.count; i++) {
        const Search *search = &work.searches.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", search->id);
        put_text(&json, "query", search->query);
        put_text(&json, "mode", search->mode);
        put_int(&json, "results", search->result_count);
        put_int(&json, "took_ms", search->took_ms);
        put_time(&json, "created_at", search->created_at_ms);
        put_end(&json);
    }
    api_list_end(&json, -1, work.searches.next);
    return true;
}

static bool forget_work(DbTx *tx, void *argument, Error *err)
{
    RecordWork *work = argument;
    return search_remove(tx, work->request->scope, work->request->params[0], err);
}

/* Without an id: all of it. */
bool search_history_forget(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecordWork work = { .request = request };
    searcher_flush_history(request->api->searcher);
    return api_change(request, response, forget_work, NULL, &work, err);
}

/* Which result was opened; behind a search that may still wait to be written. */
static bool opened_work(DbTx *tx, void *argument, Error *err)
{
    RecordWork *work = argument;
    return search_open(tx, work->request->scope, &work->opening, err);
}

bool searches_opened(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecordWork work = { .request = request, .opening = { .search = request->params[0] } };
    SearchOpening *opening = &work.opening;
    if (!api_fields(
            request, err,
            { "document", JSON_STR, &opening->document, .required = true, .length_max = 64 },
            { "chunk", JSON_I64, &opening->chunk, .min = 0, .max = INT64_MAX },
            { "rank", JSON_I64, &opening->rank, .min = 1, .max = 10000 }))
        return false;
    searcher_flush_history(request->api->searcher);
    return api_change(request, response, opened_work, NULL, &work, err);
}

static bool read_unfound_kind(Str name, UnfoundKind *kind_r, Error *err)
{
    static const char *const names[] = { "", "results", "opening" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i])) {
            *kind_r = (UnfoundKind)i;
            return true;
        }
    return fail_field(err, "without", "'without' is results or opening");
}

static bool unfound_work(DbTx *tx, void *argument, Error *err)
{
    RecordWork *work = argument;
    return search_unfound(tx, work->request->scope, work->request->arena, work->unfound_kind,
                          slice_limit(&work->slice), &work->unfound, err);
}

bool searches_unfound(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecordWork work = { .request = request };
    searcher_flush_history(request->api->searcher);
    if (!api_slice(request, &work.slice, err) ||
        !read_unfound_kind(http_query(request->http, "without"), &work.unfound_kind, err) ||
        !store_read(request->api->db, request->scope, unfound_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.unfound.count; i++) {
        const UnfoundSearch *one = &work.unfound.at[i];
        put_object(&json, NULL);
        put_text(&json, "query", one->query);
        put_int(&json, "times", one->times);
        put_int(&json, "results", one->result_count);
        put_time(&json, "last_at", one->last_at_ms);
        put_end(&json);
    }
    api_list_end(&json, -1, STR_NONE);
    return true;
}

static bool statistics_work(DbTx *tx, void *argument, Error *err)
{
    RecordWork *work = argument;
    return statistics_find(tx, work->request->scope, work->change.model, &work->statistics, err);
}

bool statistics_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecordWork work = { .request = request };
    library_model_change(request->api->library, request->arena, &work.change);
    if (!store_read(request->api->db, request->scope, statistics_work, &work, err))
        return false;
    const Statistics *all = &work.statistics;
    const int64_t *state = all->documents.by_state;
    int64_t documents = 0;
    for (size_t i = 0; i < DOCUMENT_STATE_COUNT; i++)
        documents += state[i];
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "documents", documents);
    put_int(&json, "ready", state[DOCUMENT_READY]);
    put_int(&json, "failed", state[DOCUMENT_FAILED]);
    put_int(&json, "running",
            state[DOCUMENT_QUEUED] + state[DOCUMENT_EXTRACTING] + state[DOCUMENT_INDEXING]);
    put_int(&json, "trash", all->documents.in_trash);
    put_int(&json, "chunks", all->chunks);
    put_int(&json, "vectors", all->vectors);
    if (work.change.model.length)
        put_int(&json, "vectors_coming", all->vectors_coming);
    put_int(&json, "pages", all->pages);
    put_int(&json, "bytes", all->file_bytes);
    put_int(&json, "collections", all->collections);
    put_int(&json, "conversations", all->conversations);
    put_end(&json);
    return true;
}
