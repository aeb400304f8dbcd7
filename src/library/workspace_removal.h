/* workspace_removal.h - a workspace whose time is over goes with everything.
 *
 *     asked for (account/workspace_end.h) -> due -> the doors close -> rows go, a thousand at a
 *     time, children before parents -> originals, then vectors of stores outside the database ->
 *     in one transaction the last rows, the workspace's own and a signed proof; every node drops
 *     what it keeps in files and in memory
 *
 * Killed at any moment it goes on where it was, on any node. For ten minutes after the end it looks
 * again for rows, originals and vectors that others were just writing. Any thread. */
#pragma once

#include "library/library.h"

/* Recurring; its argument is the library. */
JobHandler library_remove_workspaces_job;

/* Lines with the id of a workspace that has gone. */
#define WORKSPACE_GONE_CHANNEL "workspace_gone"
