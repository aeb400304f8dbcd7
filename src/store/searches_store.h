/* searches_store.h - the `searches` table: what a person looked for, unless they asked otherwise.
 */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

typedef struct Search {
    Str id, user, query, mode;
    int64_t result_count, took_ms, created_at_ms;
} Search;

typedef struct SearchList {
    Search *at;
    size_t count;
    Str next;
} SearchList;

/* Adds it for the scope's user with a new id, set in *search. */
MUST_CHECK bool search_add(DbTx *tx, const Scope *scope, Arena *arena, Search *search, Error *err);
/* The scope's user's, newest first; only those that begin with `prefix` unless it is empty. */
MUST_CHECK bool search_list(DbTx *tx, const Scope *scope, Arena *arena, Str prefix,
                            const Slice *slice, SearchList *list_r, Error *err);
/* All of the scope's user; `id` empty: every one of them. */
MUST_CHECK bool search_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
typedef struct SearchMiss {
    Str query;     /* one of the ways it was typed */
    int64_t count; /* times, by anybody of the workspace */
    int64_t last_at_ms;
} SearchMiss;
typedef struct SearchMissList {
    SearchMiss *at;
    size_t count;
} SearchMissList;
/* What was looked for without any result, the most frequent first; letter case does not matter. */
MUST_CHECK bool search_misses(DbTx *tx, const Scope *scope, Arena *arena, int64_t limit,
                              SearchMissList *list_r, Error *err);
/* Of all workspaces, older than before_ms. System scope. */
MUST_CHECK bool search_remove_old(DbTx *tx, const Scope *scope, int64_t before_ms,
                                  int64_t *removed_r, Error *err);
