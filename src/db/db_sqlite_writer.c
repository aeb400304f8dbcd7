/* db_sqlite_writer.c - one thread that commits the work of many callers together.
 *
 *     BEGIN IMMEDIATE
 *       <first caller's work>                                          when it fails: ROLLBACK
 *       SAVEPOINT work; <second caller's work>; RELEASE work
 *       SAVEPOINT work; <third caller's work>;  ROLLBACK TO work; RELEASE work    it failed
 *       ...                       until nobody waits, or the group is large or old enough
 *     COMMIT                                       one fsync, then everybody is woken
 *
 * The first has no savepoint, for it is alone when it is long. Inside one, SQLite keeps every page
 * as it was, and walks through all of them at the end of each statement that fires a trigger.
 *
 * SQLite sometimes rolls a whole transaction back by itself (disk full, an interrupted write).
 * Then the work that met it fails, and those before it run again in a new group. */
#include "db/db_sqlite.h"

#include "base/clock.h"

#include <errno.h>
#include <semaphore.h>

#define GROUP_COUNT_MAX 256
#define GROUP_BYTES_MAX MB(8)
#define GROUP_TIME_US 20000
/* The log is written back into the database once it has this many pages (16 MiB). */
#define LOG_PAGES_MAX 4096
/* Writing back is only tried without waiting, so a long read may let the log grow; from here on
 * the writer waits for readers. */
#define LOG_PAGES_TOO_MANY 65536

typedef struct Waiting {
    DbWork *work; /* NULL: empty the log file */
    void *argument;
    Error *err;
    bool ok;
    sem_t done;
    SqliteNote *notes;
    struct Waiting *next;
} Waiting;

typedef struct List {
    Waiting *first, *last;
    size_t count;
} List;

struct SqliteWriter {
    Connection *connection;
    DbNews *news;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    List waiting;
    bool stopping;
    _Atomic int log_pages;
    int64_t work_count, group_count, failed_commit_count;
};

static _Thread_local bool is_writer_thread;

static void list_add(List *list, Waiting *one)
{
    one->next = NULL;
    if (list->first)
        list->last->next = one;
    else
        list->first = one;
    list->last = one;
    list->count++;
}

/* False: it is not there any more. */
static bool list_remove(List *list, Waiting *one)
{
    Waiting *before = NULL, *at = list->first;
    for (; at && at != one; at = at->next)
        before = at;
    if (!at)
        return false;
    *(before ? &before->next : &list->first) = one->next;
    if (list->last == one)
        list->last = before;
    list->count--;
    return true;
}

static Waiting *list_take(List *list)
{
    Waiting *one = list->first;
    if (one) {
        list->first = one->next;
        list->count--;
    }
    return one;
}

/* The next caller's work; NULL when nobody waits or the next does not belong in a group. */
static Waiting *take_waiting(SqliteWriter *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool fits = writer->waiting.first && writer->waiting.first->work;
    Waiting *one = fits ? list_take(&writer->waiting) : NULL;
    pthread_mutex_unlock(&writer->lock);
    return one;
}

/* --- One caller's work --------------------------------------------------------------- */

static void drop_notes(Waiting *one)
{
    for (SqliteNote *note = one->notes, *next; note; note = next) {
        next = note->next;
        free(note);
    }
    one->notes = NULL;
}

/* The caller goes on: nothing of *one may be touched afterwards. */
static void finish(SqliteWriter *writer, Waiting *one)
{
    if (one->ok)
        for (SqliteNote *note = one->notes; note; note = note->next)
            db_news_post(writer->news, note->channel, (Str){ note->text, note->length });
    drop_notes(one);
    sem_post(&one->done);
}

static bool is_group_lost(const SqliteWriter *writer)
{
    return sqlite3_get_autocommit(writer->connection->sqlite);
}

static void run_one(SqliteWriter *writer, Waiting *one, bool is_first)
{
    Connection *connection = writer->connection;
    SqliteTx tx = { .base = { .driver = &db_sqlite_driver, .kind = DB_SQLITE },
                    .connection = connection,
                    .may_write = true };

    one->ok = (is_first || sqlite_run(connection, "SAVEPOINT work", one->err)) &&
              db_work_run(&tx.base, one->work, one->argument, one->err);
    one->notes = tx.notes;
    sqlite_close_statements(connection);
    if (is_group_lost(writer)) {
        if (one->ok)
            fail(one->err, ERROR_IO, "the transaction was undone by a failure");
        one->ok = false;
        return;
    }
    Error ignored;
    if (one->ok && !is_first)
        one->ok = sqlite_run(connection, "RELEASE work", one->err);
    if (!one->ok &&
        (is_first || !sqlite_run(connection, "ROLLBACK TO work; RELEASE work", &ignored)))
        (void)!sqlite_run(connection, "ROLLBACK", &ignored);
}

/* --- A group ------------------------------------------------------------------------- */

static void fail_all(SqliteWriter *writer, List *group, const Error *reason)
{
    Waiting *one;
    while ((one = list_take(group))) {
        *one->err = *reason;
        one->ok = false;
        finish(writer, one);
    }
}

/* Runs work until the group is full or nobody waits. False when the transaction is gone; the
 * work that had succeeded is then put back to be run again. */
static bool run_works(SqliteWriter *writer, List *again, List *group)
{
    int64_t began_us = monotonic_us();
    Waiting *one;

    while (group->count < GROUP_COUNT_MAX && writer->connection->written_bytes < GROUP_BYTES_MAX &&
           (group->count == 0 || monotonic_us() - began_us < GROUP_TIME_US)) {
        one = again->first ? list_take(again) : take_waiting(writer);
        if (!one)
            break;
        run_one(writer, one, group->count == 0);
        writer->work_count++;
        bool is_lost = is_group_lost(writer);
        if (one->ok)
            list_add(group, one);
        else
            finish(writer, one);
        if (is_lost) {
            while ((one = list_take(again)))
                list_add(group, one);
            while ((one = list_take(group))) {
                drop_notes(one);
                list_add(again, one);
            }
            return false;
        }
    }
    return true;
}

static void commit(SqliteWriter *writer, List *group)
{
    Error err, ignored;
    Waiting *one;

    if (sqlite_run(writer->connection, "COMMIT", &err)) {
        writer->group_count++;
        while ((one = list_take(group)))
            finish(writer, one);
        return;
    }
    writer->failed_commit_count++;
    if (!is_group_lost(writer))
        (void)!sqlite_run(writer->connection, "ROLLBACK", &ignored);
    fail_in(&err, "nothing was stored");
    fail_all(writer, group, &err);
}

/* Writes the log back into the database, after the callers were woken. */
static void tidy_log(SqliteWriter *writer)
{
    if (writer->log_pages < LOG_PAGES_MAX)
        return;
    int how = writer->log_pages < LOG_PAGES_TOO_MANY ? SQLITE_CHECKPOINT_PASSIVE
                                                     : SQLITE_CHECKPOINT_RESTART;
    int left = 0, done = 0;
    if (sqlite3_wal_checkpoint_v2(writer->connection->sqlite, NULL, how, &left, &done) == SQLITE_OK)
        writer->log_pages =
            left - done; /* a failure shows at the next commit that needs the room */
}

static void run_group(SqliteWriter *writer, List *again)
{
    List group = { 0 };
    Error err;

    writer->connection->written_bytes = 0;
    if (!sqlite_run(writer->connection, "BEGIN IMMEDIATE", &err)) {
        Waiting *one;
        fail_all(writer, again, &err);
        while ((one = take_waiting(writer)))
            list_add(&group, one);
        fail_all(writer, &group, &err);
        return;
    }
    if (run_works(writer, again, &group))
        commit(writer, &group);
    tidy_log(writer);
}

/* Readers of an old state keep the log busy: SQLite waits for them as for a lock. */
static void empty_log(SqliteWriter *writer, Waiting *one)
{
    Connection *connection = writer->connection;

    connection->deadline_us = 0;
    one->ok = sqlite3_wal_checkpoint_v2(connection->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                        NULL) == SQLITE_OK ||
              sqlite_fail(connection, "emptying the write-ahead log", one->err);
    if (one->ok)
        writer->log_pages = 0;
    finish(writer, one);
}

/* --- The thread ---------------------------------------------------------------------- */

static void *run(void *argument)
{
    SqliteWriter *writer = argument;
    List again = { 0 };

    is_writer_thread = true;
    for (;;) {
        pthread_mutex_lock(&writer->lock);
        while (!writer->waiting.first && !writer->stopping)
            pthread_cond_wait(&writer->wake, &writer->lock);
        Waiting *next = writer->waiting.first;
        if (next && !next->work)
            (void)list_take(&writer->waiting);
        pthread_mutex_unlock(&writer->lock);
        if (!next)
            return NULL;
        if (!next->work) {
            empty_log(writer, next);
            continue;
        }
        do {
            run_group(writer, &again);
        } while (again.first);
    }
}

static int count_log_pages(void *argument, sqlite3 *sqlite, const char *name, int pages)
{
    (void)sqlite;
    (void)name;
    ((SqliteWriter *)argument)->log_pages = pages;
    return SQLITE_OK;
}

bool sqlite_writer_start(Connection *connection, DbNews *news, SqliteWriter **writer_r, Error *err)
{
    SqliteWriter *writer = heap_alloc(sizeof *writer);

    writer->connection = connection;
    writer->news = news;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->wake, NULL);
    sqlite3_wal_hook(connection->sqlite, count_log_pages, writer);
    if (pthread_create(&writer->thread, NULL, run, writer) != 0) {
        free(writer);
        return fail(err, ERROR_BUSY, "no thread could be started to write the database");
    }
    pthread_setname_np(writer->thread, "db-writer");
    *writer_r = writer;
    return true;
}

void sqlite_writer_stop(SqliteWriter *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}

/* Until the work is done, or until patience ends before it has begun: then it is taken back, and
 * false. What has begun is waited for. */
static bool wait_for_turn(SqliteWriter *writer, Waiting *one, Error *err)
{
    int64_t wait_ms = db_patience().wait_ms, until_ms = monotonic_ms() + wait_ms;
    struct timespec until = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };
    while ((wait_ms ? sem_clockwait(&one->done, CLOCK_MONOTONIC, &until) : sem_wait(&one->done)) !=
           0) {
        if (errno != ETIMEDOUT)
            continue; /* interrupted by a signal */
        pthread_mutex_lock(&writer->lock);
        bool is_back = list_remove(&writer->waiting, one);
        pthread_mutex_unlock(&writer->lock);
        if (is_back)
            return fail(err, ERROR_BUSY,
                        "%s is being written by others for too long (setting request_wait); try "
                        "again later (is another program writing to it?)",
                        writer->connection->path);
        wait_ms = 0;
    }
    return one->ok;
}

bool sqlite_writer_run(SqliteWriter *writer, DbWork *work, void *argument, Error *err)
{
    Waiting one = { .work = work, .argument = argument, .err = err };

    if (is_writer_thread)
        return fail(err, ERROR_INTERNAL, "db_write() was called inside the work of another");
    sem_init(&one.done, 0, 0);
    pthread_mutex_lock(&writer->lock);
    bool was_empty = !writer->waiting.first;
    list_add(&writer->waiting, &one);
    if (was_empty)
        pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    bool is_done = wait_for_turn(writer, &one, err);
    sem_destroy(&one.done);
    return is_done;
}

bool sqlite_writer_forget(SqliteWriter *writer, Error *err)
{
    return sqlite_writer_run(writer, NULL, NULL, err);
}

void sqlite_writer_describe(SqliteWriter *writer, Buf *json_members)
{
    pthread_mutex_lock(&writer->lock);
    size_t waiting = writer->waiting.count;
    pthread_mutex_unlock(&writer->lock);
    buf_addf(json_members, ",\"waiting_writes\":%zu,\"log_pages\":%d", waiting, writer->log_pages);
}
