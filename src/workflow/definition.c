/* definition.c - workflows read that were checked. */
#include "workflow/definition.h"

#include "workflow/definition_int.h"

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

size_t definition_index_of(const json_t *sequence, Str id)
{
    size_t count = json_array_size(sequence);
    for (size_t i = 0; i < count; i++)
        if (str_equal(json_member_text(json_array_get(sequence, i), "id"), id))
            return i;
    return count;
}

const json_t *workflow_step(const json_t *sequence, Str id)
{
    return json_array_get(sequence, definition_index_of(sequence, id));
}

static Str target_named(Str name) { return str_is(name, "end") ? STR_NONE : name; }

Str workflow_next(const json_t *sequence, Str id)
{
    size_t at = definition_index_of(sequence, id);
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
