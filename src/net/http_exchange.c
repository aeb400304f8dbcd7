/* http_exchange.c - one request from its head to its last byte.
 *
 *     NEW -> [CHECKING] -> READING -> RUNNING -> ANSWERED -> SENDING
 *
 * While the pool has the request (CHECKING, RUNNING) nothing happens on its connection, which stays
 * even when the client has gone; what the pool is done with is posted to the loop, and only the
 * loop changes the state. A request without a body, or with a small one, is checked where it is
 * run: one way to the pool and back instead of two. */
#include "net/http_private.h"

#include <ctype.h>
#include <poll.h>

#include "base/clock.h"
#include "base/id.h"

#define ARENA_MAX GB(1)
/* A body that may be read for somebody who is not checked yet. */
#define UNCHECKED_BODY_MAX KB(16)
#define BEGIN_LOOK_MS 100
#define LOOK_EACH_MS 50
/* To store more may take long, and the others that are patient would wait for it. */
#define PATIENT_BODY_MAX MB(16)

/* --- Life --- */

static HttpExchange *exchange_new(HttpLink *link)
{
    HttpLoop *loop = link->loop;
    Arena *arena = arena_new(ARENA_MAX);
    HttpExchange *x = arena_new_one(arena, HttpExchange);
    x->server = loop->server;
    x->loop = loop;
    x->link = link;
    x->holders = 1;
    x->body.fd = -1;
    x->request = (HttpRequest){
        .arena = arena,
        .id = id_new(arena),
        .peer = str_copy(arena, str(link->peer)),
        .started_us = monotonic_us(),
    };
    x->response = (HttpResponse){ .status = 200,
                                  .media_type = S("application/json"),
                                  .exchange = x,
                                  .body = buf_new(arena, MB(64)) };
    x->request.shown_id = x->request.id;
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
    /* Without a method its head made no sense: nothing was asked. */
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
    response_release(x);
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

struct Reactor *http_reactor(const HttpResponse *response)
{
    return response->exchange->loop->reactor;
}

/* --- Answering --- */

/* On the thread that answers: a handler that streams goes on using the arena while the loop sends.
 */
static void decorate(HttpExchange *x)
{
    if (x->server->dispatch->headers)
        x->server->dispatch->headers(x->server->app, &x->request, &x->response);
    response_prepare(x);
}

static void on_answered(void *argument)
{
    HttpExchange *x = argument;
    x->state = HTTP_ANSWERED;
    http_link_go(x->link);
}

static void hand_back(HttpExchange *x)
{
    x->on_gone = NULL;
    x->has_started = true;
    if (!reactor_is_here(x->loop->reactor)) {
        reactor_post(x->loop->reactor, on_answered, x);
        return;
    }
    x->state = HTTP_ANSWERED;
    if (!x->is_inline)
        http_link_go_soon(x->link);
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
    if (x->refused_status)
        x->response.status = x->refused_status;
    if ((err->code == ERROR_BUSY || err->code == ERROR_LIMITED) && !says_when(&x->response))
        http_header(&x->response, "Retry-After", S("1"));
    decorate(x);
}

/* Refuse what is on the loop. */
static void refuse(HttpExchange *x, const Error *err)
{
    write_refusal(x, err);
    x->state = HTTP_ANSWERED;
}

/* The same, and bytes follow that are not read: they are drained, and the connection ends. */
static void refuse_unread(HttpExchange *x, const Error *err)
{
    x->link->lingers = true;
    x->is_last = true;
    refuse(x, err);
}

static void start_body(HttpExchange *x);

/* Before any of the body was read. A small one is taken and thrown away, so that the connection
 * goes on. */
static void refuse_head(HttpExchange *x, const Error *err)
{
    int64_t promised = body_promised(&x->request);
    if (promised == 0) {
        refuse(x, err);
    } else if (promised < 0 || promised > (int64_t)UNCHECKED_BODY_MAX || x->is_last ||
               http_header_in(&x->request, "Expect").length) {
        refuse_unread(x, err);
    } else {
        x->failure = *err;
        x->plan = (HttpPlan){ .body = HTTP_BODY_BUFFER, .body_max = UNCHECKED_BODY_MAX };
        start_body(x);
    }
}

void exchange_refuse_bytes(HttpLink *link, int status, const Error *err)
{
    HttpExchange *x = link->exchange ? link->exchange : exchange_new(link);
    x->refused_status = status;
    refuse_unread(x, err);
}

/* --- On the pool --- */

static void leave_pool(HttpExchange *x)
{
    HttpServer *server = x->server;
    exchange_release(x);
    server->counts.running--;
}

static void on_checked(void *argument)
{
    HttpExchange *x = argument;
    if (x->failure.code == ERROR_NONE)
        start_body(x);
    else
        refuse_head(x, &x->failure);
    http_link_go(x->link);
}

/* So whoever comes when all threads are held for long is told within this time and that which a
 * request may hold its thread. */
static bool has_thread_in_time(HttpExchange *x)
{
    const HttpServerOptions *options = &x->server->options;
    return monotonic_ms() - x->given_ms <= options->wait_ms ||
           fail(&x->failure, ERROR_BUSY,
                "all %d threads for requests were held for longer than %" PRId64
                " ms (settings request_threads, request_wait); try again in a moment",
                options->thread_count, options->wait_ms);
}

static void run_check(void *argument)
{
    HttpExchange *x = argument;
    if (has_thread_in_time(x) &&
        x->server->dispatch->check(x->server->app, &x->request, &x->failure))
        x->failure.code = ERROR_NONE;
    reactor_post(x->loop->reactor, on_checked, x);
    leave_pool(x);
}

/* The connection stays while the pool has its request. */
static bool client_has_left(HttpExchange *x)
{
    struct pollfd look = { .fd = x->link->fd, .events = x->is_old ? POLLRDHUP : 0 };
    int64_t now = monotonic_ms();
    if (x->has_no_client || now - x->looked_ms < LOOK_EACH_MS)
        return x->has_no_client;
    x->looked_ms = now;
    x->has_no_client = poll(&look, 1, 0) > 0;
    return x->has_no_client;
}

bool http_client_has_left(const HttpResponse *response)
{
    HttpExchange *x = response->exchange;
    return x && !x->is_later && !x->has_started && client_has_left(x);
}

/* When there is more to do than threads, people stop waiting and ask again: work for those who
 * left would keep the others waiting for ever. Only what has not begun is left out. */
static bool may_run(HttpExchange *x)
{
    if (monotonic_ms() - x->given_ms >= BEGIN_LOOK_MS && client_has_left(x))
        return fail(&x->failure, ERROR_CANCELLED, "the client left before it was begun");
    return has_thread_in_time(x) &&
           (!x->is_unchecked ||
            x->server->dispatch->check(x->server->app, &x->request, &x->failure));
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

static void give_to_pool(HttpExchange *x, HttpState state, PoolWork *work)
{
    Error err;
    x->state = state;
    x->given_ms = monotonic_ms();
    x->holders++;
    x->server->counts.running++;
    bool lets_pass =
        x->plan.is_patient && state == HTTP_RUNNING && x->body.size <= PATIENT_BODY_MAX;
    Pool *pool = x->plan.is_watch ? x->server->watch_pool : x->server->pool;
    if ((lets_pass ? pool_add_to_lane : pool_add)(pool, work, x))
        return;
    x->holders--;
    x->server->counts.running--;
    fail(&err, ERROR_BUSY, "too many requests are waiting; try again in a moment");
    if (state == HTTP_CHECKING)
        refuse_head(x, &err);
    else
        refuse(x, &err);
}

/* --- From the connection --- */

/* Who waits to be told sends no body before. */
static bool waits_to_be_told(const HttpExchange *x)
{
    return str_equal_ignore_case(http_header_in(&x->request, "Expect"), S("100-continue")) &&
           !x->is_old && !x->link->kept;
}

static void start_body(HttpExchange *x)
{
    Error err;
    if (!body_begin(x, &err)) {
        refuse_head(x, &err);
        return;
    }
    x->state = HTTP_READING;
    if (body_promised(&x->request) != 0 && waits_to_be_told(x))
        http_link_say_continue(x->link);
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

/* What a browser shows as the place it goes to must be a host and nothing else. */
static bool is_host(Str host)
{
    for (size_t i = 0; i < host.length; i++)
        if (!isalnum((unsigned char)host.at[i]) && !HAS_CHAR(host.at[i], "-.[]:"))
            return false;
    return host.length > 0 && host.length < 256;
}

static Str https_of(const HttpExchange *x, Str host)
{
    Arena *arena = x->request.arena;
    ptrdiff_t colon = str_find_last_char(host, ':'), bracket = str_find_last_char(host, ']');
    if (x->server->options.redirect_to)
        return str(x->server->options.redirect_to);
    if (colon > bracket)
        host = str_slice(host, 0, (size_t)colon);
    return x->server->port == 443
               ? str_format(arena, "https://" STR_FMT, STR_ARG(host))
               : str_format(arena, "https://" STR_FMT ":%d", STR_ARG(host), x->server->port);
}

/* 308: the method stays. Whatever body there is, it is not read in the clear. */
static void send_to_https(HttpExchange *x)
{
    Str host = http_header_in(&x->request, "Host"), to = https_of(x, host),
        target = x->request.target;
    Error err;
    if (!x->server->options.redirect_to && !is_host(host)) {
        fail(&err, ERROR_INVALID, "Host is no host");
        refuse_unread(x, &err);
        return;
    }
    if (!str_starts(target, S("/")))
        target = S("/");
    x->response.status = 308;
    x->response.media_type = S("text/plain");
    http_header(&x->response, "Location",
                str_format(x->request.arena, STR_FMT STR_FMT, STR_ARG(to), STR_ARG(target)));
    x->is_last = true;
    x->link->lingers = true;
    decorate(x);
    x->state = HTTP_ANSWERED;
}

void exchange_open(HttpLink *link, const HttpHead *head)
{
    HttpExchange *x = exchange_new(link);
    HttpServer *server = x->server;
    Error err;
    x->is_old = head->is_old;
    x->is_last = !link->reader.keeps_alive;
    if (!request_read(x, head, &err)) {
        refuse_unread(x, &err);
        return;
    }
    if (link->is_redirected) {
        send_to_https(x);
        return;
    }
    if (!server->dispatch->begin(server->app, &x->request, &x->plan, &err)) {
        refuse_head(x, &err);
        return;
    }
    if (x->plan.answer_max)
        x->response.body.limit = x->plan.answer_max;
    bool is_checked = x->plan.is_checked && server->dispatch->check;
    x->is_unchecked = is_checked && is_checked_late(x);
    if (is_checked && !x->is_unchecked)
        give_to_pool(x, HTTP_CHECKING, run_check);
    else
        start_body(x);
}

bool exchange_add(HttpExchange *x, Str bytes, Error *err)
{
    if (body_add(x, bytes, err))
        return true;
    refuse_unread(x, err);
    return false;
}

void exchange_run(HttpExchange *x)
{
    Error err;
    if (!body_end(x, &err)) {
        refuse(x, &err);
        return;
    }
    if (x->failure.code != ERROR_NONE) { /* before its body came */
        refuse(x, &x->failure);
        return;
    }
    x->state = HTTP_RUNNING;
    if (!x->plan.is_fast) {
        give_to_pool(x, HTTP_RUNNING, run_handle);
        return;
    }
    x->is_inline = true;
    x->server->dispatch->handle(x->server->app, &x->request, &x->response);
    if (!x->is_later && !x->has_started)
        exchange_answer(x);
    x->is_inline = false;
}
