/* trace_span.c - spans, who wants them recorded, and their queue. See trace.h. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/trace.h"

#define QUEUE_MAX 4096
#define CLOCK_STEP_US 100000 /* the clock was set: times are told by the new one */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* of who takes */
    TraceSpan *ring;
    size_t capacity, first, count, wanted;
    bool is_woken;
    TraceOptions options;
    TraceCounts counts;
    _Atomic int64_t utc_minus_monotonic_us;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_bool is_on;
static _Thread_local TraceContext here;
static _Thread_local unsigned children; /* that span_begin_here() made since it was set */

bool trace_is_on(void) { return atomic_load_explicit(&is_on, memory_order_relaxed); }

const TraceContext *trace_here(void) { return &here; }

void trace_set_here(const TraceContext *context)
{
    here = context ? *context : (TraceContext){ 0 };
    children = 0;
}

/* --- Who wants it --- */

/* By the last 63 bits of the id, as OpenTelemetry's TraceIdRatioBased is implemented elsewhere. */
bool trace_wants(const TraceOptions *options, const uint8_t trace[16])
{
    uint64_t number = 0;
    if (options->sampler != TRACE_RATIO)
        return options->sampler == TRACE_ALWAYS;
    for (int i = 8; i < 16; i++)
        number = number << 8 | trace[i];
    return (double)(number >> 1) < options->ratio * 0x1p63;
}

/* --- Ids --- */

/* Like no other, not secret: a thread's own numbers (splitmix64), from a random beginning. */
static uint64_t random_number(void)
{
    static _Thread_local uint64_t state;
    if (!state)
        random_bytes(&state, sizeof state);
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x ? x : 1;
}

static void fill_random(uint8_t *out, size_t count)
{
    for (size_t i = 0; i < count; i += sizeof(uint64_t)) {
        uint64_t number = random_number();
        memcpy(out + i, &number, sizeof number);
    }
}

/* --- One span --- */

static void begin_context(TraceContext *context, const TraceContext *parent)
{
    *context = *parent;
    context->is_set = true;
    if (!parent->is_set)
        fill_random(context->trace, sizeof context->trace);
    fill_random(context->span, sizeof context->span);
    if (!parent->is_set || queue.options.ignores_parent)
        context->is_sampled = trace_wants(&queue.options, context->trace);
}

static void begin(TraceSpan *span, const TraceContext *parent, TraceKind kind, Str name)
{
    begin_context(&span->context, parent);
    span->is_recorded = span->context.is_sampled;
    span->has_parent = parent->is_set;
    if (!span->is_recorded)
        return;
    memcpy(span->parent, parent->span, sizeof span->parent);
    span->kind = kind;
    span->is_failed = false;
    span->attribute_count = span->texts_length = 0;
    snprintf(span->name, sizeof span->name, STR_FMT, STR_ARG(name));
    span->why[0] = '\0';
    span->start_us = monotonic_us();
}

void span_begin(TraceSpan *span, const TraceContext *parent, TraceKind kind, Str name)
{
    span->is_here = false;
    if (trace_is_on()) {
        begin(span, parent, kind, name);
        return;
    }
    span->is_recorded = false;
    span->context = *parent;
}

void span_begin_here(TraceSpan *span, TraceKind kind, const char *name)
{
    span->is_here = span->is_recorded = false;
    span->context = here;
    if (!here.is_sampled || !trace_is_on() || children >= TRACE_CHILDREN_MAX)
        return;
    span->outer = here;
    span->is_here = true;
    children++;
    begin(span, &span->outer, kind, str(name));
    here = span->context;
}

static TraceAttribute *add(TraceSpan *span, const char *key)
{
    if (!span->is_recorded || span->attribute_count == TRACE_ATTRIBUTES_MAX)
        return NULL;
    TraceAttribute *attribute = &span->attributes[span->attribute_count++];
    *attribute = (TraceAttribute){ .key = key };
    return attribute;
}

void span_add_text(TraceSpan *span, const char *key, Str text)
{
    TraceAttribute *attribute = text.length ? add(span, key) : NULL;
    if (!attribute)
        return;
    size_t length = MIN(text.length, sizeof span->texts - span->texts_length);
    attribute->is_text = true;
    attribute->at = span->texts_length;
    attribute->length = (uint16_t)length;
    memcpy(span->texts + span->texts_length, text.at, length);
    span->texts_length = (uint16_t)(span->texts_length + length);
}

void span_add_number(TraceSpan *span, const char *key, int64_t number)
{
    TraceAttribute *attribute = add(span, key);
    if (attribute)
        attribute->number = number;
}

void span_fail(TraceSpan *span, Str why)
{
    if (!span->is_recorded)
        return;
    span->is_failed = true;
    snprintf(span->why, sizeof span->why, STR_FMT, STR_ARG(why));
    span_add_text(span, "error.type", why);
}

static void give(const TraceSpan *span)
{
    pthread_mutex_lock(&queue.lock);
    if (queue.count < queue.capacity) {
        TraceSpan *free_one = &queue.ring[(queue.first + queue.count) % queue.capacity];
        memcpy(free_one, span, offsetof(TraceSpan, texts) + span->texts_length);
        queue.counts.ended++;
        if (++queue.count == queue.wanted)
            pthread_cond_signal(&queue.wake);
    } else {
        queue.counts.dropped++;
    }
    pthread_mutex_unlock(&queue.lock);
}

void span_end_at(TraceSpan *span, int64_t end_us)
{
    if (span->is_here)
        here = span->outer;
    if (!span->is_recorded)
        return;
    span->is_recorded = false;
    span->end_us = end_us;
    give(span);
}

void span_end(TraceSpan *span)
{
    if (span->is_recorded || span->is_here)
        span_end_at(span, monotonic_us());
}

/* --- The queue --- */

static void look_at_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t utc_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    int64_t difference = utc_us - monotonic_us();
    if (llabs(difference - queue.utc_minus_monotonic_us) > CLOCK_STEP_US)
        queue.utc_minus_monotonic_us = difference;
}

void trace_open(const TraceOptions *options)
{
    pthread_cond_init(&queue.wake, NULL);
    queue.options = *options;
    queue.capacity = options->queue_max ? options->queue_max : QUEUE_MAX;
    queue.ring = heap_alloc(queue.capacity * sizeof *queue.ring);
    queue.first = queue.count = queue.wanted = 0;
    queue.is_woken = false;
    queue.counts = (TraceCounts){ 0 };
    queue.utc_minus_monotonic_us = 0;
    look_at_clock();
    atomic_store(&is_on, true);
}

void trace_close(void)
{
    atomic_store(&is_on, false);
    pthread_mutex_lock(&queue.lock);
    free(queue.ring);
    queue.ring = NULL;
    queue.capacity = queue.count = 0;
    pthread_mutex_unlock(&queue.lock);
    pthread_cond_destroy(&queue.wake);
}

void trace_wake(void)
{
    pthread_mutex_lock(&queue.lock);
    queue.is_woken = true;
    pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&queue.lock);
}

size_t trace_take(TraceSpan *spans, size_t max, int64_t wait_ms)
{
    int64_t until_ms = monotonic_ms() + wait_ms;
    pthread_mutex_lock(&queue.lock);
    look_at_clock();
    queue.wanted = max;
    while (queue.count < max && !queue.is_woken &&
           cond_wait_until(&queue.wake, &queue.lock, until_ms))
        ;
    queue.is_woken = false;
    size_t count = MIN(queue.count, max);
    for (size_t i = 0; i < count; i++)
        memcpy(&spans[i], &queue.ring[(queue.first + i) % queue.capacity], sizeof *spans);
    if (queue.capacity)
        queue.first = (queue.first + count) % queue.capacity;
    queue.count -= count;
    pthread_mutex_unlock(&queue.lock);
    return count;
}

int64_t trace_utc_us(int64_t monotonic) { return monotonic + queue.utc_minus_monotonic_us; }

int64_t trace_monotonic_us(int64_t utc_us) { return utc_us - queue.utc_minus_monotonic_us; }

TraceCounts trace_counts(void)
{
    pthread_mutex_lock(&queue.lock);
    TraceCounts counts = queue.counts;
    pthread_mutex_unlock(&queue.lock);
    return counts;
}
