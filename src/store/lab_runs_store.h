/* lab_runs_store.h - the `lab_runs` table: judged sets that were run, and what that gave. */
#pragma once

#include "store/scope.h"

typedef struct LabRun {
    Str id, set, set_name; /* set_name: read, never written */
    Str job;               /* that runs it */
    Str settings;          /* JSON */
    Str result;            /* JSON; empty: not yet, or it failed */
    int64_t created_at_ms;
} LabRun;

typedef struct LabRunList {
    LabRun *at;
    size_t count;
} LabRunList;

/* Runs of one set that are kept. */
#define LAB_RUNS_KEPT 20

/* Adds it; its id is the caller's, so that the job can know it. Those of the set that are too many
 * go, oldest first. */
MUST_CHECK bool lab_run_add(DbTx *tx, const Scope *scope, const LabRun *run, Error *err);
MUST_CHECK bool lab_run_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, LabRun *run_r,
                             Error *err);
/* Newest first, without results; `set` empty: of every set. */
MUST_CHECK bool lab_run_list(DbTx *tx, const Scope *scope, Arena *arena, Str set,
                             LabRunList *list_r, Error *err);
MUST_CHECK bool lab_run_save(DbTx *tx, const Scope *scope, Str id, Str result, Error *err);
