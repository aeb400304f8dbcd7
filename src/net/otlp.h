/* otlp.h - sends the spans of base/trace.h to an OpenTelemetry collector, as OTLP over HTTP.
 *
 *     span_end() -> queue -> [thread: up to 512 at a time, or each second] -> POST /v1/traces
 *
 * A collector that is away, or busy (429, 502, 503, 504), is tried again for about a minute with
 * growing pauses; meanwhile the queue fills, and what it cannot take is dropped and counted. No
 * request and no job ever waits for it.
 *
 * Threads: any. */
#pragma once

#include "base/trace.h"
#include "net/http_client.h"
#include "net/otlp_wire.h"

typedef struct Otlp Otlp;

typedef struct OtlpOptions {
    Str endpoint;     /* http://collector:4318 */
    Str headers;      /* name=value,name=value; values percent-encoded */
    Str service_name; /* "": lectern */
    OtlpProtocol protocol;
    const Proxy *proxy; /* borrowed; NULL: none */
    TraceOptions trace;
} OtlpOptions;

/* Spans are recorded from now on. Fails when the endpoint is no address. */
MUST_CHECK bool otlp_open(const OtlpOptions *options, Otlp **otlp_r, Error *err);
/* Sends what waits, for at most two seconds. NULL is fine. */
void otlp_close(Otlp *otlp);

/* What the specification of the exporter calls OTEL_EXPORTER_OTLP_HEADERS. */
#define OTLP_HEADERS_MAX 15
HttpPairs otlp_read_headers(Arena *arena, Str text);

/* OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG: parentbased_always_on (also ""),
 * parentbased_always_off, parentbased_traceidratio, and the same without parentbased_. */
MUST_CHECK bool otlp_read_sampler(Str sampler, Str argument, TraceOptions *options_r, Error *err);

typedef struct OtlpCounts {
    int64_t sent, lost; /* spans; lost: no collector took them */
    int64_t dropped;    /* the queue was full */
} OtlpCounts;
OtlpCounts otlp_counts(const Otlp *otlp); /* NULL: zeros */

/* What is sent, as OTLP/JSON, for tests. */
Str otlp_spans(Arena *arena, Str service_name, const TraceSpan *spans, size_t count);
