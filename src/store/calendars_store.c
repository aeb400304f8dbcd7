#include "store/calendars_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/due.h"
#include "store/events.h"
#include "store/sealed_texts.h"
#include "store/sql.h"

#define COLUMNS                                                                                    \
    "SELECT workspace, id, user_id, kind, name, url, address, sealed, allows_private, time_zone,"  \
    " is_on, is_auto, sync_state, full_at, state, error_code, error, notice, failures, next_at,"   \
    " synced_at, created_at, whole "

#define CALENDAR COLUMNS "FROM calendars "

static void read_calendar(DbRows *row, Arena *arena, void *item)
{
    *(Calendar *)item = (Calendar){
        .workspace = db_get_text(row, 0, arena),
        .id = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .kind = db_get_text(row, 3, arena),
        .name = db_get_text(row, 4, arena),
        .url = db_get_text(row, 5, arena),
        .address = db_get_text(row, 6, arena),
        .sealed = db_get_blob(row, 7, arena),
        .allows_private = db_get_int(row, 8) != 0,
        .time_zone = db_get_text(row, 9, arena),
        .is_on = db_get_int(row, 10) != 0,
        .is_auto = db_get_int(row, 11) != 0,
        .sync_state = db_get_text(row, 12, arena),
        .full_at_ms = db_get_int(row, 13),
        .state = db_get_text(row, 14, arena),
        .error_code = db_get_text(row, 15, arena),
        .error = db_get_text(row, 16, arena),
        .notice = db_get_text(row, 17, arena),
        .failures = db_get_int(row, 18),
        .next_at_ms = db_get_int(row, 19),
        .synced_at_ms = db_get_int(row, 20),
        .created_at_ms = db_get_int(row, 21),
        .whole = db_get_blob(row, 22, arena),
    };
}

static bool list(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                 CalendarList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena, sql, args, count, read_calendar, sizeof(Calendar), &items, err))
        return false;
    *list_r = (CalendarList){ .at = items.at, .count = items.count };
    return true;
}

bool calendar_add(DbTx *tx, const Scope *scope, Arena *arena, Calendar *calendar, Error *err)
{
    Calendar added = *calendar;
    CalendarList others;

    added.workspace = scope->workspace;
    added.id = id_new(arena);
    added.user = scope->user;
    added.state = S("waiting");
    added.created_at_ms = added.next_at_ms = now_ms();
    if (!calendars_list(tx, scope, arena, scope->user, &others, err))
        return false;
    if (others.count >= CALENDARS_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d calendars already; remove one first",
                    CALENDARS_MAX);
    if (!db_exec(
            tx,
            DB_SAME("INSERT INTO calendars (workspace, id, user_id, kind, name, url, address,"
                    " sealed, allows_private, time_zone, is_on, is_auto, sync_state, full_at,"
                    " state, error_code, error, notice, failures, next_at, synced_at,"
                    " created_at, whole) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
                    " $12, '', 0, $13, '', '', '', 0, $14, 0, $15, $16)"),
            DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                    db_text(added.kind), db_text(added.name),
                    db_text(text_stored(arena, added.url, added.whole)), db_text(added.address),
                    db_blob(added.sealed), db_int(added.allows_private), db_text(added.time_zone),
                    db_int(added.is_on), db_int(added.is_auto), db_text(added.state),
                    db_int(added.next_at_ms), db_int(added.created_at_ms), db_blob(added.whole)),
            NULL, err))
        return false;
    *calendar = added;
    return event_tell(tx, scope->workspace, EVENT_calendar, calendar->id, STR_NONE, err);
}

bool calendar_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Calendar *calendar_r,
                   Error *err)
{
    return sql_find(tx, arena, DB_SAME(CALENDAR "WHERE workspace = $1 AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_calendar, calendar_r,
                    "calendar", id, err);
}

bool calendars_list(DbTx *tx, const Scope *scope, Arena *arena, Str user, CalendarList *list_r,
                    Error *err)
{
    return list(tx, arena,
                DB_SAME(CALENDAR "WHERE workspace = $1 AND user_id = $2 ORDER BY name, id"),
                DB_ARGS(db_text(scope->workspace), db_text(user)), list_r, err);
}

bool calendar_change(DbTx *tx, const Scope *scope, const Calendar *calendar, Error *err)
{
    return sql_change(
               tx,
               DB_SAME("UPDATE calendars SET name = $3, address = $4, sealed = $5, time_zone = $6,"
                       " is_on = $7, is_auto = $8, sync_state = '', full_at = 0, failures = 0,"
                       " state = 'waiting', next_at = $9 WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(calendar->id), db_text(calendar->name),
                       db_text(calendar->address), db_blob(calendar->sealed),
                       db_text(calendar->time_zone), db_int(calendar->is_on),
                       db_int(calendar->is_auto), db_int(now_ms())),
               "calendar", calendar->id, err) &&
           event_tell(tx, scope->workspace, EVENT_calendar, calendar->id, STR_NONE, err);
}

bool calendar_synced(DbTx *tx, const Scope *scope, const Calendar *calendar, Error *err)
{
    return sql_change(
               tx,
               DB_SAME("UPDATE calendars SET sync_state = $3, full_at = $4, state = $5, error_code "
                       "= $6,"
                       " error = $7, notice = $8, failures = $9, next_at = $10, synced_at = $11,"
                       " sealed = $12 WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(calendar->id),
                       db_text(calendar->sync_state), db_int(calendar->full_at_ms),
                       db_text(calendar->state), db_text(calendar->error_code),
                       db_text(calendar->error), db_text(calendar->notice),
                       db_int(calendar->failures), db_int(calendar->next_at_ms),
                       db_int(calendar->synced_at_ms), db_blob(calendar->sealed)),
               "calendar", calendar->id, err) &&
           event_tell(tx, scope->workspace, EVENT_calendar, calendar->id, STR_NONE, err);
}

bool calendar_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE meetings SET calendar = NULL"
                           " WHERE workspace = $1 AND calendar = $2 AND document <> ''"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err) &&
           sql_change(tx, DB_SAME("DELETE FROM calendars WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "calendar", id, err) &&
           event_tell(tx, scope->workspace, EVENT_calendar, id, STR_NONE, err);
}

bool calendars_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms, CalendarList *list_r,
                   Error *err)
{
    return sql_needs_system(scope, err) &&
           list(tx, arena, DB_SAME(COLUMNS CALENDARS_DUE " ORDER BY next_at LIMIT 500"),
                DB_ARGS(db_int(now_ms)), list_r, err);
}
