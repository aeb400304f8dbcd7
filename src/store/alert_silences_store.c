#include "store/alert_silences_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

static void read_silence(DbRows *row, Arena *arena, void *item)
{
    *(AlertSilence *)item = (AlertSilence){
        .id = db_get_text(row, 0, arena),
        .rule = db_get_text(row, 1, arena),
        .subject = db_get_text(row, 2, arena),
        .reason = db_get_text(row, 3, arena),
        .user = db_get_text(row, 4, arena),
        .created_at_ms = db_get_int(row, 5),
        .ends_at_ms = db_get_int(row, 6),
    };
}

bool alert_silence_add(DbTx *tx, const Scope *scope, Arena *arena, AlertSilence *silence,
                       Error *err)
{
    AlertSilence added = *silence;
    int64_t count;

    added.id = id_new(arena);
    added.user = scope->user;
    added.created_at_ms = now_ms();
    if (!db_query_int(
            tx,
            DB_SAME("SELECT count(*) FROM alert_silences WHERE workspace = $1 AND ends_at > $2"),
            DB_ARGS(db_text(scope->workspace), db_int(added.created_at_ms)), 0, &count, err))
        return false;
    if (count >= ALERT_SILENCES_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d silences already; remove one first",
                    ALERT_SILENCES_MAX);
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO alert_silences (workspace, id, rule, subject, reason,"
                         " user_id, created_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.rule),
                         db_text(added.subject), db_text(added.reason), db_text(added.user),
                         db_int(added.created_at_ms), db_int(added.ends_at_ms)),
                 NULL, err))
        return false;
    *silence = added;
    return true;
}

bool alert_silence_list(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                        AlertSilenceList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, rule, subject, reason, user_id, created_at, ends_at"
                          " FROM alert_silences WHERE workspace = $1 AND ends_at > $2"
                          " ORDER BY ends_at, id"),
                  DB_ARGS(db_text(scope->workspace), db_int(now_ms)), read_silence,
                  sizeof(AlertSilence), &items, err))
        return false;
    *list_r = (AlertSilenceList){ items.at, items.count };
    return true;
}

bool alert_silence_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM alert_silences WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "silence", id, err);
}

bool alert_silence_forget(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM alert_silences WHERE ends_at < $1"),
                   DB_ARGS(db_int(before_ms)), NULL, err);
}
