/* request_trace.h - a request's place in a trace: what its thread's log lines, its spans and what
 * it asks of others belong to. */
#pragma once

#include "api/api.h"

/* When the route is known (or that there is none): sets http->trace. */
void request_trace_begin(ApiRequest *request);
/* This thread works for the request from now on; NULL: for none. */
void request_trace_here(const HttpRequest *http);
/* The answer is out. `path` is what a log may say of it. */
void request_trace_end(const HttpRequest *http, Str path, const HttpAccess *access);
/* How long all requests took since the start, as a histogram for Prometheus. */
void request_times_put(Buf *out);
typedef struct RequestTimes {
    int64_t count;
    double average_ms;
    double p50_ms,
        p95_ms; /* the bound of a bucket of the histogram: at most so long; 0: none came */
} RequestTimes;
/* The same in short. */
RequestTimes request_times(void);
