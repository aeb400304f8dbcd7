/* bot_job.c - one step after the other of a bot, as they fall due; see meetings.h.
 *
 *     planned -> created -> looked at (or told by webhooks) -> ended -> document -> minutes
 *        ^          '-> moved, called off                  '-> failed -.
 *        '----------------------- another bot, at most twice ----------'
 *
 * The service is asked outside of any transaction; what came of it is written over the row as it is
 * then, which a webhook may have changed meanwhile. */
#include "base/clock.h"
#include "meetings/bot_step.h"

#define MEMORY_MAX MB(512)
#define STEPS_MAX 12       /* in one run */
#define WAITED_FOR_MS 1500 /* such a short time is waited for */
#define WAIT_MAX_MS (INT64_C(15) * 60000)

/* --- Writing --- */

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    BotWork *work = argument;
    const BotNews news = { .report = work->report };
    MeetingBot bot;
    bool is_taken, is_changed;
    if (!job_hold(tx, work->job, err) ||
        !meeting_bot_find(tx, &work->scope, work->arena, work->bot.id, &bot, err))
        return false;
    if (work->hears &&
        !meeting_bot_hear(tx, &work->scope, work->arena, &bot, &news, "look", &is_taken, err))
        return false;
    Str state_was = bot.state;
    int64_t attempt_was = bot.attempt;
    work->change(work, &bot);
    if (!meeting_bot_update(tx, &work->scope, &bot, state_was, attempt_was, &is_changed, err))
        return false;
    if (!is_changed)
        return fail(err, ERROR_BUSY, "the bot has changed meanwhile");
    work->bot = bot;
    return (!work->document.length || !work->has_meeting ||
            meeting_set_document(tx, &work->scope, work->meeting.id, work->document, err)) &&
           (!work->notice || notify_send(tx, &work->scope, work->arena, work->notice, err));
}

bool bot_write(BotWork *work, Change *change, bool hears, Error *err)
{
    work->change = change;
    work->hears = hears;
    return store_write(work->job->db, &work->scope, change_work, work, err);
}

void bot_enter(MeetingBot *bot, BotState state)
{
    bot->state = str(bot_states[state].name);
    bot->state_at_ms = now_ms();
    bot->tries = 0;
}

void bot_because(BotWork *work, MeetingBot *bot, Str reason)
{
    bot->reason = reason;
    bot->reason_text = bot_reason_text(work->arena, reason);
    bot->reason_state = STR_NONE;
}

static NoticeField *fields_of(BotWork *work)
{
    NoticeField *fields = arena_new_array(work->arena, NoticeField, 2);
    fields[0] = (NoticeField){ "title", work->meeting.title };
    fields[1] = (NoticeField){ "reason", work->bot.reason_text };
    return fields;
}

const Notice *bot_notice(BotWork *work, NoticeKind kind)
{
    Notice *notice = arena_new_one(work->arena, Notice);
    *notice = (Notice){ .kind = kind,
                        .audience = ROLE_EDITOR,
                        .user = work->bot.user,
                        .dedup = str_format(work->arena, "bot:" STR_FMT ":%d:%" PRId64,
                                            STR_ARG(work->bot.id), (int)kind, work->bot.attempt),
                        .fields = fields_of(work),
                        .field_count = 2 };
    return notice;
}

/* --- What a service did not do --- */

static int64_t wait_of(const BotWork *work, int64_t tries)
{
    int64_t wait_ms = MAX(work->ask.failure.wait_ms, 1000);
    for (int64_t i = 1; i < tries && wait_ms < WAIT_MAX_MS; i++)
        wait_ms *= 2;
    return MIN(wait_ms, WAIT_MAX_MS);
}

void bot_put_off(BotWork *work, MeetingBot *bot)
{
    bot->tries++;
    bot->next_at_ms = now_ms() + wait_of(work, bot->tries);
    /* What was heard of it stays: it says more than that a service was slow. */
    if (!bot->reason_state.length)
        bot->reason = work->ask.failure.code;
    if (!bot->reason_state.length || !bot->reason.length)
        bot->reason_text = str_copy(work->arena, str(work->why.message));
}

void bot_give_up(BotWork *work, MeetingBot *bot)
{
    bot_enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    bot->reason = work->ask.failure.code;
    bot->reason_text = str_copy(work->arena, str(work->why.message));
    bot->reason_state = STR_NONE;
}

void bot_be_over(BotWork *work, MeetingBot *bot)
{
    (void)work;
    bot->is_over = true;
}

static void lose_service(BotWork *work, MeetingBot *bot)
{
    bot_enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    bot_because(work, bot, S("no_service"));
}

int64_t bot_end_of(const BotWork *work)
{
    return work->has_meeting ? work->meeting.ends_at_ms : work->bot.starts_at_ms + INT64_C(3600000);
}

/* --- The job --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    BotWork *work = argument;
    Error why = { 0 };
    if (!meeting_bot_find(tx, &work->job->scope, work->arena, work->job->subject, &work->bot, err))
        return false;
    work->scope = (Scope){ .workspace = work->job->scope.workspace,
                           .user = work->bot.user,
                           .role = ROLE_EDITOR };
    work->has_meeting =
        meeting_find(tx, &work->scope, work->arena, work->bot.meeting, &work->meeting, &why);
    if (!work->has_meeting && why.code != ERROR_NOT_FOUND)
        return fail(err, why.code, "%s", why.message);
    work->has_service =
        bot_service_find(tx, &work->scope, work->arena, work->bot.service, &work->row, &why);
    return work->has_service || why.code == ERROR_NOT_FOUND ||
           fail(err, why.code, "%s", why.message);
}

static bool step(BotWork *work, Error *err)
{
    BotState state = bot_state_named(work->bot.state);
    bool is_end = bot_states[state].is_end;
    if (!work->has_service && !is_end)
        return bot_write(work, lose_service, false, err);
    if (work->has_service && !meetings_open_service(work->meetings, &work->scope, work->arena,
                                                    &work->row, &work->ask, err))
        return false;
    if (str_is(work->bot.wish, "leave") && bot_states[state].rank < bot_states[BOT_leaving].rank)
        return bot_leave(work, err);
    if (state == BOT_planned)
        return bot_create(work, err);
    if (state == BOT_scheduled && work->ask.service->dialect->move &&
        work->bot.remote_join_at_ms != work->bot.join_at_ms)
        return bot_move(work, err);
    if (!is_end)
        return bot_look(work, err);
    if (state == BOT_failed)
        return bot_end_failed(work, err);
    if (state != BOT_ended)
        return bot_write(work, bot_be_over, false, err);
    if (work->has_service && !work->bot.transcript_settled)
        return bot_fetch_transcript(work, err);
    return bot_wants_recording(work) ? bot_fetch_recording(work, err) : bot_make_minutes(work, err);
}

bool meeting_bot_job(Job *job, Error *err)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
        BotWork work = { .meetings = job->argument, .job = job, .arena = arena };
        if (!store_read(job->db, &job->scope, find_work, &work, err))
            return err->code == ERROR_NOT_FOUND; /* removed meanwhile */
        int64_t wait_ms = work.bot.next_at_ms - now_ms();
        if (work.bot.is_over || wait_ms > WAITED_FOR_MS)
            return true;
        if (wait_ms > 0)
            sleep_ms(wait_ms);
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!step(&work, err))
            return false;
    }
    return true;
}
