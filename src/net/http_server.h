/* http_server.h - the HTTP/1.1 server: reactors, connections, limits.
 *
 * The first reactor (there is one a core, at most four) accepts and gives each connection to the
 * reactor with the fewest, where it stays. Handlers run on a pool. See http.h.
 *
 * Limits: connections in all and of one address, header bytes, idle and slow clients, and the
 * plan's limits of each body. A body over its limit is refused before or while it is read; the
 * rest is drained for a short time so that the client reads the answer. */
#pragma once

#include "net/http.h"

typedef struct HttpServer HttpServer;

/* What a server listens with; -1: none. */
typedef struct HttpSockets {
    int tcp, local, redirect;
} HttpSockets;

typedef struct HttpServerOptions {
    const char *listen;          /* "127.0.0.1:8000", "[::]:8000", "localhost:0"; NULL: none */
    const char *local_path;      /* a local socket for commands of the same machine; NULL: none */
    struct TlsFiles *tls;        /* spoken on `listen` (tls_server.h), borrowed; NULL: plain HTTP */
    const char *listen_redirect; /* where everybody is sent on to https; NULL: nowhere */
    const char *redirect_to;     /* "https://library.example.org"; NULL: to the host they named */
    /* Sockets that listen there already, made by another process; taken. NULL: none. */
    const HttpSockets *given;
    /* Whose word on who the client is counts (forwarded.h), and whose connections are not counted;
     * borrowed. NULL: nobody's. */
    const struct TrustedProxies *trusted;
    bool is_held;                      /* nothing is accepted before http_server_accept() */
    int reactor_count;                 /* 0: one a core, at most 4 */
    int thread_count;                  /* of the pool; 0: 16. A quarter runs the patient */
    size_t queue_max;                  /* requests that may wait for a thread; 0: 1,024; then 503 */
    int64_t wait_ms;                   /* for a thread; 0: 10,000; then 503 */
    size_t connection_max;             /* 0: 12,000, or half as many as files may be open */
    size_t connection_max_per_address; /* 0: 512 */
    size_t header_max;                 /* bytes of request line and headers; 0: 16 KiB */
    int idle_s;                        /* a quiet connection is closed; 0: 60 */
    int head_s;                        /* the head must be in by then; 0: 20 */
    uint64_t disk_reserve;             /* free bytes an upload must leave on the disk; 0: 256 MiB */
} HttpServerOptions;

/* Start listening and serving. `dispatch` and `app` must outlive the server. Fails with one clear
 * sentence when the address is in use or not ours. */
MUST_CHECK bool http_server_start(const HttpServerOptions *options, const HttpDispatch *dispatch,
                                  void *app, HttpServer **server_r, Error *err);
/* The port that was chosen (useful with port 0). */
int http_server_port(const HttpServer *server);
/* Begin to accept, where is_held; once. */
void http_server_accept(HttpServer *server);
/* Whether a server could listen on "127.0.0.1:8000" now; fails as its start would. */
MUST_CHECK bool http_server_may_listen(Str address, Error *err);
/* What it listens with, still the server's. */
HttpSockets http_server_sockets(const HttpServer *server);
/* It will stop: answers say that they are the last of their connection, and streams that never end
 * by themselves end now. Connections are still accepted. */
void http_server_leave(HttpServer *server);
/* And no other process has its place. */
bool http_server_is_leaving(const HttpServer *server);
/* Another process has the same sockets: it alone accepts from now on, when this returns. Whoever is
 * connected is still served until http_server_stop(). */
void http_server_hand_over(HttpServer *server);
/* Stop accepting, and wait at most so long until running requests and streams have come to their
 * end; after http_server_hand_over() until nobody is connected any more. NULL is fine. */
void http_server_drain(HttpServer *server, int64_t for_ms);
/* Stop accepting. Streams end with what they say last, who waits for an answer of others
 * (http_respond_later) is told to give up, and they have at most grace_ms for it; then free. False
 * when some were still running: then their memory stays and the process should exit. NULL is fine.
 */
bool http_server_stop(HttpServer *server, int64_t grace_ms);

/* Whether every loop has gone round since the last call, and asks them to do so again: for a
 * watchdog, which calls it now and then. The first call is true. Not after http_server_stop(). */
bool http_server_beats(HttpServer *server);

typedef struct HttpServerCounts {
    uint64_t requests, refused, bytes_in, bytes_out; /* since the start */
    uint64_t connections, active, streams, waiting;  /* now */
} HttpServerCounts;
HttpServerCounts http_server_counts(HttpServer *server);
