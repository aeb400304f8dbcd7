/* workspace_removals_store.h - the `workspace_removals` table: workspaces that are to go, and the
 * proof of those that have gone.
 *
 *     ask -> (take back) -> due -> begin: nobody gets in any more, nothing can be taken back
 *         -> rows go in parts, counted -> end: the workspace's own row goes, the proof stays
 *
 * A row outlives its workspace and holds nothing of anybody: who asked is a digest. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct WorkspaceRemoval {
    Str id;    /* of the workspace */
    Str asker; /* SHA-256 of the id of whoever asked; empty: whoever runs the server */
    int64_t asked_at_ms, due_at_ms;
    int64_t began_at_ms, ended_at_ms; /* 0: not yet */
    Str removed;                      /* a JSON object: rows by table, so far */
    Str proof;                        /* empty: not yet */
} WorkspaceRemoval;

typedef struct WorkspaceRemovalList {
    WorkspaceRemoval *at;
    size_t count;
} WorkspaceRemovalList;

/* Who asks for one decides by all others: until the end of this transaction nobody else does. */
MUST_CHECK bool workspace_removal_lock(DbTx *tx, const Scope *scope, Error *err);
/* Of the scope's workspace. ERROR_CONFLICT: it was asked for already. */
MUST_CHECK bool workspace_removal_ask(DbTx *tx, const Scope *scope, const WorkspaceRemoval *removal,
                                      Error *err);
/* ERROR_CONFLICT: it has begun; ERROR_NOT_FOUND: it was not asked for. */
MUST_CHECK bool workspace_removal_take_back(DbTx *tx, const Scope *scope, Error *err);
/* Of the scope's own workspace; the system's of any. */
MUST_CHECK bool workspace_removal_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                       WorkspaceRemoval *removal_r, Error *err);

/* The rest needs a system scope. */
/* All, those that were asked for last first. */
MUST_CHECK bool workspace_removal_list(DbTx *tx, const Scope *scope, Arena *arena,
                                       WorkspaceRemovalList *list_r, Error *err);
/* Due by then and not ended, and those that have ended in the ten minutes before. */
MUST_CHECK bool workspace_removal_list_due(DbTx *tx, const Scope *scope, Arena *arena,
                                           int64_t now_ms, WorkspaceRemovalList *list_r,
                                           Error *err);
/* Sets when it began and ended, what was removed and the proof. */
MUST_CHECK bool workspace_removal_save(DbTx *tx, const Scope *scope,
                                       const WorkspaceRemoval *removal, Error *err);

/* A table that holds rows of workspaces. */
typedef struct WorkspaceTable {
    Str name;
    Str key;  /* columns that tell its rows apart, with commas between */
    Str walk; /* where no index finds the rows of a workspace: a number to go by; else empty */
    int64_t walked; /* rows with numbers up to here went in parts before */
} WorkspaceTable;
typedef struct WorkspaceTableList {
    WorkspaceTable *at;
    size_t count;
} WorkspaceTableList;
/* All of them, those of later migrations too; each before the tables that its rows name, so that
 * removing a part of one removes nothing of others. */
MUST_CHECK bool workspace_tables(DbTx *tx, const Scope *scope, Arena *arena,
                                 WorkspaceTableList *list_r, Error *err);
/* At most `limit` rows of the workspace `id`, or some more where several share a number; fewer:
 * none are left behind table->walked, which moves on. INT64_MAX: all, wherever they are. */
MUST_CHECK bool workspace_remove_rows(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                      WorkspaceTable *table, int64_t limit, int64_t *removed_r,
                                      Error *err);
/* How many rows of the workspace are left in all tables, its own row among them. */
MUST_CHECK bool workspace_count_rows(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                     const WorkspaceTableList *tables, int64_t *count_r,
                                     Error *err);
