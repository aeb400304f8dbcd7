/* approval_groups_store.c - the groups that an approval asks; see approvals_store.h. */
#include "store/approvals_store.h"
#include "store/sql.h"

bool approval_group_set(DbTx *tx, const Scope *scope, Str approval, const ApprovalGroup *group,
                        Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO approval_groups (workspace, approval, group_id, name,"
                           " quorum) VALUES ($1, $2, $3, $4, $5)"
                           " ON CONFLICT (workspace, approval, group_id)"
                           " DO UPDATE SET quorum = excluded.quorum"),
                   DB_ARGS(db_text(scope->workspace), db_text(approval), db_text(group->group),
                           db_text(group->name), db_int(group->quorum)),
                   NULL, err);
}

static void read_group(DbRows *row, Arena *arena, void *item)
{
    *(ApprovalGroup *)item = (ApprovalGroup){
        .group = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .quorum = db_get_int(row, 2),
    };
}

bool approval_group_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                         ApprovalGroupList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT g.group_id, coalesce(w.name, g.name), g.quorum"
                          " FROM approval_groups g LEFT JOIN workspace_groups w"
                          " ON w.workspace = g.workspace AND w.id = g.group_id"
                          " WHERE g.workspace = $1 AND g.approval = $2 ORDER BY 2, 1"),
                  DB_ARGS(db_text(scope->workspace), db_text(approval)), read_group,
                  sizeof(ApprovalGroup), &items, err))
        return false;
    *list_r = (ApprovalGroupList){ .at = items.at, .count = items.count };
    return true;
}

static void read_member(DbRows *row, Arena *arena, void *item)
{
    *(ApprovalGroupMember *)item =
        (ApprovalGroupMember){ db_get_text(row, 0, arena), db_get_text(row, 1, arena) };
}

bool approval_group_member_list(DbTx *tx, const Scope *scope, Arena *arena, Str approval,
                                ApprovalGroupMemberList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT m.user_id, m.group_id FROM approval_groups g JOIN group_members m"
                          " ON m.workspace = g.workspace AND m.group_id = g.group_id"
                          " WHERE g.workspace = $1 AND g.approval = $2 ORDER BY 1, 2"),
                  DB_ARGS(db_text(scope->workspace), db_text(approval)), read_member,
                  sizeof(ApprovalGroupMember), &items, err))
        return false;
    *list_r = (ApprovalGroupMemberList){ .at = items.at, .count = items.count };
    return true;
}
