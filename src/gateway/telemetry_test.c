/* telemetry_test.c - traces are taken over, and what is sent is well-formed and tells no secrets.
 */
#include <criterion/criterion.h>

#include "base/json.h"
#include "base/report.h"
#include "gateway/telemetry.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
#define ID "0194f2c1-77aa-7d3e-9c11-0123456789ab"

Test(gateway, a_call_is_a_span_below_what_it_was_asked_for)
{
    static const struct {
        const char *from;
        bool is_on, is_recorded;
        const char *begins; /* of the traceparent for the service */
    } cases[] = {
        { "", false, false, "" },
        { "", true, true, "00-" },
        { "00-" TRACE "-" SPAN "-01", false, false, "00-" TRACE "-" SPAN "-01" },
        { "00-" TRACE "-" SPAN "-01", true, true, "00-" TRACE "-" },
        { "00-" TRACE "-" SPAN "-00", true, false, "00-" TRACE "-" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CallRecord record = { .id = S(ID) };
        TraceOptions options = { .sampler = TRACE_ALWAYS };
        TraceContext from = { 0 };
        (void)trace_read(str(cases[i].from), STR_NONE, &from);
        if (cases[i].is_on)
            trace_open(&options);
        Str outgoing = trace_begin(arena, &from, &record);
        if (cases[i].is_on)
            trace_close();
        cr_assert(str_starts(outgoing, str(cases[i].begins)), "case %zu: %s", i,
                  str_c(arena, outgoing));
        cr_assert_eq(record.trace.length > 0, cases[i].is_recorded, "case %zu", i);
        cr_assert(!record.parent.length || str_is(record.parent, SPAN), "case %zu", i);
        cr_assert(!record.span.length || str_find(outgoing, record.span) > 0, "case %zu", i);
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

static Str text_of(const TraceSpan *span, const char *key)
{
    for (size_t i = 0; i < span->attribute_count; i++)
        if (!strcmp(span->attributes[i].key, key))
            return (Str){ span->texts + span->attributes[i].at, span->attributes[i].length };
    return S("");
}

Test(gateway, calls_become_spans_and_figures)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    CallRecord untraced = bad;
    untraced.trace = S("");
    const CallRecord *records[] = { &bad, &untraced, &bad };
    TraceSpan span;
    cr_assert(telemetry_span(arena, &bad, &span));
    cr_expect_str_eq(span.name, "chat gpt \"x\"");
    cr_expect(str_is(trace_id_text(&span.context, (char[TRACE_TEXT_SIZE]){ 0 }), TRACE));
    cr_expect(str_is(trace_span_text(&span.context, (char[TRACE_TEXT_SIZE]){ 0 }), SPAN));
    cr_expect_eq(span.end_us - span.start_us, 1500000);
    cr_expect(str_is(text_of(&span, "gen_ai.provider.name"), "openai"));
    cr_expect(str_is(text_of(&span, "error.type"), "upstream"));
    for (size_t i = 0; i < span.attribute_count; i++)
        cr_expect(!strstr(str_c(arena, text_of(&span, span.attributes[i].key)), "-id"));
    cr_assert(!telemetry_span(arena, &untraced, &span));
    Str figures = telemetry_figures(arena, S("lectern"), records, COUNT(records), 1, 2);
    assert_json(figures);
    cr_assert(str_find(figures, S("\"count\":\"3\",\"sum\":4.5")) > 0, STR_FMT, STR_ARG(figures));
}

Test(gateway, failures_that_are_not_the_clients_are_reported)
{
    static const struct {
        const char *status;
        bool is_reported;
    } cases[] = {
        { "upstream", true }, { "timeout", true },       { "internal", true },
        { "ok", false },      { "rate_limited", false }, { "invalid", false },
    };
    Report report;
    report_open();
    for (size_t i = 0; i < COUNT(cases); i++) {
        CallRecord record = bad;
        record.status = str(cases[i].status);
        telemetry_report(&record);
        cr_assert_eq(report_take(&report, 0), cases[i].is_reported, "%s", cases[i].status);
        telemetry_report(&record);
        cr_assert(!report_take(&report, 0), "the same is told once a minute");
        if (!cases[i].is_reported)
            continue;
        cr_expect_str_eq(report.what, cases[i].status);
        cr_expect_str_eq(report.tags[0], "openai");
        for (size_t j = 0; j < REPORT_TAGS_MAX; j++)
            cr_expect(!strstr(report.tags[j], "-id"), "who asked is told");
    }
    report_close();
}
