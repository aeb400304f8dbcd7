/* over.c - what happens where a frame or an execution ends. */
#include "approval/approval.h"
#include "base/clock.h"
#include "workflow/workflow_int.h"

Str workflow_error_json(Arena *arena, Str code, Str message, Str step)
{
    Buf out = buf_new(arena, KB(8));
    JsonWriter json = put_begin(&out);
    put_text(&json, "code", code);
    put_text(&json, "message", message);
    put_text(&json, "step", step);
    put_end(&json);
    return buf_str(&out);
}

/* --- An execution --- */

static bool tell_parent(DbTx *tx, const Scope *scope, Arena *arena,
                        const WorkflowExecution *execution, Error *err)
{
    Buf out = buf_new(arena, WORKFLOW_OUTPUT_MAX + KB(16));
    JsonWriter json = put_begin(&out);
    bool is_woken;
    put_text(&json, "execution", execution->id);
    put_text(&json, "state", execution->state);
    put_raw(&json, "output", execution->output.length ? execution->output : S("null"));
    put_text(&json, "code", execution->error_code);
    put_text(&json, "message", execution->error);
    put_end(&json);
    if (!workflow_frame_wake(tx, scope, execution->parent, execution->parent_frame, S("workflow"),
                             -1, buf_str(&out), &is_woken, err))
        return false;
    return !is_woken ||
           frame_job_add(tx, scope, arena, execution->parent, execution->parent_frame, err);
}

static bool tell_people(DbTx *tx, const Scope *scope, Arena *arena,
                        const WorkflowExecution *execution, Error *err)
{
    const NoticeField fields[] = {
        { "workflow", execution->name },
        { "step", execution->error_step.length ? execution->error_step : S("-") },
        { "error", execution->error },
    };
    const Notice notice = {
        .kind = NOTICE_workflow_failed,
        .audience = ROLE_ADMIN,
        .user = execution->user,
        .dedup = str_format(arena, "workflow_failed:" STR_FMT ":%" PRId64, STR_ARG(execution->id),
                            now_ms()),
        .link = str_format(arena, "/workflows?execution=" STR_FMT, STR_ARG(execution->id)),
        .fields = fields,
        .field_count = COUNT(fields),
    };
    return notify_send(tx, scope, arena, &notice, err);
}

static bool has_step(const WorkflowExecution *execution, const char *type)
{
    return str_find(execution->body, str(type)) >= 0;
}

/* Nobody decides what nobody waits for. Before the frames are touched: a decision takes its
 * approval first, too. */
static bool withdraw_approvals(DbTx *tx, const Scope *scope, Arena *arena,
                               const WorkflowExecution *execution, Error *err)
{
    bool is_done = str_is(execution->state, "done"); /* it waits for nobody any more */
    return is_done || !has_step(execution, "approval") ||
           approvals_withdraw(
               tx, scope, arena, str_format(arena, STR_FMT "/", STR_ARG(execution->id)),
               str_format(arena, "the workflow that asked is %s",
                          str_is(execution->state, "failed") ? "over: it failed" : "cancelled"),
               err);
}

/* What it has begun has no purpose any more. */
static bool stop_begun(DbTx *tx, const Scope *scope, Arena *arena,
                       const WorkflowExecution *execution, Error *err)
{
    return workflow_frame_stop(tx, scope, arena, execution->id, -1, S("cancelled"), err) &&
           (!has_step(execution, "workflow") ||
            executions_cancel_started(tx, scope, arena, execution->id, -1, err));
}

bool execution_over(DbTx *tx, const Scope *scope, Arena *arena, const WorkflowExecution *execution,
                    Error *err)
{
    bool is_changed, is_failed = str_is(execution->state, "failed");
    if (!withdraw_approvals(tx, scope, arena, execution, err) ||
        !workflow_execution_end(tx, scope, execution, &is_changed, err))
        return false;
    if (!is_changed)
        return fail(err, ERROR_CONFLICT, "the execution is over already");
    return (str_is(execution->state, "done") || stop_begun(tx, scope, arena, execution, err)) &&
           (!execution->parent.length || tell_parent(tx, scope, arena, execution, err)) &&
           (!is_failed || execution->parent.length || execution->is_dry ||
            tell_people(tx, scope, arena, execution, err));
}

static void fill_output(Walk *walk, WorkflowExecution *execution)
{
    const json_t *wanted = json_object_get(walk->body, "output");
    AUTO_JSON json_t *output = NULL;
    Error why = { 0 };
    if (!wanted)
        return;
    if (template_fill(wanted, walk->names, now_ms(), &output, &why))
        execution->output = json_print(walk->arena, output);
    if (execution->output.length > WORKFLOW_OUTPUT_MAX)
        (void)fail(&why, ERROR_TOO_LARGE, "it has %zu bytes, and at most %zu are kept",
                   execution->output.length, WORKFLOW_OUTPUT_MAX);
    if (!why.code)
        return;
    (void)fail_in(&why, "output");
    execution->output = STR_NONE;
    execution->state = S("failed");
    execution->error_code = str(error_name(why.code));
    execution->error = str_copy(walk->arena, str(why.message));
}

static bool main_over(Walk *walk, DbTx *tx, Error *err)
{
    WorkflowExecution ended = walk->execution;
    AUTO_JSON json_t *why = NULL;
    ended.state = walk->frame.state;
    if (str_is(ended.state, "done")) {
        fill_output(walk, &ended);
    } else {
        if (!json_parse(walk->frame.error, KB(16), &why, err))
            return false;
        ended.error_code = str_copy(walk->arena, json_member_text(why, "code"));
        ended.error = str_copy(walk->arena, json_member_text(why, "message"));
        ended.error_step = str_copy(walk->arena, json_member_text(why, "step"));
    }
    return execution_over(tx, &walk->scope, walk->arena, &ended, err);
}

/* --- A wait that ends before what is waited for --- */

static bool withdraw_begun(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                           const WorkflowFrameList *begun, Error *err)
{
    for (size_t i = 0; i < begun->count; i++)
        if (str_is(begun->at[i].wait, "approval") &&
            !approvals_withdraw(
                tx, scope, arena,
                str_format(arena, STR_FMT "/%" PRId64 "/", STR_ARG(execution), begun->at[i].number),
                S("the workflow that asked goes on without it"), err))
            return false;
    return true;
}

static bool cancel_begun(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                         const WorkflowFrameList *begun, Error *err)
{
    for (size_t i = 0; i < begun->count; i++)
        if (str_is(begun->at[i].wait, "workflow") &&
            !executions_cancel_started(tx, scope, arena, execution, begun->at[i].number, err))
            return false;
    return true;
}

/* Approvals first, as above; executions last: one that ends wakes who waits for it. */
bool frame_go_on_without(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                         const WorkflowFrame *waits, Str woken, Error *err)
{
    WorkflowFrameList begun;
    bool is_woken;
    if (!workflow_frame_list_begun(tx, scope, arena, execution, waits->number, &begun, err) ||
        !withdraw_begun(tx, scope, arena, execution, &begun, err) ||
        !workflow_frame_stop(tx, scope, arena, execution, waits->number, S("cancelled"), err) ||
        !workflow_frame_wake(tx, scope, execution, waits->number, waits->wait, waits->wait_until_ms,
                             woken, &is_woken, err))
        return false;
    if (!is_woken)
        return fail(err, ERROR_CONFLICT, "the wait is over already");
    return cancel_begun(tx, scope, arena, execution, &begun, err) &&
           frame_job_add(tx, scope, arena, execution, waits->number, err);
}

/* --- A branch or an item --- */

/* What the parent is told: its first child, and why one of them failed. */
static Str children_json(const Walk *walk, Str error)
{
    const WorkflowFrame *frame = &walk->frame;
    Buf out = buf_new(walk->arena, KB(16));
    JsonWriter json = put_begin(&out);
    put_int(&json, "children", frame->number - frame->place);
    if (error.length)
        put_raw(&json, "error", error);
    put_end(&json);
    return buf_str(&out);
}

static bool wake_parent(Walk *walk, DbTx *tx, Error *err)
{
    const WorkflowFrame *frame = &walk->frame;
    bool is_woken;
    if (!workflow_frame_wake(tx, &walk->scope, walk->execution.id, frame->parent, S("children"), -1,
                             children_json(walk, STR_NONE), &is_woken, err))
        return false;
    return !is_woken ||
           frame_job_add(tx, &walk->scope, walk->arena, walk->execution.id, frame->parent, err);
}

/* The next of those that had to wait for their turn. */
static bool begin_sibling(Walk *walk, DbTx *tx, Error *err)
{
    const WorkflowFrame *frame = &walk->frame;
    int64_t number = frame->number + workflow_at_once(walk->parent_step);
    bool is_begun;
    if (!workflow_frame_begin(tx, &walk->scope, walk->execution.id, number, frame->parent,
                              &is_begun, err))
        return false;
    return !is_begun ||
           frame_job_add(tx, &walk->scope, walk->arena, walk->execution.id, number, err);
}

static bool child_over(Walk *walk, DbTx *tx, Error *err)
{
    const WorkflowFrame *frame = &walk->frame;
    const WorkflowFrame parent = { .number = frame->parent,
                                   .wait = S("children"),
                                   .wait_until_ms = -1 };
    bool goes_on = str_is(frame->state, "done") ||
                   str_is(json_member_text(walk->parent_step, "on_item_error"), "continue");
    int64_t left;
    if (!goes_on)
        return frame_go_on_without(tx, &walk->scope, walk->arena, walk->execution.id, &parent,
                                   children_json(walk, frame->error), err);
    return workflow_frame_child_over(tx, &walk->scope, walk->execution.id, frame->parent, &left,
                                     err) &&
           begin_sibling(walk, tx, err) && (left > 0 || wake_parent(walk, tx, err));
}

bool frame_over(Walk *walk, DbTx *tx, Error *err)
{
    return walk->frame.parent < 0 ? main_over(walk, tx, err) : child_over(walk, tx, err);
}
