/* otlp_test.c - spans reach a collector, one that is away holds up nothing. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "base/json.h"
#include "net/otlp.h"
#include "net/scripted_server_test.h"

Test(otlp, the_sampler_is_read_by_its_standard_names)
{
    static const struct {
        const char *sampler, *argument;
        bool is_good, ignores_parent;
        TraceSampler is;
        double ratio;
    } cases[] = {
        { "", "", true, false, TRACE_ALWAYS, 1 },
        { "parentbased_always_on", "", true, false, TRACE_ALWAYS, 1 },
        { "parentbased_traceidratio", "0.1", true, false, TRACE_RATIO, 0.1 },
        { "traceidratio", "1", true, true, TRACE_RATIO, 1 },
        { "always_off", "", true, true, TRACE_NEVER, 1 },
        { "sometimes", "", false, false, TRACE_ALWAYS, 0 },
        { "traceidratio", "1.5", false, false, TRACE_ALWAYS, 0 },
        { "traceidratio", "half", false, false, TRACE_ALWAYS, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        TraceOptions options = { 0 };
        Error err = { 0 };
        bool is_good =
            otlp_read_sampler(str(cases[i].sampler), str(cases[i].argument), &options, &err);
        cr_expect_eq(is_good, cases[i].is_good, "case %zu: %s", i, err.message);
        if (!is_good)
            continue;
        cr_expect_eq(options.sampler, cases[i].is, "case %zu", i);
        cr_expect_eq(options.ignores_parent, cases[i].ignores_parent, "case %zu", i);
        cr_expect_float_eq(options.ratio, cases[i].ratio, 1e-9, "case %zu", i);
    }
}

Test(otlp, headers_are_pairs_with_encoded_values)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    HttpPairs headers = otlp_read_headers(arena, S("x-team=a%20b, api-key = k ,broken,=none"));
    cr_assert_eq(headers.count, 2);
    cr_expect(str_is(headers.at[0].name, "x-team") && str_is(headers.at[0].value, "a b"));
    cr_expect(str_is(headers.at[1].name, "api-key") && str_is(headers.at[1].value, "k"));
}

static void end_one(const char *name)
{
    TraceContext none = { 0 };
    TraceSpan span;
    span_begin(&span, &none, TRACE_SERVER, str(name));
    span_add_number(&span, "http.response.status_code", 500);
    span_fail(&span, S("500"));
    span_end(&span);
}

Test(otlp, spans_are_json_of_the_protocol)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    TraceOptions options = { .sampler = TRACE_ALWAYS };
    TraceSpan span;
    trace_open(&options);
    end_one("GET /v1/\"x\"");
    cr_assert_eq(trace_take(&span, 1, 0), 1);
    Str text = otlp_spans(arena, S("library"), &span, 1);
    trace_close();
    AUTO_JSON json_t *json = NULL;
    Error err = { 0 };
    cr_assert(json_parse(text, MB(1), &json, &err), "%s", err.message);
    json_t *resource = json_array_get(json_object_get(json, "resourceSpans"), 0);
    json_t *scope = json_array_get(json_object_get(resource, "scopeSpans"), 0);
    json_t *one = json_array_get(json_object_get(scope, "spans"), 0);
    cr_assert(one, "%s", str_c(arena, text));
    cr_expect_str_eq(json_string_value(json_object_get(one, "name")), "GET /v1/\"x\"");
    cr_expect_eq(strlen(json_string_value(json_object_get(one, "traceId"))), 32);
    cr_expect_eq(strlen(json_string_value(json_object_get(one, "spanId"))), 16);
    cr_expect_null(json_object_get(one, "parentSpanId"));
    cr_expect_eq(json_integer_value(json_object_get(one, "kind")), 2);
    int64_t start_ns = 0;
    cr_assert(str_to_int(str(json_string_value(json_object_get(one, "startTimeUnixNano"))), 0,
                         INT64_MAX, &start_ns));
    cr_expect(llabs(start_ns / 1000000 - now_ms()) < 60000);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(one, "status"), "code")), 2);
}

/* Written down by the schema of opentelemetry-proto and the encoding of protobuf, where the order
 * of members is free: the last comes first. */
Test(otlp, a_body_is_the_protobuf_of_its_json)
{
    static const struct {
        const char *json;
        Str bytes;
    } cases[] = {
        { "{\"resourceSpans\":[]}", S_INIT("") },
        { "{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":{\"name\":\"ab\"}}]}]}",
          S_INIT("\x0a\x08\x12\x06\x0a\x04\x0a\x02"
                 "ab") },
        { "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"spanId\":\"00ff\"},"
          "{\"kind\":2,\"endTimeUnixNano\":\"258\"}]}]}]}",
          S_INIT("\x0a\x15\x12\x13"
                 "\x12\x04\x12\x02\x00\xff"
                 "\x12\x0b\x41\x02\x01\x00\x00\x00\x00\x00\x00\x30\x02") },
        { "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"\",\"value\":{"
          "\"intValue\":\"-1\"}},{\"value\":{\"intValue\":\"300\"}}]}}]}",
          S_INIT("\x0a\x1a\x0a\x18"
                 "\x0a\x0f\x12\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x0a\x00"
                 "\x0a\x05\x12\x03\x18\xac\x02") },
        { "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"histogram\":{"
          "\"dataPoints\":[{\"bucketCounts\":[\"1\",\"2\"],\"sum\":0.5}]}}]}]}]}",
          S_INIT("\x0a\x23\x12\x21\x12\x1f\x4a\x1d\x0a\x1b"
                 "\x29\x00\x00\x00\x00\x00\x00\xe0\x3f"
                 "\x32\x10\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00") },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str body = otlp_body(arena, OTLP_PROTOBUF, str(cases[i].json));
        Str digits = str_hex(arena, body.at, body.length);
        cr_expect(str_equal(body, cases[i].bytes), "case %zu: " STR_FMT, i, STR_ARG(digits));
    }
}

Test(otlp, a_body_is_json_where_that_is_asked_for)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str json = S("{\"resourceSpans\":[]}");
    cr_expect(str_equal(otlp_body(arena, otlp_protocol(S("http/json")), json), json));
    cr_expect(str_is(otlp_media_type(otlp_protocol(S("http/json"))), "application/json"));
    cr_expect(str_is(otlp_media_type(otlp_protocol(S("http/protobuf"))), "application/x-protobuf"));
}

Test(otlp, a_collector_that_is_away_costs_spans_and_no_time)
{
    OtlpOptions options = { .endpoint = S("http://127.0.0.1:9"),
                            .trace = { .sampler = TRACE_ALWAYS, .queue_max = 10 } };
    Otlp *otlp;
    Error err = { 0 };
    cr_assert(otlp_open(&options, &otlp, &err), "%s", err.message);
    for (int i = 0; i < 50; i++)
        end_one("GET /");
    otlp_close(otlp);
    cr_expect(!trace_is_on());
}

Test(otlp, an_endpoint_that_is_no_address_is_refused)
{
    OtlpOptions options = { .endpoint = S("collector") };
    Otlp *otlp;
    Error err = { 0 };
    cr_expect(!otlp_open(&options, &otlp, &err));
    cr_expect(str_find(str(err.message), S("otlp_endpoint")) >= 0, "%s", err.message);
}
