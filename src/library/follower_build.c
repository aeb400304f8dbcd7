/* follower_build.c - opening an index, and filling its legs from all rows while the follower goes
 * on; see follower_int.h.
 *
 *     load_index()      a leg is fresh: it serves      not: BUILD_WANTED
 *     begin_builds()    BUILD_RUNNING: a thread adds all rows of the workspace, oldest first, and
 *                       what is in is found; the follower applies news to the same index
 *     collect_build()   BUILD_READ: the follower goes back to the change before the first row
 *     finish_builds()   it has caught up: BUILD_NONE */
#include <assert.h>

#include "base/clock.h"
#include "base/log.h"
#include "library/follower_int.h"

/* The words of a chunk take so many times as long as its vector (measured: 44 and 7 us). */
#define KEYWORD_WORK 6

/* --- What is there, and what has to be made --- */

typedef struct Position {
    Follower *follower;
    Arena *arena;
    Scope scope; /* whose chunks are counted */
    IndexPosition at;
    IndexBound bound;
    int64_t chunks;
} Position;

static bool find_bound(DbTx *tx, void *argument, Error *err)
{
    Position *position = argument;
    return index_bound(tx, &position->follower->system, &position->bound, err);
}

static bool find_position(DbTx *tx, void *argument, Error *err)
{
    Position *position = argument;
    return index_position(tx, &position->follower->system, position->arena, &position->at, err) &&
           (!position->scope.workspace.length ||
            chunk_count(tx, &position->scope, &position->chunks, err));
}

static bool look(Position *position, Error *err)
{
    Follower *follower = position->follower;
    if (!store_read(follower->db, &follower->system, find_bound, position, err) ||
        !store_read(follower->db, &follower->system, find_position, position, err))
        return false;
    position->bound.all = MAX(MIN(position->bound.all, position->at.last), position->at.floor);
    return true;
}

bool read_bound(Follower *follower, IndexBound *bound_r, Error *err)
{
    Position position = { .follower = follower };
    bool ok = store_read(follower->db, &follower->system, find_bound, &position, err);
    *bound_r = position.bound;
    return ok;
}

bool read_position(Follower *follower, Arena *arena, IndexPosition *position_r, Error *err)
{
    Position position = { .follower = follower, .arena = arena };
    if (!store_read(follower->db, &follower->system, find_position, &position, err))
        return false;
    *position_r = position.at;
    return true;
}

static void want_build(Follower *follower, WorkspaceIndex *at, const Build *wanted)
{
    pthread_mutex_lock(&follower->lock);
    Build *build = &at->build;
    build->keyword = wanted->keyword;
    build->vectors = wanted->vectors;
    build->is_coming = wanted->is_coming;
    build->dims = wanted->dims;
    memcpy(build->model, wanted->model, sizeof build->model);
    build->from = wanted->from;
    build->work = wanted->work * (wanted->keyword * KEYWORD_WORK + wanted->vectors);
    build->done = 0;
    build->state = BUILD_WANTED;
    pthread_mutex_unlock(&follower->lock);
}

static bool is_fresh(const IndexLeg *leg, const IndexPosition *position)
{
    return leg->state == SHELF_LOADED && (int64_t)leg->generation >= position->floor &&
           (int64_t)leg->generation <= position->last;
}

static void warn_of_damage(const IndexLeg *leg)
{
    if (leg->state == SHELF_DAMAGED)
        log_warn("index", "rebuilding a damaged index: %s", leg->reason.message);
}

bool load_index(Follower *follower, WorkspaceIndex *at, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Position position = { .follower = follower, .arena = arena, .scope = scope_of_index(at) };
    if (!look(&position, err))
        return false;
    IndexOpened opened = index_load(at->index);
    warn_of_damage(&opened.keyword);
    warn_of_damage(&opened.vectors);
    bool has_vectors = at->dims && !follower->outside;
    Build build = { .keyword = !is_fresh(&opened.keyword, &position.at),
                    .vectors = has_vectors && !is_fresh(&opened.vectors, &position.at),
                    .dims = at->dims,
                    .from = position.bound.all,
                    .work = position.chunks };
    memcpy(build.model, at->model, sizeof build.model);
    index_clear(at->index, build.keyword, build.vectors);
    at->generation = position.bound.all;
    if (!build.keyword)
        at->generation = MIN(at->generation, (int64_t)opened.keyword.generation);
    if (has_vectors && !build.vectors)
        at->generation = MIN(at->generation, (int64_t)opened.vectors.generation);
    if (build.keyword || build.vectors)
        want_build(follower, at, &build);
    index_publish(at->index);
    pthread_mutex_lock(&follower->lock);
    at->needs_load = false;
    pthread_mutex_unlock(&follower->lock);
    return true;
}

bool want_model(Follower *follower, WorkspaceIndex *at, Str model, size_t dims, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Position position = { .follower = follower, .arena = arena, .scope = scope_of_index(at) };
    if (!look(&position, err))
        return false;
    Build build = { .vectors = true,
                    .is_coming = true,
                    .dims = dims,
                    .from = position.bound.all,
                    .work = position.chunks };
    snprintf(build.model, sizeof build.model, STR_FMT, STR_ARG(model));
    index_begin_model(at->index, dims, model);
    want_build(follower, at, &build);
    return true;
}

bool build_hides_rows(const WorkspaceIndex *at)
{
    return at->build.state != BUILD_NONE && (!at->build.is_coming || !at->dims);
}

/* --- The builder's thread --- */

/* A walk over all rows of a workspace. */
typedef struct Scan {
    Follower *follower;
    WorkspaceIndex *to;
    Arena *arena;
    Scope scope;
    ChunkCursor cursor;
    ChunkHitList chunks;
    StrList *inner; /* of the chunks */
    VectorList vectors;
    size_t count; /* of the rows just read; 0: the end */
} Scan;

static bool scan_chunks(DbTx *tx, void *argument, Error *err)
{
    Scan *scan = argument;
    bool ok = chunk_scan(tx, &scan->scope, scan->arena, &scan->cursor, ROWS_AT_ONCE, &scan->chunks,
                         err) &&
              find_inner_headings(tx, &scan->scope, scan->arena, scan->chunks.at,
                                  scan->chunks.count, &scan->inner, err);
    scan->count = scan->chunks.count;
    return ok;
}

static void add_chunks(Scan *scan)
{
    for (size_t i = 0; i < scan->count; i++)
        add_row(scan->to->index, &scan->chunks.at[i], &scan->inner[i]);
}

static bool scan_vectors(DbTx *tx, void *argument, Error *err)
{
    Scan *scan = argument;
    bool ok = vector_scan(tx, &scan->scope, scan->arena, str(scan->to->build.model), &scan->cursor,
                          ROWS_AT_ONCE, &scan->vectors, err);
    scan->count = scan->vectors.count;
    return ok;
}

static void add_all_vectors(Scan *scan)
{
    const Build *build = &scan->to->build;
    for (size_t i = 0; i < scan->count; i++)
        add_vectors(scan->arena, scan->to->index, build->dims, build->is_coming,
                    &scan->vectors.at[i]);
}

static bool fill(Follower *follower, WorkspaceIndex *to, DbWork *read, void (*add)(Scan *scan),
                 int64_t work, Error *err)
{
    Scan scan = { .follower = follower, .to = to, .scope = scope_of_index(to) };
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        ChunkCursor before = scan.cursor;
        scan.arena = arena;
        if (follower->is_stopping)
            return fail(err, ERROR_CANCELLED, "the server is stopping");
        if (!store_read(follower->db, &scan.scope, read, &scan, err))
            return false;
        add(&scan);
        to->build.done += (int64_t)scan.count * work;
        if (!scan.count)
            return true;
        assert(scan.cursor.number > before.number);
        scan.cursor.workspace = str(to->id); /* its text lay in the arena that goes now */
    }
}

static void *build(void *argument)
{
    Follower *follower = argument;
    Builder *builder = &follower->builder;
    const Build *build = &builder->at->build;
    builder->is_whole = (!build->keyword || fill(follower, builder->at, scan_chunks, add_chunks,
                                                 KEYWORD_WORK, &builder->why)) &&
                        (!build->vectors || fill(follower, builder->at, scan_vectors,
                                                 add_all_vectors, 1, &builder->why));
    builder->has_ended = true;
    follower_poke(follower);
    return NULL;
}

/* --- One after the other --- */

static void set_state(Follower *follower, WorkspaceIndex *at, BuildState state)
{
    pthread_mutex_lock(&follower->lock);
    at->build.state = state;
    pthread_mutex_unlock(&follower->lock);
}

static WorkspaceIndex *next_wanted(const Follower *follower)
{
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (at->build.state == BUILD_WANTED)
            return at;
    return NULL;
}

void begin_builds(Follower *follower)
{
    Builder *builder = &follower->builder;
    WorkspaceIndex *next = builder->at ? NULL : next_wanted(follower);
    if (!next)
        return;
    pthread_mutex_lock(&follower->lock);
    next->build.state = BUILD_RUNNING;
    next->build.done = 0;
    builder->at = next;
    builder->began_ms = monotonic_ms();
    pthread_mutex_unlock(&follower->lock);
    builder->has_ended = false;
    if (pthread_create(&builder->thread, NULL, build, follower) != 0)
        abort();
    pthread_setname_np(builder->thread, "index-build");
}

static void join_build(Follower *follower)
{
    Builder *builder = &follower->builder;
    (void)pthread_join(builder->thread, NULL);
    set_state(follower, builder->at, builder->is_whole ? BUILD_READ : BUILD_WANTED);
    pthread_mutex_lock(&follower->lock);
    builder->at = NULL;
    pthread_mutex_unlock(&follower->lock);
}

bool collect_build(Follower *follower, Error *err)
{
    Builder *builder = &follower->builder;
    WorkspaceIndex *at = builder->at;
    if (!at || !builder->has_ended)
        return true;
    join_build(follower);
    if (!builder->is_whole) {
        *err = builder->why;
        return false;
    }
    at->generation = MIN(at->generation, at->build.from);
    return true;
}

void end_builds(Follower *follower)
{
    if (follower->builder.at)
        join_build(follower);
}

/* Whoever asks how far builds are reads `dims` under the lock alone. Merges are waited for while
 * searches still go on: of a million vectors they take seconds. */
static void adopt(Follower *follower, WorkspaceIndex *at)
{
    index_wait_merges(at->index);
    pthread_rwlock_wrlock(&at->use);
    index_adopt_model(at->index);
    memcpy(at->model, at->build.model, sizeof at->model);
    pthread_mutex_lock(&follower->lock);
    at->dims = at->build.dims;
    pthread_mutex_unlock(&follower->lock);
    pthread_rwlock_unlock(&at->use);
}

void finish_builds(Follower *follower)
{
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (at->build.state != BUILD_READ)
            continue;
        if (at->build.is_coming)
            adopt(follower, at);
        set_state(follower, at, BUILD_NONE);
        at->is_told = false; /* only now all its chunks are there */
        tell_followed(follower, at);
        follower->unsaved++;
        follower->must_save = true; /* the files may hold what was erased since */
    }
}
