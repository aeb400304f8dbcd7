/* db_postgres_cluster_test.c - a primary that dies, is demoted, or comes back after another took
 * over; with real standbys. */
#include "base/clock.h"
#include "db/db_servers.h"
#include "db/fixture_standby_test.h"
#include "db/fixture_test.h"

#include <stdatomic.h>

TestSuite(db_cluster, .timeout = 120);

typedef struct Pair {
    Arena *arena;
    const char *first, *other, *url, *file;
} Pair;

static void must(Db *db, DbWork *work, void *argument)
{
    Error err;
    cr_assert(db_write(db, NULL, work, argument, &err), "%s", err.message);
}

static bool make_table(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec(tx, DB_SAME("CREATE TABLE kept (n bigint PRIMARY KEY)"), DB_NO_ARGS, NULL, err);
}

static bool add_row(DbTx *tx, void *argument, Error *err)
{
    return db_exec(tx, DB_SAME("INSERT INTO kept VALUES ($1)"), DB_ARGS(db_int(*(int *)argument)),
                   NULL, err) &&
           db_notify(tx, "added", S("one"), err);
}

static bool sum_rows(DbTx *tx, void *argument, Error *err)
{
    return db_query_int(tx, DB_SAME("SELECT coalesce(sum(n), 0)::bigint FROM kept"), DB_NO_ARGS, 0,
                        argument, err);
}

static int64_t sum(Db *db)
{
    int64_t found = -1;
    Error err;
    cr_assert(db_read(db, NULL, sum_rows, &found, &err), "%s", err.message);
    return found;
}

/* A primary with a table, and a standby without which nothing is acknowledged. */
static bool start_pair(Pair *pair)
{
    if (!test_postgres_own(pair->arena, &pair->first))
        return false;
    test_postgres_standby(pair->arena, pair->first, &pair->other);
    test_postgres_say(pair->first, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    test_postgres_say(pair->first, "SELECT pg_reload_conf()");
    pair->url = str_format(pair->arena, "postgresql://postgres@/postgres?host=%s/pg,%s/pg",
                           pair->first, pair->other)
                    .at;
    pair->file = str_format(pair->arena, "%s/timeline", test_folder(pair->arena)).at;
    return true;
}

static Db *open_pair(const Pair *pair)
{
    Error err;
    Db *db;
    cr_assert(db_open(pair->url, NULL, &db, &err), "%s", err.message);
    cr_assert(db_remember(db, pair->file, &err), "%s", err.message);
    return db;
}

static DbServerRole role_at(Db *db, Arena *arena, size_t at)
{
    DbServer *servers;
    cr_assert_eq(db_servers(db, arena, &servers), 2);
    return servers[at].role;
}

static void expect_old_primary_is_refused(const Pair *pair)
{
    Error err;
    Db *db;
    test_postgres_stop(pair->other);
    cr_assert(db_open(pair->url, NULL, &db, &err), "%s", err.message);
    cr_assert(!db_remember(db, pair->file, &err));
    cr_expect_eq(err.code, ERROR_BUSY);
    cr_expect(strstr(err.message, "was the primary until another one took over"), "%s",
              err.message);
    db_close(db);
}

Test(db_cluster, a_standby_takes_over_and_the_old_primary_is_never_written_again)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Pair pair = { .arena = arena };
    if (!start_pair(&pair))
        return;
    Db *db = open_pair(&pair);
    must(db, make_table, NULL);
    must(db, add_row, &(int){ 1 });
    cr_expect_eq(role_at(db, arena, 1), DB_SERVER_STANDBY);
    test_postgres_stop(pair.first);
    test_postgres_promote(pair.other);
    must(db, add_row, &(int){ 10 });
    cr_expect_eq(sum(db), 11, "what was acknowledged is there");
    test_postgres_start(pair.first);
    cr_expect_eq(role_at(db, arena, 0), DB_SERVER_OLD_PRIMARY);
    cr_expect_eq(role_at(db, arena, 1), DB_SERVER_PRIMARY);
    db_close(db);
    db = open_pair(&pair);
    must(db, add_row, &(int){ 100 });
    cr_expect_eq(sum(db), 111, "the newest is chosen, not the first");
    db_close(db);
    expect_old_primary_is_refused(&pair);
    test_postgres_stop(pair.first);
}

static void count_news(void *argument, const char *channel, Str text)
{
    (void)channel;
    if (str_is(text, "one"))
        atomic_fetch_add((atomic_int *)argument, 1);
}

Test(db_cluster, work_and_news_go_to_the_new_primary_when_the_old_one_is_made_read_only)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Pair pair = { .arena = arena };
    atomic_int heard = 0;
    Error err;
    if (!start_pair(&pair))
        return;
    Db *db = open_pair(&pair);
    must(db, make_table, NULL);
    cr_assert(db_listen(db, "added", count_news, &heard, &err), "%s", err.message);
    test_postgres_say(pair.first, "ALTER SYSTEM SET default_transaction_read_only = on");
    test_postgres_say(pair.first, "SELECT pg_reload_conf()");
    test_postgres_promote(pair.other);
    must(db, add_row, &(int){ 7 });
    cr_expect_eq(sum(db), 7);
    for (int n = 0; n < 200 && !atomic_load(&heard); n++) {
        must(db, add_row, &(int){ 100 + n });
        sleep_ms(25);
    }
    cr_expect(atomic_load(&heard), "who listens hears the new primary");
    cr_expect_eq(role_at(db, arena, 1), DB_SERVER_PRIMARY);
    db_close(db);
    test_postgres_stop(pair.first);
    test_postgres_stop(pair.other);
}
