#include "store/runs_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/document_access_sql.h"
#include "store/sql.h"

#define ADDED_AT_ONCE 5000 /* items of one statement's arguments */
#define ITEM_COLUMNS 4

#define ITEMS_COUNTED(state)                                                                       \
    "(SELECT count(*) FROM run_items i WHERE i.workspace = r.workspace AND i.run = r.id" state ")"
#define RUN_COLUMNS(request)                                                                       \
    "SELECT r.id, r.kind, r.user_id, r.subject, " request                                          \
    ", r.job, r.created_at, " ITEMS_COUNTED("") ", " ITEMS_COUNTED(                                \
        " AND i.state = 'done'") ", " ITEMS_COUNTED(" AND i.state = 'failed'") ", coalesce(j.id, " \
                                                                               "''), "             \
                                                                               "coalesce(j.state," \
                                                                               " 0), "             \
                                                                               "coalesce(j.stage," \
                                                                               " ''), "            \
                                                                               "coalesce(j.done, " \
                                                                               "0),"               \
                                                                               " coalesce(j."      \
                                                                               "total, 0), "       \
                                                                               "coalesce(j.stage_" \
                                                                               "at, 0), "          \
                                                                               "coalesce(j.stage_" \
                                                                               "done, 0),"         \
                                                                               " coalesce(j."      \
                                                                               "error_code, ''), " \
                                                                               "coalesce(j.error," \
                                                                               " ''), "            \
                                                                               "coalesce(j."       \
                                                                               "finished_at, 0)"   \
                                                                               " FROM runs r "     \
                                                                               "LEFT JOIN jobs j " \
                                                                               "ON j.id = r.job "  \
                                                                               "WHERE "            \
                                                                               "r.workspace = $1 "

const char *run_state(const Run *run)
{
    if (run->done + run->failed >= run->total)
        return "done";
    if (!run->row.id.length || run->row.state == JOB_CANCELLED || run->row.state == JOB_DONE)
        return "cancelled";
    if (run->row.state == JOB_DEAD)
        return "failed";
    return run->row.state == JOB_RUNNING ? "running" : "waiting";
}

/* --- Runs --- */

static void read_run(DbRows *row, Arena *arena, void *item)
{
    *(Run *)item = (Run){
        .id = db_get_text(row, 0, arena),
        .kind = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .subject = db_get_text(row, 3, arena),
        .request = db_get_text(row, 4, arena),
        .job = db_get_text(row, 5, arena),
        .created_at_ms = db_get_int(row, 6),
        .total = db_get_int(row, 7),
        .done = db_get_int(row, 8),
        .failed = db_get_int(row, 9),
        .row = { .id = db_get_text(row, 10, arena),
                 .state = (JobState)db_get_int(row, 11),
                 .stage = db_get_text(row, 12, arena),
                 .done = db_get_int(row, 13),
                 .total = db_get_int(row, 14),
                 .stage_at_ms = db_get_int(row, 15),
                 .stage_done = db_get_int(row, 16),
                 .error_code = db_get_text(row, 17, arena),
                 .error = db_get_text(row, 18, arena),
                 .finished_at_ms = db_get_int(row, 19) },
    };
}

static bool forget_oldest(DbTx *tx, const Scope *scope, Str kind, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM runs WHERE workspace = $1 AND kind = $2 AND id IN"
                           " (SELECT id FROM runs WHERE workspace = $1 AND kind = $2"
                           " ORDER BY id DESC LIMIT 1000 OFFSET $3)"
                           " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.id = runs.job"
                           " AND j.state IN (0, 1, 5, 6))"),
                   DB_ARGS(db_text(scope->workspace), db_text(kind), db_int(RUNS_KEPT)), NULL, err);
}

static bool add_items(DbTx *tx, const Scope *scope, Arena *arena, Str run, const Str *documents,
                      size_t first, size_t count, Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, count * ITEM_COLUMNS), *at = values;
    for (size_t i = first; i < first + count; i++) {
        *at++ = db_text(scope->workspace);
        *at++ = db_text(run);
        *at++ = db_int((int64_t)i);
        *at++ = db_text_or_null(documents ? documents[i] : STR_NONE);
    }
    return db_exec_many(tx,
                        DB_SAME("INSERT INTO run_items (workspace, run, number, document, state,"
                                " result, error_code, error)"
                                " VALUES ($1, $2, $3, $4, 'waiting', '', '', '')"),
                        values, ITEM_COLUMNS, count, err);
}

bool run_add(DbTx *tx, const Scope *scope, Arena *arena, Run *run, const StrList *documents,
             size_t count, Error *err)
{
    Run added = *run;
    size_t total = documents ? documents->count : count;

    added.id = id_new(arena);
    added.user = scope->user;
    added.created_at_ms = now_ms();
    added.total = (int64_t)total;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO runs (workspace, id, kind, user_id, subject, request, job,"
                         " created_at) VALUES ($1, $2, $3, $4, $5, $6, '', $7)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.kind),
                         db_text(added.user), db_text(added.subject), db_text(added.request),
                         db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    for (size_t i = 0; i < total; i += ADDED_AT_ONCE)
        if (!add_items(tx, scope, arena, added.id, documents ? documents->at : NULL, i,
                       MIN(total - i, (size_t)ADDED_AT_ONCE), err))
            return false;
    if (!forget_oldest(tx, scope, added.kind, err))
        return false;
    *run = added;
    return true;
}

bool run_set_job(DbTx *tx, const Scope *scope, Str id, Str job, Error *err)
{
    return sql_change(tx, DB_SAME("UPDATE runs SET job = $3 WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_text(job)), "run", id,
                      err);
}

bool run_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Run *run_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(RUN_COLUMNS("r.request") "AND r.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_run, run_r, "run", id,
                    err);
}

bool run_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str subject, const Slice *slice,
              RunsList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice_limit(slice);

    if (!sql_list(tx, arena,
                  DB_SAME(RUN_COLUMNS("''") "AND ($2 = '' OR r.kind = $2)"
                                            " AND ($3 = '' OR r.subject = $3)"
                                            " AND ($4 = '' OR r.id < $4)"
                                            " ORDER BY r.id DESC LIMIT $5"),
                  DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(subject),
                          db_text(slice ? slice->after : STR_NONE), db_int(limit + 1)),
                  read_run, sizeof(Run), &items, err))
        return false;
    *list_r = (RunsList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = list_r->at[limit - 1].id;
    return true;
}

bool run_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM runs WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "run", id, err);
}

/* --- Items --- */

static void read_item(DbRows *row, Arena *arena, void *item)
{
    *(RunItem *)item = (RunItem){
        .number = db_get_int(row, 0),
        .document = db_get_text(row, 1, arena),
        .state = db_get_text(row, 2, arena),
        .result = db_get_text(row, 3, arena),
        .error_code = db_get_text(row, 4, arena),
        .error = db_get_text(row, 5, arena),
    };
}

bool run_item_list(DbTx *tx, const Scope *scope, Arena *arena, Str run, Str state,
                   const Slice *slice, RunItemList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice_limit(slice), after = -1;

    if (slice && slice->after.length && !str_to_int(slice->after, 0, INT64_MAX, &after))
        return fail_field(err, "after", "'after' is the 'next' of the part before");
    const SqlPart parts = {
        "SELECT number, coalesce(document, ''), state, result, error_code, error"
        " FROM run_items i WHERE workspace = $1 AND run = $2"
        " AND ($3 = '' OR state = $3) AND number > $4",
        "i.document", " ORDER BY number LIMIT $5"
    };
    if (!access_list_named(tx, scope, arena, &parts,
                           DB_ARGS(db_text(scope->workspace), db_text(run), db_text(state),
                                   db_int(after), db_int(limit + 1)),
                           read_item, sizeof(RunItem), &items, err))
        return false;
    *list_r = (RunItemList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = str_format(arena, "%" PRId64, list_r->at[limit - 1].number);
    return true;
}

bool run_item_save(DbTx *tx, const Scope *scope, Str run, const RunItem *item, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE run_items SET state = $4, result = $5, error_code = $6,"
                           " error = $7 WHERE workspace = $1 AND run = $2 AND number = $3"
                           " AND state = 'waiting'"),
                   DB_ARGS(db_text(scope->workspace), db_text(run), db_int(item->number),
                           db_text(item->state), db_text(item->result), db_text(item->error_code),
                           db_text(item->error)),
                   NULL, err);
}
