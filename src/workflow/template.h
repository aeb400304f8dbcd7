/* template.h - JSON in whose texts expressions stand: {"to": "{{ input.mail }}", "of": "No. {{ n
 * }}"}.
 *
 * A text that is one expression alone becomes its value, of whatever type; among other words a
 * value is written as text(), null as nothing. What a value says is never read as a template.
 * Names of members are taken as they are.
 *
 * Threads: any. */
#pragma once

#include "workflow/expression.h"

#define TEMPLATE_DEPTH_MAX 20
#define TEMPLATE_BYTES_MAX MB(2) /* of all texts together, filled */

/* Called for every expression, with the path of its text ("with.to"). False stops. */
typedef bool TemplateVisitor(void *argument, Str path, const Expression *expression, Error *err);

/* Compiles every expression in `value`; fails with the path and what is wrong. `visit` may be
 * NULL. */
MUST_CHECK bool template_check(Arena *arena, const json_t *value, Str path, TemplateVisitor *visit,
                               void *argument, Error *err);
/* A copy of `value` with all in place, for the caller to release. */
MUST_CHECK bool template_fill(const json_t *value, const json_t *names, int64_t now_ms,
                              json_t **filled_r, Error *err);
