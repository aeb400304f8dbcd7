#include "store/workflows_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/document_access_sql.h"
#include "store/events.h"
#include "store/sql.h"

/* --- Executions --- */

#define EXECUTION_COLUMNS                                                                          \
    "id, workflow, version, name, document, user_id, started_by, key, is_dry, parent,"             \
    " parent_frame, depth, state, error_code, error, error_step, created_at, finished_at, "        \
    "expires_at, api_key"

static WorkflowExecution execution_of(DbRows *row, Arena *arena)
{
    return (WorkflowExecution){
        .id = db_get_text(row, 0, arena),
        .workflow = db_get_text(row, 1, arena),
        .version = db_get_int(row, 2),
        .name = db_get_text(row, 3, arena),
        .document = db_get_text(row, 4, arena),
        .user = db_get_text(row, 5, arena),
        .started_by = db_get_text(row, 6, arena),
        .key = db_get_text(row, 7, arena),
        .is_dry = db_get_int(row, 8) != 0,
        .parent = db_get_text(row, 9, arena),
        .parent_frame = db_get_int(row, 10),
        .depth = db_get_int(row, 11),
        .state = db_get_text(row, 12, arena),
        .error_code = db_get_text(row, 13, arena),
        .error = db_get_text(row, 14, arena),
        .error_step = db_get_text(row, 15, arena),
        .created_at_ms = db_get_int(row, 16),
        .finished_at_ms = db_get_int(row, 17),
        .expires_at_ms = db_get_int(row, 18),
        .api_key = db_get_text(row, 19, arena),
    };
}

static void read_execution(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowExecution *)item = execution_of(row, arena);
}

static void read_whole_execution(DbRows *row, Arena *arena, void *item)
{
    WorkflowExecution *execution = item;
    *execution = execution_of(row, arena);
    execution->body = db_get_text(row, 20, arena);
    execution->input = db_get_text(row, 21, arena);
    execution->output = db_get_text(row, 22, arena);
}

bool workflow_tell(DbTx *tx, const Scope *scope, Str id, Str state, Error *err)
{
    int64_t hidden;
    if (!db_query_int(
            tx,
            DB_SAME("SELECT count(*) FROM documents d WHERE d.workspace = $1"
                    " AND " ACCESS_GUARD_OF(
                        "d") " <> '' AND d.id = (SELECT x.document"
                             " FROM workflow_executions x WHERE x.workspace = $1 AND x.id = $2)"),
            DB_ARGS(db_text(scope->workspace), db_text(id)), 0, &hidden, err))
        return false;
    return event_tell(tx, scope->workspace, EVENT_workflow, hidden ? STR_NONE : id,
                      hidden ? STR_NONE : state, err);
}

static bool add_row(DbTx *tx, const Scope *scope, const WorkflowExecution *added, bool *is_new_r,
                    Error *err)
{
    int64_t changed;
    if (!db_exec(
            tx,
            DB_SAME(
                "INSERT INTO workflow_executions (workspace, id, workflow, version, name,"
                " body, document, user_id, started_by, key, is_dry, parent, parent_frame,"
                " depth, state, input, output, error_code, error, error_step, created_at,"
                " finished_at, expires_at, frame_count, api_key) VALUES ($1, $2, $3, $4, $5, $6, "
                "$7, $8,"
                " $9, $10, $11, $12, $13, $14, 'running', $15, '', '', '', '', $16, 0, $17, 1, $18)"
                " ON CONFLICT (workspace, workflow, key) DO NOTHING"),
            DB_ARGS(db_text(scope->workspace), db_text(added->id), db_text(added->workflow),
                    db_int(added->version), db_text(added->name), db_text(added->body),
                    db_text(added->document), db_text(added->user), db_text(added->started_by),
                    db_text_or_null(added->key), db_int(added->is_dry), db_text(added->parent),
                    db_int(added->parent_frame), db_int(added->depth), db_text(added->input),
                    db_int(added->created_at_ms), db_int(added->expires_at_ms),
                    db_text(added->api_key)),
            &changed, err))
        return false;
    *is_new_r = changed == 1;
    return true;
}

bool workflow_execution_add(DbTx *tx, const Scope *scope, Arena *arena,
                            WorkflowExecution *execution, Str position, bool *is_new_r, Error *err)
{
    WorkflowExecution added = *execution;

    added.id = id_new(arena);
    added.user = scope->user;
    added.api_key = scope->key;
    added.state = S("running");
    added.created_at_ms = now_ms();
    if (!add_row(tx, scope, &added, is_new_r, err))
        return false;
    if (!*is_new_r)
        return sql_find(
            tx, arena,
            DB_SAME("SELECT " EXECUTION_COLUMNS ", body, input, output"
                    " FROM workflow_executions"
                    " WHERE workspace = $1 AND workflow = $2 AND key = $3"),
            DB_ARGS(db_text(scope->workspace), db_text(added.workflow), db_text(added.key)),
            read_whole_execution, execution, "execution", added.key, err);
    if (!db_exec(
            tx,
            DB_SAME(
                "INSERT INTO workflow_frames (workspace, execution, number, parent, step, place,"
                " item, position, attempt, state, wait, wait_until, wait_event, woken, error,"
                " children_left, step_count, is_step_open)"
                " VALUES ($1, $2, 0, -1, '', 0, '', $3, 1, 'active', '', 0, '', '', '', 0, 0, 0)"),
            DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(position)), NULL, err) ||
        !workflow_tell(tx, scope, added.id, added.state, err))
        return false;
    *execution = added;
    return true;
}

bool workflow_execution_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                             WorkflowExecution *execution_r, Error *err)
{
    const SqlPart parts = { "SELECT " EXECUTION_COLUMNS ", body, input, output"
                            " FROM workflow_executions x WHERE workspace = $1 AND id = $2",
                            "x.document", "" };
    SqlItems items;

    if (!access_list_named(tx, scope, arena, &parts,
                           DB_ARGS(db_text(scope->workspace), db_text(id)), read_whole_execution,
                           sizeof(WorkflowExecution), &items, err))
        return false;
    if (!items.count)
        return sql_not_found(err, "execution", id);
    *execution_r = ((const WorkflowExecution *)items.at)[0];
    return true;
}

bool workflow_execution_list(DbTx *tx, const Scope *scope, Arena *arena,
                             const WorkflowExecutionFilter *filter, const Slice *slice,
                             WorkflowExecutionList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice_limit(slice);

    const SqlPart parts = { "SELECT " EXECUTION_COLUMNS " FROM workflow_executions x"
                            " WHERE workspace = $1 AND ($2 = '' OR workflow = $2)"
                            " AND ($3 = '' OR document = $3) AND ($4 = '' OR state = $4)"
                            " AND ($5 = '' OR user_id = $5) AND ($6 = '*' OR parent = $6)"
                            " AND ($7 = '' OR id < $7)",
                            "x.document", " ORDER BY id DESC LIMIT $8" };
    if (!access_list_named(tx, scope, arena, &parts,
                           DB_ARGS(db_text(scope->workspace), db_text(filter->workflow),
                                   db_text(filter->document), db_text(filter->state),
                                   db_text(filter->user), db_text(filter->parent),
                                   db_text(slice ? slice->after : STR_NONE), db_int(limit + 1)),
                           read_execution, sizeof(WorkflowExecution), &items, err))
        return false;
    *list_r = (WorkflowExecutionList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = list_r->at[limit - 1].id;
    return true;
}

bool workflow_execution_set_state(DbTx *tx, const Scope *scope, Str id, Str from_a, Str from_b,
                                  Str state, bool *changed_r, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE workflow_executions SET state = $5, error_code = '', error = '',"
                         " error_step = '', finished_at = 0"
                         " WHERE workspace = $1 AND id = $2 AND (state = $3 OR state = $4)"),
                 DB_ARGS(db_text(scope->workspace), db_text(id), db_text(from_a),
                         db_text(from_b.length ? from_b : from_a), db_text(state)),
                 &changed, err))
        return false;
    *changed_r = changed == 1;
    return !changed || workflow_tell(tx, scope, id, state, err);
}

bool workflow_execution_end(DbTx *tx, const Scope *scope, const WorkflowExecution *execution,
                            bool *changed_r, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE workflow_executions SET state = $3, output = $4, error_code = $5,"
                         " error = $6, error_step = $7, finished_at = $8"
                         " WHERE workspace = $1 AND id = $2 AND state IN ('running', 'paused')"),
                 DB_ARGS(db_text(scope->workspace), db_text(execution->id),
                         db_text(execution->state), db_text(execution->output),
                         db_text(execution->error_code), db_text(execution->error),
                         db_text(execution->error_step), db_int(now_ms())),
                 &changed, err))
        return false;
    *changed_r = changed == 1;
    return !changed || workflow_tell(tx, scope, execution->id, execution->state, err);
}

static void read_key(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowKey *)item = (WorkflowKey){ .workspace = db_get_text(row, 0, arena),
                                          .execution = db_get_text(row, 1, arena) };
}

bool workflow_execution_list_expired(DbTx *tx, const Scope *scope, Arena *arena, int64_t now,
                                     int64_t limit, WorkflowKeyList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT workspace, id FROM workflow_executions WHERE finished_at = 0"
                          " AND expires_at > 0 AND expires_at < $1 AND workspace = $3"
                          " ORDER BY created_at LIMIT $2"),
                  DB_ARGS(db_int(now), db_int(limit), db_text(scope->workspace)), read_key,
                  sizeof(WorkflowKey), &items, err))
        return false;
    *list_r = (WorkflowKeyList){ items.at, items.count };
    return true;
}

bool workflow_execution_purge(DbTx *tx, const Scope *scope, int64_t before_ms, int64_t limit,
                              int64_t *count_r, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM workflow_executions WHERE workspace = $3 AND id IN ("
                           "SELECT id FROM workflow_executions WHERE workspace = $3"
                           " AND finished_at > 0 AND finished_at < $1"
                           " ORDER BY finished_at LIMIT $2)"),
                   DB_ARGS(db_int(before_ms), db_int(limit), db_text(scope->workspace)), count_r,
                   err);
}

static void read_ends(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowEnds *)item = (WorkflowEnds){
        .name = db_get_text(row, 0, arena),
        .done = db_get_int(row, 1),
        .failed = db_get_int(row, 2),
    };
}

bool workflow_ends(DbTx *tx, const Scope *scope, Arena *arena, int64_t since_ms,
                   WorkflowEndsList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT name, sum(CASE WHEN state = 'done' THEN 1 ELSE 0 END),"
                          " sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END)"
                          " FROM workflow_executions WHERE workspace = $1 AND finished_at > 0"
                          " AND finished_at >= $2 AND is_dry = 0 AND parent = ''"
                          " AND state IN ('done', 'failed') GROUP BY name ORDER BY name"),
                  DB_ARGS(db_text(scope->workspace), db_int(since_ms)), read_ends,
                  sizeof(WorkflowEnds), &items, err))
        return false;
    *list_r = (WorkflowEndsList){ items.at, items.count };
    return true;
}
