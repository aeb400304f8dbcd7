#include "store/sql.h"
#include "store/workflows_store.h"

bool workflow_trigger_set(DbTx *tx, const Scope *scope, Str workflow,
                          const WorkflowTrigger *triggers, size_t count, Error *err)
{
    if (!db_exec(tx,
                 DB_SAME("DELETE FROM workflow_triggers WHERE workspace = $1 AND workflow = $2"),
                 DB_ARGS(db_text(scope->workspace), db_text(workflow)), NULL, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!db_exec(
                tx,
                DB_SAME("INSERT INTO workflow_triggers (workspace, workflow, number, kind, user_id,"
                        " rule, api_key) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
                DB_ARGS(db_text(scope->workspace), db_text(workflow), db_int((int64_t)i),
                        db_text(triggers[i].kind), db_text(triggers[i].user),
                        db_text(triggers[i].rule), db_text(triggers[i].api_key)),
                NULL, err))
            return false;
    return true;
}

static void read_trigger(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowTrigger *)item = (WorkflowTrigger){ .workflow = db_get_text(row, 0, arena),
                                                  .kind = db_get_text(row, 1, arena),
                                                  .user = db_get_text(row, 2, arena),
                                                  .rule = db_get_text(row, 3, arena),
                                                  .api_key = db_get_text(row, 4, arena) };
}

bool workflow_trigger_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str workflow,
                           WorkflowTriggerList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT workflow, kind, user_id, rule, api_key FROM workflow_triggers"
                          " WHERE workspace = $1 AND kind = $2 AND ($3 = '' OR workflow = $3)"
                          " ORDER BY workflow, number"),
                  DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(workflow)),
                  read_trigger, sizeof(WorkflowTrigger), &items, err))
        return false;
    *list_r = (WorkflowTriggerList){ items.at, items.count };
    return true;
}
