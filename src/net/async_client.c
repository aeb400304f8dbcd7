/* async_client.c - see async_client.h.
 *
 *     call: start -> [connect] -> send -> receive -> end
 *     connection: open -> in use <-> idle -> buried -> freed
 *
 * A connection may be buried while the loop still holds an event of it, so its memory is freed by a
 * call posted behind that batch of events. */
#include "net/async_client_int.h"

#include <assert.h>
#include <netinet/in.h>
#include <sys/epoll.h>

#include "base/clock.h"

#define READS_MAX 16 /* in a row of one connection, so that others are served too */
/* A connection that died while it was idle shows it within a round trip. One that breaks later
 * broke while the service was working on the request, which is not asked for twice. */
#define DEAD_MS 2000

static void on_ready(ReactorWatch *watch, uint32_t events);
static void on_timer(ReactorTimer *timer);

static Str head_of(const AsyncCall *call)
{
    return call->via_head ? str(call->via_head) : call->head;
}

static bool is_sent(const AsyncCall *call)
{
    return call->sent == head_of(call).length + call->body.length;
}

static bool has_unsent(const AsyncConnection *connection)
{
    return !connection->cannot_send && !is_sent(connection->call);
}

/* Watch for what the connection waits for now. While a call is paused its end would be told again
 * and again, so it is told once. */
static void want_next(AsyncConnection *connection)
{
    const AsyncCall *call = connection->call;
    const AsyncLink *link = &connection->link;
    bool reads = !call || !call->is_paused;
    bool writes = link->wants_write || (call && link->is_connected && has_unsent(connection));
    uint32_t events = (reads ? EPOLLIN | EPOLLRDHUP : 0U) | (writes ? EPOLLOUT : 0U);
    if (!events)
        events = EPOLLONESHOT;
    if (connection->events == events)
        return;
    connection->events = events;
    reactor_rewatch(connection->client->reactor, &connection->watch, events);
}

/* --- The end of a call --- */

static void leave_calls(AsyncCall *call)
{
    AsyncClient *client = call->client;
    if (!client)
        return;
    if (call->previous)
        call->previous->next = call->next;
    else
        client->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
    reactor_clear_timer(client->reactor, &call->timer);
    free(call->failure);
    call->failure = NULL;
    free(call->via_head);
    call->via_head = NULL;
    call->client = NULL;
}

static void end_call(AsyncCall *call, const Error *failure)
{
    if (call->connection)
        connection_bury(call->connection);
    call->connection = NULL;
    Error told = failure ? *failure : (Error){ 0 }; /* it may be the call's own, which goes now */
    leave_calls(call);
    call->on_end(call, failure ? &told : NULL);
}

/* The same from inside async_call_start(), which must not call back. */
static void end_later(AsyncCall *call, const Error *failure)
{
    call->failure = heap_alloc(sizeof *call->failure);
    *call->failure = *failure;
    reactor_set_timer(call->client->reactor, &call->timer, 0);
}

/* --- Time --- */

typedef struct Deadline {
    int64_t at_ms;
    const char *what;
} Deadline;

static int64_t or_else(int64_t value, int64_t otherwise) { return value ? value : otherwise; }

/* Every address gets its part of the time, so that a silent one does not hide a living one. */
static Deadline connect_deadline(const AsyncCall *call)
{
    int64_t all_ms = or_else(call->connect_ms, 10000);
    return (Deadline){ call->connecting_ms + all_ms * call->address / call->origin->address_count,
                       "it could not be reached" };
}

static Deadline deadline_of(const AsyncCall *call)
{
    const AsyncConnection *connection = call->connection;
    Deadline next = { INT64_MAX, NULL };
    if (!connection->link.is_connected)
        next = connect_deadline(call);
    else if (!call->has_answer && has_unsent(connection))
        next = (Deadline){ call->moved_ms + or_else(call->idle_ms, 60000),
                           "it did not take the request" };
    else if (!call->has_answer)
        next = (Deadline){ call->moved_ms + or_else(call->first_byte_ms, 120000),
                           "it did not begin to answer" };
    else if (!call->is_paused)
        next = (Deadline){ call->moved_ms + or_else(call->idle_ms, 60000),
                           "it stopped in the middle of the answer" };
    if (call->total_ms && call->started_ms + call->total_ms < next.at_ms)
        next = (Deadline){ call->started_ms + call->total_ms, "the answer was not whole" };
    return next;
}

/* One timer a call. It is moved when it fires, so that bytes that come cost nothing, and when
 * something begins that ends sooner. */
static void hasten(AsyncCall *call)
{
    int64_t at_ms = deadline_of(call).at_ms;
    if (at_ms < INT64_MAX && (!call->timer.slot || at_ms < call->timer.at_ms))
        reactor_set_timer(call->client->reactor, &call->timer, at_ms);
}

/* --- Connecting --- */

static bool tell_head(void *self, const HttpHead *head, Error *err)
{
    AsyncConnection *connection = self;
    return connection->call->on_head(connection->call, head, err);
}

/* A call may be cancelled between two pieces of what was read. */
static bool tell_body(void *self, Str bytes, Error *err)
{
    AsyncConnection *connection = self;
    if (!connection->call)
        return fail(err, ERROR_CANCELLED, "the call was cancelled");
    return connection->call->on_body(connection->call, bytes, err);
}

static void use(AsyncConnection *connection, AsyncCall *call)
{
    connection->call = call;
    call->connection = connection;
    call->sent = 0;
    connection->reader = (HttpReader){ .head = tell_head,
                                       .body = tell_body,
                                       .self = connection,
                                       .has_no_body = call->is_head_request };
    http_reader_begin(&connection->reader);
}

static socklen_t address_size(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                          : sizeof(struct sockaddr_in);
}

/* Connect to one address. */
static bool connect_to(AsyncCall *call, const struct sockaddr_storage *address, Error *err)
{
    AsyncClient *client = call->client;
    const AsyncOrigin *origin = call->origin;
    AsyncConnection *connection = heap_alloc(sizeof *connection);
    connection->client = client;
    connection->origin = origin->id;
    connection->events = EPOLLOUT;
    if (link_open(&connection->link, (const struct sockaddr *)address, address_size(address),
                  origin->is_tls ? client->tls : NULL, origin->host, origin->tunnel, err)) {
        connection->watch = (ReactorWatch){ connection->link.fd, on_ready, connection };
        if (reactor_watch(client->reactor, &connection->watch, EPOLLOUT, err)) {
            use(connection, call);
            return true;
        }
        link_close(&connection->link);
    }
    free(connection);
    return false;
}

/* Connect to the call's next address; false: there is none left, err has the last one's reason. */
static bool connect_call(AsyncCall *call, Error *err)
{
    const AsyncOrigin *origin = call->origin;
    if (!call->address)
        call->connecting_ms = monotonic_ms();
    while (call->address < origin->address_count)
        if (connect_to(call, &origin->addresses[call->address++], err))
            return true;
    return false;
}

/* Whether the connection died while it was idle, so that the request may be sent once more. */
static bool was_dead(const AsyncConnection *connection)
{
    const AsyncCall *call = connection->call;
    return connection->was_used && !call->has_answer && !call->is_second_try &&
           monotonic_ms() - call->started_ms < DEAD_MS;
}

/* What went wrong on the call's connection: another connection, another address, or the end. */
static void fail_connection(AsyncConnection *connection, Error *err)
{
    AsyncCall *call = connection->call;
    bool tries_again = was_dead(connection);
    bool was_connecting = !connection->link.is_connected;
    connection_bury(connection);
    call->connection = NULL;
    if (tries_again) {
        call->is_second_try = true;
        call->address = 0;
    }
    if ((tries_again || was_connecting) && connect_call(call, err))
        hasten(call);
    else
        end_call(call, err);
}

/* --- Sending --- */

/* What has not been sent yet. */
static size_t unsent_parts(const AsyncCall *call, struct iovec parts[2])
{
    Str whole = head_of(call);
    Str head = str_from(whole, MIN(call->sent, whole.length));
    Str body = str_from(call->body, MAX(call->sent, whole.length) - whole.length);
    parts[0] = (struct iovec){ (void *)(uintptr_t)head.at, head.length };
    parts[1] = (struct iovec){ (void *)(uintptr_t)body.at, body.length };
    return body.length ? 2 : 1;
}

/* False: the connection was dead, err says how. */
static bool send_rest(AsyncConnection *connection, Error *err)
{
    AsyncCall *call = connection->call;
    while (has_unsent(connection)) {
        struct iovec parts[2];
        size_t part_count = unsent_parts(call, parts), count = 0;
        LinkResult result = link_write(&connection->link, parts, (int)part_count, &count, err);
        if (result == LINK_LATER)
            return true;
        if (result != LINK_DONE) {
            if (was_dead(connection))
                return false;
            /* A service that refuses early closes while we send: what it said comes first. */
            connection->cannot_send = true;
            return true;
        }
        call->sent += count;
        call->moved_ms = monotonic_ms();
    }
    return true;
}

/* --- Receiving --- */

static bool is_whole(const AsyncConnection *connection, size_t left_over)
{
    const AsyncCall *call = connection->call;
    return http_reader_keeps_alive(&connection->reader) && !left_over && !connection->cannot_send &&
           is_sent(call);
}

static void finish(AsyncConnection *connection, size_t left_over)
{
    AsyncCall *call = connection->call;
    bool may_keep = is_whole(connection, left_over);
    http_reader_end(&connection->reader);
    if (may_keep) {
        call->connection = NULL;
        connection_keep(connection);
        if (!connection->is_buried)
            want_next(connection);
    }
    end_call(call, NULL);
}

/* Hand on what was read. False: nothing more of this connection. */
static bool take(AsyncConnection *connection, Str bytes)
{
    AsyncCall *call = connection->call;
    Error err = { 0 };
    size_t used = 0;
    bool is_first = !call->has_answer;
    call->has_answer = true;
    call->moved_ms = monotonic_ms();
    bool good = http_reader_feed(&connection->reader, bytes, &used, &err);
    if (connection->is_buried)
        return false; /* cancelled from a callback */
    if (!good) {
        end_call(call, &err);
        return false;
    }
    if (http_reader_is_done(&connection->reader)) {
        finish(connection, bytes.length - used);
        return false;
    }
    if (is_first)
        hasten(call);
    return true;
}

static void take_end(AsyncConnection *connection, LinkResult result, Error *err)
{
    AsyncCall *call = connection->call;
    Error why = { 0 };
    if (was_dead(connection)) {
        if (result == LINK_CLOSED)
            fail(err, ERROR_UPSTREAM, "it closed the connection");
        fail_connection(connection, err);
    } else if (result == LINK_CLOSED && http_reader_closed(&connection->reader, &why)) {
        finish(connection, 0);
    } else {
        end_call(call, result == LINK_CLOSED ? &why : err);
    }
}

static void receive(AsyncConnection *connection)
{
    AsyncClient *client = connection->client;
    Error err = { 0 };
    connection->link.wants_write = false;
    for (int i = 0; i < READS_MAX && connection->call && !connection->call->is_paused; i++) {
        size_t count = 0;
        LinkResult result = link_read(&connection->link, client->buffer, READ_SIZE, &count, &err);
        if (result == LINK_LATER)
            break;
        if (result != LINK_DONE) {
            take_end(connection, result, &err);
            return;
        }
        if (!take(connection, (Str){ client->buffer, count }))
            return;
        if (count < READ_SIZE && !connection->link.tls)
            break; /* the socket is empty; epoll tells when it is not */
    }
    want_next(connection);
}

/* True: it is connected now. */
static bool go_on_connecting(AsyncConnection *connection)
{
    Error err = { 0 };
    LinkResult result = link_connect(&connection->link, &err);
    if (result == LINK_DONE) {
        connection->call->moved_ms = monotonic_ms();
        return true;
    }
    if (result == LINK_LATER)
        want_next(connection);
    else
        fail_connection(connection, &err);
    return false;
}

static void on_ready(ReactorWatch *watch, uint32_t events)
{
    AsyncConnection *connection = watch->owner;
    Error err = { 0 };
    if (connection->is_buried)
        return;
    if (!connection->call) { /* the service closes it, or speaks unasked */
        connection_leave_idle(connection);
        connection_bury(connection);
        return;
    }
    if (!connection->link.is_connected && !go_on_connecting(connection))
        return;
    bool sends = has_unsent(connection);
    if (!send_rest(connection, &err)) {
        fail_connection(connection, &err);
        return;
    }
    if (sends)
        hasten(connection->call);
    if (connection->link.wants_write || events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        receive(connection);
    else
        want_next(connection);
}

/* --- The timer --- */

static bool is_over(const AsyncCall *call)
{
    return call->total_ms && monotonic_ms() - call->started_ms >= call->total_ms;
}

static void on_timer(ReactorTimer *timer)
{
    AsyncCall *call = timer->owner;
    if (call->failure) {
        end_call(call, call->failure);
        return;
    }
    Deadline next = deadline_of(call);
    if (next.at_ms > monotonic_ms()) {
        hasten(call);
        return;
    }
    Error err;
    fail(&err, ERROR_TIMEOUT, "%s within the time limit", next.what);
    if (call->connection->link.is_connected || is_over(call))
        end_call(call, &err);
    else
        fail_connection(call->connection, &err);
}

/* --- For callers --- */

AsyncClient *async_client_new(Reactor *reactor, TlsContext *tls)
{
    AsyncClient *client = heap_alloc(sizeof *client);
    client->reactor = reactor;
    client->tls = tls;
    client->sweep = (ReactorTimer){ .fire = connections_sweep, .owner = client };
    return client;
}

void async_client_free(AsyncClient *client)
{
    Error err;
    if (!client)
        return;
    client->is_closing = true;
    fail(&err, ERROR_CANCELLED, "the server stops");
    while (client->calls)
        end_call(client->calls, &err);
    while (client->idle) {
        AsyncConnection *connection = client->idle;
        connection_leave_idle(connection);
        connection_bury(connection);
    }
    reactor_clear_timer(client->reactor, &client->sweep);
    free(client);
}

static void enter_calls(AsyncClient *client, AsyncCall *call)
{
    call->client = client;
    call->previous = NULL;
    call->next = client->calls;
    if (client->calls)
        client->calls->previous = call;
    client->calls = call;
}

/* The head for a proxy: the whole address in its first line (RFC 9112, section 3.2.2), and what the
 * proxy wants to be told. */
static char *make_via_head(const AsyncCall *call)
{
    AUTO_ARENA Arena *arena = arena_new(KB(512));
    ptrdiff_t space = str_find_char(call->head, ' '), line = str_find_char(call->head, '\n');
    size_t path = (size_t)(space + 1), rest = (size_t)(line + 1);
    assert(space > 0 && line > space);
    Str first = str_slice(call->head, 0, path);
    return heap_text(str_format(arena, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(first),
                                call->origin->via, STR_ARG(str_slice(call->head, path, rest)),
                                call->origin->via_header, STR_ARG(str_from(call->head, rest)))
                         .at);
}

void async_call_start(AsyncClient *client, AsyncCall *call)
{
    Error err;
    assert(!client->is_closing);
    enter_calls(client, call);
    call->connection = NULL;
    call->started_ms = call->moved_ms = monotonic_ms();
    call->address = 0;
    call->has_answer = call->is_paused = call->is_second_try = false;
    call->failure = NULL;
    call->via_head = call->origin->via ? make_via_head(call) : NULL;
    call->timer = (ReactorTimer){ .fire = on_timer, .owner = call };

    AsyncConnection *connection = connection_take_idle(client, call->origin->id);
    if (connection) {
        use(connection, call);
        if (!send_rest(connection, &err)) {
            call->is_second_try = true;
            connection_bury(connection);
            call->connection = NULL;
        }
    }
    fail(&err, ERROR_UPSTREAM, "it has no address");
    if (!call->connection && !connect_call(call, &err)) {
        end_later(call, &err);
        return;
    }
    want_next(call->connection);
    hasten(call);
}

void async_call_cancel(AsyncCall *call)
{
    if (!call->client)
        return;
    if (call->connection)
        connection_bury(call->connection);
    call->connection = NULL;
    leave_calls(call);
}

void async_call_pause(AsyncCall *call)
{
    if (!call->client || call->is_paused)
        return;
    call->is_paused = true;
    if (call->connection)
        want_next(call->connection);
}

void async_call_resume(AsyncCall *call)
{
    if (!call->client || !call->is_paused)
        return;
    call->is_paused = false;
    call->moved_ms = monotonic_ms();
    if (!call->connection)
        return;
    /* Nothing was left in the memory of TLS: each of our reads has room for a whole record. */
    want_next(call->connection);
    hasten(call);
}
