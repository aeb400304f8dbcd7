/* vector_follower_run.c - the thread of the follower of a store of vectors; see
 * vector_follower_int.h. */
#include "library/vector_follower_int.h"

#include "base/clock.h"
#include "base/log.h"

#define PAUSE_MIN_MS 500
#define PAUSE_MAX_MS 5000
/* Of a store that nobody has asked for so long it is asked whether it is there, so that people know
 * before they search. */
#define LOOK_EVERY_MS 5000
/* Another node may do better after so long. */
#define GIVE_BACK_MS 4000
/* Stores count by looking at every vector. */
#define COUNT_EVERY_MS 5000

/* --- What the leases say --- */

static void begin_to_write(VectorFollower *follower, ModelSpaces *model)
{
    bool is_whole = model->lease.sequence >= 0;
    model->lists_after = is_whole ? model->lease.sequence : INT64_MAX;
    for (Space *at = follower->spaces; at; at = at->next)
        if (at->model == model) {
            at->compares = is_whole ? MAX(at->compares, COMPARES_LATER) : COMPARES_FIRST;
        }
}

static void forget_written(VectorFollower *follower, const ModelSpaces *model)
{
    for (Space *at = follower->spaces; at; at = at->next)
        if (at->model == model) {
            vector_changes_forget(&at->changes, model->lease.sequence);
            at->must_count = true;
        }
}

/* True: spaces are whole that were not. The lock is held. */
static bool look_at_leases(VectorFollower *follower)
{
    bool is_new = false;
    for (ModelSpaces *model = follower->models; model; model = model->next) {
        VectorLeaseState before = model->lease;
        model->lease = vector_leases_state(follower->leases, str(model->model), model->dims);
        if (model->lease.sequence > before.sequence) {
            forget_written(follower, model);
            is_new |= before.sequence < 0;
            if (before.sequence < 0) /* what came since was not noted here, perhaps */
                model->lists_after = MIN(model->lists_after, model->lease.sequence);
        }
        if (model->lease.epoch && model->lease.epoch != before.epoch)
            begin_to_write(follower, model);
        if (model->lease.epoch && vectors_written(follower, model) > model->lease.sequence)
            vector_leases_reach(follower->leases, str(model->model), model->dims,
                                model->lease.epoch, vectors_written(follower, model));
    }
    return is_new;
}

static void tell_if(VectorFollower *follower, bool is_new)
{
    if (is_new)
        follower->told(follower->argument);
}

/* --- What is to be done --- */

typedef enum TaskKind {
    TASK_NONE,
    TASK_LOOK, /* whether it is there */
    TASK_MAKE,
    TASK_LIST,
    TASK_COMPARE,
    TASK_WRITE,
    TASK_COUNT,
} TaskKind;

typedef struct Task {
    TaskKind kind;
    Space *space;       /* of all but TASK_LOOK and TASK_LIST */
    ModelSpaces *model; /* of TASK_LIST */
    int64_t wait_ms;    /* TASK_NONE: something is due then; 0: nothing is */
} Task;

static void forget_gone(VectorFollower *follower)
{
    for (Space **at = &follower->spaces; *at;) {
        Space *space = *at;
        if (!space->goes) {
            at = &space->next;
            continue;
        }
        *at = space->next;
        bool is_last = true;
        for (const Space *other = follower->spaces; other; other = other->next)
            is_last &= other->model != space->model;
        if (is_last)
            vector_leases_leave(follower->leases, space->space.model, space->space.dims);
        vector_changes_clear(&space->changes);
        vector_space_free(&space->space);
        free(space);
    }
}

static bool has_room(const VectorFollower *follower, const ModelSpaces *model)
{
    for (const Space *at = follower->spaces; at; at = at->next)
        if (at->model == model && at->changes.waiting > VECTOR_CHANGES_MAX / 2)
            return false;
    return true;
}

/* Changes are to be taken from the database, and can be. */
static bool lists(const VectorFollower *follower, ModelSpaces *model)
{
    if ((model->lists_after == INT64_MAX && !model->left_out) || model->lease.sequence < 0 ||
        !has_room(follower, model))
        return false;
    if (model->left_out)
        model->lists_after = model->lease.sequence;
    model->left_out = false;
    return true;
}

static bool is_due(const Space *space, TaskKind kind, int64_t now)
{
    bool is_ours = space->model->lease.epoch != 0;
    switch (kind) {
    case TASK_MAKE: return !space->is_made;
    case TASK_COMPARE: return is_ours && space->compares == COMPARES_FIRST;
    case TASK_WRITE: return is_ours && space->is_made && space->changes.waiting;
    case TASK_COUNT:
        return space->must_count && space->model->lease.sequence >= 0 &&
               now - space->counted_ms >= COUNT_EVERY_MS;
    default: return false;
    }
}

static bool looks(const VectorFollower *follower)
{
    return follower->store->answers && follower->spaces;
}

/* The lock is held. */
static Task next_task(VectorFollower *follower)
{
    static const TaskKind kinds[] = { TASK_MAKE, TASK_COMPARE, TASK_WRITE, TASK_COUNT };
    int64_t now = monotonic_ms();
    Task none = { 0 };
    /* What is written may wait long for an answer, so one that was away is not tried by that. */
    if (looks(follower) && now >= follower->look_at_ms)
        return (Task){ .kind = TASK_LOOK };
    for (ModelSpaces *model = follower->models; model; model = model->next)
        if (lists(follower, model))
            return (Task){ .kind = TASK_LIST, .model = model };
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (Space *at = follower->spaces; at; at = at->next)
            if (is_due(at, kinds[i], now))
                return (Task){ .kind = kinds[i], .space = at };
    for (Space *at = follower->spaces; at; at = at->next) {
        if (at->model->lease.epoch && at->compares == COMPARES_LATER)
            return (Task){ .kind = TASK_COMPARE, .space = at };
        if (at->must_count && at->model->lease.sequence >= 0)
            none.wait_ms = COUNT_EVERY_MS;
    }
    if (looks(follower))
        none.wait_ms = LOOK_EVERY_MS;
    return none;
}

static bool make_space(VectorFollower *follower, Space *space, Error *err)
{
    if (!follower->store->create(follower->store, &space->space, err))
        return false;
    pthread_mutex_lock(&follower->lock);
    space->is_made = true;
    pthread_mutex_unlock(&follower->lock);
    return true;
}

static bool count_space(VectorFollower *follower, Space *space, Error *err)
{
    int64_t count = 0;
    pthread_mutex_lock(&follower->lock);
    space->must_count = false;
    pthread_mutex_unlock(&follower->lock);
    bool ok = follower->store->count(follower->store, &space->space, &count, err);
    pthread_mutex_lock(&follower->lock);
    if (ok)
        space->count = count;
    space->counted_ms = monotonic_ms();
    pthread_mutex_unlock(&follower->lock);
    return ok;
}

static bool do_task(VectorFollower *follower, const Task *task, Error *err)
{
    switch (task->kind) {
    case TASK_LOOK: return follower->store->answers(follower->store, err);
    case TASK_MAKE: return make_space(follower, task->space, err);
    case TASK_LIST: return list_vector_changes(follower, task->model, err);
    case TASK_COMPARE: return compare_vector_space(follower, task->space, err);
    case TASK_WRITE: return write_vector_changes(follower, task->space, err);
    case TASK_COUNT: return count_space(follower, task->space, err);
    case TASK_NONE: break;
    }
    return drop_unwanted_vectors(follower, err);
}

bool vector_follower_between(VectorFollower *follower, const ModelSpaces *model, int64_t epoch,
                             Error *err)
{
    for (;;) {
        Space *due = NULL;
        pthread_mutex_lock(&follower->lock);
        bool is_new = look_at_leases(follower);
        for (Space *at = follower->spaces; at && !due; at = at->next)
            if (is_due(at, TASK_WRITE, 0) && at->compares != COMPARES_FIRST && !at->goes)
                due = at;
        bool goes_on = !follower->is_stopping && model->lease.epoch == epoch;
        pthread_mutex_unlock(&follower->lock);
        tell_if(follower, is_new);
        if (!goes_on)
            return fail(err, ERROR_CANCELLED, "the server is stopping, or another node writes");
        if (!due)
            return true;
        if (!write_vector_changes(follower, due, err))
            return false;
    }
}

/* --- The thread --- */

/* What was to be written is not known to be there: all is compared once the store answers. */
static void note_failure(VectorFollower *follower, const Error *why)
{
    if (follower->database_failed)
        log_warn("vectors", "%s; what is to be written to %s is read again", why->message,
                 follower->store->name);
    else if (!follower->is_away && !follower->is_stopping)
        log_warn("vectors", "%s; searches find by words alone until it answers", why->message);
    if (!follower->database_failed) {
        follower->is_away = true;
        follower->look_at_ms = 0;
    }
    follower->pause_ms = MIN(MAX(follower->pause_ms * 2, PAUSE_MIN_MS), PAUSE_MAX_MS);
    for (Space *at = follower->spaces; at; at = at->next) {
        at->is_made = false;
        if (at->model->lease.epoch)
            at->compares = MAX(at->compares, COMPARES_LATER);
    }
    if (follower->pause_ms >= GIVE_BACK_MS)
        vector_leases_rest(follower->leases, follower->pause_ms);
}

static void note_success(VectorFollower *follower)
{
    if (follower->is_away)
        log_info("vectors", "%s answers again", follower->store->name);
    follower->is_away = false;
    follower->pause_ms = 0;
}

/* Until there is news; `listens` false: for this time, whatever comes. */
static void pause_for(VectorFollower *follower, int64_t pause_ms, bool listens)
{
    int64_t until_ms = monotonic_ms() + pause_ms;
    while (!follower->is_stopping && !(listens && follower->is_poked) &&
           cond_wait_until(&follower->news, &follower->lock, until_ms))
        ;
}

static void rest(VectorFollower *follower, int64_t wait_ms)
{
    if (follower->is_poked)
        return;
    follower->is_busy = false;
    pthread_cond_broadcast(&follower->level);
    pause_for(follower, wait_ms ? wait_ms : 3600 * 1000, true);
}

/* One step; the lock is held before and after. */
static void step(VectorFollower *follower)
{
    Error err = { 0 };
    follower->is_poked = false;
    forget_gone(follower);
    bool is_new = look_at_leases(follower);
    Task task = next_task(follower);
    follower->is_busy |= task.kind != TASK_NONE;
    pthread_mutex_unlock(&follower->lock);
    tell_if(follower, is_new);
    follower->database_failed = false;
    bool ok = do_task(follower, &task, &err);
    pthread_mutex_lock(&follower->lock);
    if (!ok && err.code != ERROR_CANCELLED) {
        note_failure(follower, &err);
        pthread_cond_broadcast(&follower->level);
        pause_for(follower, follower->pause_ms, false);
    } else if (task.kind == TASK_NONE) {
        rest(follower, task.wait_ms);
    } else if (ok && task.kind == TASK_LOOK) {
        follower->look_at_ms = monotonic_ms() + LOOK_EVERY_MS;
    } else if (ok) {
        note_success(follower);
    }
}

void *run_vector_follower(void *argument)
{
    VectorFollower *follower = argument;
    pthread_mutex_lock(&follower->lock);
    while (!follower->is_stopping)
        step(follower);
    (void)look_at_leases(follower); /* what is written is told as they are given back */
    pthread_mutex_unlock(&follower->lock);
    return NULL;
}
