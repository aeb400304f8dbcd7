/* health.c - /health, /live, /ready and what the page shows of the server. */
#include "api/health.h"

#include <unistd.h>

#include "base/clock.h"
#include "jobs/job_runner.h"
#include "library/facts.h"
#include "library/library.h"
#include "models/models.h"
#include "net/http_server.h"
#include "store/database_facts.h"
#include "store/workspaces_store.h"

/* --- Parts --- */

static void put_model(const Api *api, JsonWriter *json)
{
    LibraryModel model = library_model_status(api->library);
    if (!model.is_there) {
        put_null(json, "model");
        return;
    }
    put_object(json, "model");
    put_text(json, "name", str(model.name));
    put_bool(json, "ready", model.is_ready);
    put_int(json, "dims", (int64_t)model.dims);
    put_text(json, "kernels", str(model.kernels));
    put_end(json);
}

static void put_seconds_left(JsonWriter *json, int64_t seconds)
{
    if (seconds >= 0)
        put_int(json, "seconds_left", seconds);
    else
        put_null(json, "seconds_left");
}

void health_put_change(const Api *api, Arena *arena, JsonWriter *json, const char *name)
{
    LibraryModelChange change;
    library_model_change(api->library, arena, &change);
    if (!change.is_going_on) {
        put_null(json, name);
        return;
    }
    put_object(json, name);
    put_text(json, "name", change.name);
    put_int(json, "done", change.done);
    put_int(json, "total", change.total);
    put_int(json, "percent", change.percent);
    put_seconds_left(json, change.seconds_left);
    put_end(json);
}

/* Not the reason, which names addresses: everybody reads this. */
static void put_vector_notice(const Api *api, Arena *arena, JsonWriter *json)
{
    int64_t failing_ms = library_vectors_failing_ms(api->library, NULL);
    if (!failing_ms)
        return;
    put_text(json, NULL,
             str_format(arena,
                        "The store of vectors (%s) has not answered for %" PRId64
                        " s, so search is by words only; what is added meanwhile is written to it "
                        "when it is back. `lectern doctor` and the log say why.",
                        library_vector_store(api->library), failing_ms / 1000));
}

/* By what was asked of it for uploads and originals. */
static void put_originals_notice(const Api *api, Arena *arena, JsonWriter *json)
{
    int64_t failing_ms = library_originals_failing_ms(api->library);
    if (!failing_ms)
        return;
    put_text(json, NULL,
             str_format(arena,
                        "The store of originals (S3) has not answered for %" PRId64
                        " s: uploads are refused, and originals of which this server has no copy. "
                        "Search, texts and answers go on. `lectern doctor` and the log say why.",
                        failing_ms / 1000));
}

/* By what /ready asked of it. */
static void put_database_notice(const Api *api, Arena *arena, JsonWriter *json)
{
    int64_t since_ms = atomic_load(&api->database_failing_since_ms);
    if (!since_ms)
        return;
    put_text(json, NULL,
             str_format(arena,
                        "The database has not answered for %" PRId64
                        " s: most requests are refused until it does. `lectern doctor` and the log "
                        "say why.",
                        (monotonic_ms() - since_ms) / 1000));
}

static void put_notices(const Api *api, Arena *arena, JsonWriter *json)
{
    LibraryModel model = library_model_status(api->library);
    put_array(json, "notices");
    if (api->is_fallback)
        put_text(json, NULL,
                 S("The database was away when this server started, so it serves a library of its "
                   "own (database_fallback): nothing of the other is here, and what is added stays "
                   "here. Start it anew once the database is back."));
    if (*model.reason)
        put_text(json, NULL, str_format(arena, "Search is by words only: %s.", model.reason));
    else if (!model.is_there && !model.is_changing)
        put_text(json, NULL,
                 S("There is no embedding model, so search is by words only. Add one with "
                   "`lectern models add FOLDER`, with Debian's package lectern-model, or by `make "
                   "run`, which fetches the default one."));
    put_database_notice(api, arena, json);
    put_vector_notice(api, arena, json);
    put_originals_notice(api, arena, json);
    if (*model.reason_coming)
        put_text(json, NULL,
                 str_format(arena, "After the change of the model, search is by words only: %s.",
                            model.reason_coming));
    put_end(json);
}

static void put_provider(const Api *api, const Scope *scope, Arena *arena, JsonWriter *json)
{
    Provider provider;
    Error ignored;
    if (!scope->workspace.length ||
        !models_provider(api->models, scope, arena, &provider, &ignored)) {
        put_null(json, "provider");
        return;
    }
    put_object(json, "provider");
    put_text(json, "name", provider.name);
    put_text(json, "model", provider.model);
    put_bool(json, "found", provider.was_found);
    put_end(json);
}

void health_put_server(const Api *api, Arena *arena, const Scope *scope, JsonWriter *json)
{
    put_text(json, "version", S(VERSION));
    put_model(api, json);
    put_provider(api, scope, arena, json);
    put_notices(api, arena, json);
    put_int(json, "upload_max", api->upload_max);
    put_array(json, "formats");
    size_t count;
    const LibraryFormat *formats = library_formats(&count);
    for (size_t i = 0; i < count; i++)
        for (const char *const *extension = formats[i].extensions; *extension; extension++)
            put_text(json, NULL, str(*extension));
    put_end(json);
}

bool formats_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    size_t count;
    const LibraryFormat *formats = library_formats(&count);
    (void)request, (void)err;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", str(formats[i].name));
        put_text(&json, "title", str(formats[i].title));
        put_text(&json, "family", str(formats[i].family));
        put_array(&json, "extensions");
        for (const char *const *extension = formats[i].extensions; *extension; extension++)
            put_text(&json, NULL, str(*extension));
        put_end(&json);
        put_array(&json, "media_types");
        for (const char *const *type = formats[i].media_types; *type; type++)
            put_text(&json, NULL, str(*type));
        put_end(&json);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)count, S(""));
    return true;
}

bool facts_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    JsonWriter json = api_list_begin(response);
    facts_put_names(&json);
    api_list_end(&json, -1, S(""));
    return true;
}

/* --- Health and readiness --- */

static void put_members(JsonWriter *json, const char *name, Str members)
{
    put_object(json, name);
    buf_add(json->out, members);
    put_end(json);
}

/* Servers of model files: which are loaded, and what is wrong with them. */
static void put_model_files(const Api *api, Arena *arena, JsonWriter *json)
{
    ModelFileViews files = model_files_view(models_files(api->models), arena);
    put_array(json, "model_files");
    for (size_t i = 0; i < files.count; i++) {
        const ModelFileView *file = &files.at[i];
        bool is_missing = files.problem.length > 0;
        put_object(json, NULL);
        put_text(json, "name", file->name);
        put_text(json, "state", str(is_missing ? "broken" : file->state));
        put_text_or_null(json, "reason", is_missing ? files.problem : file->reason);
        put_int(json, "bytes", file->bytes);
        put_int(json, "memory", file->memory);
        put_end(json);
    }
    put_end(json);
}

static void put_building(JsonWriter *json, const IndexBuilding *building)
{
    if (!building->is_going_on) {
        put_null(json, "building");
        return;
    }
    put_object(json, "building");
    put_int(json, "percent", index_building_percent(building));
    put_seconds_left(json, building->seconds_left);
    put_end(json);
}

static void put_index(const Api *api, JsonWriter *json)
{
    IndexState index = library_index_state(api->library);
    put_object(json, "index");
    put_text(json, "state", str(index.text));
    put_int(json, "chunks", index.chunks);
    put_int(json, "vectors", index.vectors);
    put_int(json, "waiting_changes", index.waiting_changes);
    put_building(json, &index.building);
    put_end(json);
}

bool health_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    Buf database = buf_new(request->arena, KB(16)), jobs = buf_new(request->arena, KB(16));
    IndexState index = library_index_state(api->library);
    (void)err;
    Buf sandbox = buf_new(request->arena, KB(16));
    library_describe_sandbox(api->library, &sandbox);
    db_describe(api->db, &database);
    jobs_describe(api->jobs, &jobs);
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "status", index.is_ready ? S("ok") : S("degraded"));
    put_text(&json, "version", S(VERSION));
    put_int(&json, "process", getpid());
    put_int(&json, "uptime_s", (now_ms() - api->started_ms) / 1000);
    put_members(&json, "database", buf_str(&database));
    put_index(api, &json);
    put_model(api, &json);
    health_put_change(api, request->arena, &json, "model_change");
    put_members(&json, "jobs", buf_str(&jobs));
    put_members(&json, "sandbox", buf_str(&sandbox));
    put_model_files(api, request->arena, &json);
    put_notices(api, request->arena, &json);
    put_end(&json);
    return true;
}

/* --- The database alone --- */

/* Something that is always there. */
static bool find_own(DbTx *tx, void *argument, Error *err)
{
    const ApiRequest *request = argument;
    Workspace ignored;
    return workspace_find(tx, request->scope, request->arena, request->scope->workspace, &ignored,
                          err);
}

bool database_health(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t began_us = monotonic_us();
    Buf database = buf_new(request->arena, KB(16));
    Error why;
    bool answers = store_read(request->api->db, request->scope, find_own, request, &why);
    (void)err;
    db_describe(request->api->db, &database);
    response->status = answers ? 200 : 503;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "status", answers ? S("healthy") : S("down"));
    put_number(&json, "took_ms", (double)(monotonic_us() - began_us) / 1000);
    if (!answers)
        put_text(&json, "error", str(why.message));
    put_members(&json, "database", buf_str(&database));
    put_end(&json);
    return true;
}

bool live_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)err;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "alive", true);
    put_int(&json, "uptime_s", (now_ms() - request->api->started_ms) / 1000);
    put_end(&json);
    return true;
}

/* A failure shorter than this takes no server from its proxy: who asks next is served by the new
 * primary, or by a connection that came free. */
#define DATABASE_GONE_MS 5000

static bool ask_database(DbTx *tx, void *argument, Error *err)
{
    const ApiRequest *request = argument;
    return database_answer(tx, request->scope, err);
}

static bool is_database_there(ApiRequest *request)
{
    Api *api = request->api;
    int_fast64_t since_ms = 0, now = monotonic_ms();
    Error ignored;
    if (store_read(api->db, request->scope, ask_database, request, &ignored)) {
        atomic_store(&api->database_failing_since_ms, 0);
        return true;
    }
    if (atomic_compare_exchange_strong(&api->database_failing_since_ms, &since_ms, now))
        since_ms = now;
    return monotonic_ms() - since_ms < DATABASE_GONE_MS;
}

bool ready_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    IndexState index = library_index_state(request->api->library);
    (void)err;
    bool is_leaving = http_server_is_leaving(request->api->server);
    bool has_database = is_database_there(request);
    bool is_ready = index.is_ready && !is_leaving && has_database;
    response->status = is_ready ? 200 : 503;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "ready", is_ready);
    put_text(&json, "database", has_database ? S("answers") : S("does not answer"));
    put_text(&json, "index", str(index.text));
    put_building(&json, &index.building);
    put_notices(request->api, request->arena, &json);
    put_end(&json);
    return true;
}
