/* sync.c - the job that reads a calendar, and the tick that finds what is due; see meetings.h.
 *
 * What was read and what tells news from old are kept in one transaction, so a reading that breaks
 * off is made again. A calendar that cannot be read is tried again later and later, and says why.
 */
#include "base/clock.h"
#include "base/map.h"
#include "meetings/meetings_int.h"
#include "store/sealed_texts.h"

#define EVERY_MS (5 * 60000)
#define ALL_EVERY_MS (INT64_C(12) * 3600000) /* the window moves */
#define FAILED_MS 60000                      /* doubled with each failure, up to: */
#define FAILED_MAX_MS (INT64_C(6) * 3600000)
#define MEMORY_MAX MB(512)
#define KEPT_MS (INT64_C(30) * 86400000) /* meetings of which there is nothing */
#define PUT_AT_ONCE 500

typedef struct SyncWork {
    Meetings *meetings;
    Job *job;
    Arena *arena;
    Scope scope; /* of whose calendar it is */
    Calendar calendar;
    CalendarReading reading;
    size_t first; /* of the meetings that are put now */
    Map seen;     /* "uid\noccurrence" of all that were read */
} SyncWork;

static Str key_of(Arena *arena, Str uid, Str occurrence)
{
    return str_format(arena, STR_FMT "\n" STR_FMT, STR_ARG(uid), STR_ARG(occurrence));
}

/* --- Keeping --- */

static bool put_work(DbTx *tx, void *argument, Error *err)
{
    SyncWork *work = argument;
    size_t end = MIN(work->first + PUT_AT_ONCE, work->reading.count);
    if (!job_hold(tx, work->job, err))
        return false;
    for (size_t i = work->first; i < end; i++) {
        Meeting meeting = work->reading.at[i];
        bool is_changed;
        meeting.user = work->calendar.user;
        meeting.calendar = work->calendar.id;
        if (!meeting_put(tx, &work->scope, work->arena, &meeting, &is_changed, err) ||
            (is_changed && !meeting_bot_follow(tx, &work->scope, work->arena, &meeting, err)))
            return false;
    }
    return true;
}

static bool cancel(DbTx *tx, SyncWork *work, Meeting *meeting, Error *err)
{
    meeting->state = S("cancelled");
    return meeting_cancel(tx, &work->scope, meeting->id, err) &&
           meeting_bot_follow(tx, &work->scope, work->arena, meeting, err);
}

/* What was in the window before, and was not read this time. */
static bool cancel_unseen(DbTx *tx, SyncWork *work, Error *err)
{
    const MeetingFilter filter = { .user = work->calendar.user,
                                   .calendar = work->calendar.id,
                                   .from_ms = work->reading.window.from_ms,
                                   .until_ms = work->reading.window.until_ms };
    Slice slice = { .limit = SLICE_MAX };
    MeetingList list;
    do {
        if (!meeting_list(tx, &work->scope, work->arena, &filter, &slice, &list, err))
            return false;
        for (size_t i = 0; i < list.count; i++) {
            Meeting *meeting = &list.at[i];
            Str key = key_of(work->arena, meeting->uid, meeting->occurrence);
            if (!map_find(&work->seen, key) && !str_is(meeting->state, "cancelled") &&
                !cancel(tx, work, meeting, err))
                return false;
        }
        slice.after = list.next;
    } while (list.next.length);
    return true;
}

static bool cancel_gone(DbTx *tx, SyncWork *work, Error *err)
{
    for (size_t i = 0; i < work->reading.gone_count; i++) {
        const CalendarGone *gone = &work->reading.gone[i];
        MeetingList list;
        if (!meeting_list_uid(tx, &work->scope, work->arena, work->calendar.id, gone->uid, &list,
                              err))
            return false;
        for (size_t j = 0; j < list.count; j++)
            if ((!gone->occurrence.length || str_equal(gone->occurrence, list.at[j].occurrence)) &&
                !cancel(tx, work, &list.at[j], err))
                return false;
    }
    return true;
}

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    SyncWork *work = argument;
    const CalendarReading *reading = &work->reading;
    if (!job_hold(tx, work->job, err) ||
        (reading->is_all && !reading->is_unchanged && !cancel_unseen(tx, work, err)) ||
        !cancel_gone(tx, work, err))
        return false;
    Calendar *calendar = &work->calendar;
    calendar->sync_state = reading->state;
    calendar->state = S("good");
    calendar->error_code = calendar->error = STR_NONE;
    calendar->failures = 0;
    calendar->synced_at_ms = now_ms();
    calendar->next_at_ms = calendar->synced_at_ms + EVERY_MS;
    if (reading->is_all && !reading->is_unchanged) {
        calendar->full_at_ms = calendar->synced_at_ms;
        calendar->notice =
            reading->passed_over
                ? str_format(work->arena, "%zu events were passed over; the first: " STR_FMT,
                             reading->passed_over, STR_ARG(reading->why))
                : S("");
    }
    return calendar_synced(tx, &work->scope, calendar, err);
}

/* --- Reading --- */

static bool keep_credentials(SyncWork *work, Error *err)
{
    const CalendarReading *reading = &work->reading;
    return !reading->has_new_credentials ||
           meetings_seal(work->meetings, work->arena, json_print(work->arena, reading->credentials),
                         &work->calendar.sealed, err);
}

static bool read_calendar(SyncWork *work, json_t *credentials, Error *err)
{
    CalendarReading *reading = &work->reading;
    const Calendar *calendar = &work->calendar;
    const CalendarKind *kind = calendar_kind_named(calendar->kind);
    int64_t now = now_ms();
    if (!kind)
        return fail(err, ERROR_UNSUPPORTED, "there is no kind of calendar '" STR_FMT "' any more",
                    STR_ARG(calendar->kind));
    *reading = (CalendarReading){
        .http = work->meetings->http,
        .arena = work->arena,
        .calendar = calendar,
        .credentials = credentials,
        .wants_all = now > calendar->full_at_ms + ALL_EVERY_MS,
        .window = { .from_ms = now - MEETING_BEHIND_MS,
                    .until_ms = now + MEETING_AHEAD_MS,
                    .zone = calendar->time_zone,
                    .address = calendar->address,
                    .jitsi_hosts = work->meetings->jitsi_hosts },
    };
    return text_open(work->job->db, work->arena, calendar->whole, &work->calendar.url, err) &&
           kind->read(reading, err) && keep_credentials(work, err);
}

static bool store_reading(SyncWork *work, Error *err)
{
    Db *db = work->job->db;
    CalendarReading *reading = &work->reading;
    work->seen = map_new(work->arena);
    for (size_t i = 0; i < reading->count; i++)
        map_add(&work->seen, key_of(work->arena, reading->at[i].uid, reading->at[i].occurrence),
                NULL);
    for (work->first = 0; work->first < reading->count; work->first += PUT_AT_ONCE) {
        if (!job_progress(work->job, "meetings", (int64_t)work->first, (int64_t)reading->count))
            return job_stopped(work->job, err);
        if (!store_write(db, &work->scope, put_work, work, err))
            return false;
    }
    return store_write(db, &work->scope, end_work, work, err);
}

/* --- Failing --- */

static bool failed_work(DbTx *tx, void *argument, Error *err)
{
    const SyncWork *work = argument;
    return job_hold(tx, work->job, err) && calendar_synced(tx, &work->scope, &work->calendar, err);
}

/* The calendar says it, not the job: it is tried again by its own time. */
static bool note_failure(SyncWork *work, const Error *why, Error *err)
{
    Calendar *calendar = &work->calendar;
    int64_t wait_ms = FAILED_MS;
    for (int64_t i = 0; i < calendar->failures && wait_ms < FAILED_MAX_MS; i++)
        wait_ms *= 2;
    calendar->failures++;
    calendar->state = S("failed");
    calendar->error_code = str(error_name(why->code));
    calendar->error = str_copy(work->arena, str(why->message));
    calendar->next_at_ms = now_ms() + MIN(wait_ms, FAILED_MAX_MS);
    return store_write(work->job->db, &work->scope, failed_work, work, err);
}

/* --- The job --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    SyncWork *work = argument;
    return calendar_find(tx, &work->job->scope, work->arena, work->job->subject, &work->calendar,
                         err);
}

static bool schedule(SyncWork *work, Error *err)
{
    const ScheduleWish wish = { .source = "auto", .user = work->calendar.user };
    const ScheduleRange range = { .user = work->calendar.user,
                                  .calendar = work->calendar.id,
                                  .ahead_ms = MEETING_SCHEDULE_MS };
    ScheduledList ignored;
    return !work->calendar.is_auto ||
           meetings_schedule_all(work->meetings, &work->scope, work->arena, &range, &wish, &ignored,
                                 err);
}

bool calendar_sync_job(Job *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    AUTO_JSON json_t *credentials = NULL;
    SyncWork work = { .meetings = job->argument, .job = job, .arena = arena };
    Error why = { 0 };
    if (!store_read(job->db, &job->scope, find_work, &work, err))
        return err->code == ERROR_NOT_FOUND; /* removed meanwhile */
    if (!work.calendar.is_on)
        return true;
    work.scope = (Scope){ .workspace = job->scope.workspace,
                          .user = work.calendar.user,
                          .role = ROLE_EDITOR };
    if (!meetings_open_sealed(work.meetings, arena, work.calendar.sealed, &credentials, &why) ||
        !read_calendar(&work, credentials, &why))
        return note_failure(&work, &why, err);
    return store_reading(&work, err) && schedule(&work, err);
}

/* --- What is due --- */

typedef struct Tick {
    Job *job;
    CalendarList calendars;
    MeetingBotList bots;
} Tick;

static bool due_work(DbTx *tx, void *argument, Error *err)
{
    Tick *tick = argument;
    const Scope *scope = &tick->job->scope;
    return calendars_due(tx, scope, tick->job->arena, now_ms(), &tick->calendars, err) &&
           meeting_bots_due(tx, scope, tick->job->arena, now_ms(), &tick->bots, err);
}

static bool queue_work(DbTx *tx, void *argument, Error *err)
{
    const Tick *tick = argument;
    for (size_t i = 0; i < tick->calendars.count; i++) {
        const Calendar *calendar = &tick->calendars.at[i];
        const Scope scope = { .workspace = calendar->workspace, .role = ROLE_EDITOR };
        const NewJob job = { .type = CALENDAR_JOB, .subject = calendar->id };
        if (!job_add(tx, &scope, tick->job->arena, &job, NULL, err))
            return false;
    }
    for (size_t i = 0; i < tick->bots.count; i++) {
        const MeetingBot *bot = &tick->bots.at[i];
        const Scope scope = { .workspace = bot->workspace, .role = ROLE_EDITOR };
        const NewJob job = { .type = BOT_JOB, .subject = bot->id };
        if (!job_add(tx, &scope, tick->job->arena, &job, NULL, err))
            return false;
    }
    return true;
}

bool meetings_tick_job(Job *job, Error *err)
{
    Tick tick = { .job = job };
    return store_read(job->db, &job->scope, due_work, &tick, err) &&
           (!(tick.calendars.count + tick.bots.count) ||
            store_write(job->db, &job->scope, queue_work, &tick, err));
}

static bool tidy_work(DbTx *tx, void *argument, Error *err)
{
    const Job *job = argument;
    return meetings_purge(tx, &job->scope, now_ms() - KEPT_MS, err);
}

bool meetings_tidy_job(Job *job, Error *err)
{
    return store_write(job->db, &job->scope, tidy_work, job, err);
}
