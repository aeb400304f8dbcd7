/* otlp.c - see otlp.h. */
#include "net/otlp.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/otlp_json.h"
#include "net/url.h"

#define BATCH_MAX 512
#define BATCH_MS 1000
#define BODY_MAX MB(4)
#define SEND_MS 10000
#define LAST_SEND_MS 2000
#define TRIES_MAX 6
#define PAUSE_MS 1000 /* doubles: 1, 2, 4, 8, 16 s */
#define STATUS_ERROR 2

struct Otlp {
    Arena *arena;
    HttpClient *http;
    Str url, service_name;
    OtlpProtocol protocol;
    HttpPair headers[OTLP_HEADERS_MAX + 1];
    size_t header_count;
    TraceSpan *batch;
    pthread_t thread;
    atomic_bool is_ending, is_cut, has_ended;
    atomic_int_fast64_t sent, lost;
    bool is_away; /* the log has been told */
};

/* --- What is sent --- */

static void put_attributes(JsonWriter *json, const TraceSpan *span)
{
    put_array(json, "attributes");
    for (size_t i = 0; i < span->attribute_count; i++) {
        const TraceAttribute *one = &span->attributes[i];
        if (one->is_text)
            otlp_put_text(json, one->key, (Str){ span->texts + one->at, one->length });
        else
            otlp_put_number(json, one->key, one->number);
    }
    put_end(json);
}

static void put_span(JsonWriter *json, const TraceSpan *span)
{
    char digits[TRACE_TEXT_SIZE];
    TraceContext parent = span->context;
    memcpy(parent.span, span->parent, sizeof parent.span);
    put_object(json, NULL);
    put_text(json, "traceId", trace_id_text(&span->context, digits));
    put_text(json, "spanId", trace_span_text(&span->context, digits));
    if (span->has_parent)
        put_text(json, "parentSpanId", trace_span_text(&parent, digits));
    put_text(json, "name", str(span->name));
    put_int(json, "kind", span->kind);
    otlp_put_long(json, "startTimeUnixNano", trace_utc_us(span->start_us) * 1000);
    otlp_put_long(json, "endTimeUnixNano", trace_utc_us(span->end_us) * 1000);
    put_attributes(json, span);
    if (span->is_failed) {
        put_object(json, "status");
        put_int(json, "code", STATUS_ERROR);
        put_text(json, "message", str(span->why));
        put_end(json);
    }
    put_end(json);
}

Str otlp_spans(Arena *arena, Str service_name, const TraceSpan *spans, size_t count)
{
    Buf out = buf_new(arena, BODY_MAX);
    JsonWriter json =
        otlp_begin(&out, "resourceSpans", "scopeSpans", "spans", S("lectern"), service_name);
    for (size_t i = 0; i < count; i++)
        put_span(&json, &spans[i]);
    otlp_end(&json);
    return buf_str(&out);
}

/* --- Sending --- */

typedef enum Taken { TAKEN, NOT_NOW, REFUSED } Taken;

static Taken send_once(Otlp *otlp, Arena *arena, Str body, int64_t for_ms, Error *err)
{
    HttpCall call = { .method = "POST",
                      .url = otlp->url,
                      .headers = otlp->headers,
                      .header_count = otlp->header_count,
                      .body = body,
                      .has_body = true,
                      .connect_ms = for_ms / 2,
                      .total_ms = for_ms,
                      .is_cancelled = &otlp->is_cut };
    HttpAnswer answer;
    if (!http_call(otlp->http, arena, &call, &answer, err))
        return NOT_NOW;
    if (answer.status >= 200 && answer.status < 300)
        return TAKEN;
    fail(err, ERROR_UPSTREAM, "it answered with status %d", answer.status);
    return answer.status == 429 || (answer.status >= 502 && answer.status <= 504) ? NOT_NOW
                                                                                  : REFUSED;
}

static bool is_ending(const Otlp *otlp) { return atomic_load(&otlp->is_ending); }

/* In steps, so that the end of the program does not wait. */
static void pause_for(const Otlp *otlp, int64_t for_ms)
{
    int64_t end = monotonic_ms() + for_ms;
    while (!is_ending(otlp) && monotonic_ms() < end)
        sleep_ms(50);
}

/* Once when it goes away, and once when it is back. */
static void tell(Otlp *otlp, bool is_away, const Error *err)
{
    if (is_away && !otlp->is_away)
        log_warn("traces", "no spans can be sent to the collector of otlp_endpoint: %s",
                 err->message);
    if (!is_away && otlp->is_away)
        log_info("traces", "the collector of otlp_endpoint takes spans again");
    otlp->is_away = is_away;
}

static void send_batch(Otlp *otlp, size_t count)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str body =
        otlp_body(arena, otlp->protocol, otlp_spans(arena, otlp->service_name, otlp->batch, count));
    Taken taken = NOT_NOW;
    Error err = { 0 };
    for (int try = 0; taken == NOT_NOW && try < TRIES_MAX; try++) {
        if (try && is_ending(otlp))
            break;
        if (try)
            pause_for(otlp, (int64_t)PAUSE_MS << (try - 1));
        taken = send_once(otlp, arena, body, is_ending(otlp) ? LAST_SEND_MS : SEND_MS, &err);
        tell(otlp, taken != TAKEN, &err);
    }
    atomic_fetch_add(taken == TAKEN ? &otlp->sent : &otlp->lost, (int_fast64_t)count);
}

static void *run(void *argument)
{
    Otlp *otlp = argument;
    bool is_last;
    size_t count;
    do {
        is_last = is_ending(otlp);
        count = trace_take(otlp->batch, BATCH_MAX, is_last ? 0 : BATCH_MS);
        if (count)
            send_batch(otlp, count);
    } while (!is_last || (count && !otlp->is_away));
    atomic_store(&otlp->has_ended, true);
    return NULL;
}

/* --- Opening --- */

HttpPairs otlp_read_headers(Arena *arena, Str text)
{
    HttpPair *pairs = arena_new_array(arena, HttpPair, OTLP_HEADERS_MAX);
    size_t count = 0;
    Str one;
    Error ignored;
    while (count < OTLP_HEADERS_MAX && str_next(&text, ',', &one)) {
        ptrdiff_t equals = str_find_char(one, '=');
        Str name = str_trim(str_slice(one, 0, (size_t)MAX(equals, 0))), value;
        if (!name.length || !url_decode(arena, str_trim(str_from(one, (size_t)equals + 1)), false,
                                        &value, &ignored))
            continue;
        pairs[count++] = (HttpPair){ str_copy(arena, name), str_copy(arena, value) };
    }
    return (HttpPairs){ pairs, count };
}

bool otlp_read_sampler(Str sampler, Str argument, TraceOptions *options_r, Error *err)
{
    static const struct {
        const char *name;
        TraceSampler sampler;
    } samplers[] = { { "always_on", TRACE_ALWAYS },
                     { "always_off", TRACE_NEVER },
                     { "traceidratio", TRACE_RATIO } };
    Str prefix = S("parentbased_"), name = sampler.length ? sampler : S("parentbased_always_on");
    TraceOptions options = { .ratio = 1, .ignores_parent = !str_starts(name, prefix) };
    if (!options.ignores_parent)
        name = str_from(name, prefix.length);
    if (argument.length &&
        (!str_to_double(argument, &options.ratio) || !(options.ratio >= 0 && options.ratio <= 1)))
        return fail_field(err, "traces_ratio", "'" STR_FMT "' is no share from 0 to 1",
                          STR_ARG(argument));
    for (size_t i = 0; i < COUNT(samplers); i++)
        if (str_is(name, samplers[i].name)) {
            options.sampler = samplers[i].sampler;
            *options_r = options;
            return true;
        }
    return fail_field(err, "traces_sampler",
                      "'" STR_FMT "' is none of always_on, always_off, traceidratio, and these "
                      "with parentbased_ before them",
                      STR_ARG(sampler));
}

static bool read_options(Otlp *otlp, const OtlpOptions *options, Error *err)
{
    Arena *arena = otlp->arena;
    Url url;
    if (!url_parse(arena, options->endpoint, &url, err))
        return fail_in(err, "otlp_endpoint");
    otlp->url = url_join(arena, str_copy(arena, options->endpoint), S("/v1/traces"));
    otlp->service_name =
        options->service_name.length ? str_copy(arena, options->service_name) : S("lectern");
    otlp->protocol = options->protocol;
    HttpPairs headers = otlp_read_headers(arena, options->headers);
    otlp->headers[otlp->header_count++] =
        (HttpPair){ S("Content-Type"), otlp_media_type(options->protocol) };
    for (size_t i = 0; i < headers.count; i++)
        otlp->headers[otlp->header_count++] = headers.at[i];
    return true;
}

static void otlp_free(Otlp *otlp)
{
    http_client_free(otlp->http);
    arena_free(otlp->arena);
    free(otlp->batch);
    free(otlp);
}

bool otlp_open(const OtlpOptions *options, Otlp **otlp_r, Error *err)
{
    HttpClientOptions http = { .proxy = options->proxy };
    Otlp *otlp = heap_alloc(sizeof *otlp);
    otlp->arena = arena_new(MB(1));
    otlp->http = http_client_new(&http);
    if (!read_options(otlp, options, err)) {
        otlp_free(otlp);
        return false;
    }
    otlp->batch = heap_alloc(BATCH_MAX * sizeof *otlp->batch);
    trace_open(&options->trace);
    if (pthread_create(&otlp->thread, NULL, run, otlp) != 0) {
        trace_close();
        otlp_free(otlp);
        return fail(err, ERROR_IO, "no thread can be started to send spans");
    }
    *otlp_r = otlp;
    return true;
}

void otlp_close(Otlp *otlp)
{
    if (!otlp)
        return;
    int64_t end = monotonic_ms() + LAST_SEND_MS;
    atomic_store(&otlp->is_ending, true);
    trace_wake();
    while (!atomic_load(&otlp->has_ended) && monotonic_ms() < end)
        sleep_ms(5);
    atomic_store(&otlp->is_cut, true);
    pthread_join(otlp->thread, NULL);
    trace_close();
    otlp_free(otlp);
}

OtlpCounts otlp_counts(const Otlp *otlp)
{
    if (!otlp)
        return (OtlpCounts){ 0 };
    return (OtlpCounts){ .sent = atomic_load(&otlp->sent),
                         .lost = atomic_load(&otlp->lost),
                         .dropped = trace_counts().dropped };
}
