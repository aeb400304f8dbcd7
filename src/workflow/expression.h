/* expression.h - the small language in which workflows say conditions and inputs.
 *
 *     input.total > 1000 and document.type == "invoice" ? "board" : steps.check.label ?? "none"
 *
 * It is total and bounded: there are no loops and no functions of its own, so every expression ends
 * after as many steps as it has parts, and lists, texts and steps have limits. It reads what it is
 * given and changes nothing. A member that is not there is null; text and number are never taken
 * for each other. docs/workflows.md is for those who write them.
 *
 *     expression_compile() once -> expression_value() often
 *
 * An Expression lives in its arena and never changes: any number of threads may use it. */
#pragma once

#include "base/json.h"

#define EXPRESSION_BYTES_MAX 4000
#define EXPRESSION_PARTS_MAX 500
#define EXPRESSION_DEPTH_MAX 40
#define EXPRESSION_TEXT_MAX KB(256) /* of a text that it makes */
#define EXPRESSION_LIST_MAX 10000   /* items of a list that it makes */
#define EXPRESSION_WORK_MAX 1000000 /* characters and items that one run looks at */

typedef struct Expression Expression;

/* Fails with what is wrong and where (error `start` and `end`). */
MUST_CHECK bool expression_compile(Arena *arena, Str text, const Expression **expression_r,
                                   Error *err);
/* Its value with these names, an object; now() is `now_ms`. The caller owns *value_r. Fails where
 * an operator or a function gets what it cannot take. */
MUST_CHECK bool expression_value(const Expression *expression, const json_t *names, int64_t now_ms,
                                 json_t **value_r, Error *err);
/* All but null, false, 0, "", [] and {}. */
bool expression_is_true(const json_t *value);

/* The names at the beginning of its paths, "steps" of steps.check.label, and of those of `root` the
 * names behind it ("check"); for who checks that they exist. */
StrList expression_names(Arena *arena, const Expression *expression);
StrList expression_members(Arena *arena, const Expression *expression, Str root);

/* What functions there are, one after the other; false behind the last. For help and docs. */
bool expression_function_at(size_t index, const char **usage_r, const char **meaning_r);
