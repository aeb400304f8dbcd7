/* db_postgres_hints.c - news that are told after the commit: at once to this process, by a thread
 * with a connection of its own to the others. What is told when that connection is away is lost. */
#include "db/db_postgres.h"

#include <pthread.h>
#include <stdatomic.h>

/* Waiting ones beyond this are dropped: the others look by themselves. */
#define HINTS_MAX 10000
#define HINTS_AT_ONCE 500
#define CONNECT_TIMEOUT_MS 5000

struct PgHints {
    PgCluster *cluster;
    DbNews *news;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_started, stopping;
    PgHint *first, *last;
    size_t count;
    atomic_int backend;       /* of the connection; 0: there is none */
    PgConnection *connection; /* the thread's */
};

/* --- In a transaction ---------------------------------------------------------------- */

static bool is_same(const PgHint *hint, const char *channel, Str text)
{
    return strcmp(hint->channel, channel) == 0 &&
           str_equal((Str){ hint->text, hint->length }, text);
}

/* Adding a thousand jobs says the same a thousand times. */
bool pg_hint(DbTx *base, const char *channel, Str text, bool is_here, Error *err)
{
    PgTx *tx = (PgTx *)(void *)base;
    int looked_at = 0;
    (void)err;

    for (PgHint *hint = tx->hints; hint && looked_at < 8; hint = hint->next, looked_at++)
        if (is_same(hint, channel, text)) {
            hint->is_here = hint->is_here && is_here;
            return true;
        }
    PgHint *hint = heap_alloc(sizeof *hint + text.length + 1);
    hint->is_here = is_here;
    snprintf(hint->channel, sizeof hint->channel, "%s", channel);
    hint->length = text.length;
    if (text.length)
        memcpy(hint->text, text.at, text.length);
    hint->next = tx->hints;
    tx->hints = hint;
    return true;
}

void pg_hint_list_free(PgHint *list)
{
    for (PgHint *next; list; list = next) {
        next = list->next;
        free(list);
    }
}

/* --- To the others ------------------------------------------------------------------- */

static bool send_all(PGconn *pg, const PgHint *list, int *sent)
{
    static const Oid types[] = { 25, 25 }; /* text */
    static const int formats[] = { 1, 1 };

    for (const PgHint *hint = list; hint; hint = hint->next) {
        const char *values[] = { hint->channel, hint->text };
        const int lengths[] = { (int)strlen(hint->channel), (int)hint->length };
        if (!pq.sendQueryParams(pg, "SELECT pg_notify($1, $2)", 2, types, values, lengths, formats,
                                1))
            return false;
        ++*sent;
    }
    return pq.pipelineSync(pg);
}

static bool tell(PgConnection *connection, const PgHint *list)
{
    int sent = 0;
    if (!pq.enterPipelineMode(connection->pg) || !send_all(connection->pg, list, &sent))
        return false;
    for (int i = 0; i < sent && !connection->is_lost; i++) {
        pq.clear(pg_next_result(connection));
        pq.clear(pg_next_result(connection)); /* the NULL after each statement */
    }
    if (!connection->is_lost)
        pq.clear(pg_next_result(connection)); /* the sync */
    return !connection->is_lost && pq.exitPipelineMode(connection->pg);
}

static void disconnect(PgHints *hints)
{
    pg_connection_close(hints->connection);
    hints->connection = NULL;
    atomic_store(&hints->backend, 0);
}

static void tell_others(PgHints *hints, const PgHint *list)
{
    PgServer server;
    Error ignored;

    /* A connection that was idle while the server restarted is found out by using it. */
    for (int try = 0; try < 2; try++) {
        if (!hints->connection) {
            if (!pg_cluster_connect(hints->cluster, CONNECT_TIMEOUT_MS, &hints->connection, &server,
                                    &ignored))
                return;
            atomic_store(&hints->backend, pq.backendPID(hints->connection->pg));
        }
        if (tell(hints->connection, list) &&
            !pg_cluster_has_left(hints->cluster, hints->connection))
            return;
        disconnect(hints);
    }
}

/* Under the lock: some of those that wait. */
static PgHint *take(PgHints *hints)
{
    PgHint *list = hints->first, *last = list;
    for (size_t i = 1; i < HINTS_AT_ONCE && last && last->next; i++)
        last = last->next;
    if (!last)
        return NULL;
    hints->first = last->next;
    last->next = NULL;
    for (PgHint *hint = list; hint; hint = hint->next)
        hints->count--;
    return list;
}

static void *run(void *argument)
{
    PgHints *hints = argument;

    pthread_mutex_lock(&hints->lock);
    for (;;) {
        PgHint *list = take(hints);
        if (!list && hints->stopping)
            break;
        if (!list) {
            pthread_cond_wait(&hints->wake, &hints->lock);
            continue;
        }
        pthread_mutex_unlock(&hints->lock);
        tell_others(hints, list);
        pg_hint_list_free(list);
        pthread_mutex_lock(&hints->lock);
    }
    pthread_mutex_unlock(&hints->lock);
    disconnect(hints);
    return NULL;
}

PgHints *pg_hints_new(PgCluster *cluster, DbNews *news)
{
    PgHints *hints = heap_alloc(sizeof *hints);
    hints->cluster = cluster;
    hints->news = news;
    pthread_mutex_init(&hints->lock, NULL);
    pthread_cond_init(&hints->wake, NULL);
    return hints;
}

/* Under the lock. What waits already need not wait twice. */
static bool is_waiting(const PgHints *hints, const PgHint *wanted)
{
    int looked_at = 0;
    for (const PgHint *hint = hints->first; hint && looked_at < 8; hint = hint->next, looked_at++)
        if (is_same(hint, wanted->channel, (Str){ wanted->text, wanted->length }))
            return true;
    return false;
}

static void add(PgHints *hints, PgHint *hint)
{
    pthread_mutex_lock(&hints->lock);
    if (!hints->is_started && pthread_create(&hints->thread, NULL, run, hints) == 0) {
        hints->is_started = true;
        pthread_setname_np(hints->thread, "db-hints");
    }
    bool is_kept = hints->is_started && hints->count < HINTS_MAX && !is_waiting(hints, hint);
    if (is_kept) {
        hint->next = NULL;
        if (hints->first)
            hints->last->next = hint;
        else
            hints->first = hint;
        hints->last = hint;
        if (hints->count++ == 0)
            pthread_cond_signal(&hints->wake);
    }
    pthread_mutex_unlock(&hints->lock);
    if (!is_kept)
        free(hint);
}

void pg_hints_send(PgHints *hints, PgHint *list)
{
    PgHint *ordered = NULL;
    for (PgHint *next; list; list = next) {
        next = list->next;
        list->next = ordered;
        ordered = list;
    }
    for (PgHint *next; ordered; ordered = next) {
        next = ordered->next;
        db_news_post(hints->news, ordered->channel, (Str){ ordered->text, ordered->length });
        if (ordered->is_here)
            free(ordered);
        else
            add(hints, ordered);
    }
}

bool pg_hints_are_from(PgHints *hints, int backend)
{
    return backend == atomic_load(&hints->backend);
}

void pg_hints_free(PgHints *hints)
{
    if (!hints)
        return;
    pthread_mutex_lock(&hints->lock);
    hints->stopping = true;
    pthread_cond_signal(&hints->wake);
    pthread_mutex_unlock(&hints->lock);
    if (hints->is_started)
        pthread_join(hints->thread, NULL);
    pthread_cond_destroy(&hints->wake);
    pthread_mutex_destroy(&hints->lock);
    free(hints);
}
