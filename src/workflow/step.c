/* step.c - one step of a frame: whether it is due, what it is given, and what comes of it. */
#include "base/clock.h"
#include "base/json_schema.h"
#include "workflow/workflow_int.h"

#define ASKING_MS 60000 /* of others, when the step does not say */

static const struct {
    const char *name;
    const StepType *type;
} types[] = {
#define TYPE_FLOW(name) NULL
#define TYPE_PURE(name) &step_##name
#define TYPE_OURS(name) &step_##name
#define TYPE_OUTSIDE(name) &step_##name
#define STEP(name, effect, meaning) { #name, TYPE_##effect(name) },
#include "workflow/steps.def"
#undef STEP
};

/* NULL for steps of flow. */
static const StepType *workflow_step_type(Str name)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_is(name, types[i].name))
            return types[i].type;
    return NULL;
}

bool walk_value(Walk *walk, const json_t *step, const char *member, json_t **value_r, Error *err)
{
    const Expression *expression;
    return (expression_compile(walk->arena, json_member_text(step, member), &expression, err) &&
            expression_value(expression, walk->names, now_ms(), value_r, err)) ||
           fail_in(err, "%s", member);
}

bool walk_timed_out(const json_t *woken)
{
    return json_is_true(json_object_get(woken, "timed_out"));
}

static int64_t timeout_of(const json_t *step)
{
    return (int64_t)(json_number_value(json_object_get(step, "timeout_s")) * 1000);
}

int64_t walk_timeout_ms(const json_t *step)
{
    int64_t timeout_ms = timeout_of(step);
    return timeout_ms ? now_ms() + timeout_ms : 0;
}

/* --- Steps with a file of their own --- */

/* What it takes was checked as far as it held no expression when the workflow was saved. */
static bool fill_input(Walk *walk, const json_t *step, const StepKind *kind, StepResult *result,
                       Error *err)
{
    AUTO_JSON json_t *schema = NULL;
    const json_t *with = json_object_get(step, "with");
    result->input = with ? NULL : json_object();
    if (with && !template_fill(with, walk->names, now_ms(), &result->input, err))
        return fail_in(err, "with");
    return !kind->takes ||
           (json_parse(str(kind->takes), SCHEMA_BYTES_MAX, &schema, err) &&
            (json_schema_holds(schema, result->input, err) || fail_in(err, "with")));
}

static StepRun run_of(Walk *walk, const json_t *step, const StepResult *result)
{
    Str id = json_member_text(step, "id");
    int64_t timeout_ms = timeout_of(step);
    return (StepRun){ .workflows = walk->workflows,
                      .job = walk->job,
                      .scope = walk->scope,
                      .arena = walk->arena,
                      .execution = &walk->execution,
                      .frame = walk->frame.number,
                      .step = id,
                      .with = result->input,
                      .names = walk->names,
                      .notices = &walk->notices,
                      .now_ms = now_ms(),
                      .timeout_ms = timeout_ms ? timeout_ms : ASKING_MS,
                      .key = str_format(walk->arena, STR_FMT "/%" PRId64 "/" STR_FMT,
                                        STR_ARG(walk->execution.id), walk->frame.number,
                                        STR_ARG(id)) };
}

static bool is_left_out(const Walk *walk, const StepKind *kind)
{
    return walk->execution.is_dry && kind->effect == STEP_OUTSIDE;
}

static bool take_result(Walk *walk, const json_t *step, const StepType *type, StepRun *run,
                        StepResult *result, Error *err)
{
    result->output = run->output;
    result->tokens = run->tokens;
    result->cost_pd = run->cost_pd;
    size_t size = json_dumpb(result->output, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    if (size > WORKFLOW_OUTPUT_MAX)
        return fail(err, ERROR_TOO_LARGE,
                    "the output has %zu bytes, and at most %zu are kept: ask for less", size,
                    WORKFLOW_OUTPUT_MAX);
    if (run->wait.kind && !walk->execution.is_dry) {
        result->end = STEP_WAITS;
        result->wait = run->wait;
        if (!result->wait.until_ms)
            result->wait.until_ms = walk_timeout_ms(step);
    }
    if (type->commit && !run->is_committed && !walk->execution.is_dry) {
        result->run = run;
        result->commit = type->commit;
        result->joins = type->joins && !walk->is_alone;
    }
    return true;
}

static bool walk_own(Walk *walk, const json_t *step, const StepKind *kind, StepResult *result,
                     Error *err)
{
    AUTO_JSON json_t *woken = NULL;
    const StepType *type = workflow_step_type(str(kind->name));
    StepRun *run = arena_new_one(walk->arena, StepRun);
    if (!fill_input(walk, step, kind, result, err) ||
        (walk->frame.woken.length &&
         !json_parse(walk->frame.woken, WORKFLOW_OUTPUT_MAX + KB(64), &woken, err)))
        return false;
    if (walk_timed_out(woken))
        return fail(err, ERROR_TIMEOUT, "it was not over in time");
    *run = run_of(walk, step, result);
    run->woken = woken;
    run->is_committed = woken != NULL;
    run->output = json_object();
    if (is_left_out(walk, kind)) {
        json_object_set_new(run->output, "left_out", json_true());
        result->output = run->output;
        return true;
    }
    if (!type->run(run, err)) {
        result->tokens = run->tokens;
        result->cost_pd = run->cost_pd;
        json_decref(run->output);
        return false;
    }
    run->woken = NULL;
    return take_result(walk, step, type, run, result, err);
}

/* --- Any step --- */

static bool is_due(Walk *walk, const json_t *step, bool *is_due_r, Error *err)
{
    AUTO_JSON json_t *value = NULL;
    *is_due_r = true;
    if (!json_object_get(step, "when") || walk->frame.attempt > 1 || walk->frame.woken.length)
        return true;
    if (!walk_value(walk, step, "when", &value, err))
        return false;
    *is_due_r = expression_is_true(value);
    return true;
}

bool walk_step(Walk *walk, const json_t *step, StepResult *result, Error *err)
{
    Str type = json_member_text(step, "type");
    const StepKind *kind = workflow_step_kind(type);
    bool due;
    *result = (StepResult){ .started_at_ms = now_ms() };
    result->next = workflow_next(walk->sequence, json_member_text(step, "id"));
    if (!kind)
        return fail(err, ERROR_UNSUPPORTED, "this version has no step of type '" STR_FMT "'",
                    STR_ARG(type));
    if (!is_due(walk, step, &due, err))
        return false;
    if (!due) {
        result->end = STEP_SKIPPED;
        result->output = json_null();
        return true;
    }
    return kind->effect == STEP_FLOW ? walk_flow(walk, step, type, result, err)
                                     : walk_own(walk, step, kind, result, err);
}
