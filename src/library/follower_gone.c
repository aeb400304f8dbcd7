/* follower_gone.c - workspaces that are no more; see follower_int.h.
 *
 * Their entries stay, since others walk the list without a lock: empty, and without files. */
#include <dirent.h>

#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "library/follower_int.h"

typedef struct Listing {
    const Follower *follower;
    Arena *arena;
    WorkspaceList workspaces;
} Listing;

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    Listing *listing = argument;
    return workspace_list(tx, &listing->follower->system, listing->arena, &listing->workspaces,
                          err);
}

bool read_workspaces(Follower *follower, Arena *arena, WorkspaceList *list_r, Error *err)
{
    Listing listing = { .follower = follower, .arena = arena };
    if (!store_read(follower->db, &follower->system, list_workspaces, &listing, err))
        return false;
    *list_r = listing.workspaces;
    return true;
}

static bool is_there(const WorkspaceList *list, Str id)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->at[i].id, id))
            return true;
    return false;
}

static bool remove_files(const Follower *follower, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return folder_remove(path_join(arena, str(follower->folder), id), err);
}

static bool drop(Follower *follower, WorkspaceIndex *at, Error *err)
{
    pthread_rwlock_wrlock(&at->use);
    index_free(at->index);
    bool good = remove_files(follower, str(at->id), err);
    at->index = new_index(follower, at);
    at->is_gone = true;
    at->needs_load = false;
    pthread_rwlock_unlock(&at->use);
    return good;
}

/* Of workspaces that went while this node was away. Nothing else in the folder is touched. */
static void remove_unknown(const Follower *follower, const WorkspaceList *list)
{
    DIR *folder = opendir(follower->folder);
    const struct dirent *entry;
    Error err;
    while (folder && (entry = readdir(folder)))
        if (id_is_valid(str(entry->d_name)) && !is_there(list, str(entry->d_name)) &&
            !remove_files(follower, str(entry->d_name), &err))
            log_warn("index", "what is left of a workspace that has gone: %s", err.message);
    if (folder)
        closedir(folder);
}

static bool drop_all(Follower *follower, WorkspaceIndex *first, const WorkspaceList *list,
                     Error *err)
{
    for (WorkspaceIndex *at = first; at; at = at->next)
        if (!at->is_gone && !is_there(list, str(at->id)) && !drop(follower, at, err))
            return false;
    remove_unknown(follower, list);
    return true;
}

/* Not while another process has the files, nor while one is filled. */
bool drop_gone(Follower *follower, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    WorkspaceList list;
    if (!follower->looks_for_gone || follower->is_held || follower->builder.at)
        return true;
    follower->looks_for_gone = false;
    WorkspaceIndex *first = follower->indexes; /* what comes later may not be in the list */
    bool good =
        read_workspaces(follower, arena, &list, err) && drop_all(follower, first, &list, err);
    follower->looks_for_gone = !good;
    return good;
}
