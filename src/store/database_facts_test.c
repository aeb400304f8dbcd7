/* database_facts_test.c - what is known of the database itself. */
#include "store/database_facts.h"

#include "base/clock.h"
#include "db/fixture_test.h"
#include "store/migrate.h"

typedef struct Bench {
    Arena *arena;
    Scope scope;
    DatabaseFacts facts;
} Bench;

static bool find(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    return database_facts_find(tx, &bench->scope, bench->arena, &bench->facts, err);
}

static bool drop_guard(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec_script(tx, "ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY", err);
}

TEST_BOTH(store, the_database_tells_how_it_is_set_up)
{
    Bench bench = { .arena = arena_new(MB(4)), .scope = scope_system() };
    Error err = { 0 };
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err) && migrate_up(db, &err), "%s", err.message);
    cr_assert(store_read(db, &bench.scope, find, &bench, &err), "%s", err.message);
    const DatabaseFacts *facts = &bench.facts;
    cr_expect(facts->version.length);
    int64_t apart_ms = facts->clock_ms - now_ms();
    cr_expect(apart_ms > -60000 && apart_ms < 60000);
    if (db_kind(db) == DB_POSTGRES) {
        cr_expect(facts->major >= 15 && !facts->passes_row_rules && !facts->is_recovering);
        cr_expect(facts->connection_max > 0 && facts->connection_count > 0);
        cr_expect(str_find(facts->extensions, S("plpgsql")) >= 0 && facts->unguarded == 0);
        cr_assert(db_write_schema(db, drop_guard, NULL, &err), "%s", err.message);
        cr_assert(store_read(db, &bench.scope, find, &bench, &err), "%s", err.message);
        cr_expect(facts->unguarded == 1, "%" PRId64, facts->unguarded);
    }
    db_close(db);
    arena_free(bench.arena);
}
