/* workspaces_store.h - the `workspaces` table: who shares a library.
 *
 * Only a system scope may add, list or remove them; any other sees the one it belongs to. */
#pragma once

#include "store/scope.h"

typedef struct Workspace {
    Str id, name;
    Str settings; /* a JSON object */
    int64_t created_at_ms;
    /* Read, never written. */
    bool has_guards;        /* something in it is restricted (document_access.h) */
    int64_t removal_due_ms; /* it is to be removed then (workspace_removals_store.h); 0: it stays */
    bool is_leaving;        /* that has begun: nobody gets in any more */
} Workspace;

typedef struct WorkspaceList {
    Workspace *at;
    size_t count;
} WorkspaceList;

/* Adds it with a new id, which is set in *workspace. */
MUST_CHECK bool workspace_add(DbTx *tx, const Scope *scope, Arena *arena, Workspace *workspace,
                              Error *err);
MUST_CHECK bool workspace_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                               Workspace *workspace_r, Error *err);
/* All of them, oldest first. System scope. */
MUST_CHECK bool workspace_list(DbTx *tx, const Scope *scope, Arena *arena, WorkspaceList *list_r,
                               Error *err);
/* Changes name and settings of the scope's workspace. */
MUST_CHECK bool workspace_update(DbTx *tx, const Scope *scope, Str name, Str settings, Error *err);
/* Removes the workspace and every row of it in every table, at once: of large ones the rows go
 * before, in parts (workspace_removals_store.h). System scope. */
MUST_CHECK bool workspace_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
