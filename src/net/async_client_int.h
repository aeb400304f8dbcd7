/* async_client_int.h - a client and its connections, for the files of async_client only. All of it
 * is the reactor's thread's. */
#pragma once

#include "net/async_client.h"

#define READ_SIZE KB(64)

typedef struct AsyncConnection {
    AsyncClient *client;
    AsyncLink link;
    ReactorWatch watch;
    uint32_t events; /* asked for */
    uint64_t origin;
    AsyncCall *call; /* NULL: idle or buried */
    HttpReader reader;
    int64_t idle_since_ms;
    bool was_used, is_buried;
    bool cannot_send;                        /* the service reads no more, but may have answered */
    struct AsyncConnection *next, *previous; /* among the idle ones */
} AsyncConnection;

struct AsyncClient {
    Reactor *reactor;
    TlsContext *tls;
    AsyncCall *calls;
    AsyncConnection *idle; /* the one used last first */
    size_t idle_count;
    ReactorTimer sweep;
    bool is_closing;
    char buffer[READ_SIZE]; /* what one read brings; handed on before the next */
};

/* --- async_idle.c --- */

/* Closes it; its memory goes behind the batch of events that may name it. */
void connection_bury(AsyncConnection *connection);
/* Its answer has been read whole: it may carry the next call to the same origin. */
void connection_keep(AsyncConnection *connection);
void connection_leave_idle(AsyncConnection *connection);
/* NULL: none waits. One that has something to read has been closed, or holds an answer to nothing
 * that was asked and must not become the answer to what is asked next. */
AsyncConnection *connection_take_idle(AsyncClient *client, uint64_t origin);
/* Of the client's timer: closes those that have waited too long. */
void connections_sweep(ReactorTimer *timer);
