/* usage_api.c - calls of models: one by one, and summed. */
#include "api/api.h"
#include "base/clock.h"
#include "models/usage_report.h"

/* --- What is asked for --- */

static bool read_filter(const ApiRequest *request, CallFilter *filter, Error *err)
{
    const HttpRequest *http = request->http;
    *filter = (CallFilter){ .model = http_query(http, "model"),
                            .service = http_query(http, "service"),
                            .key = http_query(http, "key"),
                            .user = http_query(http, "user"),
                            .feature = http_query(http, "feature"),
                            .task = http_query(http, "task"),
                            .status = http_query(http, "status") };
    return api_query_time(request, "from", &filter->from_ms, err) &&
           api_query_time(request, "to", &filter->to_ms, err);
}

static bool read_group(Str word, CallGroup *group_r, Error *err)
{
    if (!word.length) {
        *group_r = CALL_GROUP_DAY;
        return true;
    }
    return call_group_named(word, group_r) || fail_field(err, "by", "'by' is one of"
#define CALL_GROUP(name, word, span, sql, what) " " word
#include "store/call_groups.def"
#undef CALL_GROUP
                                              );
}

/* --- Calls --- */

typedef struct CallsWork {
    ApiRequest *request;
    CallFilter filter;
    Slice slice;
    CallList calls;
    CallGroup group;
    CallSumList sums;
} CallsWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    CallsWork *work = argument;
    return calls_list(tx, work->request->scope, work->request->arena, &work->filter, &work->slice,
                      &work->calls, err);
}

static void put_call(JsonWriter *json, const CallRow *call)
{
    put_object(json, NULL);
    put_text(json, "id", call->id);
    put_time(json, "started_at", call->started_at_ms);
#define CALL_TEXT(member, name) put_text_or_null(json, name, call->member);
#define CALL_NUMBER(member, name)                                                                  \
    if (*name)                                                                                     \
        put_int(json, name, call->member);
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
    if (call->cost_pico >= 0)
        put_int(json, "cost_pico", call->cost_pico);
    else
        put_null(json, "cost_pico");
    put_bool(json, "estimated", call->flags & CALL_IS_ESTIMATED);
    put_bool(json, "stream", call->flags & CALL_IS_STREAM);
    put_bool(json, "truncated", call->flags & CALL_IS_TRUNCATED);
    put_bool(json, "local", call->flags & CALL_IS_LOCAL);
    put_end(json);
}

bool calls_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CallsWork work = { .request = request };
    if (!api_slice_by_key(request, &work.slice, err) || !read_filter(request, &work.filter, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.calls.count; i++)
        put_call(&json, &work.calls.at[i]);
    api_list_end(&json, -1, work.calls.next);
    return true;
}

/* --- Sums --- */

static bool sum_work(DbTx *tx, void *argument, Error *err)
{
    CallsWork *work = argument;
    return calls_sum(tx, work->request->scope, work->request->arena, work->group, &work->filter,
                     &work->sums, err);
}

static int64_t average(int64_t sum, int64_t count) { return count ? sum / count : 0; }

static void put_sum(JsonWriter *json, const char *name, const CallSumRow *sum)
{
    const CallTotals *totals = &sum->totals;
    put_object(json, name);
    put_text(json, "name", sum->name);
    put_int(json, "errors", sum->errors);
#define CALL_SUM(total, what) put_int(json, #total, totals->total);
#include "store/call_sums.def"
#undef CALL_SUM
    put_int(json, "took_ms", totals->took_us / 1000);
    put_int(json, "average_us", average(totals->took_us, totals->calls));
    put_int(json, "average_first_us", average(totals->first_us, totals->streams));
    put_int(json, "average_own_us", average(totals->own_us, totals->calls));
    put_end(json);
}

bool usage_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CallsWork work = { .request = request };
    if (!read_group(http_query(request->http, "by"), &work.group, err) ||
        !read_filter(request, &work.filter, err) ||
        !store_read(request->api->db, request->scope, sum_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.sums.count; i++)
        put_sum(&json, NULL, &work.sums.at[i]);
    api_list_end(&json, (int64_t)work.sums.count, S(""));
    return true;
}

/* --- What they say --- */

#define REPORT_DAYS 30
#define DAY_MS INT64_C(86400000)

static void put_sums(JsonWriter *json, const char *name, const CallSumList *sums)
{
    put_array(json, name);
    for (size_t i = 0; i < sums->count; i++)
        put_sum(json, NULL, &sums->at[i]);
    put_end(json);
}

static void put_unusual(JsonWriter *json, const UsageReport *report)
{
    put_array(json, "unusual_days");
    for (size_t i = 0; i < report->unusual_count; i++) {
        const UnusualDay *day = &report->unusual[i];
        put_object(json, NULL);
        put_text(json, "day", day->day);
        put_int(json, "cost_pico", day->cost_pico);
        put_int(json, "usual_pico", day->usual_pico);
        put_end(json);
    }
    put_end(json);
}

static double dollars(int64_t pico) { return (double)pico / 1e12; }

/* Nothing is promised that was not measured. */
static Str advice_text(Arena *arena, const UsageAdvice *advice)
{
    Str measured = S("It has been called too seldom here to say how fast and reliable it is.");
    if (advice->other_calls >= 20)
        measured = str_format(
            arena,
            "Here it failed in %.1f %% of %" PRId64 " calls (%.1f %% with the present one) and took"
            " %.1f s on average (%.1f s).",
            100.0 * (double)advice->other_errors / (double)advice->other_calls, advice->other_calls,
            100.0 * (double)advice->errors / (double)advice->calls,
            (double)advice->other_average_us / 1e6, (double)advice->average_us / 1e6);
    return str_format(arena,
                      "The calls of " STR_FMT " cost $%.4f; by the list of prices the same tokens"
                      " cost $%.4f with " STR_FMT " of " STR_FMT
                      ", which is listed with the same abilities. " STR_FMT
                      " How good its answers are was not measured: try it on a part first.",
                      STR_ARG(advice->model), dollars(advice->cost_pico),
                      dollars(advice->other_cost_pico), STR_ARG(advice->other_model),
                      STR_ARG(advice->other_service), STR_ARG(measured));
}

static void put_advice(JsonWriter *json, Arena *arena, const UsageReport *report)
{
    put_array(json, "recommendations");
    for (size_t i = 0; i < report->advice_count; i++) {
        const UsageAdvice *advice = &report->advice[i];
        put_object(json, NULL);
        put_text(json, "key", advice->key);
        put_text(json, "model", advice->model);
        put_text(json, "service", advice->service);
        put_text(json, "other_model", advice->other_model);
        put_text(json, "other_service", advice->other_service);
        put_int(json, "calls", advice->calls);
        put_int(json, "cost_pico", advice->cost_pico);
        put_int(json, "other_cost_pico", advice->other_cost_pico);
        put_text(json, "text", advice_text(arena, advice));
        put_end(json);
    }
    put_end(json);
}

bool usage_report_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CallFilter filter;
    UsageReport report;
    if (!read_filter(request, &filter, err))
        return false;
    int64_t to_ms = filter.to_ms ? filter.to_ms : now_ms() - now_ms() % DAY_MS + DAY_MS;
    int64_t from_ms = filter.from_ms ? filter.from_ms : MAX(to_ms - REPORT_DAYS * DAY_MS, 0);
    if (!usage_report(request->api->models, request->scope, request->arena, from_ms, to_ms, &report,
                      err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_time(&json, "from", from_ms);
    put_time(&json, "to", to_ms);
    put_sum(&json, "totals", &(CallSumRow){ S("all"), report.errors, report.totals });
    put_sums(&json, "tasks", &report.tasks);
    put_sums(&json, "clock", &report.clock);
    put_sums(&json, "busiest_hours", &report.hours);
    put_sums(&json, "days", &report.days);
    put_unusual(&json, &report);
    put_advice(&json, request->arena, &report);
    put_end(&json);
    return true;
}
