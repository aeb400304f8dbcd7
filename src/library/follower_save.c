/* follower_save.c - the files of the indexes and the log of changes they begin from: what is
 * written, forgotten, held for another process, mended. Run by the follower's thread. */
#include "base/clock.h"
#include "base/log.h"
#include "library/follower_int.h"

/* Indexes are written when nothing has changed for a while, or after so many rows: what a start
 * after a crash applies again (measured: 44 us for the words of a row, 7 us for its vector). */
#define QUIET_MS 3000
#define COMMIT_AFTER 4096

typedef struct Mending {
    const Follower *follower;
    bool is_mended;
} Mending;

static bool mend_work(DbTx *tx, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Mending *mending = argument;
    return index_change_mend(tx, &mending->follower->system, arena, &mending->is_mended, err);
}

void mend_log(const Follower *follower)
{
    Mending mending = { follower, false };
    Error err;
    if (!store_write(follower->db, &follower->system, mend_work, &mending, &err))
        log_warn("index", "whether changes were lost is not known: %s", err.message);
    else if (mending.is_mended)
        log_warn("index", "the log of changes was damaged by an older program: changes to come "
                          "counted as forgotten. It begins anew, and all indexes are built again "
                          "from the database; nothing is to be done");
}

/* Changes up to here are not wanted again, also not by builds that are not through. */
static int64_t lowest_needed(const Follower *follower)
{
    int64_t lowest = lowest_generation(follower);
    for (const WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (at->build.state != BUILD_NONE)
            lowest = MIN(lowest, at->build.from);
    return lowest;
}

typedef struct Forgetting {
    const Follower *follower;
    int64_t until;
} Forgetting;

static bool forget_work(DbTx *tx, void *argument, Error *err)
{
    const Forgetting *forgetting = argument;
    return index_change_forget(tx, &forgetting->follower->system, forgetting->until, err);
}

/* What the watcher needs of the log stays in it; one that has left cannot say. */
static int64_t tell_saved(Follower *follower, int64_t lowest)
{
    pthread_mutex_lock(&follower->watch_lock);
    if (follower->was_watched && !follower->watch.on_save)
        lowest = 0;
    for (const WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (!follower->watch.on_save || at->is_gone || at->needs_load)
            continue;
        int64_t needed =
            follower->watch.on_save(follower->watch.argument, str(at->id), at->generation);
        lowest = MIN(lowest, needed);
    }
    pthread_mutex_unlock(&follower->watch_lock);
    return lowest;
}

/* All its rows are in it: it may be written. */
static bool is_whole(const WorkspaceIndex *at)
{
    return !at->needs_load && (at->build.state == BUILD_NONE || at->build.is_coming);
}

void save_indexes(Follower *follower)
{
    Error err = { 0 };
    bool saves_all = true;
    int64_t lowest = lowest_needed(follower);
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next) {
        if (at->is_gone)
            continue;
        saves_all &= is_whole(at);
        if (is_whole(at) && !index_commit(at->index, (uint64_t)at->generation, &err)) {
            log_warn("index", "cannot be written, it is rebuilt at the next start: %s",
                     err.message);
            return;
        }
    }
    follower->unsaved = 0;
    follower->saved_ms = monotonic_ms();
    follower->must_save &= !saves_all;
    /* Other nodes follow the same changes, so only a database of our own forgets them. */
    lowest = tell_saved(follower, lowest);
    Forgetting forgetting = { follower, lowest };
    if (db_kind(follower->db) == DB_SQLITE && lowest > 0 &&
        !store_write(follower->db, &follower->system, forget_work, &forgetting, &err))
        log_warn("index", "changes cannot be forgotten: %s", err.message);
}

/* Also when nothing has changed: how far the files are must not fall behind what is forgotten (see
 * INDEX_CHANGES_KEEP_MS). */
#define SAVE_EVERY_MS INT64_C(86400000)

static bool has_merged(const Follower *follower)
{
    for (const WorkspaceIndex *at = follower->indexes; at; at = at->next)
        if (!at->is_gone && is_whole(at) && index_has_merged(at->index))
            return true;
    return false;
}

void save_when_quiet(Follower *follower)
{
    bool quiet = monotonic_ms() - follower->changed_ms > QUIET_MS;
    bool is_due = monotonic_ms() - follower->saved_ms > SAVE_EVERY_MS;
    if (!follower->is_held && (follower->unsaved || has_merged(follower) || is_due) &&
        (quiet || follower->must_save || follower->unsaved > COMMIT_AFTER))
        save_indexes(follower);
}

void hold_or_release(Follower *follower)
{
    bool is_held = follower->wants_hold;
    if (is_held == follower->has_held)
        return;
    if (is_held && follower->unsaved)
        save_indexes(follower);
    pthread_mutex_lock(&follower->lock); /* whoever makes an index has it */
    follower->is_held = is_held;
    pthread_mutex_unlock(&follower->lock);
    for (WorkspaceIndex *at = follower->indexes; at; at = at->next)
        index_hold(at->index, is_held);
    pthread_mutex_lock(&follower->lock);
    follower->has_held = is_held;
    pthread_cond_broadcast(&follower->applied_news);
    pthread_mutex_unlock(&follower->lock);
}
