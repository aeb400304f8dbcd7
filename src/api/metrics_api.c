/* metrics_api.c - /metrics: figures of this process for Prometheus (text format 0.0.4), by its
 * conventions: base units (seconds, bytes), _total behind what only grows. */
#include <sys/resource.h>

#include "api/api.h"
#include "api/process_figures.h"
#include "api/request_trace.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "jobs/job_runner.h"
#include "library/backup_job.h"
#include "library/integrity.h"
#include "library/library.h"
#include "models/models.h"
#include "net/http_server.h"
#include "net/otlp.h"
#include "notify/event_hub.h"
#include "store/read_replica.h"

/* --- Lines --- */

static void begin(Buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void metric(Buf *out, const char *name, const char *type, const char *help, int64_t value)
{
    begin(out, name, type, help);
    buf_addf(out, "%s %" PRId64 "\n", name, value);
}

static void metric_seconds(Buf *out, const char *name, const char *type, const char *help,
                           double seconds)
{
    begin(out, name, type, help);
    buf_addf(out, "%s %.6f\n", name, seconds);
}

/* --- The process, by the names that all of Prometheus's clients use --- */

static void put_memory(Buf *out)
{
    ProcessMemory memory = process_memory();
    if (!memory.resident)
        return;
    metric(out, "process_virtual_memory_bytes", "gauge", "Address space.", memory.address_space);
    metric(out, "process_resident_memory_bytes", "gauge", "Memory.", memory.resident);
}

static void put_process(Buf *out, const Api *api)
{
    struct rlimit descriptors = { 0 };
    metric_seconds(out, "process_cpu_seconds_total", "counter", "Time of processors.",
                   process_cpu_seconds());
    put_memory(out);
    metric(out, "process_open_fds", "gauge", "Open descriptors.", process_open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur <= INT64_MAX)
        metric(out, "process_max_fds", "gauge", "Descriptors that may be open.",
               (int64_t)descriptors.rlim_cur);
    metric_seconds(out, "process_start_time_seconds", "gauge", "When it started, since 1970.",
                   (double)api->started_ms / 1000);
    metric_seconds(out, "lectern_workers_cpu_seconds_total", "counter",
                   "Time of processors of workers that have ended.", process_workers_cpu_seconds());
}

static void put_disk(Buf *out, const Api *api)
{
    DiskRoom disk = disk_room(api->upload_folder);
    if (!disk.size)
        return;
    metric(out, "lectern_disk_size_bytes", "gauge", "The disk of the data folder.", disk.size);
    metric(out, "lectern_disk_free_bytes", "gauge", "What is free of it.", disk.free);
}

/* --- Its parts --- */

static void put_http(Buf *out, const Api *api)
{
    HttpServerCounts http = http_server_counts(api->server);
    metric(out, "lectern_http_requests_total", "counter", "Requests served.",
           (int64_t)http.requests);
    metric(out, "lectern_http_refused_total", "counter", "Requests refused before a handler.",
           (int64_t)http.refused);
    metric(out, "lectern_http_received_bytes_total", "counter", "Bytes of bodies received.",
           (int64_t)http.bytes_in);
    metric(out, "lectern_http_sent_bytes_total", "counter", "Bytes sent.", (int64_t)http.bytes_out);
    metric(out, "lectern_http_connections", "gauge", "Open connections.",
           (int64_t)http.connections);
    metric(out, "lectern_http_active", "gauge", "Requests being served.", (int64_t)http.active);
    metric(out, "lectern_http_waiting", "gauge", "Requests waiting for a thread.",
           (int64_t)http.waiting);
    metric(out, "lectern_event_streams", "gauge", "Open event streams.",
           (int64_t)event_hub_count(api->events));
    request_times_put(out);
}

static void put_index(Buf *out, const Api *api)
{
    IndexState index = library_index_state(api->library);
    metric(out, "lectern_index_chunks", "gauge", "Passages in the index of this node.",
           index.chunks);
    metric(out, "lectern_index_vectors", "gauge", "Vectors in the index of this node.",
           index.vectors);
    metric(out, "lectern_index_waiting_changes", "gauge", "Changes the index has yet to take.",
           index.waiting_changes);
}

static void put_jobs(Buf *out, const Api *api)
{
    JobFigures jobs = jobs_figures(api->jobs);
    metric(out, "lectern_jobs_running", "gauge", "Jobs that run on this node.", jobs.running);
    metric(out, "lectern_jobs_claimed", "gauge", "Jobs that this node has taken and not begun.",
           jobs.claimed);
    begin(out, "lectern_jobs_ended_total", "counter",
          "Runs of jobs on this node: done; failed, and tried again; dead, failed for good.");
    buf_addf(out,
             "lectern_jobs_ended_total{outcome=\"done\"} %" PRId64 "\n"
             "lectern_jobs_ended_total{outcome=\"failed\"} %" PRId64 "\n"
             "lectern_jobs_ended_total{outcome=\"dead\"} %" PRId64 "\n",
             jobs.done, jobs.failed, jobs.dead);
    metric(out, "lectern_jobs_recovered_total", "counter",
           "Jobs of nodes that ended without a word, which this node let begin again.",
           jobs.recovered);
}

static void put_replicas(Buf *out, const Api *api)
{
    DbReplicaCounts counts[DB_REPLICAS_MAX];
    size_t count = db_replica_counts(api->db, counts);
    if (!count)
        return;
    begin(out, "lectern_database_replica_reads_total", "counter",
          "Readings at a replica: done; behind, stray (it follows an old primary) or away: it was "
          "left alone for that, and the primary read.");
    for (size_t i = 0; i < count; i++) {
        const struct {
            const char *outcome;
            int64_t count;
        } all[] = {
            { "done", counts[i].reads },
            { "behind", counts[i].behind },
            { "stray", counts[i].stray },
            { "away", counts[i].away },
        };
        for (size_t k = 0; k < COUNT(all); k++)
            buf_addf(out,
                     "lectern_database_replica_reads_total{replica=\"%s\",outcome=\"%s\"} %" PRId64
                     "\n",
                     counts[i].name, all[k].outcome, all[k].count);
    }
}

/* What stands in the database; a database that is away takes nothing else from the answer. */
static void put_stored(Buf *out, const ApiRequest *request)
{
    IntegrityState scan;
    BackupState backup;
    Error ignored;
    if (!library_integrity(request->api->library, request->arena, &scan, &ignored) ||
        !library_backup_state(request->api->library, request->arena, &backup, &ignored))
        return;
    if (backup.ended_at_ms) {
        metric(out, "lectern_backup_age_seconds", "gauge", "Since the last backup to backup_to.",
               (now_ms() - backup.ended_at_ms) / 1000);
        metric(out, "lectern_backup_bytes", "gauge", "Bytes of it.", backup.bytes);
    }
    metric(out, "lectern_integrity_damaged_originals", "gauge",
           "Originals that are damaged or missing and could not be repaired.", scan.damaged_now);
    metric(out, "lectern_integrity_originals", "gauge", "Originals read in the round of the scan.",
           scan.originals);
    metric(out, "lectern_integrity_bytes", "gauge", "Bytes read in the round of the scan.",
           scan.bytes);
    metric(out, "lectern_integrity_began_seconds", "gauge",
           "When the round of the scan began; 0: never.", scan.began_at_ms / 1000);
    metric(out, "lectern_integrity_running", "gauge", "Whether the round goes on.",
           scan.began_at_ms && !scan.ended_at_ms);
}

static void put_traces(Buf *out, const Otlp *otlp)
{
    OtlpCounts counts = otlp_counts(otlp);
    begin(out, "lectern_trace_spans_total", "counter",
          "Spans: sent; dropped, because too many waited; lost, because no collector took them.");
    buf_addf(out,
             "lectern_trace_spans_total{result=\"sent\"} %" PRId64 "\n"
             "lectern_trace_spans_total{result=\"dropped\"} %" PRId64 "\n"
             "lectern_trace_spans_total{result=\"lost\"} %" PRId64 "\n",
             counts.sent, counts.dropped, counts.lost);
}

/* --- Who may see them --- */

/* Behind a proxy everybody comes from this machine. */
static bool is_near(const ApiRequest *request)
{
    static const char *const marks[] = {
        "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"
    };
    Str peer = request->http->peer;
    for (size_t i = 0; i < COUNT(marks); i++)
        if (http_header_in(request->http, marks[i]).length)
            return false;
    return !request->api->public_url[0] &&
           (str_starts(peer, S("127.")) || str_is(peer, "::1") || str_is(peer, "local"));
}

/* The figures name services and models. */
static bool may_see_metrics(const ApiRequest *request, Error *err)
{
    const Api *api = request->api;
    Str shown = api_secret(request->http);
    Error why;
    if (api->shows_metrics || is_near(request) ||
        account_check_operator(api->account, &request->visitor, &why) ||
        (api->metrics_token.length && secret_equal(shown, api->metrics_token)))
        return true;
    return fail(err, shown.length ? ERROR_DENIED : ERROR_NO_LOGIN,
                "/metrics is shown to operators, to programs on the server's machine, and for "
                "the token of the setting metrics_token: Authorization: Bearer TOKEN");
}

bool metrics_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    Buf *out = &response->body;
    if (!may_see_metrics(request, err))
        return false;
    response->media_type = S("text/plain; version=0.0.4; charset=utf-8");
    begin(out, "lectern_build_info", "gauge", "The program's version.");
    buf_addf(out, "lectern_build_info{version=\"%s\"} 1\n", VERSION);
    metric(out, "lectern_uptime_seconds", "gauge", "Since the start.",
           (now_ms() - api->started_ms) / 1000);
    put_process(out, api);
    put_disk(out, api);
    put_http(out, api);
    put_index(out, api);
    library_put_vector_metrics(api->library, out);
    put_jobs(out, api);
    put_replicas(out, api);
    put_stored(out, request);
    if (api->otlp)
        put_traces(out, api->otlp);
    gateway_metrics(models_gateway(api->models), out);
    return true;
}
