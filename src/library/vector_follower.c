/* vector_follower.c - what others tell the follower of a store of vectors, and ask it; see
 * vector_follower.h. */
#include "library/vector_follower.h"

#include "base/clock.h"
#include "library/vector_follower_int.h"

Space *find_vector_space(VectorFollower *follower, Str workspace, Str model)
{
    for (Space *at = follower->spaces; at; at = at->next)
        if (str_equal(at->space.workspace, workspace) && str_equal(at->space.model, model) &&
            !at->goes)
            return at;
    return NULL;
}

static void poke(VectorFollower *follower)
{
    follower->is_poked = true;
    pthread_cond_broadcast(&follower->news);
}

/* --- What is kept --- */

static ModelSpaces *need_model(VectorFollower *follower, Str model, size_t dims)
{
    for (ModelSpaces *at = follower->models; at; at = at->next)
        if (str_is(model, at->model) && at->dims == dims)
            return at;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    ModelSpaces *added = heap_alloc(sizeof *added);
    added->model = heap_text(str_c(arena, model));
    added->dims = dims;
    added->lists_after = INT64_MAX;
    added->lease.sequence = -1;
    added->next = follower->models;
    follower->models = added;
    return added;
}

void vector_follower_keep(VectorFollower *follower, Str workspace, Str model, size_t dims)
{
    pthread_mutex_lock(&follower->lock);
    if (!find_vector_space(follower, workspace, model)) {
        Space *added = heap_alloc(sizeof *added);
        ModelSpaces *of = need_model(follower, model, dims);
        added->space = vector_space_copy(&(VectorSpace){ workspace, model, dims });
        added->model = of;
        added->must_count = true;
        /* What came between what is published and this moment was not noted here. */
        if (of->lease.epoch)
            added->compares = COMPARES_FIRST;
        else if (of->lease.sequence >= 0)
            of->lists_after = MIN(of->lists_after, of->lease.sequence);
        added->next = follower->spaces;
        follower->spaces = added;
        vector_leases_want(follower->leases, model, dims);
        poke(follower);
    }
    pthread_mutex_unlock(&follower->lock);
}

void vector_follower_drop_others(VectorFollower *follower, Str workspace, Str model)
{
    pthread_mutex_lock(&follower->lock);
    for (Space *at = follower->spaces; at; at = at->next)
        at->goes |= str_equal(at->space.workspace, workspace) && !str_equal(at->space.model, model);
    poke(follower);
    pthread_mutex_unlock(&follower->lock);
}

/* --- What has changed --- */

void vector_follower_begin_notes(VectorFollower *follower, Str workspace)
{
    pthread_mutex_lock(&follower->lock);
    for (Space *at = follower->spaces; at; at = at->next) {
        if (!str_equal(at->space.workspace, workspace))
            continue;
        if (at->model->lease.epoch)
            at->compares = COMPARES_FIRST;
        else
            at->model->left_out = true;
        at->compares_again = true;
    }
    poke(follower);
    pthread_mutex_unlock(&follower->lock);
}

/* What there is no room for is taken from the database later. */
void vector_follower_note(VectorFollower *follower, const IndexChange *change)
{
    bool removes = change->operation == INDEX_REMOVE || change->operation == INDEX_ERASE;
    if (!change->numbers.count)
        return;
    pthread_mutex_lock(&follower->lock);
    for (Space *at = follower->spaces; at; at = at->next) {
        ModelSpaces *model = at->model;
        if (!str_equal(at->space.workspace, change->workspace) || at->goes ||
            (change->model.length && !str_equal(change->model, at->space.model)) ||
            change->sequence <= model->lease.sequence)
            continue;
        if (!vector_changes_add(&at->changes, change->sequence, removes, change->numbers.at,
                                change->numbers.count)) {
            model->left_out = true;
            at->compares_again = true;
        }
    }
    poke(follower);
    pthread_mutex_unlock(&follower->lock);
}

void vector_follower_noted(VectorFollower *follower, int64_t sequence)
{
    pthread_mutex_lock(&follower->lock);
    if (sequence > follower->noted) {
        follower->noted = sequence;
        poke(follower);
    }
    pthread_mutex_unlock(&follower->lock);
}

/* --- Asking --- */

bool vector_follower_is_whole(VectorFollower *follower, Str workspace, Str model)
{
    pthread_mutex_lock(&follower->lock);
    const Space *space = find_vector_space(follower, workspace, model);
    bool is_whole = space && space->model->lease.sequence >= 0;
    pthread_mutex_unlock(&follower->lock);
    return is_whole;
}

/* All spaces are known to have what came up to `sequence`; the lock is held. */
static bool has_all(const VectorFollower *follower, int64_t sequence)
{
    bool has = true;
    for (const Space *at = follower->spaces; at && has; at = at->next) {
        const ModelSpaces *model = at->model;
        has = at->goes || (at->is_made && model->lease.is_known && model->lease.sequence >= 0 &&
                           model->lists_after == INT64_MAX && !model->left_out &&
                           vector_changes_first_waiting(&at->changes) > sequence &&
                           !(model->lease.epoch && at->compares == COMPARES_FIRST));
    }
    return has;
}

bool vector_follower_has_written(VectorFollower *follower, int64_t sequence)
{
    pthread_mutex_lock(&follower->lock);
    bool has = has_all(follower, sequence);
    pthread_mutex_unlock(&follower->lock);
    return has;
}

static bool is_level(const VectorFollower *follower)
{
    bool level = !follower->is_busy && has_all(follower, INT64_MAX - 1);
    for (const Space *at = follower->spaces; at; at = at->next)
        level &= !at->goes && (!at->model->lease.epoch || at->compares == COMPARES_NOT);
    return level;
}

bool vector_follower_wait(VectorFollower *follower, int64_t timeout_ms)
{
    int64_t until_ms = monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&follower->lock);
    while (!is_level(follower) && !follower->is_away && !follower->is_stopping &&
           cond_wait_until(&follower->level, &follower->lock, until_ms))
        ;
    bool ok = is_level(follower) || follower->is_away;
    pthread_mutex_unlock(&follower->lock);
    return ok;
}

bool vector_follower_is_away(VectorFollower *follower)
{
    pthread_mutex_lock(&follower->lock);
    bool is_away = follower->is_away;
    pthread_mutex_unlock(&follower->lock);
    return is_away;
}

int64_t vector_follower_count(VectorFollower *follower)
{
    int64_t count = 0;
    pthread_mutex_lock(&follower->lock);
    for (const Space *at = follower->spaces; at; at = at->next)
        count += at->goes ? 0 : at->count;
    pthread_mutex_unlock(&follower->lock);
    return count;
}

VectorLag vector_follower_lag(VectorFollower *follower)
{
    VectorLag lag = { 0 };
    int64_t now = monotonic_ms();
    pthread_mutex_lock(&follower->lock);
    for (const Space *at = follower->spaces; at; at = at->next) {
        int64_t since_ms = vector_changes_oldest_ms(&at->changes);
        if (at->goes || !since_ms)
            continue;
        lag.passages += (int64_t)at->changes.waiting;
        lag.oldest_ms = MAX(lag.oldest_ms, MAX(now - since_ms, 1));
    }
    pthread_mutex_unlock(&follower->lock);
    return lag;
}

/* --- Beginning and end --- */

static void on_lease(void *argument)
{
    VectorFollower *follower = argument;
    pthread_mutex_lock(&follower->lock);
    poke(follower);
    pthread_mutex_unlock(&follower->lock);
}

VectorFollower *vector_follower_start(Db *db, VectorStore *store, const VectorLeaseTimes *times,
                                      void (*told)(void *argument), void *argument)
{
    VectorFollower *follower = heap_alloc(sizeof *follower);
    follower->db = db;
    follower->store = store;
    follower->told = told;
    follower->argument = argument;
    follower->noted = -1;
    pthread_mutex_init(&follower->lock, NULL);
    pthread_cond_init(&follower->news, NULL);
    pthread_cond_init(&follower->level, NULL);
    follower->leases = vector_leases_start(db, store->name, times, on_lease, follower);
    if (pthread_create(&follower->thread, NULL, run_vector_follower, follower) != 0)
        abort();
    pthread_setname_np(follower->thread, "vector-store");
    return follower;
}

static void free_lists(VectorFollower *follower)
{
    for (Space *at = follower->spaces, *next; at; at = next) {
        next = at->next;
        vector_changes_clear(&at->changes);
        vector_space_free(&at->space);
        free(at);
    }
    for (ModelSpaces *at = follower->models, *next; at; at = next) {
        next = at->next;
        free(at->model);
        free(at);
    }
}

void vector_follower_stop(VectorFollower *follower)
{
    if (!follower)
        return;
    pthread_mutex_lock(&follower->lock);
    follower->is_stopping = true;
    poke(follower);
    pthread_cond_broadcast(&follower->level);
    pthread_mutex_unlock(&follower->lock);
    pthread_join(follower->thread, NULL);
    vector_leases_stop(follower->leases);
    free_lists(follower);
    pthread_cond_destroy(&follower->level);
    pthread_cond_destroy(&follower->news);
    pthread_mutex_destroy(&follower->lock);
    free(follower);
}
