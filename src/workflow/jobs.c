/* jobs.c - what happens to workflows by the clock: waits that are over, schedules, executions that
 * nobody walks, past their time, or long over. */
#include "base/clock.h"
#include "base/log.h"
#include "store/api_keys_store.h"
#include "workflow/workflow_int.h"

#define LOST_MS 60000 /* a job may be on its way for so long */
#define SWEEP_MAX 500
#define KEEP_DAYS 365
#define DAY_MS INT64_C(86400000)

/* --- A wait that is over --- */

typedef struct TimerWork {
    Job *job;
    Str execution;
    int64_t numbers[3]; /* frame, step, attempt */
    int64_t wait_ms;    /* that is left; the clock may have gone back */
} TimerWork;

static bool read_subject(TimerWork *work, Error *err)
{
    Str rest = work->job->subject, piece;
    bool good = str_next(&rest, '/', &work->execution);
    for (size_t i = 0; i < COUNT(work->numbers); i++)
        good = good && str_next(&rest, '/', &piece) &&
               str_to_int(piece, 0, INT64_MAX, &work->numbers[i]);
    return good ||
           fail(err, ERROR_INVALID, "'" STR_FMT "' names no wait", STR_ARG(work->job->subject));
}

static bool timer_work(DbTx *tx, void *argument, Error *err)
{
    TimerWork *work = argument;
    Job *job = work->job;
    WorkflowFrame frame;
    if (!workflow_frame_find(tx, &job->scope, job->arena, work->execution, work->numbers[0], &frame,
                             err))
        return false;
    work->wait_ms = 0;
    if (!str_is(frame.state, "waiting") || frame.step_count != work->numbers[1] ||
        frame.attempt != work->numbers[2] || !frame.wait_until_ms)
        return job_done_in(tx, job, err);
    work->wait_ms = frame.wait_until_ms - now_ms();
    if (work->wait_ms > 0)
        return true;
    Str woken = str_is(frame.wait, "retry") ? STR_NONE : S("{\"timed_out\":true}");
    return frame_go_on_without(tx, &job->scope, job->arena, work->execution, &frame, woken, err) &&
           job_done_in(tx, job, err);
}

bool workflow_timer_job(Job *job, Error *err)
{
    TimerWork work = { .job = job };
    if (!read_subject(&work, err))
        return false;
    if (!store_write(job->db, &job->scope, timer_work, &work, err))
        return err->code == ERROR_NOT_FOUND;
    if (work.wait_ms <= 0)
        return true;
    job_put_off(job, work.wait_ms);
    return fail(err, ERROR_BUSY, "the clock went back: the wait goes on");
}

/* --- Started by a schedule --- */

typedef struct StartWork {
    Job *job;
    json_t *payload;
} StartWork;

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    StartWork *work = argument;
    Job *job = work->job;
    Scope scope = job->scope;
    Recipe workflow;
    WorkflowExecution execution;
    Str named = json_member_text(work->payload, "workflow");
    const WorkflowStart start = { .input = json_object_get(work->payload, "input"),
                                  .document = json_member_text(work->payload, "document"),
                                  .started_by = S("schedule"),
                                  .key = str_format(job->arena, "job:" STR_FMT, STR_ARG(job->id)) };
    const json_t *trigger = json_object_get(work->payload, "trigger");
    if (json_is_integer(trigger))
        return workflow_trigger_due(tx, &scope, job->arena, named, json_integer_value(trigger),
                                    job->id, err) &&
               job_done_in(tx, job, err);
    if (!recipe_find_either(tx, &scope, job->arena, S(RECIPE_WORKFLOW),
                            named.length ? named : job->subject, &workflow, err))
        return false;
    scope.user = job->user.length || job->api_key.length ? job->user : workflow.user;
    scope.role = ROLE_EDITOR;
    return api_key_act(tx, job->arena, job->api_key, &scope, err) &&
           workflow_start(tx, &scope, job->arena, &workflow, &start, &execution, err) &&
           job_done_in(tx, job, err);
}

bool workflow_start_job(Job *job, Error *err)
{
    AUTO_JSON json_t *payload = NULL;
    if (!json_parse(job->payload, WORKFLOW_INPUT_MAX, &payload, err))
        return false;
    StartWork work = { job, payload };
    return store_write(job->db, &job->scope, start_work, &work, err);
}

/* --- What nobody looks after --- */

typedef struct SweepWork {
    Job *job;
    const WorkflowKey *at;
    WorkflowKeyList list;
    int64_t purged;
} SweepWork;

static bool list_lost_work(DbTx *tx, void *argument, Error *err)
{
    SweepWork *work = argument;
    Job *job = work->job;
    return workflow_frame_list_lost(tx, &job->scope, job->arena, now_ms() - LOST_MS, SWEEP_MAX,
                                    &work->list, err);
}

static bool list_expired_work(DbTx *tx, void *argument, Error *err)
{
    SweepWork *work = argument;
    Job *job = work->job;
    return workflow_execution_list_expired(tx, &job->scope, job->arena, now_ms(), SWEEP_MAX,
                                           &work->list, err);
}

/* It ends as failed; nothing of it runs on. */
static bool give_up(DbTx *tx, const Scope *scope, Arena *arena, Str id, ErrorCode code, Str why,
                    Error *err)
{
    WorkflowExecution execution;
    Error now = { 0 };
    if (!workflow_execution_find(tx, scope, arena, id, &execution, err))
        return false;
    if (execution.finished_at_ms)
        return true;
    execution.state = S("failed");
    execution.error_code = str(error_name(code));
    execution.error = why;
    if (execution_over(tx, scope, arena, &execution, &now) || now.code == ERROR_CONFLICT)
        return true;
    *err = now;
    return false;
}

static bool lost_work(DbTx *tx, void *argument, Error *err)
{
    SweepWork *work = argument;
    const WorkflowKey *at = work->at;
    Arena *arena = work->job->arena;
    const Scope scope = { .workspace = at->workspace, .role = ROLE_OWNER };
    WorkflowFrame frame;
    if (at->error.length)
        return give_up(tx, &scope, arena, at->execution, ERROR_INTERNAL, at->error, err);
    if (!at->is_waiting)
        return frame_job_add(tx, &scope, arena, at->execution, at->frame, err);
    return workflow_frame_find(tx, &scope, arena, at->execution, at->frame, &frame, err) &&
           frame_timer_add(tx, &scope, arena, at->execution, &frame, err);
}

static bool expired_work(DbTx *tx, void *argument, Error *err)
{
    SweepWork *work = argument;
    const Scope scope = { .workspace = work->at->workspace, .role = ROLE_OWNER };
    return give_up(tx, &scope, work->job->arena, work->at->execution, ERROR_TIMEOUT,
                   S("the whole workflow was not over in time (its timeout_s)"), err);
}

static bool purge_work(DbTx *tx, void *argument, Error *err)
{
    SweepWork *work = argument;
    return workflow_execution_purge(tx, &work->job->scope, now_ms() - KEEP_DAYS * DAY_MS, SWEEP_MAX,
                                    &work->purged, err);
}

static bool sweep_each(SweepWork *work, DbWork *each, Error *err)
{
    Job *job = work->job;
    for (size_t i = 0; i < work->list.count; i++) {
        const Scope scope = { .workspace = work->list.at[i].workspace, .role = ROLE_OWNER };
        Error why = { 0 };
        work->at = &work->list.at[i];
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!store_write(job->db, &scope, each, work, &why) && why.code != ERROR_NOT_FOUND)
            log_warn("workflow", "an execution cannot be looked after: %s", why.message);
    }
    return true;
}

bool workflow_sweep_job(Job *job, Error *err)
{
    SweepWork work = { .job = job };
    return store_read(job->db, &job->scope, list_lost_work, &work, err) &&
           sweep_each(&work, lost_work, err);
}

bool workflow_cleanup_job(Job *job, Error *err)
{
    SweepWork work = { .job = job };
    return store_read(job->db, &job->scope, list_expired_work, &work, err) &&
           sweep_each(&work, expired_work, err) &&
           store_write(job->db, &job->scope, purge_work, &work, err);
}
