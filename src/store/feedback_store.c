#include "store/feedback_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/sql.h"

#define SUMS                                                                                       \
    "sum(CASE WHEN rating > 0 THEN 1 ELSE 0 END), sum(CASE WHEN rating < 0 THEN 1 ELSE 0 END)"

static bool take_back(DbTx *tx, const Scope *scope, const Feedback *feedback, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM feedback WHERE workspace = $1 AND user_id = $2"
                           " AND kind = $3 AND item = $4"),
                   DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(feedback->kind),
                           db_text(feedback->item)),
                   NULL, err);
}

bool feedback_set(DbTx *tx, const Scope *scope, Arena *arena, Feedback *feedback, Error *err)
{
    int64_t time_ms = now_ms();
    if (feedback->rating == 0)
        return take_back(tx, scope, feedback, err);
    feedback->id = id_new(arena);
    return db_exec(
        tx,
        DB_SAME("INSERT INTO feedback (workspace, id, user_id, kind, item, rating, reason,"
                " reason_fold, collection, persona, model, created_at, updated_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)"
                " ON CONFLICT (workspace, user_id, kind, item) DO UPDATE SET rating = $6,"
                " reason = $7, reason_fold = $8, collection = $9, persona = $10, model = $11,"
                " updated_at = $12"),
        DB_ARGS(db_text(scope->workspace), db_text(feedback->id), db_text(scope->user),
                db_text(feedback->kind), db_text(feedback->item), db_int(feedback->rating),
                db_text(feedback->reason), db_text(utf8_fold(arena, feedback->reason)),
                db_text(feedback->collection), db_text(feedback->persona), db_text(feedback->model),
                db_int(time_ms)),
        NULL, err);
}

static void read_feedback(DbRows *row, Arena *arena, void *item)
{
    *(Feedback *)item = (Feedback){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .kind = db_get_text(row, 2, arena),
        .item = db_get_text(row, 3, arena),
        .rating = (int)db_get_int(row, 4),
        .reason = db_get_text(row, 5, arena),
        .collection = db_get_text(row, 6, arena),
        .persona = db_get_text(row, 7, arena),
        .model = db_get_text(row, 8, arena),
        .created_at_ms = db_get_int(row, 9),
        .updated_at_ms = db_get_int(row, 10),
    };
}

bool feedback_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                   FeedbackList *list_r, Error *err)
{
    SqlItems items;
    DbValue time = db_int(INT64_MAX);
    Str id = S("");
    int64_t limit = slice_limit(slice);
    if (slice && slice->after.length && !sql_cursor_read(slice->after, true, &time, &id, err))
        return false;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, user_id, kind, item, rating, reason, collection, persona,"
                          " model, created_at, updated_at FROM feedback WHERE workspace = $1"
                          " AND (updated_at < $2 OR (updated_at = $2 AND id < $3))"
                          " ORDER BY updated_at DESC, id DESC LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), time, db_text(id), db_int(limit + 1)),
                  read_feedback, sizeof(Feedback), &items, err))
        return false;
    *list_r = (FeedbackList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit) {
        const Feedback *last = &list_r->at[limit - 1];
        list_r->next = sql_cursor(arena, db_int(last->updated_at_ms), last->id);
    }
    return true;
}

/* --- Sums --- */

static const char *const by_names[] = {
#define FEEDBACK_BY(name) #name,
#include "store/feedback_by.def"
#undef FEEDBACK_BY
};

const char *feedback_by_name(FeedbackBy by) { return by_names[by]; }

static void read_sum(DbRows *row, Arena *arena, void *item)
{
    *(FeedbackSum *)item = (FeedbackSum){ .value = db_get_text(row, 0, arena),
                                          .good = db_get_int(row, 1),
                                          .bad = db_get_int(row, 2) };
}

bool feedback_sums(DbTx *tx, const Scope *scope, Arena *arena, FeedbackBy by,
                   FeedbackSumList *list_r, Error *err)
{
    static const char *const statements[] = {
#define FEEDBACK_BY(name)                                                                          \
    "SELECT " #name ", " SUMS " FROM feedback WHERE workspace = $1 GROUP BY " #name                \
    " ORDER BY 3 DESC, 1 LIMIT 200",
#include "store/feedback_by.def"
#undef FEEDBACK_BY
    };
    SqlItems items;
    if (!sql_list(tx, arena, DB_SAME(statements[by]), DB_ARGS(db_text(scope->workspace)), read_sum,
                  sizeof(FeedbackSum), &items, err))
        return false;
    *list_r = (FeedbackSumList){ items.at, items.count };
    return true;
}

bool feedback_reasons(DbTx *tx, const Scope *scope, Arena *arena, int64_t limit,
                      FeedbackSumList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT min(reason), 0, count(*) FROM feedback WHERE workspace = $1"
                          " AND rating < 0 AND reason <> '' GROUP BY reason_fold"
                          " ORDER BY 3 DESC, 1 LIMIT $2"),
                  DB_ARGS(db_text(scope->workspace), db_int(limit)), read_sum, sizeof(FeedbackSum),
                  &items, err))
        return false;
    *list_r = (FeedbackSumList){ items.at, items.count };
    return true;
}

/* --- Reports --- */

bool feedback_report_find(DbTx *tx, const Scope *scope, Arena *arena, Str *report_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME("SELECT report FROM feedback_reports WHERE workspace = $1"),
                    DB_ARGS(db_text(scope->workspace)), sql_read_text, report_r, "feedback report",
                    scope->workspace, err);
}

bool feedback_report_set(DbTx *tx, const Scope *scope, Str report, int64_t made_at_ms, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO feedback_reports (workspace, report, made_at)"
                           " VALUES ($1, $2, $3) ON CONFLICT (workspace) DO UPDATE SET"
                           " report = $2, made_at = $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(report), db_int(made_at_ms)), NULL,
                   err);
}

bool feedback_unlearned(DbTx *tx, const Scope *scope, Arena *arena, WorkspaceIds *list_r,
                        Error *err)
{
    SqlItems items;
    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT w.id FROM workspaces w"
                          " LEFT JOIN feedback_reports r ON r.workspace = w.id"
                          " WHERE EXISTS (SELECT 1 FROM feedback f WHERE f.workspace = w.id"
                          " AND f.updated_at > COALESCE(r.made_at, 0)) ORDER BY 1"),
                  NULL, 0, sql_read_text, sizeof(Str), &items, err))
        return false;
    *list_r = (WorkspaceIds){ items.at, items.count };
    return true;
}
