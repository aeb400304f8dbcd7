/* sentry_test.c - failures as Sentry's envelopes. */
#include <criterion/criterion.h>

#include "base/json.h"
#include "net/sentry.h"

Test(sentry, a_report_is_an_envelope_of_three_lines)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Report report = { .area = "http",
                      .where = "GET /v1/documents",
                      .what = "io",
                      .message = "reading \"x\" failed",
                      .tag_names = { "request_id" },
                      .tags = { "abc" },
                      .trace = "0af7651916cd43dd8448eb211c80319c",
                      .span = "b7ad6b7169203331",
                      .at_ms = 1793577600000,
                      .times = 7 };
    Str rest = sentry_envelope(arena, S("production"), &report), head, item, event;
    cr_assert(str_next(&rest, '\n', &head) && str_next(&rest, '\n', &item) &&
              str_next(&rest, '\n', &event));
    AUTO_JSON json_t *json = NULL, *about = NULL;
    Error err = { 0 };
    cr_assert(json_parse(item, KB(1), &about, &err), "%s", err.message);
    cr_expect_eq((size_t)json_integer_value(json_object_get(about, "length")), event.length);
    cr_assert(json_parse(event, KB(64), &json, &err), "%s", err.message);
    cr_expect_str_eq(json_string_value(json_object_get(json, "level")), "error");
    cr_expect_str_eq(json_string_value(json_object_get(json, "environment")), "production");
    cr_expect_str_eq(
        json_string_value(json_object_get(json_object_get(json, "tags"), "request_id")), "abc");
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(json, "extra"), "times")), 7);
    json_t *trace = json_object_get(json_object_get(json, "contexts"), "trace");
    cr_expect_str_eq(json_string_value(json_object_get(trace, "trace_id")), report.trace);
    cr_expect_eq(strlen(json_string_value(json_object_get(json, "event_id"))), 32);
}

Test(sentry, an_address_without_a_key_is_refused)
{
    static const char *const wrong[] = { "https://host/1", "https://key@host/", "key" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        SentryOptions options = { .dsn = str(wrong[i]) };
        Sentry *sentry;
        Error err = { 0 };
        cr_expect(!sentry_open(&options, &sentry, &err), "%s", wrong[i]);
        cr_expect(str_find(str(err.message), S("sentry_dsn")) >= 0, "%s", err.message);
    }
}
