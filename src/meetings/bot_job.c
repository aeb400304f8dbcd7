/* bot_job.c - one step after the other of a bot, as they fall due; see meetings.h.
 *
 *     planned -> created -> looked at (or told by webhooks) -> ended -> document -> minutes
 *        ^          '-> moved, called off                  '-> failed -.
 *        '----------------------- another bot, at most twice ----------'
 *
 * The service is asked outside of any transaction; what came of it is written over the row as it is
 * then, which a webhook may have changed meanwhile. */
#include "base/clock.h"
#include "meetings/meetings_int.h"

#define MEMORY_MAX MB(512)
#define STEPS_MAX 12 /* in one run */
#define TRIES_MAX 40
#define EMPTY_TRIES_MAX 6 /* of a transcript without a word */
#define WAIT_MAX_MS (INT64_C(15) * 60000)
#define ATTEMPTS_MAX 3
#define AGAIN_MS 15000
#define LATE_MS (2 * 60000)
#define LOST_MS (INT64_C(24) * 3600000)
#define JOIN_MS 5000 /* before its time, for services that join at once */
#define READ_MS 1000
#define WAITED_FOR_MS 1500 /* such a short time is waited for */

typedef struct BotWork BotWork;
typedef void Change(BotWork *work, MeetingBot *bot);

struct BotWork {
    Meetings *meetings;
    Job *job;
    Arena *arena;
    Scope scope; /* of whose bot it is */
    MeetingBot bot;
    Meeting meeting;
    bool has_meeting, has_service;
    BotServiceRow row;
    BotAsk ask;
    BotReport report;
    Error why;      /* of what the service did not do */
    Change *change; /* to be written */
    bool hears;     /* the report counts by its state */
    Str document;
    int64_t next_at_ms;
    const Notice *notice;
};

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

static bool write(BotWork *work, Change *change, bool hears, Error *err)
{
    work->change = change;
    work->hears = hears;
    if (!store_write(work->job->db, &work->scope, change_work, work, err))
        return false;
    meeting_bot_tell(work->meetings, &work->scope, &work->bot);
    return true;
}

static void enter(MeetingBot *bot, BotState state)
{
    bot->state = str(bot_states[state].name);
    bot->state_at_ms = now_ms();
    bot->tries = 0;
}

static void because(BotWork *work, MeetingBot *bot, Str reason)
{
    bool ignored;
    bot->reason = reason;
    bot->reason_text = bot_reason_text(work->arena, reason, &ignored);
}

/* --- What a service did not do --- */

static int64_t wait_of(const BotWork *work, int64_t tries)
{
    int64_t wait_ms = MAX(work->ask.failure.wait_ms, 1000);
    for (int64_t i = 1; i < tries && wait_ms < WAIT_MAX_MS; i++)
        wait_ms *= 2;
    return MIN(wait_ms, WAIT_MAX_MS);
}

static void put_off(BotWork *work, MeetingBot *bot)
{
    bot->tries++;
    bot->next_at_ms = now_ms() + wait_of(work, bot->tries);
    bot->reason = work->ask.failure.code;
    bot->reason_text = str_copy(work->arena, str(work->why.message));
}

static void give_up(BotWork *work, MeetingBot *bot)
{
    enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    bot->reason = work->ask.failure.code;
    bot->reason_text = str_copy(work->arena, str(work->why.message));
}

static void be_too_late(BotWork *work, MeetingBot *bot)
{
    enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    because(work, bot, S("too_late"));
}

static void be_gone(BotWork *work, MeetingBot *bot)
{
    enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    because(work, bot, S("gone"));
}

static void lose_service(BotWork *work, MeetingBot *bot)
{
    enter(bot, BOT_failed);
    bot->next_at_ms = 0;
    because(work, bot, S("no_service"));
}

static int64_t end_of(const BotWork *work)
{
    return work->has_meeting ? work->meeting.ends_at_ms
                             : work->bot.starts_at_ms + INT64_C(3600000);
}

/* --- planned --- */

static void take_created(BotWork *work, MeetingBot *bot)
{
    bot->remote_id = work->report.remote_id;
    bot->remote_join_at_ms = work->bot.join_at_ms;
    bot->reason = bot->reason_text = STR_NONE;
    bot->tries = 0;
    bot->next_at_ms = now_ms() + AGAIN_MS;
    if (!str_is(bot->state, bot_states[BOT_planned].name))
        return; /* a webhook was faster */
    bot->remote_state = work->report.remote_state;
    enter(bot, work->report.has_state && work->report.state != BOT_planned ? work->report.state
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
    return write(work, take_config, false, err);
}

static bool read_config(BotWork *work, BotConfig *config, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    *config = bot_config_rules(work->arena, &work->meeting);
    return json_parse(work->bot.config, MEETING_BOT_CONFIG_MAX, &json, err) &&
           bot_config_read(work->arena, json, config, err);
}

static bool create(BotWork *work, Error *err)
{
    const BotService *service = work->ask.service;
    int64_t now = now_ms();
    BotConfig config;
    if (now > end_of(work) || !work->has_meeting)
        return write(work, be_too_late, false, err);
    if (!make_config(work, err) || !read_config(work, &config, err))
        return false;
    if (!service->schedules && work->bot.join_at_ms > now + JOIN_MS)
        return write(work, wait_for_time, false, err);
    if (service->dialect->create(&work->ask, &work->bot, work->meeting.link_url,
                                 work->meeting.link_password, &config, &work->report, &work->why))
        return write(work, take_created, false, err);
    return write(work, work->ask.failure.then == BOT_THEN_AGAIN ? put_off : give_up, false, err);
}

/* --- On its way --- */

static void take_looked(BotWork *work, MeetingBot *bot)
{
    int64_t now = now_ms(), join = bot->join_at_ms;
    int rank = bot_states[bot_state_named(bot->state)].rank;
    bot->tries = 0;
    bot->next_at_ms = now + 20000;
    if (rank <= bot_states[BOT_scheduled].rank)
        bot->next_at_ms = join > now + 3600000
                              ? MIN(join - 1800000, now + INT64_C(6) * 3600000)
                              : MAX(join, now) + AGAIN_MS;
    else if (rank == bot_states[BOT_recording].rank)
        bot->next_at_ms = now + 60000;
    else if (bot_states[bot_state_named(bot->state)].is_end)
        bot->next_at_ms = 0;
    (void)work;
}

static NoticeField *fields_of(BotWork *work)
{
    NoticeField *fields = arena_new_array(work->arena, NoticeField, 2);
    fields[0] = (NoticeField){ "title", work->meeting.title };
    fields[1] = (NoticeField){ "reason", work->bot.reason_text };
    return fields;
}

static const Notice *new_notice(BotWork *work, NoticeKind kind)
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

/* Somebody may let it in, if told. */
static bool is_kept_waiting(const BotWork *work)
{
    return (work->report.state == BOT_joining || work->report.state == BOT_waiting_room) &&
           now_ms() > work->bot.join_at_ms + LATE_MS;
}

static bool look(BotWork *work, Error *err)
{
    if (!work->ask.service->dialect->look(&work->ask, &work->bot, &work->report, &work->why)) {
        bool is_lost = now_ms() > work->bot.join_at_ms + LOST_MS;
        if (work->ask.failure.then == BOT_THEN_GONE || is_lost)
            return write(work, be_gone, false, err);
        return write(work, put_off, false, err);
    }
    if (is_kept_waiting(work))
        work->notice = new_notice(work, NOTICE_meeting_bot_waits);
    bool ok = write(work, take_looked, true, err);
    work->notice = NULL;
    return ok;
}

static void take_moved(BotWork *work, MeetingBot *bot)
{
    bot->remote_join_at_ms = work->bot.join_at_ms;
    bot->tries = 0;
    bot->next_at_ms = now_ms() + AGAIN_MS;
}

static bool move(BotWork *work, Error *err)
{
    if (work->ask.service->dialect->move(&work->ask, &work->bot, &work->why))
        return write(work, take_moved, false, err);
    if (work->ask.failure.then == BOT_THEN_GONE)
        return write(work, be_gone, false, err);
    /* It may be on its way already: then no time can be told any more. */
    return write(work, work->ask.failure.then == BOT_THEN_AGAIN ? put_off : take_moved, false, err);
}

/* --- Called off --- */

static void be_cancelled(BotWork *work, MeetingBot *bot)
{
    enter(bot, BOT_cancelled);
    bot->is_over = true;
    because(work, bot, S("called_off"));
}

static void be_leaving(BotWork *work, MeetingBot *bot)
{
    (void)work;
    if (bot_states[bot_state_named(bot->state)].rank < bot_states[BOT_leaving].rank)
        enter(bot, BOT_leaving);
    bot->next_at_ms = now_ms() + 10000;
}

static bool leave(BotWork *work, Error *err)
{
    bool is_before = bot_states[bot_state_named(work->bot.state)].rank <=
                     bot_states[BOT_scheduled].rank;
    if (!work->bot.remote_id.length)
        return write(work, be_cancelled, false, err);
    if (work->ask.service->dialect->leave(&work->ask, &work->bot, &work->why))
        return write(work, is_before ? be_cancelled : be_leaving, false, err);
    switch (work->ask.failure.then) {
    case BOT_THEN_AGAIN:
        return work->bot.tries < TRIES_MAX ? write(work, put_off, false, err)
                                           : write(work, give_up, false, err);
    case BOT_THEN_GONE: return write(work, is_before ? be_cancelled : be_gone, false, err);
    default: return look(work, err); /* it has left by itself, it may be */
    }
}

/* --- Afterwards --- */

static void be_over(BotWork *work, MeetingBot *bot)
{
    (void)work;
    bot->is_over = true;
}

static void have_no_transcript(BotWork *work, MeetingBot *bot)
{
    bot->is_over = true;
    if (!bot->reason.length || str_is(bot->reason, "no_transcript_yet"))
        because(work, bot, S("no_transcript"));
}

static void take_document(BotWork *work, MeetingBot *bot)
{
    bot->document = work->document;
    bot->reason = bot->reason_text = STR_NONE;
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
    because(work, bot, S("not_read"));
}

static bool fetch_transcript(BotWork *work, Error *err)
{
    UtteranceList list = { 0 };
    bool came =
        work->ask.service->dialect->transcript(&work->ask, &work->bot, &list, &work->why);
    if (!came && work->ask.failure.then == BOT_THEN_END)
        return write(work, have_no_transcript, false, err);
    if (!came || !list.count) {
        if (came || work->ask.failure.then == BOT_THEN_GONE) /* not there yet */
            work->ask.failure = (BotFailure){ S("no_transcript_yet"), BOT_THEN_AGAIN, 10000 };
        bool is_last = work->bot.tries >= (came ? EMPTY_TRIES_MAX : TRIES_MAX);
        return write(work, is_last ? have_no_transcript : put_off, false, err);
    }
    Str transcript = minutes_transcript(work->arena, &work->meeting, &list);
    if (!minutes_add_document(work->meetings, &work->scope, work->arena, &work->meeting, transcript,
                              &work->document, &work->why))
        return error_is_temporary(work->why.code)
                   ? fail(err, work->why.code, "%s", work->why.message)
                   : write(work, not_be_read, false, err);
    bool ok = write(work, take_document, false, err);
    work->document = STR_NONE;
    return ok;
}

static bool make_minutes(BotWork *work, Error *err)
{
    DocumentView view;
    if (!library_find(work->meetings->options.library, &work->scope, work->arena,
                      work->bot.document, &view, err))
        return err->code == ERROR_NOT_FOUND && write(work, be_over, false, err);
    if (view.document.state == DOCUMENT_FAILED || view.document.state == DOCUMENT_CANCELLED)
        return write(work, not_be_read, false, err);
    if (view.document.state != DOCUMENT_READY)
        return write(work, wait_for_reading, false, err);
    return (!work->has_meeting || minutes_make(work->meetings, &work->scope, work->arena,
                                               &work->meeting, work->bot.document, err)) &&
           write(work, be_over, false, err);
}

static void send_another(BotWork *work, MeetingBot *bot)
{
    (void)work;
    enter(bot, BOT_planned);
    bot->attempt++;
    bot->remote_id = bot->remote_state = STR_NONE;
    bot->remote_join_at_ms = 0;
    bot->next_at_ms = now_ms() + AGAIN_MS;
}

static bool end_failed(BotWork *work, Error *err)
{
    bool may_again;
    Str text = bot_reason_text(work->arena, work->bot.reason, &may_again);
    if (may_again && work->bot.attempt < ATTEMPTS_MAX && str_is(work->bot.wish, "join") &&
        now_ms() < end_of(work))
        return write(work, send_another, false, err);
    if (!work->bot.reason_text.length)
        work->bot.reason_text = text;
    work->notice = new_notice(work, NOTICE_meeting_bot_failed);
    bool ok = write(work, be_over, false, err);
    work->notice = NULL;
    return ok;
}

/* --- The job --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    BotWork *work = argument;
    Error why = { 0 };
    if (!meeting_bot_find(tx, &work->job->scope, work->arena, work->job->subject, &work->bot, err))
        return false;
    work->scope = (Scope){
        .workspace = work->job->scope.workspace, .user = work->bot.user, .role = ROLE_EDITOR
    };
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
        return write(work, lose_service, false, err);
    if (work->has_service &&
        !meetings_open_service(work->meetings, &work->scope, work->arena, &work->row, &work->ask,
                               err))
        return false;
    if (str_is(work->bot.wish, "leave") && bot_states[state].rank < bot_states[BOT_leaving].rank)
        return leave(work, err);
    if (state == BOT_planned)
        return create(work, err);
    if (state == BOT_scheduled && work->ask.service->dialect->move &&
        work->bot.remote_join_at_ms != work->bot.join_at_ms)
        return move(work, err);
    if (!is_end)
        return look(work, err);
    if (state == BOT_failed)
        return end_failed(work, err);
    if (state != BOT_ended || (!work->has_service && !work->bot.document.length))
        return write(work, be_over, false, err);
    return work->bot.document.length ? make_minutes(work, err) : fetch_transcript(work, err);
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
