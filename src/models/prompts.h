/* prompts.h - texts with {{variables}} that a model is asked with, kept as recipes with versions
 * (store/recipes_store.h). Some of those who use one may get another version than the current one,
 * so that the two can be compared.
 *
 * Threads: any. */
#pragma once

#include "base/json.h"
#include "store/recipes_store.h"

#define PROMPT_SIDES_MAX 8

typedef struct Prompt {
    Str template;       /* {{name}}: letters, digits and _; at most 32 KiB */
    Str system;         /* how to behave; variables too */
    Str model;          /* empty: the standard one */
    double temperature; /* less than 0: as the service has it */
} Prompt;

/* The members of `json` over what `prompt` has; an unknown one fails. */
MUST_CHECK bool prompt_read(Arena *arena, const json_t *json, Prompt *prompt, Error *err);
/* Its members, into an object that is open. */
void prompt_put(JsonWriter *json, const Prompt *prompt);
/* Whether each {{ of its texts has a }}; fails with the place of one that has none. */
MUST_CHECK bool prompt_check(const Prompt *prompt, Error *err);
/* The names of its variables, each once, in order. */
StrList prompt_variables(Arena *arena, const Prompt *prompt);
/* The text with the members of `values` (texts, numbers, true, false) in place; what stands inside
 * a value is left as it is. Fails with the name of the variable that has none. */
MUST_CHECK bool prompt_fill(Arena *arena, Str text, const json_t *values, Str *filled_r,
                            Error *err);

/* "[{"version":2,"percent":30}]": the version for somebody, always the same; `current` for the
 * rest. Fails on anything else. */
MUST_CHECK bool prompt_choose(Arena *arena, Str shares, Str who, int64_t current,
                              int64_t *version_r, Error *err);
