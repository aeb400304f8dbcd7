/* metrics_test.c - figures are right, and never more series than are allowed. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "gateway/metrics.h"

static Str written(Metrics *metrics, Arena *arena)
{
    Buf out = buf_new(arena, MB(16));
    metrics_write(metrics, &out);
    cr_assert(!out.overflowed);
    return buf_str(&out);
}

static void count(Metrics *metrics, const CallRecord *records, size_t record_count)
{
    const CallRecord *list[64];
    for (size_t i = 0; i < record_count; i++)
        list[i] = &records[i];
    metrics_count(metrics, list, record_count);
}

Test(gateway, metrics_tell_what_calls_took)
{
    static const char *const lines[] = {
        "lectern_gateway_calls_total{service=\"openai\",model=\"a\\\"b\",task=\"chat\",status="
        "\"ok\"} 2",
        "lectern_gateway_calls_total{service=\"openai\",model=\"a\\\"b\",task=\"chat\","
        "status=\"upstream\"} 1",
        "lectern_gateway_cost_dollars_total{service=\"openai\",model=\"a\\\"b\"} 1.500000000003",
        "lectern_gateway_unpriced_calls_total{service=\"openai\",model=\"a\\\"b\"} 1",
        "lectern_gateway_input_tokens_total{service=\"openai\",model=\"a\\\"b\"} 30",
        "lectern_gateway_retries_total{service=\"openai\",model=\"a\\\"b\"} 1",
        "lectern_gateway_own_seconds_bucket{le=\"0.00002\"} 0",
        "lectern_gateway_own_seconds_bucket{le=\"0.00003\"} 3",
        "lectern_gateway_own_seconds_bucket{le=\"+Inf\"} 3",
        "lectern_gateway_own_seconds_sum 0.000090",
        "lectern_gateway_first_word_seconds_count{service=\"openai\",model=\"a\\\"b\"} 1",
        /* 19 gaps in 1.9 s */
        "lectern_gateway_between_tokens_seconds_sum{service=\"openai\",model=\"a\\\"b\"} 0.100000",
    };
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Metrics *metrics = metrics_new();
    CallRecord record = { .service = S("openai"),
                          .model = S("a\"b"),
                          .status = S("ok"),
                          .usage = { .input = 10 },
                          .cost = 1500000000000,
                          .tries = 1,
                          .own_us = 30,
                          .total_us = 2000000 };
    CallRecord records[3] = { record, record, record };
    records[1].is_stream = true;
    records[1].first_us = 100000;
    records[1].usage.output = 20;
    records[1].cost = 3;
    records[1].tries = 2;
    records[2].status = S("upstream");
    records[2].cost = -1;
    count(metrics, records, COUNT(records));
    Str text = written(metrics, arena);
    for (size_t i = 0; i < COUNT(lines); i++)
        cr_assert(str_find(text, str_format(arena, "\n%s\n", lines[i])) >= 0, "%s is not in\n%s",
                  lines[i], text.at);
    metrics_free(metrics);
}

static size_t series_in(Str text)
{
    size_t series = 0;
    Str line;
    while (str_next(&text, '\n', &line))
        series += line.length && line.at[0] != '#';
    return series;
}

Test(gateway, whatever_clients_ask_for_there_are_never_too_many_series)
{
    static const char *const statuses[] = { "ok", "upstream", "limited", "timeout", "invalid" };
    AUTO_ARENA Arena *arena = arena_new(MB(128));
    Metrics *metrics = metrics_new();
    for (int i = 0; i < 20000; i++) {
        Str model = str_format(arena, "model %d", i);
        count(metrics,
              &(CallRecord){ .service = S("any"),
                             .model = model,
                             .status = str(statuses[i % 5]),
                             .task = (ModelTask)(i / 5 % TASK_COUNT),
                             .is_stream = true,
                             .first_us = 1000 },
              1);
    }
    int64_t best_us = INT64_MAX;
    Str text = S("");
    for (int i = 0; i < 5; i++) {
        int64_t started_us = monotonic_us();
        text = written(metrics, arena);
        int64_t took_us = monotonic_us() - started_us;
        best_us = MIN(best_us, took_us);
    }
    size_t series = series_in(text);
    cr_assert(series > METRIC_SERIES_MAX / 2 && series <= METRIC_SERIES_MAX - 250, "%zu", series);
    cr_assert(str_find(text, S("model=\"other\"")) >= 0);
    printf("%zu series in %d us\n", series, (int)best_us);
    metrics_free(metrics);
}
