/* approvals_clock_store.c - approvals by the clock: when each is looked at, and how long those that
 * have ended are kept; see approvals_store.h. */
#include "store/approvals_store.h"
#include "store/due.h"
#include "store/sql.h"

/* --- Looks ------------------------------------------------------------------------------ */

typedef struct DueRow {
    ApprovalKey key;
    int64_t look_at;
} DueRow;

static void read_due(DbRows *row, Arena *arena, void *item)
{
    *(DueRow *)item = (DueRow){
        .key = { db_get_text(row, 0, arena), db_get_text(row, 1, arena) },
        .look_at = db_get_int(row, 2),
    };
}

bool approval_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                       const Slice *slice, ApprovalKeyList *list_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    DbValue from = db_int(-1);
    Str after = S("");
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        (slice && slice->after.length &&
         !sql_cursor_read(slice->after, true, &from, &after, err)) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT workspace, id, look_at " APPROVALS_DUE
                          " AND (look_at, id) > ($2, $3)"
                          " ORDER BY look_at, id LIMIT $4"),
                  DB_ARGS(db_int(now_ms), from, db_text(after), db_int(limit + 1)), read_due,
                  sizeof(DueRow), &items, err))
        return false;
    const DueRow *rows = items.at;
    ApprovalKeyList list = { .count = MIN(items.count, (size_t)limit) };
    list.at = arena_new_array(arena, ApprovalKey, list.count + 1);
    for (size_t i = 0; i < list.count; i++)
        list.at[i] = rows[i].key;
    if (items.count > list.count) {
        const DueRow *last = &rows[list.count - 1];
        list.next = sql_cursor(arena, db_int(last->look_at), last->key.id);
    }
    *list_r = list;
    return true;
}

bool approval_look_at(DbTx *tx, const Scope *scope, const Approval *approval, int64_t time_ms,
                      bool *set_r, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE approvals SET look_at = $4 WHERE workspace = $1 AND id = $2"
                         " AND version = $3 AND state = 'waiting'"),
                 DB_ARGS(db_text(scope->workspace), db_text(approval->id),
                         db_int(approval->version), db_int(time_ms)),
                 &changed, err))
        return false;
    *set_r = changed > 0;
    return true;
}

bool approval_look_for_user(DbTx *tx, const Scope *scope, Str user, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE approvals AS a SET look_at = 0 WHERE a.state = 'waiting'"
                           " AND a.look_at > 0 AND a.workspace IN (SELECT workspace"
                           " FROM memberships WHERE user_id = $1 AND ($2 = 1 OR workspace = $3))"
                           " AND (EXISTS (SELECT 1 FROM approval_candidates c"
                           " WHERE c.workspace = a.workspace AND c.approval = a.id"
                           " AND (c.user_id = $1 OR c.role > 0))"
                           " OR EXISTS (SELECT 1 FROM approval_groups g JOIN group_members m"
                           " ON m.workspace = g.workspace AND m.group_id = g.group_id"
                           " WHERE g.workspace = a.workspace AND g.approval = a.id"
                           " AND m.user_id = $1))"),
                   DB_ARGS(db_text(user), db_int(scope->is_system), db_text(scope->workspace)),
                   NULL, err);
}

bool approval_look_for_group(DbTx *tx, const Scope *scope, Str group, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE approvals SET look_at = 0 WHERE workspace = $1"
                           " AND state = 'waiting' AND id IN (SELECT approval"
                           " FROM approval_groups WHERE workspace = $1 AND group_id = $2)"),
                   DB_ARGS(db_text(scope->workspace), db_text(group)), NULL, err);
}

/* --- How long they are kept ------------------------------------------------------------- */

/* The origin of one that a workflow asked for begins with its execution and a slash. */
#define PURGE(execution_of_origin)                                                                 \
    "DELETE FROM approvals WHERE (workspace, id) IN (SELECT a.workspace, a.id FROM approvals a"    \
    " WHERE a.ended_at > 0 AND a.ended_at < $1 AND NOT EXISTS (SELECT 1 FROM workflow_executions " \
    "e WHERE e.workspace = a.workspace AND e.id = " execution_of_origin ")"                        \
    " ORDER BY a.ended_at LIMIT $2)"

bool approval_purge(DbTx *tx, const Scope *scope, int64_t before_ms, int64_t limit,
                    int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SQL(PURGE("substr(a.origin, 1, instr(a.origin, '/') - 1)"),
                          PURGE("split_part(a.origin, '/', 1)")),
                   DB_ARGS(db_int(before_ms), db_int(limit)), count_r, err);
}
