/* work_api.c - what runs, for everybody: the jobs that their types show (src/cli/job_types.def),
 * how far they are, where their results are, and how they are ended. */
#include "api/api.h"
#include "api/work_json.h"
#include "base/clock.h"
#include "jobs/job_runner.h"

typedef struct WorkList {
    ApiRequest *request;
    JobRowList list;
    JobRow row;
    const JobType *type; /* of the row */
} WorkList;

/* --- Showing --- */

void put_work_progress(JsonWriter *json, const JobRow *row)
{
    int64_t left_s = job_seconds_left(row, now_ms());
    put_text(json, "id", row->id);
    put_text(json, "type", row->type);
    put_text_or_null(json, "subject", row->subject);
    put_text(json, "state", str(job_state_name(row->state)));
    put_text_or_null(json, "stage", row->stage);
    put_int(json, "done", row->done);
    put_int(json, "total", row->total);
    if (left_s >= 0)
        put_int(json, "seconds_left", left_s);
    else
        put_null(json, "seconds_left");
}

/* The type's page, with what the job makes in it. Where that has a place for it and there is none,
 * there is no page. */
static Str page_of(Arena *arena, const JobType *type, const JobRow *row)
{
    Str page = str(type->page ? type->page : ""), place = S("{}");
    ptrdiff_t at = str_find(page, place);
    if (at < 0)
        return page;
    return row->result.length
               ? str_format(arena, STR_FMT STR_FMT STR_FMT, (int)at, page.at, STR_ARG(row->result),
                            STR_ARG(str_slice(page, (size_t)at + place.length, page.length)))
               : STR_NONE;
}

static bool is_own(const ApiRequest *request, const JobRow *row)
{
    return str_equal(request->scope->user, row->user);
}

static bool may_steer(const ApiRequest *request, const JobRow *row)
{
    return is_own(request, row) || request->scope->role >= ROLE_EDITOR;
}

/* What its type cancels in its own way is over for good. */
static bool may_retry(const JobType *type, const JobRow *row)
{
    return row->state == JOB_DEAD || (row->state == JOB_CANCELLED && !type->cancel);
}

static void put_work(JsonWriter *json, const ApiRequest *request, const JobType *type,
                     const JobRow *row)
{
    bool is_open =
        row->state == JOB_WAITING || row->state == JOB_DELAYED || row->state == JOB_RUNNING;
    put_work_progress(json, row);
    put_text(json, "title", str(type->title));
    put_text_or_null(json, "about", row->title);
    put_text_or_null(json, "page", page_of(request->arena, type, row));
    put_bool(json, "mine", is_own(request, row));
    put_bool(json, "can_cancel", is_open && type->cancel != job_stays && may_steer(request, row));
    put_bool(json, "can_retry", may_retry(type, row) && may_steer(request, row));
    if (row->error_code.length) {
        put_object(json, "error");
        put_text(json, "code", row->error_code);
        put_text(json, "message", row->error);
        put_end(json);
    } else {
        put_null(json, "error");
    }
    put_time(json, "created_at", row->created_at_ms);
    put_time(json, "started_at", row->started_at_ms);
    put_time(json, "finished_at", row->finished_at_ms);
}

/* --- Reading --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    WorkList *work = argument;
    const ApiRequest *request = work->request;
    const struct JobRunner *runner = request->api->jobs;
    return jobs_store_list_open(
        tx, request->scope, request->arena, jobs_types_shown(runner, request->arena, SHOWN_TO_ALL),
        jobs_types_shown(runner, request->arena, SHOWN_TO_ASKER), &work->list, err);
}

bool work_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    WorkList work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        const JobRow *row = &work.list.at[i];
        put_object(&json, NULL);
        put_work(&json, request, jobs_type(request->api->jobs, row->type), row);
        put_end(&json);
    }
    api_list_end(&json, -1, STR_NONE);
    return true;
}

/* One that is not shown to whoever asks is not there. */
static bool find_work(DbTx *tx, void *argument, Error *err)
{
    WorkList *work = argument;
    const ApiRequest *request = work->request;
    Str id = request->params[0];
    if (!jobs_store_find(tx, request->scope, request->arena, id, &work->row, err))
        return false;
    work->type = jobs_type(request->api->jobs, work->row.type);
    JobShown shown = work->type ? work->type->shown : SHOWN_NOT;
    return shown == SHOWN_TO_ALL || (shown == SHOWN_TO_ASKER && is_own(request, &work->row)) ||
           fail(err, ERROR_NOT_FOUND, "there is no job '" STR_FMT "' that you can see",
                STR_ARG(id));
}

static bool answer_work(const void *argument, HttpResponse *response)
{
    const WorkList *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_work(&json, work->request, work->type, &work->row);
    put_end(&json);
    return true;
}

bool work_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    WorkList work = { .request = request };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           answer_work(&work, response);
}

/* --- Steering --- */

static bool find_to_steer(DbTx *tx, WorkList *work, Error *err)
{
    return find_work(tx, work, err) && (may_steer(work->request, &work->row) ||
                                        scope_needs(work->request->scope, ROLE_EDITOR, err));
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    WorkList *work = argument;
    const ApiRequest *request = work->request;
    if (!find_to_steer(tx, work, err))
        return false;
    bool good = work->type->cancel
                    ? work->type->cancel(tx, request->scope, request->arena, &work->row, err)
                    : job_cancel(tx, request->scope, work->row.id, err);
    return good && find_work(tx, work, err);
}

bool work_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    WorkList work = { .request = request };
    return api_change(request, response, cancel_work, answer_work, &work, err);
}

static bool retry_work(DbTx *tx, void *argument, Error *err)
{
    WorkList *work = argument;
    if (!find_to_steer(tx, work, err))
        return false;
    if (!may_retry(work->type, &work->row))
        return fail(err, ERROR_CONFLICT, "the job is %s, so it cannot be run again",
                    job_state_name(work->row.state));
    return job_retry(tx, work->request->scope, work->row.id, err) && find_work(tx, work, err);
}

bool work_retry(ApiRequest *request, HttpResponse *response, Error *err)
{
    WorkList work = { .request = request };
    return api_change(request, response, retry_work, answer_work, &work, err);
}
