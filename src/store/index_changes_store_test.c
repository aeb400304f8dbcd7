/* index_changes_store_test.c - changes of writers that wait for nobody are all read. */
#include "store/index_changes_store.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "db/fixture_test.h"
#include "store/migrate.h"
#include "store/workspaces_store.h"
#include "store/world_test.h"

#define PATIENCE_MS 20000
#define ID_ROOM 64

typedef struct Writer {
    Db *db;
    Scope scope;
    bool waits, fails;
    atomic_bool is_in, may_end;
    bool ok;
} Writer;

static bool add_change(DbTx *tx, void *argument, Error *err)
{
    Writer *writer = argument;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const int64_t numbers[] = { 1, 2 };
    for (int i = 0; i < 2; i++) /* the second time it holds its bound already */
        if (!index_change_add(tx, &writer->scope, arena, INDEX_ADD, S("doc"), STR_NONE, numbers, 2,
                              err))
            return false;
    writer->is_in = true;
    for (int64_t until = monotonic_ms() + PATIENCE_MS;
         writer->waits && !writer->may_end && monotonic_ms() < until;)
        sleep_ms(1);
    return !writer->fails || fail(err, ERROR_INVALID, "on purpose");
}

static void *write_change(void *argument)
{
    Writer *writer = argument;
    Error err = { 0 };
    writer->ok = store_write(writer->db, &writer->scope, add_change, writer, &err);
    return NULL;
}

typedef struct Reading {
    IndexBound bound;
    IndexPosition position;
    size_t count;
} Reading;

static bool read_bound(DbTx *tx, void *argument, Error *err)
{
    const Scope system = scope_system();
    return index_bound(tx, &system, &((Reading *)argument)->bound, err);
}

static bool read_rest(DbTx *tx, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const Scope system = scope_system();
    Reading *reading = argument;
    IndexChangeList list;
    bool ok = index_position(tx, &system, arena, &reading->position, err) &&
              index_change_list(tx, &system, arena, 0, 100, &list, err);
    reading->count = ok ? list.count : 0;
    return ok;
}

static Reading read_all(Db *db)
{
    const Scope system = scope_system();
    Reading reading = { 0 };
    Error err = { 0 };
    cr_assert(store_read(db, &system, read_bound, &reading, &err), "%s", err.message);
    cr_assert(store_read(db, &system, read_rest, &reading, &err), "%s", err.message);
    return reading;
}

static bool add_workspace(DbTx *tx, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const Scope system = scope_system();
    Workspace workspace = { .name = S("Ours"), .settings = S("{}") };
    if (!workspace_add(tx, &system, arena, &workspace, err))
        return false;
    snprintf(argument, ID_ROOM, STR_FMT, STR_ARG(workspace.id));
    return true;
}

TEST_BOTH(store, no_writer_of_changes_waits_and_no_reader_passes_one_that_is_not_through)
{
    const Scope system = scope_system();
    Error err = { 0 };
    Db *db;
    char workspace[ID_ROOM];
    cr_assert(db_open(url, NULL, &db, &err) && migrate_up(db, &err), "%s", err.message);
    if (db_kind(db) == DB_POSTGRES) {
        cr_assert(store_write(db, &system, add_workspace, workspace, &err), "%s", err.message);
        Scope ours = { .workspace = str(workspace), .role = ROLE_OWNER };
        for (int fails = 0; fails < 2; fails++) {
            Writer slow = { .db = db, .scope = ours, .waits = true, .fails = fails };
            Writer quick = { .db = db, .scope = ours };
            Reading before = read_all(db);
            pthread_t thread;
            cr_assert_eq(pthread_create(&thread, NULL, write_change, &slow), 0);
            while (!slow.is_in)
                sleep_ms(1);
            write_change(&quick);
            Reading meanwhile = read_all(db);
            slow.may_end = true;
            pthread_join(thread, NULL);
            Reading after = read_all(db);
            cr_expect(quick.ok && slow.ok == !fails);
            cr_expect_eq(meanwhile.count, before.count + 2,
                         "the quick one waited for the slow one");
            cr_expect_eq(meanwhile.bound.all, before.bound.all,
                         "nothing is whole behind the slow one");
            cr_expect_gt(meanwhile.bound.highest, meanwhile.bound.all, "so it is not yet settled");
            cr_expect_eq(after.bound.highest, after.bound.all, "now it is");
            cr_expect_eq(after.count, before.count + (fails ? 2 : 4));
            cr_expect_eq(after.bound.all, after.position.last, "what failed leaves a gap for good");
        }
    }
    db_close(db);
}

static bool grow_old(DbTx *tx, World *world, Error *err)
{
    const int64_t begin = 1000, day = 86400000, numbers[] = { 1, 2 };
    int64_t until;
    IndexChangeList list;
    IndexPosition first, last;
    CALL(index_change_add(tx, &world->ours, world->arena, INDEX_ADD, S("old"), S("m"), numbers, 2,
                          err));
    CALL(index_position(tx, &world->system, world->arena, &first, err));
    CALL(index_change_old(tx, &world->system, world->arena, begin, &until, err));
    EXPECT(until == 0);
    CALL(index_change_add(tx, &world->ours, world->arena, INDEX_ADD, S("young"), S("m"), numbers, 2,
                          err));
    CALL(index_change_old(tx, &world->system, world->arena, begin + 6 * day, &until, err));
    EXPECT(until == 0);
    CALL(index_change_old(tx, &world->system, world->arena, begin + 8 * day, &until, err));
    /* In PostgreSQL a change of a transaction that goes on is behind the bound. */
    EXPECT(until == (db_tx_kind(tx) == DB_SQLITE ? first.last : until) && until <= first.last);
    CALL(index_change_forget(tx, &world->system, first.last, err));
    CALL(index_change_list(tx, &world->system, world->arena, 0, 10, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].document, "young"));
    CALL(index_position(tx, &world->system, world->arena, &last, err));
    EXPECT(last.floor == first.last);
    EXPECT_CODE(ERROR_DENIED, index_change_old(tx, &world->ours, world->arena, begin, &until, err));
    return true;
}

TEST_BOTH(store, changes_are_forgotten_when_every_node_that_runs_has_long_seen_them)
{
    World world;
    world_open(&world, url);
    world_write(&world, &world.system, grow_old);
    world_close(&world);
}
