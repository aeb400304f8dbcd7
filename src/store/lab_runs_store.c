#include "store/lab_runs_store.h"

#include "base/clock.h"
#include "store/sql.h"

#define LIST_MAX 100

static void read_run(DbRows *row, Arena *arena, void *item)
{
    *(LabRun *)item = (LabRun){
        .id = db_get_text(row, 0, arena),
        .set = db_get_text(row, 1, arena),
        .set_name = db_get_text(row, 2, arena),
        .job = db_get_text(row, 3, arena),
        .settings = db_get_text(row, 4, arena),
        .result = db_get_text(row, 5, arena),
        .created_at_ms = db_get_int(row, 6),
    };
}

/* Ids are UUIDv7, so their order is that of time. */
bool lab_run_add(DbTx *tx, const Scope *scope, const LabRun *run, Error *err)
{
    return sql_change(tx,
                      DB_SAME("INSERT INTO lab_runs"
                              " (workspace, id, judged_set, job, settings, result, created_at)"
                              " SELECT $1, $3, s.id, $4, $5, '', $6 FROM judged_sets s"
                              " WHERE s.workspace = $1 AND s.id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(run->set), db_text(run->id),
                              db_text(run->job), db_text(run->settings), db_int(now_ms())),
                      "judged set", run->set, err) &&
           db_exec(tx,
                   DB_SAME("DELETE FROM lab_runs WHERE workspace = $1 AND judged_set = $2"
                           " AND id NOT IN (SELECT id FROM lab_runs WHERE workspace = $1"
                           " AND judged_set = $2 ORDER BY id DESC LIMIT $3)"),
                   DB_ARGS(db_text(scope->workspace), db_text(run->set), db_int(LAB_RUNS_KEPT)),
                   NULL, err);
}

bool lab_run_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, LabRun *run_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT r.id, r.judged_set, s.name, r.job, r.settings, r.result,"
                            " r.created_at FROM lab_runs r JOIN judged_sets s"
                            " ON s.workspace = r.workspace AND s.id = r.judged_set"
                            " WHERE r.workspace = $1 AND r.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_run, run_r, "run", id,
                    err);
}

bool lab_run_list(DbTx *tx, const Scope *scope, Arena *arena, Str set, LabRunList *list_r,
                  Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT r.id, r.judged_set, s.name, r.job, r.settings, '', r.created_at"
                          " FROM lab_runs r JOIN judged_sets s"
                          " ON s.workspace = r.workspace AND s.id = r.judged_set"
                          " WHERE r.workspace = $1 AND ($2 = '' OR r.judged_set = $2)"
                          " ORDER BY r.id DESC LIMIT $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(set), db_int(LIST_MAX)), read_run,
                  sizeof(LabRun), &items, err))
        return false;
    *list_r = (LabRunList){ .at = items.at, .count = items.count };
    return true;
}

bool lab_run_save(DbTx *tx, const Scope *scope, Str id, Str result, Error *err)
{
    return sql_change(
        tx, DB_SAME("UPDATE lab_runs SET result = $3 WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_text(result)), "run", id, err);
}
