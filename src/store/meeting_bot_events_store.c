/* meeting_bot_events_store.c - what was heard of bots, and why there are any; see
 * meeting_bots_store.h. */
#include "base/clock.h"
#include "base/id.h"
#include "store/meeting_bots_store.h"
#include "store/sql.h"

static void read_event(DbRows *row, Arena *arena, void *item)
{
    *(MeetingBotEvent *)item = (MeetingBotEvent){ .bot = db_get_text(row, 0, arena),
                                                  .id = db_get_text(row, 1, arena),
                                                  .source = db_get_text(row, 2, arena),
                                                  .remote_state = db_get_text(row, 3, arena),
                                                  .reason = db_get_text(row, 4, arena),
                                                  .is_taken = db_get_int(row, 5) != 0,
                                                  .happened_at_ms = db_get_int(row, 6),
                                                  .created_at_ms = db_get_int(row, 7) };
}

bool meeting_bot_event_add(DbTx *tx, const Scope *scope, const MeetingBotEvent *event,
                           bool *is_new_r, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO meeting_bot_events (workspace, bot, id, source, remote_state,"
                         " reason, is_taken, happened_at, created_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(event->bot), db_text(event->id),
                         db_text(event->source), db_text(event->remote_state),
                         db_text(event->reason), db_int(event->is_taken),
                         db_int(event->happened_at_ms), db_int(now_ms())),
                 &changed, err))
        return false;
    *is_new_r = changed > 0;
    return true;
}

bool meeting_bot_event_list(DbTx *tx, const Scope *scope, Arena *arena, Str bot,
                            MeetingBotEventList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT bot, id, source, remote_state, reason, is_taken, happened_at,"
                          " created_at FROM meeting_bot_events WHERE workspace = $1 AND bot = $2"
                          " ORDER BY happened_at, created_at, id LIMIT 1000"),
                  DB_ARGS(db_text(scope->workspace), db_text(bot)), read_event,
                  sizeof(MeetingBotEvent), &items, err))
        return false;
    *list_r = (MeetingBotEventList){ items.at, items.count };
    return true;
}

static void read_log(DbRows *row, Arena *arena, void *item)
{
    *(BotSchedulingLog *)item = (BotSchedulingLog){ .id = db_get_text(row, 0, arena),
                                                    .user = db_get_text(row, 1, arena),
                                                    .meeting = db_get_text(row, 2, arena),
                                                    .bot = db_get_text(row, 3, arena),
                                                    .source = db_get_text(row, 4, arena),
                                                    .outcome = db_get_text(row, 5, arena),
                                                    .reason = db_get_text(row, 6, arena),
                                                    .created_at_ms = db_get_int(row, 7) };
}

bool bot_scheduling_log_add(DbTx *tx, const Scope *scope, Arena *arena, const BotSchedulingLog *log,
                            Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO bot_scheduling_logs (workspace, id, user_id, meeting, bot,"
                           " source, outcome, reason, created_at)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
                   DB_ARGS(db_text(scope->workspace), db_text(id_new(arena)), db_text(log->user),
                           db_text(log->meeting), db_text(log->bot), db_text(log->source),
                           db_text(log->outcome), db_text(log->reason), db_int(now_ms())),
                   NULL, err);
}

bool bot_scheduling_log_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                             const Slice *slice, BotSchedulingLogList *list_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    SqlItems items;
    BotSchedulingLogList found;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, user_id, meeting, bot, source, outcome, reason, created_at"
                          " FROM bot_scheduling_logs WHERE workspace = $1 AND user_id = $2"
                          " AND (CAST($3 AS TEXT) = '' OR id < $3) ORDER BY id DESC LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(user), db_text(slice->after),
                          db_int(limit + 1)),
                  read_log, sizeof(BotSchedulingLog), &items, err))
        return false;
    found = (BotSchedulingLogList){ .at = items.at, .count = items.count };
    if (found.count > (size_t)limit) {
        found.count = (size_t)limit;
        found.next = found.at[limit - 1].id;
    }
    *list_r = found;
    return true;
}
