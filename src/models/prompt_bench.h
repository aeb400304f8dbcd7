/* prompt_bench.h - rows of variables, run through versions of a prompt by a job; what came of each
 * is kept as it comes.
 *
 * Threads: any. */
#pragma once

#include "jobs/run_work.h"
#include "models/models.h"
#include "models/prompts.h"

#define PROMPT_RUN "prompt" /* kind of run; its subject is the prompt */
#define PROMPT_BODY_MAX KB(160)
#define PROMPT_ROWS_MAX 1000 /* of a run */

/* A prompt as a recipe has it. */
MUST_CHECK bool prompt_parse(Arena *arena, Str body, Prompt *prompt_r, Error *err);
/* One row through one version: the members of what came of it, into an object that is open. */
MUST_CHECK bool prompt_bench_row(Models *models, const Scope *scope, Arena *arena,
                                 const Prompt *prompt, const json_t *row, JsonWriter *json,
                                 Error *err);

typedef struct PromptOrder {
    const Recipe *recipe;
    const json_t *rows; /* a list of objects */
    const int64_t *versions;
    size_t version_count;
} PromptOrder;
/* Item n is row n / versions through version n % versions. */
MUST_CHECK bool prompt_run_start(DbTx *tx, const Scope *scope, Arena *arena,
                                 const PromptOrder *order, Run *run_r, Error *err);
/* Its argument is the Models. */
JobHandler prompt_run_job;
