/* async_idle.c - connections of the client that wait for another call to the same service. */
#include "base/clock.h"
#include "net/async_client_int.h"

#define IDLE_MAX 256 /* connections kept */
#define IDLE_MS 50000

static void free_connection(void *connection) { free(connection); }

void connection_bury(AsyncConnection *connection)
{
    Reactor *reactor = connection->client->reactor;
    if (connection->link.fd >= 0)
        reactor_unwatch(reactor, &connection->watch);
    link_close(&connection->link);
    http_reader_end(&connection->reader);
    connection->call = NULL;
    connection->is_buried = true;
    reactor_post(reactor, free_connection, connection);
}

void connection_leave_idle(AsyncConnection *connection)
{
    AsyncClient *client = connection->client;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        client->idle = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    connection->next = connection->previous = NULL;
    client->idle_count--;
}

AsyncConnection *connection_take_idle(AsyncClient *client, uint64_t origin)
{
    for (AsyncConnection *c = client->idle, *next; c; c = next) {
        next = c->next;
        if (c->origin != origin)
            continue;
        connection_leave_idle(c);
        if (link_is_quiet(&c->link))
            return c;
        connection_bury(c);
    }
    return NULL;
}

void connections_sweep(ReactorTimer *timer)
{
    AsyncClient *client = timer->owner;
    int64_t now = monotonic_ms();
    for (AsyncConnection *c = client->idle, *next; c; c = next) {
        next = c->next;
        if (now - c->idle_since_ms >= IDLE_MS) {
            connection_leave_idle(c);
            connection_bury(c);
        }
    }
    if (client->idle)
        reactor_set_timer(client->reactor, timer, now + IDLE_MS / 4);
}

void connection_keep(AsyncConnection *connection)
{
    AsyncClient *client = connection->client;
    if (client->idle_count >= IDLE_MAX) {
        connection_bury(connection);
        return;
    }
    connection->call = NULL;
    connection->was_used = true;
    connection->idle_since_ms = monotonic_ms();
    connection->next = client->idle;
    if (client->idle)
        client->idle->previous = connection;
    client->idle = connection;
    client->idle_count++;
    if (!client->sweep.slot)
        reactor_set_timer(client->reactor, &client->sweep, connection->idle_since_ms + IDLE_MS);
}
