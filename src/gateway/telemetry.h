/* telemetry.h - calls as spans and figures for OpenTelemetry, failed ones as reports.
 *
 * All take the records from the journal's thread. Spans and reports go the way of all others
 * (base/trace.h, base/report.h); figures are sent by a thread of their own, and what a collector
 * that is slow or away does not take in time is dropped. Nothing of what was asked or answered is
 * ever sent, nor who asked.
 *
 * Threads: any. */
#pragma once

#include "base/trace.h"
#include "gateway/ledger.h"
#include "net/otlp_wire.h"
#include "net/proxy.h"

typedef struct Telemetry Telemetry;

typedef struct TelemetryOptions {
    Str otlp_endpoint, otlp_headers, service_name; /* "": none */
    OtlpProtocol otlp_protocol;
    const Proxy *proxy; /* borrowed; NULL: none */
} TelemetryOptions;

/* *telemetry_r is NULL when no collector is named. */
MUST_CHECK bool telemetry_open(const TelemetryOptions *options, Telemetry **telemetry_r,
                               Error *err);
void telemetry_close(Telemetry *telemetry); /* sends what waits; NULL is fine */
/* JournalSeen; telemetry may be NULL: reports alone. */
void telemetry_see(void *telemetry, const CallRecord *const *records, size_t count);

/* Where a call belongs: a span below `from`, or where that is not set a trace of its own; its ids
 * are told in the record when it is recorded. Returns the traceparent for the service, "" for
 * none. */
Str trace_begin(Arena *arena, const TraceContext *from, CallRecord *record);

/* --- For its files and tests --- */

/* The span of a record that is over; false when it is not recorded. */
bool telemetry_span(Arena *arena, const CallRecord *record, TraceSpan *span_r);
Str telemetry_operation(const CallRecord *record);
int64_t telemetry_input(const ModelUsage *usage);
bool telemetry_has_failed(const CallRecord *record);
Str telemetry_figures(Arena *arena, Str service_name, const CallRecord *const *records,
                      size_t count, int64_t from_ms, int64_t to_ms);
/* A failure that is ours or a service's becomes a report (base/report.h). */
void telemetry_report(const CallRecord *record);
