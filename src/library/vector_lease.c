/* vector_lease.c - see vector_lease.h. */
#include "library/vector_lease.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "store/vector_leases_store.h"

#define BEAT_MS 1000
#define LOST_MS 5000
#define UNWANTED_MS 60000

/* A row as it was seen last, or one that is not there yet. */
typedef struct Row {
    struct Row *next;
    char *model;
    int64_t dims;
    bool is_wanted, is_known;
    bool is_there, is_free;    /* in the database; nobody holds it */
    int64_t epoch, beat;       /* as seen */
    int64_t seen_ms;           /* since when they are the same */
    int64_t held, renewed_ms;  /* the epoch of our own holding; 0: none */
    int64_t sequence, reached; /* the second: to be told with the next beat */
} Row;

struct VectorLeases {
    Db *db;
    Scope system;
    char *store, id[ID_LENGTH + 1];
    VectorLeaseTimes times;
    void (*told)(void *argument);
    void *argument;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    atomic_bool is_stopping;
    bool is_poked, was_away;
    int64_t rests_until_ms;
    Row *rows; /* the list and what is in it: under the lock; it only grows */
};

/* --- Rows --- */

static Row *find_row(const VectorLeases *leases, Str model, int64_t dims)
{
    for (Row *row = leases->rows; row; row = row->next)
        if (str_is(model, row->model) && row->dims == dims)
            return row;
    return NULL;
}

static Row *need_row(VectorLeases *leases, Str model, int64_t dims)
{
    Row *row = find_row(leases, model, dims);
    if (row)
        return row;
    row = heap_alloc(sizeof *row);
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    row->model = heap_text(str_c(arena, model));
    row->dims = dims;
    row->sequence = row->reached = -1;
    row->next = leases->rows;
    leases->rows = row;
    return row;
}

static VectorLease lease_of(const VectorLeases *leases, const Row *row)
{
    return (VectorLease){ .store = str(leases->store),
                          .model = str(row->model),
                          .dims = row->dims,
                          .holder = str(leases->id),
                          .epoch = row->held       ? row->held
                                   : row->is_there ? row->epoch
                                                   : 0,
                          .beat = row->beat,
                          .sequence = MAX(row->reached, row->sequence) };
}

/* --- Statements --- */

typedef struct Work {
    const Scope *scope;
    Arena *arena;
    Str store;
    VectorLease lease;
    VectorLeaseList list;
    int64_t epoch;
    bool is_held;
} Work;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    Work *work = argument;
    return vector_lease_list(tx, work->scope, work->arena, work->store, &work->list, err);
}

static bool take_work(DbTx *tx, void *argument, Error *err)
{
    Work *work = argument;
    return vector_lease_take(tx, work->scope, &work->lease, &work->epoch, err);
}

static bool renew_work(DbTx *tx, void *argument, Error *err)
{
    Work *work = argument;
    return vector_lease_renew(tx, work->scope, &work->lease, &work->is_held, err);
}

static bool give_back_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return vector_lease_give_back(tx, work->scope, &work->lease, err);
}

static bool forget_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return vector_lease_remove(tx, work->scope, &work->lease, err);
}

/* --- Looking --- */

/* The lock is held, as for all that follow up to step(). */
static bool see(VectorLeases *leases, const VectorLease *seen, int64_t now)
{
    Row *row = need_row(leases, seen->model, seen->dims);
    bool is_ours = str_is(seen->holder, leases->id) && seen->epoch == row->held;
    bool changed = !row->is_known || seen->sequence > row->sequence || (row->held && !is_ours);
    if (!row->is_there || row->epoch != seen->epoch || row->beat != seen->beat)
        row->seen_ms = now;
    if (seen->epoch < row->epoch) /* another row: the first one was forgotten */
        row->sequence = row->reached = -1;
    row->is_there = row->is_known = true;
    row->is_free = !seen->holder.length;
    row->epoch = seen->epoch;
    row->beat = seen->beat;
    row->sequence = MAX(row->sequence, seen->sequence);
    if (!is_ours)
        row->held = 0;
    return changed;
}

/* Rows that were there and are not listed were forgotten by another node. */
static void see_gone(VectorLeases *leases, const VectorLeaseList *list)
{
    for (Row *row = leases->rows; row; row = row->next) {
        bool is_listed = false;
        for (size_t i = 0; i < list->count; i++)
            is_listed |= str_is(list->at[i].model, row->model) && list->at[i].dims == row->dims;
        if (!is_listed && row->is_there) {
            row->is_there = false;
            row->held = 0;
            row->sequence = row->reached = -1;
        }
        row->is_known = true;
    }
}

static bool may_take(const VectorLeases *leases, const Row *row, int64_t now)
{
    return row->is_wanted && !row->held && now >= leases->rests_until_ms &&
           (!row->is_there || row->is_free || now - row->seen_ms >= leases->times.lost_ms);
}

/* Takes, renews or gives back; the lock is let go meanwhile. */
static bool act(VectorLeases *leases, Row *row, bool *changed_r, Error *err)
{
    int64_t now = monotonic_ms();
    bool gives = row->held && (!row->is_wanted || leases->rests_until_ms > now);
    bool takes = may_take(leases, row, now);
    if (!gives && !takes && !row->held)
        return true;
    Work work = { .scope = &leases->system, .lease = lease_of(leases, row) };
    pthread_mutex_unlock(&leases->lock);
    bool ok = store_write(leases->db, &leases->system,
                          gives   ? give_back_work
                          : takes ? take_work
                                  : renew_work,
                          &work, err);
    pthread_mutex_lock(&leases->lock);
    if (!ok)
        return false;
    if (gives || (!takes && !work.is_held))
        row->held = 0;
    else if (!takes || work.epoch) {
        *changed_r |= !takes && work.lease.sequence > row->sequence;
        row->sequence = takes ? row->sequence : MAX(row->sequence, work.lease.sequence);
        row->reached = takes ? row->sequence : row->reached;
        row->held = takes ? work.epoch : row->held;
        row->renewed_ms = now;
    }
    *changed_r |= gives || (takes && work.epoch) || (!takes && !work.is_held);
    if (takes && work.epoch)
        log_debug("vectors", "this node writes the vectors of %s to %s now", row->model,
                  leases->store);
    return true;
}

static Row *find_unwanted(const VectorLeases *leases)
{
    int64_t now = monotonic_ms();
    for (Row *row = leases->rows; row; row = row->next)
        if (row->is_there && !row->is_wanted && !row->held &&
            now - row->seen_ms >= leases->times.unwanted_ms)
            return row;
    return NULL;
}

static bool step(VectorLeases *leases, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Work work = { .scope = &leases->system, .arena = arena, .store = str(leases->store) };
    bool changed = false, ok = true;
    if (!store_read(leases->db, &leases->system, list_work, &work, err))
        return false;
    pthread_mutex_lock(&leases->lock);
    for (size_t i = 0; i < work.list.count; i++)
        changed |= see(leases, &work.list.at[i], monotonic_ms());
    see_gone(leases, &work.list);
    for (Row *row = leases->rows; row && ok; row = row->next)
        ok = act(leases, row, &changed, err);
    changed |= find_unwanted(leases) != NULL;
    pthread_mutex_unlock(&leases->lock);
    if (changed)
        leases->told(leases->argument);
    return ok;
}

static void wait_for_beat(VectorLeases *leases)
{
    int64_t until_ms = monotonic_ms() + leases->times.beat_ms;
    pthread_mutex_lock(&leases->lock);
    while (!leases->is_stopping && !leases->is_poked &&
           cond_wait_until(&leases->news, &leases->lock, until_ms))
        ;
    leases->is_poked = false;
    pthread_mutex_unlock(&leases->lock);
}

static void *run(void *argument)
{
    VectorLeases *leases = argument;
    while (!leases->is_stopping) {
        Error err = { 0 };
        bool is_away = !step(leases, &err);
        if (is_away && !leases->was_away)
            log_warn("vectors", "who writes to %s is not known: %s; trying again", leases->store,
                     err.message);
        leases->was_away = is_away;
        wait_for_beat(leases);
    }
    return NULL;
}

/* --- For others --- */

static void poke(VectorLeases *leases)
{
    leases->is_poked = true;
    pthread_cond_broadcast(&leases->news);
}

void vector_leases_want(VectorLeases *leases, Str model, size_t dims)
{
    pthread_mutex_lock(&leases->lock);
    Row *row = need_row(leases, model, (int64_t)dims);
    if (!row->is_wanted) {
        row->is_wanted = true;
        row->is_known = false;
        poke(leases);
    }
    pthread_mutex_unlock(&leases->lock);
}

void vector_leases_leave(VectorLeases *leases, Str model, size_t dims)
{
    pthread_mutex_lock(&leases->lock);
    need_row(leases, model, (int64_t)dims)->is_wanted = false;
    poke(leases);
    pthread_mutex_unlock(&leases->lock);
}

void vector_leases_rest(VectorLeases *leases, int64_t ms)
{
    pthread_mutex_lock(&leases->lock);
    leases->rests_until_ms = monotonic_ms() + ms;
    poke(leases);
    pthread_mutex_unlock(&leases->lock);
}

VectorLeaseState vector_leases_state(VectorLeases *leases, Str model, size_t dims)
{
    VectorLeaseState state = { .sequence = -1 };
    pthread_mutex_lock(&leases->lock);
    const Row *row = find_row(leases, model, (int64_t)dims);
    if (row)
        state = (VectorLeaseState){
            .is_known = row->is_known,
            .epoch = row->held,
            .is_sure = row->held && monotonic_ms() - row->renewed_ms < leases->times.lost_ms / 2,
            .sequence = row->sequence,
        };
    pthread_mutex_unlock(&leases->lock);
    return state;
}

/* A holding that was lost and won again meanwhile is another one. */
bool vector_leases_renew(VectorLeases *leases, Str model, size_t dims, int64_t epoch,
                         int64_t sequence, bool *is_held_r, Error *err)
{
    int64_t now = monotonic_ms();
    Work work = { .scope = &leases->system,
                  .lease = { .store = str(leases->store),
                             .model = model,
                             .dims = (int64_t)dims,
                             .holder = str(leases->id),
                             .epoch = epoch,
                             .sequence = sequence } };
    *is_held_r = false;
    if (!store_write(leases->db, &leases->system, renew_work, &work, err))
        return false;
    *is_held_r = work.is_held;
    pthread_mutex_lock(&leases->lock);
    Row *row = need_row(leases, model, (int64_t)dims);
    if (work.is_held) {
        row->sequence = MAX(row->sequence, sequence);
        row->renewed_ms = MAX(row->renewed_ms, now);
    } else if (row->held == epoch) {
        row->held = 0;
    }
    pthread_mutex_unlock(&leases->lock);
    return true;
}

void vector_leases_reach(VectorLeases *leases, Str model, size_t dims, int64_t epoch,
                         int64_t sequence)
{
    pthread_mutex_lock(&leases->lock);
    Row *row = find_row(leases, model, (int64_t)dims);
    if (row && row->held == epoch)
        row->reached = MAX(row->reached, sequence);
    pthread_mutex_unlock(&leases->lock);
}

bool vector_leases_take_unwanted(VectorLeases *leases, Arena *arena, Str *model_r, size_t *dims_r,
                                 int64_t *epoch_r, Error *err)
{
    Work work = { .scope = &leases->system };
    *epoch_r = 0;
    pthread_mutex_lock(&leases->lock);
    Row *row = find_unwanted(leases);
    if (row) {
        work.lease = lease_of(leases, row);
        *model_r = str_copy(arena, str(row->model));
        *dims_r = (size_t)row->dims;
        row->seen_ms = monotonic_ms(); /* if it cannot be done now, not again at once */
    }
    pthread_mutex_unlock(&leases->lock);
    if (!row)
        return true;
    bool ok = store_write(leases->db, &leases->system, take_work, &work, err);
    *epoch_r = work.epoch;
    return ok;
}

bool vector_leases_forget(VectorLeases *leases, Str model, size_t dims, int64_t epoch, Error *err)
{
    Work work = { .scope = &leases->system,
                  .lease = { .store = str(leases->store),
                             .model = model,
                             .dims = (int64_t)dims,
                             .holder = str(leases->id),
                             .epoch = epoch } };
    return store_write(leases->db, &leases->system, forget_work, &work, err);
}

/* --- Beginning and end --- */

VectorLeases *vector_leases_start(Db *db, const char *store, const VectorLeaseTimes *times,
                                  void (*told)(void *argument), void *argument)
{
    VectorLeases *leases = heap_alloc(sizeof *leases);
    leases->db = db;
    leases->system = scope_system();
    leases->store = heap_text(store);
    id_write(leases->id);
    if (times)
        leases->times = *times;
    leases->times.beat_ms = leases->times.beat_ms ? leases->times.beat_ms : BEAT_MS;
    leases->times.lost_ms = leases->times.lost_ms ? leases->times.lost_ms : LOST_MS;
    leases->times.unwanted_ms = leases->times.unwanted_ms ? leases->times.unwanted_ms : UNWANTED_MS;
    leases->told = told;
    leases->argument = argument;
    pthread_mutex_init(&leases->lock, NULL);
    pthread_cond_init(&leases->news, NULL);
    if (pthread_create(&leases->thread, NULL, run, leases) != 0)
        abort();
    pthread_setname_np(leases->thread, "vector-lease");
    return leases;
}

void vector_leases_stop(VectorLeases *leases)
{
    Error err;
    if (!leases)
        return;
    pthread_mutex_lock(&leases->lock);
    leases->is_stopping = true;
    pthread_cond_broadcast(&leases->news);
    pthread_mutex_unlock(&leases->lock);
    pthread_join(leases->thread, NULL);
    for (Row *row = leases->rows, *next; row; row = next) {
        Work work = { .scope = &leases->system, .lease = lease_of(leases, row) };
        next = row->next;
        if (row->held && !store_write(leases->db, &leases->system, give_back_work, &work, &err))
            log_debug("vectors", "another node begins to write to %s in some seconds: %s",
                      leases->store, err.message);
        free(row->model);
        free(row);
    }
    pthread_cond_destroy(&leases->news);
    pthread_mutex_destroy(&leases->lock);
    free(leases->store);
    free(leases);
}
