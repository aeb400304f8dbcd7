#include "store/meetings_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/events.h"
#include "store/sql.h"

#define COLUMNS                                                                                    \
    "id, user_id, calendar, uid, occurrence, title, description, location, organizer, attendees,"  \
    " answer, starts_at, ends_at, is_all_day, time_zone, state, link_kind, link_id, link_url,"     \
    " link_password, document, minutes, created_at, updated_at"
#define MEETINGS "SELECT " COLUMNS " FROM meetings WHERE workspace = $1 "

static void read_meeting(DbRows *row, Arena *arena, void *item)
{
    *(Meeting *)item = (Meeting){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .calendar = db_get_text(row, 2, arena),
        .uid = db_get_text(row, 3, arena),
        .occurrence = db_get_text(row, 4, arena),
        .title = db_get_text(row, 5, arena),
        .description = db_get_text(row, 6, arena),
        .location = db_get_text(row, 7, arena),
        .organizer = db_get_text(row, 8, arena),
        .attendees = db_get_text(row, 9, arena),
        .answer = db_get_text(row, 10, arena),
        .starts_at_ms = db_get_int(row, 11),
        .ends_at_ms = db_get_int(row, 12),
        .is_all_day = db_get_int(row, 13) != 0,
        .time_zone = db_get_text(row, 14, arena),
        .state = db_get_text(row, 15, arena),
        .link_kind = db_get_text(row, 16, arena),
        .link_id = db_get_text(row, 17, arena),
        .link_url = db_get_text(row, 18, arena),
        .link_password = db_get_text(row, 19, arena),
        .document = db_get_text(row, 20, arena),
        .minutes = db_get_text(row, 21, arena),
        .created_at_ms = db_get_int(row, 22),
        .updated_at_ms = db_get_int(row, 23),
    };
}

static bool list(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                 MeetingList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena, sql, args, count, read_meeting, sizeof(Meeting), &items, err))
        return false;
    *list_r = (MeetingList){ .at = items.at, .count = items.count };
    return true;
}

/* `text` says what becomes of one that is there already. */
#define INSERT(conflict)                                                                           \
    DB_SAME("INSERT INTO meetings (workspace, " COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7,"    \
            " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,"  \
            " $25) " conflict)
#define MEETING_ARGS(scope, m)                                                                     \
    DB_ARGS(db_text((scope)->workspace), db_text((m)->id), db_text((m)->user),                     \
            db_text_or_null((m)->calendar), db_text((m)->uid), db_text((m)->occurrence),           \
            db_text((m)->title), db_text((m)->description), db_text((m)->location),                \
            db_text((m)->organizer), db_text((m)->attendees), db_text((m)->answer),                \
            db_int((m)->starts_at_ms), db_int((m)->ends_at_ms), db_int((m)->is_all_day),           \
            db_text((m)->time_zone), db_text((m)->state), db_text((m)->link_kind),                 \
            db_text((m)->link_id), db_text((m)->link_url), db_text((m)->link_password),            \
            db_text((m)->document), db_text((m)->minutes), db_int((m)->created_at_ms),             \
            db_int((m)->updated_at_ms))

bool meeting_add(DbTx *tx, const Scope *scope, Arena *arena, Meeting *meeting, Error *err)
{
    Meeting added = *meeting;
    added.id = id_new(arena);
    added.calendar = STR_NONE;
    added.created_at_ms = added.updated_at_ms = now_ms();
    if (!db_exec(tx, INSERT(""), MEETING_ARGS(scope, &added), NULL, err))
        return false;
    *meeting = added;
    return event_tell(tx, scope->workspace, EVENT_meeting, meeting->id, STR_NONE, err);
}

static bool is_same(const Meeting *a, const Meeting *b)
{
    return a->starts_at_ms == b->starts_at_ms && a->ends_at_ms == b->ends_at_ms &&
           a->is_all_day == b->is_all_day && str_equal(a->state, b->state) &&
           str_equal(a->answer, b->answer) && str_equal(a->link_url, b->link_url) &&
           str_equal(a->link_password, b->link_password);
}

static bool find_put(DbTx *tx, const Scope *scope, Arena *arena, const Meeting *meeting,
                     MeetingList *list_r, Error *err)
{
    return list(tx, arena, DB_SAME(MEETINGS "AND calendar = $2 AND uid = $3 AND occurrence = $4"),
                DB_ARGS(db_text(scope->workspace), db_text(meeting->calendar),
                        db_text(meeting->uid), db_text(meeting->occurrence)),
                list_r, err);
}

bool meeting_put(DbTx *tx, const Scope *scope, Arena *arena, Meeting *meeting, bool *changed_r,
                 Error *err)
{
    Meeting put = *meeting;
    MeetingList before;
    if (!find_put(tx, scope, arena, meeting, &before, err))
        return false;
    put.id = before.count ? before.at[0].id : id_new(arena);
    put.created_at_ms = put.updated_at_ms = now_ms();
    if (!db_exec(tx,
                 INSERT("ON CONFLICT (workspace, calendar, uid, occurrence) DO UPDATE SET"
                        " title = excluded.title, description = excluded.description,"
                        " location = excluded.location, organizer = excluded.organizer,"
                        " attendees = excluded.attendees, answer = excluded.answer,"
                        " starts_at = excluded.starts_at, ends_at = excluded.ends_at,"
                        " is_all_day = excluded.is_all_day, time_zone = excluded.time_zone,"
                        " state = excluded.state, link_kind = excluded.link_kind,"
                        " link_id = excluded.link_id, link_url = excluded.link_url,"
                        " link_password = excluded.link_password,"
                        " updated_at = excluded.updated_at"),
                 MEETING_ARGS(scope, &put), NULL, err))
        return false;
    *changed_r = !before.count || !is_same(&before.at[0], &put);
    *meeting = put;
    return !*changed_r || event_tell(tx, scope->workspace, EVENT_meeting, put.id, STR_NONE, err);
}

bool meeting_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Meeting *meeting_r,
                  Error *err)
{
    return sql_find(tx, arena, DB_SAME(MEETINGS "AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_meeting, meeting_r,
                    "meeting", id, err);
}

bool meeting_list(DbTx *tx, const Scope *scope, Arena *arena, const MeetingFilter *filter,
                  const Slice *slice, MeetingList *list_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    DbValue key = db_int(0);
    Str id = STR_NONE;
    MeetingList found;
    if (slice && slice->after.length && !sql_cursor_read(slice->after, true, &key, &id, err))
        return false;
    if (!list(tx, arena,
              DB_SAME(
                  MEETINGS
                  "AND user_id = $2 AND (CAST($3 AS TEXT) = '' OR calendar = $3)"
                  " AND ends_at > $4 AND (CAST($5 AS BIGINT) = 0 OR starts_at < CAST($5 AS BIGINT))"
                  " AND (starts_at > $6 OR (starts_at = $6 AND id > $7))"
                  " ORDER BY starts_at, id LIMIT $8"),
              DB_ARGS(db_text(scope->workspace), db_text(filter->user), db_text(filter->calendar),
                      db_int(filter->from_ms), db_int(filter->until_ms), key, db_text(id),
                      db_int(limit + 1)),
              &found, err))
        return false;
    if (found.count > (size_t)limit) {
        const Meeting *last = &found.at[limit - 1];
        found.count = (size_t)limit;
        found.next = sql_cursor(arena, db_int(last->starts_at_ms), last->id);
    }
    *list_r = found;
    return true;
}

bool meeting_list_uid(DbTx *tx, const Scope *scope, Arena *arena, Str calendar, Str uid,
                      MeetingList *list_r, Error *err)
{
    return list(
        tx, arena,
        DB_SAME(MEETINGS "AND calendar = $2 AND uid = $3 AND state <> 'cancelled' ORDER BY id"),
        DB_ARGS(db_text(scope->workspace), db_text(calendar), db_text(uid)), list_r, err);
}

bool meeting_cancel(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE meetings SET state = 'cancelled', updated_at = $3"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_int(now_ms())), "meeting",
                      id, err) &&
           event_tell(tx, scope->workspace, EVENT_meeting, id, STR_NONE, err);
}

bool meeting_set_document(DbTx *tx, const Scope *scope, Str id, Str document, Error *err)
{
    return sql_change(
               tx,
               DB_SAME("UPDATE meetings SET document = $3, updated_at = $4"
                       " WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(document), db_int(now_ms())),
               "meeting", id, err) &&
           event_tell(tx, scope->workspace, EVENT_meeting, id, STR_NONE, err);
}

bool meeting_set_minutes(DbTx *tx, const Scope *scope, Str id, Str minutes, Error *err)
{
    return sql_change(
               tx,
               DB_SAME("UPDATE meetings SET minutes = $3, updated_at = $4"
                       " WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(minutes), db_int(now_ms())),
               "meeting", id, err) &&
           event_tell(tx, scope->workspace, EVENT_meeting, id, STR_NONE, err);
}

bool meetings_purge(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("DELETE FROM meetings WHERE calendar IS NOT NULL AND ends_at < $1"
                           " AND document = ''"),
                   DB_ARGS(db_int(before_ms)), NULL, err);
}
