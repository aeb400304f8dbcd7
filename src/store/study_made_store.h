/* study_made_store.h - the `study_made` table: study content that was made for a person: what of,
 * for whom, what came out, and how far it was read.
 *
 * Every function sees what the scope's user has. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

#define STUDY_MADE_MAX MB(2) /* bytes of a result */
#define STUDY_MADE_KEPT 500  /* of one person; the oldest go */

typedef struct StudyMade {
    Str id, kind, title;
    Str document; /* the only one it was made from, or empty: it goes when that is erased */
    Str key;      /* the same wish over the same texts has the same key (study/make.h) */
    Str wish;     /* JSON, checked by its owner */
    Str result;   /* JSON; empty: not yet, or it failed */
    Str made_by;  /* "rules", "encoder", a model's name */
    Str job;      /* that makes it; empty: none */
    Str done;     /* JSON array: numbers of items that were read or done */
    int64_t item_count;
    int64_t created_at_ms, updated_at_ms;
} StudyMade;

typedef struct StudyMadeList {
    StudyMade *at;
    size_t count;
} StudyMadeList;

/* Adds it; its id is the caller's, so that a job can know it. ERROR_NOT_FOUND: no such document. */
MUST_CHECK bool study_made_add(DbTx *tx, const Scope *scope, Arena *arena, StudyMade *made,
                               Error *err);
MUST_CHECK bool study_made_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                StudyMade *made_r, Error *err);
/* The newest finished one with this key; ERROR_NOT_FOUND. */
MUST_CHECK bool study_made_find_by_key(DbTx *tx, const Scope *scope, Arena *arena, Str key,
                                       StudyMade *made_r, Error *err);
/* Newest first, without results, of this kind when it is not empty; *next_r is empty at the end. */
MUST_CHECK bool study_made_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind,
                                const Slice *slice, StudyMadeList *list_r, Str *next_r, Error *err);
/* Title, key, result, item_count and made_by of made->id. */
MUST_CHECK bool study_made_save(DbTx *tx, const Scope *scope, const StudyMade *made, Error *err);
MUST_CHECK bool study_made_set_done(DbTx *tx, const Scope *scope, Str id, Str done, Error *err);
MUST_CHECK bool study_made_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
