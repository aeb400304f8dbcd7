/* calendar.c - iCalendar and vCalendar (ICS, VCS; RFC 5545): events, tasks and journals, each a
 * heading and its lines. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/content_lines.h"
#include "extract/metadata.h"

typedef enum ValueIs { VALUE_TEXT, VALUE_TIME, VALUE_PERSON, VALUE_SUMMARY } ValueIs;

/* What is said of an event, and how it is called. */
static const struct {
    const char *name, *label, *fact;
    ValueIs is;
} properties[] = {
    { "SUMMARY", "Summary", "subject", VALUE_SUMMARY },
    { "DTSTART", "Begins", "starts", VALUE_TIME },
    { "DTEND", "Ends", "ends", VALUE_TIME },
    { "DUE", "Due", "ends", VALUE_TIME },
    { "DURATION", "Duration", NULL, VALUE_TEXT },
    { "COMPLETED", "Completed", NULL, VALUE_TIME },
    { "LOCATION", "Place", "location", VALUE_TEXT },
    { "GEO", "Position", "latitude", VALUE_TEXT },
    { "ORGANIZER", "Organizer", "author", VALUE_PERSON },
    { "ATTENDEE", "Attendee", NULL, VALUE_PERSON },
    { "CONTACT", "Contact", NULL, VALUE_TEXT },
    { "STATUS", "Status", NULL, VALUE_TEXT },
    { "CATEGORIES", "Categories", NULL, VALUE_TEXT },
    { "PRIORITY", "Priority", NULL, VALUE_TEXT },
    { "PERCENT-COMPLETE", "Percent complete", NULL, VALUE_TEXT },
    { "RESOURCES", "Resources", NULL, VALUE_TEXT },
    { "RRULE", "Repeats", NULL, VALUE_TEXT },
    { "RDATE", "Also on", NULL, VALUE_TIME },
    { "EXDATE", "Not on", NULL, VALUE_TIME },
    { "URL", "Address", NULL, VALUE_TEXT },
    { "ATTACH", "Attachment", NULL, VALUE_TEXT },
    { "DESCRIPTION", "Description", NULL, VALUE_TEXT },
    { "COMMENT", "Comment", NULL, VALUE_TEXT },
    { "FREEBUSY", "Busy", NULL, VALUE_TEXT },
    { "X-ALT-DESC", "Description", NULL, VALUE_TEXT },
};

typedef struct Component {
    Buf lines; /* "Label: value" */
    Str summary, kind;
    Str facts[COUNT(properties)];
    int line_first, line_last;
} Component;

typedef struct Writer {
    DocWriter *doc;
    Arena *arena; /* of one component */
    Component now;
    int hidden; /* depth inside alarms and time zones */
    int count;
} Writer;

static const char *const kinds[][2] = {
    { "VEVENT", "Event" },
    { "VTODO", "Task" },
    { "VJOURNAL", "Journal" },
    { "VFREEBUSY", "Busy times" },
};

static const char *kind_of(Str name)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_equal_ignore_case(name, str(kinds[i][0])))
            return kinds[i][1];
    return NULL;
}

/* "Name <address>" */
static Str person(Arena *arena, const ContentLine *line)
{
    Str name = content_parameter(line, "CN"), address = str_trim(line->value);
    if (str_starts(str_lower(arena, str_slice(address, 0, 7)), S("mailto:")))
        address = str_from(address, 7);
    if (!name.length || str_equal(name, address))
        return address;
    return str_format(arena, STR_FMT " <" STR_FMT ">", STR_ARG(name), STR_ARG(address));
}

static Str time_text(Arena *arena, const ContentLine *line)
{
    Str zone = content_parameter(line, "TZID"), rest = line->value, piece;
    Buf out = buf_new(arena, KB(16));
    while (str_next(&rest, ',', &piece)) {
        if (out.length)
            buf_add(&out, S(", "));
        buf_add(&out, content_time(arena, piece));
    }
    if (zone.length)
        buf_addf(&out, " (" STR_FMT ")", STR_ARG(zone));
    return buf_str(&out);
}

static void add_property(Writer *w, const ContentLine *line)
{
    bool is_binary = str_equal_ignore_case(content_parameter(line, "ENCODING"), S("BASE64"));
    for (size_t i = 0; i < COUNT(properties) && !is_binary; i++) {
        if (!content_is(line, properties[i].name))
            continue;
        Str value = properties[i].is == VALUE_TIME     ? time_text(w->arena, line)
                    : properties[i].is == VALUE_PERSON ? person(w->arena, line)
                                                       : content_text(w->arena, line->value);
        value = str_trim(value);
        if (!value.length)
            return;
        w->now.line_last = line->line_last;
        w->now.facts[i] = str_copy(
            w->arena, properties[i].is == VALUE_TIME ? content_time(w->arena, line->value) : value);
        if (properties[i].is == VALUE_SUMMARY) {
            w->now.summary = w->now.facts[i];
            return;
        }
        if (w->now.lines.length)
            buf_add_char(&w->now.lines, '\n');
        buf_addf(&w->now.lines, "%s: ", properties[i].label);
        buf_add(&w->now.lines, value);
        return;
    }
}

static void begin_component(Writer *w, Str kind, int line)
{
    arena_reset(w->arena);
    w->now = (Component){ .lines = buf_new(w->arena, MB(16)), .kind = kind, .line_first = line };
}

/* "59.91;10.75" */
static void write_position(Writer *w, Str position)
{
    Str latitude;
    if (!str_next(&position, ';', &latitude) || !position.length)
        return;
    doc_meta(w->doc, "latitude", str_trim(latitude));
    doc_meta(w->doc, "longitude", str_trim(position));
}

static void end_component(Writer *w, bool is_only)
{
    doc_place(w->doc, &(Place){ .line_first = w->now.line_first,
                                .line_last = MAX(w->now.line_first, w->now.line_last) });
    for (size_t i = 0; is_only && i < COUNT(properties); i++)
        if (properties[i].fact && strcmp(properties[i].fact, "latitude") == 0)
            write_position(w, w->now.facts[i]);
        else if (properties[i].fact)
            doc_meta(w->doc, properties[i].fact, w->now.facts[i]);
    doc_heading(w->doc, 2, w->now.summary.length ? w->now.summary : w->now.kind);
    doc_paragraph(w->doc, buf_str(&w->now.lines));
    w->now.kind = STR_NONE;
}

/* What is said of the calendar itself. */
static void write_fact(Writer *w, const ContentLine *line)
{
    static const char *const names[][2] = {
        { "X-WR-CALNAME", "title" }, { "NAME", "title" },    { "X-WR-CALDESC", "description" },
        { "PRODID", "software" },    { "METHOD", "method" }, { "VERSION", "format_version" }
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (content_is(line, names[i][0]))
            doc_meta(w->doc, names[i][1], content_text(w->arena, line->value));
}

static int count_components(Str text)
{
    int count = 0;
    Str line;
    while (text_next_line(&text, &line))
        count += str_starts(line, S("BEGIN:V")) && kind_of(str_trim(str_from(line, 6)));
    return count;
}

static bool calendar_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(MB(64));
    AUTO_ARENA Arena *values = arena_new(MB(64));
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not a calendar");
    Str text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    Writer w = { .doc = doc, .arena = scratch };
    ContentReader in = { .rest = text };
    bool is_only = count_components(text) == 1;
    for (ContentLine line; doc_writer_ok(doc) && content_next(values, &in, &line);) {
        Str value = str_trim(line.value);
        if (content_is(&line, "BEGIN")) {
            const char *kind = kind_of(value);
            if (kind && !w.now.kind.length)
                begin_component(&w, str(kind), line.line_first);
            else if (!str_equal_ignore_case(value, S("VCALENDAR")))
                w.hidden++;
        } else if (content_is(&line, "END")) {
            if (w.hidden && !kind_of(value) && !str_equal_ignore_case(value, S("VCALENDAR")))
                w.hidden--;
            else if (w.now.kind.length)
                end_component(&w, is_only);
        } else if (!w.hidden) {
            w.now.kind.length ? add_property(&w, &line) : write_fact(&w, &line);
        }
        arena_reset(values);
    }
    if (w.now.kind.length)
        end_component(&w, is_only);
    return true;
}

static int calendar_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str head = str_trim(text_head(arena, bytes, KB(1)));
    if (head.length < 12 || !str_equal_ignore_case(str_slice(head, 0, 7), S("BEGIN:V")))
        return 0;
    Str line;
    (void)text_next_line(&head, &line);
    Str kind = str_trim(str_from(line, 6));
    return str_equal_ignore_case(kind, S("VCALENDAR")) || kind_of(kind) ? 85 : 0;
}

const Extractor extractor_calendar = {
    .name = "calendar",
    .title = "Calendars (iCalendar, vCalendar)",
    .extensions = LIST("ics", "ical", "ifb", "vcs"),
    .media_types = LIST("text/calendar", "text/x-vcalendar"),
    .sniff = calendar_sniff,
    .extract = calendar_extract,
};
