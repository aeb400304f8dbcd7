/* follower_ask.c - telling the follower what is new, waiting for it and asking how far it is. */

#include "base/clock.h"
#include "base/file.h"
#include "library/follower_int.h"

void follower_poke(Follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    follower->is_poked = true;
    pthread_cond_signal(&follower->news);
    pthread_mutex_unlock(&follower->lock);
}

bool follower_hold(Follower *follower, bool is_held, int64_t timeout_ms)
{
    int64_t until_ms = monotonic_ms() + timeout_ms;
    follower->wants_hold = is_held;
    follower_poke(follower);
    pthread_mutex_lock(&follower->lock);
    while (follower->has_held != is_held &&
           cond_wait_until(&follower->applied_news, &follower->lock, until_ms))
        ;
    bool done = follower->has_held == is_held;
    pthread_mutex_unlock(&follower->lock);
    return done;
}

void follower_watch(Follower *follower, const LibraryWatch *watch)
{
    pthread_mutex_lock(&follower->watch_lock);
    follower->watch = watch ? *watch : (LibraryWatch){ 0 };
    follower->was_watched = follower->was_watched || follower->watch.on_save;
    pthread_mutex_unlock(&follower->watch_lock);
}

bool follower_followed(Follower *follower, Str workspace, int64_t *sequence_r)
{
    const WorkspaceIndex *found = find_index(follower, workspace);
    int64_t followed = found ? found->followed : 0;
    if (!followed)
        return false;
    *sequence_r = followed - 1;
    return true;
}

bool follower_files(Follower *follower, Arena *arena, Str workspace, LibraryFiles *files_r)
{
    pthread_mutex_lock(&follower->lock);
    const WorkspaceIndex *found = find_index(follower, workspace);
    bool is_known = found && !found->is_gone && follower->database[0];
    if (is_known)
        *files_r = (LibraryFiles){ .folder = path_join(arena, str(follower->folder), workspace),
                                   .database = str_copy(arena, str(follower->database)),
                                   .may_write = !follower->is_held };
    pthread_mutex_unlock(&follower->lock);
    return is_known;
}

bool follower_has_changes(Follower *follower, int64_t generation, bool *has_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    IndexPosition position;
    if (!read_position(follower, arena, &position, err))
        return false;
    *has_r = generation >= position.floor && generation <= position.last;
    return true;
}

/* --- The model --- */

bool follower_set_model(Follower *follower, Str model, size_t dims)
{
    pthread_mutex_lock(&follower->lock);
    bool changes = !str_is(model, follower->model) || dims != follower->dims;
    if (changes) {
        snprintf(follower->model, sizeof follower->model, STR_FMT, STR_ARG(model));
        follower->dims = dims;
        follower->is_poked = true;
        follower->has_model = false;
        pthread_cond_signal(&follower->news);
    }
    pthread_mutex_unlock(&follower->lock);
    return changes;
}

void follower_look_for_gone(Follower *follower)
{
    follower->looks_for_gone = true;
    follower_poke(follower);
}

void follower_model(Follower *follower, char name[FOLLOWER_MODEL_SIZE])
{
    pthread_mutex_lock(&follower->lock);
    memcpy(name, follower->model, FOLLOWER_MODEL_SIZE);
    pthread_mutex_unlock(&follower->lock);
}

/* --- Waiting --- */

/* Until *reached, a sequence number, is that of the database now, or a look at the log that began
 * later (*whole) found all there was. */
static bool wait_until(Follower *follower, const int64_t *reached, const int64_t *whole,
                       int64_t timeout_ms)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    IndexPosition position;
    Error err;
    if (!read_position(follower, arena, &position, &err))
        return false;
    int64_t until_ms = monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&follower->lock);
    follower->is_poked = true;
    pthread_cond_signal(&follower->news);
    int64_t begun = follower->round;
    while (*reached < position.last && *whole <= begun && !follower->is_stopping &&
           cond_wait_until(&follower->applied_news, &follower->lock, until_ms))
        ;
    bool is_there = *reached >= position.last || *whole > begun;
    pthread_mutex_unlock(&follower->lock);
    return is_there;
}

bool follower_wait(Follower *follower, int64_t timeout_ms)
{
    return wait_until(follower, &follower->applied, &follower->whole, timeout_ms) &&
           (!follower->outside_keeper ||
            vector_follower_wait(follower->outside_keeper, timeout_ms));
}

bool follower_wait_erased(Follower *follower, int64_t timeout_ms)
{
    return wait_until(follower, &follower->erased, &follower->whole_erased, timeout_ms);
}

bool follower_wait_model(Follower *follower, int64_t timeout_ms)
{
    int64_t until_ms = monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&follower->lock);
    while (!follower->has_model && !follower->is_stopping &&
           cond_wait_until(&follower->applied_news, &follower->lock, until_ms))
        ;
    bool is_there = follower->has_model;
    pthread_mutex_unlock(&follower->lock);
    return is_there;
}

/* --- State --- */

VectorLag follower_vector_lag(Follower *follower)
{
    return follower->outside_keeper ? vector_follower_lag(follower->outside_keeper)
                                    : (VectorLag){ 0 };
}

/* Of builds that hide rows; by how fast the one that runs has been so far. The caller holds the
 * lock. */
static IndexBuilding building_of(const Follower *follower, const WorkspaceIndex *only)
{
    const WorkspaceIndex *running = follower->builder.at;
    IndexBuilding building = { .seconds_left = -1 };
    for (const WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if ((!only || at == only) && build_hides_rows(at)) {
            building.is_going_on = true;
            building.words |= at->build.keyword;
            building.work += at->build.work;
            building.done += MIN(at->build.done, at->build.work);
        }
    int64_t done = running ? running->build.done : 0;
    if (done && building.is_going_on)
        building.seconds_left = (monotonic_ms() - follower->builder.began_ms) *
                                (building.work - building.done) / done / 1000;
    return building;
}

IndexBuilding follower_building(Follower *follower, Str workspace)
{
    pthread_mutex_lock(&follower->lock);
    const WorkspaceIndex *only = find_index(follower, workspace);
    /* Nobody has looked for its files yet. */
    IndexBuilding building = { .is_going_on = true, .words = true, .seconds_left = -1 };
    if (only && !only->needs_load)
        building = building_of(follower, only);
    pthread_mutex_unlock(&follower->lock);
    return building;
}

IndexState follower_state(Follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    IndexState state = { .text = atomic_load(&follower->state),
                         .building = building_of(follower, NULL),
                         .waiting_changes = MAX(follower->last - follower->applied, 0) };
    state.is_ready = strcmp(state.text, "ready") == 0;
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (pthread_rwlock_tryrdlock(&at->use) != 0)
            continue; /* it is being replaced */
        IndexStatus status = index_status(at->index);
        pthread_rwlock_unlock(&at->use);
        state.chunks += (int64_t)status.chunks;
        state.vectors += (int64_t)status.vectors;
    }
    if (follower->outside_keeper)
        state.vectors = vector_follower_count(follower->outside_keeper);
    pthread_mutex_unlock(&follower->lock);
    return state;
}
