/* definition_int.h - what the files that check definitions share. Not for others. */
#pragma once

#include "workflow/workflow_int.h"

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

/* The place of the step in its sequence; the count when it is not there. */
size_t definition_index_of(const json_t *sequence, Str id);
/* `names` ends with NULL. */
bool definition_is_in(const char *const *names, Str name);

/* --- definition_values.c; all fail with the path of what is wrong --- */

/* A TemplateVisitor whose argument is the Check. */
bool definition_names(void *argument, Str path, const Expression *expression, Error *err);
MUST_CHECK bool definition_expression(Check *check, const json_t *step, const char *member,
                                      Str path, bool is_required);
MUST_CHECK bool definition_with(Check *check, const StepKind *kind, const json_t *step, Str path);
/* The member names a step of the sequence, or "end", or is not there. */
MUST_CHECK bool definition_target(Check *check, const json_t *step, const char *member, Str path);
MUST_CHECK bool definition_number(Check *check, const json_t *object, const char *member,
                                  double min, double max, Str path);
/* Members that every step may have. */
MUST_CHECK bool definition_common(Check *check, const json_t *step, Str path);

/* --- definition_flow.c --- */

MUST_CHECK bool definition_flow(Check *check, const json_t *step, Str type, Str path);
/* Every step can be reached, and no way leads back. */
MUST_CHECK bool definition_ways(Check *check, const json_t *steps, Str path);

/* --- definition_check.c --- */

MUST_CHECK bool definition_sequence(Check *check, const json_t *steps, Str path, bool is_item);
