/* status_api.c - how the server is and is set up, on the paths of earlier systems: /ping,
 * /api/v1/status, /api/system/status. */
#include "api/health.h"
#include "api/process_figures.h"
#include "api/request_trace.h"
#include "base/clock.h"
#include "jobs/job_runner.h"
#include "library/library.h"
#include "net/http_server.h"
#include "notify/event_hub.h"
#include "store/jobs_store.h"

bool ping_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "status", S("ok"));
    put_text(&json, "message", S("pong"));
    put_time(&json, "timestamp", now_ms());
    put_end(&json);
    return true;
}

static Str overall(const IndexState *index, bool database_answers)
{
    if (!database_answers)
        return S("unhealthy");
    return index->is_ready ? S("ok") : S("degraded");
}

/* --- What it is set to, without anything that is secret --- */

static void put_configuration(const Api *api, JsonWriter *json)
{
    const LibraryOptions *library = library_options(api->library);
    put_object(json, "configuration");
    put_text(json, "profile", api->is_strict ? S("production") : S("development"));
    put_text(json, "database", db_kind(api->db) == DB_SQLITE ? S("sqlite") : S("postgresql"));
    put_text(json, "vector_store", str(library_vector_store(api->library)));
    put_int(json, "max_file_size", api->upload_max);
    put_text_or_null(json, "allowed_file_types", library->allowed_types);
    put_text_or_null(json, "cors_origins", api->cors_origins);
    put_text_or_null(json, "docs_url", api->shows_docs ? S("/docs") : S(""));
    put_end(json);
}

/* What answers now: models that rules stand in for when they are not there. */
static void put_features(const Api *api, JsonWriter *json)
{
    const LibraryOptions *library = library_options(api->library);
    size_t formats;
    (void)library_formats(&formats);
    put_object(json, "features");
    put_bool(json, "search_by_words", true);
    put_bool(json, "search_by_meaning", library_model_status(api->library).is_ready);
    put_bool(json, "speech_by_model", library->hear);
    put_bool(json, "pictures_by_model", library->describe);
    put_bool(json, "secure", api->is_secure);
    put_int(json, "formats", (int64_t)formats);
    put_end(json);
}

bool status_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    IndexState index = library_index_state(api->library);
    (void)err;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "name", api->app_name);
    put_text(&json, "status", overall(&index, true));
    put_int(&json, "uptime_s", (now_ms() - api->started_ms) / 1000);
    put_configuration(api, &json);
    put_features(api, &json);
    health_put_server(api, request->arena, request->scope, &json);
    put_end(&json);
    return true;
}

/* --- How its parts do --- */

static void put_store(const Api *api, JsonWriter *json)
{
    IndexState index = library_index_state(api->library);
    put_object(json, "vector_store");
    put_text(json, "kind", str(library_vector_store(api->library)));
    put_text(json, "state", str(index.text));
    put_int(json, "chunks", index.chunks);
    put_int(json, "vectors", index.vectors);
    put_int(json, "waiting_changes", index.waiting_changes);
    put_end(json);
}

typedef struct Queue {
    const ApiRequest *request;
    JobCounts jobs;
    DocumentCounts documents;
} Queue;

static bool count_queue(DbTx *tx, void *argument, Error *err)
{
    Queue *queue = argument;
    const Scope *scope = queue->request->scope;
    return jobs_store_count(tx, scope, &queue->jobs, err) &&
           document_count(tx, scope, &queue->documents, err);
}

static void put_queue(JsonWriter *json, const Queue *queue)
{
    const JobCounts *jobs = &queue->jobs;
    int64_t since = jobs->oldest_waiting_ms, waited_ms = since ? now_ms() - since : 0;
    put_object(json, "file_processing_queue");
    put_int(json, "waiting", jobs->waiting);
    put_int(json, "delayed", jobs->delayed);
    put_int(json, "running", jobs->running);
    put_int(json, "failed", jobs->dead);
    put_int(json, "oldest_waiting_s", MAX(waited_ms, 0) / 1000);
    put_object(json, "files");
    for (int state = 0; state < DOCUMENT_STATE_COUNT; state++)
        put_int(json, document_state_name((DocumentState)state), queue->documents.by_state[state]);
    put_end(json);
    put_end(json);
}

static void put_performance(const Api *api, JsonWriter *json)
{
    RequestTimes times = request_times();
    DiskRoom disk = disk_room(api->upload_folder);
    int64_t up_ms = now_ms() - api->started_ms;
    double cpu_s = process_cpu_seconds() + process_workers_cpu_seconds();
    put_object(json, "performance");
    put_int(json, "uptime_s", up_ms / 1000);
    put_int(json, "requests", times.count);
    put_number(json, "average_ms", times.average_ms);
    put_number(json, "p50_ms", times.p50_ms);
    put_number(json, "p95_ms", times.p95_ms);
    put_int(json, "connections", (int64_t)http_server_counts(api->server).connections);
    put_int(json, "event_streams", (int64_t)event_hub_count(api->events));
    put_number(json, "cpu_percent", 100000 * cpu_s / (double)MAX(up_ms, 1));
    put_int(json, "memory_bytes", process_memory().resident);
    put_int(json, "disk_free_bytes", disk.free);
    put_int(json, "disk_size_bytes", disk.size);
    put_end(json);
}

bool system_status_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    Queue queue = { .request = request };
    Buf database = buf_new(request->arena, KB(16));
    IndexState index = library_index_state(api->library);
    int64_t began_us = monotonic_us();
    Error why;
    (void)err;
    bool answers = store_read(api->db, request->scope, count_queue, &queue, &why);
    double took_ms = (double)(monotonic_us() - began_us) / 1000;
    db_describe(api->db, &database);
    response->status = answers ? 200 : 503;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "status", overall(&index, answers));
    put_object(&json, "database");
    put_text(&json, "status", answers ? S("healthy") : S("down"));
    put_text_or_null(&json, "error", answers ? S("") : str(why.message));
    put_number(&json, "took_ms", took_ms);
    put_object(&json, "details");
    buf_add(json.out, buf_str(&database));
    put_end(&json);
    put_end(&json);
    put_store(api, &json);
    if (answers)
        put_queue(&json, &queue);
    put_performance(api, &json);
    put_end(&json);
    return true;
}
