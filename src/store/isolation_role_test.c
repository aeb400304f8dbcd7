/* isolation_role_test.c - PostgreSQL by itself: raw SQL as the role that the server works as, with
 * another workspace set and with none. That role is given rows by rules alone, and no way around.
 */
#include "store/isolation_world_test.h"

#include "store/jobs_store.h"

/* --- Rows --------------------------------------------------------------------------------------
 */

/* Of each table: a row that is hidden is neither shown, changed nor removed, and none like it is
 * added. `hidden` are those of others; with no workspace set, all of them. */
#define FOR_EACH_TABLE                                                                             \
    "DO $do$ DECLARE name text; hidden text; kept jsonb; rows bigint; is_theirs boolean; BEGIN"    \
    " FOR name IN SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p')"                  \
    "  AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'schema_version' LOOP" \
    "  is_theirs := EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = name::regclass"          \
    "   AND a.attname = 'workspace');"
#define TRY_HIDDEN_ROWS                                                                            \
    "  PERFORM set_config('lectern.system', 'on', true);"                                          \
    "  EXECUTE format('SELECT to_jsonb(t) FROM %I t WHERE %s LIMIT 1', name, hidden) INTO kept;"   \
    "  PERFORM set_config('lectern.system', 'off', true);"                                         \
    "  CONTINUE WHEN kept IS NULL AND NOT is_theirs;"                                              \
    "  IF kept IS NULL THEN"                                                                       \
    "   RAISE EXCEPTION '% is empty: fill it in isolation_world_test.c', name; END IF;"            \
    "  EXECUTE format('SELECT count(*) FROM %I WHERE %s', name, hidden) INTO rows;"                \
    "  IF rows > 0 THEN RAISE EXCEPTION '% shows % rows', name, rows; END IF;"                     \
    "  EXECUTE format('UPDATE %I SET %I = %2$I WHERE %s', name,"                                   \
    "   (SELECT k FROM jsonb_object_keys(kept) k LIMIT 1), hidden);"                               \
    "  GET DIAGNOSTICS rows = ROW_COUNT;"                                                          \
    "  IF rows > 0 THEN RAISE EXCEPTION '% changes % rows', name, rows; END IF;"                   \
    "  EXECUTE format('DELETE FROM %I WHERE %s', name, hidden);"                                   \
    "  GET DIAGNOSTICS rows = ROW_COUNT;"                                                          \
    "  IF rows > 0 THEN RAISE EXCEPTION '% loses % rows', name, rows; END IF;"                     \
    "  BEGIN"                                                                                      \
    "   EXECUTE format('INSERT INTO %I SELECT * FROM jsonb_populate_record(NULL::%1$I, %L)',"      \
    "    name, kept);"                                                                             \
    "   RAISE EXCEPTION '% takes a row', name;"                                                    \
    "  EXCEPTION WHEN insufficient_privilege THEN NULL; END;"                                      \
    " END LOOP; END $do$"

static const char with_theirs_set[] = FOR_EACH_TABLE
    "  hidden := CASE WHEN name = 'workspaces' THEN 'id <> current_setting(''lectern.workspace'')'"
    "   WHEN name = 'users' THEN 'email <> ''theirs@example.org'''"
    "   WHEN is_theirs THEN 'workspace <> current_setting(''lectern.workspace'')'"
    "   ELSE 'true' END;" TRY_HIDDEN_ROWS;
static const char with_nothing_set[] = FOR_EACH_TABLE "  hidden := 'true';" TRY_HIDDEN_ROWS;

static bool run_script(DbTx *tx, void *argument, Error *err)
{
    return db_exec_script(tx, argument, err);
}

static bool fill_server(DbTx *tx, World *world, Error *err)
{
    const JobRate rate = { .type = S("t"), .count = 1, .time_ms = 1 };
    int64_t allowed, next_ms;
    return jobs_store_rate(tx, &world->system, &rate, 1, 1, &allowed, &next_ms, err);
}

/* Runs the work on a filled PostgreSQL; elsewhere there is nothing to ask. */
static void as_the_role(const char *url, void (*work)(World *world))
{
    World world;

    world_open(&world, url);
    if (db_kind(world.db) == DB_POSTGRES) {
        world_write(&world, &world.ours, isolation_fill);
        world_write(&world, &world.system, fill_server);
        work(&world);
    }
    world_close(&world);
}

static void try_rows(World *world)
{
    const Scope nobody = { .role = ROLE_NONE };
    Error err = { 0 };

    cr_expect(store_write(world->db, &world->theirs, run_script, (void *)(uintptr_t)with_theirs_set,
                          &err),
              "%s", err.message);
    cr_expect(
        store_write(world->db, &nobody, run_script, (void *)(uintptr_t)with_nothing_set, &err),
        "%s", err.message);
}

TEST_BOTH(store, raw_sql_reaches_no_row_of_another_workspace_and_none_when_no_workspace_is_set)
{
    as_the_role(url, try_rows);
}

/* --- The role ----------------------------------------------------------------------------------
 */

/* What must count nothing. */
static const char *const ways_around[] = {
    "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls"
    " OR rolcreaterole OR rolcreatedb OR rolreplication OR rolcanlogin)",
    "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole",
    "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole",
    /* Tables whose rules are not forced, and views, which would read with their owner's rights. */
    "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    " AND (relkind IN ('v', 'm', 'f')"
    "      OR relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity))",
    "SELECT count(*) FROM pg_proc WHERE prosecdef AND pronamespace = "
    "current_schema()::regnamespace",
    "SELECT count(*) FROM pg_policies WHERE schemaname = current_schema()"
    " AND 'true' IN (qual, with_check) AND tablename <> 'schema_version'",
    "SELECT has_schema_privilege(current_schema()::text, 'CREATE')::int",
    /* Rules do not bind what empties a whole table or hangs itself on one. */
    "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p')"
    " AND relnamespace = current_schema()::regnamespace"
    " AND has_table_privilege(oid, 'TRUNCATE, REFERENCES, TRIGGER')",
    "SELECT count(*) FROM pg_sequence WHERE has_sequence_privilege(seqrelid, 'UPDATE')",
    /* Statistics hold values of rows. */
    "SELECT count(*) FROM pg_stats WHERE schemaname = current_schema()",
    "SELECT count(*) FROM pg_stats_ext WHERE schemaname = current_schema()",
};

static bool analyze(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec_script(tx, "ANALYZE", err);
}

static bool count_ways(DbTx *tx, World *world, Error *err)
{
    int64_t count;

    (void)world;
    for (size_t i = 0; i < COUNT(ways_around); i++) {
        CALL(db_query_int(tx, DB_SAME(ways_around[i]), DB_NO_ARGS, -1, &count, err));
        if (count)
            return fail(err, ERROR_INTERNAL, "%.200s: %d", ways_around[i], (int)count);
    }
    return true;
}

static void try_ways(World *world)
{
    Error err = { 0 };

    cr_assert(db_write_schema(world->db, analyze, NULL, &err), "%s", err.message);
    world_write(world, &world->theirs, count_ways);
}

TEST_BOTH(store, the_role_of_the_server_cannot_pass_row_level_security)
{
    as_the_role(url, try_ways);
}

static void try_refused(World *world)
{
    static const char *const refused[] = {
        "ALTER TABLE documents DISABLE ROW LEVEL SECURITY",
        "DROP POLICY workspace_only ON documents",
        "CREATE POLICY mine ON documents USING (true)",
        "TRUNCATE documents",
        "SET LOCAL row_security = off; SELECT count(*) FROM documents",
        "COPY (SELECT 1) TO '/tmp/lectern-copied'",
        "COPY documents TO PROGRAM 'cat'",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT count(*) FROM pg_authid",
        "SELECT count(*) FROM pg_statistic",
        "CREATE FUNCTION all_documents() RETURNS bigint SECURITY DEFINER LANGUAGE sql"
        " AS 'SELECT count(*) FROM documents'",
        "UPDATE memberships SET workspace = (SELECT 'x')",
        "SELECT setval('chunk_numbers', 1)",
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        Error err = { 0 };
        cr_expect(!store_write(world->db, &world->theirs, run_script, (void *)(uintptr_t)refused[i],
                               &err),
                  "%s", refused[i]);
    }
}

TEST_BOTH(store, the_role_of_the_server_changes_no_rule_and_leaves_the_database_on_no_way)
{
    as_the_role(url, try_refused);
}

/* The role is of the whole cluster: another library's superuser made it. */
Test(store, a_login_that_passes_row_level_security_and_may_not_step_down_is_told_what_to_grant)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const char *url = test_db_ready(arena, DB_POSTGRES);
    Str rest = url ? str(url) : STR_NONE, before = S("postgresql://postgres@");
    Error err = { 0 };
    Db *db, *other;
    if (!url)
        return;
    cr_assert(str_starts(rest, before), "%s", url);
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(db_write_schema(db, run_script,
                              (void *)(uintptr_t) "CREATE ROLE passing LOGIN BYPASSRLS", &err),
              "%s", err.message);
    Str theirs =
        str_format(arena, "postgresql://passing@" STR_FMT, STR_ARG(str_from(rest, before.length)));
    cr_expect(!db_open(str_c(arena, theirs), NULL, &other, &err));
    cr_expect(strstr(err.message, "GRANT lectern_app TO \"passing\""), "%s", err.message);
    cr_assert(
        db_write_schema(db, run_script, (void *)(uintptr_t) "GRANT lectern_app TO passing", &err));
    cr_assert(db_open(str_c(arena, theirs), NULL, &other, &err), "%s", err.message);
    db_close(other);
    cr_assert(db_write_schema(db, run_script, (void *)(uintptr_t) "DROP ROLE passing", &err), "%s",
              err.message);
    db_close(db);
}
