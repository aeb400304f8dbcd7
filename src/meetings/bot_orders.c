/* bot_orders.c - what a person wants of a bot that is there; see meetings.h. */
#include "meetings/meetings_int.h"
#include "store/audit_store.h"

typedef struct OrderWork {
    const Scope *scope;
    Arena *arena;
    Str id;
    MeetingBot bot;
    BotServiceRow row;
} OrderWork;

static bool leave_work(DbTx *tx, void *argument, Error *err)
{
    OrderWork *work = argument;
    const AuditEntry entry = { .action = S("meeting_bot.leave"),
                               .subject_kind = S("meeting_bot"),
                               .subject = work->id,
                               .details = S("{}") };
    if (!meeting_bot_find(tx, work->scope, work->arena, work->id, &work->bot, err))
        return false;
    if (bot_states[bot_state_named(work->bot.state)].rank >= bot_states[BOT_leaving].rank)
        return fail(err, ERROR_CONFLICT, "this bot is no longer in the meeting");
    return meeting_bot_wish(tx, work->scope, work->id, S("leave"), err) &&
           meeting_bot_queue(tx, work->scope, work->arena, work->id, err) &&
           audit_add(tx, work->scope, &entry, err);
}

bool meetings_leave(Meetings *meetings, const Scope *scope, Arena *arena, Str bot, Error *err)
{
    OrderWork work = { .scope = scope, .arena = arena, .id = bot };
    return store_write(meetings->options.db, scope, leave_work, &work, err);
}

static bool look_work(DbTx *tx, void *argument, Error *err)
{
    OrderWork *work = argument;
    return meeting_bot_find(tx, work->scope, work->arena, work->id, &work->bot, err) &&
           meeting_bot_wish(tx, work->scope, work->id, work->bot.wish, err) &&
           meeting_bot_queue(tx, work->scope, work->arena, work->id, err);
}

bool meetings_look(Meetings *meetings, const Scope *scope, Arena *arena, Str bot, Error *err)
{
    OrderWork work = { .scope = scope, .arena = arena, .id = bot };
    return store_write(meetings->options.db, scope, look_work, &work, err);
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    OrderWork *work = argument;
    return meeting_bot_find(tx, work->scope, work->arena, work->id, &work->bot, err) &&
           bot_service_find(tx, work->scope, work->arena, work->bot.service, &work->row, err);
}

bool meetings_recording(Meetings *meetings, const Scope *scope, Arena *arena, Str bot, Str *url_r,
                        Error *err)
{
    OrderWork work = { .scope = scope, .arena = arena, .id = bot };
    BotAsk ask;
    BotRecording recording = { 0 };
    if (!store_read(meetings->options.db, scope, find_work, &work, err) ||
        !meetings_open_service(meetings, scope, arena, &work.row, &ask, err))
        return false;
    if (!ask.service->dialect->recording || !work.bot.remote_id.length)
        return fail(err, ERROR_NOT_FOUND, "there is no recording of this bot");
    if (!ask.service->dialect->recording(&ask, &work.bot, &recording, err))
        return ask.failure.then == BOT_THEN_GONE
                   ? fail(err, ERROR_NOT_FOUND, "there is no recording of this bot yet")
                   : false;
    *url_r = recording.url;
    return recording.url.length ||
           fail(err, ERROR_NOT_FOUND, "there is no recording of this bot yet");
}
