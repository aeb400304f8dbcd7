/* follower_outside.c - vectors that lie in a store outside the indexes; see follower_int.h. */
#include "library/follower_int.h"

typedef struct Own {
    Arena *arena;
    Scope scope;
    const VectorSpace *space;
    int64_t *numbers;
    size_t count;
    VectorList found;
} Own;

static bool find_own(DbTx *tx, void *argument, Error *err)
{
    Own *own = argument;
    return vector_find_many(tx, &own->scope, own->arena, own->space->model, own->numbers,
                            own->count, &own->found, err);
}

/* IndexOutside.read_own, from the rows. */
static bool read_own(void *self, Arena *arena, const VectorSpace *space, const uint64_t *keys,
                     size_t count, float *values, Error *err)
{
    const Follower *follower = self;
    Own own = { .arena = arena,
                .scope = { .workspace = space->workspace, .role = ROLE_OWNER },
                .space = space,
                .numbers = arena_new_array(arena, int64_t, count + 1),
                .count = count };
    for (size_t i = 0; i < count; i++)
        own.numbers[i] = (int64_t)keys[i];
    if (!store_read(follower->db, &own.scope, find_own, &own, err))
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < own.found.count; f++)
            if (own.found.at[f].number == own.numbers[i] &&
                vector_parts(&own.found.at[f], space->dims))
                vector_values(&own.found.at[f], 0, space->dims, values + i * space->dims);
    return true;
}

static bool search(void *self, const VectorSpace *space, Arena *arena, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *err)
{
    const Follower *follower = self;
    return vector_follower_search(follower->outside_keeper, space, arena, query, filter, k, hits,
                                  count_r, err);
}

void use_outside(Follower *follower, const WorkspaceIndex *at, Index *index)
{
    IndexOutside outside = { .space = { str(at->id), str(at->model), at->dims },
                             .search = search,
                             .read_own = read_own,
                             .self = follower };
    if (!follower->outside || !at->dims)
        return;
    vector_follower_keep(follower->outside_keeper, outside.space.workspace, outside.space.model,
                         at->dims);
    index_use_outside(index, &outside);
}

void adopt_outside(Follower *follower, WorkspaceIndex *at, Str model, size_t dims)
{
    VectorFollower *keeper = follower->outside_keeper;
    vector_follower_keep(keeper, str(at->id), model, dims);
    if (!vector_follower_is_whole(keeper, str(at->id), model))
        return;
    pthread_rwlock_wrlock(&at->use);
    pthread_mutex_lock(&follower->lock);
    snprintf(at->model, sizeof at->model, STR_FMT, STR_ARG(model));
    at->dims = dims;
    pthread_mutex_unlock(&follower->lock);
    use_outside(follower, at, at->index);
    pthread_rwlock_unlock(&at->use);
    vector_follower_drop_others(keeper, str(at->id), model);
}
