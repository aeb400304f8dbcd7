/* telemetry_test.c - traces are taken over, and what is sent is well-formed and tells no secrets.
 */
#include <criterion/criterion.h>

#include "base/json.h"
#include "gateway/telemetry.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
#define ID "0194f2c1-77aa-7d3e-9c11-0123456789ab"
#define OWN_TRACE "0194f2c177aa7d3e9c110123456789ab"
#define OWN_SPAN "9c110123456789ab"

Test(gateway, a_trace_that_a_client_began_goes_on)
{
    static const struct {
        const char *incoming;
        bool is_traced;
        const char *outgoing, *trace, *span, *parent;
    } cases[] = {
        { "", false, "", "", "", "" },
        { "", true, "00-" OWN_TRACE "-" OWN_SPAN "-01", OWN_TRACE, OWN_SPAN, "" },
        { "00-" TRACE "-" SPAN "-01", false, "00-" TRACE "-" SPAN "-01", "", "", "" },
        { "00-" TRACE "-" SPAN "-01", true, "00-" TRACE "-" OWN_SPAN "-01", TRACE, OWN_SPAN, SPAN },
        { "00-" TRACE "-" SPAN "-00", true, "00-" TRACE "-" OWN_SPAN "-00", "", "", "" },
        { "cc-" TRACE "-" SPAN "-01-more", false, "cc-" TRACE "-" SPAN "-01-more", "", "", "" },
        { "00-" TRACE "-" SPAN "-01-more", false, "", "", "", "" },
        { "ff-" TRACE "-" SPAN "-01", false, "", "", "", "" },
        { "00-00000000000000000000000000000000-" SPAN "-01", false, "", "", "", "" },
        { "00-" TRACE "-0000000000000000-01", false, "", "", "", "" },
        { "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", false, "", "", "", "" },
        { "00-" TRACE, true, "00-" OWN_TRACE "-" OWN_SPAN "-01", OWN_TRACE, OWN_SPAN, "" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CallRecord record = { .id = S(ID) };
        Str outgoing = trace_begin(arena, str(cases[i].incoming), cases[i].is_traced, &record);
        cr_assert(str_is(outgoing, cases[i].outgoing), "case %zu: %s", i, str_c(arena, outgoing));
        cr_assert(str_is(record.trace, cases[i].trace), "case %zu", i);
        cr_assert(str_is(record.span, cases[i].span), "case %zu", i);
        cr_assert(str_is(record.parent, cases[i].parent), "case %zu", i);
    }
}

static const CallRecord bad = { .id = S_INIT(ID),
                                .user = S_INIT("user-id"),
                                .key = S_INIT("key-id"),
                                .workspace = S_INIT("workspace-id"),
                                .service = S_INIT("openai"),
                                .model = S_INIT("gpt \"x\""),
                                .status = S_INIT("upstream"),
                                .front = S_INIT("openai"),
                                .trace = S_INIT(TRACE),
                                .span = S_INIT(SPAN),
                                .http_status = 502,
                                .started_ms = 1793577600000,
                                .total_us = 1500000,
                                .usage = { .input = 5, .cache_read = 7, .output = 3 } };

static void assert_json(Str text)
{
    AUTO_JSON json_t *json = NULL;
    Error err = { 0 };
    cr_assert(json_parse(text, MB(16), &json, &err), "%s: " STR_FMT, err.message, STR_ARG(text));
    cr_assert(str_find(text, S("-id\"")) < 0, "who asked is told: " STR_FMT, STR_ARG(text));
}

Test(gateway, calls_become_spans_and_figures)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    CallRecord untraced = bad;
    untraced.trace = S("");
    const CallRecord *records[] = { &bad, &untraced, &bad };
    Str spans = telemetry_spans(arena, S("lectern"), records, COUNT(records));
    assert_json(spans);
    cr_assert(str_find(spans, S("\"traceId\":\"" TRACE "\",\"spanId\":\"" SPAN "\",\"name\"")) > 0);
    cr_assert(str_find(spans, S("\"startTimeUnixNano\":\"1793577600000000000\"")) > 0);
    cr_assert(str_find(spans, S("\"endTimeUnixNano\":\"1793577601500000000\"")) > 0);
    cr_assert(str_find(spans, S("\"gen_ai.usage.input_tokens\",\"value\":{\"intValue\":\"12\"}")) >
              0);
    cr_assert(!telemetry_spans(arena, S("lectern"), records + 1, 1).length);
    Str figures = telemetry_figures(arena, S("lectern"), records, COUNT(records), 1, 2);
    assert_json(figures);
    cr_assert(str_find(figures, S("\"count\":\"3\",\"sum\":4.5")) > 0, STR_FMT, STR_ARG(figures));
}

Test(gateway, failures_that_are_not_the_clients_are_reported)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    static const struct {
        const char *status;
        bool is_reported;
    } cases[] = {
        { "upstream", true }, { "timeout", true },       { "internal", true },
        { "ok", false },      { "rate_limited", false }, { "invalid", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CallRecord record = bad;
        record.status = str(cases[i].status);
        Str report = telemetry_report(arena, &record, 7), line, rest;
        cr_assert_eq(report.length > 0, cases[i].is_reported, "%s", cases[i].status);
        rest = report;
        while (str_next(&rest, '\n', &line))
            if (line.length)
                assert_json(line);
    }
}
