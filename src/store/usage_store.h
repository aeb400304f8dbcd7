/* usage_store.h - the `usage` table: every call of a model, what it took and what it cost.
 *
 * Money is pico-dollars (1e-12 dollars). Rows are added in batches; adding a row twice is harmless,
 * because its id is given by whoever made it. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct UsageRow {
    Str id; /* UUIDv7 */
    Str workspace, user, key;
    Str feature; /* "ask", "embed", "gateway", ... */
    Str model, provider, status;
    int64_t input_tokens, output_tokens, cost_pico, took_ms, created_at_ms;
} UsageRow;

typedef struct UsageList {
    UsageRow *at;
    size_t count;
    Str next;
} UsageList;

typedef enum UsageGroup {
    USAGE_BY_DAY,
    USAGE_BY_MODEL,
    USAGE_BY_USER,
    USAGE_BY_FEATURE,
    USAGE_BY_KEY
} UsageGroup;

typedef struct UsageSum {
    Str name; /* "2026-11-21", the model, the user's id, ... */
    int64_t call_count, error_count, input_tokens, output_tokens, cost_pico, took_ms;
} UsageSum;

typedef struct UsageSumList {
    UsageSum *at;
    size_t count;
} UsageSumList;

/* Rows of any workspaces with a system scope; else all are taken as the scope's. */
MUST_CHECK bool usage_add(DbTx *tx, const Scope *scope, Arena *arena, const UsageRow *rows,
                          size_t count, Error *err);
/* Sums over from <= created < to; 0: no bound. By name. */
MUST_CHECK bool usage_sum(DbTx *tx, const Scope *scope, Arena *arena, UsageGroup group,
                          int64_t from_ms, int64_t to_ms, UsageSumList *list_r, Error *err);
/* Newest first. */
MUST_CHECK bool usage_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                           UsageList *list_r, Error *err);
