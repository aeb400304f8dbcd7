/* workspace_removals_store_test.c - a workspace goes in small parts, whole, and alone. */
#include "store/workspace_removals_store.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "store/isolation_world_test.h"
#include "store/sql.h"
#include "store/workspaces_store.h"

/* --- Asking, and taking it back --- */

STORE_TEST(a_removal_is_asked_for_once_and_taken_back_until_it_begins)
{
    const Scope *ours = &world->ours;
    const WorkspaceRemoval wish = { .asked_at_ms = 5, .due_at_ms = 7 };
    WorkspaceRemoval found;
    Workspace workspace;

    EXPECT_CODE(ERROR_NOT_FOUND, workspace_removal_take_back(tx, ours, err));
    CALL(workspace_removal_ask(tx, ours, &wish, err));
    EXPECT_CODE(ERROR_CONFLICT, workspace_removal_ask(tx, ours, &wish, err));
    CALL(workspace_find(tx, ours, world->arena, ours->workspace, &workspace, err));
    EXPECT(workspace.removal_due_ms == 7 && !workspace.is_leaving);
    CALL(workspace_removal_take_back(tx, ours, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                workspace_removal_find(tx, ours, world->arena, ours->workspace, &found, err));
    CALL(workspace_find(tx, ours, world->arena, ours->workspace, &workspace, err));
    EXPECT(workspace.removal_due_ms == 0);
    return true;
}

static bool ask(DbTx *tx, World *world, Error *err)
{
    const WorkspaceRemoval wish = { .asked_at_ms = 5, .due_at_ms = 7 };
    return workspace_removal_ask(tx, &world->ours, &wish, err);
}

static bool begin(DbTx *tx, World *world, Error *err)
{
    WorkspaceRemovalList list;

    CALL(workspace_removal_list_due(tx, &world->system, world->arena, 6, &list, err));
    EXPECT(list.count == 0);
    CALL(workspace_removal_list_due(tx, &world->system, world->arena, 7, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].id, world->ours.workspace));
    list.at[0].began_at_ms = 8;
    return workspace_removal_save(tx, &world->system, &list.at[0], err);
}

static bool is_too_late(DbTx *tx, World *world, Error *err)
{
    EXPECT_CODE(ERROR_CONFLICT, workspace_removal_take_back(tx, &world->ours, err));
    return true;
}

TEST_BOTH(store, a_removal_that_has_begun_is_not_taken_back)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, ask);
    world_write(&world, &world.system, begin);
    world_write(&world, &world.ours, is_too_late);
    world_close(&world);
}

/* --- Two at the same moment --- */

typedef struct Both {
    World world;
    atomic_bool is_locked;
    bool is_first_seen;
} Both;

static bool ask_slowly(DbTx *tx, void *argument, Error *err)
{
    Both *both = argument;
    CALL(workspace_removal_lock(tx, &both->world.system, err));
    atomic_store(&both->is_locked, true);
    sleep_ms(200);
    return ask(tx, &both->world, err);
}

static void *ask_first(void *argument)
{
    Both *both = argument;
    Error err;
    cr_assert(store_write(both->world.db, &both->world.system, ask_slowly, both, &err), "%s",
              err.message);
    return NULL;
}

static bool look_for_the_first(DbTx *tx, void *argument, Error *err)
{
    Both *both = argument;
    WorkspaceRemovalList list;
    CALL(workspace_removal_lock(tx, &both->world.system, err));
    CALL(workspace_removal_list(tx, &both->world.system, both->world.arena, &list, err));
    both->is_first_seen = list.count == 1;
    return true;
}

TEST_BOTH(store, who_asks_for_a_removal_sees_the_one_that_was_asked_for_at_the_same_moment)
{
    Both both = { 0 };
    pthread_t first;
    Error err;

    world_open(&both.world, url);
    cr_assert_eq(pthread_create(&first, NULL, ask_first, &both), 0);
    while (!atomic_load(&both.is_locked))
        sleep_ms(1);
    cr_assert(store_write(both.world.db, &both.world.system, look_for_the_first, &both, &err), "%s",
              err.message);
    cr_expect(both.is_first_seen);
    pthread_join(first, NULL);
    world_close(&both.world);
}

/* --- Its rows --- */

static bool rows_of_theirs(DbTx *tx, World *world, const WorkspaceTableList *tables, int64_t *rows,
                           Error *err)
{
    return workspace_count_rows(tx, &world->system, world->arena, world->theirs.workspace, tables,
                                rows, err);
}

/* Counts that triggers keep are rows, too, and go with what they count. */
static bool is_counted(Str table)
{
    return str_is(table, "documents") || str_is(table, "document_tags");
}

static bool goes_row_by_row(DbTx *tx, World *world, const WorkspaceTableList *tables, size_t at,
                            Error *err)
{
    Str ours = world->ours.workspace;
    const Scope *system = &world->system;
    int64_t before, after, removed;
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        CALL(workspace_count_rows(tx, system, arena, ours, tables, &before, err));
        CALL(workspace_remove_rows(tx, system, arena, ours, &tables->at[at], 1, &removed, err));
        CALL(workspace_count_rows(tx, system, arena, ours, tables, &after, err));
        if (before - after != removed && !is_counted(tables->at[at].name))
            return fail(err, ERROR_INTERNAL, STR_FMT " takes rows of others with it",
                        STR_ARG(tables->at[at].name));
        EXPECT(removed <= 1);
    } while (removed);
    return true;
}

static bool goes_in_parts(DbTx *tx, World *world, Error *err)
{
    WorkspaceTableList tables;
    int64_t theirs, after, left;
    Document document;

    CALL(world_ready(tx, world, &world->theirs, "theirs.txt", "their plan", 3, &document, err));
    CALL(workspace_tables(tx, &world->system, world->arena, &tables, err));
    CALL(rows_of_theirs(tx, world, &tables, &theirs, err));
    EXPECT(theirs > 10 && tables.count > 60);
    for (size_t i = 0; i < tables.count; i++)
        CALL(goes_row_by_row(tx, world, &tables, i, err));
    CALL(workspace_remove(tx, &world->system, world->ours.workspace, err));
    CALL(workspace_count_rows(tx, &world->system, world->arena, world->ours.workspace, &tables,
                              &left, err));
    EXPECT(left == 0);
    CALL(rows_of_theirs(tx, world, &tables, &after, err));
    EXPECT(after == theirs);
    return true;
}

TEST_BOTH(store, a_workspace_goes_row_by_row_and_takes_none_of_others)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, begin);
    world_write(&world, &world.system, goes_in_parts);
    world_close(&world);
}
