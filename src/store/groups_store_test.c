/* groups_store_test.c - groups of people, and what of approvals their changes set before the clock.
 */
#include "store/groups_store.h"

#include "base/clock.h"
#include "store/approvals_store.h"
#include "store/workflows_store.h"
#include "store/world_test.h"

STORE_TEST(a_group_is_named_once_and_found_by_name)
{
    Group keepers = { .name = S("Größe") }, again = { .name = S("GRÖSSE") }, found;
    const Scope *ours = &world->ours;

    CALL(group_add(tx, ours, world->arena, &keepers, err));
    EXPECT_CODE(ERROR_CONFLICT, group_add(tx, ours, world->arena, &again, err));
    CALL(group_find(tx, ours, world->arena, S(" grösse "), &found, err));
    EXPECT(str_equal(found.id, keepers.id) && str_is(found.name, "Größe"));
    Group pilots = { .name = S("Pilots") };
    CALL(group_add(tx, ours, world->arena, &pilots, err));
    pilots.name = S("größe");
    EXPECT_CODE(ERROR_CONFLICT, group_rename(tx, ours, &pilots, err));
    pilots.name = S("Bar pilots");
    CALL(group_rename(tx, ours, &pilots, err));
    GroupList list;
    CALL(group_list(tx, ours, world->arena, &list, err));
    EXPECT(list.count == 2 && str_is(list.at[0].name, "Bar pilots"));
    return true;
}

STORE_TEST(who_leaves_the_workspace_leaves_its_groups)
{
    const Scope *ours = &world->ours;
    Group group = { .name = S("Keepers") };
    MembershipList members;

    CALL(group_add(tx, ours, world->arena, &group, err));
    CALL(group_member_add(tx, ours, group.id, ours->user, err));
    CALL(group_member_add(tx, ours, group.id, ours->user, err));
    EXPECT_CODE(ERROR_NOT_FOUND, group_member_add(tx, ours, group.id, world->theirs.user, err));
    CALL(membership_list_of_group(tx, ours, world->arena, group.id, &members, err));
    EXPECT(members.count == 1 && str_is(members.at[0].email, "ours@example.org"));
    CALL(membership_remove(tx, ours, ours->user, err));
    CALL(membership_list_of_group(tx, ours, world->arena, group.id, &members, err));
    EXPECT(!members.count);
    EXPECT_CODE(ERROR_NOT_FOUND, group_member_remove(tx, ours, group.id, ours->user, err));
    return true;
}

/* --- What is looked at ---------------------------------------------------------------------- */

static int64_t due(DbTx *tx, World *world, int64_t now, Error *err)
{
    ApprovalKeyList list;
    if (!approval_list_due(tx, &world->system, world->arena, now, NULL, &list, err))
        return -1;
    return (int64_t)list.count;
}

/* One that this person, everybody with a role or the group may decide, looked at tomorrow. */
static bool ask(DbTx *tx, World *world, const ApprovalCandidate *candidate, Str group,
                Approval *approval_r, Error *err)
{
    Approval approval = { .title = S("t"), .quorum = 1 };
    bool is_set;
    CALL(approval_add(tx, &world->ours, world->arena, &approval, err));
    if (candidate)
        CALL(approval_candidate_add(tx, &world->ours, approval.id, candidate, err));
    else
        CALL(approval_group_set(tx, &world->ours, approval.id,
                                &(ApprovalGroup){ .group = group, .name = S("g") }, err));
    EXPECT(due(tx, world, now_ms(), err) == 1); /* what is new is looked at */
    CALL(approval_look_at(tx, &world->ours, &approval, now_ms() + 1000000, &is_set, err));
    EXPECT(is_set && due(tx, world, now_ms(), err) == 0);
    *approval_r = approval;
    return true;
}

static bool again(DbTx *tx, World *world, const Approval *approval, Error *err)
{
    bool is_set;
    EXPECT(due(tx, world, now_ms(), err) == 1);
    return approval_look_at(tx, &world->ours, approval, now_ms() + 1000000, &is_set, err);
}

STORE_TEST(an_approval_is_due_when_those_who_may_decide_it_change)
{
    const Scope *ours = &world->ours;
    Group group = { .name = S("Keepers") };
    User user;
    Approval by_name, by_role, by_group;
    CALL(group_add(tx, ours, world->arena, &group, err));
    CALL(group_member_add(tx, ours, group.id, ours->user, err));
    CALL(ask(tx, world, &(ApprovalCandidate){ .user = ours->user }, S(""), &by_name, err));
    CALL(user_find(tx, ours, world->arena, ours->user, &user, err));
    user.name = S("Another name");
    CALL(user_update(tx, ours, &user, err));
    EXPECT(due(tx, world, now_ms(), err) == 0);
    user.is_disabled = true;
    CALL(user_update(tx, ours, &user, err));
    CALL(again(tx, world, &by_name, err));
    CALL(approval_touch(tx, ours, world->arena, by_name.id, 0, &by_name, err));
    CALL(again(tx, world, &by_name, err));
    by_name.state = APPROVAL_approved;
    CALL(approval_end(tx, ours, &by_name, err));

    CALL(ask(tx, world, &(ApprovalCandidate){ .role = ROLE_ADMIN }, S(""), &by_role, err));
    CALL(membership_set(tx, ours, ours->user, ROLE_READER, err));
    CALL(again(tx, world, &by_role, err));
    by_role.state = APPROVAL_approved;
    CALL(approval_end(tx, ours, &by_role, err));

    CALL(ask(tx, world, NULL, group.id, &by_group, err));
    CALL(group_member_remove(tx, ours, group.id, ours->user, err));
    CALL(again(tx, world, &by_group, err));
    CALL(group_member_add(tx, ours, group.id, ours->user, err));
    CALL(membership_remove(tx, ours, ours->user, err));
    CALL(again(tx, world, &by_group, err));
    CALL(group_remove(tx, ours, group.id, err));
    return again(tx, world, &by_group, err);
}

STORE_TEST(a_look_that_was_overtaken_says_nothing)
{
    Approval approval, newer;
    bool is_set;
    CALL(ask(tx, world, &(ApprovalCandidate){ .role = ROLE_OWNER }, S(""), &approval, err));
    CALL(approval_touch(tx, &world->ours, world->arena, approval.id, 0, &newer, err));
    CALL(approval_look_at(tx, &world->ours, &approval, now_ms() + 1000000, &is_set, err));
    EXPECT(!is_set && due(tx, world, now_ms(), err) == 1);
    return true;
}

static bool plan_uses_index(DbTx *tx, World *world, Error *err)
{
    static const char question[] =
        "EXPLAIN QUERY PLAN SELECT workspace, id, look_at FROM approvals WHERE state = 'waiting'"
        " AND look_at <= 5 AND (look_at, id) > (-1, '') ORDER BY look_at, id LIMIT 200";
    AUTO_DB_ROWS DbRows rows = { 0 };
    CALL(db_query(tx, DB_SAME(question), DB_NO_ARGS, &rows, err));
    EXPECT(db_next(&rows, err) == DB_ROW);
    Str plan = db_get_text(&rows, 3, world->arena);
    EXPECT(str_find(plan, S("SEARCH approvals USING INDEX approvals_due (")) >= 0);
    EXPECT(db_next(&rows, err) == DB_END); /* and nothing is sorted */
    return true;
}

/* Whatever waits: only those rows are read that are due. */
STORE_TEST(those_that_are_due_come_from_an_index_in_parts)
{
    Approval approval;
    bool is_set;
    for (int i = 0; i < 7; i++) {
        approval = (Approval){ .title = S("t"), .quorum = 1 };
        CALL(approval_add(tx, &world->ours, world->arena, &approval, err));
        CALL(approval_look_at(tx, &world->ours, &approval, i < 5 ? i : 100, &is_set, err));
    }
    Slice slice = { .limit = 2 };
    ApprovalKeyList list;
    size_t count = 0;
    do {
        CALL(approval_list_due(tx, &world->system, world->arena, 5, &slice, &list, err));
        count += list.count;
        slice.after = list.next;
    } while (list.next.length);
    EXPECT(count == 5);
    return db_tx_kind(tx) == DB_POSTGRES || plan_uses_index(tx, world, err);
}

/* --- How long they are kept ----------------------------------------------------------------- */

static bool end(DbTx *tx, World *world, Str origin, int64_t ended_ms, Error *err)
{
    Approval approval = { .title = S("t"), .quorum = 1, .origin = origin };
    CALL(approval_add(tx, &world->ours, world->arena, &approval, err));
    approval.state = APPROVAL_denied;
    approval.ended_at_ms = ended_ms;
    return !ended_ms || approval_end(tx, &world->ours, &approval, err);
}

STORE_TEST(approvals_go_when_they_ended_long_ago_and_their_execution_is_gone)
{
    WorkflowExecution execution = {
        .workflow = S("w"), .name = S("w"), .body = S("{}"), .started_by = S("api")
    };
    int64_t removed;
    bool is_new;
    CALL(workflow_execution_add(tx, &world->ours, world->arena, &execution, S("a"), &is_new, err));
    CALL(end(tx, world, S(""), 1000, err));
    CALL(end(tx, world, S("gone/0/1"), 1000, err));
    CALL(
        end(tx, world, str_format(world->arena, STR_FMT "/0/1", STR_ARG(execution.id)), 1000, err));
    CALL(end(tx, world, S(""), 3000, err));
    CALL(end(tx, world, S(""), 0, err));
    CALL(approval_purge(tx, &world->system, 2000, 1, &removed, err));
    EXPECT(removed == 1);
    CALL(approval_purge(tx, &world->system, 2000, 9, &removed, err));
    EXPECT(removed == 1);
    ApprovalList left;
    CALL(approval_list(tx, &world->ours, world->arena, &(ApprovalFilter){ 0 }, NULL, &left, err));
    EXPECT(left.count == 3);
    return true;
}
