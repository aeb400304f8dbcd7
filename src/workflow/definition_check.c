/* definition_check.c - a definition checked whole: its steps, output and triggers. */
#include "workflow/definition_int.h"

#include "base/json_schema.h"

/* --- Steps --- */

/* Members that a step may have besides those of every step. */
static bool has_member(const StepKind *kind, Str name)
{
    static const struct {
        const char *kind, *members;
    } own[] = {
        { "condition", " if then else " },
        { "switch", " on cases default " },
        { "parallel", " branches " },
        { "for_each", " items steps on_item_error at_once " },
        { "wait", " for_s until time_zone event " },
    };
    static const char common[] =
        " id type name with when next retry timeout_s on_error layout note ";
    char padded[64];
    int length = snprintf(padded, sizeof padded, " " STR_FMT " ", STR_ARG(name));
    if (length >= (int)sizeof padded)
        return false;
    if (strstr(common, padded))
        return true;
    for (size_t i = 0; i < COUNT(own); i++)
        if (strcmp(kind->name, own[i].kind) == 0)
            return strstr(own[i].members, padded) != NULL;
    return false;
}

static bool check_members(Check *check, const StepKind *kind, const json_t *step, Str path)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)step, name, value)
    {
        if (!has_member(kind, str(name)))
            return WRONG(check, path, "a %s has no '%s'", kind->name, name);
    }
    return true;
}

static bool is_id(Str id)
{
    for (size_t i = 0; i < id.length; i++) {
        char c = id.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && !(i && c >= '0' && c <= '9'))
            return false;
    }
    return id.length > 0 && id.length <= 40 && !str_is(id, "end") && !str_is(id, "fail") &&
           !str_is(id, "continue");
}

static bool add_id(Check *check, Str id, Str path)
{
    if (!is_id(id))
        return WRONG(check, path,
                     "id '" STR_FMT
                     "' must be a name of 1 to 40 letters, digits and _, and none of "
                     "end, fail and continue",
                     STR_ARG(str_slice(id, 0, 60)));
    for (size_t i = 0; i < check->ids.count; i++)
        if (str_equal(check->ids.at[i], id))
            return WRONG(check, path, "there is another step '" STR_FMT "'", STR_ARG(id));
    *vec_push(check->arena, &check->ids) = id;
    return check->ids.count <= WORKFLOW_STEPS_MAX ||
           WRONG(check, path, "a workflow has at most %d steps", WORKFLOW_STEPS_MAX);
}

static bool check_step(Check *check, const json_t *step, Str path)
{
    Str type = json_member_text(step, "type");
    const StepKind *kind = workflow_step_kind(type);
    if (!json_is_object(step))
        return WRONG(check, path, "a step must be an object");
    if (!kind)
        return WRONG(check, path, "there is no step of type '" STR_FMT "'",
                     STR_ARG(str_slice(type, 0, 60)));
    return check_members(check, kind, step, path) && definition_common(check, step, path) &&
           definition_with(check, kind, step, path) &&
           (kind->effect != STEP_FLOW || definition_flow(check, step, type, path));
}

bool definition_sequence(Check *check, const json_t *steps, Str path, bool is_item)
{
    const Sequence *outer = check->sequence;
    Sequence sequence = { outer, steps, path, outer ? outer->depth + 1 : 1, is_item };
    size_t count = json_array_size(steps);
    if (!count || count > WORKFLOW_STEPS_MAX)
        return WRONG(check, path, "must be a list of 1 to %d steps", WORKFLOW_STEPS_MAX);
    if (sequence.depth > WORKFLOW_DEPTH_MAX)
        return WRONG(check, path, "steps stand inside others at most %d deep", WORKFLOW_DEPTH_MAX);
    check->sequence = &sequence;
    for (size_t i = 0; i < count; i++)
        if (!add_id(check, json_member_text(json_array_get(steps, i), "id"),
                    str_format(check->arena, STR_FMT "[%zu]", STR_ARG(path), i)))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!check_step(check, json_array_get(steps, i),
                        str_format(check->arena, STR_FMT "[%zu]", STR_ARG(path), i)))
            return false;
    if (!definition_ways(check, steps, path))
        return false;
    check->sequence = outer;
    return true;
}

static bool check_inputs(Check *check, const json_t *inputs)
{
    return !inputs || json_schema_check(inputs, check->err) || fail_in(check->err, "inputs");
}

static bool check_output(Check *check, const json_t *body)
{
    const json_t *output = json_object_get(body, "output");
    Sequence sequence = { NULL, json_object_get(body, "steps"), S("steps"), 1, false };
    check->sequence = &sequence;
    return !output ||
           template_check(check->arena, output, S("output"), definition_names, check, check->err);
}

/* --- Triggers --- */

/* Only what comes by the clock has a rule or an interval, and it has one. */
static bool check_times(Check *check, const json_t *trigger, Str kind, Str path)
{
    Schedule schedule;
    if (str_is(kind, "schedule"))
        return workflow_trigger_times(trigger, &schedule, check->err) ||
               fail_in(check->err, STR_FMT, STR_ARG(path));
    if (json_object_get(trigger, "cron") || json_object_get(trigger, "zone") ||
        json_object_get(trigger, "every_s"))
        return WRONG(check, path, "only a trigger 'schedule' has cron, zone or every_s");
    return true;
}

static bool check_trigger(Check *check, const json_t *trigger, Str path)
{
    static const char *const members[] = { "on",   "when", "input",   "from", "collection",
                                           "cron", "zone", "every_s", NULL };
    Str kind = json_member_text(trigger, "on");
    const json_t *input = json_object_get(trigger, "input");
    const char *name;
    json_t *value;
    if (!json_is_object(trigger) || !workflow_trigger_is_kind(kind))
        return WRONG(check, path, "there is no trigger '" STR_FMT "'",
                     STR_ARG(str_slice(kind, 0, 60)));
    json_object_foreach((json_t *)(uintptr_t)trigger, name, value)
    {
        if (!definition_is_in(members, str(name)))
            return WRONG(check, path, "a trigger has no '%s'", name);
        if (strcmp(name, "input") != 0 && strcmp(name, "every_s") != 0 && !json_is_string(value))
            return WRONG(check, path, "%s must be a text", name);
    }
    if (input && !json_is_object(input))
        return WRONG(check, path, "input must be an object");
    return check_times(check, trigger, kind, path) &&
           definition_expression(check, trigger, "when", path, false) &&
           (!input || template_check(check->arena, input,
                                     str_format(check->arena, STR_FMT ".input", STR_ARG(path)),
                                     definition_names, check, check->err));
}

static bool check_triggers(Check *check, const json_t *triggers)
{
    size_t count = json_array_size(triggers);
    check->sequence = NULL;
    if (triggers && (!json_is_array(triggers) || count > WORKFLOW_TRIGGERS_MAX))
        return WRONG(check, S("triggers"), "must be a list of at most %d", WORKFLOW_TRIGGERS_MAX);
    for (size_t i = 0; i < count; i++)
        if (!check_trigger(check, json_array_get(triggers, i),
                           str_format(check->arena, "triggers[%zu]", i)))
            return false;
    return true;
}

bool workflow_check(Arena *arena, const json_t *body, Error *err)
{
    static const char *const members[] = { "description", "inputs",  "steps",    "output", "layout",
                                           "timeout_s",   "enabled", "triggers", "shared", NULL };
    Check check = { .arena = arena, .err = err };
    static const char *const switches[] = { "enabled", "shared" };
    const char *name;
    json_t *value;
    if (!json_is_object(body))
        return fail(err, ERROR_INVALID, "a workflow must be an object with steps");
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (!definition_is_in(members, str(name)))
            return fail(err, ERROR_INVALID, "a workflow has no '%s'", name);
    }
    for (size_t i = 0; i < COUNT(switches); i++) {
        const json_t *one = json_object_get(body, switches[i]);
        if (one && !json_is_boolean(one))
            return fail(err, ERROR_INVALID, "%s must be true or false", switches[i]);
    }
    return check_inputs(&check, json_object_get(body, "inputs")) &&
           definition_number(&check, body, "timeout_s", 1, WORKFLOW_WAIT_MAX_S, S("workflow")) &&
           definition_sequence(&check, json_object_get(body, "steps"), S("steps"), false) &&
           check_output(&check, body) && check_triggers(&check, json_object_get(body, "triggers"));
}
