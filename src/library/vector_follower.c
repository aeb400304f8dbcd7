/* vector_follower.c - the thread that writes to a store of vectors; see vector_follower.h. */
#include "library/vector_follower.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "library/vector_drift.h"

/* Noted chunks of a space; when more wait, all rows are compared instead. */
#define NOTED_MAX 65536
#define AT_ONCE 512
#define PAUSE_MIN_MS 500
#define PAUSE_MAX_MS 30000

typedef struct Space {
    struct Space *next;
    VectorSpace space;
    bool must_compare;   /* what the store lacks is not known */
    bool is_whole, goes; /* the second: another model serves */
    int64_t count;
    int64_t *noted; /* [NOTED_MAX], made with the first one */
    size_t noted_count;
} Space;

struct VectorFollower {
    Db *db;
    VectorStore *store;
    void (*told)(void *argument);
    void *argument;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news, level;
    atomic_bool is_stopping;
    bool is_away, is_busy; /* the second: something noted is being written */
    int64_t pause_ms;
    Space *spaces; /* the list and what is in it: under the lock, but `space`, which stays */
};

/* --- What is to be done --- */

static Space *find_space(VectorFollower *follower, Str workspace, Str model)
{
    for (Space *at = follower->spaces; at; at = at->next)
        if (str_equal(at->space.workspace, workspace) && str_equal(at->space.model, model) &&
            !at->goes)
            return at;
    return NULL;
}

static void wake(VectorFollower *follower) { pthread_cond_broadcast(&follower->news); }

void vector_follower_keep(VectorFollower *follower, Str workspace, Str model, size_t dims)
{
    pthread_mutex_lock(&follower->lock);
    if (!find_space(follower, workspace, model)) {
        Space *added = heap_alloc(sizeof *added);
        added->space = vector_space_copy(&(VectorSpace){ workspace, model, dims });
        added->must_compare = true;
        added->next = follower->spaces;
        follower->spaces = added;
        wake(follower);
    }
    pthread_mutex_unlock(&follower->lock);
}

void vector_follower_drop_others(VectorFollower *follower, Str workspace, Str model)
{
    pthread_mutex_lock(&follower->lock);
    for (Space *at = follower->spaces; at; at = at->next)
        at->goes |= str_equal(at->space.workspace, workspace) && !str_equal(at->space.model, model);
    wake(follower);
    pthread_mutex_unlock(&follower->lock);
}

/* The lock is held. */
static void note(Space *space, const int64_t *numbers, size_t count)
{
    if (space->must_compare || space->noted_count + count > NOTED_MAX) {
        space->must_compare = true;
        space->noted_count = 0;
        return;
    }
    if (!space->noted)
        space->noted = heap_alloc(NOTED_MAX * sizeof *space->noted);
    memcpy(space->noted + space->noted_count, numbers, count * sizeof *numbers);
    space->noted_count += count;
}

void vector_follower_note(VectorFollower *follower, Str workspace, const int64_t *numbers,
                          size_t count)
{
    pthread_mutex_lock(&follower->lock);
    for (Space *at = follower->spaces; count && at; at = at->next)
        if (str_equal(at->space.workspace, workspace))
            note(at, numbers, count);
    wake(follower);
    pthread_mutex_unlock(&follower->lock);
}

/* --- Doing it --- */

typedef struct Rows {
    Arena *arena;
    Scope scope;
    const VectorSpace *space;
    const int64_t *numbers;
    size_t count;
    VectorList found;
} Rows;

static bool find_rows(DbTx *tx, void *argument, Error *err)
{
    Rows *rows = argument;
    return vector_find_many(tx, &rows->scope, rows->arena, rows->space->model, rows->numbers,
                            rows->count, &rows->found, err);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const Vector *)a)->number, y = ((const Vector *)b)->number;
    return (x > y) - (x < y);
}

/* What has a live row is written, what has none is removed. */
static bool write_numbers(VectorFollower *follower, const VectorSpace *space,
                          const int64_t *numbers, size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Rows rows = { .arena = arena,
                  .scope = { .workspace = space->workspace, .role = ROLE_OWNER },
                  .space = space,
                  .numbers = numbers,
                  .count = count };
    uint64_t *gone = arena_new_array(arena, uint64_t, count);
    size_t gone_count = 0;
    if (!store_read(follower->db, &rows.scope, find_rows, &rows, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const Vector key = { .number = numbers[i] };
        if (!rows.found.count ||
            !bsearch(&key, rows.found.at, rows.found.count, sizeof key, by_number))
            gone[gone_count++] = (uint64_t)numbers[i];
    }
    return (!gone_count ||
            follower->store->remove(follower->store, space, gone, gone_count, err)) &&
           vector_rows_put(follower->store, space, &rows.found, err);
}

static bool compare(VectorFollower *follower, Space *space, Error *err)
{
    VectorDrift drift;
    if (!follower->store->create(follower->store, &space->space, err) ||
        !vector_drift_find(follower->db, follower->store, &space->space, true,
                           &follower->is_stopping, &drift, err))
        return false;
    int64_t mended = drift.lacking + drift.different + drift.too_many;
    if (mended && drift.stored)
        log_info("vectors", "%s differed from the database in %" PRId64 " vectors and is mended",
                 follower->store->name, mended);
    pthread_mutex_lock(&follower->lock);
    bool is_new = !space->is_whole;
    space->is_whole = true;
    pthread_mutex_unlock(&follower->lock);
    if (is_new)
        follower->told(follower->argument);
    return true;
}

/* What a space has to do next, taken from it under the lock. */
typedef struct Task {
    Space *space;
    bool compares, goes, counts;
    int64_t numbers[AT_ONCE];
    size_t count;
} Task;

static bool take_task(VectorFollower *follower, Task *task)
{
    for (Space *at = follower->spaces; at; at = at->next) {
        if (!at->goes && !at->must_compare && !at->noted_count)
            continue;
        *task = (Task){ .space = at, .goes = at->goes, .compares = at->must_compare };
        if (!at->goes && !at->must_compare) {
            task->count = MIN(at->noted_count, AT_ONCE);
            memcpy(task->numbers, at->noted, task->count * sizeof *at->noted);
            at->noted_count -= task->count;
            memmove(at->noted, at->noted + task->count, at->noted_count * sizeof *at->noted);
            task->counts = !at->noted_count;
        }
        at->must_compare = false; /* what is noted from here on comes behind it */
        return true;
    }
    return false;
}

static void free_space(Space *space)
{
    vector_space_free(&space->space);
    free(space->noted);
    free(space);
}

static void forget_space(VectorFollower *follower, Space *space)
{
    pthread_mutex_lock(&follower->lock);
    Space **at = &follower->spaces;
    while (*at != space)
        at = &(*at)->next;
    *at = space->next;
    pthread_mutex_unlock(&follower->lock);
    free_space(space);
}

static bool do_task(VectorFollower *follower, const Task *task, Error *err)
{
    VectorStore *store = follower->store;
    Space *space = task->space;
    int64_t count;
    if (task->goes) {
        if (!store->clear(store, &space->space, err))
            return false;
        forget_space(follower, space);
        return true;
    }
    if (!(task->compares ? compare(follower, space, err)
                         : write_numbers(follower, &space->space, task->numbers, task->count, err)))
        return false;
    if ((task->compares || task->counts) && store->count(store, &space->space, &count, err)) {
        pthread_mutex_lock(&follower->lock);
        space->count = count;
        pthread_mutex_unlock(&follower->lock);
    }
    return true;
}

/* What was to be written is not known to be there: all is compared once the store answers. */
static void note_failure(VectorFollower *follower, const Task *task, const Error *why)
{
    bool is_stopping = follower->is_stopping;
    if (!follower->is_away && !is_stopping)
        log_warn("vectors", "%s; searches find by words alone until it answers", why->message);
    follower->is_away = true;
    follower->pause_ms = MIN(MAX(follower->pause_ms * 2, PAUSE_MIN_MS), PAUSE_MAX_MS);
    task->space->must_compare = !task->goes;
}

static void pause_for(VectorFollower *follower, int64_t pause_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += pause_ms / 1000;
    until.tv_nsec += pause_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!follower->is_stopping &&
           pthread_cond_timedwait(&follower->news, &follower->lock, &until) == 0)
        ;
}

static void *run(void *argument)
{
    VectorFollower *follower = argument;
    Task task;
    pthread_mutex_lock(&follower->lock);
    while (!follower->is_stopping) {
        if (!take_task(follower, &task)) {
            follower->is_busy = false;
            pthread_cond_broadcast(&follower->level);
            pthread_cond_wait(&follower->news, &follower->lock);
            continue;
        }
        follower->is_busy = true;
        pthread_mutex_unlock(&follower->lock);
        Error err = { 0 };
        bool ok = do_task(follower, &task, &err);
        pthread_mutex_lock(&follower->lock);
        if (ok && follower->is_away)
            log_info("vectors", "%s answers again", follower->store->name);
        if (ok) {
            follower->is_away = false;
            follower->pause_ms = 0;
            continue;
        }
        note_failure(follower, &task, &err);
        pthread_cond_broadcast(&follower->level);
        pause_for(follower, follower->pause_ms);
    }
    pthread_mutex_unlock(&follower->lock);
    return NULL;
}

/* --- Asking --- */

bool vector_follower_is_whole(VectorFollower *follower, Str workspace, Str model)
{
    pthread_mutex_lock(&follower->lock);
    const Space *space = find_space(follower, workspace, model);
    bool is_whole = space && space->is_whole;
    pthread_mutex_unlock(&follower->lock);
    return is_whole;
}

/* The lock is held. */
static bool is_level(const VectorFollower *follower)
{
    bool is_busy = follower->is_busy;
    for (const Space *at = follower->spaces; at; at = at->next)
        is_busy |= at->goes || at->must_compare || at->noted_count;
    return !is_busy;
}

bool vector_follower_is_level(VectorFollower *follower)
{
    pthread_mutex_lock(&follower->lock);
    bool level = is_level(follower);
    pthread_mutex_unlock(&follower->lock);
    return level;
}

bool vector_follower_wait(VectorFollower *follower, int64_t timeout_ms)
{
    struct timespec until;
    int timed_out = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000 + 1;
    pthread_mutex_lock(&follower->lock);
    while (!is_level(follower) && !follower->is_away && !follower->is_stopping && !timed_out)
        timed_out = pthread_cond_timedwait(&follower->level, &follower->lock, &until);
    bool ok = is_level(follower) || follower->is_away;
    pthread_mutex_unlock(&follower->lock);
    return ok;
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

/* --- Beginning and end --- */

VectorFollower *vector_follower_start(Db *db, VectorStore *store, void (*told)(void *argument),
                                      void *argument)
{
    VectorFollower *follower = heap_alloc(sizeof *follower);
    follower->db = db;
    follower->store = store;
    follower->told = told;
    follower->argument = argument;
    pthread_mutex_init(&follower->lock, NULL);
    pthread_cond_init(&follower->news, NULL);
    pthread_cond_init(&follower->level, NULL);
    if (pthread_create(&follower->thread, NULL, run, follower) != 0)
        abort();
    pthread_setname_np(follower->thread, "vector-store");
    return follower;
}

void vector_follower_stop(VectorFollower *follower)
{
    if (!follower)
        return;
    pthread_mutex_lock(&follower->lock);
    follower->is_stopping = true;
    wake(follower);
    pthread_cond_broadcast(&follower->level);
    pthread_mutex_unlock(&follower->lock);
    pthread_join(follower->thread, NULL);
    for (Space *at = follower->spaces, *next; at; at = next) {
        next = at->next;
        free_space(at);
    }
    pthread_cond_destroy(&follower->level);
    pthread_cond_destroy(&follower->news);
    pthread_mutex_destroy(&follower->lock);
    free(follower);
}
