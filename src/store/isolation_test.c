/* isolation_test.c - every table, read and written as another workspace. */
#include "store/isolation_world_test.h"

#include "store/settings_store.h"
#include "store/sql.h"
#include "store/workspaces_store.h"

#define LIST_TABLES                                                                                \
    DB_SQL("SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"                   \
           " WHERE m.type = 'table' AND c.name = 'workspace' ORDER BY m.name",                     \
           "SELECT table_name::text FROM information_schema.columns"                               \
           " WHERE table_schema = current_schema() AND column_name = 'workspace' ORDER BY 1")

/* --- By statement: what row-level security lets through --------------------------------------- */

static int64_t rows_of_others(DbTx *tx, World *world, Str table, Error *err)
{
    Str sql = str_format(world->arena, "SELECT count(*) FROM \"" STR_FMT "\" WHERE workspace <> $1",
                         STR_ARG(table));
    int64_t count = -1;

    if (!db_query_int(tx, DB_SAME(sql.at), DB_ARGS(db_text(world->theirs.workspace)), -1, &count,
                      err))
        return -1;
    return count;
}

static bool every_table_is_filled(DbTx *tx, World *world, Error *err)
{
    SqlItems tables;

    CALL(sql_list(tx, world->arena, LIST_TABLES, DB_NO_ARGS, sql_read_text, sizeof(Str), &tables,
                  err));
    EXPECT(tables.count >= 20);
    for (size_t i = 0; i < tables.count; i++) {
        Str table = ((Str *)tables.at)[i];
        if (rows_of_others(tx, world, table, err) < 1)
            return fail(err, ERROR_INTERNAL, STR_FMT " is empty: fill it here too", STR_ARG(table));
    }
    return true;
}

static bool every_table_looks_empty(DbTx *tx, World *world, Error *err)
{
    static const char *const others[] = {
        "SELECT count(*) FROM users WHERE email <> 'theirs@example.org'",
        "SELECT count(*) FROM workspaces WHERE name <> 'theirs'",
        "SELECT count(*) FROM identities",
        "SELECT count(*) FROM passkeys",
        "SELECT count(*) FROM second_factors",
        "SELECT count(*) FROM recovery_codes",
        "SELECT count(*) FROM half_sign_ins",
        "SELECT count(*) FROM sign_in_states",
        "SELECT count(*) FROM account_links",
    };
    SqlItems tables;
    int64_t count;

    CALL(sql_list(tx, world->arena, LIST_TABLES, DB_NO_ARGS, sql_read_text, sizeof(Str), &tables,
                  err));
    for (size_t i = 0; i < tables.count; i++) {
        Str table = ((Str *)tables.at)[i];
        if (rows_of_others(tx, world, table, err) != 0)
            return fail(err, ERROR_INTERNAL, STR_FMT " shows rows of others", STR_ARG(table));
        Str sql = str_format(world->arena, "DELETE FROM \"" STR_FMT "\" WHERE workspace <> $1",
                             STR_ARG(table));
        CALL(db_exec(tx, DB_SAME(sql.at), DB_ARGS(db_text(world->theirs.workspace)), &count, err));
        EXPECT(count == 0);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        CALL(db_query_int(tx, DB_SAME(others[i]), DB_NO_ARGS, -1, &count, err));
        EXPECT(count == 0);
    }
    cr_log_info("%zu tables were tried as another workspace", tables.count);
    return true;
}

static bool adds_a_row_of_others(DbTx *tx, void *argument, Error *err)
{
    World *world = argument;
    return setting_set(tx, &world->ours, S("theme"), S("\"light\""), err);
}

TEST_BOTH(store, every_table_hides_rows_from_other_workspaces)
{
    World world;
    Error err = { 0 };

    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, every_table_is_filled);
    if (db_kind(world.db) == DB_POSTGRES) {
        world_write(&world, &world.theirs, every_table_looks_empty);
        cr_assert(!store_write(world.db, &world.theirs, adds_a_row_of_others, &world, &err));
        world_write(&world, &world.system, every_table_is_filled);
    }
    world_close(&world);
}

/* --- By function ------------------------------------------------------------------------ */

/* Run for the system, so that only the functions' own WHERE stands between the two. */
TEST_BOTH(store, every_function_hides_rows_from_other_workspaces)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, isolation_find);
    world_write(&world, &world.system, isolation_change);
    world_write(&world, &world.system, every_table_is_filled);
    world_close(&world);
}

/* --- A workspace goes with everything ----------------------------------------------------- */

static bool remove_ours(DbTx *tx, World *world, Error *err)
{
    return workspace_remove(tx, &world->system, world->ours.workspace, err);
}

static bool nothing_is_left(DbTx *tx, World *world, Error *err)
{
    SqlItems tables;

    CALL(sql_list(tx, world->arena, LIST_TABLES, DB_NO_ARGS, sql_read_text, sizeof(Str), &tables,
                  err));
    for (size_t i = 0; i < tables.count; i++)
        EXPECT(rows_of_others(tx, world, ((Str *)tables.at)[i], err) == 0);
    return true;
}

TEST_BOTH(store, a_removed_workspace_leaves_no_row)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, remove_ours);
    world_write(&world, &world.system, nothing_is_left);
    world_close(&world);
}

static bool changes_the_audit_log(DbTx *tx, void *argument, Error *err)
{
    int64_t changed;

    CALL(db_exec(tx, DB_SQL(argument, argument), DB_NO_ARGS, &changed, err));
    EXPECT(changed > 0);
    return true;
}

TEST_BOTH(store, the_audit_log_is_only_added_to)
{
    static char update[] = "UPDATE audit SET action = 'x'", remove[] = "DELETE FROM audit";
    World world;
    Error err = { 0 };

    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    cr_assert(!store_write(world.db, &world.system, changes_the_audit_log, update, &err));
    cr_assert(!store_write(world.db, &world.system, changes_the_audit_log, remove, &err));
    world_close(&world);
}
