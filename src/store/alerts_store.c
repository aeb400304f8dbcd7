#include "store/alerts_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

#define ALERTS                                                                                     \
    "SELECT id, rule, subject, is_open, value, threshold, calm_count, opened_at, closed_at,"       \
    " acknowledged_at, acknowledged_by, fired_at, told_at, told_count FROM alerts WHERE "          \
    "workspace = $1 "

static void read_alert(DbRows *row, Arena *arena, void *item)
{
    *(Alert *)item = (Alert){
        .id = db_get_text(row, 0, arena),
        .rule = db_get_text(row, 1, arena),
        .subject = db_get_text(row, 2, arena),
        .is_open = db_get_int(row, 3) != 0,
        .value = db_get_real(row, 4),
        .threshold = db_get_real(row, 5),
        .calm_count = db_get_int(row, 6),
        .opened_at_ms = db_get_int(row, 7),
        .closed_at_ms = db_get_int(row, 8),
        .acknowledged_at_ms = db_get_int(row, 9),
        .acknowledged_by = db_get_text(row, 10, arena),
        .fired_at_ms = db_get_int(row, 11),
        .told_at_ms = db_get_int(row, 12),
        .told_count = db_get_int(row, 13),
    };
}

bool alert_open(DbTx *tx, const Scope *scope, Arena *arena, Alert *alert, bool *is_new_r,
                Error *err)
{
    Alert added = *alert;
    int64_t changed;

    added.id = id_new(arena);
    added.is_open = true;
    added.opened_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO alerts (workspace, id, rule, subject, is_open, value,"
                         " threshold, calm_count, opened_at, closed_at, acknowledged_at,"
                         " acknowledged_by) VALUES ($1, $2, $3, $4, 1, $5, $6, 0, $7, 0, 0, '')"
                         " ON CONFLICT (workspace, rule, subject) WHERE is_open = 1 DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.rule),
                         db_text(added.subject), db_real(added.value), db_real(added.threshold),
                         db_int(added.opened_at_ms)),
                 &changed, err))
        return false;
    *alert = added;
    *is_new_r = changed > 0;
    return true;
}

bool alert_save(DbTx *tx, const Scope *scope, const Alert *alert, bool *is_ours_r, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE alerts SET value = $3, calm_count = $4, is_open = $5,"
                         " closed_at = $6, fired_at = $7, told_at = $8, told_count = $9 WHERE "
                         "workspace = $1 AND id = $2 AND is_open = 1"),
                 DB_ARGS(db_text(scope->workspace), db_text(alert->id), db_real(alert->value),
                         db_int(alert->calm_count), db_int(alert->is_open),
                         db_int(alert->closed_at_ms), db_int(alert->fired_at_ms),
                         db_int(alert->told_at_ms), db_int(alert->told_count)),
                 &changed, err))
        return false;
    *is_ours_r = changed > 0;
    return true;
}

bool alert_drop(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM alerts WHERE workspace = $1 AND id = $2 AND is_open = 1"
                           " AND fired_at = 0"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err);
}

bool alert_list_open(DbTx *tx, const Scope *scope, Arena *arena, AlertList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(ALERTS "AND is_open = 1 ORDER BY id"),
                  DB_ARGS(db_text(scope->workspace)), read_alert, sizeof(Alert), &items, err))
        return false;
    *list_r = (AlertList){ .at = items.at, .count = items.count };
    return true;
}

bool alert_list(DbTx *tx, const Scope *scope, Arena *arena, bool only_open, const Slice *slice,
                AlertList *list_r, Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(ALERTS "AND ($2 = 0 OR is_open = 1) AND ($3 = '' OR id < $3)"
                                 " ORDER BY id DESC LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_int(only_open),
                          db_text(slice ? slice->after : STR_NONE), db_int((int64_t)limit + 1)),
                  read_alert, sizeof(Alert), &items, err))
        return false;
    AlertList list = { .at = items.at, .count = MIN(items.count, limit) };
    if (items.count > limit)
        list.next = list.at[limit - 1].id;
    *list_r = list;
    return true;
}

bool alert_acknowledge(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE alerts SET acknowledged_at = $3, acknowledged_by = $4"
                " WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_int(now_ms()), db_text(scope->user)),
        "alert", id, err);
}

bool alert_forget(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM alerts WHERE is_open = 0 AND closed_at < $1"),
                   DB_ARGS(db_int(before_ms)), NULL, err);
}

/* --- What they are judged by --- */

static void read_health(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    CallHealth *health = item;
    int column = 0;
    health->errors = db_get_int(row, column++);
#define CALL_SUM(name, what) health->totals.name = db_get_int(row, column++);
#include "store/call_sums.def"
#undef CALL_SUM
}

bool call_health(DbTx *tx, const Scope *scope, CallSpan span, int64_t from_ms, int64_t to_ms,
                 CallHealth *health_r, Error *err)
{
    static const char sql[] =
        "SELECT CAST(coalesce(sum(CASE WHEN status IN ('upstream', 'timeout', 'busy',"
        " 'rate_limited', 'internal', 'io') THEN calls ELSE 0 END), 0) AS BIGINT)"
#define CALL_SUM(name, what) ", CAST(coalesce(sum(" #name "), 0) AS BIGINT)"
#include "store/call_sums.def"
#undef CALL_SUM
        " FROM call_sums WHERE workspace = $1 AND span = $2 AND at >= $3 AND at < $4";
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return sql_find(
        tx, arena, DB_SAME(sql),
        DB_ARGS(db_text(scope->workspace), db_int(span), db_int(from_ms), db_int(to_ms)),
        read_health, health_r, "sum of calls", scope->workspace, err);
}

static void read_service(DbRows *row, Arena *arena, void *item)
{
    *(Str *)item = db_get_text(row, 0, arena);
}

bool call_services_down(DbTx *tx, const Scope *scope, Arena *arena, CallSpan span, int64_t from_ms,
                        int64_t to_ms, int64_t calls_min, StrList *services_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT service FROM call_sums WHERE workspace = $1 AND span = $2"
                          " AND at >= $3 AND at < $4 AND service <> '' GROUP BY service"
                          " HAVING sum(calls) >= $5 AND 2 * sum(CASE WHEN status IN ('upstream',"
                          " 'timeout') THEN calls ELSE 0 END) >= sum(calls) ORDER BY service"),
                  DB_ARGS(db_text(scope->workspace), db_int(span), db_int(from_ms), db_int(to_ms),
                          db_int(calls_min)),
                  read_service, sizeof(Str), &items, err))
        return false;
    *services_r = (StrList){ items.at, items.count };
    return true;
}
