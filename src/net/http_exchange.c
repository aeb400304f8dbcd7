/* http_exchange.c - one request from its first line to its last byte: what libmicrohttpd calls.
 *
 *     NEW -> [CHECKING -> CHECKED] -> READING -> RUNNING -> ANSWERED -> SENDING
 *
 * While the pool has the request (CHECKING, RUNNING) its connection is suspended; resuming it is
 * the one thing another thread does to libmicrohttpd. */
#include "net/http_private.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "net/url.h"

#define ARENA_MAX GB(1)
#define QUERY_MAX 100

/* --- Life --- */

void *exchange_open(HttpLoop *loop, struct MHD_Connection *connection, const char *target)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
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

void exchange_answer(HttpExchange *x)
{
    decorate(x);
    x->has_started = true;
    bool is_inline = x->is_inline;
    struct MHD_Connection *connection = x->connection;
    HttpLoop *loop = x->loop;
    x->state = HTTP_ANSWERED;
    if (!is_inline)
        loop_resume(loop, connection);
}

static void write_refusal(HttpExchange *x, const Error *err)
{
    x->server->counts.refused++;
    x->response.headers.count = 0;
    if (x->server->dispatch->refuse)
        x->server->dispatch->refuse(x->server->app, &x->request, err, &x->response);
    else
        http_respond_error(&x->response, err);
    if (err->code == ERROR_BUSY || err->code == ERROR_LIMITED)
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
        MHD_queue_response(x->connection, (unsigned)x->response.status, response);
    MHD_destroy_response(response);
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

static void run_handle(void *argument)
{
    HttpExchange *x = argument;
    x->server->dispatch->handle(x->server->app, &x->request, &x->response);
    if (!x->has_started)
        exchange_answer(x);
    leave_pool(x);
}

static enum MHD_Result give_to_pool(HttpExchange *x, HttpState state, PoolWork *work)
{
    x->state = state;
    x->holders++;
    x->server->counts.running++;
    MHD_suspend_connection(x->connection);
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

/* The texts of libmicrohttpd go with the connection; a handler may outlive it. */
static enum MHD_Result copy_header(void *self, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    HeaderCopy *copy = self;
    (void)kind;
    Str name = str_copy(copy->arena, (Str){ key, key_size });
    Str text = str_copy(copy->arena, (Str){ value, value ? value_size : 0 });
    copy->is_valid = copy->is_valid && utf8_is_valid(text) && text.length == strlen(text.at);
    *vec_push(copy->arena, &copy->headers) = (HttpPair){ name, text };
    return MHD_YES;
}

static bool read_head(HttpExchange *x, const char *method, Error *err)
{
    HttpRequest *request = &x->request;
    Arena *arena = request->arena;
    request->method = str_copy(arena, str(method));
    HeaderCopy copy = { .arena = arena, .is_valid = true };
    (void)MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, copy_header, &copy);
    request->headers = (HttpPairs){ copy.headers.at, copy.headers.count };

    ptrdiff_t mark = str_find_char(request->target, '?');
    request->path = mark < 0 ? request->target : str_slice(request->target, 0, (size_t)mark);
    Str query = mark < 0 ? S("") : str_from(request->target, (size_t)mark + 1);
    if (!copy.is_valid)
        return fail(err, ERROR_INVALID, "a header is not valid UTF-8");
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

static enum MHD_Result begin(HttpExchange *x, const char *method)
{
    HttpServer *server = x->server;
    Error err;
    if (!read_head(x, method, &err) ||
        !server->dispatch->begin(server->app, &x->request, &x->plan, &err))
        return refuse(x, &err);
    if (x->plan.answer_max)
        x->response.body.limit = x->plan.answer_max;
    if (x->plan.is_checked && server->dispatch->check)
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
    (void)self, (void)connection, (void)url, (void)version;

    switch ((HttpState)x->state) {
    case HTTP_NEW: return begin(x, method);
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
