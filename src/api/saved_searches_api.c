/* saved_searches_api.c - searches that a person keeps under a name, with how much is new in each.
 */
#include "api/document_json.h"
#include "search/saved.h"

#define NAME_MAX_BYTES 200

typedef struct SavedWork {
    ApiRequest *request;
    SavedSearch saved;
    SavedSearchList list;
    int64_t newest;
} SavedWork;

/* --- Filters --- */

static Str print_filters(Arena *arena, const SavedFilters *filters)
{
    Buf text = buf_new(arena, SAVED_FILTERS_MAX);
    JsonWriter json = put_begin(&text);
    put_texts(&json, "collections", filters->collections);
    put_texts(&json, "documents", filters->documents);
    put_texts(&json, "formats", filters->formats);
    put_texts(&json, "tags", filters->tags);
    put_texts(&json, "metadata", filters->metadata);
    put_text_or_null(&json, "after", filters->after);
    put_text_or_null(&json, "before", filters->before);
    put_end(&json);
    return buf_str(&text);
}

/* --- Reading and showing one --- */

/* From the body; what could not be run is not kept. */
static bool read_saved(SavedWork *work, Error *err)
{
    ApiRequest *request = work->request;
    SavedSearch *saved = &work->saved;
    SavedFilters filters = { 0 };
    SearchRequest search;
    json_t *given = NULL;
    int64_t count;
    if (!api_fields(request, err, { "name", JSON_STR, &saved->name, .length_max = NAME_MAX_BYTES },
                    { "query", JSON_STR, &saved->query, .length_max = KB(8) },
                    { "mode", JSON_STR, &saved->mode }, { "tells", JSON_FLAG, &saved->tells },
                    { "filters", JSON_ANY, &given }) ||
        (given && !saved_filters_read(request->arena, given, &filters, err)))
        return false;
    saved->name = str_trim(saved->name);
    if (!saved->name.length)
        return fail_field(err, "name", "'name' is missing");
    if (!saved_search_make(request->arena, saved, &filters, &search, err))
        return false;
    if (!str_trim(saved->query).length && !search_has_conditions(&search))
        return fail_field(err, "query", "'query' is missing");
    if (saved->tells && (!request->scope->user.length || request->scope->collections.length))
        return fail_field(err, "tells",
                          "a key that is nobody's, or limited to collections, is told of nothing");
    /* Nothing is newer than all; but conditions that are too many are refused. */
    if (!search_count_new(request->api->searcher, request->scope, request->arena, &search,
                          INT64_MAX, &count, err))
        return false;
    saved->mode = str(search_mode_name(search.mode));
    saved->filters = print_filters(request->arena, &filters);
    return true;
}

/* A search that can no longer be run, as its metadata's names changed, has nothing new. */
static int64_t count_new(const ApiRequest *request, const SavedSearch *saved)
{
    int64_t count = 0;
    Error why;
    bool ok = saved_search_count(request->api->searcher, request->scope, request->arena, saved,
                                 saved->seen_number, &count, &why);
    return ok ? count : 0;
}

/* Its members, inside an object that is open. */
static void put_saved(JsonWriter *json, const ApiRequest *request, const SavedSearch *saved)
{
    put_text(json, "id", saved->id);
    put_text(json, "name", saved->name);
    put_text(json, "query", saved->query);
    put_text(json, "mode", saved->mode);
    put_raw(json, "filters", saved->filters);
    put_bool(json, "tells", saved->tells);
    put_time(json, "created_at", saved->created_at_ms);
    put_time(json, "updated_at", saved->updated_at_ms);
    put_time(json, "last_run_at", saved->last_run_at_ms);
    put_int(json, "new_count", count_new(request, saved));
}

static bool answer_saved(const void *argument, HttpResponse *response)
{
    const SavedWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_saved(&json, work->request, &work->saved);
    put_end(&json);
    return true;
}

/* --- Handlers --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    SavedWork *work = argument;
    return saved_search_list(tx, work->request->scope, work->request->arena, &work->list, err);
}

bool searches_saved_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    SavedWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_saved(&json, request, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.list.count, STR_NONE);
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    SavedWork *work = argument;
    return saved_search_add(tx, work->request->scope, work->request->arena, &work->saved, err);
}

bool searches_saved_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    SavedWork work = { .request = request };
    if (!read_saved(&work, err))
        return false;
    response->status = 201;
    return api_change(request, response, add_work, answer_saved, &work, err);
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    SavedWork *work = argument;
    const ApiRequest *request = work->request;
    return saved_search_find(tx, request->scope, request->arena, request->params[0], &work->saved,
                             err) &&
           chunk_newest(tx, request->scope, &work->newest, err);
}

bool searches_saved_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    SavedWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           answer_saved(&work, response);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    SavedWork *work = argument;
    return saved_search_update(tx, work->request->scope, work->request->arena, &work->saved, err);
}

bool searches_saved_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    SavedWork work = { .request = request, .saved = { .id = request->params[0] } };
    return read_saved(&work, err) &&
           api_change(request, response, change_work, answer_saved, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    SavedWork *work = argument;
    return saved_search_remove(tx, work->request->scope, work->request->params[0], err);
}

bool searches_saved_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    SavedWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}

/* --- Running one --- */

#define INDEX_WAIT_MS 200

/* The body says how results are shown; what is searched for is what was saved. */
static bool fill_body(ApiRequest *request, const SavedSearch *saved, Error *err)
{
    static const char *const others[] = { "like", "ordinal", "name", "families" };
    AUTO_JSON json_t *filters = NULL;
    if (!json_parse(saved->filters, SAVED_FILTERS_MAX, &filters, err))
        return false;
    for (size_t i = 0; i < COUNT(others); i++)
        (void)json_object_del(request->json, others[i]);
    return (json_object_update(request->json, filters) == 0 &&
            json_object_set_new(request->json, "query",
                                json_stringn(saved->query.at, saved->query.length)) == 0 &&
            json_object_set_new(request->json, "mode",
                                json_stringn(saved->mode.at, saved->mode.length)) == 0) ||
           fail(err, ERROR_INVALID, "the body must be a JSON object");
}

static bool seen_work(DbTx *tx, void *argument, Error *err)
{
    SavedWork *work = argument;
    return saved_search_mark_seen(tx, work->request->scope, work->saved.id, work->newest, err);
}

static bool mark_seen(void *self, Error *err)
{
    SavedWork *work = self;
    return store_write(work->request->api->db, work->request->scope, seen_work, work, err);
}

bool searches_saved_run(ApiRequest *request, HttpResponse *response, Error *err)
{
    SavedWork work = { .request = request };
    const SearchAfter after = { mark_seen, &work };
    if (!store_read(request->api->db, request->scope, find_work, &work, err) ||
        !fill_body(request, &work.saved, err))
        return false;
    /* What is in the database by now should be in the index before it counts as seen. */
    (void)library_wait_indexed(request->api->library, INDEX_WAIT_MS);
    return search_answer(request, response, &after, err);
}
