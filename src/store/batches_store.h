/* batches_store.h - the `batches` and `batch_lines` tables: calls of models that are made one after
 * the other from a file, and their answers until the result files are written.
 *
 *     validating -> in_progress -> finalizing -> completed
 *         |             |-----> expired
 *         '-> failed    '-> cancelling -> cancelled      (cancelling from validating too) */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct BatchUsage {
    int64_t input, cached, output, reasoning; /* tokens; cached: of input, reasoning: of output */
} BatchUsage;

typedef struct Batch {
    Str id;        /* a UUIDv7 behind "batch_" or "msgbatch_": sorts by time within its shape */
    Str user, key; /* on whose behalf it calls */
    Role role;
    Str shape;                               /* "openai" or "anthropic": as it is shown */
    Str endpoint;                            /* "/v1/chat/completions" */
    Str input_file, output_file, error_file; /* ids; empty: none, not yet */
    Str metadata;                            /* JSON object; empty: none */
    int64_t output_seconds;                  /* that its result files live; 0: for good */
    Str state;
    Str problems; /* JSON items of OpenAI's errors.data, with commas; empty: none */
    Str model;    /* of its lines, when it is the same for all */
    int64_t total, completed, failed;
    BatchUsage usage;
    int64_t created_at_ms, expires_at_ms;
    int64_t began_at_ms, finalizing_at_ms, cancelling_at_ms, ended_at_ms; /* 0: not yet */
    int64_t stuck_at_ms; /* since when no service answers it; 0: one does */
} Batch;

typedef struct BatchList {
    Batch *at;
    size_t count;
    bool has_more;
} BatchList;

/* Adds it with a new id, set in *batch, as "validating". */
MUST_CHECK bool batch_add(DbTx *tx, const Scope *scope, Arena *arena, Batch *batch, Error *err);
/* `shape` empty: of any. */
MUST_CHECK bool batch_find(DbTx *tx, const Scope *scope, Arena *arena, Str shape, Str id,
                           Batch *batch_r, Error *err);
/* Newest first; `before`: in time behind this one, or with is_ascending in front of it. */
typedef struct BatchAsk {
    Str shape, after;
    int64_t limit;
    bool is_ascending;
} BatchAsk;
MUST_CHECK bool batch_list(DbTx *tx, const Scope *scope, Arena *arena, const BatchAsk *ask,
                           BatchList *list_r, Error *err);
/* From one of the states, named with spaces between them, to another; ERROR_CONFLICT when it is in
 * none of them. What stands in *batch besides states and counts is saved too. */
MUST_CHECK bool batch_advance(DbTx *tx, const Scope *scope, const Batch *batch, const char *from,
                              const char *to, Error *err);
/* Since when no service answers it. */
MUST_CHECK bool batch_set_stuck(DbTx *tx, const Scope *scope, Str id, int64_t since_ms, Error *err);
MUST_CHECK bool batch_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
/* How many of the workspace are not over. */
MUST_CHECK bool batch_count_open(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err);

typedef struct OpenBatch {
    Str workspace, id;
} OpenBatch;
typedef struct OpenBatchList {
    OpenBatch *at;
    size_t count;
} OpenBatchList;
/* Of all workspaces. System scope. */
MUST_CHECK bool batch_list_open(DbTx *tx, const Scope *scope, Arena *arena, OpenBatchList *list_r,
                                Error *err);

/* --- Lines ------------------------------------------------------------------------------- */

typedef struct BatchLine {
    int64_t line; /* from 1 */
    bool is_good;
    Str result; /* JSON, as it stands in the result file */
} BatchLine;
typedef struct BatchLineList {
    BatchLine *at;
    size_t count;
} BatchLineList;

/* Keeps an answer and counts it; one that is there already stays and is not counted. */
MUST_CHECK bool batch_line_add(DbTx *tx, const Scope *scope, Str batch, const BatchLine *line,
                               const BatchUsage *usage, Error *err);
typedef struct LineNumbers {
    int64_t *at;
    size_t count;
} LineNumbers;
MUST_CHECK bool batch_line_numbers(DbTx *tx, const Scope *scope, Arena *arena, Str batch,
                                   int64_t after, int64_t limit, LineNumbers *list_r, Error *err);
MUST_CHECK bool batch_line_list(DbTx *tx, const Scope *scope, Arena *arena, Str batch,
                                int64_t after, int64_t limit, BatchLineList *list_r, Error *err);
MUST_CHECK bool batch_lines_remove(DbTx *tx, const Scope *scope, Str batch, Error *err);
