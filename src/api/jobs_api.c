/* jobs_api.c - background work for administrators: what waits, runs and has failed, how fast it
 * goes, and the dead letters: run again, or thrown away. */
#include "api/api.h"
#include "base/clock.h"
#include "jobs/job_runner.h"
#include "store/audit_store.h"

#define SPEED_MINUTES 5
#define REMOVED_AT_ONCE 1000

typedef struct JobsWork {
    ApiRequest *request;
    JobFilter filter;
    JobState state;
    Slice slice;
    JobRowList list;
    JobRow row;
    Str result, type;
    JobTypeCountsList counts;
    int64_t count, since_ms;
} JobsWork;

/* --- Showing --- */

static void put_job(JsonWriter *json, const JobRow *job)
{
    put_text(json, "id", job->id);
    put_text(json, "type", job->type);
    put_text_or_null(json, "subject", job->subject);
    put_text_or_null(json, "about", job->title);
    put_text(json, "state", str(job_state_name(job->state)));
    put_int(json, "priority", job->priority);
    put_int(json, "attempt", job->attempt);
    put_int(json, "attempt_max", job->attempt_max);
    put_text_or_null(json, "stage", job->stage);
    put_int(json, "done", job->done);
    put_int(json, "total", job->total);
    put_text_or_null(json, "parent", job->parent);
    put_int(json, "children", job->children);
    put_int(json, "children_left", job->children_left);
    put_int(json, "children_failed", job->children_failed);
    put_text_or_null(json, "error_code", job->error_code);
    put_text_or_null(json, "error", job->error);
    put_text_or_null(json, "user", job->user);
    put_time(json, "run_at", job->run_at_ms);
    put_time(json, "created_at", job->created_at_ms);
    put_time(json, "started_at", job->started_at_ms);
    put_time(json, "finished_at", job->finished_at_ms);
}

static bool answer_count(const void *argument, HttpResponse *response)
{
    int64_t count = ((const JobsWork *)argument)->count;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "count", count);
    put_end(&json);
    return true;
}

/* --- Lists --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    return jobs_store_list(tx, work->request->scope, work->request->arena, &work->filter,
                           &work->slice, &work->list, err);
}

bool jobs_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request,
                      .filter = { .type = http_query(request->http, "type"),
                                  .parent = http_query(request->http, "parent") } };
    Str state = http_query(request->http, "state");
    if (state.length) {
        if (!job_state_named(state, &work.state))
            return fail_field(err, "state", "there is no state '" STR_FMT "'", STR_ARG(state));
        work.filter.state = &work.state;
    }
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_job(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    const ApiRequest *request = work->request;
    Str id = request->params[0];
    return jobs_store_find(tx, request->scope, request->arena, id, &work->row, err) &&
           jobs_store_result(tx, request->scope, request->arena, id, &work->result, err);
}

bool jobs_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_job(&json, &work.row);
    put_raw(&json, "payload", work.row.payload);
    put_raw(&json, "result", work.result.length ? work.result : S("null"));
    put_end(&json);
    return true;
}

/* --- How it goes --- */

static bool counts_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    return jobs_store_count_types(tx, work->request->scope, work->request->arena, work->since_ms,
                                  &work->counts, err);
}

static void put_mean(JsonWriter *json, const char *name, int64_t sum_ms, int64_t count)
{
    if (count)
        put_int(json, name, sum_ms / count);
    else
        put_null(json, name);
}

static void put_counts(JsonWriter *json, const JobTypeCounts *one)
{
    int64_t ended = one->done + one->failed + one->dead;
    put_object(json, NULL);
    put_text(json, "type", one->type);
    put_int(json, "waiting", one->counts.waiting);
    put_int(json, "delayed", one->counts.delayed);
    put_int(json, "running", one->counts.running);
    put_int(json, "held", one->counts.held);
    put_int(json, "dead", one->counts.dead);
    put_time(json, "oldest_waiting_at", one->counts.oldest_waiting_ms);
    put_int(json, "lately_done", one->done);
    put_int(json, "lately_failed", one->failed);
    put_int(json, "lately_dead", one->dead);
    put_number(json, "per_second", (double)one->done / (SPEED_MINUTES * 60));
    put_mean(json, "run_ms", one->run_ms, ended);
    put_mean(json, "wait_ms", one->wait_ms, ended);
    put_end(json);
}

bool jobs_counts(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request, .since_ms = now_ms() - SPEED_MINUTES * 60000 };
    if (!store_read(request->api->db, request->scope, counts_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.counts.count; i++)
        put_counts(&json, &work.counts.at[i]);
    api_list_end(&json, (int64_t)work.counts.count, STR_NONE);
    return true;
}

/* --- Steering --- */

static bool note(DbTx *tx, const JobsWork *work, const char *action, Str subject, Error *err)
{
    AuditEntry entry = { .action = str(action), .subject = subject };
    return audit_add(tx, work->request->scope, &entry, err);
}

static bool retry_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    return job_retry(tx, work->request->scope, work->request->params[0], err);
}

bool jobs_retry(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
    return api_change(request, response, retry_work, NULL, &work, err);
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    const ApiRequest *request = work->request;
    Str id = request->params[0];
    JobRow row;
    if (!jobs_store_find(tx, request->scope, request->arena, id, &row, err))
        return false;
    const JobType *type = jobs_type(request->api->jobs, row.type);
    return type && type->cancel == job_stays
               ? job_stays(tx, request->scope, request->arena, &row, err)
               : job_cancel(tx, request->scope, id, err);
}

bool jobs_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
    return api_change(request, response, cancel_work, NULL, &work, err);
}

static bool retry_dead_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    return job_retry_dead(tx, work->request->scope, work->type, &work->count, err) &&
           note(tx, work, "jobs.retry", work->type, err);
}

bool jobs_retry_dead(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
    return api_fields(request, err, { "type", JSON_STR, &work.type, .length_max = 200 }) &&
           api_change(request, response, retry_dead_work, answer_count, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    Str id = work->request->params[0];
    return jobs_store_remove(tx, work->request->scope, id, err) &&
           note(tx, work, "job.remove", id, err);
}

bool jobs_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
}

static bool remove_dead_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    return jobs_store_remove_dead(tx, work->request->scope, work->type, REMOVED_AT_ONCE,
                                  &work->count, err) &&
           note(tx, work, "jobs.remove", work->type, err);
}

bool jobs_remove_dead(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
    return api_fields(request, err, { "type", JSON_STR, &work.type, .length_max = 200 }) &&
           api_change(request, response, remove_dead_work, answer_count, &work, err);
}
