/* lab_api.c - the retrieval lab: judged sets, judgements, runs. */
#include "api/document_json.h"
#include "search/lab.h"

#define SET_NAME_MAX 200
#define TSV_MAX MB(32)

typedef struct LabWork {
    ApiRequest *request;
    Str id, query;
    JudgedSet set;
    JudgedSetList sets;
    Judgement judgement;
    bool is_removed; /* grade null: nobody judges it any more */
    JudgementList judgements;
    LabRun run;
    LabRunList runs;
    JobRow *jobs; /* of the runs; no id: long over */
} LabWork;

/* --- Judged sets --- */

static void put_set(JsonWriter *json, const JudgedSet *set)
{
    put_text(json, "id", set->id);
    put_text(json, "name", set->name);
    put_int(json, "queries", set->query_count);
    put_int(json, "judgements", set->judgement_count);
    put_time(json, "created_at", set->created_at_ms);
}

static bool sets_work(DbTx *tx, void *argument, Error *err)
{
    LabWork *work = argument;
    return judged_set_list(tx, work->request->scope, work->request->arena, &work->sets, err);
}

bool lab_sets_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, sets_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.sets.count; i++) {
        put_object(&json, NULL);
        put_set(&json, &work.sets.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.sets.count, S(""));
    return true;
}

bool lab_sets_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name, tsv;
    bool replaces = false;
    LabImport import;
    if (!api_fields(request, err,
                    { "name", JSON_STR, &name, .required = true, .length_max = SET_NAME_MAX },
                    { "tsv", JSON_STR, &tsv, .required = true, .length_max = TSV_MAX },
                    { "replace", JSON_FLAG, &replaces }) ||
        !lab_import(request->api->db, request->scope, request->arena, name, tsv, replaces, &import,
                    err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_set(&json, &import.set);
    put_int(&json, "unknown_count", import.unknown_count);
    put_texts(&json, "unknown", import.unknown);
    put_end(&json);
    return true;
}

static void put_judgement(JsonWriter *json, const Judgement *judgement)
{
    put_object(json, NULL);
    put_text(json, "query", judgement->query);
    put_text(json, "document", judgement->document);
    put_text(json, "name", judgement->document_name);
    if (judgement->end) {
        put_int(json, "start", judgement->start);
        put_int(json, "end", judgement->end);
    } else {
        put_null(json, "start");
        put_null(json, "end");
    }
    put_int(json, "grade", judgement->grade);
    put_end(json);
}

static bool set_work(DbTx *tx, void *argument, Error *err)
{
    LabWork *work = argument;
    const ApiRequest *request = work->request;
    return judged_set_find(tx, request->scope, request->arena, request->params[0], &work->set,
                           err) &&
           judgement_list(tx, request->scope, request->arena, work->set.id, work->query,
                          &work->judgements, err);
}

bool lab_sets_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabWork work = { .request = request, .query = http_query(request->http, "query") };
    if (!store_read(request->api->db, request->scope, set_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_set(&json, &work.set);
    put_array(&json, "items");
    for (size_t i = 0; i < work.judgements.count; i++)
        put_judgement(&json, &work.judgements.at[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

static bool remove_set_work(DbTx *tx, void *argument, Error *err)
{
    LabWork *work = argument;
    return judged_set_remove(tx, work->request->scope, work->request->params[0], err);
}

bool lab_sets_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabWork work = { .request = request };
    return api_change(request, response, remove_set_work, NULL, &work, err);
}

/* --- One judgement --- */

/* The set of this name, made by the first judgement for it. */
static bool find_or_add_set(DbTx *tx, LabWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Str name = work->set.name;
    Error why = { 0 };
    if (judged_set_find_by_name(tx, request->scope, request->arena, name, &work->set, &why))
        return true;
    if (why.code == ERROR_NOT_FOUND)
        return judged_set_add(tx, request->scope, request->arena, &work->set, err);
    *err = why;
    return false;
}

static bool judge_work(DbTx *tx, void *argument, Error *err)
{
    LabWork *work = argument;
    const Scope *scope = work->request->scope;
    Arena *arena = work->request->arena;
    if (!find_or_add_set(tx, work, err))
        return false;
    bool good = work->is_removed
                    ? judgement_remove(tx, scope, arena, work->set.id, &work->judgement, err)
                    : judgement_set(tx, scope, arena, work->set.id, &work->judgement, err);
    return good && judged_set_find(tx, scope, arena, work->set.id, &work->set, err);
}

static bool answer_lab_judge(const void *argument, HttpResponse *response)
{
    const LabWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_set(&json, &work->set);
    put_end(&json);
    return true;
}

bool lab_judge(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabWork work = { .request = request };
    Judgement *judgement = &work.judgement;
    if (!api_fields(
            request, err,
            { "set", JSON_STR, &work.set.name, .required = true, .length_max = SET_NAME_MAX },
            { "query", JSON_STR, &judgement->query, .required = true, .length_max = LAB_QUERY_MAX },
            { "document", JSON_STR, &judgement->document, .required = true, .length_max = 100 },
            { "start", JSON_I64, &judgement->start, .min = 0, .max = INT64_MAX },
            { "end", JSON_I64, &judgement->end, .min = 0, .max = INT64_MAX },
            { "grade", JSON_I64, &judgement->grade, .min = 0, .max = JUDGEMENT_GRADE_MAX }))
        return false;
    work.set.name = str_trim(work.set.name);
    judgement->query = str_trim(judgement->query);
    work.is_removed = !json_is_integer(json_object_get(request->json, "grade"));
    if (!work.set.name.length)
        return fail_field(err, "set", "a judged set needs a name");
    if (!judgement->query.length)
        return fail_field(err, "query", "there is no query");
    if (judgement->end ? judgement->start >= judgement->end : judgement->start > 0)
        return fail_field(err, "end", "a passage ends behind its start");
    return api_change(request, response, judge_work, answer_lab_judge, &work, err);
}

/* --- Runs --- */

bool lab_runs_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabOrder order = { 0 };
    Str run;
    if (!api_fields(request, err,
                    { "set", JSON_STR, &order.set, .required = true, .length_max = 100 },
                    { "settings", JSON_STR, &order.settings, .length_max = 1000 },
                    { "against", JSON_STR, &order.against, .length_max = 1000 }))
        return false;
    order.against = str_trim(order.against);
    if (!lab_start(request->api->db, request->scope, request->arena, &order, &run, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", run);
    put_end(&json);
    return true;
}

/* A job that is no longer kept was over. */
static bool find_job(DbTx *tx, LabWork *work, const LabRun *run, JobRow *job_r, Error *err)
{
    Error why = { 0 };
    if (jobs_store_find(tx, work->request->scope, work->request->arena, run->job, job_r, &why))
        return true;
    *job_r = (JobRow){ .state = run->result.length ? JOB_DONE : JOB_CANCELLED };
    if (why.code == ERROR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

static bool runs_work(DbTx *tx, void *argument, Error *err)
{
    LabWork *work = argument;
    const ApiRequest *request = work->request;
    if (!lab_run_list(tx, request->scope, request->arena, work->id, &work->runs, err))
        return false;
    work->jobs = arena_new_array(request->arena, JobRow, work->runs.count + 1);
    for (size_t i = 0; i < work->runs.count; i++)
        if (!find_job(tx, work, &work->runs.at[i], &work->jobs[i], err))
            return false;
    return true;
}

static void put_run(JsonWriter *json, const LabRun *run, const JobRow *job)
{
    put_text(json, "id", run->id);
    put_text(json, "set", run->set);
    put_text(json, "set_name", run->set_name);
    put_raw(json, "order", run->settings);
    put_text(json, "state", str(job_state_name(job->state)));
    put_int(json, "done", job->done);
    put_int(json, "total", job->total);
    put_text_or_null(json, "error", job->error);
    put_time(json, "created_at", run->created_at_ms);
}

bool lab_runs_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabWork work = { .request = request, .id = http_query(request->http, "set") };
    if (!store_read(request->api->db, request->scope, runs_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.runs.count; i++) {
        put_object(&json, NULL);
        put_run(&json, &work.runs.at[i], &work.jobs[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.runs.count, S(""));
    return true;
}

static bool run_work(DbTx *tx, void *argument, Error *err)
{
    LabWork *work = argument;
    const ApiRequest *request = work->request;
    work->jobs = arena_new_one(request->arena, JobRow);
    return lab_run_find(tx, request->scope, request->arena, request->params[0], &work->run, err) &&
           find_job(tx, work, &work->run, work->jobs, err);
}

bool lab_runs_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, run_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_run(&json, &work.run, work.jobs);
    if (work.run.result.length)
        put_raw(&json, "result", work.run.result);
    else
        put_null(&json, "result");
    put_end(&json);
    return true;
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    LabWork *work = argument;
    const ApiRequest *request = work->request;
    return lab_run_find(tx, request->scope, request->arena, request->params[0], &work->run, err) &&
           job_cancel(tx, request->scope, work->run.job, err);
}

bool lab_runs_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    LabWork work = { .request = request };
    return api_change(request, response, cancel_work, NULL, &work, err);
}

bool lab_settings_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < lab_setting_count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", str(lab_settings[i].name));
        put_text(&json, "help", str(lab_settings[i].help));
        put_end(&json);
    }
    api_list_end(&json, (int64_t)lab_setting_count, S(""));
    return true;
}
