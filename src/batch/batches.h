/* batches.h - many calls of models made in the background from a file, as OpenAI's /v1/batches and
 * Anthropic's /v1/messages/batches have them.
 *
 *     file of lines --validate--> lines --gateway_call()--> batch_lines --at the end--> result
 * files
 *                                   '---- limits: waits, tries again ----'
 *
 * A batch calls on behalf of who made it: with that key's models, limits and budgets, leaving a
 * fifth of each limit to calls that somebody waits for. Each answer is stored as it comes, so what
 * was answered before a crash is not asked again. A batch that has to wait gives its lane to others
 * and looks again after some seconds; so does one that has run for half a minute.
 *
 * Threads: any. */
#pragma once

#include "batch/files.h"
#include "store/batches_store.h"

#define BATCH_LINES_MAX 100000
#define BATCH_LINE_BYTES_MAX MB(16)
#define BATCH_OPEN_MAX 100 /* of a workspace */

typedef struct NewBatch {
    Str shape; /* "openai", "anthropic" */
    Str endpoint, input_file, metadata;
    int64_t window_ms, output_seconds;
} NewBatch;

MUST_CHECK bool batches_add(Batches *batches, const Scope *scope, Arena *arena,
                            const NewBatch *batch, Batch *batch_r, Error *err);
MUST_CHECK bool batches_find(Batches *batches, const Scope *scope, Arena *arena, Str shape, Str id,
                             Batch *batch_r, Error *err);
MUST_CHECK bool batches_list(Batches *batches, const Scope *scope, Arena *arena,
                             const BatchAsk *ask, BatchList *list_r, Error *err);
/* Calls that run end as they do; no new one begins. Of others: needs the role editor. One that is
 * over stays as it is. */
MUST_CHECK bool batches_cancel(Batches *batches, const Scope *scope, Arena *arena, Str shape,
                               Str id, Batch *batch_r, Error *err);
/* The same by its job. */
JobCancel batches_cancel_job;
/* With its result files; ERROR_CONFLICT while it is not over. */
MUST_CHECK bool batches_remove(Batches *batches, const Scope *scope, Str shape, Str id, Error *err);

/* For a batch whose calls come in a request rather than a file: lines are written one by one, and
 * become its input. */
typedef struct BatchInput {
    Str custom_id, body;
} BatchInput;
MUST_CHECK bool batches_input(Batches *batches, const Scope *scope, Arena *arena, Str endpoint,
                              const BatchInput *lines, size_t count, Str *file_r, Error *err);

bool batch_is_over(const Batch *batch);

JobHandler batch_job;      /* one batch, a while of it */
JobHandler batch_tidy_job; /* files whose time is over; batches that lost their job. Recurring */
