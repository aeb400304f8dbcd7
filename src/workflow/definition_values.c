/* definition_values.c - what the members of a step say: expressions, inputs, numbers, names of
 * other steps. */
#include "workflow/definition_int.h"

#include "base/json_schema.h"

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

bool definition_is_in(const char *const *names, Str name)
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
    if (definition_is_in(is_step ? roots : of_triggers, name) ||
        (is_item && definition_is_in(of_items, name)))
        return true;
    return WRONG(check, path, "there is no '" STR_FMT "' here; there are %s%s",
                 STR_ARG(str_slice(name, 0, 60)),
                 is_step ? "input, document, steps, execution, error and workflow"
                         : "document and event",
                 is_item ? ", item and index" : "");
}

/* A TemplateVisitor. */
bool definition_names(void *argument, Str path, const Expression *expression, Error *err)
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

bool definition_expression(Check *check, const json_t *step, const char *member, Str path,
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
    return definition_names(check, path, expression, check->err);
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

bool definition_with(Check *check, const StepKind *kind, const json_t *step, Str path)
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
    return template_check(check->arena, with, path, definition_names, check, check->err);
}

bool definition_target(Check *check, const json_t *step, const char *member, Str path)
{
    Str name = json_member_text(step, member);
    if (!json_object_get(step, member) || str_is(name, "end") ||
        (name.length && workflow_step(check->sequence->steps, name)))
        return true;
    return WRONG(check, path, "%s: there is no step '" STR_FMT "' in this sequence", member,
                 STR_ARG(str_slice(name, 0, 60)));
}

bool definition_number(Check *check, const json_t *object, const char *member, double min,
                       double max, Str path)
{
    const json_t *value = json_object_get(object, member);
    double number = json_number_value(value);
    if (!value || (json_is_number(value) && number >= min && number <= max))
        return true;
    return WRONG(check, path, "%s must be a number from %g to %g", member, min, max);
}

bool definition_common(Check *check, const json_t *step, Str path)
{
    const json_t *retry = json_object_get(step, "retry"),
                 *attempts = json_object_get(retry, "attempts");
    Str on_error = json_member_text(step, "on_error");
    if (retry && (!json_is_object(retry) || (attempts && !json_is_integer(attempts))))
        return WRONG(check, path, "retry must be an object with attempts, wait_s and factor");
    return definition_expression(check, step, "when", path, false) &&
           definition_number(check, retry, "attempts", 1, WORKFLOW_ATTEMPTS_MAX, path) &&
           definition_number(check, retry, "wait_s", 0, WORKFLOW_WAIT_MAX_S, path) &&
           definition_number(check, retry, "factor", 1, 10, path) &&
           definition_number(check, step, "timeout_s", 1, WORKFLOW_WAIT_MAX_S, path) &&
           (str_is(on_error, "fail") || str_is(on_error, "continue") ||
            definition_target(check, step, "on_error", path)) &&
           definition_target(check, step, "next", path);
}
