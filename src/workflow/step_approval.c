/* step_approval.c - people asked, and waited for. */
#include "approval/approval.h"
#include "workflow/workflow_int.h"

const char step_approval_takes[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"title\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200,\"description\":\"Else the "
    "workflow's name\"},"
    "\"text\":{\"type\":\"string\",\"maxLength\":20000},"
    "\"users\":{\"type\":\"array\",\"maxItems\":50,\"items\":{\"type\":\"string\"},\"description\":"
    "\"Ids or "
    "addresses of people\"},"
    "\"roles\":{\"type\":\"array\",\"items\":{\"enum\":[\"reader\",\"editor\",\"admin\",\"owner\"]}"
    ","
    "\"description\":\"Everybody who is one of these or more\"},"
    "\"groups\":{\"type\":\"array\",\"maxItems\":50,\"items\":{\"anyOf\":[{\"type\":\"string\"},{"
    "\"type\":\"object\",\"required\":[\"group\"],\"additionalProperties\":false,\"properties\":{"
    "\"group\":{\"type\":\"string\"},\"quorum\":{\"type\":\"integer\",\"minimum\":1}}}]},"
    "\"description\":\"Everybody who is in one of these then: names, or {group, quorum} when so "
    "many "
    "of it have to approve\"},"
    "\"quorum\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":50},"
    "\"denials\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":50},"
    "\"allow_self\":{\"type\":\"boolean\",\"description\":\"Who started it may decide too\"},"
    "\"deadline_s\":{\"type\":\"number\",\"minimum\":60,\"maximum\":31622400},"
    "\"on_deadline\":{\"enum\":[\"expire\",\"approve\",\"deny\",\"escalate\"]},"
    "\"on_shortage\":{\"enum\":[\"expire\",\"lower\"],\"description\":\"When too few who may "
    "decide are left\"},"
    "\"deputy\":{\"type\":\"string\",\"description\":\"Id or address of who is asked at the "
    "deadline\"},"
    "\"remind_every_s\":{\"type\":\"number\",\"minimum\":60},"
    "\"schema\":{\"type\":\"object\",\"description\":\"JSON Schema of fields that may be edited "
    "first\"},"
    "\"fields\":{\"type\":\"object\"},"
    "\"on_denial\":{\"enum\":[\"fail\",\"continue\"],\"description\":\"A denial is an error "
    "(unless "
    "said)\"}}}";

static bool wants_denial(const StepRun *run)
{
    return str_is(step_text(run, "on_denial"), "continue");
}

/* What the listener was told of its end. */
static bool take_end(StepRun *run, Error *err)
{
    json_t *event = json_object_get(run->woken, "event");
    Str state = json_member_text(event, "state"), reason = json_member_text(event, "reason");
    json_decref(run->output);
    run->output = json_incref(event);
    if (str_is(state, "approved") || (str_is(state, "denied") && wants_denial(run)))
        return true;
    return fail(err, str_is(state, "denied") ? ERROR_DENIED : ERROR_TIMEOUT,
                "the approval was " STR_FMT ": " STR_FMT, STR_ARG(state),
                STR_ARG(str_slice(reason, 0, 200)));
}

static bool run_approval(StepRun *run, Error *err)
{
    if (run->woken)
        return take_end(run, err);
    if (run->execution->is_dry) {
        json_object_set_new(run->output, "state", json_string("approved"));
        return true;
    }
    run->wait =
        (StepWait){ .kind = "approval",
                    .event = str_format(run->arena, "approval:" STR_FMT, STR_ARG(run->key)) };
    return true;
}

static int64_t number_of(const StepRun *run, const char *name)
{
    return json_integer_value(json_object_get(run->with, name));
}

static int64_t ms_of(const StepRun *run, const char *name)
{
    return (int64_t)(json_number_value(json_object_get(run->with, name)) * 1000);
}

/* The number of a name in a list, 0 when none is said. A template may have made any text of it. */
static bool choice_of(const StepRun *run, const char *name, const char *const *names, int count,
                      int *number_r, Error *err)
{
    Str said = step_text(run, name);
    *number_r = 0;
    for (int i = 0; i < count; i++)
        if (str_is(said, names[i])) {
            *number_r = i;
            return true;
        }
    return !said.length ||
           fail(err, ERROR_INVALID, "%s cannot be '" STR_FMT "'", name, STR_ARG(said));
}

static bool read_choices(const StepRun *run, Approval *approval, Error *err)
{
    int deadline, shortage;
    if (!choice_of(run, "on_deadline", approval_deadlines, APPROVAL_DEADLINE_COUNT, &deadline,
                   err) ||
        !choice_of(run, "on_shortage", approval_shortages, APPROVAL_SHORTAGE_COUNT, &shortage, err))
        return false;
    approval->on_deadline = (ApprovalDeadline)deadline;
    approval->on_shortage = (ApprovalShortage)shortage;
    return true;
}

static bool json_of(const StepRun *run, const char *name, Str *text_r)
{
    const json_t *value = json_object_get(run->with, name);
    *text_r = value ? json_print(run->arena, value) : STR_NONE;
    return true;
}

static bool ask_approval(StepRun *run, DbTx *tx, Error *err)
{
    int64_t deadline_ms = ms_of(run, "deadline_s");
    Str deputy = step_text(run, "deputy");
    Approval approval;
    ApprovalWish wish = { .users = step_texts(run, "users"),
                          .roles = step_texts(run, "roles"),
                          .approval = {
                              .title = step_title(run),
                              .text = step_text(run, "text"),
                              .document = run->execution->document,
                              .origin = run->key,
                              .quorum = number_of(run, "quorum"),
                              .denials = number_of(run, "denials"),
                              .allows_self = json_is_true(json_object_get(run->with, "allow_self")),
                              .deadline_at_ms = deadline_ms ? run->now_ms + deadline_ms : 0,
                              .remind_every_ms = ms_of(run, "remind_every_s") } };
    if (!read_choices(run, &wish.approval, err) ||
        !approval_read_groups(run->arena, json_object_get(run->with, "groups"), &wish.groups,
                              err) ||
        (deputy.length && !step_person(run, tx, deputy, &wish.approval.deputy, err)) ||
        !json_of(run, "schema", &wish.approval.schema) ||
        !json_of(run, "fields", &wish.approval.fields) ||
        !approvals_ask(tx, &run->scope, run->arena, &wish, &approval, err))
        return false;
    json_object_set_new(run->output, "approval", json_stringn(approval.id.at, approval.id.length));
    return true;
}

const StepType step_approval = { .run = run_approval, .commit = ask_approval };

/* --- For ApprovalEnded --- */

static json_t *told_of(const Approval *approval)
{
    json_t *told = json_object();
    json_t *fields = approval->fields.length
                         ? json_loadb(approval->fields.at, approval->fields.length, 0, NULL)
                         : NULL;
    json_object_set_new(told, "approval", json_stringn(approval->id.at, approval->id.length));
    json_object_set_new(told, "state", json_string(approval_states[approval->state]));
    json_object_set_new(
        told, "reason",
        json_stringn(approval->reason.at ? approval->reason.at : "", approval->reason.length));
    json_object_set_new(told, "fields", fields ? fields : json_null());
    return told;
}

bool workflow_approval_ended(DbTx *tx, void *argument, const Scope *scope, Arena *arena,
                             const Approval *approval, Error *err)
{
    AUTO_JSON json_t *told = told_of(approval);
    ptrdiff_t slash = str_find_char(approval->origin, '/');
    int64_t woken;
    (void)argument;
    if (slash <= 0)
        return true;
    return workflow_event(tx, scope, arena, str_slice(approval->origin, 0, (size_t)slash),
                          str_format(arena, "approval:" STR_FMT, STR_ARG(approval->origin)), told,
                          &woken, err);
}
