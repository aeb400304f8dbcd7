/* bot_after.c - what is done when a bot has left its meeting, or did not get in; see bot_step.h.
 *
 *     ended   transcript -> recording, where it is kept -> minutes of the one or the other -> over
 *     failed  what was said until it broke off -> another bot, or minutes and a notice -> over */
#include "base/clock.h"
#include "meetings/bot_step.h"

#define TRIES_MAX 40
#define EMPTY_TRIES_MAX 6  /* of a transcript without a word */
#define BROKEN_TRIES_MAX 2 /* of that of a bot that broke off, or was not let in */
#define ATTEMPTS_MAX 3
#define AGAIN_MS 15000
#define READ_MS 1000

/* It was never in the meeting, or did not record: why says more than that there is nothing. */
static bool came_to_nothing(const MeetingBot *bot)
{
    const BotReason *reason = bot_reason_named(bot->reason);
    return reason && bot->reason_state.length &&
           (reason->outcome == BOT_OUTCOME_NOT_IN || reason->outcome == BOT_OUTCOME_UNRECORDED);
}

static void have_no_transcript(BotWork *work, MeetingBot *bot)
{
    bot->transcript_settled = true;
    bot->tries = 0;
    bot->next_at_ms = now_ms();
    if (str_is(bot->state, bot_states[BOT_ended].name) && !came_to_nothing(bot))
        bot_because(work, bot, S("no_transcript"));
}

static void take_document(BotWork *work, MeetingBot *bot)
{
    bot->document = work->document;
    bot->transcript_settled = true;
    bot_forget_delay(bot);
    bot->tries = 0;
    bot->next_at_ms = now_ms() + READ_MS;
}

static void wait_for_reading(BotWork *work, MeetingBot *bot)
{
    (void)work;
    bot->next_at_ms = now_ms() + READ_MS;
}

static void not_be_read(BotWork *work, MeetingBot *bot)
{
    bot->is_over = true;
    bot_because(work, bot, S("not_read"));
}

static int64_t tries_max(const BotWork *work, bool came)
{
    if (str_is(work->bot.state, bot_states[BOT_failed].name) || came_to_nothing(&work->bot))
        return BROKEN_TRIES_MAX;
    return came ? EMPTY_TRIES_MAX : TRIES_MAX;
}

bool bot_fetch_transcript(BotWork *work, Error *err)
{
    UtteranceList list = { 0 };
    bool came = work->ask.service->dialect->transcript(&work->ask, &work->bot, &list, &work->why);
    if (!came && work->ask.failure.then == BOT_THEN_END)
        return bot_write(work, have_no_transcript, false, err);
    if (!came || !list.count) {
        if (came || work->ask.failure.then == BOT_THEN_GONE) /* not there yet */
            work->ask.failure = (BotFailure){ S("no_transcript_yet"), BOT_THEN_AGAIN, 10000 };
        bool is_last = work->bot.tries >= tries_max(work, came);
        return bot_write(work, is_last ? have_no_transcript : bot_put_off, false, err);
    }
    Str transcript = minutes_transcript(work->arena, &work->meeting, &list);
    if (!minutes_add_document(work->meetings, &work->scope, work->arena, &work->meeting, transcript,
                              &work->document, &work->why))
        return error_is_temporary(work->why.code)
                   ? fail(err, work->why.code, "%s", work->why.message)
                   : bot_write(work, not_be_read, false, err);
    bool ok = bot_write(work, take_document, false, err);
    work->document = STR_NONE;
    return ok;
}

/* Its person is told when there is nothing of the meeting, and why. */
static bool finish(BotWork *work, Error *err)
{
    bool is_failed = str_is(work->bot.state, bot_states[BOT_failed].name);
    if (is_failed || (!work->bot.document.length && came_to_nothing(&work->bot)))
        work->notice = bot_notice(work, NOTICE_meeting_bot_failed);
    bool ok = bot_write(work, bot_be_over, false, err);
    work->notice = NULL;
    return ok;
}

bool bot_make_minutes(BotWork *work, Error *err)
{
    DocumentView view;
    if (!work->bot.document.length)
        return finish(work, err);
    if (!library_find(work->meetings->options.library, &work->scope, work->arena,
                      work->bot.document, &view, err))
        return err->code == ERROR_NOT_FOUND && finish(work, err);
    if (view.document.state == DOCUMENT_FAILED || view.document.state == DOCUMENT_CANCELLED)
        return bot_write(work, not_be_read, false, err);
    if (view.document.state != DOCUMENT_READY)
        return bot_write(work, wait_for_reading, false, err);
    return (!work->has_meeting || minutes_make(work->meetings, &work->scope, work->arena,
                                               &work->meeting, work->bot.document, err)) &&
           finish(work, err);
}

static void send_another(BotWork *work, MeetingBot *bot)
{
    (void)work;
    bot_enter(bot, BOT_planned);
    bot->attempt++;
    bot->remote_id = bot->remote_state = bot->reason_state = STR_NONE;
    bot->remote_join_at_ms = bot->reason_at_ms = 0;
    bot->transcript_settled = bot->recording_settled = false;
    bot->next_at_ms = now_ms() + AGAIN_MS;
}

/* Something may have been written down before it broke off. */
static bool may_have_heard(const BotWork *work)
{
    const BotReason *reason = bot_reason_named(work->bot.reason);
    return work->has_service && work->bot.remote_id.length && !work->bot.transcript_settled &&
           work->bot.reason_state.length && (!reason || reason->outcome == BOT_OUTCOME_BROKEN);
}

bool bot_end_failed(BotWork *work, Error *err)
{
    if (may_have_heard(work))
        return bot_fetch_transcript(work, err);
    if (bot_reason_is_passing(work->bot.reason) && work->bot.attempt < ATTEMPTS_MAX &&
        str_is(work->bot.wish, "join") && now_ms() < bot_end_of(work))
        return bot_write(work, send_another, false, err);
    if (!work->bot.reason_text.length)
        work->bot.reason_text = bot_reason_text(work->arena, work->bot.reason);
    return bot_make_minutes(work, err);
}
