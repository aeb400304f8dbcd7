/* http_exchange.c - one request from its first line to its last byte: what libmicrohttpd calls.
 *
 *     NEW -> [CHECKING -> CHECKED] -> READING -> RUNNING -> ANSWERED -> SENDING
 *
 * While the pool has the request (CHECKING, RUNNING) its connection is suspended; resuming it is
 * the one thing another thread does to libmicrohttpd. A request without a body, or with a small
 * one, is checked where it is run: one way to the pool and back instead of two. */
#include "net/http_private.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "net/url.h"

#define ARENA_MAX GB(1)
#define QUERY_MAX 100
/* A body that may be read for somebody who is not checked yet. */
#define UNCHECKED_BODY_MAX KB(16)
#define LEFT_LOOK_MS 100
#define LOOK_AFTER_MS 50 /* calls that are answered sooner cost no watch */

/* --- Life --- */

void *exchange_open(HttpLoop *loop, struct MHD_Connection *connection, const char *target)
{
    const union MHD_ConnectionInfo *info =
        mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    HttpLink *link = info->socket_context;
    Arena *arena = arena_new(ARENA_MAX);
    HttpExchange *x = arena_new_one(arena, HttpExchange);
    x->server = loop->server;
    x->loop = loop;
    x->link = link;
    x->connection = connection;
    x->holders = 1;
    x->body.fd = -1;
    x->request = (HttpRequest){
        .arena = arena,
        .id = id_new(arena),
        .target = str_copy(arena, str(target)),
        .peer = str_copy(arena, str(link->peer)),
        .started_us = monotonic_us(),
    };
    x->response = (HttpResponse){ .status = 200,
                                  .media_type = S("application/json"),
                                  .exchange = x,
                                  .body = buf_new(arena, MB(64)) };
    link->exchange = x;
    link->had_request = true;
    loop->server->counts.requests++;
    loop->server->counts.active++;
    return x;
}

static void report(HttpExchange *x)
{
    HttpServer *server = x->server;
    HttpAccess access = {
        .status = x->response.status,
        .bytes_in = x->body.size,
        .bytes_out = x->bytes_out,
        .duration_us = monotonic_us() - x->request.started_us,
        .was_cut = x->was_cut,
    };
    server->counts.bytes_in += access.bytes_in;
    server->counts.bytes_out += access.bytes_out;
    /* Without a method its head never came in whole: nothing was asked. */
    if (server->dispatch->finish && x->request.method.length)
        server->dispatch->finish(server->app, &x->request, &access);
}

void exchange_release(HttpExchange *x)
{
    if (atomic_fetch_sub(&x->holders, 1) != 1)
        return;
    HttpServer *server = x->server;
    report(x);
    body_release(x);
    fd_auto(x->response.has_file ? &x->response.file.fd : &(int){ -1 });
    arena_free(x->request.arena);
    server->counts.active--;
}

void exchange_completed(HttpExchange *x, bool was_cut)
{
    x->was_cut = was_cut;
    if (x->response.stream)
        stream_gone(x->response.stream, was_cut);
    x->link->exchange = NULL;
    x->link->quiet_since_ms = monotonic_ms();
    x->link = NULL;
    exchange_release(x);
}

/* --- Answering later --- */

static void tell_gone(HttpExchange *x)
{
    void (*on_gone)(void *) = x->on_gone;
    x->on_gone = NULL;
    if (on_gone)
        on_gone(x->gone_argument);
}

static void on_client_gone(ReactorWatch *watch, uint32_t events)
{
    (void)events;
    tell_gone(watch->owner);
}

static void look_for_leaving(ReactorTimer *timer)
{
    HttpExchange *x = timer->owner;
    Error ignored;
    x->gone_watch = (ReactorWatch){ .fd = x->link->fd, .ready = on_client_gone, .owner = x };
    if (!reactor_watch(x->loop->reactor, &x->gone_watch, EPOLLRDHUP | EPOLLONESHOT, &ignored))
        x->gone_watch.fd = 0; /* then the end of the answer tells */
}

static void enter_later(HttpExchange *x)
{
    HttpLoop *loop = x->loop;
    x->is_later = true;
    x->next_later = loop->later;
    if (loop->later)
        loop->later->previous_later = x;
    loop->later = x;
}

static void leave_later(HttpExchange *x)
{
    if (x->previous_later)
        x->previous_later->next_later = x->next_later;
    else
        x->loop->later = x->next_later;
    if (x->next_later)
        x->next_later->previous_later = x->previous_later;
}

/* Whoever is told may let go at once, and of others too: so each time from the start. */
void exchanges_end(HttpLoop *loop)
{
    for (HttpExchange *x = loop->later; x;) {
        bool tells = x->on_gone != NULL;
        if (tells)
            tell_gone(x);
        x = tells ? loop->later : x->next_later;
    }
}

static void stop_looking(HttpExchange *x)
{
    if (!x->gone_timer.fire)
        return;
    reactor_clear_timer(x->loop->reactor, &x->gone_timer);
    if (x->gone_watch.fd)
        reactor_unwatch(x->loop->reactor, &x->gone_watch);
    x->on_gone = NULL;
}

void http_respond_later(HttpResponse *response, void (*on_gone)(void *argument), void *argument)
{
    HttpExchange *x = response->exchange;
    enter_later(x);
    x->on_gone = on_gone;
    x->gone_argument = argument;
    x->holders++;
    x->server->counts.running++;
    if (!on_gone)
        return;
    x->gone_timer = (ReactorTimer){ .fire = look_for_leaving, .owner = x };
    reactor_set_timer(x->loop->reactor, &x->gone_timer, monotonic_ms() + LOOK_AFTER_MS);
}

void http_respond_now(HttpResponse *response) { exchange_answer(response->exchange); }

void http_let_go(HttpResponse *response)
{
    HttpExchange *x = response->exchange;
    HttpServer *server = x->server;
    assert(x->is_later && x->has_started);
    leave_later(x);
    exchange_release(x);
    server->counts.running--;
}

struct Reactor *http_reactor(const HttpResponse *response)
{
    return response->exchange->loop->reactor;
}

/* --- Answering --- */

/* All that the head needs, before it is the loop's thread that reads it: a handler that streams
 * goes on using the arena meanwhile. */
static void decorate(HttpExchange *x)
{
    HttpResponse *response = &x->response;
    response->media_type = str(str_c(response->body.arena, response->media_type));
    if (x->server->dispatch->headers)
        x->server->dispatch->headers(x->server->app, &x->request, &x->response);
}

static void hand_back(HttpExchange *x)
{
    stop_looking(x);
    x->has_started = true;
    bool is_inline = x->is_inline;
    struct MHD_Connection *connection = x->connection;
    HttpLoop *loop = x->loop;
    x->state = HTTP_ANSWERED;
    if (!is_inline)
        loop_resume(loop, connection);
}

void exchange_answer(HttpExchange *x)
{
    decorate(x);
    hand_back(x);
}

static bool says_when(const HttpResponse *response)
{
    for (size_t i = 0; i < response->headers.count; i++)
        if (str_is(response->headers.at[i].name, "Retry-After"))
            return true;
    return false;
}

static void write_refusal(HttpExchange *x, const Error *err)
{
    x->server->counts.refused++;
    x->response.headers.count = 0;
    if (x->server->dispatch->refuse)
        x->server->dispatch->refuse(x->server->app, &x->request, err, &x->response);
    else
        http_respond_error(&x->response, err);
    if ((err->code == ERROR_BUSY || err->code == ERROR_LIMITED) && !says_when(&x->response))
        http_header(&x->response, "Retry-After", S("1"));
    decorate(x);
}

static enum MHD_Result send_answer(HttpExchange *x)
{
    x->state = HTTP_SENDING;
    struct MHD_Response *response = response_make(x);
    if (!response)
        return MHD_NO;
    enum MHD_Result queued =
        mhd.queue_response(x->connection, (unsigned)x->response.status, response);
    mhd.destroy_response(response);
    return queued;
}

/* Refuse before any of the body was read. */
static enum MHD_Result refuse(HttpExchange *x, const Error *err)
{
    if (body_promised(&x->request) != 0)
        x->link->lingers = true;
    write_refusal(x, err);
    return send_answer(x);
}

/* Refuse in the middle of the body, where libmicrohttpd takes no response: the answer is written
 * by hand, then the connection is drained and closed. */
static enum MHD_Result cut_body(HttpExchange *x, const Error *err)
{
    write_refusal(x, err);
    Str bytes = response_bytes(x);
    x->link->lingers = true;
    x->bytes_out = bytes.length;
    (void)!send(x->link->fd, bytes.at, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    return MHD_NO;
}

/* --- On the pool --- */

static void leave_pool(HttpExchange *x)
{
    HttpServer *server = x->server;
    exchange_release(x);
    server->counts.running--;
}

static void run_check(void *argument)
{
    HttpExchange *x = argument;
    if (x->server->dispatch->check(x->server->app, &x->request, &x->failure))
        x->failure.code = ERROR_NONE;
    struct MHD_Connection *connection = x->connection;
    HttpLoop *loop = x->loop;
    x->state = HTTP_CHECKED;
    loop_resume(loop, connection);
    leave_pool(x);
}

/* When there is more to do than threads, people stop waiting and ask again: work for those who
 * left would keep the others waiting for ever. Only what has not begun is left out. The
 * descriptor stays while the connection is suspended. */
static bool client_has_left(const HttpExchange *x)
{
    char byte;
    if (monotonic_ms() - x->given_ms < LEFT_LOOK_MS)
        return false;
    ssize_t got = recv(x->link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static bool may_run(HttpExchange *x)
{
    if (client_has_left(x))
        return fail(&x->failure, ERROR_CANCELLED, "the client left before it was begun");
    return !x->is_unchecked || x->server->dispatch->check(x->server->app, &x->request, &x->failure);
}

static void run_handle(void *argument)
{
    HttpExchange *x = argument;
    const HttpDispatch *dispatch = x->server->dispatch;
    if (!may_run(x)) {
        write_refusal(x, &x->failure);
        hand_back(x);
    } else {
        dispatch->handle(x->server->app, &x->request, &x->response);
        if (!x->has_started)
            exchange_answer(x);
    }
    leave_pool(x);
}

static enum MHD_Result give_to_pool(HttpExchange *x, HttpState state, PoolWork *work)
{
    x->state = state;
    x->given_ms = monotonic_ms();
    x->holders++;
    x->server->counts.running++;
    mhd.suspend_connection(x->connection);
    if (pool_add(x->server->pool, work, x))
        return MHD_YES;

    x->holders--;
    x->server->counts.running--;
    Error err;
    fail(&err, ERROR_BUSY, "too many requests are waiting; try again in a moment");
    write_refusal(x, &err);
    x->link->lingers = state == HTTP_CHECKING;
    x->state = HTTP_ANSWERED;
    loop_resume(x->loop, x->connection);
    return MHD_YES;
}

/* --- From the connection --- */

typedef struct HeaderCopy {
    Arena *arena;
    VEC(HttpPair) headers;
    bool is_valid;
} HeaderCopy;

/* RFC 9110, section 5.6.2. libmicrohttpd lets "Name : value" through. */
static bool is_token(Str name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    HAS_CHAR(c, "!#$%&'*+-.^_`|~");
        if (!good)
            return false;
    }
    return name.length > 0;
}

/* The texts of libmicrohttpd go with the connection; a handler may outlive it. */
static enum MHD_Result copy_header(void *self, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    HeaderCopy *copy = self;
    (void)kind;
    Str name = str_copy(copy->arena, (Str){ key, key_size });
    Str text = str_copy(copy->arena, (Str){ value, value ? value_size : 0 });
    copy->is_valid =
        copy->is_valid && is_token(name) && utf8_is_valid(text) && text.length == strlen(text.at);
    *vec_push(copy->arena, &copy->headers) = (HttpPair){ name, text };
    return MHD_YES;
}

static size_t count_header(const HttpRequest *request, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->headers.count; i++)
        count += str_equal_ignore_case(request->headers.at[i].name, str(name));
    return count;
}

/* Where the message ends, and whom it is for, must be said once: a proxy before us that chose the
 * other saying would take a part of this body for the next person's request (RFC 9112, sections
 * 3.2, 6.1 and 6.3). */
static bool check_framing(const HttpRequest *request, const char *version, Error *err)
{
    size_t hosts = count_header(request, "Host");
    size_t codings = count_header(request, "Transfer-Encoding");
    size_t lengths = count_header(request, "Content-Length");
    Str coding = http_header_in(request, "Transfer-Encoding");
    if (hosts > 1 || (!hosts && strcmp(version, MHD_HTTP_VERSION_1_1) == 0))
        return fail(err, ERROR_INVALID, "the header Host must be there once");
    if (codings + lengths > 1)
        return fail(err, ERROR_INVALID, "the length of the body is told more than once");
    if (codings && !str_equal_ignore_case(coding, S("chunked")))
        return fail(err, ERROR_INVALID,
                    "a body is sent with its length or chunked, not '" STR_FMT "'",
                    STR_ARG(coding));
    return true;
}

/* A proxy sends "http://host/path" (RFC 9112, section 3.2.2): the path of it. */
static Str path_of(Str target)
{
    ptrdiff_t mark = str_find_char(target, '?');
    Str path = mark < 0 ? target : str_slice(target, 0, (size_t)mark);
    ptrdiff_t host = str_find(path, S("://"));
    if (host < 0 || str_starts(path, S("/")))
        return path;
    Str rest = str_from(path, (size_t)host + 3);
    ptrdiff_t slash = str_find_char(rest, '/');
    return slash < 0 ? S("/") : str_from(rest, (size_t)slash);
}

static bool read_head(HttpExchange *x, const char *method, const char *version, Error *err)
{
    HttpRequest *request = &x->request;
    Arena *arena = request->arena;
    request->method = str_copy(arena, str(method));
    HeaderCopy copy = { .arena = arena, .is_valid = true };
    (void)mhd.get_connection_values_n(x->connection, MHD_HEADER_KIND, copy_header, &copy);
    request->headers = (HttpPairs){ copy.headers.at, copy.headers.count };

    request->path = path_of(request->target);
    ptrdiff_t mark = str_find_char(request->target, '?');
    Str query = mark < 0 ? S("") : str_from(request->target, (size_t)mark + 1);
    if (!copy.is_valid)
        return fail(err, ERROR_INVALID, "a header is not valid: names are letters, values UTF-8");
    if (!check_framing(request, version, err))
        return false;
    if (!str_starts(request->path, S("/")) && !str_is(request->path, "*"))
        return fail(err, ERROR_INVALID, "the address does not begin with /");
    return url_query(arena, query, QUERY_MAX, &request->query, err);
}

static enum MHD_Result start_body(HttpExchange *x)
{
    Error err;
    if (!body_begin(x, &err))
        return refuse(x, &err);
    x->state = HTTP_READING;
    return MHD_YES;
}

/* Whether the body may be read before the check: it is small, and nobody waits to be told whether
 * it is wanted. */
static bool is_checked_late(const HttpExchange *x)
{
    int64_t promised = body_promised(&x->request);
    bool is_small =
        x->plan.body == HTTP_BODY_NONE || (x->plan.body == HTTP_BODY_BUFFER && promised >= 0 &&
                                           promised <= (int64_t)UNCHECKED_BODY_MAX);
    return is_small && !x->plan.is_fast && !http_header_in(&x->request, "Expect").length;
}

static enum MHD_Result begin(HttpExchange *x, const char *method, const char *version)
{
    HttpServer *server = x->server;
    Error err;
    if (!read_head(x, method, version, &err)) {
        x->is_last = true;
        return refuse(x, &err);
    }
    if (!server->dispatch->begin(server->app, &x->request, &x->plan, &err))
        return refuse(x, &err);
    if (x->plan.answer_max)
        x->response.body.limit = x->plan.answer_max;
    bool is_checked = x->plan.is_checked && server->dispatch->check;
    x->is_unchecked = is_checked && is_checked_late(x);
    if (is_checked && !x->is_unchecked)
        return give_to_pool(x, HTTP_CHECKING, run_check);
    return start_body(x);
}

static enum MHD_Result run(HttpExchange *x)
{
    Error err;
    if (!body_end(x, &err)) {
        write_refusal(x, &err);
        return send_answer(x);
    }
    if (!x->plan.is_fast)
        return give_to_pool(x, HTTP_RUNNING, run_handle);
    x->is_inline = true;
    x->server->dispatch->handle(x->server->app, &x->request, &x->response);
    if (x->is_later && !x->has_started) {
        x->is_inline = false;
        x->state = HTTP_RUNNING;
        mhd.suspend_connection(x->connection);
        return MHD_YES;
    }
    if (!x->has_started)
        exchange_answer(x);
    return send_answer(x);
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *size, void **context)
{
    HttpExchange *x = *context;
    Error err;
    (void)self, (void)connection, (void)url;

    switch ((HttpState)x->state) {
    case HTTP_NEW: return begin(x, method, version);
    case HTTP_CHECKED:
        return x->failure.code == ERROR_NONE ? start_body(x) : refuse(x, &x->failure);
    case HTTP_READING:
        if (!*size)
            return run(x);
        if (!body_add(x, (Str){ bytes, *size }, &err))
            return cut_body(x, &err);
        *size = 0;
        return MHD_YES;
    case HTTP_ANSWERED: return send_answer(x);
    case HTTP_CHECKING:
    case HTTP_RUNNING:
    case HTTP_SENDING: break;
    }
    return MHD_YES;
}

MHD_AccessHandlerCallback exchange_callback(void) { return on_request; }
