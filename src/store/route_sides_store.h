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

typedef VEC(SideSum) SideSums;

typedef struct SideSumList {
    SideSum *at;
    size_t count;
} SideSumList;

/* Add those of the rows that have a side. */
void side_sums_count(Arena *arena, SideSums *sums, const CallRow *rows, size_t count);
/* Written in one order for everybody, as nodes add to the same rows. */
MUST_CHECK bool side_sums_add(DbTx *tx, Str workspace, SideSums *sums, Error *err);
/* All days of a span together, by side. */
MUST_CHECK bool side_sums_list(DbTx *tx, const Scope *scope, Arena *arena, Str route,
                               int64_t from_ms, int64_t to_ms, SideSumList *list_r, Error *err);
