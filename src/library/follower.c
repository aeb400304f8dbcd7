/* follower.c - see follower.h. */
#include "library/follower.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "store/index_changes_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"
#include "text/language.h"

#define POLL_MS 1000
#define CHANGES_AT_ONCE 256
#define ROWS_AT_ONCE 512
/* Indexes are written when nothing has changed for a while, or after so many changes. */
#define QUIET_MS 3000
#define COMMIT_AFTER 20000

/* Only the follower's thread changes an index or what is said of it; it replaces it under the write
 * side of `use`. Others read what `use` guards while they hold the read side. */
typedef struct WorkspaceIndex {
    struct WorkspaceIndex *next;
    char id[64];
    pthread_rwlock_t use;
    _Atomic(Index *) index;
    size_t dims;
    char model[FOLLOWER_MODEL_SIZE], database[64];
    uint64_t generation; /* everything up to here is applied */
    bool needs_load;
    bool is_beside; /* it is made while another one serves */
} WorkspaceIndex;

struct Follower {
    Db *db;
    char *folder;
    Scope system;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news, applied_news;
    atomic_bool is_stopping;
    bool is_poked;
    _Atomic(WorkspaceIndex *) indexes; /* the list only grows, at its head, under the lock */
    char database[64];
    char model[FOLLOWER_MODEL_SIZE];
    size_t dims;
    bool is_exact;
    int64_t applied, last;       /* sequence numbers */
    int64_t erased;              /* what was erased up to here is in no file */
    int64_t unsaved, changed_ms; /* the thread's own, and the next */
    bool must_save;
    _Atomic(const char *) state;
};

/* --- One workspace's index --- */

static WorkspaceIndex *find_index(Follower *follower, Str workspace)
{
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (str_is(workspace, at->id))
            return at;
    return NULL;
}

static Index *new_index(const Follower *follower, const WorkspaceIndex *of)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    IndexOptions options = { .folder = path_join(arena, str(follower->folder), str(of->id)),
                             .dims = of->dims,
                             .identity = str(of->database),
                             .model = str(of->model),
                             .is_exact = follower->is_exact };
    return index_new(&options);
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
    pthread_rwlock_init(&added->use, NULL);
    added->next = follower->indexes;
    follower->indexes = added;
    return added;
}

static WorkspaceIndex *need_index(Follower *follower, Str workspace)
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

/* --- Rows into the index --- */

static Str title_of(const ChunkHit *row)
{
    if (row->title.length)
        return row->title;
    Str name = path_name(row->name);
    ptrdiff_t dot = str_find_last_char(name, '.');
    return dot > 0 ? str_slice(name, 0, (size_t)dot) : name;
}

static void add_row(Index *index, const ChunkHit *row)
{
    IndexChunk chunk = { .key = (uint64_t)row->chunk.number,
                         .title = title_of(row),
                         .headings = row->chunk.heading,
                         .body = row->chunk.text,
                         .language = language_named(row->language) };
    index_add_chunk(index, &chunk);
}

/* The row has the chunk's vectors one after another. */
static void add_vectors(Arena *arena, const WorkspaceIndex *to, const Vector *row)
{
    size_t width = row->form == VECTOR_INT8 ? 1 : sizeof(float), size = to->dims * width;
    if (row->bytes.length % size || row->bytes.length / size > INDEX_PARTS_MAX)
        return;
    float *values = arena_new_array(arena, float, to->dims);
    for (size_t part = 0; part < row->bytes.length / size; part++) {
        const char *bytes = row->bytes.at + part * size;
        if (row->form == VECTOR_FLOAT)
            memcpy(values, bytes, size);
        else
            for (size_t i = 0; i < to->dims; i++)
                values[i] = (float)row->scale * (float)(int8_t)bytes[i];
        index_add_vector(to->index, (uint64_t)row->number, (uint32_t)part, values);
    }
}

typedef struct Fetch {
    Follower *follower;
    WorkspaceIndex *index;
    Arena *arena;
    Scope scope;
    const int64_t *numbers;
    size_t count;
    Str model;
    ChunkHit *hits;
    VectorList vectors;
    ChunkCursor cursor;
    ChunkList chunks;
    IndexPosition position;
    int64_t after;
    IndexChangeList changes;
    WorkspaceList workspaces;
} Fetch;

static Scope scope_of(const WorkspaceIndex *index)
{
    return (Scope){ .workspace = str(index->id), .role = ROLE_OWNER };
}

static bool fetch_rows(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    return chunk_find_many(tx, &fetch->scope, fetch->arena, fetch->numbers, fetch->count,
                           &fetch->hits, err);
}

static bool fetch_vectors(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    return vector_find_many(tx, &fetch->scope, fetch->arena, fetch->model, fetch->numbers,
                            fetch->count, &fetch->vectors, err);
}

static bool apply_add(Fetch *fetch, Error *err)
{
    if (!store_read(fetch->follower->db, &fetch->scope, fetch_rows, fetch, err))
        return false;
    for (size_t i = 0; i < fetch->count; i++)
        if (fetch->hits[i].chunk.number && fetch->hits[i].is_live)
            add_row(fetch->index->index, &fetch->hits[i]);
    /* A document that comes back from the trash has its vectors already. */
    fetch->model = str(fetch->index->model);
    if (!fetch->index->dims ||
        !store_read(fetch->follower->db, &fetch->scope, fetch_vectors, fetch, err))
        return !fetch->index->dims;
    for (size_t i = 0; i < fetch->vectors.count; i++)
        add_vectors(fetch->arena, fetch->index, &fetch->vectors.at[i]);
    return true;
}

static bool apply_vectors(Fetch *fetch, Error *err)
{
    if (!store_read(fetch->follower->db, &fetch->scope, fetch_vectors, fetch, err))
        return false;
    for (size_t i = 0; i < fetch->vectors.count; i++)
        add_vectors(fetch->arena, fetch->index, &fetch->vectors.at[i]);
    return true;
}

static void apply_remove(const Fetch *fetch, bool for_good)
{
    uint64_t *keys = arena_new_array(fetch->arena, uint64_t, fetch->count);
    for (size_t i = 0; i < fetch->count; i++)
        keys[i] = (uint64_t)fetch->numbers[i];
    if (for_good)
        index_erase(fetch->index->index, keys, fetch->count);
    else
        index_delete(fetch->index->index, keys, fetch->count);
}

static bool apply_part(Fetch *fetch, IndexOperation operation, Error *err)
{
    switch (operation) {
    case INDEX_ADD: return apply_add(fetch, err);
    case INDEX_REMOVE: apply_remove(fetch, false); return true;
    case INDEX_ERASE:
        apply_remove(fetch, true);
        fetch->follower->must_save = true; /* nothing of it may stay in the files either */
        return true;
    case INDEX_VECTORS:
        return !str_is(fetch->model, fetch->index->model) || apply_vectors(fetch, err);
    }
    return true;
}

static bool apply_change(Follower *follower, const IndexChange *change, Error *err)
{
    WorkspaceIndex *to = need_index(follower, change->workspace);
    if (to->needs_load || (uint64_t)change->sequence <= to->generation)
        return true;
    for (size_t at = 0; at < change->numbers.count; at += ROWS_AT_ONCE) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        Fetch fetch = { .follower = follower,
                        .index = to,
                        .arena = arena,
                        .scope = scope_of(to),
                        .numbers = change->numbers.at + at,
                        .count = MIN(ROWS_AT_ONCE, change->numbers.count - at),
                        .model = change->model };
        if (!apply_part(&fetch, change->operation, err))
            return false;
    }
    to->generation = (uint64_t)change->sequence;
    return true;
}

/* --- Loading and rebuilding --- */

static bool fetch_position(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    return index_position(tx, &fetch->follower->system, fetch->arena, &fetch->position, err);
}

static bool scan_chunks(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    if (!chunk_scan(tx, &fetch->scope, fetch->arena, &fetch->cursor, ROWS_AT_ONCE, &fetch->chunks,
                    err))
        return false;
    int64_t *numbers = arena_new_array(fetch->arena, int64_t, fetch->chunks.count);
    for (size_t i = 0; i < fetch->chunks.count; i++)
        numbers[i] = fetch->chunks.at[i].number;
    fetch->numbers = numbers;
    fetch->count = fetch->chunks.count;
    return fetch_rows(tx, argument, err);
}

static bool scan_vectors(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    return vector_scan(tx, &fetch->scope, fetch->arena, fetch->model, &fetch->cursor, ROWS_AT_ONCE,
                       &fetch->vectors, err);
}

static bool rebuild_keyword(Follower *follower, WorkspaceIndex *index, Error *err)
{
    Fetch fetch = { .follower = follower, .index = index, .scope = scope_of(index) };
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        fetch.arena = arena;
        if (!store_read(follower->db, &fetch.scope, scan_chunks, &fetch, err))
            return false;
        for (size_t i = 0; i < fetch.count; i++)
            if (fetch.hits[i].chunk.number)
                add_row(index->index, &fetch.hits[i]);
        if (!fetch.count)
            return true;
        fetch.cursor.workspace = str(index->id); /* its text lay in the arena that goes now */
        if (follower->is_stopping)
            return fail(err, ERROR_CANCELLED, "the server is stopping");
    }
}

static bool rebuild_vectors(Follower *follower, WorkspaceIndex *index, Error *err)
{
    Fetch fetch = { .follower = follower, .index = index, .scope = scope_of(index) };
    fetch.model = str(index->model);
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        fetch.arena = arena;
        if (!store_read(follower->db, &fetch.scope, scan_vectors, &fetch, err))
            return false;
        for (size_t i = 0; i < fetch.vectors.count; i++)
            add_vectors(arena, index, &fetch.vectors.at[i]);
        if (!fetch.vectors.count)
            return true;
        fetch.cursor.workspace = str(index->id);
        if (follower->is_stopping)
            return fail(err, ERROR_CANCELLED, "the server is stopping");
    }
}

static bool is_fresh(const IndexLeg *leg, const IndexPosition *position)
{
    return leg->state == SHELF_LOADED && (int64_t)leg->generation >= position->floor &&
           (int64_t)leg->generation <= position->last;
}

static bool load_index(Follower *follower, WorkspaceIndex *index, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Fetch fetch = { .follower = follower, .arena = arena };
    if (!store_read(follower->db, &follower->system, fetch_position, &fetch, err))
        return false;
    IndexOpened opened = index_load(index->index);
    bool keyword = is_fresh(&opened.keyword, &fetch.position);
    bool vectors = !index->dims || is_fresh(&opened.vectors, &fetch.position);
    if (opened.keyword.state == SHELF_DAMAGED || opened.vectors.state == SHELF_DAMAGED)
        log_warn("index", "rebuilding a damaged index: %s",
                 opened.keyword.state == SHELF_DAMAGED ? opened.keyword.reason.message
                                                       : opened.vectors.reason.message);
    if (keyword && vectors) {
        index->generation = opened.keyword.generation;
        if (index->dims)
            index->generation = MIN(index->generation, opened.vectors.generation);
    } else {
        if (!index->is_beside)
            follower->state = "rebuilding";
        index_clear(index->index);
        if (!rebuild_keyword(follower, index, err) ||
            (index->dims && !rebuild_vectors(follower, index, err)))
            return false;
        index->generation = (uint64_t)fetch.position.last;
        follower->unsaved++;
        follower->must_save = true; /* the files may hold what was erased since */
    }
    index_publish(index->index);
    index->needs_load = false;
    return true;
}

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    return fetch_position(tx, argument, err) &&
           workspace_list(tx, &fetch->follower->system, fetch->arena, &fetch->workspaces, err);
}

/* The first look at the database: which workspaces there are. */
static bool begin(Follower *follower, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Fetch fetch = { .follower = follower, .arena = arena };
    if (!store_read(follower->db, &follower->system, list_workspaces, &fetch, err))
        return false;
    pthread_mutex_lock(&follower->lock);
    snprintf(follower->database, sizeof follower->database, STR_FMT,
             STR_ARG(fetch.position.database));
    pthread_mutex_unlock(&follower->lock);
    for (size_t i = 0; i < fetch.workspaces.count; i++)
        (void)need_index(follower, fetch.workspaces.at[i].id);
    return true;
}

static bool load_new(Follower *follower, bool *loaded_r, Error *err)
{
    *loaded_r = false;
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (!at->needs_load)
            continue;
        if (!load_index(follower, at, err))
            return false;
        *loaded_r = true;
    }
    return true;
}

/* --- Following --- */

static bool fetch_changes(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    const Scope *system = &fetch->follower->system;
    return index_position(tx, system, fetch->arena, &fetch->position, err) &&
           index_change_list(tx, system, fetch->arena, fetch->after, CHANGES_AT_ONCE,
                             &fetch->changes, err);
}

/* Of the indexes that are loaded; what is loaded later begins at the position of then. */
static int64_t lowest_generation(const Follower *follower)
{
    int64_t lowest = INT64_MAX;
    for (const WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (!at->needs_load)
            lowest = MIN(lowest, (int64_t)at->generation);
    return lowest == INT64_MAX ? 0 : lowest;
}

static void set_applied(Follower *follower, int64_t applied, int64_t last)
{
    pthread_mutex_lock(&follower->lock);
    follower->applied = applied;
    follower->last = last;
    pthread_cond_broadcast(&follower->applied_news);
    pthread_mutex_unlock(&follower->lock);
}

static void publish_all(Follower *follower, int64_t sequence)
{
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (at->needs_load)
            continue;
        index_publish(at->index);
        at->generation = MAX(at->generation, (uint64_t)sequence);
    }
}

static bool follow(Follower *follower, Error *err)
{
    bool loaded;
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        Fetch fetch = { .follower = follower, .arena = arena };
        fetch.after = lowest_generation(follower);
        if (!store_read(follower->db, &follower->system, fetch_changes, &fetch, err))
            return false;
        size_t count = fetch.changes.count;
        for (size_t i = 0; i < count; i++)
            if (!apply_change(follower, &fetch.changes.at[i], err))
                return false;
        /* A workspace that appeared meanwhile is read whole: only then is everything applied. */
        if (!load_new(follower, &loaded, err))
            return false;
        if (loaded)
            continue; /* it may be behind what was listed here */
        int64_t reached = count ? fetch.changes.at[count - 1].sequence : fetch.position.last;
        if (count < CHANGES_AT_ONCE)
            reached = MAX(reached, fetch.position.last);
        publish_all(follower, reached);
        if (count < CHANGES_AT_ONCE)
            follower->state = "ready"; /* before whoever waits for it is told */
        set_applied(follower, reached, MAX(reached, fetch.position.last));
        if (count) {
            follower->unsaved += (int64_t)count;
            follower->changed_ms = monotonic_ms();
        }
        if (count < CHANGES_AT_ONCE || follower->is_stopping)
            return true;
    }
}

static bool forget_work(DbTx *tx, void *argument, Error *err)
{
    Fetch *fetch = argument;
    return index_change_forget(tx, &fetch->follower->system, fetch->after, err);
}

static void save(Follower *follower)
{
    Error err = { 0 };
    int64_t lowest = lowest_generation(follower);
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (!at->needs_load && !index_commit(at->index, at->generation, &err)) {
            log_warn("index", "cannot be written, it is rebuilt at the next start: %s",
                     err.message);
            return;
        }
    follower->unsaved = 0;
    follower->must_save = false;
    /* Other nodes follow the same changes, so only a database of our own forgets them. */
    Fetch fetch = { .follower = follower, .after = lowest };
    if (db_kind(follower->db) == DB_SQLITE && lowest > 0 &&
        !store_write(follower->db, &follower->system, forget_work, &fetch, &err))
        log_warn("index", "changes cannot be forgotten: %s", err.message);
}

static void save_when_quiet(Follower *follower)
{
    bool quiet = monotonic_ms() - follower->changed_ms > QUIET_MS;
    if (follower->unsaved && (quiet || follower->must_save || follower->unsaved > COMMIT_AFTER))
        save(follower);
}

/* Once everything that was erased is written, whoever waits for it goes on. */
static void tell_erased(Follower *follower)
{
    if (follower->must_save)
        return;
    pthread_mutex_lock(&follower->lock);
    follower->erased = follower->applied;
    pthread_cond_broadcast(&follower->applied_news);
    pthread_mutex_unlock(&follower->lock);
}

/* --- Another model, or the database is known at last --- */

static void replace_index(const Follower *follower, WorkspaceIndex *at, const WorkspaceIndex *by)
{
    pthread_rwlock_wrlock(&at->use);
    index_free(at->index);
    memcpy(at->model, by->model, sizeof at->model);
    memcpy(at->database, by->database, sizeof at->database);
    at->dims = by->dims;
    at->index = new_index(follower, at);
    at->needs_load = true;
    at->generation = 0;
    pthread_rwlock_unlock(&at->use);
}

/* Another model's index is built beside the one that serves, then takes its place. */
static bool build_beside(Follower *follower, WorkspaceIndex *at, const WorkspaceIndex *by,
                         Error *err)
{
    WorkspaceIndex fresh = { .dims = by->dims, .is_beside = true };
    memcpy(fresh.id, at->id, sizeof fresh.id);
    memcpy(fresh.model, by->model, sizeof fresh.model);
    memcpy(fresh.database, by->database, sizeof fresh.database);
    fresh.index = new_index(follower, &fresh);
    if (!load_index(follower, &fresh, err)) {
        index_free(fresh.index);
        return false;
    }
    pthread_rwlock_wrlock(&at->use);
    Index *old = at->index;
    memcpy(at->model, fresh.model, sizeof at->model);
    at->dims = fresh.dims;
    at->index = fresh.index;
    at->generation = fresh.generation;
    pthread_rwlock_unlock(&at->use);
    index_free(old);
    return true;
}

static bool adopt_model(Follower *follower, Error *err)
{
    WorkspaceIndex wanted = { 0 };
    pthread_mutex_lock(&follower->lock);
    wanted.dims = follower->dims;
    memcpy(wanted.model, follower->model, sizeof wanted.model);
    memcpy(wanted.database, follower->database, sizeof wanted.database);
    pthread_mutex_unlock(&follower->lock);
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (strcmp(at->model, wanted.model) != 0 || at->dims != wanted.dims ||
            strcmp(at->database, wanted.database) != 0) {
            bool serves = !at->needs_load && at->dims && !strcmp(at->database, wanted.database);
            if (!serves)
                replace_index(follower, at, &wanted);
            else if (!build_beside(follower, at, &wanted, err))
                return false;
        }
    return true;
}

bool follower_set_model(Follower *follower, Str model, size_t dims)
{
    pthread_mutex_lock(&follower->lock);
    bool changes = !str_is(model, follower->model) || dims != follower->dims;
    if (changes) {
        snprintf(follower->model, sizeof follower->model, STR_FMT, STR_ARG(model));
        follower->dims = dims;
        follower->is_poked = true;
        follower->applied = -1; /* nobody may think that its vectors are in */
        follower->erased = -1;
        pthread_cond_signal(&follower->news);
    }
    pthread_mutex_unlock(&follower->lock);
    return changes;
}

void follower_model(Follower *follower, char name[FOLLOWER_MODEL_SIZE])
{
    pthread_mutex_lock(&follower->lock);
    memcpy(name, follower->model, FOLLOWER_MODEL_SIZE);
    pthread_mutex_unlock(&follower->lock);
}

/* --- The thread --- */

static void wait_for_news(Follower *follower)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += POLL_MS / 1000;
    pthread_mutex_lock(&follower->lock);
    while (!follower->is_poked && !follower->is_stopping &&
           pthread_cond_timedwait(&follower->news, &follower->lock, &until) == 0)
        ;
    follower->is_poked = false;
    pthread_mutex_unlock(&follower->lock);
}

static bool step(Follower *follower, bool *begun, Error *err)
{
    bool loaded;
    if (!*begun && !begin(follower, err))
        return false;
    *begun = true;
    return adopt_model(follower, err) && load_new(follower, &loaded, err) && follow(follower, err);
}

static void *run(void *argument)
{
    Follower *follower = argument;
    bool begun = false;
    while (!follower->is_stopping) {
        Error err = { 0 };
        if (!step(follower, &begun, &err) && err.code != ERROR_CANCELLED)
            log_warn("index", "%s; trying again", err.message);
        save_when_quiet(follower);
        tell_erased(follower);
        wait_for_news(follower);
    }
    if (begun && follower->unsaved)
        save(follower);
    return NULL;
}

static void on_news(void *argument, const char *channel, Str text)
{
    (void)channel, (void)text;
    follower_poke(argument);
}

Follower *follower_start(Db *db, const char *folder, Str model, size_t dims, bool is_exact)
{
    Follower *follower = heap_alloc(sizeof *follower);
    Error err;
    follower->db = db;
    snprintf(follower->model, sizeof follower->model, STR_FMT, STR_ARG(model));
    follower->dims = dims;
    follower->is_exact = is_exact;
    follower->folder = heap_text(folder);
    follower->system = scope_system();
    follower->state = "loading";
    follower->applied = follower->erased = -1;
    pthread_mutex_init(&follower->lock, NULL);
    pthread_cond_init(&follower->news, NULL);
    pthread_cond_init(&follower->applied_news, NULL);
    if (!db_listen(db, INDEX_CHANNEL, on_news, follower, &err))
        log_warn("index", "no news from the database, looking every second: %s", err.message);
    if (pthread_create(&follower->thread, NULL, run, follower) != 0)
        abort();
    pthread_setname_np(follower->thread, "index");
    return follower;
}

void follower_stop(Follower *follower)
{
    if (!follower)
        return;
    pthread_mutex_lock(&follower->lock);
    follower->is_stopping = true;
    pthread_cond_broadcast(&follower->news);
    pthread_mutex_unlock(&follower->lock);
    pthread_join(follower->thread, NULL);
    db_unlisten(follower->db, INDEX_CHANNEL, on_news, follower);
    for (WorkspaceIndex *at = follower->indexes, *next; at; at = next) {
        next = at->next;
        index_free(at->index);
        pthread_rwlock_destroy(&at->use);
        free(at);
    }
    pthread_cond_destroy(&follower->news);
    pthread_cond_destroy(&follower->applied_news);
    pthread_mutex_destroy(&follower->lock);
    free(follower->folder);
    free(follower);
}

void follower_poke(Follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    follower->is_poked = true;
    pthread_cond_signal(&follower->news);
    pthread_mutex_unlock(&follower->lock);
}

/* Until *reached, a sequence number, is that of the database now. */
static bool wait_until(Follower *follower, const int64_t *reached, int64_t timeout_ms)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Fetch fetch = { .follower = follower, .arena = arena };
    struct timespec until;
    Error err;
    if (!store_read(follower->db, &follower->system, fetch_position, &fetch, &err))
        return false;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += timeout_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&follower->lock);
    follower->is_poked = true;
    pthread_cond_signal(&follower->news);
    int timed_out = 0;
    while (*reached < fetch.position.last && !timed_out && !follower->is_stopping)
        timed_out = pthread_cond_timedwait(&follower->applied_news, &follower->lock, &until);
    bool is_there = *reached >= fetch.position.last;
    pthread_mutex_unlock(&follower->lock);
    return is_there;
}

bool follower_wait(Follower *follower, int64_t timeout_ms)
{
    return wait_until(follower, &follower->applied, timeout_ms);
}

bool follower_wait_erased(Follower *follower, int64_t timeout_ms)
{
    return wait_until(follower, &follower->erased, timeout_ms);
}

IndexState follower_state(Follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    IndexState state = { .text = atomic_load(&follower->state),
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
    pthread_mutex_unlock(&follower->lock);
    return state;
}
