/* workflows_store_test.c - how many branches and items an execution may have, and stopping them.
 */
#include "base/clock.h"
#include "store/workflows_store.h"
#include "store/world_test.h"

STORE_TEST(an_execution_has_ten_thousand_branches_and_items_and_no_more)
{
    const Scope *ours = &world->ours;
    WorkflowExecution execution = { .workflow = S("w"), .body = S("{}"), .key = S("k") };
    WorkflowFrame *items = arena_new_array(world->arena, WorkflowFrame, WORKFLOW_FRAMES_MAX);
    int64_t first;
    bool is_new;

    CALL(workflow_execution_add(tx, ours, world->arena, &execution, S("a"), &is_new, err));
    CALL(workflow_frame_add(tx, ours, world->arena, execution.id, items, WORKFLOW_FRAMES_MAX, 1,
                            &first, err));
    EXPECT(first == 1);
    EXPECT_CODE(ERROR_TOO_LARGE,
                workflow_frame_add(tx, ours, world->arena, execution.id, items, 1, 1, &first, err));
    return true;
}

#define STOPPED_WITHIN_MS 5000 /* it was 40 s on PostgreSQL when each item looked at all others */

/* Frame 1 has the items below it, the last of which has one of its own; frame 2 stands beside. */
static bool add_tree(DbTx *tx, World *world, WorkflowExecution *execution, Error *err)
{
    WorkflowFrame two[] = { { .parent = 0 }, { .parent = 0 } };
    WorkflowFrame *items = arena_new_array(world->arena, WorkflowFrame, WORKFLOW_FRAMES_MAX);
    const WorkflowFrame inner = { .parent = WORKFLOW_FRAMES_MAX - 1 };
    int64_t first;
    bool is_new;
    for (size_t i = 0; i < WORKFLOW_FRAMES_MAX; i++)
        items[i].parent = 1;
    CALL(workflow_execution_add(tx, &world->ours, world->arena, execution, S("a"), &is_new, err));
    CALL(workflow_frame_add(tx, &world->ours, world->arena, execution->id, two, 2, 2, &first, err));
    CALL(workflow_frame_add(tx, &world->ours, world->arena, execution->id, items,
                            WORKFLOW_FRAMES_MAX - 3, 1, &first, err));
    return workflow_frame_add(tx, &world->ours, world->arena, execution->id, &inner, 1, 0, &first,
                              err);
}

STORE_TEST(ten_thousand_items_are_stopped_at_once_and_nothing_beside_them)
{
    const Scope *ours = &world->ours;
    WorkflowExecution execution = { .workflow = S("w"), .body = S("{}"), .key = S("k") };
    WorkflowFrameList begun, left;

    CALL(add_tree(tx, world, &execution, err));
    int64_t began_ms = monotonic_ms();
    CALL(workflow_frame_list_begun(tx, ours, world->arena, execution.id, 1, &begun, err));
    EXPECT(begun.count == 0);
    CALL(workflow_frame_stop(tx, ours, world->arena, execution.id, 1, S("cancelled"), err));
    EXPECT(monotonic_ms() - began_ms < STOPPED_WITHIN_MS);
    CALL(workflow_frame_list(tx, ours, world->arena, execution.id, S("queued"), &left, err));
    EXPECT(left.count == 0);
    CALL(workflow_frame_list(tx, ours, world->arena, execution.id, S("active"), &left, err));
    EXPECT(left.count == 3 && left.at[1].number == 1 && left.at[2].number == 2);
    return true;
}
