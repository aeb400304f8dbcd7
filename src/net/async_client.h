/* async_client.h - HTTP/1.1 requests to other services that never block: for calls that begin, wait
 * and end on one reactor, by the thousand.
 *
 * A call goes to an origin whose addresses its maker has resolved and checked (url_safety.h), so a
 * second answer of a name server leads nowhere else; redirects are handed over like any answer and
 * never followed. Connections are kept and used again. One that turns out dead when it is used
 * again, at once and before anything was received, is replaced once: servers close idle connections
 * at any moment.
 *
 * Answers are handed on as they come, without a copy. Who cannot take more pauses the call; nothing
 * is read meanwhile, so the service is slowed down as well.
 *
 * An answer that begins before the request was sent whole is received while the rest is sent; its
 * end ends the call.
 *
 * Threads: a client belongs to its reactor's thread, and everything here is called there. */
#pragma once

#include "net/async_link.h"
#include "net/http_reader.h"
#include "net/reactor.h"

#define ASYNC_ADDRESSES_MAX 4

/* Who is called. Must outlive its calls; connections are kept by `id`. */
typedef struct AsyncOrigin {
    uint64_t id;      /* of scheme, host, port and addresses together */
    const char *host; /* in the certificate */
    bool is_tls;
    /* Through a proxy, whose addresses these are then; NULL: straight there. */
    const char *tunnel;     /* with TLS: the request CONNECT */
    const char *via;        /* without: what stands before the path ("http://host:80"), */
    const char *via_header; /* and a header for the proxy with its line end, or "" */
    struct sockaddr_storage addresses[ASYNC_ADDRESSES_MAX]; /* tried in order */
    int address_count;
} AsyncOrigin;

typedef struct AsyncClient AsyncClient;
/* `tls` may be NULL when every origin is plain; it must outlive the client. */
AsyncClient *async_client_new(Reactor *reactor, TlsContext *tls);
/* Calls that still run end with ERROR_CANCELLED and must not be started again. Not from a callback
 * of a call. NULL is fine. */
void async_client_free(AsyncClient *client);

typedef struct AsyncCall AsyncCall;
struct AsyncCall {
    /* Set by the maker; all of it must live until the call has ended. */
    const AsyncOrigin *origin;
    Str head; /* request line and headers with the empty line, Content-Length among them */
    Str body;
    bool is_head_request;

    int64_t connect_ms; /* to all addresses together; 0: 10 s */
    int64_t
        first_byte_ms; /* from the end of the request to the first byte of the answer; 0: 120 s */
    int64_t idle_ms;   /* between bytes, sent or received; 0: 60 s */
    int64_t total_ms;  /* 0: no limit */

    /* On false the call is over and on_end hears of it. */
    bool (*on_head)(AsyncCall *call, const HttpHead *head, Error *err);
    bool (*on_body)(AsyncCall *call, Str bytes, Error *err);
    /* Always called, once, last, unless the call was cancelled; `failure` NULL: the answer is
     * whole. The call may be freed or started again in it. */
    void (*on_end)(AsyncCall *call, const Error *failure);
    void *owner;

    /* Told to the maker. */
    bool has_answer; /* some of the answer has come */

    /* The client's own. */
    AsyncClient *client;
    struct AsyncConnection *connection;
    AsyncCall *next, *previous;
    ReactorTimer timer;
    int64_t started_ms;
    int64_t connecting_ms; /* when the first address was tried */
    int64_t moved_ms;      /* when bytes last went or came */
    size_t sent;
    int address; /* the next one to try */
    bool is_paused, is_second_try;
    char *via_head; /* the head as a proxy wants it; heap */
    Error *failure; /* that waits to be told; heap */
};

/* Start; callbacks come later, never from inside. */
void async_call_start(AsyncClient *client, AsyncCall *call);
/* No callback comes any more; its connection is closed. Fine for a call that has ended. */
void async_call_cancel(AsyncCall *call);
/* Read no more until resumed. What was read already (64 KiB at most), is still handed on, and may
 * hold the end. Waiting does not count as idling. */
void async_call_pause(AsyncCall *call);
void async_call_resume(AsyncCall *call);
