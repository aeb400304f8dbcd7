/* saved_searches_store.h - the `saved_searches` table: searches that a person keeps under a name.
 *
 * Every function sees those of the scope's keeper (scope.h) alone. */
#pragma once

#include "store/scope.h"

#define SAVED_SEARCHES_MAX 200 /* of one person */

typedef struct SavedSearch {
    Str id, name;
    Str query, mode;
    Str filters;            /* JSON object, for the owner to read */
    bool tells;             /* its owner is told of what is new */
    int64_t told_number;    /* of the newest chunk when that was last done */
    Str workspace, user;    /* set where those of many are listed */
    int64_t seen_number;    /* of the newest chunk when it was last looked at */
    int64_t last_run_at_ms; /* 0: never */
    int64_t created_at_ms, updated_at_ms;
} SavedSearch;

typedef struct SavedSearchList {
    SavedSearch *at;
    size_t count;
} SavedSearchList;

/* Adds it with a new id, set in *saved; what is there now counts as seen. ERROR_CONFLICT: the
 * person has one of this name, letter case aside, or SAVED_SEARCHES_MAX. */
MUST_CHECK bool saved_search_add(DbTx *tx, const Scope *scope, Arena *arena, SavedSearch *saved,
                                 Error *err);
MUST_CHECK bool saved_search_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  SavedSearch *saved_r, Error *err);
/* By name. */
MUST_CHECK bool saved_search_list(DbTx *tx, const Scope *scope, Arena *arena,
                                  SavedSearchList *list_r, Error *err);
/* Those that tell, of all workspaces, behind the one called `after`; at most 100. Needs a system
 * scope. */
MUST_CHECK bool saved_search_list_telling(DbTx *tx, const Scope *scope, Arena *arena, Str after,
                                          SavedSearchList *list_r, Error *err);
/* Its owner has been told of all up to chunk `number`. */
MUST_CHECK bool saved_search_mark_told(DbTx *tx, const Scope *scope, Str id, int64_t number,
                                       Error *err);
/* Name, query, mode, tells and filters of saved->id; another query or other filters have nothing
 * new yet. ERROR_CONFLICT as above. */
MUST_CHECK bool saved_search_update(DbTx *tx, const Scope *scope, Arena *arena, SavedSearch *saved,
                                    Error *err);
/* It was run when `number` was that of the newest chunk. */
MUST_CHECK bool saved_search_mark_seen(DbTx *tx, const Scope *scope, Str id, int64_t number,
                                       Error *err);
MUST_CHECK bool saved_search_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
