#include "db/fixture_test.h"

#include "base/clock.h"
#include "store/migrate.h"
#include "store/scope.h"

#include <pthread.h>

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(16)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(migrate, .init = open_arena, .fini = close_arena, .timeout = 60);

static Db *open_db(const char *url)
{
    Error err = { 0 };
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    return db;
}

typedef struct Question {
    DbSql sql;
    int64_t answer;
} Question;

static bool ask(DbTx *tx, void *argument, Error *err)
{
    Question *question = argument;
    return db_query_int(tx, question->sql, DB_NO_ARGS, -1, &question->answer, err);
}

static int64_t answer(Db *db, DbSql sql, const DbWho *who)
{
    Question question = { .sql = sql };
    Error err = { 0 };
    cr_assert(db_read(db, who, ask, &question, &err), "%s", err.message);
    return question.answer;
}

static bool run_sql(DbTx *tx, void *argument, Error *err)
{
    return db_exec_script(tx, argument, err);
}

static const DbWho system_who = { .is_system = true };
static const DbSql count_tables = {
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
};

TEST_BOTH_EMPTY(migrate, up_down_and_up_again)
{
    Db *db = open_db(url);
    Error err = { 0 };
    MigrateStatus status;

    cr_assert(migrate_status(db, &status, &err) && status.applied == 0, "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert(migrate_status(db, &status, &err) && status.applied == status.newest);
    int64_t tables = answer(db, count_tables, &system_who);
    cr_assert_gt(tables, 5);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert(migrate_down(db, 0, &err), "%s", err.message);
    cr_assert(migrate_status(db, &status, &err) && status.applied == 0);
    cr_assert_eq(answer(db, count_tables, &system_who), 1); /* schema_version itself */
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert_eq(answer(db, count_tables, &system_who), tables);
    db_close(db);
}

TEST_BOTH_EMPTY(migrate, one_that_is_missing_between_others_is_applied)
{
    static char forget[] = "DROP TABLE group_members; DROP TABLE workspace_groups;"
                           "DELETE FROM schema_version WHERE number = 44";
    const DbSql count = DB_SAME("SELECT count(*) FROM schema_version");
    Db *db = open_db(url);
    Error err = { 0 };
    cr_assert(migrate_up(db, &err), "%s", err.message);
    int64_t tables = answer(db, count_tables, &system_who), rows = answer(db, count, &system_who);
    cr_assert(db_write_schema(db, run_sql, forget, &err), "%s", err.message);
    cr_assert_eq(answer(db, count_tables, &system_who), tables - 2);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert_eq(answer(db, count_tables, &system_who), tables);
    cr_assert_eq(answer(db, count, &system_who), rows);
    db_close(db);
}

TEST_BOTH_EMPTY(migrate, a_database_of_a_newer_program_is_refused_in_one_sentence)
{
    static char newer[] = "INSERT INTO schema_version VALUES (9000, 'future', 0, '99.0.0')";
    static char harmless[] =
        "UPDATE schema_version SET oldest_program = '0.0.1' WHERE number = 9000";
    Db *db = open_db(url);
    Error err = { 0 };

    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert(db_write_schema(db, run_sql, newer, &err), "%s", err.message);
    cr_assert(!migrate_up(db, &err));
    cr_assert_eq(err.code, ERROR_UNSUPPORTED);
    cr_assert(strstr(err.message, "needs Lectern 99.0.0"), "%s", err.message);
    cr_assert(db_write_schema(db, run_sql, harmless, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    db_close(db);
}

TEST_BOTH_EMPTY(migrate, what_calls_had_cost_is_kept_as_sums)
{
    static char rows[] =
        "INSERT INTO usage (workspace, id, user_id, key_id, feature, model, provider, status,"
        " input_tokens, output_tokens, cost_pico, took_ms, created_at) VALUES"
        " ('w', '1', 'u', 'k', 'ask', 'm', 'p', 'ok', 10, 1, 100, 7, 3600001),"
        " ('w', '2', 'u', 'k', 'ask', 'm', 'p', 'done', 20, 2, 200, 7, 3600002),"
        " ('w', '3', 'u', 'k', 'ask', 'm', 'p', 'upstream', 0, 0, 0, 7, 3600003),"
        " ('v', '4', 'u', 'k', 'ask', 'm', 'p', 'ok', 40, 4, 400, 7, 90000000)";
    static const struct {
        const char *sql;
        int64_t expected;
    } cases[] = {
        { "SELECT calls FROM call_sums WHERE span = 1 AND workspace = 'w' AND status = 'ok'", 2 },
        { "SELECT cost_pico FROM call_sums WHERE span = 2 AND workspace = 'w' AND status = 'ok'",
          300 },
        { "SELECT at FROM call_sums WHERE span = 1 AND workspace = 'v'", 90000000 },
        { "SELECT at FROM call_sums WHERE span = 2 AND workspace = 'v'", 86400000 },
        { "SELECT count(*) FROM call_sums", 6 },
    };
    Db *db = open_db(url);
    Error err = { 0 };
    cr_assert(migrate_up(db, &err) && migrate_down(db, 11, &err), "%s", err.message);
    cr_assert(db_write_schema(db, run_sql, rows, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_assert_eq(answer(db, DB_SAME(cases[i].sql), &system_who), cases[i].expected, "%s",
                     cases[i].sql);
    db_close(db);
}

static void *migrate_too(void *url)
{
    Db *db = open_db(url);
    Error err = { 0 };
    bool ok = migrate_up(db, &err);
    db_close(db);
    return ok ? url : NULL;
}

Test(migrate, nodes_that_start_together_take_turns)
{
    const char *url = test_db_url(arena, DB_POSTGRES);
    pthread_t threads[4];
    void *ok;
    if (!url)
        return;
    char *own = str_c(arena, str(url));
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, migrate_too, own), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &ok);
        cr_assert(ok);
    }
}

/* --- Row-level security ------------------------------------------------------------------- */

Test(migrate, postgres_guards_every_table_of_a_workspace)
{
    const char *url = test_db_url(arena, DB_POSTGRES);
    Error err = { 0 };
    if (!url)
        return;
    Db *db = open_db(url);
    cr_assert(migrate_up(db, &err), "%s", err.message);
#define OF_A_WORKSPACE                                                                             \
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace'"       \
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')"
    cr_assert_gt(answer(db, DB_SAME("SELECT count(*)" OF_A_WORKSPACE), &system_who), 5);
    cr_assert_eq(answer(db,
                        DB_SAME("SELECT count(*)" OF_A_WORKSPACE
                                " AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS"
                                " (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))"),
                        &system_who),
                 0);
    db_close(db);
}

static bool insert_job(DbTx *tx, void *argument, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO schedules (id, workspace, name, type, next_at)"
                           " VALUES ($1, $1, $1, 'type', 0)"),
                   DB_ARGS(db_text(*(Str *)argument)), NULL, err);
}

Test(migrate, postgres_shows_a_transaction_only_the_rows_of_its_workspace)
{
    static char workspaces[] =
        "INSERT INTO workspaces (id, name, settings, created_at) VALUES ('a', '', '{}', 0),"
        " ('b', '', '{}', 0)";
    const DbWho a = { .workspace = S("a") }, nobody = { 0 };
    const DbSql count = DB_SAME("SELECT count(*) FROM schedules");
    const char *url = test_db_url(arena, DB_POSTGRES);
    Str names[] = { S("a"), S("b") };
    Error err = { 0 };
    if (!url)
        return;
    Db *db = open_db(url); /* as a superuser, who would see everything */
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert(db_write_schema(db, run_sql, workspaces, &err), "%s", err.message);
    cr_assert(db_write(db, &a, insert_job, &names[0], &err), "%s", err.message);
    cr_assert(!db_write(db, &a, insert_job, &names[1], &err));
    cr_assert_eq(err.code, ERROR_DENIED, "%s", err.message);
    cr_assert(db_write(db, &system_who, insert_job, &names[1], &err), "%s", err.message);
    cr_assert_eq(answer(db, count, &system_who), 2);
    cr_assert_eq(answer(db, count, &a), 1);
    cr_assert_eq(answer(db, count, &nobody), 0);
    db_close(db);
}

/* --- The text for PostgreSQL --------------------------------------------------------------- */

Test(migrate, sqlite_text_becomes_postgres_text)
{
    static const struct {
        const char *sqlite, *postgres;
    } cases[] = {
        { "n INTEGER, r REAL, b BLOB", "n BIGINT, r DOUBLE PRECISION, b BYTEA" },
        { "id TEXT NOT NULL", "id TEXT COLLATE \"C\" NOT NULL" },
        { "id INTEGER PRIMARY KEY AUTOINCREMENT",
          "id BIGINT PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY" },
        { "DEFAULT 'TEXT, STRICT'", "DEFAULT 'TEXT, STRICT'" },
        { "CONTEXT BLOBS", "CONTEXT BLOBS" },
        { ") STRICT;", ") ;" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str text = migrate_postgres_text(arena, str(cases[i].sqlite));
        cr_assert(str_is(text, cases[i].postgres), "%s gives " STR_FMT, cases[i].sqlite,
                  STR_ARG(text));
    }
    Str options = migrate_postgres_text(arena, S("(n INTEGER) STRICT, WITHOUT ROWID;"));
    cr_assert(str_find_char(options, ',') < 0 && str_find(options, S("ROWID")) < 0);
}
