/* walk.c - the job that walks a frame: step after step, each stored with the position behind it.
 *
 *     load -> steps that change nothing, one after the other -> one that does, waits or is the last
 *      ^                                                         |
 *      '------------ stored with its own change, in one transaction
 *
 * What is not stored is walked again after a crash; so what only works values out is stored
 * together with what comes behind it, and notices are. When one of several changes is refused, none
 * is stored: they are walked again, each stored alone, and that one fails. */
#include "base/clock.h"
#include "store/api_keys_store.h"
#include "store/people_store.h"
#include "workflow/workflow_int.h"

#define WALK_MEMORY_MAX GB(1)
#define STEPS_AT_ONCE 100
#define ROUND_MS 100
#define CONFLICTS_MAX 10
#define CONFLICT_WAIT_MS 10

/* --- Loading --- */

/* Whoever started it may still do so. People leave and keys are revoked while it runs: what is left
 * then fails. */
static bool find_role(DbTx *tx, Walk *walk, Error *err)
{
    Error why = { 0 };
    walk->scope = walk->job->scope;
    walk->scope.user = walk->execution.user;
    walk->scope.role = ROLE_EDITOR;
    if (walk->scope.user.length &&
        !membership_role(tx, &walk->scope, walk->scope.user, &walk->scope.role, err))
        return false;
    if (api_key_act(tx, walk->arena, walk->execution.api_key, &walk->scope, &why))
        return true;
    walk->scope.role = ROLE_NONE;
    *err = why;
    return why.code == ERROR_DENIED;
}

static bool load_work(DbTx *tx, void *argument, Error *err)
{
    Walk *walk = argument;
    Str execution = walk->execution.id;
    walk->is_due = false;
    if (!workflow_execution_find(tx, &walk->job->scope, walk->arena, execution, &walk->execution,
                                 err) ||
        !workflow_frame_find(tx, &walk->job->scope, walk->arena, execution, walk->frame.number,
                             &walk->frame, err))
        return false;
    walk->stood = walk->frame;
    if (!str_is(walk->execution.state, "running") || !str_is(walk->frame.state, "active"))
        return true;
    walk->is_due = true;
    json_decref(walk->body);
    walk->body = NULL;
    return json_parse(walk->execution.body, WORKFLOW_BYTES_MAX, &walk->body, err) &&
           find_role(tx, walk, err) && walk_names(walk, tx, err);
}

/* --- What a step did to the frame --- */

static void note_step(Walk *walk, const json_t *step, const StepResult *result, const char *state,
                      const Error *why)
{
    WorkflowFrame *frame = &walk->frame;
    bool is_open = strcmp(state, "running") == 0 || strcmp(state, "waiting") == 0 ||
                   strcmp(state, "retrying") == 0;
    frame->step_count += !frame->is_step_open;
    frame->is_step_open = is_open;
    *vec_push(walk->arena, &walk->steps) = (WorkflowStep){
        .frame = frame->number,
        .number = frame->step_count,
        .step = json_member_text(step, "id"),
        .type = json_member_text(step, "type"),
        .state = str(state),
        .attempt = frame->attempt,
        .input = result->input ? json_print(walk->arena, result->input) : STR_NONE,
        .output = result->output ? json_print(walk->arena, result->output) : STR_NONE,
        .error_code = why ? str(error_name(why->code)) : STR_NONE,
        .error = why ? str_copy(walk->arena, str(why->message)) : STR_NONE,
        .tokens = result->tokens,
        .cost_pd = result->cost_pd,
        .started_at_ms = result->started_at_ms,
        .finished_at_ms = is_open ? 0 : now_ms(),
    };
}

static void move_on(WorkflowFrame *frame, Str next)
{
    frame->position = next;
    frame->attempt = 1;
    frame->woken = STR_NONE;
    if (!next.length)
        frame->state = S("done");
}

static void wait_for(WorkflowFrame *frame, const StepWait *wait, size_t children)
{
    frame->state = S("waiting");
    frame->wait = str(wait->kind);
    frame->wait_until_ms = wait->until_ms;
    frame->wait_event = wait->event;
    frame->woken = STR_NONE;
    frame->children_left = (int64_t)children;
}

static void step_ended(Walk *walk, const json_t *step, const StepResult *result)
{
    static const char *const states[] = { "done", "skipped", "waiting" };
    note_step(walk, step, result, states[result->end], NULL);
    if (result->end == STEP_WAITS) {
        wait_for(&walk->frame, &result->wait, result->child_count);
        return;
    }
    walk_name_step(walk, json_member_text(step, "id"), result->output);
    move_on(&walk->frame, result->next);
}

/* Words that are wrong stay wrong, however often they are said. */
static bool may_help(ErrorCode code)
{
    return code != ERROR_INVALID && code != ERROR_DENIED && code != ERROR_TOO_LARGE &&
           code != ERROR_UNSUPPORTED;
}

static int64_t retry_wait_ms(const RetryRule *rule, int64_t attempt)
{
    double wait = (double)rule->wait_ms;
    for (int64_t i = 1; i < attempt; i++)
        wait *= rule->factor;
    return (int64_t)MIN(wait, (double)WORKFLOW_WAIT_MAX_S * 1000);
}

static void step_failed(Walk *walk, const json_t *step, const StepResult *result, const Error *why)
{
    WorkflowFrame *frame = &walk->frame;
    RetryRule rule = workflow_retry(step);
    Str id = json_member_text(step, "id"), on_error = json_member_text(step, "on_error");
    if (frame->attempt < rule.attempts && may_help(why->code)) {
        StepWait wait = { "retry", now_ms() + retry_wait_ms(&rule, frame->attempt), STR_NONE };
        note_step(walk, step, result, "retrying", why);
        wait_for(frame, &wait, 0);
        frame->attempt++;
        return;
    }
    note_step(walk, step, result, "failed", why);
    frame->error =
        workflow_error_json(walk->arena, str(error_name(why->code)), str(why->message), id);
    if (!on_error.length || str_is(on_error, "fail")) {
        frame->state = S("failed");
        return;
    }
    json_object_set_new(walk->names, "error",
                        json_loadb(frame->error.at, frame->error.length, 0, NULL));
    move_on(frame, str_is(on_error, "continue")
                       ? result->next
                       : workflow_target(walk->sequence, step, "on_error"));
}

/* --- Storing --- */

typedef struct Storing {
    Walk *walk;
    const StepResult *last; /* NULL: nothing is due but the rows */
    bool is_refused;        /* by its commit(): the step failed */
} Storing;

static bool add_children(DbTx *tx, Walk *walk, const StepResult *result, Error *err)
{
    const json_t *step = workflow_step(walk->sequence, walk->frame.position);
    size_t active = MIN(result->child_count, (size_t)workflow_at_once(step));
    int64_t first;
    if (!workflow_frame_add(tx, &walk->scope, walk->arena, walk->execution.id, result->children,
                            result->child_count, active, &first, err))
        return false;
    for (size_t i = 0; i < active; i++)
        if (!frame_job_add(tx, &walk->scope, walk->arena, walk->execution.id, first + (int64_t)i,
                           err))
            return false;
    return true;
}

/* The step's own change; it may say more in its output. */
static bool change_last(Walk *walk, DbTx *tx, const StepResult *last, Error *err)
{
    if (!last->commit(last->run, tx, err))
        return false;
    walk->steps.at[walk->steps.count - 1].output = json_print(walk->arena, last->output);
    return true;
}

/* Of the steps before the last, which wait for nothing else, and of the last. What they tell people
 * is sent at once: eleven notices cost hardly more than one. */
static bool change(Walk *walk, DbTx *tx, const StepResult *last, Error *err)
{
    walk->notices.count = 0;
    for (size_t i = 0; i < walk->joined.count; i++)
        if (!walk->joined.at[i].commit(walk->joined.at[i].run, tx, err))
            return false;
    if (last && last->commit && !change_last(walk, tx, last, err))
        return false;
    return !walk->notices.count || notify_send_many(tx, &walk->scope, walk->arena, walk->notices.at,
                                                    walk->notices.count, err);
}

static bool store_work(DbTx *tx, void *argument, Error *err)
{
    Storing *in = argument;
    Walk *walk = in->walk;
    const WorkflowFrame *frame = &walk->frame;
    const StepResult *last = in->last;
    const WorkflowMove move = { walk->execution.id, *frame, walk->stood.position,
                                walk->stood.attempt, walk->stood.step_count };
    bool is_active = str_is(frame->state, "active"), is_waiting = str_is(frame->state, "waiting");
    in->is_refused = false;
    if ((is_active && !job_hold(tx, walk->job, err)) ||
        !workflow_move(tx, &walk->scope, &move, err))
        return false;
    if (!change(walk, tx, last, err)) {
        in->is_refused = true;
        return false;
    }
    if (walk->steps.count && !workflow_step_save(tx, &walk->scope, walk->arena, walk->execution.id,
                                                 walk->steps.at, walk->steps.count, err))
        return false;
    if ((is_waiting && last && last->child_count && !add_children(tx, walk, last, err)) ||
        (is_waiting && frame->wait_until_ms &&
         !frame_timer_add(tx, &walk->scope, walk->arena, walk->execution.id, frame, err)) ||
        (!is_active && !is_waiting && !frame_over(walk, tx, err)))
        return false;
    return is_active || job_done_in(tx, walk->job, err);
}

static void result_end(StepResult *result)
{
    json_decref(result->output);
    json_decref(result->input);
}

static void joined_end(Walk *walk)
{
    for (size_t i = 0; i < walk->joined.count; i++)
        result_end(&walk->joined.at[i]);
    walk->joined.count = 0;
}

/* What was walked, and what the last step changes. *is_refused_r: its change was refused, and no
 * other's may have been. */
static bool store(Walk *walk, const StepResult *last, bool *is_refused_r, Error *err)
{
    Storing in = { .walk = walk, .last = last };
    bool good = store_write(walk->job->db, &walk->scope, store_work, &in, err);
    *is_refused_r = in.is_refused && !walk->joined.count;
    if (good) {
        walk->stood = walk->frame;
        walk->steps.count = 0;
        joined_end(walk);
    }
    walk->is_alone = walk->is_alone || (in.is_refused && walk->joined.count);
    return good;
}

/* --- Walking --- */

/* The step's own change was refused, and nothing of it stored: it failed. */
static bool store_refused(Walk *walk, const WorkflowFrame *before, const json_t *step,
                          StepResult *result, Error *err)
{
    Error why = *err;
    bool is_refused;
    if (error_is_temporary(why.code) && walk->job->attempt < walk->job->attempt_max)
        return false;
    walk->frame = *before;
    walk->steps.count--;
    json_decref(result->output);
    result->output = NULL;
    step_failed(walk, step, result, &why);
    return store(walk, NULL, &is_refused, err);
}

/* Steps that ask others take their time: that they run is seen. */
static bool show_running(Walk *walk, const json_t *step, Error *err)
{
    const StepResult running = { .started_at_ms = now_ms() };
    bool is_refused;
    note_step(walk, step, &running, "running", NULL);
    return store(walk, NULL, &is_refused, err);
}

static bool walk_one(Walk *walk, const json_t *step, bool *goes_on_r, Error *err)
{
    const StepKind *kind = workflow_step_kind(json_member_text(step, "type"));
    WorkflowFrame before;
    StepResult result;
    Error why = { 0 };
    bool is_refused;
    if (kind && kind->effect == STEP_OUTSIDE && !walk->frame.is_step_open &&
        !show_running(walk, step, err))
        return false;
    before = walk->frame;
    if (walk_step(walk, step, &result, &why))
        step_ended(walk, step, &result);
    else if (job_is_stopped(walk->job))
        return result_end(&result), job_stopped(walk->job, err);
    else
        step_failed(walk, step, &result, &why);
    *goes_on_r = str_is(walk->frame.state, "active") && (!result.commit || result.joins) &&
                 (!kind || kind->effect != STEP_OUTSIDE);
    if (*goes_on_r && result.commit) {
        *vec_push(walk->arena, &walk->joined) = result;
        return true;
    }
    bool good = *goes_on_r || store(walk, why.code ? NULL : &result, &is_refused, err) ||
                (is_refused && store_refused(walk, &before, step, &result, err));
    result_end(&result);
    return good;
}

/* From what is stored until something is stored again. */
static bool walk_round(Walk *walk, Error *err)
{
    int64_t end_ms = monotonic_ms() + ROUND_MS;
    bool goes_on = true, is_refused;
    if (walk->scope.role < ROLE_EDITOR) {
        Error why = { 0 };
        (void)fail(&why, ERROR_DENIED,
                   "the person who started this, or the key it was started with, may not work here "
                   "any more: somebody who may has to start it again");
        StepResult none = { .started_at_ms = now_ms() };
        step_failed(walk, workflow_step(walk->sequence, walk->frame.position), &none, &why);
        walk->frame.state = S("failed");
        return store(walk, NULL, &is_refused, err);
    }
    while (goes_on) {
        const json_t *step = workflow_step(walk->sequence, walk->frame.position);
        if (!step)
            return fail(err, ERROR_INTERNAL, "there is no step '" STR_FMT "'",
                        STR_ARG(walk->frame.position));
        if (!walk_one(walk, step, &goes_on, err))
            return false;
        if (goes_on && (walk->steps.count >= STEPS_AT_ONCE || monotonic_ms() > end_ms))
            return store(walk, NULL, &is_refused, err);
    }
    return true;
}

/* *is_over_r: there is nothing more to do in this job. */
static bool load_and_walk(Job *job, Str execution, int64_t frame, bool *is_alone, bool *is_over_r,
                          Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(WALK_MEMORY_MAX);
    Walk walk = { .workflows = job->argument,
                  .job = job,
                  .arena = arena,
                  .scope = job->scope,
                  .execution = { .id = execution },
                  .frame = { .number = frame },
                  .is_alone = *is_alone };
    bool good = store_read(job->db, &job->scope, load_work, &walk, err);
    *is_over_r = !good || !walk.is_due;
    if (!good && err->code == ERROR_NOT_FOUND)
        good = true; /* removed meanwhile */
    else if (good && walk.is_due) {
        good = walk_round(&walk, err);
        *is_over_r = good && !str_is(walk.frame.state, "active");
        good = good || walk.is_alone != *is_alone; /* walked again, each step alone */
        *is_alone = walk.is_alone;
    }
    joined_end(&walk);
    json_decref(walk.names);
    json_decref(walk.body);
    return good;
}

bool workflow_run_job(Job *job, Error *err)
{
    ptrdiff_t slash = str_find_char(job->subject, '/');
    Str execution = str_slice(job->subject, 0, (size_t)MAX(slash, (ptrdiff_t)0));
    int64_t frame;
    int conflicts = 0;
    bool is_over = false, is_alone = false;
    if (!str_to_int(str_from(job->subject, (size_t)(slash + 1)), 0, INT64_MAX, &frame))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' names no frame", STR_ARG(job->subject));
    while (!is_over) {
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (load_and_walk(job, execution, frame, &is_alone, &is_over, err))
            continue;
        /* Somebody else was there first: a cancel, a time that was up. What is stored counts, and
         * can be read in a moment, when it is durable. */
        if (err->code != ERROR_CONFLICT || job_is_stopped(job) || ++conflicts > CONFLICTS_MAX)
            return false;
        sleep_ms(CONFLICT_WAIT_MS * conflicts);
        is_over = false;
    }
    return true;
}
