/* person_erasures_store.h - the `person_erasures` table: people whose data in a workspace is to be
 * erased, and the proof of those whose data was.
 *
 *     add -> (take back) -> due -> begin: they do not get in any more, nothing can be taken back
 *         -> rows go in parts, counted -> end: the row names them no more and has the proof
 *
 * A row stays as long as its workspace. */
#pragma once

#include "store/scope.h"

typedef struct PersonErasure {
    Str id;
    Str user;     /* whose data; empty once it has ended */
    Str asked_by; /* id of a person; empty: whoever runs the server */
    Str job;      /* that does it */
    int64_t asked_at_ms, due_at_ms;
    int64_t began_at_ms, ended_at_ms; /* 0: not yet */
    Str removed;                      /* a JSON object: rows by "table.column", so far */
    Str proof;                        /* empty: not yet */
    Str hash; /* of what opens the proof without an account; empty: nothing. Written by add alone */
} PersonErasure;

typedef struct PersonErasureList {
    PersonErasure *at;
    size_t count;
} PersonErasureList;

/* With a new id, set in *erasure. ERROR_CONFLICT: it was asked for already. */
MUST_CHECK bool person_erasure_add(DbTx *tx, const Scope *scope, Arena *arena,
                                   PersonErasure *erasure, Error *err);
MUST_CHECK bool person_erasure_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                    PersonErasure *erasure_r, Error *err);
/* The one of that person that has not ended. */
MUST_CHECK bool person_erasure_find_open(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                         PersonErasure *erasure_r, Error *err);
/* The newest thousand, those that were asked for last first. */
MUST_CHECK bool person_erasure_list(DbTx *tx, const Scope *scope, Arena *arena,
                                    PersonErasureList *list_r, Error *err);
/* Saves user, job, when it began and ended, what was removed and the proof. */
MUST_CHECK bool person_erasure_save(DbTx *tx, const Scope *scope, const PersonErasure *erasure,
                                    Error *err);
/* ERROR_CONFLICT: it has begun. */
MUST_CHECK bool person_erasure_take_back(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Those that this opens, in all workspaces, unless they ended before. System scope. */
MUST_CHECK bool person_erasure_list_by_hash(DbTx *tx, const Scope *scope, Arena *arena, Str hash,
                                            int64_t ended_after_ms, PersonErasureList *list_r,
                                            Error *err);
/* How many of that person have not ended, in all workspaces. System scope. */
MUST_CHECK bool person_erasure_count_open(DbTx *tx, const Scope *scope, Str user, int64_t *count_r,
                                          Error *err);
