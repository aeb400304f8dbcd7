/* calendar_google.c - a calendar in the shape of Google's API: events.list page by page, then only
 * what has changed by its syncToken; one that is no longer good (410) means to read all.
 *
 * The address is that of the calendar: https://www.googleapis.com/calendar/v3/calendars/ID. */
#include "base/clock.h"
#include "base/utf8.h"
#include "meetings/calendar_source.h"
#include "net/url.h"

#define PAGES_MAX 100
#define TOKEN_URL "https://oauth2.googleapis.com/token"
#define ATTENDEES_SHOWN 200

/* --- Events --- */

static bool read_moment(CalendarReading *reading, const json_t *event, const char *name,
                        Meeting *meeting, int64_t *time_ms_r, Error *err)
{
    const json_t *moment = json_object_get(event, name);
    Str day = json_member_text(moment, "date"), time = json_member_text(moment, "dateTime");
    Str zone = json_member_text(moment, "timeZone");
    if (zone.length)
        meeting->time_zone = utf8_clean(reading->arena, str_copy(reading->arena, zone));
    meeting->is_all_day = day.length > 0;
    return time_parse(day.length ? day : time, time_ms_r, err);
}

/* Its own name in the series: when it was to begin at first. */
static Str occurrence_of(Arena *arena, const json_t *event)
{
    const json_t *original = json_object_get(event, "originalStartTime");
    int64_t time_ms;
    Error ignored;
    Str day = json_member_text(original, "date"), time = json_member_text(original, "dateTime");
    if (!json_member_text(event, "recurringEventId").length ||
        !time_parse(day.length ? day : time, &time_ms, &ignored))
        return STR_NONE;
    return ics_utc(arena, time_ms);
}

static void read_attendees(CalendarReading *reading, const json_t *event, Meeting *meeting)
{
    Buf out = buf_new(reading->arena, KB(64));
    JsonWriter json = put_begin_array(&out);
    const json_t *list = json_object_get(event, "attendees"), *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        Str answer = json_member_text(one, "responseStatus");
        if (json_is_true(json_object_get(one, "self")))
            meeting->answer = str_copy(reading->arena, str_slice(answer, 0, 20));
        if (i >= ATTENDEES_SHOWN)
            continue;
        put_object(&json, NULL);
        put_text(&json, "name", json_member_text(one, "displayName"));
        put_text(&json, "email", json_member_text(one, "email"));
        put_text(&json, "answer", answer);
        put_end(&json);
    }
    put_end(&json);
    meeting->attendees = out.overflowed ? S("[]") : buf_str(&out);
}

/* hangoutLink, and the addresses of conferenceData. */
static Str conference_of(Arena *arena, const json_t *event)
{
    const json_t *entries =
        json_object_get(json_object_get(event, "conferenceData"), "entryPoints");
    Buf out = buf_new(arena, KB(16));
    size_t i;
    const json_t *entry;
    json_array_foreach(entries, i, entry)
    {
        if (str_is(json_member_text(entry, "entryPointType"), "video"))
            buf_addf(&out, STR_FMT "\n", STR_ARG(json_member_text(entry, "uri")));
    }
    buf_add(&out, json_member_text(event, "hangoutLink"));
    return buf_str(&out);
}

static bool read_event(CalendarReading *reading, const json_t *event, Meeting *meeting_r,
                       Error *err)
{
    Arena *arena = reading->arena;
    Str status = json_member_text(event, "status");
    Meeting meeting = { .uid = calendar_text(arena, event, "iCalUID", MEETING_TITLE_MAX),
                        .title = calendar_text(arena, event, "summary", MEETING_TITLE_MAX),
                        .description = calendar_text(arena, event, "description", MEETING_TEXT_MAX),
                        .location = calendar_text(arena, event, "location", MEETING_TITLE_MAX),
                        .occurrence = occurrence_of(arena, event),
                        .state = str_is(status, "tentative") ? S("tentative") : S("confirmed") };
    meeting.organizer = calendar_text(arena, json_object_get(event, "organizer"), "email", 200);
    if (!meeting.uid.length)
        meeting.uid = calendar_text(arena, event, "id", MEETING_TITLE_MAX);
    if (!read_moment(reading, event, "end", &meeting, &meeting.ends_at_ms, err) ||
        !read_moment(reading, event, "start", &meeting, &meeting.starts_at_ms, err))
        return false;
    meeting.ends_at_ms = MAX(meeting.ends_at_ms, meeting.starts_at_ms);
    read_attendees(reading, event, &meeting);
    meeting_set_link(arena, conference_of(arena, event), reading->window.jitsi_hosts, &meeting);
    *meeting_r = meeting;
    return true;
}

/* --- Pages --- */

typedef struct Pages {
    VEC(Meeting) meetings;
    VEC(CalendarGone) gone;
    Str next, token; /* of the next page; for the next time */
} Pages;

/* A cancelled event is told by its id alone; the id of an occurrence has that of its series and
 * when it was: "ID_20270301T110000Z". */
static void take_gone(CalendarReading *reading, const json_t *event, Pages *pages)
{
    Arena *arena = reading->arena;
    Str uid = calendar_text(arena, event, "iCalUID", MEETING_TITLE_MAX);
    Str series = json_member_text(event, "recurringEventId");
    if (!uid.length)
        uid = str_format(arena, STR_FMT "@google.com",
                         STR_ARG(series.length ? series : json_member_text(event, "id")));
    *vec_push(arena, &pages->gone) =
        (CalendarGone){ utf8_clean(arena, uid), occurrence_of(arena, event) };
}

static bool take_page(CalendarReading *reading, Str body, Pages *pages, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    size_t i;
    const json_t *event;
    if (!json_parse(body, ICS_MAX, &json, err))
        return fail_in(err, "the calendar's answer");
    json_array_foreach(json_object_get(json, "items"), i, event)
    {
        Meeting meeting;
        Error why = { 0 };
        if (pages->meetings.count + pages->gone.count >= ICS_MEETINGS_MAX)
            return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d meetings in this time",
                        ICS_MEETINGS_MAX);
        if (str_is(json_member_text(event, "status"), "cancelled"))
            take_gone(reading, event, pages);
        else if (read_event(reading, event, &meeting, &why))
            *vec_push(reading->arena, &pages->meetings) = meeting;
        else if (!reading->passed_over++)
            reading->why = str_copy(reading->arena, str(why.message));
    }
    pages->next = str_copy(reading->arena, json_member_text(json, "nextPageToken"));
    pages->token = str_copy(reading->arena, json_member_text(json, "nextSyncToken"));
    return true;
}

static void add_parameter(Buf *out, const char *name, Str value)
{
    Str encoded = url_encode(out->arena, value);
    if (value.length)
        buf_addf(out, "&%s=" STR_FMT, name, STR_ARG(encoded));
}

static Str list_url(const CalendarReading *reading, Str sync_token, Str page)
{
    Arena *arena = reading->arena;
    char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
    Buf out = buf_new(arena, KB(8));
    buf_add(&out,
            url_join(arena, reading->calendar->url, S("/events?singleEvents=true&maxResults=250")));
    add_parameter(&out, "syncToken", sync_token);
    if (!sync_token.length) {
        add_parameter(&out, "timeMin", time_format(reading->window.from_ms, from));
        add_parameter(&out, "timeMax", time_format(reading->window.until_ms, until));
    }
    add_parameter(&out, "pageToken", page);
    return buf_str(&out);
}

/* *is_over_r: the sync token is no longer good. */
static bool read_pages(CalendarReading *reading, Str token, Str sync_token, Pages *pages,
                       bool *is_over_r, Error *err)
{
    *is_over_r = false;
    for (int page = 0; page < PAGES_MAX; page++) {
        HttpAnswer answer;
        const CalendarAsk ask = { .url = list_url(reading, sync_token, pages->next),
                                  .bearer = token,
                                  .accepted = { sync_token.length ? 410 : 0 } };
        if (!calendar_ask(reading, &ask, &answer, err))
            return false;
        *is_over_r = answer.status == 410;
        if (*is_over_r)
            return true;
        if (!take_page(reading, answer.body, pages, err))
            return false;
        if (!pages->next.length)
            return true;
    }
    return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d pages", PAGES_MAX);
}

bool calendar_read_google(CalendarReading *reading, Error *err)
{
    Pages pages = { 0 };
    Str token, sync_token = reading->wants_all ? STR_NONE : reading->calendar->sync_state;
    bool is_over;
    if (!calendar_token(reading, S(TOKEN_URL), &token, err) ||
        !read_pages(reading, token, sync_token, &pages, &is_over, err))
        return false;
    if (is_over) {
        sync_token = STR_NONE;
        pages = (Pages){ 0 };
        if (!read_pages(reading, token, sync_token, &pages, &is_over, err))
            return false;
    }
    reading->is_all = !sync_token.length;
    reading->at = pages.meetings.at;
    reading->count = pages.meetings.count;
    reading->gone = pages.gone.at;
    reading->gone_count = pages.gone.count;
    reading->state = pages.token;
    return true;
}
