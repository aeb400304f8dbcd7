/* isolation_system_test.c - what looks at all workspaces at once works for the server itself, and
 * for nobody who belongs to one. */
#include "store/isolation_world_test.h"

#include "store/api_keys_store.h"
#include "store/batches_store.h"
#include "store/budgets_store.h"
#include "store/calls_store.h"
#include "store/client_files_store.h"
#include "store/connections_store.h"
#include "store/database_facts.h"
#include "store/feedback_store.h"
#include "store/idempotency_store.h"
#include "store/index_changes_store.h"
#include "store/jobs_store.h"
#include "store/people_store.h"
#include "store/retention.h"
#include "store/saved_searches_store.h"
#include "store/schedules_store.h"
#include "store/searches_store.h"
#include "store/sessions_store.h"
#include "store/task_drawings_store.h"
#include "store/tasks_store.h"
#include "store/vector_leases_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

static bool is_refused(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;

    EXPECT_CODE(ERROR_DENIED, api_key_find_by_hash(tx, theirs, arena, S("x"), 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, batch_list_open(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, budget_spend(tx, theirs, arena, S("x"), 1, NULL, 1, err));
    EXPECT_CODE(ERROR_DENIED, budget_seen(tx, theirs, S("x"), 1, err));
    EXPECT_CODE(ERROR_DENIED, calls_remove_old(tx, theirs, 1, err));
    EXPECT_CODE(ERROR_DENIED, client_file_list_expired(tx, theirs, arena, 1, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, connection_list_due(tx, theirs, arena, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, database_facts_find(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, feedback_unlearned(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, index_position(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, index_change_forget(tx, theirs, 1, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_lines(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_claim(tx, theirs, arena, NULL, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_finish(tx, theirs, arena, NULL, 1, 1, NULL, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_progress(tx, theirs, &(JobNews){ 0 }, 1, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_heartbeat(tx, theirs, arena, S("x"), 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_cancelled(tx, theirs, arena, S("x"), NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_recover(tx, theirs, arena, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_release(tx, theirs, arena, S("x"), 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_promote(tx, theirs, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_look(tx, theirs, 0, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_purge(tx, theirs, arena, NULL, 1, 1, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED,
                jobs_store_rate(tx, theirs, &(JobRate){ .count = 1 }, 1, 1, NULL, NULL, err));
    EXPECT_CODE(ERROR_DENIED, jobs_store_rate_used(tx, theirs, S("x"), 1, err));
    EXPECT_CODE(ERROR_DENIED, user_count(tx, theirs, NULL, err));
    EXPECT_CODE(ERROR_DENIED, saved_search_list_telling(tx, theirs, arena, S("x"), NULL, err));
    EXPECT_CODE(ERROR_DENIED, schedule_keep(tx, theirs, &(Schedule){ 0 }, err));
    EXPECT_CODE(ERROR_DENIED, schedule_keep_usual(tx, theirs, arena, &(Schedule){ 0 }, err));
    EXPECT_CODE(ERROR_DENIED, schedule_list_due(tx, theirs, arena, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, schedules_pass(tx, theirs, arena, (StrList){ 0 }, 1, err));
    EXPECT_CODE(ERROR_DENIED, schedule_move(tx, theirs, &(Schedule){ 0 }, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, session_find(tx, theirs, arena, S("x"), 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, session_move(tx, theirs, &(Session){ .id = S("s1") }, err));
    EXPECT_CODE(ERROR_DENIED, task_drawings_waiting(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, retention_cut(tx, theirs, RETENTION_TASKS, 1, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, task_due_reminders(tx, theirs, arena, 1, NULL, err));
    VectorLease lease = { 0 };
    EXPECT_CODE(ERROR_DENIED, vector_lease_list(tx, theirs, arena, S("x"), NULL, err));
    EXPECT_CODE(ERROR_DENIED, vector_lease_take(tx, theirs, &lease, &(int64_t){ 0 }, err));
    EXPECT_CODE(ERROR_DENIED, vector_lease_renew(tx, theirs, &lease, &(bool){ false }, err));
    EXPECT_CODE(ERROR_DENIED, vector_lease_give_back(tx, theirs, &lease, err));
    EXPECT_CODE(ERROR_DENIED, vector_lease_remove(tx, theirs, &lease, err));
    EXPECT_CODE(ERROR_DENIED, vector_remove_model(tx, theirs, S("x"), 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, person_erasure_count_open(tx, theirs, S("x"), NULL, err));
    EXPECT_CODE(ERROR_DENIED,
                person_erasure_list_by_hash(tx, theirs, world->arena, S("x"), 0, NULL, err));
    EXPECT_CODE(ERROR_DENIED, workspace_list(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, workspace_removal_lock(tx, theirs, err));
    EXPECT_CODE(ERROR_DENIED, workspace_removal_list(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, workspace_removal_list_due(tx, theirs, arena, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED, workspace_removal_save(tx, theirs, &(WorkspaceRemoval){ 0 }, err));
    EXPECT_CODE(ERROR_DENIED, workspace_tables(tx, theirs, arena, NULL, err));
    EXPECT_CODE(ERROR_DENIED, workspace_remove_rows(tx, theirs, arena, world->ours.workspace,
                                                    &(WorkspaceTable){ 0 }, 1, NULL, err));
    EXPECT_CODE(ERROR_DENIED,
                workspace_count_rows(tx, theirs, arena, world->ours.workspace, NULL, NULL, err));
    return true;
}

TEST_BOTH(store, what_looks_at_all_workspaces_is_refused_to_each_of_them)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.theirs, is_refused);
    world_close(&world);
}
