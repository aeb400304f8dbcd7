/* calendar_caldav.c - a calendar on a CalDAV server (RFC 4791): asked whether it has changed by its
 * CTag or sync-token, then for the events of the window.
 *
 * Answers come from anywhere: no document types, so no entities; texts end at their limits. */
#include "base/clock.h"
#include "extract/xml_events.h"
#include "meetings/calendar_source.h"

#define OBJECTS_MAX ICS_EVENTS_MAX
#define OBJECT_MAX MB(1)
#define DAV_DEPTH 12

typedef struct Answer {
    Arena *arena;
    Buf text;
    size_t depth;
    bool is_wanted;
    Str ctag, token;
    VEC(Str) objects;
    bool failed;
} Answer;

static bool is_wanted_name(Str name)
{
    return str_is(name, "calendar-data") || str_is(name, "getctag") || str_is(name, "sync-token");
}

static bool on_start(void *self, const XmlElement *element)
{
    Answer *answer = self;
    if (++answer->depth > DAV_DEPTH) {
        answer->failed = true;
        return false;
    }
    answer->is_wanted = is_wanted_name(element->name);
    if (answer->is_wanted)
        answer->text = buf_new(answer->arena, OBJECT_MAX);
    return true;
}

static bool on_text(void *self, Str text)
{
    Answer *answer = self;
    if (answer->is_wanted)
        buf_add(&answer->text, text);
    answer->failed |= answer->is_wanted && answer->text.overflowed;
    return !answer->failed;
}

static bool on_end(void *self, Str name)
{
    Answer *answer = self;
    answer->depth--;
    if (!answer->is_wanted)
        return true;
    Str text = str_trim(buf_str(&answer->text));
    answer->is_wanted = false;
    if (str_is(name, "getctag")) {
        answer->ctag = text;
    } else if (str_is(name, "sync-token")) {
        answer->token = text;
    } else if (text.length) {
        answer->failed |= answer->objects.count >= OBJECTS_MAX;
        if (!answer->failed)
            *vec_push(answer->arena, &answer->objects) = text;
    }
    return !answer->failed;
}

static bool read_answer(Arena *arena, Str body, Answer *answer_r, Error *err)
{
    static const XmlEvents events = { .start = on_start, .end = on_end, .text = on_text };
    Answer answer = { .arena = arena };
    XmlParser *parser = xml_begin(&events, &answer);
    Error why = { 0 };
    (void)xml_add(parser, body.at, body.length);
    bool ok = xml_end(parser, &why);
    if (answer.failed)
        return fail(err, ERROR_TOO_LARGE, "the calendar's answer is larger than its limits");
    if (!ok)
        return fail(err, ERROR_UPSTREAM, "the calendar's answer is no XML: %s", why.message);
    *answer_r = answer;
    return true;
}

static bool ask_dav(CalendarReading *reading, const char *method, const char *depth, Str body,
                    Answer *answer_r, Error *err)
{
    HttpAnswer answer;
    const CalendarAsk ask = { .method = method,
                              .url = reading->calendar->url,
                              .body = body,
                              .media_type = S("application/xml; charset=utf-8"),
                              .depth = depth,
                              .accepted = { 207 } };
    return calendar_ask(reading, &ask, &answer, err) &&
           read_answer(reading->arena, answer.body, answer_r, err);
}

static bool read_events(CalendarReading *reading, Error *err)
{
    Answer answer;
    Str from = ics_utc(reading->arena, reading->window.from_ms);
    Str until = ics_utc(reading->arena, reading->window.until_ms);
    Str body = str_format(
        reading->arena,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><c:calendar-query xmlns:d=\"DAV:\""
        " xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:prop><d:getetag/><c:calendar-data/></d:prop>"
        "<c:filter><c:comp-filter name=\"VCALENDAR\"><c:comp-filter name=\"VEVENT\">"
        "<c:time-range start=\"" STR_FMT "\" end=\"" STR_FMT "\"/></c:comp-filter></c:comp-filter>"
        "</c:filter></c:calendar-query>",
        STR_ARG(from), STR_ARG(until));
    if (!ask_dav(reading, "REPORT", "1", body, &answer, err))
        return false;
    for (size_t i = 0; i < answer.objects.count; i++) {
        Error why = { 0 };
        if (calendar_take(reading, answer.objects.at[i], &why))
            continue;
        if (why.code == ERROR_TOO_LARGE)
            return fail(err, why.code, "%s", why.message);
        if (!reading->passed_over++)
            reading->why = str_copy(reading->arena, str(why.message));
    }
    return true;
}

bool calendar_read_caldav(CalendarReading *reading, Error *err)
{
    static const char asks[] =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><d:propfind xmlns:d=\"DAV:\""
        " xmlns:s=\"http://calendarserver.org/ns/\"><d:prop><s:getctag/><d:sync-token/></d:prop>"
        "</d:propfind>";
    Answer answer;
    if (!ask_dav(reading, "PROPFIND", "0", S(asks), &answer, err))
        return false;
    Str state = answer.ctag.length ? answer.ctag : answer.token;
    reading->state = str_slice(state, 0, 500);
    reading->is_all = true;
    reading->is_unchanged = !reading->wants_all && reading->state.length &&
                            str_equal(reading->state, reading->calendar->sync_state);
    return reading->is_unchanged || read_events(reading, err);
}
