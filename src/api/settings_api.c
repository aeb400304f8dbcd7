/* settings_api.c - settings of a workspace, its model service, background work. */
#include "api/api.h"
#include "jobs/job_queue.h"
#include "models/models.h"

bool settings_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Provider provider;
    Error why = { 0 };
    bool has =
        models_provider(request->api->models, request->scope, request->arena, &provider, &why);
    if (!has && why.code != ERROR_NOT_FOUND) {
        *err = why;
        return false;
    }
    JsonWriter json = put_begin(&response->body);
    if (has) {
        put_object(&json, "provider");
        put_text(&json, "name", provider.name);
        put_text(&json, "base_url", provider.base_url);
        put_text(&json, "model", provider.model);
        put_bool(&json, "key_set", provider.has_key);
        put_bool(&json, "found", provider.was_found);
        put_end(&json);
    } else {
        put_null(&json, "provider");
    }
    put_end(&json);
    return true;
}

bool settings_provider(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str base_url, model = STR_NONE, key = STR_NONE;
    return api_fields(request, err,
                      { "base_url", JSON_STR, &base_url, .required = true, .length_max = 2000 },
                      { "model", JSON_STR, &model, .length_max = 200 },
                      { "key", JSON_STR, &key, .length_max = 2000 }) &&
           models_set_provider(request->api->models, request->scope, base_url, model, key, err) &&
           settings_show(request, response, err);
}

bool settings_no_provider(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_remove_provider(request->api->models, request->scope, err) && api_done(response);
}

/* --- Jobs --- */

typedef struct JobsWork {
    ApiRequest *request;
    JobFilter filter;
    JobState state;
    Slice slice;
    JobRowList list;
} JobsWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    return jobs_store_list(tx, work->request->scope, work->request->arena, &work->filter,
                           &work->slice, &work->list, err);
}

static void put_job(JsonWriter *json, const JobRow *job)
{
    put_object(json, NULL);
    put_text(json, "id", job->id);
    put_text(json, "type", job->type);
    put_text_or_null(json, "subject", job->subject);
    put_text(json, "state", str(job_state_name(job->state)));
    put_int(json, "attempt", job->attempt);
    put_text_or_null(json, "stage", job->stage);
    put_int(json, "done", job->done);
    put_int(json, "total", job->total);
    put_text_or_null(json, "error", job->error);
    put_time(json, "created_at", job->created_at_ms);
    put_time(json, "started_at", job->started_at_ms);
    put_time(json, "finished_at", job->finished_at_ms);
    put_end(json);
}

bool jobs_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
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
    for (size_t i = 0; i < work.list.count; i++)
        put_job(&json, &work.list.at[i]);
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool retry_work(DbTx *tx, void *argument, Error *err)
{
    JobsWork *work = argument;
    return job_retry(tx, work->request->scope, work->request->params[0], err);
}

bool jobs_retry(ApiRequest *request, HttpResponse *response, Error *err)
{
    JobsWork work = { .request = request };
    return store_write(request->api->db, request->scope, retry_work, &work, err) &&
           api_done(response);
}
