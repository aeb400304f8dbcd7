/* definition.c - workflows read and checked. */
#include "workflow/definition.h"

#include "base/json_schema.h"
#include "text/date.h"
#include "workflow/workflow_int.h"

static const StepKind kinds[] = {
#define TAKES_FLOW(name) NULL
#define TAKES_PURE(name) step_##name##_takes
#define TAKES_OURS(name) step_##name##_takes
#define TAKES_OUTSIDE(name) step_##name##_takes
#define STEP(name, effect, meaning) { #name, STEP_##effect, meaning, TAKES_##effect(name) },
#include "workflow/steps.def"
#undef STEP
};

const StepKind *workflow_step_kind(Str name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

const StepKind *workflow_step_kind_at(size_t index)
{
    return index < COUNT(kinds) ? &kinds[index] : NULL;
}

/* --- Reading --- */

Str workflow_first(const json_t *sequence)
{
    return json_member_text(json_array_get(sequence, 0), "id");
}

static size_t index_of(const json_t *sequence, Str id)
{
    size_t count = json_array_size(sequence);
    for (size_t i = 0; i < count; i++)
        if (str_equal(json_member_text(json_array_get(sequence, i), "id"), id))
            return i;
    return count;
}

const json_t *workflow_step(const json_t *sequence, Str id)
{
    return json_array_get(sequence, index_of(sequence, id));
}

static Str target_named(Str name) { return str_is(name, "end") ? STR_NONE : name; }

Str workflow_next(const json_t *sequence, Str id)
{
    size_t at = index_of(sequence, id);
    Str next = json_member_text(json_array_get(sequence, at), "next");
    return next.length ? target_named(next)
                       : json_member_text(json_array_get(sequence, at + 1), "id");
}

Str workflow_target(const json_t *sequence, const json_t *step, const char *member)
{
    Str name = json_member_text(step, member);
    return name.length ? target_named(name) : workflow_next(sequence, json_member_text(step, "id"));
}

const json_t *workflow_inner(const json_t *step, int64_t place)
{
    const json_t *branches = json_object_get(step, "branches");
    return json_object_get(branches ? json_array_get(branches, (size_t)place) : step, "steps");
}

RetryRule workflow_retry(const json_t *step)
{
    const json_t *retry = json_object_get(step, "retry"),
                 *attempts = json_object_get(retry, "attempts"),
                 *wait = json_object_get(retry, "wait_s"),
                 *factor = json_object_get(retry, "factor");
    return (RetryRule){ .attempts = attempts ? json_integer_value(attempts) : 1,
                        .wait_ms = wait ? (int64_t)(json_number_value(wait) * 1000) : 2000,
                        .factor = factor ? json_number_value(factor) : 2 };
}

/* --- Checking --- */

/* One sequence, and those that it stands in. */
typedef struct Sequence {
    const struct Sequence *outer;
    const json_t *steps;
    Str path;
    int depth;
    bool is_item; /* of a for-each: `item` and `index` are there */
} Sequence;

typedef struct Check {
    Arena *arena;
    VEC(Str) ids;             /* of all steps */
    const Sequence *sequence; /* NULL: a trigger is looked at */
    Error *err;
} Check;

#define WRONG(check, path, ...)                                                                    \
    ((void)fail((check)->err, ERROR_INVALID, __VA_ARGS__),                                         \
     fail_in((check)->err, STR_FMT, STR_ARG(path)))

/* Whether its result can be there when a step of `sequence` runs. */
static bool can_see(const Sequence *sequence, Str id)
{
    for (; sequence; sequence = sequence->outer)
        if (workflow_step(sequence->steps, id))
            return true;
    return false;
}

static bool has_item(const Sequence *sequence)
{
    for (; sequence; sequence = sequence->outer)
        if (sequence->is_item)
            return true;
    return false;
}

static bool is_in(const char *const *names, Str name)
{
    while (*names && !str_is(name, *names))
        names++;
    return *names != NULL;
}

static bool check_root(Check *check, Str path, Str name)
{
    static const char *const roots[] = { "input", "document", "steps", "execution",
                                         "error", "workflow", NULL };
    static const char *const of_items[] = { "item", "index", NULL };
    static const char *const of_triggers[] = { "document", "event", NULL };
    const bool is_step = check->sequence != NULL, is_item = has_item(check->sequence);
    if (is_in(is_step ? roots : of_triggers, name) || (is_item && is_in(of_items, name)))
        return true;
    return WRONG(check, path, "there is no '" STR_FMT "' here; there are %s%s",
                 STR_ARG(str_slice(name, 0, 60)),
                 is_step ? "input, document, steps, execution, error and workflow"
                         : "document and event",
                 is_item ? ", item and index" : "");
}

/* A TemplateVisitor. */
static bool check_names(void *argument, Str path, const Expression *expression, Error *err)
{
    Check *check = argument;
    (void)err;
    StrList roots = expression_names(check->arena, expression);
    for (size_t i = 0; i < roots.count; i++)
        if (!check_root(check, path, roots.at[i]))
            return false;
    StrList steps = expression_members(check->arena, expression, S("steps"));
    for (size_t i = 0; i < steps.count; i++)
        if (!can_see(check->sequence, steps.at[i]))
            return WRONG(check, path, "there is no step '" STR_FMT "' that could have run before",
                         STR_ARG(str_slice(steps.at[i], 0, 60)));
    return true;
}

static bool check_expression(Check *check, const json_t *step, const char *member, Str path,
                             bool is_required)
{
    const json_t *text = json_object_get(step, member);
    const Expression *expression;
    path = str_format(check->arena, STR_FMT ".%s", STR_ARG(path), member);
    if (!text)
        return !is_required || WRONG(check, path, "is missing: an expression");
    if (!json_is_string(text))
        return WRONG(check, path, "must be an expression, as a text");
    if (!expression_compile(check->arena, json_member_text(step, member), &expression, check->err))
        return fail_in(check->err, STR_FMT, STR_ARG(path));
    return check_names(check, path, expression, check->err);
}

static bool has_template(const json_t *value)
{
    size_t i;
    const char *name;
    json_t *part;
    if (json_is_string(value))
        return strstr(json_string_value(value), "{{") != NULL;
    json_array_foreach(value, i, part)
    {
        if (has_template(part))
            return true;
    }
    json_object_foreach((json_t *)(uintptr_t)value, name, part)
    {
        if (has_template(part))
            return true;
    }
    return false;
}

/* Members of `with` that hold no expression are checked now, the others when they are filled. */
static bool check_member(Check *check, const json_t *schema, const char *name, const json_t *value,
                         Str path)
{
    const json_t *of = json_object_get(json_object_get(schema, "properties"), name);
    if (!of)
        return WRONG(check, path, "there is no '%s'", name);
    return has_template(value) || json_schema_holds(of, value, check->err) ||
           fail_in(check->err, STR_FMT ".%s", STR_ARG(path), name);
}

static bool check_required(Check *check, const json_t *schema, const json_t *with, Str path)
{
    const json_t *required = json_object_get(schema, "required"), *wanted;
    size_t i;
    json_array_foreach(required, i, wanted)
    {
        if (!json_object_get(with, json_string_value(wanted)))
            return WRONG(check, path, "'%s' is missing", json_string_value(wanted));
    }
    return true;
}

static bool check_with(Check *check, const StepKind *kind, const json_t *step, Str path)
{
    const json_t *with = json_object_get(step, "with");
    AUTO_JSON json_t *schema = NULL;
    const char *name;
    json_t *value;
    path = str_format(check->arena, STR_FMT ".with", STR_ARG(path));
    if (!kind->takes)
        return !with || WRONG(check, path, "a %s takes none", kind->name);
    if (with && !json_is_object(with))
        return WRONG(check, path, "must be an object");
    if (!json_parse(str(kind->takes), SCHEMA_BYTES_MAX, &schema, check->err) ||
        !check_required(check, schema, with, path))
        return false;
    json_object_foreach((json_t *)(uintptr_t)with, name, value)
    {
        if (!check_member(check, schema, name, value, path))
            return false;
    }
    return template_check(check->arena, with, path, check_names, check, check->err);
}

static bool check_target(Check *check, const json_t *step, const char *member, Str path)
{
    Str name = json_member_text(step, member);
    if (!json_object_get(step, member) || str_is(name, "end") ||
        (name.length && workflow_step(check->sequence->steps, name)))
        return true;
    return WRONG(check, path, "%s: there is no step '" STR_FMT "' in this sequence", member,
                 STR_ARG(str_slice(name, 0, 60)));
}

static bool check_number(Check *check, const json_t *object, const char *member, double min,
                         double max, Str path)
{
    const json_t *value = json_object_get(object, member);
    double number = json_number_value(value);
    if (!value || (json_is_number(value) && number >= min && number <= max))
        return true;
    return WRONG(check, path, "%s must be a number from %g to %g", member, min, max);
}

static bool check_common(Check *check, const json_t *step, Str path)
{
    const json_t *retry = json_object_get(step, "retry"),
                 *attempts = json_object_get(retry, "attempts");
    Str on_error = json_member_text(step, "on_error");
    if (retry && (!json_is_object(retry) || (attempts && !json_is_integer(attempts))))
        return WRONG(check, path, "retry must be an object with attempts, wait_s and factor");
    return check_expression(check, step, "when", path, false) &&
           check_number(check, retry, "attempts", 1, WORKFLOW_ATTEMPTS_MAX, path) &&
           check_number(check, retry, "wait_s", 0, WORKFLOW_WAIT_MAX_S, path) &&
           check_number(check, retry, "factor", 1, 10, path) &&
           check_number(check, step, "timeout_s", 1, WORKFLOW_WAIT_MAX_S, path) &&
           (str_is(on_error, "fail") || str_is(on_error, "continue") ||
            check_target(check, step, "on_error", path)) &&
           check_target(check, step, "next", path);
}

/* --- Kinds of flow --- */

static bool check_sequence(Check *check, const json_t *steps, Str path, bool is_item);

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
        if (!check_target(check, cases, name, path))
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
        if (!check_sequence(
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
    return check_expression(check, step, "items", path, true) &&
           check_number(check, step, "at_once", 1, WORKFLOW_AT_ONCE_MAX, path) &&
           check_sequence(check, json_object_get(step, "steps"),
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
                                check_names, check, check->err)
               : WRONG(check, path, "event must be a name");
}

static bool check_wait(Check *check, const json_t *step, Str path)
{
    int said = (json_object_get(step, "for_s") != NULL) + (json_object_get(step, "until") != NULL) +
               (json_object_get(step, "event") != NULL);
    if (said != 1)
        return WRONG(check, path, "a wait says one of for_s, until and event");
    return check_number(check, step, "for_s", 0, WORKFLOW_WAIT_MAX_S, path) &&
           check_expression(check, step, "until", path, false) && check_zone(check, step, path) &&
           check_event(check, step, path);
}

static bool check_flow(Check *check, const json_t *step, Str type, Str path)
{
    if (str_is(type, "condition"))
        return check_expression(check, step, "if", path, true) &&
               check_target(check, step, "then", path) && check_target(check, step, "else", path);
    if (str_is(type, "switch"))
        return check_expression(check, step, "on", path, true) && check_cases(check, step, path) &&
               check_target(check, step, "default", path);
    if (str_is(type, "parallel"))
        return check_branches(check, step, path);
    if (str_is(type, "for_each"))
        return check_for_each(check, step, path);
    return check_wait(check, step, path);
}

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
    return check_members(check, kind, step, path) && check_common(check, step, path) &&
           check_with(check, kind, step, path) &&
           (kind->effect != STEP_FLOW || check_flow(check, step, type, path));
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
        size_t to = index_of(sequence, ways->to[i]);
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

static bool check_ways(Check *check, const json_t *steps, Str path)
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

static bool check_sequence(Check *check, const json_t *steps, Str path, bool is_item)
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
    if (!check_ways(check, steps, path))
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
           template_check(check->arena, output, S("output"), check_names, check, check->err);
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
        if (!is_in(members, str(name)))
            return WRONG(check, path, "a trigger has no '%s'", name);
        if (strcmp(name, "input") != 0 && strcmp(name, "every_s") != 0 && !json_is_string(value))
            return WRONG(check, path, "%s must be a text", name);
    }
    if (input && !json_is_object(input))
        return WRONG(check, path, "input must be an object");
    return check_times(check, trigger, kind, path) &&
           check_expression(check, trigger, "when", path, false) &&
           (!input || template_check(check->arena, input,
                                     str_format(check->arena, STR_FMT ".input", STR_ARG(path)),
                                     check_names, check, check->err));
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
                                           "timeout_s",   "enabled", "triggers", NULL };
    Check check = { .arena = arena, .err = err };
    const json_t *enabled = json_object_get(body, "enabled");
    const char *name;
    json_t *value;
    if (!json_is_object(body))
        return fail(err, ERROR_INVALID, "a workflow must be an object with steps");
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (!is_in(members, str(name)))
            return fail(err, ERROR_INVALID, "a workflow has no '%s'", name);
    }
    if (enabled && !json_is_boolean(enabled))
        return fail(err, ERROR_INVALID, "enabled must be true or false");
    return check_inputs(&check, json_object_get(body, "inputs")) &&
           check_number(&check, body, "timeout_s", 1, WORKFLOW_WAIT_MAX_S, S("workflow")) &&
           check_sequence(&check, json_object_get(body, "steps"), S("steps"), false) &&
           check_output(&check, body) && check_triggers(&check, json_object_get(body, "triggers"));
}
