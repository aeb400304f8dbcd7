/* definition_flow.c - what steps of flow say, and the ways that lead from step to step. */
#include "workflow/definition_int.h"

#include "text/date.h"

static bool check_cases(Check *check, const json_t *step, Str path)
{
    json_t *cases = json_object_get(step, "cases"), *value;
    const char *name;
    if (!json_is_object(cases) || !json_object_size(cases))
        return WRONG(check, path, "cases must be an object: values and the steps to go on with");
    path = str_format(check->arena, STR_FMT ".cases", STR_ARG(path));
    json_object_foreach(cases, name, value)
    {
        if (!json_is_string(value))
            return WRONG(check, path, "%s must be the name of a step", name);
        if (!definition_target(check, cases, name, path))
            return false;
    }
    return true;
}

static bool check_branches(Check *check, const json_t *step, Str path)
{
    const json_t *branches = json_object_get(step, "branches");
    size_t count = json_array_size(branches);
    if (!count || count > WORKFLOW_BRANCHES_MAX)
        return WRONG(check, path, "branches must be a list of 1 to %d", WORKFLOW_BRANCHES_MAX);
    for (size_t i = 0; i < count; i++)
        if (!definition_sequence(
                check, json_object_get(json_array_get(branches, i), "steps"),
                str_format(check->arena, STR_FMT ".branches[%zu].steps", STR_ARG(path), i), false))
            return false;
    return true;
}

static bool check_for_each(Check *check, const json_t *step, Str path)
{
    Str mode = json_member_text(step, "on_item_error");
    if (mode.length && !str_is(mode, "fail") && !str_is(mode, "continue"))
        return WRONG(check, path, "on_item_error must be fail or continue");
    return definition_expression(check, step, "items", path, true) &&
           definition_number(check, step, "at_once", 1, WORKFLOW_AT_ONCE_MAX, path) &&
           definition_sequence(check, json_object_get(step, "steps"),
                               str_format(check->arena, STR_FMT ".steps", STR_ARG(path)), true);
}

static bool check_zone(Check *check, const json_t *step, Str path)
{
    Str zone = json_member_text(step, "time_zone");
    int64_t civil;
    Error why;
    return !json_object_get(step, "time_zone") ||
           (zone.length && date_local(0, zone, &civil, &why)) ||
           WRONG(check, path, "time_zone must be a name like Europe/Berlin");
}

static bool check_event(Check *check, const json_t *step, Str path)
{
    const json_t *event = json_object_get(step, "event");
    if (!event)
        return true;
    return json_is_string(event)
               ? template_check(check->arena, event,
                                str_format(check->arena, STR_FMT ".event", STR_ARG(path)),
                                definition_names, check, check->err)
               : WRONG(check, path, "event must be a name");
}

static bool check_wait(Check *check, const json_t *step, Str path)
{
    int said = (json_object_get(step, "for_s") != NULL) + (json_object_get(step, "until") != NULL) +
               (json_object_get(step, "event") != NULL);
    if (said != 1)
        return WRONG(check, path, "a wait says one of for_s, until and event");
    return definition_number(check, step, "for_s", 0, WORKFLOW_WAIT_MAX_S, path) &&
           definition_expression(check, step, "until", path, false) &&
           check_zone(check, step, path) && check_event(check, step, path);
}

bool definition_flow(Check *check, const json_t *step, Str type, Str path)
{
    if (str_is(type, "condition"))
        return definition_expression(check, step, "if", path, true) &&
               definition_target(check, step, "then", path) &&
               definition_target(check, step, "else", path);
    if (str_is(type, "switch"))
        return definition_expression(check, step, "on", path, true) &&
               check_cases(check, step, path) && definition_target(check, step, "default", path);
    if (str_is(type, "parallel"))
        return check_branches(check, step, path);
    if (str_is(type, "for_each"))
        return check_for_each(check, step, path);
    return check_wait(check, step, path);
}

/* --- Ways --- */

/* Every step that may come after this one; at most one for each member and case. */
typedef struct Ways {
    Str to[WORKFLOW_STEPS_MAX];
    size_t count;
} Ways;

static void add_way(Ways *ways, Str to)
{
    if (to.length && ways->count < COUNT(ways->to))
        ways->to[ways->count++] = to;
}

static void ways_from(const json_t *sequence, const json_t *step, Ways *ways)
{
    Str type = json_member_text(step, "type"), on_error = json_member_text(step, "on_error");
    json_t *cases = json_object_get(step, "cases"), *value;
    const char *name;
    ways->count = 0;
    if (on_error.length && !str_is(on_error, "fail") && !str_is(on_error, "continue"))
        add_way(ways, workflow_target(sequence, step, "on_error"));
    if (str_is(type, "condition")) {
        add_way(ways, workflow_target(sequence, step, "then"));
        add_way(ways, workflow_target(sequence, step, "else"));
    } else if (str_is(type, "switch")) {
        json_object_foreach(cases, name, value)
            add_way(ways, workflow_target(sequence, cases, name));
        add_way(ways, workflow_target(sequence, step, "default"));
    }
    if (!str_is(type, "switch") || json_object_get(step, "when"))
        add_way(ways, workflow_next(sequence, json_member_text(step, "id")));
}

/* Depth first: `marks` 1 while the step's ways are followed, 2 when none leads back. */
static bool goes_round(const json_t *sequence, size_t at, char *marks, Str *where_r)
{
    Ways *ways = heap_alloc(sizeof *ways);
    bool round = false;
    marks[at] = 1;
    ways_from(sequence, json_array_get(sequence, at), ways);
    for (size_t i = 0; i < ways->count && !round; i++) {
        size_t to = definition_index_of(sequence, ways->to[i]);
        if (marks[to] == 1) {
            *where_r = ways->to[i];
            round = true;
        } else if (marks[to] == 0) {
            round = goes_round(sequence, to, marks, where_r);
        }
    }
    marks[at] = 2;
    free(ways);
    return round;
}

bool definition_ways(Check *check, const json_t *steps, Str path)
{
    char marks[WORKFLOW_STEPS_MAX] = { 0 };
    Str where = STR_NONE;
    if (goes_round(steps, 0, marks, &where))
        return WRONG(check, path,
                     "the way leads back to '" STR_FMT "': a workflow never goes round",
                     STR_ARG(where));
    for (size_t i = 0; i < json_array_size(steps); i++)
        if (!marks[i])
            return WRONG(check, path, "no way leads to '%s'",
                         json_string_value(json_object_get(json_array_get(steps, i), "id")));
    return true;
}
