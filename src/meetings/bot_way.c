/* bot_way.c - a bot on its way into a meeting: asked for, looked at, moved, called off; see
 * bot_step.h. */
#include "base/clock.h"
#include "meetings/bot_step.h"

#define TRIES_MAX 40
#define AGAIN_MS 15000
#define LATE_MS (2 * 60000)
#define LOST_MS (INT64_C(24) * 3600000)
#define JOIN_MS 5000 /* before its time, for services that join at once */

static void be_too_late(BotWork *work, MeetingBot *bot)
{
    bot_enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    bot_because(work, bot, S("too_late"));
}

static void be_gone(BotWork *work, MeetingBot *bot)
{
    bot_enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    bot_because(work, bot, S("gone"));
}

/* --- planned --- */

static void take_created(BotWork *work, MeetingBot *bot)
{
    bot->remote_id = work->report.remote_id;
    bot->remote_join_at_ms = work->bot.join_at_ms;
    if (bot->reason.length) /* else it says how the configuration was made */
        bot->reason = bot->reason_text = STR_NONE;
    bot->tries = 0;
    bot->next_at_ms = now_ms() + AGAIN_MS;
    if (!str_is(bot->state, bot_states[BOT_planned].name))
        return; /* a webhook was faster */
    bot->remote_state = work->report.remote_state;
    bot_enter(bot, work->report.has_state && work->report.state != BOT_planned ? work->report.state
                                                                               : BOT_scheduled);
    /* What the service says of it may be older than the clock here. */
    bot->state_at_ms = work->report.at_ms ? work->report.at_ms : 0;
}

static void take_config(BotWork *work, MeetingBot *bot)
{
    bot->config = work->bot.config;
    bot->made_by = work->bot.made_by;
    bot->reason_text = work->bot.reason_text;
}

static void wait_for_time(BotWork *work, MeetingBot *bot)
{
    bot->next_at_ms = work->bot.join_at_ms - JOIN_MS;
}

static bool make_config(BotWork *work, Error *err)
{
    BotConfigMade made;
    if (work->bot.config.length)
        return true;
    bot_config_make(work->meetings->options.models, &work->scope, work->arena, &work->meeting,
                    &made);
    work->bot.config = bot_config_print(work->arena, &made.config);
    work->bot.made_by = made.made_by;
    work->bot.reason_text = made.notice;
    return bot_write(work, take_config, false, err);
}

static bool read_config(BotWork *work, BotConfig *config, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    *config = bot_config_rules(work->arena, &work->meeting);
    return json_parse(work->bot.config, MEETING_BOT_CONFIG_MAX, &json, err) &&
           bot_config_read(work->arena, json, config, err);
}

bool bot_create(BotWork *work, Error *err)
{
    const BotService *service = work->ask.service;
    int64_t now = now_ms();
    BotConfig config;
    if (now > bot_end_of(work) || !work->has_meeting)
        return bot_write(work, be_too_late, false, err);
    if (!make_config(work, err) || !read_config(work, &config, err))
        return false;
    if (!service->schedules && work->bot.join_at_ms > now + JOIN_MS)
        return bot_write(work, wait_for_time, false, err);
    if (service->dialect->create(&work->ask, &work->bot, work->meeting.link_url,
                                 work->meeting.link_password, &config, &work->report, &work->why))
        return bot_write(work, take_created, false, err);
    return bot_write(work, work->ask.failure.then == BOT_THEN_AGAIN ? bot_put_off : bot_give_up,
                     false, err);
}

/* --- On its way --- */

static void take_looked(BotWork *work, MeetingBot *bot)
{
    int64_t now = now_ms(), join = bot->join_at_ms;
    int rank = bot_states[bot_state_named(bot->state)].rank;
    bot_forget_delay(bot);
    bot->tries = 0;
    bot->next_at_ms = now + 20000;
    if (rank <= bot_states[BOT_scheduled].rank)
        bot->next_at_ms = join > now + 3600000 ? MIN(join - 1800000, now + INT64_C(6) * 3600000)
                                               : MAX(join, now) + AGAIN_MS;
    else if (rank == bot_states[BOT_recording].rank)
        bot->next_at_ms = now + 60000;
    else if (bot_states[bot_state_named(bot->state)].is_end)
        bot->next_at_ms = 0;
    (void)work;
}

/* Somebody may let it in, if told. */
static bool is_kept_waiting(const BotWork *work)
{
    return (work->report.state == BOT_joining || work->report.state == BOT_waiting_room) &&
           now_ms() > work->bot.join_at_ms + LATE_MS;
}

bool bot_look(BotWork *work, Error *err)
{
    if (!work->ask.service->dialect->look(&work->ask, &work->bot, &work->report, &work->why)) {
        bool is_lost = now_ms() > work->bot.join_at_ms + LOST_MS;
        if (work->ask.failure.then == BOT_THEN_GONE || is_lost)
            return bot_write(work, be_gone, false, err);
        return bot_write(work, bot_put_off, false, err);
    }
    if (is_kept_waiting(work))
        work->notice = bot_notice(work, NOTICE_meeting_bot_waits);
    else if (work->report.state == BOT_denied)
        work->notice = bot_notice(work, NOTICE_meeting_bot_denied);
    bool ok = bot_write(work, take_looked, true, err);
    work->notice = NULL;
    return ok;
}

static void take_moved(BotWork *work, MeetingBot *bot)
{
    bot->remote_join_at_ms = work->bot.join_at_ms;
    bot->tries = 0;
    bot->next_at_ms = now_ms() + AGAIN_MS;
}

bool bot_move(BotWork *work, Error *err)
{
    if (work->ask.service->dialect->move(&work->ask, &work->bot, &work->why))
        return bot_write(work, take_moved, false, err);
    if (work->ask.failure.then == BOT_THEN_GONE)
        return bot_write(work, be_gone, false, err);
    /* It may be on its way already: then no time can be told any more. */
    return bot_write(work, work->ask.failure.then == BOT_THEN_AGAIN ? bot_put_off : take_moved,
                     false, err);
}

/* --- Called off --- */

static void be_cancelled(BotWork *work, MeetingBot *bot)
{
    bot_enter(bot, BOT_cancelled);
    bot->is_over = true;
    bot_because(work, bot, S("called_off"));
}

static void be_leaving(BotWork *work, MeetingBot *bot)
{
    (void)work;
    if (bot_states[bot_state_named(bot->state)].rank < bot_states[BOT_leaving].rank)
        bot_enter(bot, BOT_leaving);
    bot->next_at_ms = now_ms() + 10000;
}

bool bot_leave(BotWork *work, Error *err)
{
    bool is_before =
        bot_states[bot_state_named(work->bot.state)].rank <= bot_states[BOT_scheduled].rank;
    if (!work->bot.remote_id.length)
        return bot_write(work, be_cancelled, false, err);
    if (work->ask.service->dialect->leave(&work->ask, &work->bot, &work->why))
        return bot_write(work, is_before ? be_cancelled : be_leaving, false, err);
    switch (work->ask.failure.then) {
    case BOT_THEN_AGAIN:
        return work->bot.tries < TRIES_MAX ? bot_write(work, bot_put_off, false, err)
                                           : bot_write(work, bot_give_up, false, err);
    case BOT_THEN_GONE: return bot_write(work, is_before ? be_cancelled : be_gone, false, err);
    default: return bot_look(work, err); /* it has left by itself, it may be */
    }
}
