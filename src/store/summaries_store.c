#include "store/summaries_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/document_access_sql.h"
#include "store/events.h"
#include "store/sql.h"

#define KEPT                                                                                       \
    "SELECT id, kind, subject, request, request_key, result, job, created_at, updated_at"          \
    " FROM summaries s WHERE workspace = $1 "
#define PLAN "SELECT workspace, collection, created_by, every_days, last_at FROM digest_plans "
#define DAY_MS 86400000

static void read_kept(DbRows *row, Arena *arena, void *item)
{
    *(KeptSummary *)item = (KeptSummary){
        .id = db_get_text(row, 0, arena),
        .kind = db_get_text(row, 1, arena),
        .subject = db_get_text(row, 2, arena),
        .request = db_get_text(row, 3, arena),
        .key = db_get_text(row, 4, arena),
        .result = db_get_text(row, 5, arena),
        .job = db_get_text(row, 6, arena),
        .created_at_ms = db_get_int(row, 7),
        .updated_at_ms = db_get_int(row, 8),
    };
}

static void read_plan(DbRows *row, Arena *arena, void *item)
{
    *(DigestPlan *)item = (DigestPlan){
        .workspace = db_get_text(row, 0, arena),
        .collection = db_get_text(row, 1, arena),
        .created_by = db_get_text(row, 2, arena),
        .every_days = db_get_int(row, 3),
        .last_at_ms = db_get_int(row, 4),
    };
}

/* --- Summaries --- */

static bool drop_oldest(DbTx *tx, const Scope *scope, Str kind, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM summaries WHERE workspace = $1 AND kind = $2 AND id IN"
                           " (SELECT id FROM summaries WHERE workspace = $1 AND kind = $2"
                           " ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET $3)"),
                   DB_ARGS(db_text(scope->workspace), db_text(kind), db_int(SUMMARIES_KEPT)), NULL,
                   err);
}

/* An id is told to the whole workspace only when the whole workspace may see it. */
static bool tell(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    const Scope everybody = { .workspace = scope->workspace, .role = ROLE_READER };
    KeptSummary kept;
    Error why = { 0 };
    bool is_seen = summary_find(tx, &everybody, arena, id, &kept, &why);

    if (!is_seen && why.code != ERROR_NOT_FOUND) {
        *err = why;
        return false;
    }
    return event_tell(tx, scope->workspace, EVENT_summary, is_seen ? id : STR_NONE, STR_NONE, err);
}

bool summary_set(DbTx *tx, const Scope *scope, Arena *arena, KeptSummary *kept, Error *err)
{
    KeptSummary made = *kept;

    made.id = id_new(arena);
    made.created_at_ms = made.updated_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("DELETE FROM summaries WHERE workspace = $1 AND kind = $2"
                         " AND request_key = $3"),
                 DB_ARGS(db_text(scope->workspace), db_text(made.kind), db_text(made.key)), NULL,
                 err) ||
        !db_exec(
            tx,
            DB_SAME("INSERT INTO summaries (workspace, id, kind, subject, request, request_key,"
                    " result, job, created_at, updated_at)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)"),
            DB_ARGS(db_text(scope->workspace), db_text(made.id), db_text(made.kind),
                    db_text(made.subject), db_text(made.request), db_text(made.key),
                    db_text(made.result), db_text(made.job), db_int(made.created_at_ms)),
            NULL, err) ||
        !drop_oldest(tx, scope, made.kind, err))
        return false;
    *kept = made;
    return tell(tx, scope, kept->id, err);
}

/* Of what the scope sees: a document, a collection, or several documents, which the request names.
 */
static bool list_kept(DbTx *tx, const Scope *scope, Arena *arena, const char *text,
                      const DbValue *args, size_t count, const char *rest, KeptSummaryList *list_r,
                      Error *err)
{
    SqlBuild build = sql_build_on(tx, arena, text, args, count);
    SqlItems items;

    access_add_named(&build, scope, "s.subject");
    access_add_mentioned(&build, scope, "s.request");
    sql_add(&build, rest);
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_kept,
                  sizeof(KeptSummary), &items, err))
        return false;
    *list_r = (KeptSummaryList){ .at = items.at, .count = items.count };
    return true;
}

static bool first_of(const KeptSummaryList *list, Str named, KeptSummary *kept_r, Error *err)
{
    if (!list->count)
        return sql_not_found(err, "summary", named);
    *kept_r = list->at[0];
    return true;
}

bool summary_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, KeptSummary *kept_r,
                  Error *err)
{
    KeptSummaryList list;

    return list_kept(tx, scope, arena, KEPT "AND id = $2",
                     DB_ARGS(db_text(scope->workspace), db_text(id)), "", &list, err) &&
           first_of(&list, id, kept_r, err);
}

bool summary_find_by_key(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str key,
                         KeptSummary *kept_r, Error *err)
{
    KeptSummaryList list;

    return list_kept(tx, scope, arena, KEPT "AND kind = $2 AND request_key = $3",
                     DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(key)), "", &list,
                     err) &&
           first_of(&list, key, kept_r, err);
}

bool summary_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str subject,
                  KeptSummaryList *list_r, Error *err)
{
    return list_kept(tx, scope, arena, KEPT "AND kind = $2 AND subject = $3",
                     DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(subject)),
                     " ORDER BY created_at DESC, id DESC LIMIT 100", list_r, err);
}

bool summary_set_result(DbTx *tx, const Scope *scope, Str id, Str result, Error *err)
{
    return sql_change(
               tx,
               DB_SAME("UPDATE summaries SET result = $3, updated_at = $4"
                       " WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(result), db_int(now_ms())),
               "summary", id, err) &&
           tell(tx, scope, id, err);
}

bool summary_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return tell(tx, scope, id, err) &&
           sql_change(tx, DB_SAME("DELETE FROM summaries WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "summary", id, err);
}

/* --- Plans --- */

bool digest_plan_set(DbTx *tx, const Scope *scope, Str collection, int64_t every_days, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO digest_plans"
                           " (workspace, collection, every_days, last_at, created_by)"
                           " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace, collection)"
                           " DO UPDATE SET every_days = $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(collection), db_int(every_days),
                           db_int(now_ms()), db_text(scope->user)),
                   NULL, err);
}

bool digest_plan_find(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                      DigestPlan *plan_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(PLAN "WHERE workspace = $1 AND collection = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(collection)), read_plan, plan_r,
                    "digest of collection", collection, err);
}

bool digest_plan_remove(DbTx *tx, const Scope *scope, Str collection, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM digest_plans WHERE workspace = $1 AND collection = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(collection)), NULL, err);
}

bool digest_plan_done(DbTx *tx, const Scope *scope, Str collection, int64_t time_ms, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE digest_plans SET last_at = $3"
                           " WHERE workspace = $1 AND collection = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(collection), db_int(time_ms)), NULL,
                   err);
}

bool digest_plan_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now,
                          DigestPlanList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME(PLAN "WHERE last_at + every_days * $2 <= $1"
                               " ORDER BY last_at, workspace, collection LIMIT 200"),
                  DB_ARGS(db_int(now), db_int(DAY_MS)), read_plan, sizeof(DigestPlan), &items, err))
        return false;
    *list_r = (DigestPlanList){ .at = items.at, .count = items.count };
    return true;
}
