/* telemetry.c - see telemetry.h: what is sent, and when. */
#include "gateway/telemetry.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/pool.h"
#include "base/report.h"
#include "net/otlp.h"
#include "net/url.h"

#define QUEUE_MAX 16   /* parts that wait for a slow collector */
#define SPANS_MAX 2000 /* of one part; a busier gateway is sampled so */
#define SEND_MS 10000

struct Telemetry {
    Arena *arena;
    HttpClient *http;
    Pool *pool; /* one thread that sends */
    Str service_name;
    Str figures_url; /* "": not wanted */
    OtlpProtocol protocol;
    HttpPairs headers;
    int64_t figures_at_ms;
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

static Part *part_new(Telemetry *telemetry, Str url)
{
    Arena *arena = arena_new(MB(128));
    Part *part = arena_new_one(arena, Part);
    *part = (Part){ .telemetry = telemetry, .arena = arena, .url = url };
    part->headers[part->header_count++] =
        (HttpPair){ S("Content-Type"), otlp_media_type(telemetry->protocol) };
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
    Part *part = part_new(telemetry, telemetry->figures_url);
    add_headers(part, telemetry->headers);
    Str figures = telemetry_figures(part->arena, telemetry->service_name, records, count,
                                    telemetry->figures_at_ms, now);
    part->body = otlp_body(part->arena, telemetry->protocol, figures);
    telemetry->figures_at_ms = now;
    part_send(part);
}

/* What is ours or the service's fault; a client's is no news. */
static bool is_reported(const CallRecord *record)
{
    return str_is(record->status, "upstream") || str_is(record->status, "timeout") ||
           str_is(record->status, "internal") || str_is(record->status, "io");
}

void telemetry_report(const CallRecord *record)
{
    if (!is_reported(record))
        return;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Failure failure = {
        .area = "gateway",
        .where = str_format(arena, STR_FMT " of " STR_FMT, STR_ARG(record->model),
                            STR_ARG(record->service)),
        .what = record->status,
        .message =
            str_format(arena, "a call of a model was answered with status %d", record->http_status),
        .tags = { { "service", record->service },
                  { "model", record->model },
                  { "front", record->front },
                  { "feature", record->feature },
                  { "request_id", record->id } },
    };
    report_failure(&failure);
}

void telemetry_see(void *argument, const CallRecord *const *records, size_t count)
{
    Telemetry *telemetry = argument;
    for (size_t i = 0; i < count; i++)
        telemetry_report(records[i]);
    if (!telemetry)
        return;
    end_spans(records, count);
    send_figures(telemetry, records, count);
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
    telemetry->protocol = options->otlp_protocol;
    telemetry->headers = otlp_read_headers(arena, options->otlp_headers);
    return true;
}

bool telemetry_open(const TelemetryOptions *options, Telemetry **telemetry_r, Error *err)
{
    HttpClientOptions http = { .proxy = options->proxy };
    if (!options->otlp_endpoint.length) {
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
    if (!open_otlp(telemetry, options, err)) {
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
