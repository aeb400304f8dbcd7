/* request_trace.c - see request_trace.h; names of OpenTelemetry's HTTP conventions. */
#include "api/request_trace.h"

#include <stdatomic.h>

#include "base/log.h"

/* --- Times --- */

static const int64_t bounds_us[] = { 1000,   2500,   5000,    10000,   25000,   50000,   100000,
                                     250000, 500000, 1000000, 2500000, 5000000, 10000000 };
static atomic_llong times[COUNT(bounds_us) + 1], time_sum_us;

static void count_time(int64_t took_us)
{
    size_t bucket = 0;
    while (bucket < COUNT(bounds_us) && took_us > bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&times[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&time_sum_us, took_us, memory_order_relaxed);
}

void request_times_put(Buf *out)
{
#define NAME "lectern_http_request_duration_seconds"
    long long below = 0;
    buf_addf(out, "# HELP " NAME " How long requests took, streams until their end.\n# TYPE " NAME
                  " histogram\n");
    for (size_t i = 0; i < COUNT(bounds_us); i++) {
        below += times[i];
        buf_addf(out, NAME "_bucket{le=\"%g\"} %lld\n", (double)bounds_us[i] / 1e6, below);
    }
    below += times[COUNT(bounds_us)];
    buf_addf(out, NAME "_bucket{le=\"+Inf\"} %lld\n" NAME "_sum %.6f\n" NAME "_count %lld\n", below,
             (double)time_sum_us / 1e6, below);
#undef NAME
}

/* What this share of all requests took at most; the last bucket has no bound of its own. */
static double bound_of_share(long long all, int percent)
{
    long long below = 0;
    for (size_t i = 0; i < COUNT(bounds_us); i++) {
        below += times[i];
        if (below * 100 >= all * percent)
            return (double)bounds_us[i] / 1e3;
    }
    return (double)bounds_us[COUNT(bounds_us) - 1] / 1e3;
}

RequestTimes request_times(void)
{
    long long all = 0;
    for (size_t i = 0; i < COUNT(times); i++)
        all += times[i];
    if (!all)
        return (RequestTimes){ 0 };
    return (RequestTimes){ .count = all,
                           .average_ms = (double)time_sum_us / 1e3 / (double)all,
                           .p50_ms = bound_of_share(all, 50),
                           .p95_ms = bound_of_share(all, 95) };
}

/* --- Traces --- */

static TraceContext told(const HttpRequest *http)
{
    TraceContext from = { 0 };
    Str parent = http_header_in(http, "traceparent");
    if (parent.length)
        (void)trace_read(parent, http_header_in(http, "tracestate"), &from);
    return from;
}

static Str method_of(const HttpRequest *http)
{
    return str_slice(http->method, 0, 10); /* a client may make one up */
}

void request_trace_begin(ApiRequest *request)
{
    HttpRequest *http = request->http;
    TraceContext from = told(http);
    http->trace = from;
    if (!trace_is_on())
        return;
    char name[TRACE_NAME_SIZE];
    const char *path = request->route ? request->route->path : "";
    int length = snprintf(name, sizeof name, STR_FMT "%s%s", STR_ARG(method_of(http)),
                          *path ? " " : "", path);
    TraceSpan *span = arena_new_one(http->arena, TraceSpan);
    span_begin(span, &from, TRACE_SERVER, (Str){ name, MIN((size_t)length, sizeof name - 1) });
    span->start_us = http->started_us;
    http->trace = span->context;
    request->span = span;
}

void request_trace_here(const HttpRequest *http)
{
    log_set_id(http ? http->shown_id : S(""));
    trace_set_here(http ? &http->trace : NULL);
}

void request_trace_end(const HttpRequest *http, Str path, const HttpAccess *access)
{
    const ApiRequest *request = http->route;
    count_time(access->duration_us);
    TraceSpan *span = request ? request->span : NULL;
    if (!span || !span->is_recorded)
        return;
    span_add_text(span, "http.request.method", method_of(http));
    if (request->route)
        span_add_text(span, "http.route", str(request->route->path));
    span_add_text(span, "url.path", str_slice(path, 0, 200));
    span_add_text(span, "url.scheme", api_is_https(request->api, http) ? S("https") : S("http"));
    span_add_number(span, "http.response.status_code", access->status);
    span_add_number(span, "http.response.body.size", (int64_t)access->bytes_out);
    span_add_text(span, "lectern.request_id", http->shown_id);
    if (access->was_cut)
        span_add_text(span, "lectern.cut", S("true"));
    if (access->status >= 500) {
        char status[12];
        int length = snprintf(status, sizeof status, "%d", access->status);
        span_fail(span, (Str){ status, (size_t)length });
    }
    span_end(span);
}
