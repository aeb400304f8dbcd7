/* telemetry.h - calls as spans and figures for OpenTelemetry, failed ones as reports for Sentry.
 *
 * Both take the records from the journal's thread and are sent by a thread of their own; what a
 * collector that is slow or away does not take in time is dropped and counted. Nothing of what was
 * asked or answered is ever sent, nor who asked.
 *
 *     OTEL_EXPORTER_OTLP_ENDPOINT   http://collector:4318; traces and metrics as OTLP/HTTP with
 * JSON OTEL_EXPORTER_OTLP_HEADERS    name=value,name=value OTEL_SERVICE_NAME             lectern
 *     SENTRY_DSN                    https://KEY@host/PROJECT
 *
 * Threads: any. */
#pragma once

#include "gateway/ledger.h"
#include "net/proxy.h"

typedef struct Telemetry Telemetry;

typedef struct TelemetryOptions {
    const char *otlp_endpoint, *otlp_headers, *service_name, *sentry_dsn; /* NULL: none */
    const Proxy *proxy;                                                   /* borrowed; NULL: none */
} TelemetryOptions;

/* *telemetry_r is NULL when nothing is wanted. */
MUST_CHECK bool telemetry_open(const TelemetryOptions *options, Telemetry **telemetry_r,
                               Error *err);
void telemetry_close(Telemetry *telemetry); /* sends what waits; NULL is fine */
/* JournalSeen. */
void telemetry_see(void *telemetry, const CallRecord *const *records, size_t count);
bool telemetry_traces(const Telemetry *telemetry); /* NULL: false */

/* Where a call belongs, after W3C Trace Context: `incoming` is the client's traceparent, or "".
 * Returns the one for the service, "" for none. With `is_traced` the call is a span of its own
 * (told in the record), else the client's goes on as it is. */
Str trace_begin(Arena *arena, Str incoming, bool is_traced, CallRecord *record);

/* What is sent, for tests. */
Str telemetry_spans(Arena *arena, Str service_name, const CallRecord *const *records, size_t count);
Str telemetry_figures(Arena *arena, Str service_name, const CallRecord *const *records,
                      size_t count, int64_t from_ms, int64_t to_ms);
/* "" when none of them is worth a report. */
Str telemetry_report(Arena *arena, const CallRecord *record, int64_t times);
