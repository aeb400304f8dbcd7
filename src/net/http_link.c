/* http_link.c - one connection of the server, from the socket's side.
 *
 *     read -> reader -> exchange -> [pool, service, ...] -> send -> read ...
 *
 * Events come once for each change (EPOLLET), so that a call costs no change of what is watched;
 * can_read and can_write remember them. While an exchange runs nothing is read: what came with its
 * request is kept, what comes later stays with the system and slows the client down. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/http_listen.h"

#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)
#define STEPS_MAX 16 /* in a row of one connection, so that others are served too */

/* --- Life --- */

static bool on_head(void *self, const HttpHead *head, Error *err)
{
    (void)err;
    exchange_open(self, head);
    return true;
}

static bool on_body(void *self, Str bytes, Error *err)
{
    HttpLink *link = self;
    return exchange_add(link->exchange, bytes, err);
}

static void on_event(ReactorWatch *watch, uint32_t events)
{
    HttpLink *link = watch->owner;
    if (link->is_closed)
        return;
    link->can_read |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    link->can_write |= (events & EPOLLOUT) != 0;
    link->has_left |= (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    link->is_broken |= (events & (EPOLLHUP | EPOLLERR)) != 0;
    http_link_go(link);
}

static void on_due(ReactorDeferred *due) { http_link_go(due->owner); }

bool http_link_open(HttpLink *link, Error *err)
{
    HttpLoop *loop = link->loop;
    int on = 1;
    link->watch = (ReactorWatch){ .fd = link->fd, .ready = on_event, .owner = link };
    link->due = (ReactorDeferred){ .run = on_due, .owner = link };
    link->reader = (HttpReader){ .head = on_head,
                                 .body = on_body,
                                 .self = link,
                                 .is_request = true,
                                 .head_max = loop->server->options.header_max };
    link->can_write = true;
    http_reader_begin(&link->reader);
    /* Pieces of a stream are not gathered; a local socket has no such thing, and says so. */
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!reactor_watch(loop->reactor, &link->watch, EVENTS, err))
        return false;
    link->next = loop->links;
    if (loop->links)
        loop->links->previous = link;
    loop->links = link;
    return true;
}

static void free_link(void *link) { free(link); }

/* The loop may hold an event of it: its memory goes behind that batch of events. */
void http_link_close(HttpLink *link)
{
    HttpLoop *loop = link->loop;
    link->is_closed = true;
    if (link->exchange)
        exchange_completed(link->exchange, true);
    reactor_unwatch(loop->reactor, &link->watch);
    tls_link_free(link->tls);
    if (!link->lingers || link->is_broken || !linger(loop, link->fd))
        close(link->fd);
    http_reader_end(&link->reader);
    free(link->kept);
    if (link->previous)
        link->previous->next = link->next;
    else
        loop->links = link->next;
    if (link->next)
        link->next->previous = link->previous;
    address_left(loop->server, link->address_key);
    loop->link_count--;
    loop->server->counts.connections--;
    reactor_post(loop->reactor, free_link, link);
}

/* --- Reading --- */

static bool is_reading(const HttpExchange *x) { return x && x->state == HTTP_READING; }

/* The client speaks on while it is answered. */
static bool is_two_way(const HttpExchange *x)
{
    return x && x->state == HTTP_SENDING && x->response.stream &&
           stream_is_two_way(x->response.stream);
}

static bool wants_bytes(const HttpLink *link)
{
    return !link->exchange || (is_reading(link->exchange) && !http_reader_is_done(&link->reader));
}

/* Empty lines before a request are skipped (RFC 9112, section 2.2). */
static bool is_before_head(const HttpLink *link)
{
    return !link->exchange && !http_reader_has_begun(&link->reader);
}

/* How many of the bytes are of use now. */
static size_t take_bytes(HttpLink *link, Str bytes)
{
    size_t used = 0;
    if (is_two_way(link->exchange)) {
        stream_receive(link->exchange->response.stream, bytes);
        return bytes.length;
    }
    while (used < bytes.length && wants_bytes(link)) {
        size_t count = 1;
        Error err;
        bool is_empty = HAS_CHAR(bytes.at[used], "\r\n") && is_before_head(link);
        if (!is_empty && !http_reader_feed(&link->reader, str_from(bytes, used), &count, &err)) {
            if (wants_bytes(link))
                exchange_refuse_bytes(link, link->reader.is_head_too_large ? 431 : 0, &err);
            return bytes.length; /* nobody can tell what follows */
        }
        used += count;
        if (is_reading(link->exchange) && http_reader_is_done(&link->reader))
            exchange_run(link->exchange);
    }
    return used;
}

static void take_kept(HttpLink *link)
{
    Str kept = { link->kept + link->kept_at, link->kept_end - link->kept_at };
    link->kept_at += take_bytes(link, kept);
    if (link->kept_at < link->kept_end)
        return;
    free(link->kept);
    link->kept = NULL;
}

static void keep(HttpLink *link, Str bytes)
{
    link->kept = heap_alloc(bytes.length);
    memcpy(link->kept, bytes.at, bytes.length);
    link->kept_at = 0;
    link->kept_end = bytes.length;
}

/* As recv(); what OpenSSL has read and not given yet is told by no event. */
static ssize_t receive_tls(HttpLink *link, char *buffer)
{
    size_t got;
    TlsResult result = tls_link_read(link->tls, buffer, HTTP_BUFFER_SIZE, &got);
    errno = result == TLS_WANTS_READ || result == TLS_WANTS_WRITE ? EAGAIN : EPROTO;
    return result == TLS_DONE ? (ssize_t)got : result == TLS_ENDED ? 0 : -1;
}

static ssize_t receive_bytes(HttpLink *link, char *buffer)
{
    return link->tls ? receive_tls(link, buffer) : recv(link->fd, buffer, HTTP_BUFFER_SIZE, 0);
}

/* False: nothing came. */
static bool receive(HttpLink *link)
{
    char *buffer = link->loop->buffer;
    ssize_t got = link->can_read ? receive_bytes(link, buffer) : -1;
    if (got == 0 || (got < 0 && link->can_read && errno != EAGAIN && errno != EINTR))
        http_link_close(link);
    /* Less than there was room for is all that there was; of more an event will tell. But of the
     * client's leaving one has told already. */
    link->can_read = got == HTTP_BUFFER_SIZE || (got > 0 && (link->has_left || link->tls));
    if (got <= 0)
        return false;
    Str bytes = { buffer, (size_t)got };
    size_t used = take_bytes(link, bytes);
    if (used < bytes.length)
        keep(link, str_from(bytes, used));
    return true;
}

static bool read_on(HttpLink *link)
{
    if (is_reading(link->exchange) && http_reader_is_done(&link->reader))
        exchange_run(link->exchange);
    else if (link->kept)
        take_kept(link);
    else
        return receive(link);
    return true;
}

/* --- Sending --- */

/* What one sendmsg() has taken. */
static void move_on(Str *parts, size_t count, size_t sent)
{
    for (size_t i = 0; i < count; i++) {
        size_t taken = MIN(sent, parts[i].length);
        parts[i] = str_from(parts[i], taken);
        sent -= taken;
    }
}

/* No more is taken now. */
static HttpSent wait_to_send(HttpLink *link)
{
    link->can_write = false;
    link->moved_ms = monotonic_ms();
    return HTTP_WAITS;
}

static HttpSent send_tls(HttpLink *link, Str *parts, size_t count)
{
    if (!link->can_write)
        return HTTP_WAITS;
    switch (tls_link_write(link->tls, parts, count)) {
    case TLS_DONE: return HTTP_SENT;
    case TLS_WANTS_READ:
    case TLS_WANTS_WRITE: return wait_to_send(link);
    default: return HTTP_BROKEN;
    }
}

HttpSent http_link_send(HttpLink *link, Str *parts, size_t count, int flags)
{
    if (link->tls)
        return send_tls(link, parts, count);
    for (;;) {
        struct iovec pieces[4];
        struct msghdr message = { .msg_iov = pieces };
        for (size_t i = 0; i < count; i++)
            if (parts[i].length)
                pieces[message.msg_iovlen++] =
                    (struct iovec){ (void *)(uintptr_t)parts[i].at, parts[i].length };
        if (!message.msg_iovlen)
            return HTTP_SENT;
        ssize_t sent = link->can_write ? sendmsg(link->fd, &message, MSG_NOSIGNAL | flags) : -1;
        if (sent < 0 && link->can_write && errno == EINTR)
            continue;
        if (sent < 0 && link->can_write && errno != EAGAIN)
            return HTTP_BROKEN;
        if (sent < 0)
            return link->can_write ? wait_to_send(link) : HTTP_WAITS;
        move_on(parts, count, (size_t)sent);
    }
}

/* So much at once, so that others are served too. */
#define FILE_PIECE MB(1)

static HttpSent send_file_tls(HttpLink *link, int fd, uint64_t *at, uint64_t *left)
{
    char *buffer = link->loop->buffer;
    ssize_t got = pread(fd, buffer, (size_t)MIN(*left, (uint64_t)HTTP_BUFFER_SIZE), (off_t)*at);
    if (got <= 0) /* 0: the file has become shorter */
        return HTTP_BROKEN;
    Str part = { buffer, (size_t)got };
    HttpSent sent = send_tls(link, &part, 1);
    *at += (uint64_t)got - part.length;
    *left -= (uint64_t)got - part.length;
    return sent == HTTP_SENT && *left ? HTTP_MORE : sent;
}

HttpSent http_link_send_file(HttpLink *link, int fd, uint64_t *at, uint64_t *left)
{
    if (!link->can_write)
        return HTTP_WAITS;
    if (link->tls)
        return send_file_tls(link, fd, at, left);
    off_t from = (off_t)*at;
    ssize_t sent = sendfile(link->fd, fd, &from, (size_t)MIN(*left, (uint64_t)FILE_PIECE));
    if (sent < 0 && errno == EAGAIN)
        return wait_to_send(link);
    if (sent <= 0) /* 0: the file has become shorter */
        return HTTP_BROKEN;
    *at += (uint64_t)sent;
    *left -= (uint64_t)sent;
    return *left ? HTTP_MORE : HTTP_SENT;
}

void http_link_say_continue(HttpLink *link)
{
    static const char said[] = "HTTP/1.1 100 Continue\r\n\r\n";
    Str left = { said, sizeof said - 1 };
    (void)http_link_send(link, &left, 1, 0);
    link->is_broken |= left.length && left.length < sizeof said - 1; /* the answer cannot follow */
}

/* The answer is out: the next request, or the end. */
static bool end_exchange(HttpLink *link)
{
    HttpExchange *x = link->exchange;
    bool goes_on = http_reader_keeps_alive(&link->reader) && !x->is_last;
    /* Closing with bytes that nobody has read would take back the answer (RFC 9112, section 9.6).
     */
    bool may_speak = link->can_read || is_two_way(x);
    link->lingers |= !goes_on && (link->kept || (may_speak && !link->has_left));
    exchange_completed(x, false);
    if (goes_on)
        http_reader_begin(&link->reader);
    else
        http_link_close(link);
    return goes_on;
}

/* A client that sends no more either waits for its answer, or has closed the connection: then its
 * side refuses whatever it is sent, which an event tells. False: there is nothing to do before. */
static bool probe(HttpLink *link)
{
    HttpExchange *x = link->exchange;
    if (x->is_probed || x->is_old) /* which knows no interim answer */
        return false;
    x->is_probed = true;
    if (x->response.stream)
        stream_beat(x->response.stream);
    else
        http_link_say_continue(link);
    return true;
}

/* Of HTTP/1.0 are proxies, which close when their own client does, and are never half open. */
static bool has_gone(const HttpLink *link)
{
    return link->is_broken || (link->has_left && link->exchange->is_old);
}

static bool send_on(HttpLink *link)
{
    HttpExchange *x = link->exchange;
    x->state = HTTP_SENDING;
    switch (response_send(x)) {
    case HTTP_SENT: return end_exchange(link);
    case HTTP_MORE: return true;
    case HTTP_WAITS:
        if (is_two_way(x))
            return read_on(link);
        if (!x->response.stream || !has_gone(link))
            return x->response.stream && link->has_left && probe(link);
        break;
    case HTTP_BROKEN: link->is_broken = true; break;
    }
    http_link_close(link);
    return false;
}

/* --- TLS --- */

/* In plain text: there is no other way to be understood. */
static void refuse_plain(HttpLink *link)
{
    static const char said[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                               "Content-Type: text/plain\r\nContent-Length: 46\r\n\r\n"
                               "HTTPS is spoken here: write https:// before it";
    (void)!send(link->fd, said, sizeof said - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    link->lingers = true;
    http_link_close(link);
}

/* False: the handshake is not through. */
static bool greet(HttpLink *link)
{
    switch (tls_link_greet(link->tls)) {
    case TLS_DONE: return true; /* from then on whoever has its request may need the connection */
    case TLS_WANTS_READ:
    case TLS_WANTS_WRITE:
        if (link->is_broken)
            http_link_close(link);
        break;
    case TLS_PLAIN_HTTP: refuse_plain(link); break;
    case TLS_ENDED:
    case TLS_BROKEN: http_link_close(link); break;
    }
    return false;
}

/* --- Going on --- */

/* One step; false: there is nothing to be done now. */
static bool take_step(HttpLink *link)
{
    HttpExchange *x = link->exchange;
    if (x && (x->state == HTTP_CHECKING || x->state == HTTP_RUNNING)) {
        if (has_gone(link))
            exchange_left(x);
        return !link->is_broken && link->has_left && x->state == HTTP_RUNNING && probe(link);
    }
    if (link->is_broken) {
        http_link_close(link);
        return false;
    }
    return x && x->state >= HTTP_ANSWERED ? send_on(link) : read_on(link);
}

void http_link_go(HttpLink *link)
{
    int steps = 0;
    if (!link->is_closed && link->tls && !greet(link))
        return;
    while (!link->is_closed && steps < STEPS_MAX && take_step(link))
        steps++;
    if (steps == STEPS_MAX) /* to be told once more */
        reactor_rewatch(link->loop->reactor, &link->watch, EVENTS);
}

void http_link_go_soon(HttpLink *link) { reactor_defer(link->loop->reactor, &link->due); }
