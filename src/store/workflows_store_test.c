/* workflows_store_test.c - how many branches and items an execution may have. */
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
