/* db_postgres_replicas_test.c - reading from a real standby: never older than what was told to be
 * kept. */
#include "db/db_servers.h"
#include "db/fixture_standby_test.h"
#include "db/fixture_test.h"

TestSuite(db_replicas, .timeout = 120);

typedef struct Bench {
    Arena *arena;
    const char *primary, *standby;
    Db *db;
} Bench;

typedef struct Seen {
    int64_t newest, is_standby;
} Seen;

static Str url_of(const Bench *bench, const char *folder)
{
    return str_format(bench->arena, "postgresql://postgres@/postgres?host=%s/pg", folder);
}

static void open_bench(Bench *bench)
{
    DbReplicaOptions options = { .urls = { url_of(bench, bench->standby).at },
                                 .count = 1,
                                 .connection_max = 2,
                                 .wait_ms = 2000 };
    Error err;
    cr_assert(db_open(url_of(bench, bench->primary).at, NULL, &bench->db, &err), "%s", err.message);
    db_use_replicas(bench->db, &options);
}

static bool make_table(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec(tx, DB_SAME("CREATE TABLE IF NOT EXISTS seen (n bigint)"), DB_NO_ARGS, NULL,
                   err);
}

static bool add_row(DbTx *tx, void *argument, Error *err)
{
    return db_exec(tx, DB_SAME("INSERT INTO seen VALUES ($1)"), DB_ARGS(db_int(*(int *)argument)),
                   NULL, err);
}

static bool look(DbTx *tx, void *argument, Error *err)
{
    Seen *seen = argument;
    return db_query_int(tx, DB_SAME("SELECT max(n) FROM seen"), DB_NO_ARGS, 0, &seen->newest,
                        err) &&
           db_query_int(tx, DB_SAME("SELECT pg_is_in_recovery()"), DB_NO_ARGS, 0, &seen->is_standby,
                        err);
}

static void write_row(const Bench *bench, int n)
{
    Error err;
    cr_assert(db_write(bench->db, NULL, add_row, &n, &err), "%s", err.message);
}

/* What is read after it was written, and where. */
static void expect_read(const Bench *bench, int n, bool at_standby)
{
    Seen seen = { 0 };
    Error err;
    write_row(bench, n);
    cr_assert(db_read_replica(bench->db, NULL, look, &seen, &err), "%s", err.message);
    cr_expect_eq(seen.newest, n);
    cr_expect_eq(seen.is_standby, at_standby, "row %d", n);
}

static DbReplicaCounts counts(const Bench *bench)
{
    DbReplicaCounts found[DB_REPLICAS_MAX];
    cr_assert_eq(db_replica_counts(bench->db, found), 1);
    return found[0];
}

static void reopen(Bench *bench)
{
    db_close(bench->db);
    open_bench(bench);
}

Test(db_replicas, reading_there_shows_all_that_was_kept_before_and_else_is_done_at_the_primary)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Bench bench = { .arena = arena };
    Error err;
    if (!test_postgres_own(arena, &bench.primary))
        return;
    test_postgres_standby(arena, bench.primary, &bench.standby);
    open_bench(&bench);
    cr_assert(db_write(bench.db, NULL, make_table, NULL, &err), "%s", err.message);
    for (int n = 1; n <= 50; n++)
        expect_read(&bench, n, true);
    cr_expect_eq(counts(&bench).reads, 50);
    test_postgres_say(bench.standby, "SELECT pg_wal_replay_pause()");
    expect_read(&bench, 51, false);
    cr_expect_eq(counts(&bench).behind, 1);
    expect_read(&bench, 52, false);
    cr_expect_eq(counts(&bench).behind, 1, "it is left alone for a while");
    test_postgres_say(bench.standby, "SELECT pg_wal_replay_resume()");
    reopen(&bench);
    expect_read(&bench, 53, true);
    test_postgres_promote(bench.standby);
    expect_read(&bench, 54, false);
    cr_expect_eq(counts(&bench).away, 1, "one that was promoted follows nobody");
    test_postgres_stop(bench.standby);
    reopen(&bench);
    expect_read(&bench, 55, false);
    cr_expect_eq(counts(&bench).away, 1);
    db_close(bench.db);
    test_postgres_stop(bench.primary);
}

/* Whoever is promoted away from it, what an old primary writes goes on to its own standbys. */
Test(db_replicas, one_that_follows_an_old_primary_is_not_read)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Bench bench = { .arena = arena };
    const char *old;
    Error err;
    if (!test_postgres_own(arena, &old))
        return;
    test_postgres_standby(arena, old, &bench.primary);
    test_postgres_standby(arena, old, &bench.standby);
    test_postgres_promote(bench.primary);
    open_bench(&bench);
    cr_assert(db_write(bench.db, NULL, make_table, NULL, &err), "%s", err.message);
    test_postgres_say(old, "CREATE TABLE seen (n bigint)");
    test_postgres_say(old, "INSERT INTO seen SELECT 1000 FROM generate_series(1, 200000)");
    expect_read(&bench, 1, false);
    cr_expect_eq(counts(&bench).stray, 1);
    test_postgres_stop(bench.standby);
    test_postgres_standby(arena, bench.primary, &bench.standby);
    reopen(&bench);
    expect_read(&bench, 2, true);
    cr_expect_eq(counts(&bench).stray, 0, "one that was made anew follows the new primary");
    db_close(bench.db);
    test_postgres_stop(bench.standby);
    test_postgres_stop(bench.primary);
    test_postgres_stop(old);
}
