/* http_private.h - what the files of the HTTP server share. Not for other folders. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/hash.h"
#include "base/pool.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "net/libmicrohttpd.h"
#include "net/multipart.h"
#include "net/reactor.h"

typedef struct HttpExchange HttpExchange;
typedef struct HttpLoop HttpLoop;

/* One connection; lives on its loop's thread. */
typedef struct HttpLink {
    HttpLoop *loop;
    int fd;
    uint64_t address_key; /* 0 over the local socket */
    char peer[64];
    HttpExchange *exchange; /* the running one */
    int64_t quiet_since_ms; /* accepted, or the last exchange ended */
    bool had_request;
    bool lingers; /* bytes that nobody reads are still coming: drain before closing */
    struct HttpLink *next, *previous;
} HttpLink;

/* One reactor and what the server keeps on it. */
struct HttpLoop {
    HttpServer *server;
    Reactor *reactor;
    struct MHD_Daemon *daemon;
    ReactorWatch watch; /* the daemon's epoll descriptor */
    ReactorTask task;
    ReactorTimer sweep;
    HttpLink *links;
    HttpLink *adding; /* handed to the daemon just now */
    HttpStream *streams;
    HttpStream *waking; /* streams with something to send, resumed together */
    ReactorTimer wake_timer;
    HttpExchange *later; /* handlers that have returned without an answer */
    atomic_size_t link_count;
    struct Linger *lingers;
    size_t linger_count;
    bool needs_run;
};

typedef struct HttpCounters {
    atomic_ullong requests, refused, bytes_in, bytes_out;
    atomic_size_t connections, active, streams;
    atomic_size_t running; /* on the pool or suspended: may not be freed */
} HttpCounters;

struct HttpServer {
    HttpServerOptions options;
    const HttpDispatch *dispatch;
    void *app;
    Pool *pool;
    HttpLoop loops[4];
    int loop_count;
    ReactorWatch listeners[2]; /* fd -1: none */
    int port;
    char *local_path;
    atomic_bool is_stopping;
    HttpCounters counts;
    pthread_mutex_t lock; /* of addresses */
    struct AddressTable *addresses;
    int spare_fd; /* given up when there are no more descriptors */
};

typedef enum HttpState {
    HTTP_NEW,      /* the request line is in */
    HTTP_CHECKING, /* on the pool, suspended */
    HTTP_CHECKED,
    HTTP_READING,  /* the body */
    HTTP_RUNNING,  /* on the pool, suspended */
    HTTP_ANSWERED, /* the response may be sent */
    HTTP_SENDING,
} HttpState;

/* The body being read. */
typedef struct HttpBody {
    Buf buffer;
    MultipartReader *multipart;
    VEC(HttpPart) parts;
    HttpPart *part; /* open now */
    Buf text;
    int fd; /* of the open file */
    Sha256 sha;
    uint64_t size, unchecked; /* bytes so far; bytes since the disk was looked at */
} HttpBody;

struct HttpExchange {
    HttpRequest request;
    HttpResponse response;
    HttpPlan plan;
    HttpServer *server;
    HttpLoop *loop;
    HttpLink *link; /* of the loop's thread, NULL once the connection is done; the pool may look at
                     * it while the connection is suspended */
    struct MHD_Connection *connection;
    _Atomic HttpState state;
    atomic_int holders;          /* the connection, and the pool while it runs something */
    bool is_inline, has_started; /* answer is on its way: the handler may go on */
    bool is_later;               /* the handler has returned without an answer */
    HttpExchange *next_later, *previous_later;
    void (*on_gone)(void *argument);
    void *gone_argument;
    ReactorTimer gone_timer; /* from then on the client's leaving is watched for */
    ReactorWatch gone_watch; /* fd 0: not yet */
    HttpBody body;
    int64_t given_ms;  /* to the pool */
    bool is_unchecked; /* check runs with handle, after the body */
    bool is_last;      /* what follows on this connection cannot be told apart */
    Error failure;     /* of check */
    atomic_ullong bytes_out;
    bool was_cut;
};

/* Let a suspended connection go on. From any thread. Our libmicrohttpd has no wake-up of its own
 * when it is run from outside. */
void loop_resume(HttpLoop *loop, struct MHD_Connection *connection);

/* http_exchange.c: what libmicrohttpd calls. */
void *exchange_open(HttpLoop *loop, struct MHD_Connection *connection, const char *target);
MHD_AccessHandlerCallback exchange_callback(void);
void exchange_completed(HttpExchange *exchange, bool was_cut);
void exchange_release(HttpExchange *exchange);
/* On the loop: tell all that answer later that nobody waits any more. */
void exchanges_end(HttpLoop *loop);
/* The answer in exchange->response may be sent. From any thread. */
void exchange_answer(HttpExchange *exchange);

/* http_body.c */
MUST_CHECK bool body_begin(HttpExchange *exchange, Error *err);
MUST_CHECK bool body_add(HttpExchange *exchange, Str bytes, Error *err);
MUST_CHECK bool body_end(HttpExchange *exchange, Error *err);
void body_release(HttpExchange *exchange);
/* The length that the headers promise; -1: chunked; 0: none. */
int64_t body_promised(const HttpRequest *request);

/* http_response.c */
struct MHD_Response *response_make(HttpExchange *exchange);
/* Status line, headers and body of a buffered response as bytes, for a connection that
 * libmicrohttpd will not answer on any more. */
Str response_bytes(HttpExchange *exchange);

/* http_stream.c */
struct MHD_Response *stream_response(HttpExchange *exchange);
void stream_gone(HttpStream *stream, bool was_cut); /* on the loop: the connection is done */
void streams_wake(HttpLoop *loop);                  /* on the loop: those that are waking, now */
void streams_end(HttpLoop *loop);                   /* on the loop: the server stops */
