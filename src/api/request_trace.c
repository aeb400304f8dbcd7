/* request_trace.c - see request_trace.h; names of OpenTelemetry's HTTP conventions. */
#include "api/request_trace.h"

#include "base/log.h"

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
    TraceSpan *span = request ? request->span : NULL;
    if (!span || !span->is_recorded)
        return;
    span_add_text(span, "http.request.method", method_of(http));
    if (request->route)
        span_add_text(span, "http.route", str(request->route->path));
    span_add_text(span, "url.path", str_slice(path, 0, 200));
    span_add_text(span, "url.scheme", request->api->is_secure ? S("https") : S("http"));
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
