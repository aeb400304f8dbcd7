/* definition.h - what a workflow says, checked whole before it is kept.
 *
 *     {"steps": [
 *        {"id": "kind", "type": "classification", "with": {"label_set": "Kinds of mail"}},
 *        {"id": "big", "type": "condition", "if": "input.total > 1000", "then": "board"},
 *        {"id": "done", "type": "tag", "with": {"add": ["seen"]}, "next": "end"},
 *        {"id": "board", "type": "notification", "with": {"title": "{{ document.name }}"}}],
 *      "output": {"label": "{{ steps.kind.label }}"}}
 *
 * Steps are walked in their order unless `next`, `then`, `else` or a case names another one, or
 * "end". A way never leads back: a workflow is refused that could go round. Every step may say
 * `when` (an expression; else it is skipped), `retry` {attempts, wait_s, factor}, `timeout_s` and
 * `on_error` ("fail", "continue" or a step). `triggers` start it, unless `enabled` is false;
 * `inputs` is a JSON Schema; `layout` is the designer's and is kept as it is.
 *
 * Everything here is borrowed from the tree. Threads: any. */
#pragma once

#include "workflow/template.h"

#define WORKFLOW_BYTES_MAX KB(256)
#define WORKFLOW_STEPS_MAX 200 /* in all */
#define WORKFLOW_DEPTH_MAX 5   /* sequences inside others */
#define WORKFLOW_BRANCHES_MAX 20
#define WORKFLOW_TRIGGERS_MAX 20
#define WORKFLOW_AT_ONCE                                                                           \
    8 /* items of a for-each that are walked at the same time, if it does not say */
#define WORKFLOW_AT_ONCE_MAX 100
#define WORKFLOW_ATTEMPTS_MAX 20
#define WORKFLOW_WAIT_MAX_S (366 * 86400)

typedef enum StepEffect { STEP_FLOW, STEP_PURE, STEP_OURS, STEP_OUTSIDE } StepEffect;

/* Fails with the path of what is wrong: "steps[2].then: there is no step 'bord'". */
MUST_CHECK bool workflow_check(Arena *arena, const json_t *body, Error *err);
/* What GET /v1/workflow-schema answers: a JSON Schema (2020-12) of definitions, in the arena. */
Str workflow_schema(Arena *arena);

/* The kinds of steps; NULL behind the last. */
typedef struct StepKind {
    const char *name;
    StepEffect effect;
    const char *meaning;
    const char *takes; /* JSON Schema of `with`; NULL: it has none */
} StepKind;
const StepKind *workflow_step_kind(Str name); /* NULL: there is none */
const StepKind *workflow_step_kind_at(size_t index);
bool workflow_trigger_is_kind(Str name);

/* --- Reading one that was checked --- */

/* The first step's id; empty when there are none. */
Str workflow_first(const json_t *sequence);
/* NULL when it is not in this sequence. */
const json_t *workflow_step(const json_t *sequence, Str id);
/* The id behind this step in its way; empty: the end. */
Str workflow_next(const json_t *sequence, Str id);
/* What `member` of the step names: a step's id, empty for "end", or the next one when the step does
 * not say. */
Str workflow_target(const json_t *sequence, const json_t *step, const char *member);
/* The steps of branch `place` of a parallel step, or of a for-each. */
const json_t *workflow_inner(const json_t *step, int64_t place);

typedef struct RetryRule {
    int64_t attempts; /* 1: once */
    int64_t wait_ms;
    double factor;
} RetryRule;
RetryRule workflow_retry(const json_t *step);
