/* follower_indexes.c - the list of workspaces' indexes, and the borrowing of one; see follower.h.
 */
#include "base/file.h"
#include "library/follower_int.h"

WorkspaceIndex *find_index(Follower *follower, Str workspace)
{
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (str_is(workspace, at->id))
            return at;
    return NULL;
}

Scope scope_of_index(const WorkspaceIndex *at)
{
    return (Scope){ .workspace = str(at->id), .role = ROLE_OWNER };
}

Index *new_index(Follower *follower, const WorkspaceIndex *of)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    IndexOptions options = { .folder = path_join(arena, str(follower->folder), str(of->id)),
                             .dims = follower->outside ? 0 : of->dims,
                             .identity = str(of->database),
                             .model = str(of->model),
                             .is_exact = follower->is_exact };
    Index *index = index_new(&options);
    use_outside(follower, of, index);
    if (follower->is_held)
        index_hold(index, true);
    return index;
}

/* Searches come all the time: whoever replaces an index is let in before more of them. */
static void init_use(pthread_rwlock_t *use)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(use, &attributes);
    pthread_rwlockattr_destroy(&attributes);
}

/* The caller holds the follower's lock. */
static WorkspaceIndex *add_index(Follower *follower, Str workspace)
{
    WorkspaceIndex *added = heap_alloc(sizeof *added);
    snprintf(added->id, sizeof added->id, STR_FMT, STR_ARG(workspace));
    snprintf(added->model, sizeof added->model, "%s", follower->model);
    snprintf(added->database, sizeof added->database, "%s", follower->database);
    added->dims = follower->dims;
    added->index = new_index(follower, added);
    added->needs_load = true;
    init_use(&added->use);
    added->next = follower->indexes;
    follower->indexes = added;
    return added;
}

WorkspaceIndex *need_index(Follower *follower, Str workspace)
{
    pthread_mutex_lock(&follower->lock);
    WorkspaceIndex *found = find_index(follower, workspace);
    if (!found) {
        found = add_index(follower, workspace);
        follower->is_poked = true;
        pthread_cond_signal(&follower->news);
    }
    pthread_mutex_unlock(&follower->lock);
    return found;
}

int64_t follower_changes(Follower *follower, Str workspace)
{
    const WorkspaceIndex *found = find_index(follower, workspace);
    return found ? found->changed : 0;
}

Index *follower_borrow(Follower *follower, Str workspace, size_t *dims_r, Str *model_r)
{
    WorkspaceIndex *found = need_index(follower, workspace);
    pthread_rwlock_rdlock(&found->use);
    *dims_r = found->dims;
    *model_r = str(found->model);
    return found->index;
}

void follower_release(Follower *follower, Index *index)
{
    pthread_mutex_lock(&follower->lock);
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (at->index == index) {
            pthread_rwlock_unlock(&at->use);
            break;
        }
    pthread_mutex_unlock(&follower->lock);
}
