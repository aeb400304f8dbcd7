/* workspace_end.h - making workspaces, and asking for one to be removed with everything in it. What
 * removes it, when its time has come: library/workspace_removal.h. Any thread. */
#pragma once

#include "account/second_factor.h"
#include "store/workspace_removals_store.h"

#define JOB_REMOVE_WORKSPACES "remove_workspaces"

typedef struct WorkspaceEndWish {
    Str name; /* of the workspace, letter for letter */
    SecondFactorProof proof;
} WorkspaceEndWish;

/* An owner who is signed in and shows that it is them, or whoever runs the server (the data
 * folder's socket). ERROR_CONFLICT: it is the only one that stays, or asked for already. */
MUST_CHECK bool account_end_workspace(Account *account, Arena *arena, const Visitor *visitor,
                                      const WorkspaceEndWish *wish, WorkspaceRemoval *removal_r,
                                      Error *err);
/* Takes that back. ERROR_CONFLICT: it has begun. */
MUST_CHECK bool account_keep_workspace(Account *account, const Visitor *visitor, Error *err);
/* *removal_r with an empty id: nobody has asked. */
MUST_CHECK bool account_workspace_end(Account *account, Arena *arena, const Visitor *visitor,
                                      WorkspaceRemoval *removal_r, Error *err);

/* The rest is for whoever runs the server; ERROR_DENIED to all others. */
/* `owner`: the mail address of somebody who has an account; empty: nobody is in it yet. */
MUST_CHECK bool account_add_workspace(Account *account, Arena *arena, const Visitor *visitor,
                                      Str name, Str owner, Workspace *workspace_r, Error *err);
/* All workspaces, and all removals: also those of workspaces that have gone. */
MUST_CHECK bool account_all_workspaces(Account *account, Arena *arena, const Visitor *visitor,
                                       WorkspaceList *list_r, WorkspaceRemovalList *removals_r,
                                       Error *err);
