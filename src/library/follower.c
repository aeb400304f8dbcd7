/* follower.c - the thread that applies what is new to the indexes; see follower.h. */
#include "library/follower.h"

#include "base/clock.h"
#include "base/log.h"
#include "library/follower_int.h"
#include "store/workspaces_store.h"

/* Others tell what is new; what was told and got lost is found by looking. */
#define POLL_MS 4000
#define WATCHED_POLL_MS 60000 /* where the database says how far it is (db_watch()) */
#define RETRY_MS 1000         /* after a failure */
#define CHANGES_AT_ONCE 256

/* --- Which indexes there are --- */

/* The first look at the database: which workspaces there are. */
static bool begin(Follower *follower, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    WorkspaceList workspaces;
    IndexPosition position;
    if (!read_position(follower, arena, &position, err) ||
        !read_workspaces(follower, arena, &workspaces, err))
        return false;
    pthread_mutex_lock(&follower->lock);
    snprintf(follower->database, sizeof follower->database, STR_FMT, STR_ARG(position.database));
    pthread_mutex_unlock(&follower->lock);
    for (size_t i = 0; i < workspaces.count; i++)
        (void)need_index(follower, workspaces.at[i].id);
    return true;
}

/* It was made before it was known which database this is: nothing was read yet. */
static void name_database(Follower *follower, WorkspaceIndex *at)
{
    pthread_rwlock_wrlock(&at->use);
    index_free(at->index);
    memcpy(at->database, follower->database, sizeof at->database);
    at->index = new_index(follower, at);
    pthread_rwlock_unlock(&at->use);
}

static bool load_new(Follower *follower, bool *loaded_r, Error *err)
{
    *loaded_r = false;
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (!at->needs_load)
            continue;
        if (strcmp(at->database, follower->database) != 0)
            name_database(follower, at);
        if (!load_index(follower, at, err))
            return false;
        if (follower->outside_keeper)
            vector_follower_begin_notes(follower->outside_keeper, str(at->id));
        *loaded_r = true;
    }
    return true;
}

/* Another model's vectors are built beside those that serve, then take their place. */
static bool adopt_model(Follower *follower, Error *err)
{
    char model[FOLLOWER_MODEL_SIZE];
    size_t dims;
    pthread_mutex_lock(&follower->lock);
    dims = follower->dims;
    memcpy(model, follower->model, sizeof model);
    pthread_mutex_unlock(&follower->lock);
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        bool is_other = (strcmp(at->model, model) != 0 || at->dims != dims) && !at->is_gone;
        if (follower->outside) {
            if (is_other && dims && !at->needs_load)
                adopt_outside(follower, at, str(model), dims);
            continue;
        }
        if (is_other && dims && !at->needs_load && at->build.state == BUILD_NONE &&
            !want_model(follower, at, str(model), dims, err))
            return false;
    }
    return true;
}

/* --- Following --- */

typedef struct News {
    Follower *follower;
    Arena *arena;
    int64_t after, bound;
    IndexBound now;
    IndexPosition position;
    IndexChangeList changes;
} News;

static bool find_news(DbTx *tx, void *argument, Error *err)
{
    News *news = argument;
    const Scope *system = &news->follower->system;
    return index_position(tx, system, news->arena, &news->position, err) &&
           index_change_list(tx, system, news->arena, news->after, CHANGES_AT_ONCE, &news->changes,
                             err);
}

static bool read_news(News *news, Error *err)
{
    Follower *follower = news->follower;
    if (!read_bound(follower, &news->now, err) ||
        !store_read(follower->db, &follower->system, find_news, news, err))
        return false;
    int64_t bound = MAX(MIN(news->now.all, news->position.last), news->position.floor);
    news->bound = MIN(news->bound, bound);
    return true;
}

int64_t lowest_generation(const Follower *follower)
{
    int64_t lowest = INT64_MAX;
    for (const WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (!at->needs_load)
            lowest = MIN(lowest, at->generation);
    return lowest == INT64_MAX ? 0 : lowest;
}

/* Before any is applied: what is applied is not listed again. */
static void tell_watcher(Follower *follower, const IndexChangeList *changes)
{
    pthread_mutex_lock(&follower->watch_lock);
    for (size_t i = 0; follower->watch.on_change && i < changes->count; i++)
        follower->watch.on_change(follower->watch.argument, &changes->at[i]);
    pthread_mutex_unlock(&follower->watch_lock);
}

/* Told again when it has twice as many, and so many more at least. */
#define TOLD_AGAIN 1000

void tell_followed(Follower *follower, WorkspaceIndex *at)
{
    size_t chunks = index_status(at->index).chunks;
    if (at->is_told && chunks < 2 * at->told_chunks + TOLD_AGAIN)
        return;
    pthread_mutex_lock(&follower->watch_lock);
    at->is_told = follower->watch.on_follow;
    at->told_chunks = chunks;
    if (at->is_told)
        follower->watch.on_follow(follower->watch.argument, str(at->id), chunks);
    pthread_mutex_unlock(&follower->watch_lock);
}

/* Changes from `first` on that are of one workspace and not applied yet; none: one that is. */
static size_t count_alike(const IndexChangeList *changes, size_t first, const WorkspaceIndex *to)
{
    size_t count = 0;
    while (first + count < changes->count && str_is(changes->at[first + count].workspace, to->id) &&
           changes->at[first + count].sequence > to->generation)
        count++;
    return count;
}

/* Changes behind the bound are applied, and come again: others may yet appear before them. */
static bool apply_news(const News *news, Error *err)
{
    Follower *follower = news->follower;
    const IndexChangeList *changes = &news->changes;
    for (size_t i = 0, count; i < changes->count; i += MAX(count, 1)) {
        WorkspaceIndex *to = need_index(follower, changes->at[i].workspace);
        count = count_alike(changes, i, to);
        if (to->needs_load || !count)
            continue;
        if (!apply_changes(follower, to, &changes->at[i], count, err))
            return false;
        int64_t last = changes->at[i + count - 1].sequence;
        to->generation = MAX(to->generation, MIN(last, news->bound));
    }
    return true;
}

static int64_t count_rows(const IndexChangeList *changes)
{
    size_t count = changes->count;
    for (size_t i = 0; i < changes->count; i++)
        count += changes->at[i].numbers.count;
    return (int64_t)count;
}

/* After they can be found: an answer that was made before rests on what was there before. */
static void note_changes(Follower *follower, const IndexChangeList *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        need_index(follower, changes->at[i].workspace)->changed = changes->at[i].sequence;
}

static void publish_all(Follower *follower, int64_t sequence)
{
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (at->needs_load)
            continue;
        index_publish(at->index);
        at->generation = MAX(at->generation, sequence);
        at->followed = at->generation + 1;
        tell_followed(follower, at);
    }
    if (follower->outside_keeper)
        vector_follower_noted(follower->outside_keeper, sequence);
}

/* Whoever waits for what is new goes on, unless a build may not have come to it yet. */
static void tell_applied(Follower *follower, int64_t applied, int64_t last, bool is_all,
                         int64_t whole)
{
    bool hides = false, has_model = true;
    /* A store that has never answered is not waited for: there are words. */
    bool fills = !follower->outside_keeper || !vector_follower_is_away(follower->outside_keeper);
    pthread_mutex_lock(&follower->lock);
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (at->is_gone)
            continue;
        hides |= build_hides_rows(at) || (fills && follower->dims && !at->dims);
        has_model &= !strcmp(at->model, follower->model) && at->dims == follower->dims;
    }
    if (hides)
        follower->state = "rebuilding";
    else if (is_all)
        follower->state = "ready"; /* before whoever waits for it is told */
    if (!hides) { /* a build sends the thread back to changes that others have seen applied */
        follower->applied = MAX(follower->applied, applied);
        follower->whole = MAX(follower->whole, whole);
    }
    follower->last = last;
    follower->has_model = has_model;
    pthread_cond_broadcast(&follower->applied_news);
    pthread_mutex_unlock(&follower->lock);
}

static int64_t begin_round(Follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    int64_t round = ++follower->round;
    pthread_mutex_unlock(&follower->lock);
    return round;
}

static bool follow(Follower *follower, Error *err)
{
    bool loaded, is_last = false;
    int64_t seen = 0, bound = INT64_MAX;
    while (!is_last && !follower->is_stopping) {
        AUTO_ARENA Arena *arena = arena_new(GB(1));
        int64_t round = begin_round(follower);
        News news = { .follower = follower, .arena = arena, .bound = bound };
        news.after = MAX(seen, lowest_generation(follower));
        if (!read_news(&news, err))
            return false;
        tell_watcher(follower, &news.changes);
        if (!apply_news(&news, err) ||
            /* A workspace that appeared meanwhile is opened: only then is everything applied. */
            !load_new(follower, &loaded, err))
            return false;
        size_t count = news.changes.count;
        bool is_first = !seen;
        seen = 0;
        bound = INT64_MAX;
        if (loaded)
            continue; /* it may be behind what was listed here */
        is_last = count < CHANGES_AT_ONCE;
        seen = is_last ? news.bound : news.changes.at[count - 1].sequence;
        if (seen > news.bound)
            bound = news.bound; /* what appears before `seen` is not in the next list */
        int64_t reached = MIN(seen, news.bound);
        publish_all(follower, reached);
        note_changes(follower, &news.changes);
        if (count) {
            follower->unsaved += count_rows(&news.changes);
            follower->changed_ms = monotonic_ms();
        }
        if (is_last)
            finish_builds(follower);
        bool is_settled = is_last && news.now.all == news.now.highest;
        follower->settled = is_settled ? news.now.highest : -1;
        tell_applied(follower, reached, MAX(reached, news.position.last), is_last,
                     is_first && is_last ? round : 0);
    }
    return true;
}

bool is_building(const Follower *follower)
{
    for (const WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (at->needs_load || at->build.state != BUILD_NONE)
            return true;
    return false;
}

/* One short question, where nothing has been written and nobody waits. */
static bool has_news(Follower *follower, bool *has_news_r, Error *err)
{
    IndexBound now;
    *has_news_r = true;
    if (db_kind(follower->db) != DB_POSTGRES || is_building(follower) || follower->looks_for_gone)
        return true;
    if (!read_bound(follower, &now, err))
        return false;
    *has_news_r = now.all != now.highest || now.highest != follower->settled;
    return true;
}

/* Once everything that was erased is written, whoever waits for it goes on. A build may add it
 * once more until it has ended. */
static void tell_erased(Follower *follower)
{
    if (follower->must_save || is_building(follower) ||
        (follower->outside_keeper &&
         !vector_follower_has_written(follower->outside_keeper, follower->applied)))
        return;
    pthread_mutex_lock(&follower->lock);
    follower->erased = follower->applied;
    if (!follower->outside_keeper) /* it is asked by numbers */
        follower->whole_erased = follower->whole;
    pthread_cond_broadcast(&follower->applied_news);
    pthread_mutex_unlock(&follower->lock);
}

/* --- The thread --- */

/* Whether somebody said that there is some. */
static bool wait_for_news(Follower *follower, int64_t wait_ms)
{
    int64_t until_ms = monotonic_ms() + wait_ms;
    pthread_mutex_lock(&follower->lock);
    while (!follower->is_poked && !follower->is_stopping &&
           cond_wait_until(&follower->news, &follower->lock, until_ms))
        ;
    bool was_poked = follower->is_poked;
    follower->is_poked = false;
    pthread_mutex_unlock(&follower->lock);
    return was_poked;
}

/* Files that are to be written, and whoever waits for that, come round every second. */
static int64_t wait_of(const Follower *follower, bool is_well)
{
    bool rests = is_well && db_kind(follower->db) == DB_POSTGRES && !follower->unsaved &&
                 follower->erased == follower->applied;
    return !rests ? RETRY_MS : follower->is_watched ? WATCHED_POLL_MS : POLL_MS;
}

static bool step(Follower *follower, bool *begun, Error *err)
{
    bool loaded;
    if (!*begun && !begin(follower, err))
        return false;
    *begun = true;
    if (!load_new(follower, &loaded, err) || !collect_build(follower, err) ||
        !follow(follower, err) || !drop_gone(follower, err) || !adopt_model(follower, err))
        return false;
    begin_builds(follower);
    return true;
}

static void *run(void *argument)
{
    Follower *follower = argument;
    bool begun = false, was_told = true;
    while (!follower->is_stopping) {
        Error err = { 0 };
        bool looks = true;
        bool is_well = (was_told || has_news(follower, &looks, &err)) &&
                       (!looks || step(follower, &begun, &err));
        if (!is_well && err.code != ERROR_CANCELLED)
            log_warn("index", "%s; trying again", err.message);
        hold_or_release(follower);
        save_when_quiet(follower);
        tell_erased(follower);
        was_told = wait_for_news(follower, wait_of(follower, is_well)) || !is_well;
    }
    end_builds(follower);
    if (begun && follower->unsaved && !follower->is_held)
        save_indexes(follower);
    return NULL;
}

/* What is watched says the same as long as nothing is new. */
static void on_news(void *argument, const char *channel, Str text)
{
    Follower *follower = argument;
    (void)channel;
    if (str_starts(text, S("watch "))) {
        if (str_is(text, follower->watched))
            return;
        snprintf(follower->watched, sizeof follower->watched, STR_FMT, STR_ARG(text));
    }
    follower_poke(follower);
}

static void on_outside(void *argument) { follower_poke(argument); }

Follower *follower_start(Db *db, const char *folder, Str model, size_t dims, bool is_exact,
                         VectorStore *outside, bool is_held)
{
    Follower *follower = heap_alloc(sizeof *follower);
    follower->saved_ms = monotonic_ms();
    Error err;
    follower->db = db;
    snprintf(follower->model, sizeof follower->model, STR_FMT, STR_ARG(model));
    follower->dims = dims;
    follower->is_exact = is_exact;
    follower->wants_hold = follower->is_held = follower->has_held = is_held;
    follower->folder = heap_text(folder);
    follower->system = scope_system();
    follower->state = "loading";
    follower->applied = follower->erased = -1;
    follower->looks_for_gone = true;
    pthread_mutex_init(&follower->lock, NULL);
    pthread_mutex_init(&follower->watch_lock, NULL);
    pthread_cond_init(&follower->news, NULL);
    pthread_cond_init(&follower->applied_news, NULL);
    follower->outside = outside;
    mend_log(follower);
    if (outside)
        follower->outside_keeper = vector_follower_start(db, outside, NULL, on_outside, follower);
    if (!db_listen(db, INDEX_CHANNEL, on_news, follower, &err))
        log_warn("index", "no news from the database, looking every four seconds: %s", err.message);
    else
        follower->is_watched = db_watch(db, INDEX_CHANNEL, index_watch);
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
    vector_follower_stop(follower->outside_keeper);
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
    pthread_mutex_destroy(&follower->watch_lock);
    free(follower->folder);
    free(follower);
}
