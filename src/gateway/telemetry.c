/* telemetry.c - see telemetry.h: what is sent, and when. */
#include "gateway/telemetry.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/pool.h"
#include "net/otlp.h"
#include "net/url.h"

#define QUEUE_MAX 16   /* parts that wait for a slow collector */
#define SPANS_MAX 2000 /* of one part; a busier gateway is sampled so */
#define SEND_MS 10000
#define REPORTS_MAX 64 /* kinds of failure that are told apart */
#define REPORT_EVERY_MS 60000

/* One kind of failure, reported at most once a minute. */
typedef struct Reported {
    uint64_t kind;
    int64_t at_ms, times;
} Reported;

struct Telemetry {
    Arena *arena;
    HttpClient *http;
    Pool *pool; /* one thread that sends */
    Str service_name;
    Str figures_url; /* "": not wanted */
    HttpPairs headers;
    Str sentry_url;
    HttpPair sentry_auth;
    int64_t figures_at_ms;
    Reported reported[REPORTS_MAX];
};

/* --- Sending --- */

typedef struct Part {
    Telemetry *telemetry;
    Arena *arena;
    Str url, body;
    HttpPair headers[OTLP_HEADERS_MAX + 1];
    size_t header_count;
} Part;

/* Who collects may be away; calls go on, and nobody is told twice a second. */
static void send_part(void *argument)
{
    Part *part = argument;
    HttpCall call = { .method = "POST",
                      .url = part->url,
                      .headers = part->headers,
                      .header_count = part->header_count,
                      .body = part->body,
                      .has_body = true,
                      .connect_ms = SEND_MS / 2,
                      .total_ms = SEND_MS };
    HttpAnswer answer;
    Error ignored;
    (void)!http_call(part->telemetry->http, part->arena, &call, &answer, &ignored);
    arena_free(part->arena);
}

static Part *part_new(Telemetry *telemetry, Str url, const char *media_type)
{
    Arena *arena = arena_new(MB(128));
    Part *part = arena_new_one(arena, Part);
    *part = (Part){ .telemetry = telemetry, .arena = arena, .url = url };
    part->headers[part->header_count++] = (HttpPair){ S("Content-Type"), str(media_type) };
    return part;
}

static void part_send(Part *part)
{
    if (!part->body.length || !pool_add(part->telemetry->pool, send_part, part))
        arena_free(part->arena);
}

static void add_headers(Part *part, HttpPairs headers)
{
    for (size_t i = 0; i < headers.count; i++)
        part->headers[part->header_count++] = headers.at[i];
}

/* --- What is seen --- */

static void end_spans(const CallRecord *const *records, size_t count)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    TraceSpan span;
    for (size_t i = 0; i < MIN(count, (size_t)SPANS_MAX); i++)
        if (telemetry_span(arena, records[i], &span))
            span_end_at(&span, span.end_us);
}

static void send_figures(Telemetry *telemetry, const CallRecord *const *records, size_t count)
{
    int64_t now = now_ms();
    Part *part = part_new(telemetry, telemetry->figures_url, "application/json");
    add_headers(part, telemetry->headers);
    part->body = telemetry_figures(part->arena, telemetry->service_name, records, count,
                                   telemetry->figures_at_ms, now);
    telemetry->figures_at_ms = now;
    part_send(part);
}

/* How often this kind has come since it was reported last; 0: it has been, this minute. */
static int64_t times_due(Telemetry *telemetry, const CallRecord *record)
{
    uint64_t kind = str_hash(record->service) * 31 + str_hash(record->model);
    kind = kind * 31 + str_hash(record->status);
    Reported *reported = &telemetry->reported[kind % REPORTS_MAX];
    int64_t now = monotonic_ms();
    if (reported->kind != kind)
        *reported = (Reported){ .kind = kind, .at_ms = now - REPORT_EVERY_MS };
    reported->times++;
    if (now - reported->at_ms < REPORT_EVERY_MS)
        return 0;
    int64_t times = reported->times;
    reported->times = 0;
    reported->at_ms = now;
    return times;
}

static void send_report(Telemetry *telemetry, const CallRecord *record)
{
    int64_t times = str_is(record->status, "ok") ? 0 : times_due(telemetry, record);
    if (!times)
        return;
    Part *part = part_new(telemetry, telemetry->sentry_url, "application/x-sentry-envelope");
    part->headers[part->header_count++] = telemetry->sentry_auth;
    part->body = telemetry_report(part->arena, record, times);
    part_send(part);
}

void telemetry_see(void *argument, const CallRecord *const *records, size_t count)
{
    Telemetry *telemetry = argument;
    if (telemetry->figures_url.length) {
        end_spans(records, count);
        send_figures(telemetry, records, count);
    }
    for (size_t i = 0; telemetry->sentry_url.length && i < count; i++)
        send_report(telemetry, records[i]);
}

/* --- Opening --- */

static bool open_otlp(Telemetry *telemetry, const TelemetryOptions *options, Error *err)
{
    Arena *arena = telemetry->arena;
    Str base = options->otlp_endpoint;
    Url url;
    if (!url_parse(arena, base, &url, err))
        return fail_in(err, "otlp_endpoint");
    telemetry->figures_url = url_join(arena, str_copy(arena, base), S("/v1/metrics"));
    telemetry->headers = otlp_read_headers(arena, options->otlp_headers);
    return true;
}

/* https://KEY@host/PROJECT, the project perhaps behind more of a path. */
static bool open_sentry(Telemetry *telemetry, Str dsn, Error *err)
{
    Arena *arena = telemetry->arena;
    Url url;
    if (!url_parse(arena, dsn, &url, err))
        return fail_in(err, "sentry_dsn");
    ptrdiff_t slash = str_find_last_char(url.path, '/');
    Str project = str_from(url.path, (size_t)slash + 1), key = url.user;
    if (!key.length || !project.length)
        return fail(err, ERROR_INVALID, "sentry_dsn is https://KEY@host/PROJECT");
    Str path = str_slice(url.path, 0, (size_t)slash);
    url.user = url.password = S("");
    url.path =
        str_format(arena, STR_FMT "/api/" STR_FMT "/envelope/", STR_ARG(path), STR_ARG(project));
    telemetry->sentry_url = url_text(arena, &url);
    telemetry->sentry_auth =
        (HttpPair){ S("X-Sentry-Auth"),
                    str_format(arena,
                               "Sentry sentry_version=7, sentry_client=lectern/" VERSION
                               ", sentry_key=" STR_FMT,
                               STR_ARG(key)) };
    return true;
}

bool telemetry_open(const TelemetryOptions *options, Telemetry **telemetry_r, Error *err)
{
    HttpClientOptions http = { .proxy = options->proxy };
    if (!options->otlp_endpoint.length && !options->sentry_dsn.length) {
        *telemetry_r = NULL;
        return true;
    }
    Telemetry *telemetry = heap_alloc(sizeof *telemetry);
    telemetry->arena = arena_new(MB(1));
    telemetry->service_name = options->service_name.length
                                  ? str_copy(telemetry->arena, options->service_name)
                                  : S("lectern");
    telemetry->figures_at_ms = now_ms();
    telemetry->http = http_client_new(&http);
    telemetry->pool = pool_new("telemetry", 1, QUEUE_MAX);
    if ((options->otlp_endpoint.length && !open_otlp(telemetry, options, err)) ||
        (options->sentry_dsn.length && !open_sentry(telemetry, options->sentry_dsn, err))) {
        telemetry_close(telemetry);
        return false;
    }
    *telemetry_r = telemetry;
    return true;
}

void telemetry_close(Telemetry *telemetry)
{
    if (!telemetry)
        return;
    pool_free(telemetry->pool);
    http_client_free(telemetry->http);
    arena_free(telemetry->arena);
    free(telemetry);
}
