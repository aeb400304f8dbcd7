/* dav_test.c - what CalDAV programs ask for. */
#include <criterion/criterion.h>

#include "tasks/dav.h"

#define CALDAV "xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\""
#define QUERY(filter)                                                                              \
    "<c:calendar-query " CALDAV "><d:prop><d:getetag/><c:calendar-data><c:comp name=\"x\"/>"       \
    "</c:calendar-data></d:prop><c:filter><c:comp-filter name=\"VCALENDAR\">" filter               \
    "</c:comp-filter></c:filter></c:calendar-query>"
#define VTODO(inside) QUERY("<c:comp-filter name=\"VTODO\">" inside "</c:comp-filter>")

Test(tasks, a_propfind_names_properties_in_their_spaces)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    DavRequest request;
    Error err;
    cr_assert(dav_read(arena, S("  \n"), &request, &err) && request.wants_all);
    cr_assert(dav_read(arena,
                       S("<a:propfind xmlns:a=\"DAV:\"><a:prop><a:getetag/>"
                         "<b xmlns=\"urn:b\"><c/></b></a:prop></a:propfind>"),
                       &request, &err));
    cr_assert(request.kind == DAV_PROPFIND && !request.wants_all && request.names.count == 2);
    cr_assert(str_is(request.names.at[0].space, "DAV:") &&
              str_is(request.names.at[0].name, "getetag"));
    cr_assert(str_is(request.names.at[1].space, "urn:b"));
}

Test(tasks, reports_name_hrefs_and_tokens)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    DavRequest request;
    Error err;
    cr_assert(dav_read(arena,
                       S("<c:calendar-multiget " CALDAV "><d:prop/><d:href> /a&amp;b.ics\n</d:href>"
                         "<d:href>/c.ics</d:href></c:calendar-multiget>"),
                       &request, &err));
    cr_assert(request.kind == DAV_MULTIGET && request.hrefs.count == 2);
    cr_assert(str_is(request.hrefs.at[0], "/a&b.ics"));
    cr_assert(dav_read(arena,
                       S("<d:sync-collection " CALDAV "><d:sync-token>urn:1</d:sync-token>"
                         "<d:sync-level>1</d:sync-level></d:sync-collection>"),
                       &request, &err));
    cr_assert(request.kind == DAV_SYNC && str_is(request.sync_token, "urn:1"));
}

Test(tasks, a_body_that_is_no_request_is_refused)
{
    static const struct {
        const char *body;
        ErrorCode code;
    } cases[] = {
        { "<propfind/>", ERROR_INVALID },
        { "<d:propfind xmlns:d=\"DAV:\">", ERROR_INVALID },
        { "<!DOCTYPE a [<!ENTITY b \"c\">]><d:propfind xmlns:d=\"DAV:\"/>", ERROR_INVALID },
        { "<d:propfind xmlns:d=\"DAV:\">&none;</d:propfind>", ERROR_INVALID },
        { "<c:free-busy-query " CALDAV "/>", ERROR_INVALID },
        { VTODO("<c:time-range start=\"soon\"/>"), ERROR_INVALID },
        { VTODO("<c:prop-filter name=\"A\"><c:param-filter name=\"B\"/></c:prop-filter>"),
          ERROR_UNSUPPORTED },
        { QUERY("<c:prop-filter-or/>"), ERROR_UNSUPPORTED },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        DavRequest request;
        Error err = { 0 };
        cr_assert_not(dav_read(arena, str(cases[i].body), &request, &err), "%s", cases[i].body);
        cr_expect_eq(err.code, cases[i].code, "%s: %s", cases[i].body, err.message);
    }
}

Test(tasks, a_query_looks_at_the_task_and_not_at_its_zone)
{
    static const Str weekly =
        S_INIT("BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n"
               "DTSTART:20261025T030000\r\nRRULE:FREQ=YEARLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
               "BEGIN:VTODO\r\nDTSTART;TZID=Europe/Berlin:20270301T120000\r\n"
               "DUE;TZID=Europe/Berlin:20270301T120000\r\nRRULE:FREQ=WEEKLY\r\nEND:VTODO\r\n"
               "END:VCALENDAR\r\n");
    static const struct {
        const char *body;
        bool wants;
    } cases[] = {
        { VTODO("<c:time-range end=\"20270301T110000Z\"/>"), false },
        { VTODO("<c:time-range end=\"20270301T110001Z\"/>"), true },
        { VTODO("<c:prop-filter name=\"DUE\"><c:time-range start=\"20270301T110000Z\" "
                "end=\"20270301T110001Z\"/></c:prop-filter>"),
          true },
        { VTODO("<c:prop-filter name=\"DUE\"><c:time-range start=\"20270301T110001Z\"/>"
                "</c:prop-filter>"),
          false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        DavRequest request;
        Error err;
        cr_assert(dav_read(arena, str(cases[i].body), &request, &err), "%s", cases[i].body);
        cr_expect_eq(dav_wants(arena, &request.filter, weekly), cases[i].wants, "%s",
                     cases[i].body);
    }
}

Test(tasks, a_query_wants_what_its_filter_says)
{
    static const Str open =
        S_INIT("BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nCREATED:20270101T080000Z\r\n"
               "SUMMARY:Write the lo\r\n ng letter\r\nDUE;VALUE=DATE:20270301\r\n"
               "STATUS:NEEDS-ACTION\r\nEND:VTODO\r\nEND:VCALENDAR\r\n");
    static const struct {
        const char *body;
        bool wants;
    } cases[] = {
        { VTODO(""), true },
        { QUERY(""), true },
        { QUERY("<c:comp-filter name=\"VEVENT\"/>"), false },
        { QUERY("<c:comp-filter name=\"VEVENT\"><c:is-not-defined/></c:comp-filter>"), true },
        { QUERY("<c:comp-filter name=\"VTODO\"><c:is-not-defined/></c:comp-filter>"), false },
        { VTODO("<c:prop-filter name=\"COMPLETED\"><c:is-not-defined/></c:prop-filter>"), true },
        { VTODO("<c:prop-filter name=\"DUE\"><c:is-not-defined/></c:prop-filter>"), false },
        { VTODO("<c:prop-filter name=\"SUMMARY\"><c:text-match>LONG LETTER</c:text-match>"
                "</c:prop-filter>"),
          true },
        { VTODO("<c:prop-filter name=\"STATUS\"><c:text-match negate-condition=\"yes\">completed"
                "</c:text-match></c:prop-filter>"),
          true },
        { VTODO("<c:time-range start=\"20270228T000000Z\" end=\"20270302T000000Z\"/>"), true },
        { VTODO("<c:time-range start=\"20270301T000000Z\"/>"), false },
        { VTODO("<c:time-range end=\"20270228T000000Z\"/>"), false },
        { VTODO("<c:prop-filter name=\"DUE\"><c:time-range start=\"20270301T000000Z\"/>"
                "</c:prop-filter>"),
          true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        DavRequest request;
        Error err;
        cr_assert(dav_read(arena, str(cases[i].body), &request, &err), "%s", cases[i].body);
        cr_expect_eq(dav_wants(arena, &request.filter, open), cases[i].wants, "%s", cases[i].body);
    }
}
