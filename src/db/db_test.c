#include "db/fixture_test.h"

#include "base/clock.h"
#include "base/file.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(db, .init = open_arena, .fini = close_arena, .timeout = 60);

static const DbWho system_who = { .is_system = true };

static bool make_tables(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec(tx,
                   DB_SQL("CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT, b BLOB, r REAL)",
                          "CREATE TABLE t (n BIGINT PRIMARY KEY, s TEXT, b BYTEA,"
                          " r DOUBLE PRECISION)"),
                   DB_NO_ARGS, NULL, err) &&
           db_exec(tx, DB_SAME("CREATE TABLE child (n BIGINT REFERENCES t (n))"), DB_NO_ARGS, NULL,
                   err);
}

static Db *open_db(const char *url)
{
    Error err = { 0 };
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    return db;
}

static Db *open_with_tables(const char *url)
{
    Error err = { 0 };
    Db *db = open_db(url);
    cr_assert(db_write_schema(db, make_tables, NULL, &err), "%s", err.message);
    return db;
}

static bool insert(DbTx *tx, void *argument, Error *err)
{
    return db_exec(tx, DB_SAME("INSERT INTO t (n, s) VALUES ($1, $2)"),
                   DB_ARGS(db_int(*(int64_t *)argument), db_text(S("x"))), NULL, err);
}

static bool put(Db *db, int64_t n, Error *err)
{
    return db_write(db, &system_who, insert, &n, err);
}

static bool count_t(DbTx *tx, void *argument, Error *err)
{
    return db_query_int(tx, DB_SAME("SELECT count(*) FROM t"), DB_NO_ARGS, 0, argument, err);
}

static int64_t rows_in_t(Db *db)
{
    Error err = { 0 };
    int64_t count = -1;
    cr_assert(db_read(db, &system_who, count_t, &count, &err), "%s", err.message);
    return count;
}

/* --- Statements ----------------------------------------------------------------------- */

static bool every_type(DbTx *tx, void *argument, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    (void)argument;
    if (!db_exec(
            tx, DB_SAME("INSERT INTO t (n, s, b, r) VALUES ($1, $2, $3, $4)"),
            DB_ARGS(db_int(INT64_MIN), db_text(S("h\303\251")), db_blob(S("a\0b")), db_real(-0.1)),
            NULL, err) ||
        !db_exec(tx, DB_SAME("INSERT INTO t (n, s, b, r) VALUES ($1, $2, $3, $4)"),
                 DB_ARGS(db_int(5), db_text(STR_NONE), db_null(), db_null()), NULL, err) ||
        !db_query(tx, DB_SAME("SELECT n, s, b, r FROM t ORDER BY n"), DB_NO_ARGS, &rows, err))
        return false;
    cr_assert_eq(db_next(&rows, err), DB_ROW);
    cr_assert_eq(db_get_int(&rows, 0), INT64_MIN);
    cr_assert(str_is(db_get_text(&rows, 1, arena), "h\303\251"));
    cr_assert(str_equal(db_get_blob(&rows, 2, arena), S("a\0b")));
    cr_assert_eq(db_get_real(&rows, 3), -0.1);
    cr_assert_eq(db_next(&rows, err), DB_ROW);
    cr_assert(!db_is_null(&rows, 1) && db_get_text(&rows, 1, arena).length == 0);
    cr_assert(db_is_null(&rows, 2) && db_is_null(&rows, 3));
    cr_assert_eq(db_next(&rows, err), DB_END);
    cr_assert_eq(db_next(&rows, err), DB_END);
    db_rows_close(&rows);

    int64_t sum;
    return db_query_int(tx, DB_SAME("SELECT sum(n) FROM t WHERE n > $1"), DB_ARGS(db_int(0)), -1,
                        &sum, err) &&
           sum == 5;
}

TEST_BOTH(db, every_type_comes_back_as_it_went_in)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    cr_assert(db_write(db, &system_who, every_type, NULL, &err), "%s", err.message);
    db_close(db);
}

static bool sums(DbTx *tx, void *argument, Error *err)
{
    static const struct {
        const char *sql;
        double value;
    } cases[] = {
        { "SELECT sum(x) FROM (SELECT 9000000000000000000 AS x) q", 9e18 },
        { "SELECT -12345678", -12345678 },
        { "SELECT avg(x) FROM (SELECT 1 AS x UNION ALL SELECT 2) q", 1.5 },
        { "SELECT -0.00012", -0.00012 },
        { "SELECT 123456.75", 123456.75 },
        { "SELECT 0.0", 0 },
    };
    (void)argument;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_DB_ROWS DbRows rows = { 0 };
        if (!db_query(tx, DB_SAME(cases[i].sql), DB_NO_ARGS, &rows, err))
            return false;
        cr_assert_eq(db_next(&rows, err), DB_ROW);
        double value = db_get_real(&rows, 0), off = value - cases[i].value;
        cr_assert(off < 1e-9 && off > -1e-9, "%s: %g", cases[i].sql, value);
    }
    return true;
}

TEST_BOTH(db, numbers_of_expressions_are_read)
{
    Db *db = open_db(url);
    Error err = { 0 };
    cr_assert(db_read(db, &system_who, sums, NULL, &err), "%s", err.message);
    db_close(db);
}

static bool insert_many(DbTx *tx, void *argument, Error *err)
{
    int count = *(int *)argument;
    DbValue *values = arena_new_array(arena, DbValue, (size_t)count * 2);
    for (int i = 0; i < count; i++) {
        values[i * 2] = db_int(i);
        values[i * 2 + 1] = i % 3 ? db_text(S("text")) : db_null();
    }
    return db_exec_many(tx, DB_SAME("INSERT INTO t (n, s) VALUES ($1, $2)"), values, 2,
                        (size_t)count, err);
}

TEST_BOTH(db, many_rows_are_written_at_once_or_not_at_all)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    int count = 2500;
    cr_assert(put(db, 2400, &err));
    cr_assert(!db_write(db, &system_who, insert_many, &count, &err));
    cr_assert_eq(err.code, ERROR_CONFLICT);
    cr_assert_eq(rows_in_t(db), 1);
    count = 2400;
    cr_assert(db_write(db, &system_who, insert_many, &count, &err), "%s", err.message);
    cr_assert_eq(rows_in_t(db), 2401);
    db_close(db);
}

#define LOADED 300

static bool load_rows(DbTx *tx, void *argument, Error *err)
{
    int repeats = *(int *)argument;
    DbValue *values = arena_alloc(arena, LOADED * 4 * sizeof *values);
    char *large = arena_alloc(arena, KB(200));
    memset(large, 'x', KB(200));
    for (int i = 0; i < LOADED; i++) {
        values[i * 4] = db_int(i < LOADED - repeats ? -i : 0);
        values[i * 4 + 1] = i == 7 ? db_text((Str){ large, KB(200) }) : db_text(S("h\303\251"));
        values[i * 4 + 2] = i % 3 ? db_blob(S("a\0b")) : db_null();
        values[i * 4 + 3] = i % 2 ? db_real(-0.1) : db_null();
    }
    values[5 * 4 + 1] = db_text(STR_NONE);
    return db_load(tx,
                   DB_SQL("INSERT INTO t (n, s, b, r) VALUES ($1, $2, $3, $4)",
                          "COPY t (n, s, b, r) FROM STDIN (FORMAT binary)"),
                   values, 4, LOADED, err);
}

static bool expect_loaded(DbTx *tx, void *argument, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    (void)argument;
    if (!db_query(tx, DB_SAME("SELECT n, s, b, r FROM t ORDER BY n DESC"), DB_NO_ARGS, &rows, err))
        return false;
    for (int i = 0; i < LOADED; i++) {
        cr_assert_eq(db_next(&rows, err), DB_ROW);
        cr_assert_eq(db_get_int(&rows, 0), -i);
        cr_assert(i == 7 ? db_get_text(&rows, 1, arena).length == KB(200)
                         : str_is(db_get_text(&rows, 1, arena), i == 5 ? "" : "h\303\251"));
        cr_assert(!db_is_null(&rows, 1));
        cr_assert_eq(db_is_null(&rows, 2), i % 3 == 0);
        cr_assert(i % 3 == 0 || str_equal(db_get_blob(&rows, 2, arena), S("a\0b")));
        cr_assert_eq(db_is_null(&rows, 3), i % 2 == 0);
        cr_assert(i % 2 == 0 || db_get_real(&rows, 3) == -0.1);
    }
    return true;
}

TEST_BOTH(db, rows_are_loaded_with_every_type_or_not_at_all)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    int repeats = 1;
    cr_assert(!db_write(db, &system_who, load_rows, &repeats, &err));
    cr_assert_eq(err.code, ERROR_CONFLICT, "%s", err.message);
    cr_assert_eq(rows_in_t(db), 0);
    repeats = 0;
    cr_assert(db_write(db, &system_who, load_rows, &repeats, &err), "%s", err.message);
    cr_assert(db_read(db, &system_who, expect_loaded, NULL, &err), "%s", err.message);
    db_close(db);
}

/* --- Failures --------------------------------------------------------------------------- */

static bool insert_orphan(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec(tx, DB_SAME("INSERT INTO child VALUES (77)"), DB_NO_ARGS, NULL, err);
}

static bool insert_then_fail(DbTx *tx, void *argument, Error *err)
{
    return insert(tx, argument, err) && fail(err, ERROR_DENIED, "on purpose");
}

static bool ignore_failure(DbTx *tx, void *argument, Error *err)
{
    Error ignored;
    (void)!insert_orphan(tx, NULL, &ignored);
    return insert(tx, argument, err) || true;
}

static bool write_inside(DbTx *tx, void *argument, Error *err)
{
    (void)tx;
    int64_t n = 1;
    return db_write(argument, &system_who, insert, &n, err);
}

TEST_BOTH(db, a_failure_undoes_its_own_work_and_says_why)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    int64_t n = 5;

    cr_assert(put(db, n, &err), "%s", err.message);
    cr_assert(!put(db, n, &err) && err.code == ERROR_CONFLICT);
    cr_assert(!db_write(db, &system_who, insert_orphan, NULL, &err) && err.code == ERROR_CONFLICT);
    n = 6;
    cr_assert(!db_write(db, &system_who, insert_then_fail, &n, &err) && err.code == ERROR_DENIED);
    cr_assert(!db_write(db, &system_who, ignore_failure, &n, &err) && err.code == ERROR_INTERNAL);
    cr_assert(!db_read(db, &system_who, insert, &n, &err));
    cr_assert_eq(rows_in_t(db), 1);
    if (db_kind(db) == DB_SQLITE)
        cr_assert(!db_write(db, &system_who, write_inside, db, &err) && err.code == ERROR_INTERNAL);
    db_close(db);
}

static bool run_sql(DbTx *tx, void *argument, Error *err)
{
    return db_exec(tx, DB_SAME(argument), DB_NO_ARGS, NULL, err);
}

static char slow_sql[] = "INSERT INTO t (n) WITH RECURSIVE c (x) AS (SELECT 1000000 UNION ALL"
                         " SELECT x + 1 FROM c WHERE x < 900000000) SELECT x FROM c";

/* --- Many threads ------------------------------------------------------------------------ */

#define THREADS 16
#define EACH 50

typedef struct Writer {
    Db *db;
    int number;
    int acknowledged;
} Writer;

/* Every fifth number is already there, so its work fails; the others must not suffer. */
static void *write_many(void *argument)
{
    Writer *writer = argument;
    Error err;
    for (int i = 0; i < EACH; i++)
        writer->acknowledged += put(writer->db, i % 5 == 4 ? -1 : writer->number * EACH + i, &err);
    return NULL;
}

static int write_with_threads(Db *db)
{
    pthread_t threads[THREADS];
    Writer writers[THREADS];
    int acknowledged = 0;
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (Writer){ .db = db, .number = i };
        cr_assert_eq(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        acknowledged += writers[i].acknowledged;
    }
    return acknowledged;
}

TEST_BOTH(db, work_that_fails_does_not_disturb_its_group)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    cr_assert(put(db, -1, &err));
    cr_assert_eq(write_with_threads(db), THREADS * EACH * 4 / 5);
    cr_assert_eq(rows_in_t(db), THREADS * EACH * 4 / 5 + 1);
    db_close(db);
}

/* SQLite undoes the whole group when a write is interrupted; the others' work runs again. */
TEST_BOTH(db, a_statement_that_takes_too_long_is_stopped_alone)
{
    Error err = { 0 };
    Db *db;
    DbOptions options = { .timeout_ms = 300 };
    pthread_t threads[4];
    Writer writers[4];

    db_close(open_with_tables(url));
    cr_assert(db_open(url, &options, &db, &err), "%s", err.message);
    for (int i = 0; i < 4; i++) {
        writers[i] = (Writer){ .db = db, .number = i };
        cr_assert_eq(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    int64_t began = monotonic_ms();
    cr_assert(!db_write(db, &system_who, run_sql, slow_sql, &err));
    cr_assert_eq(err.code, ERROR_TIMEOUT);
    cr_assert(monotonic_ms() - began < 5000);
    int64_t acknowledged = 0;
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        acknowledged += writers[i].acknowledged;
    }
    cr_assert_eq(rows_in_t(db), acknowledged);
    cr_assert(acknowledged >= 4 * EACH * 4 / 5);
    db_close(db);
}

TEST_BOTH(db, with_every_nth_statement_failing_what_is_acknowledged_is_there)
{
    static const int every[] = { 1, 2, 3, 7, 50 };
    Db *plain = open_with_tables(url);
    for (size_t i = 0; i < COUNT(every); i++) {
        Db *db = open_db(str_format(arena, "failing:%d:%s", every[i], url).at);
        int64_t before = rows_in_t(plain);
        cr_assert_eq(write_with_threads(db), rows_in_t(plain) - before);
        db_close(db);
    }
    db_close(plain);
}

/* --- A process that is killed ---------------------------------------------------------------- */

/* Writes rows 0, 1, 2 ... and tells each over the pipe once it is acknowledged. */
static void write_until_killed(const char *url, int out)
{
    Db *db;
    Error err;
    if (!db_open(url, NULL, &db, &err))
        _exit(1);
    for (int64_t n = 0;; n++)
        if (!put(db, n, &err) || write(out, "x", 1) != 1)
            _exit(2);
}

TEST_BOTH(db, what_was_acknowledged_survives_kill_9)
{
    int ends[2];
    db_close(open_with_tables(url));
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(url, ends[1]);
    close(ends[1]);

    int64_t acknowledged = 0;
    char bytes[64];
    ssize_t count;
    while (acknowledged < 60 && (count = read(ends[0], bytes, sizeof bytes)) > 0)
        acknowledged += count;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while ((count = read(ends[0], bytes, sizeof bytes)) > 0)
        acknowledged += count;

    Db *db = open_db(url);
    int64_t rows = rows_in_t(db);
    cr_assert(acknowledged >= 60 && rows >= acknowledged && rows <= acknowledged + 1,
              "%d told, %d there", (int)acknowledged, (int)rows);
    db_close(db);
}

/* --- A full disk -------------------------------------------------------------------------- */

static bool insert_large(DbTx *tx, void *argument, Error *err)
{
    Str large = { arena_alloc(arena, 5000), 5000 };
    return db_exec(tx, DB_SAME("INSERT INTO t (n, b) VALUES ($1, $2)"),
                   DB_ARGS(db_int(*(int64_t *)argument), db_blob(large)), NULL, err);
}

/* A limit on the size of files stands for the end of the disk. */
Test(db, when_the_disk_is_full_writes_fail_clearly_and_go_on_when_there_is_room)
{
    Db *db = open_with_tables(test_db_url(arena, DB_SQLITE));
    struct rlimit limit, small;
    Error err = { 0 };
    int64_t n = 0;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){ .rlim_cur = KB(400), .rlim_max = limit.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    while (n < 1000 && db_write(db, &system_who, insert_large, &n, &err))
        n++;
    cr_assert(n > 0 && n < 1000);
    cr_assert(err.code == ERROR_IO || err.code == ERROR_FULL, "%s", err.message);
    cr_assert(!db_write(db, &system_who, insert_large, &n, &err));
    cr_assert_eq(rows_in_t(db), n);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_assert(db_write(db, &system_who, insert_large, &n, &err), "%s", err.message);
    cr_assert_eq(rows_in_t(db), n + 1);
    db_close(db);
}

/* --- Erasing ------------------------------------------------------------------------------ */

static bool is_in_file(const char *path, Str text)
{
    AUTO_ARENA Arena *own = arena_new(MB(32));
    Str bytes;
    Error err;
    return file_read(own, path, MB(16), &bytes, &err) && str_find(bytes, text) >= 0;
}

Test(db, erased_text_is_in_no_file_of_sqlite)
{
    static char add[] = "INSERT INTO t (n, s) VALUES (1, 'the secret of the sea')";
    static char erase[] = "DELETE FROM t WHERE n = 1";
    const char *path = test_db_url(arena, DB_SQLITE);
    const char *log = str_format(arena, "%s-wal", path).at;
    Db *db = open_with_tables(path);
    Error err = { 0 };
    Str secret = S("secret of the sea");

    cr_assert(db_write(db, &system_who, run_sql, add, &err), "%s", err.message);
    cr_assert(is_in_file(path, secret) || is_in_file(log, secret));
    cr_assert(db_forget(db, &err), "%s", err.message);
    cr_assert(is_in_file(path, secret));
    cr_assert(db_write(db, &system_who, run_sql, erase, &err), "%s", err.message);
    cr_assert(db_forget(db, &err), "%s", err.message);
    cr_assert(!is_in_file(path, secret) && !is_in_file(log, secret));
    db_close(db);
}

/* --- News ---------------------------------------------------------------------------------- */

static atomic_int heard_count, missed_count;
static void hear(void *argument, const char *channel, Str text)
{
    cr_assert(argument == &heard_count && strcmp(channel, "news") == 0);
    if (!text.length)
        atomic_fetch_add(&missed_count, 1);
    else if (str_is(text, "hello"))
        atomic_fetch_add(&heard_count, 1);
}

static bool send_news(DbTx *tx, void *argument, Error *err)
{
    return db_notify(tx, "news", S("hello"), err) && db_notify(tx, "other", S("hello"), err) &&
           (!argument || fail(err, ERROR_DENIED, "on purpose"));
}

static bool wait_for(atomic_int *number, int wanted)
{
    for (int i = 0; i < 800 && atomic_load(number) < wanted; i++)
        sleep_ms(10);
    return atomic_load(number) == wanted;
}

TEST_BOTH(db, news_are_heard_once_the_work_is_committed_on_every_node)
{
    Db *db = open_db(url), *other = open_db(url);
    Error err = { 0 };
    int wanted = db_kind(db) == DB_POSTGRES ? 2 : 1;

    cr_assert(db_listen(db, "news", hear, &heard_count, &err), "%s", err.message);
    cr_assert(db_listen(other, "news", hear, &heard_count, &err), "%s", err.message);
    cr_assert(!db_listen(db, "No;Drop", hear, NULL, &err));
    cr_assert(!db_write(db, &system_who, send_news, &err, &err));
    cr_assert(db_write(db, &system_who, send_news, NULL, &err), "%s", err.message);
    cr_assert(wait_for(&heard_count, wanted));
    db_unlisten(other, "news", hear, &heard_count);
    cr_assert(db_write(db, &system_who, send_news, NULL, &err), "%s", err.message);
    cr_assert(wait_for(&heard_count, wanted + 1));
    sleep_ms(50);
    cr_assert_eq(atomic_load(&heard_count), wanted + 1);
    db_close(other);
    db_close(db);
}

static void hear_watch(void *argument, const char *channel, Str text)
{
    (void)channel;
    if (str_is(text, "watch 7 on"))
        atomic_fetch_add((atomic_int *)argument, 1);
}

TEST_BOTH(db, what_is_watched_is_told_by_a_database_that_may_lose_news)
{
    Db *db = open_db(url);
    Error err = { 0 };

    cr_assert(db_listen(db, "news", hear_watch, &heard_count, &err), "%s", err.message);
    cr_assert_eq(db_watch(db, "news", "SELECT '7 ' || current_setting('lectern.system')"),
                 db_kind(db) == DB_POSTGRES);
    cr_assert(!db_watch(db, "nobody_listens", "SELECT '1'"));
    if (db_kind(db) == DB_POSTGRES)
        cr_assert(wait_for(&heard_count, 1));
    db_close(db);
}

static bool send_hints(DbTx *tx, void *is_here, Error *err)
{
    return is_here ? db_hint_here(tx, "news", S("hello"), err)
                   : db_hint(tx, "news", S("hello"), err);
}

TEST_BOTH(db, a_hint_for_this_process_is_heard_by_no_other)
{
    Db *db = open_db(url), *other = open_db(url);
    Error err = { 0 };
    int wanted = db_kind(db) == DB_POSTGRES ? 2 : 1;

    cr_assert(db_listen(db, "news", hear, &heard_count, &err), "%s", err.message);
    cr_assert(db_listen(other, "news", hear, &heard_count, &err), "%s", err.message);
    cr_assert(db_write(db, &system_who, send_hints, &err, &err), "%s", err.message);
    cr_assert(db_write(db, &system_who, send_hints, NULL, &err), "%s", err.message);
    cr_assert(wait_for(&heard_count, wanted + 1));
    db_close(other);
    db_close(db);
}

static bool send_here_then_to_all(DbTx *tx, void *unused, Error *err)
{
    (void)unused;
    return db_hint_here(tx, "news", S("hello"), err) && db_hint(tx, "news", S("hello"), err);
}

TEST_BOTH(db, a_hint_for_all_is_heard_by_all_though_this_process_had_it_before)
{
    Db *db = open_db(url), *other = open_db(url);
    Error err = { 0 };

    if (db_kind(db) == DB_POSTGRES) {
        cr_assert(db_listen(other, "news", hear, &heard_count, &err), "%s", err.message);
        cr_assert(db_write(db, &system_who, send_here_then_to_all, NULL, &err), "%s", err.message);
        cr_assert(wait_for(&heard_count, 1));
    }
    db_close(other);
    db_close(db);
}

/* --- PostgreSQL alone ------------------------------------------------------------------------ */

Test(db, work_and_news_go_on_after_postgres_restarted)
{
    const char *folder, *url = test_postgres_own(arena, &folder);
    Error err = { 0 };
    if (!url)
        return;
    Db *db = open_with_tables(url);
    cr_assert(db_listen(db, "news", hear, &heard_count, &err), "%s", err.message);
    cr_assert(put(db, 1, &err));
    test_postgres_restart(folder);
    cr_assert(put(db, 2, &err), "%s", err.message);
    cr_assert_eq(rows_in_t(db), 2);
    cr_assert(wait_for(&missed_count, 1)); /* "look yourself" */
    cr_assert(db_write(db, &system_who, send_news, NULL, &err), "%s", err.message);
    cr_assert(wait_for(&heard_count, 1));
    cr_assert(!db_is_away(url));
    test_postgres_stop(folder);
    cr_assert(!put(db, 3, &err) && err.code == ERROR_BUSY, "%s", err.message);
    cr_assert(db_is_away(url) && !db_is_away("lectern.db"));
    db_close(db);
}

typedef struct Breaking {
    int runs, broken; /* how often its connection is to break */
} Breaking;

static bool break_connection(DbTx *tx, void *argument, Error *err)
{
    Breaking *breaking = argument;
    bool breaks = breaking->runs++ < breaking->broken;
    int64_t n = 1;
    return insert(tx, &n, err) &&
           (!breaks || db_exec(tx, DB_SAME("SELECT pg_terminate_backend(pg_backend_pid())"),
                               DB_NO_ARGS, NULL, err));
}

TEST_BOTH(db, work_whose_connection_breaks_before_its_commit_is_done_once)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    Breaking breaking = { .broken = db_kind(db) == DB_POSTGRES ? 2 : 0 };

    cr_assert(db_write(db, &system_who, break_connection, &breaking, &err), "%s", err.message);
    cr_assert_eq(breaking.runs, breaking.broken + 1);
    cr_assert_eq(rows_in_t(db), 1);
    db_close(db);
}

typedef struct Order {
    int64_t first, second;
} Order;

static bool lock_two(DbTx *tx, void *argument, Error *err)
{
    Order *order = argument;
    if (!db_exec(tx, DB_SAME("UPDATE t SET s = s WHERE n = $1"), DB_ARGS(db_int(order->first)),
                 NULL, err))
        return false;
    sleep_ms(100);
    return db_exec(tx, DB_SAME("UPDATE t SET s = s WHERE n = $1"), DB_ARGS(db_int(order->second)),
                   NULL, err);
}

typedef struct Locker {
    Db *db;
    Order order;
    sem_t *is_held;
    bool ok;
} Locker;

static void *run_locker(void *argument)
{
    Locker *locker = argument;
    Error err;
    locker->ok = db_write(locker->db, &system_who, lock_two, &locker->order, &err);
    return NULL;
}

TEST_BOTH(db, a_deadlock_is_run_again)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    Locker lockers[2] = { { .db = db, .order = { 1, 2 } }, { .db = db, .order = { 2, 1 } } };
    pthread_t threads[2];

    cr_assert(put(db, 1, &err) && put(db, 2, &err));
    for (int i = 0; i < 2; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_locker, &lockers[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    cr_assert(lockers[0].ok && lockers[1].ok);
    db_close(db);
}

/* --- Patience --------------------------------------------------------------------------------- */

static bool hold_row(DbTx *tx, void *argument, Error *err)
{
    sem_t *is_held = argument;
    bool ok = db_exec(tx, DB_SAME("UPDATE t SET s = s WHERE n = 1"), DB_NO_ARGS, NULL, err);
    sem_post(is_held);
    sleep_ms(1500);
    return ok;
}

static void *run_holder(void *argument)
{
    Locker *holder = argument;
    Error err;
    holder->ok = db_write(holder->db, &system_who, hold_row, holder->is_held, &err);
    return NULL;
}

static bool mark_row(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec(tx, DB_SAME("UPDATE t SET s = 'marked' WHERE n = 1"), DB_NO_ARGS, NULL, err);
}

static bool count_marked(DbTx *tx, void *argument, Error *err)
{
    return db_query_int(tx, DB_SAME("SELECT count(*) FROM t WHERE s = 'marked'"), DB_NO_ARGS, 0,
                        argument, err);
}

TEST_BOTH(db, who_has_patience_for_so_long_is_not_served_later)
{
    Db *db = open_with_tables(url);
    Error err = { 0 };
    sem_t is_held;
    Locker holder = { .db = db, .is_held = &is_held };
    pthread_t thread;
    int64_t marked = -1;

    sem_init(&is_held, 0, 0);
    cr_assert(put(db, 1, &err));
    cr_assert_eq(pthread_create(&thread, NULL, run_holder, &holder), 0);
    sem_wait(&is_held);
    db_set_patience((DbPatience){ .wait_ms = 100 });
    int64_t began_ms = monotonic_ms();
    cr_assert(!db_write(db, &system_who, mark_row, NULL, &err));
    cr_expect_eq(err.code, ERROR_BUSY, "%s", err.message);
    cr_expect(strstr(err.message, "request_wait"), "%s", err.message);
    cr_expect_lt(monotonic_ms() - began_ms, 1000);
    cr_assert(db_read(db, &system_who, count_marked, &marked, &err), "%s", err.message);
    pthread_join(thread, NULL);
    cr_assert(holder.ok && db_read(db, &system_who, count_marked, &marked, &err));
    cr_expect_eq(marked, 0);
    cr_assert(db_write(db, &system_who, mark_row, NULL, &err), "%s", err.message);
    db_set_patience((DbPatience){ 0 });
    db_close(db);
}

/* --- Opening ---------------------------------------------------------------------------------- */

Test(db, what_cannot_be_opened_is_said_in_one_sentence)
{
    const char *folder = test_folder(arena);
    const char *damaged = str_format(arena, "%s/damaged.db", folder).at;
    Error err = { 0 };
    Db *db;

    cr_assert(file_write(damaged,
                         S("this is no database, and it is long enough to see that. "
                           "Really, it is not one at all, whatever its name may say."),
                         0600, &err));
    cr_assert(!db_open(damaged, NULL, &db, &err));
    cr_assert_eq(err.code, ERROR_DAMAGED, "%s", err.message);
    cr_assert(!db_open(str_format(arena, "%s/none/a.db", folder).at, NULL, &db, &err));
    cr_assert_eq(err.code, ERROR_IO, "%s", err.message);
    cr_assert(!db_open("postgresql://nobody@127.0.0.1:1/none", NULL, &db, &err));
    cr_assert_eq(err.code, ERROR_BUSY, "%s", err.message);
    cr_assert(!db_open("failing:0:x.db", NULL, &db, &err) && err.code == ERROR_INVALID);
    cr_assert(!db_open("mysql://root@localhost/lectern", NULL, &db, &err));
    cr_assert(err.code == ERROR_INVALID && strstr(err.message, "postgresql://"), "%s", err.message);
}
