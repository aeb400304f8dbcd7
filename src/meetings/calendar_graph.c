/* calendar_graph.c - a calendar in the shape of Microsoft Graph's API (Outlook, Exchange Online):
 * calendarView of the window page by page, where series are unrolled already.
 *
 * The address is that of the calendar's owner, https://graph.microsoft.com/v1.0/me, or of one of
 * its calendars below that. Times are asked for in UTC, texts without HTML. */
#include "base/clock.h"
#include "base/utf8.h"
#include "meetings/calendar_source.h"
#include "net/url.h"

#define PAGES_MAX 100
#define TOKEN_URL "https://login.microsoftonline.com/common/oauth2/v2.0/token"
#define ATTENDEES_SHOWN 200
#define MEMBERS                                                                                    \
    "id,iCalUId,subject,bodyPreview,body,location,start,end,isAllDay,isCancelled,responseStatus,"  \
    "organizer,attendees,onlineMeeting,onlineMeetingUrl,type,originalStart,showAs"

/* "2027-03-23T09:00:00.0000000", in the zone that was asked for. */
static bool read_moment(const json_t *event, const char *name, int64_t *time_ms_r, Error *err)
{
    char text[TIME_TEXT_SIZE];
    Str said = json_member_text(json_object_get(event, name), "dateTime");
    if (said.length < 19)
        return fail(err, ERROR_INVALID, "it has no '%s'", name);
    int length = snprintf(text, sizeof text, "%.19sZ", said.at);
    return time_parse((Str){ text, (size_t)length }, time_ms_r, err);
}

/* As iCalendar calls the answers. */
static Str answer_of(const json_t *status)
{
    static const struct {
        const char *said, *answer;
    } answers[] = { { "accepted", "accepted" },
                    { "organizer", "accepted" },
                    { "declined", "declined" },
                    { "tentativelyAccepted", "tentative" },
                    { "notResponded", "needs-action" } };
    for (size_t i = 0; i < COUNT(answers); i++)
        if (str_is(json_member_text(status, "response"), answers[i].said))
            return str(answers[i].answer);
    return STR_NONE;
}

static Str attendees_of(Arena *arena, const json_t *event)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin_array(&out);
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(event, "attendees"), i, one)
    {
        const json_t *address = json_object_get(one, "emailAddress");
        if (i >= ATTENDEES_SHOWN)
            break;
        put_object(&json, NULL);
        put_text(&json, "name", json_member_text(address, "name"));
        put_text(&json, "email", json_member_text(address, "address"));
        put_text(&json, "answer", answer_of(json_object_get(one, "status")));
        put_end(&json);
    }
    put_end(&json);
    return out.overflowed ? S("[]") : buf_str(&out);
}

static Str conference_of(Arena *arena, const json_t *event)
{
    Str join = json_member_text(json_object_get(event, "onlineMeeting"), "joinUrl");
    Str url = json_member_text(event, "onlineMeetingUrl");
    return str_format(arena, STR_FMT " " STR_FMT, STR_ARG(join), STR_ARG(url));
}

/* Every occurrence has an iCalUId of its own, the same in each calendar that it stands in. */
static bool read_event(CalendarReading *reading, const json_t *event, Meeting *meeting_r,
                       Error *err)
{
    Arena *arena = reading->arena;
    const json_t *organizer = json_object_get(json_object_get(event, "organizer"), "emailAddress");
    const json_t *place = json_object_get(event, "location");
    Meeting meeting = {
        .uid = calendar_text(arena, event, "iCalUId", MEETING_TITLE_MAX),
        .title = calendar_text(arena, event, "subject", MEETING_TITLE_MAX),
        .description =
            calendar_text(arena, json_object_get(event, "body"), "content", MEETING_TEXT_MAX),
        .location = calendar_text(arena, place, "displayName", MEETING_TITLE_MAX),
        .organizer = calendar_text(arena, organizer, "address", 200),
        .attendees = attendees_of(arena, event),
        .answer = answer_of(json_object_get(event, "responseStatus")),
        .is_all_day = json_is_true(json_object_get(event, "isAllDay")),
        .state = json_is_true(json_object_get(event, "isCancelled"))      ? S("cancelled")
                 : str_is(json_member_text(event, "showAs"), "tentative") ? S("tentative")
                                                                          : S("confirmed"),
    };
    if (!meeting.uid.length)
        meeting.uid = calendar_text(arena, event, "id", MEETING_TITLE_MAX);
    if (!meeting.description.length)
        meeting.description = calendar_text(arena, event, "bodyPreview", MEETING_TEXT_MAX);
    if (!read_moment(event, "end", &meeting.ends_at_ms, err) ||
        !read_moment(event, "start", &meeting.starts_at_ms, err))
        return false;
    meeting.ends_at_ms = MAX(meeting.ends_at_ms, meeting.starts_at_ms);
    meeting_set_link(arena, conference_of(arena, event), reading->window.jitsi_hosts, &meeting);
    *meeting_r = meeting;
    return true;
}

/* --- Pages --- */

typedef struct Pages {
    VEC(Meeting) meetings;
    Str next; /* address of the next page; empty: there is none */
} Pages;

static bool take_page(CalendarReading *reading, Str body, Pages *pages, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    size_t i;
    const json_t *event;
    if (!json_parse(body, ICS_MAX, &json, err))
        return fail_in(err, "the calendar's answer");
    json_array_foreach(json_object_get(json, "value"), i, event)
    {
        Meeting meeting;
        Error why = { 0 };
        if (pages->meetings.count >= ICS_MEETINGS_MAX)
            return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d meetings in this time",
                        ICS_MEETINGS_MAX);
        if (read_event(reading, event, &meeting, &why))
            *vec_push(reading->arena, &pages->meetings) = meeting;
        else if (!reading->passed_over++)
            reading->why = str_copy(reading->arena, str(why.message));
    }
    pages->next = str_copy(reading->arena, json_member_text(json, "@odata.nextLink"));
    return true;
}

static Str first_url(const CalendarReading *reading)
{
    char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE];
    Str begin = time_format(reading->window.from_ms, from);
    Str end = time_format(reading->window.until_ms, until);
    Str path = str_format(reading->arena,
                          "/calendarView?startDateTime=" STR_FMT "&endDateTime=" STR_FMT
                          "&$top=250&$select=" MEMBERS,
                          STR_ARG(begin), STR_ARG(end));
    return url_join(reading->arena, reading->calendar->url, path);
}

/* The token goes nowhere but to the calendar's own server. */
static bool stays(const CalendarReading *reading, Str url)
{
    Url own, next;
    Error ignored;
    return url_parse(reading->arena, reading->calendar->url, &own, &ignored) &&
           url_parse(reading->arena, url, &next, &ignored) && str_equal(own.host, next.host) &&
           str_equal(own.scheme, next.scheme) && own.port == next.port;
}

bool calendar_read_graph(CalendarReading *reading, Error *err)
{
    Pages pages = { .next = first_url(reading) };
    Str token;
    if (!calendar_token(reading, S(TOKEN_URL), &token, err))
        return false;
    for (int page = 0; pages.next.length; page++) {
        HttpAnswer answer;
        const CalendarAsk ask = {
            .url = pages.next,
            .bearer = token,
            .extra = { S("Prefer"),
                       S("outlook.timezone=\"UTC\", outlook.body-content-type=\"text\"") },
        };
        if (page == PAGES_MAX)
            return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d pages", PAGES_MAX);
        if (!stays(reading, pages.next))
            return fail(err, ERROR_UPSTREAM, "the calendar's next page is on another server");
        if (!calendar_ask(reading, &ask, &answer, err) ||
            !take_page(reading, answer.body, &pages, err))
            return false;
    }
    reading->is_all = true;
    reading->at = pages.meetings.at;
    reading->count = pages.meetings.count;
    return true;
}
