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

/* Adds it for the scope's user; without an id or a time it gets them, set in *search. Searches are
 * written some time after they were made: of who has left the workspace meanwhile, or was erased,
 * nothing is kept. */
MUST_CHECK bool search_add(DbTx *tx, const Scope *scope, Arena *arena, Search *search, Error *err);
/* The scope's user's, newest first; only those that begin with `prefix` unless it is empty. */
MUST_CHECK bool search_list(DbTx *tx, const Scope *scope, Arena *arena, Str prefix,
                            const Slice *slice, SearchList *list_r, Error *err);
/* All of the scope's user; `id` empty: every one of them. */
MUST_CHECK bool search_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* A result that was opened. */
typedef struct SearchOpening {
    Str search, document;
    int64_t chunk; /* its number; 0: the document */
    int64_t rank;  /* from 1 */
} SearchOpening;
/* Once a search and result. ERROR_NOT_FOUND: the scope's user has no such search, or there is no
 * such document. */
MUST_CHECK bool search_open(DbTx *tx, const Scope *scope, const SearchOpening *opening, Error *err);

typedef enum UnfoundKind {
    UNFOUND_EITHER,
    UNFOUND_RESULTS, /* searches without results */
    UNFOUND_OPENED,  /* searches with results of which none was opened */
} UnfoundKind;
typedef struct UnfoundSearch {
    Str query;            /* one of the ways it was typed */
    int64_t times;        /* by anybody of the workspace */
    int64_t result_count; /* the most it had */
    int64_t last_at_ms;
} UnfoundSearch;
typedef struct UnfoundList {
    UnfoundSearch *at;
    size_t count;
} UnfoundList;
/* What people looked for and did not find: first what had no results, then what had none that was
 * opened, the most frequent first; letter case does not matter. */
MUST_CHECK bool search_unfound(DbTx *tx, const Scope *scope, Arena *arena, UnfoundKind kind,
                               int64_t limit, UnfoundList *list_r, Error *err);
