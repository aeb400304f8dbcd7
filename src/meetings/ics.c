/* ics.c - lines of a calendar into events; see ics.h. */
#include "meetings/ics_int.h"

#include "base/utf8.h"
#include "meetings/links.h"
#include "tasks/recurrence.h"

#define DEPTH_MAX 8
#define CONFERENCE_MAX 2000
#define MAIL_MAX 200
#define ANSWER_MAX 20
#define ATTENDEES_MAX KB(64) /* bytes of their JSON */

typedef enum Component { IN_OTHER, IN_CALENDAR, IN_EVENT, IN_ZONE, IN_OBSERVANCE } Component;

typedef struct Lines {
    IcsReading *reading;
    Component at[DEPTH_MAX];
    size_t depth, too_deep;
    JsonWriter attendees; /* of the event that is read */
} Lines;

static Str clean(Arena *arena, Str text, size_t max)
{
    text = str_trim(utf8_clean(arena, text));
    return str_slice(text, 0, utf8_floor(text, MIN(text.length, max)));
}

static Str text_of(Arena *arena, const ContentLine *line, size_t max)
{
    return clean(arena, content_text(arena, line->value), max);
}

/* --- Events --- */

static void add_times(Arena *arena, const ContentLine *line, IcsEvent *event, bool are_out)
{
    Str rest = line->value, piece;
    while (!event->why.code && str_next(&rest, ',', &piece)) {
        IcsTime time;
        /* A period's beginning counts. */
        ptrdiff_t slash = str_find_char(piece, '/');
        piece = slash < 0 ? piece : str_slice(piece, 0, (size_t)slash);
        if (!ics_time(arena, line, piece, &time, &event->why))
            return;
        if (event->not_on.count + event->also_on.count >= ICS_EXTRA_MAX)
            fail(&event->why, ERROR_TOO_LARGE, "it has more than %d single days", ICS_EXTRA_MAX);
        else if (are_out)
            *vec_push(arena, &event->not_on) = time;
        else
            *vec_push(arena, &event->also_on) = time;
    }
    if (event->why.code == ERROR_TOO_LARGE)
        event->why.code = ERROR_INVALID; /* of this event alone */
}

/* "mailto:ann@example.org" */
static Str mail_of(Arena *arena, Str value)
{
    value = clean(arena, value, MAIL_MAX);
    return str_equal_ignore_case(str_slice(value, 0, 7), S("mailto:")) ? str_from(value, 7) : value;
}

static void add_attendee(Lines *lines, const ContentLine *line, IcsEvent *event)
{
    Arena *arena = lines->reading->arena;
    Str mail = mail_of(arena, line->value);
    Str answer = clean(arena, str_lower(arena, content_parameter(line, "PARTSTAT")), ANSWER_MAX);
    if (event->attendee_count++ >= ICS_EXTRA_MAX || event->attendees.length > ATTENDEES_MAX - KB(1))
        return;
    put_object(&lines->attendees, NULL);
    put_text(&lines->attendees, "name", clean(arena, content_parameter(line, "CN"), MAIL_MAX));
    put_text(&lines->attendees, "email", mail);
    put_text(&lines->attendees, "answer", answer);
    put_end(&lines->attendees);
    Str own = lines->reading->window->address;
    if (own.length && str_equal_ignore_case(mail, own))
        event->meeting.answer = answer;
}

static bool read_text_line(Arena *arena, const ContentLine *line, IcsEvent *event)
{
    Meeting *meeting = &event->meeting;
    static const char *const conferences[] = { "X-GOOGLE-CONFERENCE", "CONFERENCE", "URL",
                                               "X-MICROSOFT-SKYPETEAMSMEETINGURL",
                                               "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK" };
    for (size_t i = 0; i < COUNT(conferences); i++)
        if (content_is(line, conferences[i]) && event->conference.length < CONFERENCE_MAX * 4) {
            Str said = text_of(arena, line, CONFERENCE_MAX);
            event->conference =
                str_format(arena, STR_FMT " " STR_FMT, STR_ARG(event->conference), STR_ARG(said));
            return true;
        }
    if (content_is(line, "SUMMARY"))
        meeting->title = text_of(arena, line, MEETING_TITLE_MAX);
    else if (content_is(line, "DESCRIPTION"))
        meeting->description = text_of(arena, line, MEETING_TEXT_MAX);
    else if (content_is(line, "LOCATION"))
        meeting->location = text_of(arena, line, MEETING_TITLE_MAX);
    else if (content_is(line, "UID"))
        meeting->uid = text_of(arena, line, MEETING_TITLE_MAX);
    else if (content_is(line, "STATUS"))
        meeting->state =
            str_equal_ignore_case(str_trim(line->value), S("CANCELLED"))   ? S("cancelled")
            : str_equal_ignore_case(str_trim(line->value), S("TENTATIVE")) ? S("tentative")
                                                                           : S("confirmed");
    else if (content_is(line, "ORGANIZER"))
        meeting->organizer = mail_of(arena, line->value);
    else
        return false;
    return true;
}

static void read_event_line(Lines *lines, const ContentLine *line, IcsEvent *event)
{
    Arena *arena = lines->reading->arena;
    Error *why = &event->why;
    bool ok = true;
    if (why->code || read_text_line(arena, line, event))
        return;
    if (content_is(line, "DTSTART"))
        ok = ics_time(arena, line, line->value, &event->start, why);
    else if (content_is(line, "DTEND"))
        ok = ics_time(arena, line, line->value, &event->end, why);
    else if (content_is(line, "RECURRENCE-ID")) {
        ok = ics_time(arena, line, line->value, &event->recurrence_id, why);
        event->is_from_then_on =
            str_equal_ignore_case(content_parameter(line, "RANGE"), S("THISANDFUTURE"));
    } else if (content_is(line, "SEQUENCE"))
        (void)str_to_int(str_trim(line->value), 0, INT32_MAX, &event->sequence);
    else if (content_is(line, "DURATION"))
        ok = ics_duration(line->value, &event->duration_s) ||
             fail(why, ERROR_INVALID, "DURATION is none");
    else if (content_is(line, "RRULE"))
        event->rule = str_copy(arena, str_trim(line->value));
    else if (content_is(line, "EXDATE") || content_is(line, "RDATE"))
        add_times(arena, line, event, content_is(line, "EXDATE"));
    else if (content_is(line, "ATTENDEE"))
        add_attendee(lines, line, event);
    (void)ok; /* `why` says it */
}

static void begin_event(Lines *lines)
{
    IcsReading *reading = lines->reading;
    IcsEvent *event = vec_push(reading->arena, &reading->events);
    *event = (IcsEvent){ .meeting = { .state = S("confirmed") }, .duration_s = -1 };
    event->attendees = buf_new(reading->arena, ATTENDEES_MAX);
    lines->attendees = put_begin_array(&event->attendees);
}

/* The writer holds the buffer's address, so it is pointed there again: events may have moved. */
static IcsEvent *event_now(Lines *lines)
{
    IcsEvent *event = &lines->reading->events.at[lines->reading->events.count - 1];
    lines->attendees.out = &event->attendees;
    return event;
}

static void end_event(Lines *lines)
{
    IcsReading *reading = lines->reading;
    IcsEvent *event = event_now(lines);
    put_end(&lines->attendees);
    event->meeting.attendees = buf_str(&event->attendees);
    event->meeting.is_all_day = event->start.is_date;
    event->meeting.time_zone =
        event->start.zone.length ? ics_zone_name(event->start.zone) : reading->zone;
    meeting_set_link(reading->arena, event->conference, reading->window->jitsi_hosts,
                     &event->meeting);
}

/* --- Zones --- */

static void read_zone_line(Lines *lines, const ContentLine *line, bool is_observance)
{
    IcsReading *reading = lines->reading;
    IcsZone *zone = &reading->zones.at[reading->zones.count - 1];
    if (!is_observance) {
        if (content_is(line, "TZID"))
            zone->name = clean(reading->arena, line->value, MAIL_MAX);
        return;
    }
    IcsObservance *observance = &zone->observances.at[zone->observances.count - 1];
    IcsTime start;
    Error ignored;
    if (content_is(line, "DTSTART")) {
        if (ics_time(reading->arena, line, line->value, &start, &ignored))
            observance->start = start.civil;
    } else if (content_is(line, "TZOFFSETTO")) {
        bool is_known = ics_offset(line->value, &observance->offset_s);
        (void)is_known;
    } else if (content_is(line, "RRULE") && recurrence_check(str_trim(line->value), &ignored)) {
        observance->rule = str_copy(reading->arena, str_trim(line->value));
    }
}

/* --- Components --- */

static Component now_in(const Lines *lines)
{
    return lines->depth ? lines->at[lines->depth - 1] : IN_OTHER;
}

static bool begin(Lines *lines, Str name, Error *err)
{
    IcsReading *reading = lines->reading;
    Component outer = now_in(lines), inner = IN_OTHER;
    if (lines->depth == DEPTH_MAX) {
        lines->too_deep++;
        return true;
    }
    if (!lines->depth && str_equal_ignore_case(name, S("VCALENDAR"))) {
        inner = IN_CALENDAR;
        reading->is_calendar = true;
    } else if (outer == IN_CALENDAR && str_equal_ignore_case(name, S("VEVENT"))) {
        if (reading->events.count >= ICS_EVENTS_MAX)
            return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d events",
                        ICS_EVENTS_MAX);
        inner = IN_EVENT;
        begin_event(lines);
    } else if (outer == IN_CALENDAR && str_equal_ignore_case(name, S("VTIMEZONE"))) {
        inner = IN_ZONE;
        *vec_push(reading->arena, &reading->zones) = (IcsZone){ 0 };
    } else if (outer == IN_ZONE && (str_equal_ignore_case(name, S("STANDARD")) ||
                                    str_equal_ignore_case(name, S("DAYLIGHT")))) {
        inner = IN_OBSERVANCE;
        IcsZone *zone = &reading->zones.at[reading->zones.count - 1];
        *vec_push(reading->arena, &zone->observances) = (IcsObservance){ 0 };
    }
    lines->at[lines->depth++] = inner;
    return true;
}

static void end(Lines *lines)
{
    if (lines->too_deep) {
        lines->too_deep--;
        return;
    }
    if (now_in(lines) == IN_EVENT)
        end_event(lines);
    lines->depth -= lines->depth > 0;
}

static void take(Lines *lines, const ContentLine *line)
{
    IcsReading *reading = lines->reading;
    if (lines->too_deep)
        return;
    switch (now_in(lines)) {
    case IN_EVENT: read_event_line(lines, line, event_now(lines)); break;
    case IN_ZONE: read_zone_line(lines, line, false); break;
    case IN_OBSERVANCE: read_zone_line(lines, line, true); break;
    case IN_CALENDAR:
        if (content_is(line, "X-WR-TIMEZONE") && line->value.length)
            reading->zone = ics_zone_name(clean(reading->arena, line->value, MAIL_MAX));
        break;
    case IN_OTHER: break;
    }
}

bool ics_read(Arena *arena, Str text, const IcsWindow *window, IcsMeetings *meetings_r, Error *err)
{
    IcsReading reading = { .arena = arena,
                           .window = window,
                           .zone = window->zone,
                           .overrides = map_new(arena),
                           .changes = map_new(arena) };
    Lines lines = { .reading = &reading };
    ContentReader in = { .rest = text };
    ContentLine line;
    if (text.length > ICS_MAX)
        return fail(err, ERROR_TOO_LARGE, "the calendar has more than %zu bytes", ICS_MAX);
    while (content_next(arena, &in, &line)) {
        if (content_is(&line, "BEGIN")) {
            if (!begin(&lines, str_trim(line.value), err))
                return false;
        } else if (content_is(&line, "END")) {
            end(&lines);
        } else {
            take(&lines, &line);
        }
    }
    while (lines.depth)
        end(&lines);
    if (!reading.is_calendar)
        return fail(err, ERROR_INVALID, "this is no calendar: BEGIN:VCALENDAR is missing");
    if (!ics_unroll(&reading, err))
        return false;
    *meetings_r = (IcsMeetings){ reading.meetings.at, reading.meetings.count, reading.passed_over,
                                 reading.why };
    return true;
}

void meeting_set_link(Arena *arena, Str conference, StrList jitsi_hosts, Meeting *meeting)
{
    const Str texts[] = { conference, meeting->location, meeting->description };
    MeetingLink link;
    meeting->link_kind = meeting->link_id = meeting->link_url = meeting->link_password = STR_NONE;
    if (!link_find(arena, texts, COUNT(texts), jitsi_hosts, &link))
        return;
    meeting->link_kind = str(link_kind_name(link.kind));
    meeting->link_id = link.id;
    meeting->link_url = link.url;
    meeting->link_password = link.password;
}
