/* bot_track.c - a bot's state by what is heard of it, and its meeting's changes; see
 * meetings_int.h.
 *
 * News come often, late and in any order: each is kept by its id, and counts only when it leads on
 * (bot_states.def). */
#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "meetings/meetings_int.h"

#define LOOK_SOON_MS 5000

bool meeting_bot_queue(DbTx *tx, const Scope *scope, Arena *arena, Str bot, Error *err)
{
    const NewJob job = { .type = BOT_JOB, .subject = bot, .is_wanted_again = true };
    return job_add(tx, scope, arena, &job, NULL, err);
}

/* --- News --- */

/* One without an id of its own is known by what it says. */
static Str event_id(Arena *arena, const MeetingBot *bot, const BotNews *news)
{
    if (news->event.length)
        return str_slice(news->event, 0, 200);
    Str said = str_format(arena, STR_FMT "\n" STR_FMT "\n" STR_FMT "\n%" PRId64 "\n%" PRId64,
                          STR_ARG(news->report.remote_id), STR_ARG(news->report.remote_state),
                          STR_ARG(news->report.reason), news->report.at_ms, bot->attempt);
    return sha256_hex(arena, said);
}

/* News of a bot that was sent before this one are late, whatever they say. */
static bool is_of(const MeetingBot *bot, const BotNews *news)
{
    return bot->remote_id.length ? str_equal(news->report.remote_id, bot->remote_id)
                                 : news->attempt == bot->attempt;
}

bool meeting_bot_hear(DbTx *tx, const Scope *scope, Arena *arena, MeetingBot *bot,
                      const BotNews *news, const char *source, bool *taken_r, Error *err)
{
    const BotReport *report = &news->report;
    int64_t at_ms = report->at_ms ? report->at_ms : now_ms();
    bool is_looked = strcmp(source, "look") == 0, is_new;
    MeetingBotEvent event = { .bot = bot->id,
                              .source = str(source),
                              .remote_state = str_slice(report->remote_state, 0, 100),
                              .reason = str_slice(report->reason, 0, 200),
                              .happened_at_ms = at_ms };
    Str state_was = bot->state;
    MeetingBot after = *bot;
    bool may_count = is_of(bot, news) && !bot->is_over &&
                     !(is_looked && str_is(state_was, bot_states[report->state].name));
    BotHeard heard = may_count ? bot_hear(arena, &after, report, at_ms) : BOT_HEARD_NOTHING;
    event.is_taken = heard == BOT_HEARD_STATE;
    *taken_r = false;
    if (is_looked && !event.is_taken)
        return true; /* nothing new was seen */
    event.id = is_looked ? id_new(arena) : event_id(arena, bot, news);
    if (!meeting_bot_event_add(tx, scope, &event, &is_new, err))
        return false;
    if (!is_new || heard == BOT_HEARD_NOTHING)
        return true;
    if (event.is_taken) {
        if (!after.remote_id.length)
            after.remote_id = report->remote_id;
        after.tries = 0;
        after.next_at_ms = now_ms() + (bot_states[report->state].is_end ? 0 : LOOK_SOON_MS);
    }
    *bot = after;
    bool is_changed;
    if (!meeting_bot_update(tx, scope, bot, state_was, bot->attempt, &is_changed, err))
        return false;
    *taken_r = event.is_taken && is_changed;
    return true;
}

/* --- A meeting that has changed --- */

/* It lets go at once, so that another may be sent when the meeting is on again. */
static bool call_off(DbTx *tx, const Scope *scope, Arena *arena, const MeetingBot *bot, Error *err)
{
    return meeting_bot_let_go(tx, scope, bot->id, err) &&
           meeting_bot_wish(tx, scope, bot->id, S("leave"), err) &&
           meeting_bot_queue(tx, scope, arena, bot->id, err);
}

/* It takes place somewhere else now: another bot goes there, of the same service and kind. */
static bool replace(DbTx *tx, const Scope *scope, Arena *arena, const MeetingBot *bot,
                    const Meeting *meeting, Error *err)
{
    MeetingBot other = *bot;
    bool is_added;
    other.link_kind = meeting->link_kind;
    other.link_id = meeting->link_id;
    other.starts_at_ms = meeting->starts_at_ms;
    other.join_at_ms = meeting_join_time(meeting);
    other.state = str(bot_states[BOT_planned].name);
    other.state_at_ms = other.next_at_ms = now_ms();
    return call_off(tx, scope, arena, bot, err) &&
           meeting_bot_add(tx, scope, arena, &other, &is_added, err) &&
           (!is_added || meeting_bot_queue(tx, scope, arena, other.id, err));
}

static bool move(DbTx *tx, const Scope *scope, Arena *arena, MeetingBot *bot,
                 const Meeting *meeting, Error *err)
{
    bool is_moved;
    bot->starts_at_ms = meeting->starts_at_ms;
    bot->join_at_ms = meeting_join_time(meeting);
    return meeting_bot_move(tx, scope, bot, &is_moved, err) &&
           (is_moved ? meeting_bot_queue(tx, scope, arena, bot->id, err)
                     : call_off(tx, scope, arena, bot, err)); /* another is there already */
}

bool meeting_bot_follow(DbTx *tx, const Scope *scope, Arena *arena, const Meeting *meeting,
                        Error *err)
{
    const MeetingBotFilter filter = { .meeting = meeting->id, .only_open = true };
    MeetingBotList list;
    if (!meeting_bot_list(tx, scope, arena, &filter, NULL, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        MeetingBot *bot = &list.at[i];
        int rank = bot_states[bot_state_named(bot->state)].rank;
        bool is_on = meeting_judge(meeting, now_ms()) == MEETING_SKIP_none, ok;
        bool is_there = str_equal(bot->link_kind, meeting->link_kind) &&
                        str_equal(bot->link_id, meeting->link_id);
        if (!bot->holds || str_is(bot->wish, "leave") || rank > bot_states[BOT_scheduled].rank)
            continue; /* it is on its way: what happens now happens in the meeting */
        ok = !is_on     ? call_off(tx, scope, arena, bot, err)
             : is_there ? move(tx, scope, arena, bot, meeting, err)
                        : replace(tx, scope, arena, bot, meeting, err);
        if (!ok)
            return false;
    }
    return true;
}
