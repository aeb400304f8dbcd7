/* trace.h - which trace a thread works for (W3C Trace Context), and the spans of it.
 *
 *     request, job --span_begin()--> context of the thread --span_begin_here()--> database, reader,
 *                                                                                 other servers
 *     span_end() -> bounded queue -> trace_take(), for whoever sends them (net/otlp.h)
 *
 * Without trace_open() no span is made, and a trace that somebody else began goes on as it is. A
 * span never waits and never fails: what the full queue cannot take is dropped and counted.
 * Names and values are what the program knows of itself (routes, kinds of work, hosts), never
 * people's words.
 *
 * Threads: any; a span begins and ends on any thread, one of span_begin_here() on one. */
#pragma once

#include "base/base.h"

#define TRACE_TEXT_SIZE 56  /* 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 */
#define TRACE_STATE_MAX 512 /* bytes of a tracestate; a longer one is left out */
#define TRACE_ATTRIBUTES_MAX 16
#define TRACE_NAME_SIZE 120
#define TRACE_TEXTS_SIZE 480   /* of all texts of a span; what does not fit is cut */
#define TRACE_CHILDREN_MAX 128 /* that span_begin_here() makes below one span */

/* Where a span belongs. All zero: nowhere. */
typedef struct TraceContext {
    uint8_t trace[16], span[8];
    bool is_set, is_sampled;
    Str state; /* tracestate; as long as whoever set the context */
} TraceContext;

/* False for one that is missing or broken: then the trace begins here. */
bool trace_read(Str traceparent, Str tracestate, TraceContext *context_r);
/* The traceparent, in out[TRACE_TEXT_SIZE]; "" when the context is not set. */
Str trace_text(const TraceContext *context, char *out);
/* 32 hexadecimal digits; "" when the context is not set. */
Str trace_id_text(const TraceContext *context, char *out);
Str trace_span_text(const TraceContext *context, char *out); /* 16 digits */

/* What this thread works for; never NULL. */
const TraceContext *trace_here(void);
void trace_set_here(const TraceContext *context); /* NULL: nothing */

/* --- Spans --- */

/* The numbers are those of OpenTelemetry. */
typedef enum TraceKind {
    TRACE_INTERNAL = 1,
    TRACE_SERVER = 2,
    TRACE_CLIENT = 3,
    TRACE_CONSUMER = 5,
} TraceKind;

typedef struct TraceAttribute {
    const char *key; /* literal */
    int64_t number;
    uint16_t at, length; /* of a text, in TraceSpan.texts */
    bool is_text;
} TraceAttribute;

typedef struct TraceSpan {
    TraceContext context, outer; /* outer: of the thread, before span_begin_here() */
    uint8_t parent[8];
    bool is_recorded, is_here, has_parent, is_failed;
    TraceKind kind;
    int64_t start_us, end_us; /* of monotonic_us() */
    uint16_t attribute_count, texts_length;
    TraceAttribute attributes[TRACE_ATTRIBUTES_MAX];
    char name[TRACE_NAME_SIZE], why[TRACE_NAME_SIZE]; /* why it failed, in a word */
    char texts[TRACE_TEXTS_SIZE];
} TraceSpan;

/* Below `parent`; a trace of its own when that is not set. span->context is where what it asks of
 * others belongs. */
void span_begin(TraceSpan *span, const TraceContext *parent, TraceKind kind, Str name);
/* Below what the thread works for, which it stands for until it ends; nothing when there is no
 * such, or nobody wants it recorded. */
void span_begin_here(TraceSpan *span, TraceKind kind, const char *name);
/* The key is a literal. Nothing for an empty text. */
void span_add_text(TraceSpan *span, const char *key, Str text);
void span_add_number(TraceSpan *span, const char *key, int64_t number);
void span_fail(TraceSpan *span, Str why); /* also its error.type */
void span_end(TraceSpan *span);
/* The same at another time than now: for what is told afterwards. */
void span_end_at(TraceSpan *span, int64_t end_us);

/* --- The queue --- */

typedef enum TraceSampler { TRACE_ALWAYS, TRACE_NEVER, TRACE_RATIO } TraceSampler;

typedef struct TraceOptions {
    TraceSampler sampler; /* of traces that begin here */
    double ratio;         /* of TRACE_RATIO, 0 to 1, by the trace's id, as others decide it too */
    bool ignores_parent;  /* the sampler decides of traces that others began too */
    size_t queue_max;     /* spans; 0: 4096 */
} TraceOptions;

/* At most once at a time. */
void trace_open(const TraceOptions *options);
void trace_close(void); /* the caller takes what waits before */
bool trace_is_on(void);
/* Whether a trace of this id that begins here is recorded. */
bool trace_wants(const TraceOptions *options, const uint8_t trace[16]);
/* Waits until `max` spans have ended, for at most wait_ms or until trace_wake(). */
size_t trace_take(TraceSpan *spans, size_t max, int64_t wait_ms);
void trace_wake(void);
/* UTC of a monotonic_us(), and back. */
int64_t trace_utc_us(int64_t monotonic);
int64_t trace_monotonic_us(int64_t utc_us);

typedef struct TraceCounts {
    int64_t ended;   /* into the queue */
    int64_t dropped; /* it was full */
} TraceCounts;
TraceCounts trace_counts(void);
