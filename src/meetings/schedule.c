/* schedule.c - which meetings get a bot, and the one row that holds a meeting; see meetings.h. */
#include "base/clock.h"
#include "base/hash.h"
#include "meetings/meetings_int.h"
#include "store/audit_store.h"

#define JOIN_EARLY_MS 60000 /* before the meeting begins */
#define LISTED_MAX 1000
#define WAIT_STEP_MS 50

/* --- Deciding --- */

MeetingSkip meeting_judge(const Meeting *meeting, int64_t now)
{
    if (str_is(meeting->state, "cancelled"))
        return MEETING_SKIP_cancelled;
    if (str_is(meeting->answer, "declined"))
        return MEETING_SKIP_declined;
    if (meeting->is_all_day)
        return MEETING_SKIP_whole_day;
    if (meeting->ends_at_ms <= now)
        return MEETING_SKIP_over;
    if (!meeting->link_kind.length)
        return MEETING_SKIP_no_link;
    return meeting->starts_at_ms > now + MEETING_AHEAD_MS ? MEETING_SKIP_too_far
                                                          : MEETING_SKIP_none;
}

int64_t meeting_join_time(const Meeting *meeting)
{
    int64_t now = now_ms();
    return MAX(meeting->starts_at_ms - JOIN_EARLY_MS, now);
}

/* The event, wherever it stands: in two people's calendars it is one. */
static Str key_of(Arena *arena, const Meeting *meeting)
{
    Str said = meeting->calendar.length
                   ? str_format(arena, STR_FMT "\n" STR_FMT, STR_ARG(meeting->uid),
                                STR_ARG(meeting->occurrence))
                   : meeting->id;
    return sha256_hex(arena, said);
}

typedef struct ScheduleWork {
    Meetings *meetings;
    const Scope *scope;
    Arena *arena;
    const ScheduleWish *wish;
    BotServiceList services;
    Str meeting_id, config; /* config: JSON; empty: none is said */
    Scheduled result;
    MeetingFilter filter;
    MeetingList list;
} ScheduleWork;

/* The one that is named, else the first that goes there. */
static const BotServiceRow *choose(const ScheduleWork *work, const Meeting *meeting)
{
    Str named = work->wish->service;
    for (size_t i = 0; i < work->services.count; i++) {
        const BotServiceRow *row = &work->services.at[i];
        const BotService *service = bot_service_named(row->kind);
        bool is_named = str_equal(named, row->id) || str_equal(named, row->name);
        if (service && (!named.length || is_named) &&
            bot_service_takes(service, meeting->link_kind))
            return row;
    }
    return NULL;
}

static MeetingBot new_bot(const ScheduleWork *work, const Meeting *meeting,
                          const BotServiceRow *row)
{
    int64_t now = now_ms();
    return (MeetingBot){
        .user = meeting->user,
        .meeting = meeting->id,
        .service = row->id,
        .meeting_key = key_of(work->arena, meeting),
        .link_kind = meeting->link_kind,
        .link_id = meeting->link_id,
        .starts_at_ms = meeting->starts_at_ms,
        .join_at_ms = meeting_join_time(meeting),
        .wish = S("join"),
        .config = work->config,
        .made_by = work->config.length ? S("person") : S(""),
        .state = str(bot_states[BOT_planned].name),
        .state_at_ms = now,
        .next_at_ms = now,
    };
}

/* --- Adding --- */

static bool find_holder(DbTx *tx, ScheduleWork *work, const MeetingBot *like, bool *found_r,
                        Error *err)
{
    Error why = { 0 };
    *found_r = meeting_bot_find_holder(tx, work->scope, work->arena, like, &work->result.bot, &why);
    return *found_r || why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message);
}

/* Another bot after one that is over: only when a person asks for it. */
static bool make_room(DbTx *tx, ScheduleWork *work, const MeetingBot *bot, Error *err)
{
    bool is_held;
    if (!find_holder(tx, work, bot, &is_held, err))
        return false;
    if (!is_held)
        return true;
    bool is_over = bot_states[bot_state_named(work->result.bot.state)].is_end;
    if (is_over && work->wish->is_again)
        return meeting_bot_let_go(tx, work->scope, work->result.bot.id, err);
    work->result.skip = is_over ? MEETING_SKIP_had_bot : MEETING_SKIP_has_bot;
    return true;
}

static bool add_bot(DbTx *tx, ScheduleWork *work, MeetingBot *bot, Error *err)
{
    bool is_added, is_held;
    const AuditEntry entry = { .action = S("meeting_bot.add"),
                               .subject_kind = S("meeting"),
                               .subject = bot->meeting,
                               .details = S("{}") };
    if (!make_room(tx, work, bot, err))
        return false;
    if (work->result.skip != MEETING_SKIP_none)
        return true;
    if (!meeting_bot_add(tx, work->scope, work->arena, bot, &is_added, err))
        return false;
    if (!is_added) { /* somebody else was first */
        work->result.skip = MEETING_SKIP_has_bot;
        return find_holder(tx, work, bot, &is_held, err);
    }
    work->result.bot = *bot;
    return meeting_bot_queue(tx, work->scope, work->arena, bot->id, err) &&
           audit_add(tx, work->scope, &entry, err);
}

static bool log_result(DbTx *tx, ScheduleWork *work, Error *err)
{
    const Scheduled *result = &work->result;
    bool is_skipped = result->skip != MEETING_SKIP_none;
    const BotSchedulingLog log = { .user = result->meeting.user,
                                   .meeting = result->meeting.id,
                                   .bot = result->bot.id,
                                   .source = str(work->wish->source),
                                   .outcome = is_skipped ? S("skipped") : S("scheduled"),
                                   .reason = str(meeting_skip_name(result->skip)) };
    /* What an automatic look finds as it was before is no news. */
    if (is_skipped && str_is(log.source, "auto"))
        return true;
    return bot_scheduling_log_add(tx, work->scope, work->arena, &log, err);
}

static bool schedule_one(DbTx *tx, ScheduleWork *work, const Meeting *meeting, Error *err)
{
    work->result = (Scheduled){ .meeting = *meeting, .skip = meeting_judge(meeting, now_ms()) };
    if (work->result.skip == MEETING_SKIP_none) {
        const BotServiceRow *row = choose(work, meeting);
        if (!row) {
            work->result.skip =
                work->services.count ? MEETING_SKIP_not_taken : MEETING_SKIP_no_service;
        } else {
            MeetingBot bot = new_bot(work, meeting, row);
            if (!add_bot(tx, work, &bot, err))
                return false;
        }
    }
    return log_result(tx, work, err);
}

/* --- Asking for it --- */

static bool check_service(const ScheduleWork *work, Error *err)
{
    Str named = work->wish->service;
    for (size_t i = 0; i < work->services.count; i++)
        if (str_equal(named, work->services.at[i].id) ||
            str_equal(named, work->services.at[i].name))
            return true;
    return !named.length || fail_field(err, "service", "there is no service '" STR_FMT "'",
                                       STR_ARG(str_slice(named, 0, 100)));
}

static bool schedule_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    Meeting meeting;
    return bot_service_list(tx, work->scope, work->arena, &work->services, err) &&
           check_service(work, err) &&
           meeting_find(tx, work->scope, work->arena, work->meeting_id, &meeting, err) &&
           schedule_one(tx, work, &meeting, err);
}

/* What a person says is checked over what the rules say; a model is not asked then. */
static bool read_config(ScheduleWork *work, const Meeting *meeting, Error *err)
{
    if (!work->wish->config)
        return true;
    BotConfig config = bot_config_rules(work->arena, meeting);
    if (!bot_config_read(work->arena, work->wish->config, &config, err))
        return false;
    work->config = bot_config_print(work->arena, &config);
    return true;
}

static bool find_meeting_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    return meeting_find(tx, work->scope, work->arena, work->meeting_id, &work->result.meeting,
                        err) &&
           (str_equal(work->result.meeting.user, work->wish->user) ||
            fail(err, ERROR_NOT_FOUND, "there is no meeting '" STR_FMT "'",
                 STR_ARG(str_slice(work->meeting_id, 0, 64))));
}

bool meetings_schedule(Meetings *meetings, const Scope *scope, Arena *arena, Str meeting,
                       const ScheduleWish *wish, Scheduled *scheduled_r, Error *err)
{
    ScheduleWork work = {
        .meetings = meetings, .scope = scope, .arena = arena, .wish = wish, .meeting_id = meeting
    };
    if (!store_read(meetings->options.db, scope, find_meeting_work, &work, err) ||
        !read_config(&work, &work.result.meeting, err) ||
        !store_write(meetings->options.db, scope, schedule_work, &work, err))
        return false;
    *scheduled_r = work.result;
    return true;
}

/* Those that are to get a bot and have none: an automatic look comes every few minutes, and finds
 * nothing most of the time. */
static bool keep_open(DbTx *tx, ScheduleWork *work, Error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < work->list.count; i++) {
        const Meeting *meeting = &work->list.at[i];
        const MeetingBot like = { .meeting = meeting->id,
                                  .meeting_key = key_of(work->arena, meeting),
                                  .link_kind = meeting->link_kind,
                                  .link_id = meeting->link_id,
                                  .starts_at_ms = meeting->starts_at_ms };
        bool is_held = meeting_judge(meeting, now_ms()) != MEETING_SKIP_none;
        if (!is_held && !find_holder(tx, work, &like, &is_held, err))
            return false;
        if (!is_held)
            work->list.at[kept++] = *meeting;
    }
    work->list.count = kept;
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    const Slice slice = { .limit = LISTED_MAX };
    return meeting_list(tx, work->scope, work->arena, &work->filter, &slice, &work->list, err) &&
           (!str_is(str(work->wish->source), "auto") || keep_open(tx, work, err));
}

bool meetings_schedule_all(Meetings *meetings, const Scope *scope, Arena *arena,
                           const ScheduleRange *range, const ScheduleWish *wish,
                           ScheduledList *list_r, Error *err)
{
    int64_t now = now_ms();
    ScheduleWork work = { .meetings = meetings, .scope = scope, .arena = arena, .wish = wish };
    work.filter = (MeetingFilter){ .user = range->user,
                                   .calendar = range->calendar,
                                   .from_ms = now,
                                   .until_ms = now + range->ahead_ms };
    if (!store_read(meetings->options.db, scope, list_work, &work, err))
        return false;
    Scheduled *all = arena_new_array(arena, Scheduled, work.list.count + 1);
    for (size_t i = 0; i < work.list.count; i++) {
        work.meeting_id = work.list.at[i].id;
        if (!store_write(meetings->options.db, scope, schedule_work, &work, err))
            return false;
        all[i] = work.result;
    }
    *list_r = (ScheduledList){ all, work.list.count };
    return true;
}

/* --- One that stands in no calendar --- */

typedef struct AddWork {
    const Scope *scope;
    Arena *arena;
    Meeting *meeting;
} AddWork;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    AddWork *work = argument;
    return meeting_add(tx, work->scope, work->arena, work->meeting, err);
}

bool meetings_add(Meetings *meetings, const Scope *scope, Arena *arena, Meeting *meeting,
                  Error *err)
{
    AddWork work = { scope, arena, meeting };
    if (meeting->ends_at_ms < meeting->starts_at_ms)
        return fail_field(err, "ends_at", "a meeting ends after it begins");
    meeting_set_link(arena, meeting->link_url, meetings->jitsi_hosts, meeting);
    meeting->state = S("confirmed");
    if (!meeting->attendees.length)
        meeting->attendees = S("[]");
    return store_write(meetings->options.db, scope, add_work, &work, err);
}

/* --- Waiting for an answer --- */

typedef struct WaitWork {
    const Scope *scope;
    Arena *arena;
    MeetingBot *bot;
} WaitWork;

static bool find_bot_work(DbTx *tx, void *argument, Error *err)
{
    WaitWork *work = argument;
    return meeting_bot_find(tx, work->scope, work->arena, work->bot->id, work->bot, err);
}

bool meetings_wait(Meetings *meetings, const Scope *scope, Arena *arena, MeetingBot *bot,
                   int64_t until_ms, Error *err)
{
    WaitWork work = { scope, arena, bot };
    for (;;) {
        if (!store_read(meetings->options.db, scope, find_bot_work, &work, err))
            return false;
        bool is_waiting = str_is(bot->state, bot_states[BOT_planned].name) && !bot->tries &&
                          bot->next_at_ms <= now_ms();
        if (!is_waiting || monotonic_ms() >= until_ms)
            return true;
        sleep_ms(WAIT_STEP_MS);
    }
}
