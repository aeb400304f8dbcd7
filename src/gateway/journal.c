/* journal.c - see ledger.h: a row for each call, written in batches behind the calls. */
#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/ledger.h"

#define FLUSH_MS 200
#define ROWS_MAX 100000 /* waiting; more are dropped and counted rather than eat the memory */

typedef struct Page {
    Arena *arena;
    VEC(CallRecord) rows;
} Page;

struct Journal {
    JournalWrite *write;
    void *app;
    pthread_mutex_t lock;
    pthread_cond_t has_rows;
    pthread_t thread;
    bool is_ending;
    Page page;
    uint64_t dropped;
};

static Page new_page(void) { return (Page){ .arena = arena_new(MB(256)) }; }

static bool write_page(Journal *journal, const Page *page, bool is_patient)
{
    Error err;
    for (int64_t wait_ms = 100;; wait_ms = MIN(wait_ms * 2, (int64_t)5000)) {
        if (!page->rows.count ||
            journal->write(journal->app, page->rows.at, page->rows.count, &err))
            return true;
        if (!is_patient || journal->is_ending)
            return false;
        sleep_ms(wait_ms);
    }
}

static void *run(void *argument)
{
    Journal *journal = argument;
    pthread_mutex_lock(&journal->lock);
    while (!journal->is_ending || journal->page.rows.count) {
        if (!journal->page.rows.count && !journal->is_ending)
            pthread_cond_wait(&journal->has_rows, &journal->lock);
        bool is_patient = !journal->is_ending;
        pthread_mutex_unlock(&journal->lock);
        if (is_patient)
            sleep_ms(FLUSH_MS); /* more come meanwhile: one transaction for all */
        pthread_mutex_lock(&journal->lock);
        Page page = journal->page;
        journal->page = new_page();
        pthread_mutex_unlock(&journal->lock);
        (void)write_page(journal, &page, is_patient);
        arena_free(page.arena);
        pthread_mutex_lock(&journal->lock);
    }
    pthread_mutex_unlock(&journal->lock);
    return NULL;
}

Journal *journal_new(JournalWrite *write, void *app)
{
    Journal *journal = heap_alloc(sizeof *journal);
    journal->write = write;
    journal->app = app;
    journal->page = new_page();
    pthread_mutex_init(&journal->lock, NULL);
    pthread_cond_init(&journal->has_rows, NULL);
    pthread_create(&journal->thread, NULL, run, journal);
    return journal;
}

void journal_free(Journal *journal)
{
    if (!journal)
        return;
    pthread_mutex_lock(&journal->lock);
    journal->is_ending = true;
    pthread_cond_signal(&journal->has_rows);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    arena_free(journal->page.arena);
    pthread_cond_destroy(&journal->has_rows);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

void journal_add(Journal *journal, const CallRecord *record)
{
    pthread_mutex_lock(&journal->lock);
    Page *page = &journal->page;
    if (page->rows.count >= ROWS_MAX) {
        journal->dropped++;
        pthread_mutex_unlock(&journal->lock);
        return;
    }
    CallRecord *row = vec_push(page->arena, &page->rows);
    *row = *record;
    Str *const texts[] = { &row->id,      &row->workspace, &row->user,    &row->key,
                           &row->feature, &row->route,     &row->service, &row->model,
                           &row->front,   &row->status,    &row->cache };
    for (size_t i = 0; i < COUNT(texts); i++)
        *texts[i] = str_copy(page->arena, *texts[i]);
    if (page->rows.count == 1)
        pthread_cond_signal(&journal->has_rows);
    pthread_mutex_unlock(&journal->lock);
}
