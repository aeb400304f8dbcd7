/* sentry.c - see sentry.h. */
#include "net/sentry.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/http_client.h"
#include "net/url.h"

#define WAIT_MS 1000
#define SEND_MS 5000
#define END_MS 2000
#define PAUSE_S 60 /* after a 429 that does not say */
#define PAUSE_MAX_S 3600

struct Sentry {
    Arena *arena;
    HttpClient *http;
    Str url, environment;
    HttpPair headers[2];
    pthread_t thread;
    atomic_bool is_ending, is_cut, has_ended;
    int64_t silent_until; /* monotonic ms */
};

/* --- What is sent --- */

static void put_trace(JsonWriter *json, const Report *report)
{
    if (!report->trace[0])
        return;
    put_object(json, "contexts");
    put_object(json, "trace");
    put_text(json, "trace_id", str(report->trace));
    put_text(json, "span_id", str(report->span));
    put_end(json);
    put_end(json);
}

static void put_kind(JsonWriter *json, const Report *report)
{
    put_array(json, "fingerprint");
    put_text(json, NULL, str(report->area));
    put_text(json, NULL, str(report->where));
    put_text(json, NULL, str(report->what));
    put_end(json);
    put_object(json, "tags");
    put_text(json, "kind", str(report->what));
    for (size_t i = 0; i < REPORT_TAGS_MAX && report->tag_names[i]; i++)
        put_text(json, report->tag_names[i], str(report->tags[i]));
    put_end(json);
}

static void put_words(JsonWriter *json, Arena *arena, const Report *report)
{
    put_object(json, "message");
    put_text(json, "formatted",
             str_format(arena, "%s %s: %s (%s)", report->area, report->where, report->message,
                        report->what));
    put_end(json);
    put_object(json, "extra");
    put_int(json, "times", report->times);
    if (report->detail[0])
        put_text(json, "detail", str(report->detail));
    put_end(json);
}

static Str event_of(Arena *arena, Str environment, const Report *report, Str id)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_text(&json, "event_id", id);
    put_time(&json, "timestamp", report->at_ms);
    put_text(&json, "platform", S("native"));
    put_text(&json, "level", str_is(str(report->area), "crash") ? S("fatal") : S("error"));
    put_text(&json, "logger", str(report->area));
    put_text(&json, "release", S("lectern@" VERSION));
    if (environment.length)
        put_text(&json, "environment", environment);
    put_text(&json, "transaction", str(report->where));
    put_words(&json, arena, report);
    put_kind(&json, report);
    put_trace(&json, report);
    put_end(&json);
    return buf_str(&out);
}

Str sentry_envelope(Arena *arena, Str environment, const Report *report)
{
    uint8_t bytes[16];
    random_bytes(bytes, sizeof bytes);
    Str id = str_hex(arena, bytes, sizeof bytes);
    Str event = event_of(arena, environment, report, id);
    return str_format(
        arena, "{\"event_id\":\"" STR_FMT "\"}\n{\"type\":\"event\",\"length\":%zu}\n" STR_FMT "\n",
        STR_ARG(id), event.length, STR_ARG(event));
}

/* --- Sending --- */

static void be_silent(Sentry *sentry, const HttpAnswer *answer)
{
    int64_t seconds = PAUSE_S;
    (void)str_to_int(http_answer_header(answer, "Retry-After"), 1, PAUSE_MAX_S, &seconds);
    sentry->silent_until = monotonic_ms() + seconds * 1000;
}

static void send_report(Sentry *sentry, const Report *report)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    HttpCall call = { .method = "POST",
                      .url = sentry->url,
                      .headers = sentry->headers,
                      .header_count = COUNT(sentry->headers),
                      .body = sentry_envelope(arena, sentry->environment, report),
                      .has_body = true,
                      .connect_ms = SEND_MS / 2,
                      .total_ms = SEND_MS,
                      .answer_max = KB(64),
                      .is_cancelled = &sentry->is_cut };
    HttpAnswer answer;
    Error ignored;
    if (monotonic_ms() >= sentry->silent_until &&
        http_call(sentry->http, arena, &call, &answer, &ignored) && answer.status == 429)
        be_silent(sentry, &answer);
}

static void *run(void *argument)
{
    Sentry *sentry = argument;
    Report report;
    bool is_last, has_one;
    do {
        is_last = atomic_load(&sentry->is_ending);
        has_one = report_take(&report, is_last ? 0 : WAIT_MS);
        if (has_one)
            send_report(sentry, &report);
    } while (!is_last || (has_one && !atomic_load(&sentry->is_cut)));
    atomic_store(&sentry->has_ended, true);
    return NULL;
}

/* --- Opening --- */

/* https://KEY@host/PROJECT, the project perhaps behind more of a path. */
static bool read_dsn(Sentry *sentry, Str dsn, Error *err)
{
    Arena *arena = sentry->arena;
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
    sentry->url = url_text(arena, &url);
    Str auth = str_format(
        arena, "Sentry sentry_version=7, sentry_client=lectern/" VERSION ", sentry_key=" STR_FMT,
        STR_ARG(key));
    sentry->headers[0] = (HttpPair){ S("Content-Type"), S("application/x-sentry-envelope") };
    sentry->headers[1] = (HttpPair){ S("X-Sentry-Auth"), auth };
    return true;
}

static void sentry_free(Sentry *sentry)
{
    http_client_free(sentry->http);
    arena_free(sentry->arena);
    free(sentry);
}

bool sentry_open(const SentryOptions *options, Sentry **sentry_r, Error *err)
{
    HttpClientOptions http = { .proxy = options->proxy };
    Sentry *sentry = heap_alloc(sizeof *sentry);
    sentry->arena = arena_new(MB(1));
    sentry->http = http_client_new(&http);
    sentry->environment = str_copy(sentry->arena, options->environment);
    if (!read_dsn(sentry, str_copy(sentry->arena, options->dsn), err)) {
        sentry_free(sentry);
        return false;
    }
    report_open();
    if (pthread_create(&sentry->thread, NULL, run, sentry) != 0) {
        report_close();
        sentry_free(sentry);
        return fail(err, ERROR_IO, "no thread can be started to report failures");
    }
    *sentry_r = sentry;
    return true;
}

void sentry_close(Sentry *sentry)
{
    if (!sentry)
        return;
    int64_t end = monotonic_ms() + END_MS;
    atomic_store(&sentry->is_ending, true);
    report_wake();
    while (!atomic_load(&sentry->has_ended) && monotonic_ms() < end)
        sleep_ms(5);
    atomic_store(&sentry->is_cut, true);
    pthread_join(sentry->thread, NULL);
    report_close();
    sentry_free(sentry);
}
