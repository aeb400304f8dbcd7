/* route_sides_store.h - the `route_sides` table: calls of routes that are tried on a part of the
 * traffic, summed by day and side. */
#pragma once

#include "store/call_pages.h"
#include "store/scope.h"

typedef struct SideSum {
    Str route, side;
    int64_t day_ms; /* its beginning, UTC */
    int64_t calls, failures, unpriced, cost_pico, took_us, input_tokens, output_tokens;
} SideSum;

typedef struct SideSumList {
    SideSum *at;
    size_t count;
} SideSumList;

/* Of the rows that have a side; in one order for everybody, as nodes add to the same rows. */
SideSumList side_sums_of(Arena *arena, const CallRow *rows, size_t count);
MUST_CHECK bool side_sums_add(DbTx *tx, Str workspace, const SideSumList *sums, Error *err);
/* All days of a span together, by side. */
MUST_CHECK bool side_sums_list(DbTx *tx, const Scope *scope, Arena *arena, Str route,
                               int64_t from_ms, int64_t to_ms, SideSumList *list_r, Error *err);
