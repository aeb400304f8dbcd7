/* search_history.c - see search_history.h. */
#include "search/search_history.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"

#define FLUSH_EVERY_MS 1000

typedef struct Waiting {
    Scope scope;
    Search search;
    bool is_done;
} Waiting;

struct SearchHistory {
    Db *db;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool is_stopping;
    Arena *arena; /* of what waits */
    VEC(Waiting) waiting;
    pthread_mutex_t writing; /* one flush at a time, so that a flush waits for one that runs */
};

typedef struct Batch {
    Arena *arena;
    Waiting *at;
    size_t count;
    Str workspace;
} Batch;

static bool write_workspace(DbTx *tx, void *argument, Error *err)
{
    Batch *batch = argument;
    for (size_t i = 0; i < batch->count; i++) {
        Waiting *one = &batch->at[i];
        if (str_equal(one->scope.workspace, batch->workspace) &&
            !search_add(tx, &one->scope, batch->arena, &one->search, err))
            return false;
    }
    return true;
}

static void write_batch(SearchHistory *history, Batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        Error err = { 0 };
        if (batch->at[i].is_done)
            continue;
        batch->workspace = batch->at[i].scope.workspace;
        if (!store_write(history->db, &batch->at[i].scope, write_workspace, batch, &err))
            log_warn("search", "the history cannot be written: %s", err.message);
        for (size_t j = i; j < batch->count; j++)
            batch->at[j].is_done |= str_equal(batch->at[j].scope.workspace, batch->workspace);
    }
}

void search_history_flush(SearchHistory *history)
{
    pthread_mutex_lock(&history->writing);
    pthread_mutex_lock(&history->lock);
    Batch batch = { .arena = history->arena,
                    .at = history->waiting.at,
                    .count = history->waiting.count };
    if (batch.count) {
        history->arena = arena_new(MB(64));
        memset(&history->waiting, 0, sizeof history->waiting);
    }
    pthread_mutex_unlock(&history->lock);
    if (batch.count) {
        write_batch(history, &batch);
        arena_free(batch.arena);
    }
    pthread_mutex_unlock(&history->writing);
}

void search_history_add(SearchHistory *history, const Scope *scope, const Search *search)
{
    pthread_mutex_lock(&history->lock);
    if (history->waiting.count < SEARCH_HISTORY_MAX) {
        Waiting one = { .scope = scope_copy(history->arena, scope), .search = *search };
        one.search.id = str_copy(history->arena, search->id);
        one.search.query = str_copy(history->arena, search->query);
        one.search.mode = str_copy(history->arena, search->mode);
        *vec_push(history->arena, &history->waiting) = one;
        pthread_cond_signal(&history->news);
    }
    pthread_mutex_unlock(&history->lock);
}

/* Wait for the first search, then a second for others to come along. */
static void wait_for_some(SearchHistory *history)
{
    pthread_mutex_lock(&history->lock);
    while (!history->waiting.count && !history->is_stopping)
        pthread_cond_wait(&history->news, &history->lock);
    int64_t until_ms = monotonic_ms() + FLUSH_EVERY_MS;
    while (!history->is_stopping && cond_wait_until(&history->news, &history->lock, until_ms))
        ;
    pthread_mutex_unlock(&history->lock);
}

static void *run(void *argument)
{
    SearchHistory *history = argument;
    bool is_stopping = false;
    while (!is_stopping) {
        wait_for_some(history);
        pthread_mutex_lock(&history->lock);
        is_stopping = history->is_stopping;
        pthread_mutex_unlock(&history->lock);
        search_history_flush(history);
    }
    return NULL;
}

SearchHistory *search_history_new(Db *db)
{
    SearchHistory *history = heap_alloc(sizeof *history);
    history->db = db;
    history->arena = arena_new(MB(64));
    pthread_mutex_init(&history->lock, NULL);
    pthread_mutex_init(&history->writing, NULL);
    pthread_cond_init(&history->news, NULL);
    if (pthread_create(&history->thread, NULL, run, history) != 0)
        abort();
    pthread_setname_np(history->thread, "history");
    return history;
}

void search_history_free(SearchHistory *history)
{
    if (!history)
        return;
    pthread_mutex_lock(&history->lock);
    history->is_stopping = true;
    pthread_cond_signal(&history->news);
    pthread_mutex_unlock(&history->lock);
    pthread_join(history->thread, NULL);
    arena_free(history->arena);
    pthread_cond_destroy(&history->news);
    pthread_mutex_destroy(&history->writing);
    pthread_mutex_destroy(&history->lock);
    free(history);
}
