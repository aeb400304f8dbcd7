/* task_links_store.c - what tasks need and when they are remembered; see tasks_store.h. */
#include "store/due.h"
#include "store/sql.h"
#include "store/tasks_store.h"

/* --- Dependencies --- */

static void read_link(DbRows *row, Arena *arena, void *item)
{
    *(TaskLink *)item = (TaskLink){ .task = db_get_text(row, 0, arena),
                                    .needs = db_get_text(row, 1, arena),
                                    .is_open = db_get_int(row, 2) != 0 };
}

bool task_set_needs(DbTx *tx, const Scope *scope, Str task, StrList needs, Error *err)
{
    bool ok = db_exec(tx, DB_SAME("DELETE FROM task_needs WHERE workspace = $1 AND task = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(task)), NULL, err);
    for (size_t i = 0; ok && i < needs.count; i++)
        ok = db_exec(tx,
                     DB_SAME("INSERT INTO task_needs (workspace, task, needs) VALUES ($1, $2, $3)"
                             " ON CONFLICT DO NOTHING"),
                     DB_ARGS(db_text(scope->workspace), db_text(task), db_text(needs.at[i])), NULL,
                     err);
    return ok;
}

bool task_list_needs(DbTx *tx, const Scope *scope, Arena *arena, StrList tasks,
                     TaskLinkList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  SQL_IN_TEXTS("SELECT n.task, n.needs, CASE WHEN t.deleted_at = 0"
                               " AND t.status NOT IN ('done', 'cancelled') THEN 1 ELSE 0 END"
                               " FROM task_needs n JOIN tasks t ON t.workspace = n.workspace"
                               " AND t.id = n.needs WHERE n.workspace = $1 AND n.task",
                               2, "ORDER BY n.task, n.needs"),
                  DB_ARGS(db_text(scope->workspace), sql_texts(arena, tasks.at, tasks.count)),
                  read_link, sizeof(TaskLink), &items, err))
        return false;
    *list_r = (TaskLinkList){ .at = items.at, .count = items.count };
    return true;
}

bool task_reaches(DbTx *tx, const Scope *scope, Str from, Str to, bool *reaches_r, Error *err)
{
    int64_t count;

    if (!db_query_int(tx,
                      DB_SAME("WITH RECURSIVE reached (id) AS (SELECT id FROM tasks"
                              " WHERE workspace = $1 AND id = $2"
                              " UNION SELECT n.needs FROM task_needs n"
                              " JOIN reached ON n.task = reached.id WHERE n.workspace = $1)"
                              " SELECT count(*) FROM reached WHERE id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(from), db_text(to)), 0, &count,
                      err))
        return false;
    *reaches_r = count > 0;
    return true;
}

bool task_is_below(DbTx *tx, const Scope *scope, Str task, Str above, bool *below_r, Error *err)
{
    int64_t count;

    if (!db_query_int(tx,
                      DB_SAME("WITH RECURSIVE up (id) AS (SELECT id FROM tasks"
                              " WHERE workspace = $1 AND id = $2 UNION SELECT t.parent FROM tasks t"
                              " JOIN up ON t.id = up.id"
                              " WHERE t.workspace = $1 AND t.parent IS NOT NULL)"
                              " SELECT count(*) FROM up WHERE id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(task), db_text(above)), 0, &count,
                      err))
        return false;
    *below_r = count > 0;
    return true;
}

/* --- Reminders --- */

static void read_reminder(DbRows *row, Arena *arena, void *item)
{
    *(TaskReminder *)item = (TaskReminder){ .workspace = db_get_text(row, 0, arena),
                                            .task = db_get_text(row, 1, arena),
                                            .at_ms = db_get_int(row, 2),
                                            .fired_at_ms = db_get_int(row, 3) };
}

bool task_set_reminders(DbTx *tx, const Scope *scope, Arena *arena, Str task,
                        const int64_t *times_ms, size_t count, Error *err)
{
    bool ok = db_exec(
        tx,
        DB_SQL("DELETE FROM task_reminders WHERE workspace = $1 AND task = $2"
               " AND at NOT IN (SELECT value FROM json_each($3))",
               "DELETE FROM task_reminders WHERE workspace = $1 AND task = $2"
               " AND NOT (at " SQL_ANY_POSTGRES(3) ")"),
        DB_ARGS(db_text(scope->workspace), db_text(task), sql_numbers(tx, arena, times_ms, count)),
        NULL, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = db_exec(tx,
                     DB_SAME("INSERT INTO task_reminders (workspace, task, at, fired_at)"
                             " VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING"),
                     DB_ARGS(db_text(scope->workspace), db_text(task), db_int(times_ms[i])), NULL,
                     err);
    return ok;
}

static bool list_reminders(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                           TaskReminderList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, sql, args, count, read_reminder, sizeof(TaskReminder), &items, err))
        return false;
    *list_r = (TaskReminderList){ .at = items.at, .count = items.count };
    return true;
}

bool task_list_reminders(DbTx *tx, const Scope *scope, Arena *arena, StrList tasks,
                         TaskReminderList *list_r, Error *err)
{
    return list_reminders(
        tx, arena,
        SQL_IN_TEXTS("SELECT workspace, task, at, fired_at FROM task_reminders"
                     " WHERE workspace = $1 AND task",
                     2, "ORDER BY task, at"),
        DB_ARGS(db_text(scope->workspace), sql_texts(arena, tasks.at, tasks.count)), list_r, err);
}

bool task_due_reminders(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                        TaskReminderList *list_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           list_reminders(tx, arena,
                          DB_SAME("SELECT workspace, task, at, fired_at " TASK_REMINDERS_DUE
                                  " ORDER BY at LIMIT 200"),
                          DB_ARGS(db_int(now_ms)), list_r, err);
}

bool task_fire_reminder(DbTx *tx, const Scope *scope, const TaskReminder *reminder, int64_t now_ms,
                        bool *first_r, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE task_reminders SET fired_at = $4"
                         " WHERE workspace = $1 AND task = $2 AND at = $3 AND fired_at = 0"),
                 DB_ARGS(db_text(scope->workspace), db_text(reminder->task),
                         db_int(reminder->at_ms), db_int(now_ms)),
                 &changed, err))
        return false;
    *first_r = changed > 0;
    return true;
}
