#include "store/task_drawings_store.h"

#include "store/due.h"
#include "store/sql.h"

static void read_drawing(DbRows *row, Arena *arena, void *item)
{
    *(TaskDrawing *)item = (TaskDrawing){ .workspace = db_get_text(row, 0, arena),
                                          .document = db_get_text(row, 1, arena) };
}

bool task_drawings_waiting(DbTx *tx, const Scope *scope, Arena *arena, TaskDrawingList *list_r,
                           Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(
            tx, arena,
            DB_SAME("SELECT d.workspace, min(d.id) " TASK_DRAWINGS_DUE " GROUP BY d.workspace"),
            NULL, 0, read_drawing, sizeof(TaskDrawing), &items, err))
        return false;
    *list_r = (TaskDrawingList){ .at = items.at, .count = items.count };
    return true;
}

bool task_drawings_due(DbTx *tx, const Scope *scope, Arena *arena, TaskDrawingList *list_r,
                       Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT d.workspace, d.id " TASK_DRAWINGS_DUE
                          " AND d.workspace = $1 ORDER BY d.created_at, d.id LIMIT 1000"),
                  DB_ARGS(db_text(scope->workspace)), read_drawing, sizeof(TaskDrawing), &items,
                  err))
        return false;
    *list_r = (TaskDrawingList){ .at = items.at, .count = items.count };
    return true;
}

bool task_drawings_drop(DbTx *tx, const Scope *scope, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE documents SET tasks_drawn = 1 WHERE workspace = $1"
                           " AND id IN (SELECT d.id " TASK_DRAWINGS_DUE " AND d.workspace = $1)"),
                   DB_ARGS(db_text(scope->workspace)), NULL, err);
}

bool task_drawing_done(DbTx *tx, const Scope *scope, Str document, bool *first_r, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE documents SET tasks_drawn = 1"
                         " WHERE workspace = $1 AND id = $2 AND tasks_drawn = 0"),
                 DB_ARGS(db_text(scope->workspace), db_text(document)), &changed, err))
        return false;
    *first_r = changed > 0;
    return true;
}
