/* dav_read.c - the bodies of CalDAV requests; see dav.h. */
#include "extract/xml_events.h"
#include "tasks/dav.h"

#define TEXT_MAX KB(4)
#define SPACE_DAV "DAV:"
#define SPACE_CALDAV "urn:ietf:params:xml:ns:caldav"

typedef struct Reading {
    Arena *arena;
    DavRequest request;
    Str path[DAV_DEPTH_MAX]; /* names of the elements that are open, the root first */
    size_t depth;
    size_t components; /* comp-filters that are open */
    struct {
        Str name;
        bool is_absent;
    } component[DAV_DEPTH_MAX];
    Buf text; /* of the innermost element */
    Error why;
    bool failed;
} Reading;

static bool refuse(Reading *reading, ErrorCode code, const char *message)
{
    reading->failed = true;
    return fail(&reading->why, code, "%s", message);
}

static bool is_at(const Reading *reading, size_t depth, const char *parent)
{
    return reading->depth == depth && str_is(reading->path[depth - 2], parent);
}

static const char *parent_of(const Reading *reading)
{
    return reading->depth > 1 ? reading->path[reading->depth - 2].at : "";
}

/* --- The kind of request --- */

static bool begin_root(Reading *reading, const XmlElement *element)
{
    static const struct {
        const char *space, *name;
        DavKind kind;
    } roots[] = {
        { SPACE_DAV, "propfind", DAV_PROPFIND },
        { SPACE_CALDAV, "calendar-query", DAV_QUERY },
        { SPACE_CALDAV, "calendar-multiget", DAV_MULTIGET },
        { SPACE_DAV, "sync-collection", DAV_SYNC },
    };
    for (size_t i = 0; i < COUNT(roots); i++)
        if (str_is(element->name, roots[i].name) && str_is(element->name_space, roots[i].space)) {
            reading->request.kind = roots[i].kind;
            return true;
        }
    return refuse(reading, ERROR_INVALID,
                  "known are propfind, calendar-query, calendar-multiget and sync-collection");
}

static bool add_name(Reading *reading, const XmlElement *element)
{
    if (reading->request.names.count >= DAV_NAMES_MAX)
        return refuse(reading, ERROR_TOO_LARGE, "too many properties are asked for");
    *vec_push(reading->arena, &reading->request.names) =
        (DavName){ str_copy(reading->arena, element->name_space),
                   str_copy(reading->arena, element->name) };
    return true;
}

/* --- Filters --- */

static bool begin_component(Reading *reading, const XmlElement *element)
{
    reading->component[reading->components].name =
        str_copy(reading->arena, xml_attribute(element, "name"));
    reading->component[reading->components++].is_absent = false;
    return true;
}

/* A calendar holds VTODO and nothing else; those hold no alarms. */
static void end_component(Reading *reading)
{
    static const char *const there[] = { "VCALENDAR", "VTODO" };
    size_t level = --reading->components;
    bool is_there = level < COUNT(there) && str_is(reading->component[level].name, there[level]);
    if (is_there == reading->component[level].is_absent)
        reading->request.filter.wants_none = true;
}

static bool begin_condition(Reading *reading, const XmlElement *element)
{
    DavFilter *filter = &reading->request.filter;
    if (filter->conditions.count >= DAV_CONDITIONS_MAX)
        return refuse(reading, ERROR_TOO_LARGE, "the filter has too many conditions");
    *vec_push(reading->arena, &filter->conditions) =
        (DavCondition){ .name = str_copy(reading->arena, xml_attribute(element, "name")) };
    return true;
}

static DavCondition *last_condition(Reading *reading)
{
    DavFilter *filter = &reading->request.filter;
    return filter->conditions.count ? &filter->conditions.at[filter->conditions.count - 1] : NULL;
}

static bool read_range(Reading *reading, const XmlElement *element, DavRange *range)
{
    Str from = xml_attribute(element, "start"), until = xml_attribute(element, "end");
    if ((from.length && from.length != 16) || (until.length && until.length != 16))
        return refuse(reading, ERROR_INVALID, "a time-range must have times as 20270301T110000Z");
    *range = (DavRange){ true, str_copy(reading->arena, from), str_copy(reading->arena, until) };
    return true;
}

/* What stands in a prop-filter. */
static bool begin_in_condition(Reading *reading, const XmlElement *element)
{
    DavCondition *condition = last_condition(reading);
    if (str_is(element->name, "is-not-defined")) {
        condition->is_absent = true;
    } else if (str_is(element->name, "text-match")) {
        condition->has_text = true;
        condition->is_negated = str_is(xml_attribute(element, "negate-condition"), "yes");
    } else if (str_is(element->name, "time-range")) {
        return read_range(reading, element, &condition->range);
    } else {
        return refuse(reading, ERROR_UNSUPPORTED, "filters of parameters are not known");
    }
    return true;
}

static bool begin_in_filter(Reading *reading, const XmlElement *element)
{
    const char *parent = parent_of(reading);
    if (!strcmp(parent, "prop-filter") && last_condition(reading))
        return begin_in_condition(reading, element);
    if (str_is(element->name, "comp-filter"))
        return begin_component(reading, element);
    if (strcmp(parent, "comp-filter") != 0 || !reading->components)
        return refuse(reading, ERROR_UNSUPPORTED, "the filter is not known");
    if (str_is(element->name, "is-not-defined"))
        reading->component[reading->components - 1].is_absent = true;
    else if (str_is(element->name, "time-range"))
        return read_range(reading, element, &reading->request.filter.range);
    else if (str_is(element->name, "prop-filter"))
        return begin_condition(reading, element);
    else
        return refuse(reading, ERROR_UNSUPPORTED, "the filter is not known");
    return true;
}

/* --- Events --- */

static bool on_start(void *self, const XmlElement *element)
{
    Reading *reading = self;
    DavRequest *request = &reading->request;
    if (reading->depth == DAV_DEPTH_MAX)
        return refuse(reading, ERROR_TOO_LARGE, "the body is nested too deeply");
    reading->path[reading->depth++] = str_copy(reading->arena, element->name);
    reading->text.length = 0;
    if (reading->depth == 1)
        return begin_root(reading, element);
    if (is_at(reading, 3, "prop"))
        return add_name(reading, element);
    if (reading->depth > 2 && str_is(reading->path[1], "filter"))
        return begin_in_filter(reading, element);
    if (reading->depth == 2) {
        request->wants_all |= str_is(element->name, "allprop");
        request->wants_names |= str_is(element->name, "propname");
    }
    return true;
}

static bool on_text(void *self, Str text)
{
    Reading *reading = self;
    buf_add(&reading->text, text);
    return !reading->text.overflowed || refuse(reading, ERROR_TOO_LARGE, "a text is too long");
}

static bool on_end(void *self, Str name)
{
    Reading *reading = self;
    DavRequest *request = &reading->request;
    Str text = str_trim(buf_str(&reading->text));
    bool is_filter = reading->depth > 2 && str_is(reading->path[1], "filter");
    if (is_filter && str_is(name, "comp-filter") && reading->components) {
        end_component(reading);
    } else if (is_filter && str_is(name, "text-match") && last_condition(reading)) {
        last_condition(reading)->text = str_copy(reading->arena, text);
    } else if (reading->depth == 2 && str_is(name, "sync-token")) {
        request->sync_token = str_copy(reading->arena, text);
    } else if (reading->depth == 2 && str_is(name, "href")) {
        if (request->hrefs.count >= DAV_HREFS_MAX)
            return refuse(reading, ERROR_TOO_LARGE, "too many tasks are asked for at once");
        *vec_push(reading->arena, &request->hrefs) = str_copy(reading->arena, text);
    }
    reading->depth--;
    reading->text.length = 0;
    return true;
}

bool dav_read(Arena *arena, Str body, DavRequest *request_r, Error *err)
{
    static const XmlEvents events = { .start = on_start, .end = on_end, .text = on_text };
    Reading reading = { .arena = arena, .text = buf_new(arena, TEXT_MAX) };
    Error why = { 0 };
    if (!str_trim(body).length) {
        *request_r = (DavRequest){ .kind = DAV_PROPFIND, .wants_all = true };
        return true;
    }
    if (body.length > DAV_BODY_MAX)
        return fail(err, ERROR_TOO_LARGE, "the body has more than %zu bytes", DAV_BODY_MAX);
    XmlParser *parser = xml_begin(&events, &reading);
    (void)xml_add(parser, body.at, body.length);
    bool ok = xml_end(parser, &why);
    if (reading.failed)
        return fail(err, reading.why.code, "%s", reading.why.message);
    if (!ok)
        return fail(err, ERROR_INVALID, "%s", why.message);
    *request_r = reading.request;
    return true;
}
