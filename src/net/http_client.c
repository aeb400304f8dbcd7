/* http_client.c - see http_client.h. */
#include "net/http_client.h"

#include "net/libcurl.h"
#include <pthread.h>

#include "base/clock.h"
#include "base/trace.h"
#include "net/url.h"

#define HEADER_MAX 200
#define HEADER_BYTES_MAX KB(64)

struct HttpClient {
    HttpClientOptions options;
    pthread_mutex_t lock;
    CURL **idle; /* handles, each with its open connections */
    size_t idle_count;
};

HttpClient *http_client_new(const HttpClientOptions *options)
{
    HttpClient *client = heap_alloc(sizeof *client);
    client->options = *options;
    if (!client->options.idle_max)
        client->options.idle_max = 16;
    client->idle = heap_alloc(client->options.idle_max * sizeof *client->idle);
    pthread_mutex_init(&client->lock, NULL);
    return client;
}

void http_client_free(HttpClient *client)
{
    if (!client)
        return;
    for (size_t i = 0; i < client->idle_count; i++)
        libcurl.easy_cleanup(client->idle[i]);
    pthread_mutex_destroy(&client->lock);
    free(client->idle);
    free(client);
}

/* The handle that was used last has the warmest connections. */
static CURL *take_handle(HttpClient *client)
{
    pthread_mutex_lock(&client->lock);
    CURL *handle = client->idle_count ? client->idle[--client->idle_count] : NULL;
    pthread_mutex_unlock(&client->lock);
    return handle ? handle : libcurl.easy_init();
}

static void give_handle(HttpClient *client, CURL *handle)
{
    libcurl.easy_reset(handle); /* keeps connections, forgets options and secrets */
    pthread_mutex_lock(&client->lock);
    bool has_room = client->idle_count < client->options.idle_max;
    if (has_room)
        client->idle[client->idle_count++] = handle;
    pthread_mutex_unlock(&client->lock);
    if (!has_room)
        libcurl.easy_cleanup(handle);
}

/* --- One call --- */

typedef struct Running {
    CURL *handle;
    Arena *arena;
    const HttpCall *call;
    Error *err;
    bool has_failed; /* err says why */
    Buf body;
    VEC(HttpPair) headers;
    size_t header_bytes;
    int64_t start_ms, heard_ms, first_us;
} Running;

static size_t stop(Running *run, ErrorCode code, const char *what)
{
    run->has_failed = true;
    fail(run->err, code, "%s", what);
    return 0;
}

static void mark_heard(Running *run)
{
    run->heard_ms = monotonic_ms();
    if (!run->first_us)
        run->first_us = monotonic_us();
}

static size_t on_header(char *bytes, size_t size, size_t count, void *self)
{
    Running *run = self;
    Str line = str_trim((Str){ bytes, size * count });
    mark_heard(run);
    run->header_bytes += line.length;
    if (run->header_bytes > HEADER_BYTES_MAX || run->headers.count > HEADER_MAX)
        return stop(run, ERROR_UPSTREAM, "the other service sent too many headers");
    if (str_starts(line, S("HTTP/"))) /* the head of a later answer, after 100 Continue */
        run->headers.count = 0;
    ptrdiff_t colon = str_find_char(line, ':');
    if (colon > 0)
        *vec_push(run->arena, &run->headers) =
            (HttpPair){ str_copy(run->arena, str_trim(str_slice(line, 0, (size_t)colon))),
                        str_copy(run->arena, str_trim(str_from(line, (size_t)colon + 1))) };
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *self)
{
    Running *run = self;
    Str piece = { bytes, size * count };
    long status = 0;
    mark_heard(run);
    libcurl.easy_getinfo(run->handle, CURLINFO_RESPONSE_CODE, &status);
    if (run->call->receive && status >= 200 && status < 300) {
        if (run->call->receive(run->call->self, piece, run->err))
            return piece.length;
        run->has_failed = true;
        return 0;
    }
    buf_add(&run->body, piece);
    if (run->body.overflowed)
        return stop(run, ERROR_TOO_LARGE, "the answer of the other service is too large");
    return piece.length;
}

static int64_t or_else(int64_t value, int64_t otherwise) { return value ? value : otherwise; }

static int on_tick(void *self, curl_off_t a, curl_off_t b, curl_off_t sent_max, curl_off_t sent)
{
    Running *run = self;
    const HttpCall *call = run->call;
    int64_t now = monotonic_ms();
    (void)a, (void)b;
    if (call->is_cancelled && atomic_load(call->is_cancelled))
        return (int)stop(run, ERROR_CANCELLED, "stopped by a person") + 1;
    if (sent < sent_max) /* still sending: libcurl's own low-speed limit looks after that */
        return 0;
    int64_t quiet_ms = now - (run->first_us ? run->heard_ms : run->start_ms);
    int64_t quiet_max =
        run->first_us ? or_else(call->idle_ms, 60000) : or_else(call->first_byte_ms, 120000);
    if (quiet_ms > quiet_max)
        return (int)stop(run, ERROR_TIMEOUT,
                         run->first_us ? "the other service stopped in the middle of its answer"
                                       : "the other service did not answer in time") +
               1;
    return 0;
}

static void set_body(CURL *handle, const HttpCall *call)
{
    bool has_body = call->has_body || call->body.length;
    if (has_body) {
        libcurl.easy_setopt(handle, CURLOPT_POST, 1L);
        libcurl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.length);
        libcurl.easy_setopt(handle, CURLOPT_POSTFIELDS, call->body.length ? call->body.at : "");
    }
    if (call->method && strcmp(call->method, "HEAD") == 0)
        libcurl.easy_setopt(handle, CURLOPT_NOBODY, 1L);
    else if (call->method && strcmp(call->method, has_body ? "POST" : "GET") != 0)
        libcurl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call->method);
}

static void set_limits(CURL *handle, const HttpCall *call)
{
    libcurl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    libcurl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    libcurl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    libcurl.easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    libcurl.easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    libcurl.easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    libcurl.easy_setopt(handle, CURLOPT_TCP_NODELAY, 1L);
    libcurl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)or_else(call->connect_ms, 10000));
    libcurl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)call->total_ms);
}

static void set_callbacks(Running *run, char *error_text)
{
    libcurl.easy_setopt(run->handle, CURLOPT_HEADERFUNCTION, on_header);
    libcurl.easy_setopt(run->handle, CURLOPT_HEADERDATA, run);
    libcurl.easy_setopt(run->handle, CURLOPT_WRITEFUNCTION, on_body);
    libcurl.easy_setopt(run->handle, CURLOPT_WRITEDATA, run);
    libcurl.easy_setopt(run->handle, CURLOPT_NOPROGRESS, 0L);
    libcurl.easy_setopt(run->handle, CURLOPT_XFERINFOFUNCTION, on_tick);
    libcurl.easy_setopt(run->handle, CURLOPT_XFERINFODATA, run);
    libcurl.easy_setopt(run->handle, CURLOPT_ERRORBUFFER, error_text);
}

static struct curl_slist *add_trace(struct curl_slist *list, Arena *arena, const TraceSpan *span)
{
    Str parent = trace_text(&span->context, arena_alloc(arena, TRACE_TEXT_SIZE));
    if (!parent.length)
        return list;
    list =
        libcurl.slist_append(list, str_format(arena, "traceparent: " STR_FMT, STR_ARG(parent)).at);
    Str state = span->context.state;
    if (!state.length)
        return list;
    return libcurl.slist_append(list, str_format(arena, "tracestate: " STR_FMT, STR_ARG(state)).at);
}

static struct curl_slist *make_headers(Arena *arena, const HttpCall *call, const TraceSpan *span)
{
    /* No "Expect: 100-continue": it costs a round trip, and many servers never answer it. */
    struct curl_slist *list = libcurl.slist_append(NULL, "Expect:");
    for (size_t i = 0; i < call->header_count; i++) {
        Str name = call->headers[i].name, value = call->headers[i].value;
        bool is_clean = str_find_char(value, '\n') < 0 && str_find_char(value, '\r') < 0;
        if (is_clean)
            list = libcurl.slist_append(
                list, str_format(arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(value)).at);
    }
    return add_trace(list, arena, span);
}

/* "host:port:address" entries keep the name for TLS and Host while the address is fixed. */
static struct curl_slist *make_pin(Arena *arena, const HttpCall *call)
{
    CURLU *url = libcurl.url();
    char *host = NULL, *port = NULL;
    struct curl_slist *list = NULL;
    if (call->pinned_address.length &&
        libcurl.url_set(url, CURLUPART_URL, str_c(arena, call->url), 0) == CURLUE_OK &&
        libcurl.url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        libcurl.url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        bool is_ip6 = str_find_char(call->pinned_address, ':') >= 0;
        list = libcurl.slist_append(
            NULL, str_format(arena, is_ip6 ? "%s:%s:[" STR_FMT "]" : "%s:%s:" STR_FMT, host, port,
                             STR_ARG(call->pinned_address))
                      .at);
    }
    libcurl.free(host);
    libcurl.free(port);
    libcurl.url_cleanup(url);
    return list;
}

/* The proxy for this call; "": none, and none of the environment either. */
static const char *proxy_for(const HttpClient *client, Arena *arena, Str address)
{
    Url url;
    Error ignored;
    bool serves = client->options.proxy && url_parse(arena, address, &url, &ignored) &&
                  proxy_serves(client->options.proxy, url.host);
    return serves ? client->options.proxy->url : "";
}

static bool explain(const Running *run, CURLcode code, const char *text, Error *err)
{
    if (run->has_failed)
        return false;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return fail(err, ERROR_TIMEOUT, "the other service took too long: %s", text);
    return fail(err, ERROR_UPSTREAM, "the other service could not be asked: %s",
                text[0] ? text : libcurl.easy_strerror(code));
}

static bool run_call(HttpClient *client, Arena *arena, const HttpCall *call, const TraceSpan *span,
                     HttpAnswer *answer_r, Error *err)
{
    char error_text[CURL_ERROR_SIZE] = "";
    if (!libcurl_load(err))
        return false;
    size_t answer_max = call->answer_max ? call->answer_max : MB(16);
    Running run = { .handle = take_handle(client),
                    .arena = arena,
                    .call = call,
                    .err = err,
                    .body = buf_new(arena, answer_max),
                    .start_ms = monotonic_ms() };
    int64_t start_us = monotonic_us();
    struct curl_slist *headers = make_headers(arena, call, span), *pin = make_pin(arena, call);
    CURL *handle = run.handle;

    set_limits(handle, call);
    set_body(handle, call);
    set_callbacks(&run, error_text);
    libcurl.easy_setopt(handle, CURLOPT_URL, str_c(arena, call->url));
    libcurl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    libcurl.easy_setopt(handle, CURLOPT_RESOLVE, pin);
    libcurl.easy_setopt(handle, CURLOPT_PROXY, proxy_for(client, arena, call->url));
    libcurl.easy_setopt(handle, CURLOPT_USERAGENT,
                        client->options.user_agent ? client->options.user_agent : "lectern");
    if (client->options.ca_file)
        libcurl.easy_setopt(handle, CURLOPT_CAINFO, client->options.ca_file);

    CURLcode code = libcurl.easy_perform(handle);
    long status = 0;
    libcurl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    give_handle(client, handle);
    libcurl.slist_free_all(headers);
    libcurl.slist_free_all(pin);
    if (code != CURLE_OK)
        return explain(&run, code, error_text, err);
    *answer_r = (HttpAnswer){ .status = (int)status,
                              .headers = { run.headers.at, run.headers.count },
                              .body = buf_str(&run.body),
                              .first_byte_us = run.first_us ? run.first_us - start_us : 0,
                              .total_us = monotonic_us() - start_us };
    return true;
}

static const char *method_of(const HttpCall *call)
{
    return call->method ? call->method : call->has_body || call->body.length ? "POST" : "GET";
}

/* Names of the HTTP semantic conventions; of the address its host alone. */
static void tell_span(TraceSpan *span, Arena *arena, const HttpCall *call)
{
    Url url;
    Error ignored;
    if (!span->is_recorded || !url_parse(arena, call->url, &url, &ignored))
        return;
    span_add_text(span, "http.request.method", str(method_of(call)));
    span_add_text(span, "server.address", url.host);
    span_add_number(span, "server.port", url.port);
}

bool http_call(HttpClient *client, Arena *arena, const HttpCall *call, HttpAnswer *answer_r,
               Error *err)
{
    TraceSpan span;
    span_begin_here(&span, TRACE_CLIENT, method_of(call));
    tell_span(&span, arena, call);
    bool is_answered = run_call(client, arena, call, &span, answer_r, err);
    if (is_answered)
        span_add_number(&span, "http.response.status_code", answer_r->status);
    if (!is_answered || answer_r->status >= 400)
        span_fail(&span, is_answered ? str_format(arena, "%d", answer_r->status)
                                     : str(error_name(err->code)));
    span_end(&span);
    return is_answered;
}

Str http_answer_header(const HttpAnswer *answer, const char *name)
{
    for (size_t i = 0; i < answer->headers.count; i++)
        if (str_equal_ignore_case(answer->headers.at[i].name, str(name)))
            return answer->headers.at[i].value;
    return S("");
}

/* --- Events --- */
