#include "store/meeting_bots_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/due.h"
#include "store/events.h"
#include "store/sql.h"

#define COLUMNS                                                                                    \
    "workspace, id, user_id, meeting, service, meeting_key, link_kind, link_id, starts_at,"        \
    " join_at, holds, is_over, wish, config, made_by, remote_id, remote_join_at, state,"           \
    " remote_state, state_at, reason, reason_text, attempt, tries, next_at, document, created_at," \
    " updated_at, reason_state, reason_at, transcript_settled, recording_settled, recording"
#define BOTS "SELECT " COLUMNS " FROM meeting_bots "

static void read_bot(DbRows *row, Arena *arena, void *item)
{
    *(MeetingBot *)item = (MeetingBot){
        .workspace = db_get_text(row, 0, arena),
        .id = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .meeting = db_get_text(row, 3, arena),
        .service = db_get_text(row, 4, arena),
        .meeting_key = db_get_text(row, 5, arena),
        .link_kind = db_get_text(row, 6, arena),
        .link_id = db_get_text(row, 7, arena),
        .starts_at_ms = db_get_int(row, 8),
        .join_at_ms = db_get_int(row, 9),
        .holds = db_get_int(row, 10) != 0,
        .is_over = db_get_int(row, 11) != 0,
        .wish = db_get_text(row, 12, arena),
        .config = db_get_text(row, 13, arena),
        .made_by = db_get_text(row, 14, arena),
        .remote_id = db_get_text(row, 15, arena),
        .remote_join_at_ms = db_get_int(row, 16),
        .state = db_get_text(row, 17, arena),
        .remote_state = db_get_text(row, 18, arena),
        .state_at_ms = db_get_int(row, 19),
        .reason = db_get_text(row, 20, arena),
        .reason_text = db_get_text(row, 21, arena),
        .attempt = db_get_int(row, 22),
        .tries = db_get_int(row, 23),
        .next_at_ms = db_get_int(row, 24),
        .document = db_get_text(row, 25, arena),
        .created_at_ms = db_get_int(row, 26),
        .updated_at_ms = db_get_int(row, 27),
        .reason_state = db_get_text(row, 28, arena),
        .reason_at_ms = db_get_int(row, 29),
        .transcript_settled = db_get_int(row, 30) != 0,
        .recording_settled = db_get_int(row, 31) != 0,
        .recording = db_get_text(row, 32, arena),
    };
}

static bool list(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                 MeetingBotList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena, sql, args, count, read_bot, sizeof(MeetingBot), &items, err))
        return false;
    *list_r = (MeetingBotList){ .at = items.at, .count = items.count };
    return true;
}

bool meeting_bot_add(DbTx *tx, const Scope *scope, Arena *arena, MeetingBot *bot, bool *added_r,
                     Error *err)
{
    MeetingBot added = *bot;
    int64_t changed;

    added.workspace = scope->workspace;
    added.id = id_new(arena);
    added.holds = true;
    added.attempt = 1;
    added.created_at_ms = added.updated_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO meeting_bots (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6,"
                         " $7, $8, $9, $10, 1, 0, $11, $12, $13, '', 0, $14, '', $15, '', '', 1, 0,"
                         " $16, '', $17, $17, '', 0, 0, 0, '') ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.meeting), db_text(added.service), db_text(added.meeting_key),
                         db_text(added.link_kind), db_text(added.link_id),
                         db_int(added.starts_at_ms), db_int(added.join_at_ms), db_text(added.wish),
                         db_text(added.config), db_text(added.made_by), db_text(added.state),
                         db_int(added.state_at_ms), db_int(added.next_at_ms),
                         db_int(added.created_at_ms)),
                 &changed, err))
        return false;
    *added_r = changed > 0;
    if (!changed)
        return true;
    *bot = added;
    return event_tell(tx, scope->workspace, EVENT_meeting_bot, bot->id, bot->state, err);
}

bool meeting_bot_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, MeetingBot *bot_r,
                      Error *err)
{
    return sql_find(tx, arena, DB_SAME(BOTS "WHERE workspace = $1 AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_bot, bot_r, "meeting bot",
                    id, err);
}

bool meeting_bot_find_remote(DbTx *tx, const Scope *scope, Arena *arena, Str service, Str remote_id,
                             MeetingBot *bot_r, Error *err)
{
    return sql_find(
        tx, arena, DB_SAME(BOTS "WHERE workspace = $1 AND service = $2 AND remote_id = $3 LIMIT 1"),
        DB_ARGS(db_text(scope->workspace), db_text(service), db_text(remote_id)), read_bot, bot_r,
        "meeting bot", remote_id, err);
}

bool meeting_bot_find_holder(DbTx *tx, const Scope *scope, Arena *arena, const MeetingBot *like,
                             MeetingBot *bot_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME(BOTS "WHERE workspace = $1 AND holds = 1 AND (meeting_key = $2 OR"
                                 " (link_kind = $3 AND link_id = $4 AND starts_at = $5)) LIMIT 1"),
                    DB_ARGS(db_text(scope->workspace), db_text(like->meeting_key),
                            db_text(like->link_kind), db_text(like->link_id),
                            db_int(like->starts_at_ms)),
                    read_bot, bot_r, "bot of the meeting", like->meeting, err);
}

bool meeting_bot_list(DbTx *tx, const Scope *scope, Arena *arena, const MeetingBotFilter *filter,
                      const Slice *slice, MeetingBotList *list_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    Str after = slice ? slice->after : STR_NONE;
    MeetingBotList found;
    if (!list(tx, arena,
              DB_SAME(BOTS "WHERE workspace = $1 AND (CAST($2 AS TEXT) = '' OR user_id = $2)"
                           " AND (CAST($3 AS TEXT) = '' OR meeting = $3)"
                           " AND (CAST($4 AS TEXT) = '' OR service = $4)"
                           " AND (CAST($5 AS BIGINT) = 0 OR is_over = 0)"
                           " AND (CAST($6 AS TEXT) = '' OR id < $6) ORDER BY id DESC LIMIT $7"),
              DB_ARGS(db_text(scope->workspace), db_text(filter->user), db_text(filter->meeting),
                      db_text(filter->service), db_int(filter->only_open), db_text(after),
                      db_int(limit + 1)),
              &found, err))
        return false;
    if (found.count > (size_t)limit) {
        found.count = (size_t)limit;
        found.next = found.at[limit - 1].id;
    }
    *list_r = found;
    return true;
}

bool meeting_bot_update(DbTx *tx, const Scope *scope, const MeetingBot *bot, Str state_was,
                        int64_t attempt_was, bool *changed_r, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE meeting_bots SET is_over = $3, config = $4, made_by = $5,"
                         " remote_id = $6, remote_join_at = $7, state = $8, remote_state = $9,"
                         " state_at = $10, reason = $11, reason_text = $12, attempt = $13,"
                         " tries = $14, next_at = $15, document = $16, updated_at = $17, holds ="
                         " $18, reason_state = $21, reason_at = $22, transcript_settled = $23,"
                         " recording_settled = $24, recording = $25"
                         " WHERE workspace = $1 AND id = $2 AND state = $19 AND attempt = $20"),
                 DB_ARGS(db_text(scope->workspace), db_text(bot->id), db_int(bot->is_over),
                         db_text(bot->config), db_text(bot->made_by), db_text(bot->remote_id),
                         db_int(bot->remote_join_at_ms), db_text(bot->state),
                         db_text(bot->remote_state), db_int(bot->state_at_ms), db_text(bot->reason),
                         db_text(bot->reason_text), db_int(bot->attempt), db_int(bot->tries),
                         db_int(bot->next_at_ms), db_text(bot->document), db_int(now_ms()),
                         db_int(bot->holds), db_text(state_was), db_int(attempt_was),
                         db_text(bot->reason_state), db_int(bot->reason_at_ms),
                         db_int(bot->transcript_settled), db_int(bot->recording_settled),
                         db_text(bot->recording)),
                 &changed, err))
        return false;
    *changed_r = changed > 0;
    return !changed ||
           event_tell(tx, scope->workspace, EVENT_meeting_bot, bot->id, bot->state, err);
}

bool meeting_bot_move(DbTx *tx, const Scope *scope, const MeetingBot *bot, bool *moved_r,
                      Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE meeting_bots SET link_kind = $3, link_id = $4, starts_at = $5,"
                         " join_at = $6, next_at = 0, updated_at = $7"
                         " WHERE workspace = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM"
                         " meeting_bots o WHERE o.workspace = $1 AND o.id <> $2 AND o.holds = 1"
                         " AND o.link_kind = $3 AND o.link_id = $4 AND o.starts_at = $5)"),
                 DB_ARGS(db_text(scope->workspace), db_text(bot->id), db_text(bot->link_kind),
                         db_text(bot->link_id), db_int(bot->starts_at_ms), db_int(bot->join_at_ms),
                         db_int(now_ms())),
                 &changed, err))
        return false;
    *moved_r = changed > 0;
    return !changed ||
           event_tell(tx, scope->workspace, EVENT_meeting_bot, bot->id, bot->state, err);
}

bool meeting_bot_wish(DbTx *tx, const Scope *scope, Str id, Str wish, Error *err)
{
    return sql_change(
               tx,
               DB_SAME("UPDATE meeting_bots SET wish = $3, next_at = 0, updated_at = $4"
                       " WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(wish), db_int(now_ms())),
               "meeting bot", id, err) &&
           event_tell(tx, scope->workspace, EVENT_meeting_bot, id, STR_NONE, err);
}

bool meeting_bot_let_go(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE meeting_bots SET holds = 0 WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "meeting bot", id, err);
}

bool meeting_bots_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                      MeetingBotList *list_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           list(tx, arena,
                DB_SAME("SELECT " COLUMNS " " MEETING_BOTS_DUE " ORDER BY next_at LIMIT 500"),
                DB_ARGS(db_int(now_ms)), list_r, err);
}
