/* http_private.h - what the files of the HTTP server share. Not for other folders. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/hash.h"
#include "base/pool.h"
#include "net/http_reader.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "net/multipart.h"
#include "net/reactor.h"
#include "net/tls_server.h"

typedef struct HttpExchange HttpExchange;
typedef struct HttpLoop HttpLoop;

/* One connection; lives on its loop's thread. It is told of events once (EPOLLET), so it remembers
 * what it may do. */
typedef struct HttpLink {
    HttpLoop *loop;
    int fd;
    TlsLink *tls; /* NULL: none */
    ReactorWatch watch;
    ReactorDeferred due;  /* go on with it */
    uint64_t address_key; /* 0 over the local socket, and of a trusted proxy */
    char peer[64];
    HttpReader reader;
    char *kept; /* read, but not looked at before the exchange that runs has ended; heap */
    size_t kept_at, kept_end;
    HttpExchange *exchange;    /* the running one */
    int64_t quiet_since_ms;    /* accepted, or the last exchange ended */
    int64_t moved_ms;          /* when bytes last went */
    bool can_read, can_write;  /* as far as is known */
    bool has_left;             /* the client sends no more, and may be gone */
    bool is_broken, is_closed; /* is_closed: its memory goes soon */
    bool had_request;
    bool is_redirected; /* it is told to come by https */
    bool lingers;       /* bytes that nobody reads are still coming: drain before closing */
    struct HttpLink *next, *previous;
} HttpLink;

/* One reactor and what the server keeps on it. */
struct HttpLoop {
    HttpServer *server;
    Reactor *reactor;
    ReactorTimer sweep;
    HttpLink *links;
    HttpStream *streams;
    HttpExchange *later; /* handlers that have returned without an answer */
    atomic_size_t link_count;
    struct Linger *lingers;
    size_t linger_count;
    bool is_stopped;
    char *buffer; /* what one read brings */
};

#define HTTP_BUFFER_SIZE KB(64)

typedef struct HttpCounters {
    atomic_ullong requests, refused, bytes_in, bytes_out;
    atomic_size_t connections, active, streams;
    atomic_size_t running; /* on the pool or answering later: may not be freed */
} HttpCounters;

typedef enum Listener { LISTENER_LOCAL, LISTENER_TCP, LISTENER_REDIRECT, LISTENER_COUNT } Listener;

struct HttpServer {
    HttpServerOptions options;
    const HttpDispatch *dispatch;
    void *app;
    Pool *pool, *watch_pool;
    HttpLoop loops[4];
    int loop_count;
    ReactorWatch listeners[LISTENER_COUNT]; /* fd -1: none */
    int port;
    char *local_path;
    atomic_bool is_leaving;    /* answers are the last of their connection */
    atomic_bool is_given_away; /* another process has its sockets */
    atomic_int beats_due;      /* loops that have not answered yet */
    HttpCounters counts;
    pthread_mutex_t lock; /* of addresses */
    struct AddressTable *addresses;
    int spare_fd; /* given up when there are no more descriptors */
};

typedef enum HttpState {
    HTTP_NEW,      /* its head is in */
    HTTP_CHECKING, /* on the pool */
    HTTP_READING,  /* the body */
    HTTP_RUNNING,  /* on the pool, or answering later */
    HTTP_ANSWERED, /* the answer may be sent */
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

/* The answer on its way. */
typedef struct HttpSending {
    char *head_text; /* heap; gone once it is sent */
    Str parts[2];    /* what is left of the head, and of a buffered body */
    uint64_t file_at, file_left;
    bool has_no_body; /* the answer to HEAD, or of a status that has none */
    bool is_chunked;  /* of a stream */
} HttpSending;

struct HttpExchange {
    HttpRequest request;
    HttpResponse response;
    HttpPlan plan;
    HttpServer *server;
    HttpLoop *loop;
    HttpLink *link; /* of the loop's thread, NULL once the exchange is done; the pool may look at it
                     * while it runs something, since the connection stays until then */
    HttpState state;             /* of the loop's thread */
    atomic_int holders;          /* the connection, and the pool while it runs something */
    bool is_inline, has_started; /* answer is on its way: the handler may go on */
    bool is_later;               /* the handler has returned without an answer */
    bool is_probed;              /* whether its client is still there */
    HttpExchange *next_later, *previous_later;
    void (*on_gone)(void *argument);
    void *gone_argument;
    HttpBody body;
    int64_t given_ms;   /* to the pool */
    int64_t looked_ms;  /* when the pool last saw whether the client is there */
    bool has_no_client; /* it is not */
    bool is_unchecked;  /* check runs with handle, after the body */
    bool is_last;       /* what follows on this connection cannot be told apart, or is not wanted */
    bool is_old;        /* of HTTP/1.0 */
    int refused_status; /* 0: as the error says */
    Error failure;      /* of a check, or why the body is thrown away */
    HttpSending sending;
    atomic_ullong bytes_out;
    bool was_cut;
};

typedef enum HttpSent {
    HTTP_SENT,  /* all of it */
    HTTP_MORE,  /* some of it, and there is more to be sent now */
    HTTP_WAITS, /* some of it: the client takes no more now, or there is no more yet */
    HTTP_BROKEN,
} HttpSent;

/* http_link.c: the bytes of connections. All on the loop's thread. */
MUST_CHECK bool http_link_open(HttpLink *link, Error *err);
/* Do whatever can be done now: read, run, send, end. */
void http_link_go(HttpLink *link);
/* The same when the callback that runs has returned. */
void http_link_go_soon(HttpLink *link);
/* End it, in the middle of whatever it does. */
void http_link_close(HttpLink *link);
/* Send what fits of `parts`, and move them on. `flags` as for sendmsg(). */
HttpSent http_link_send(HttpLink *link, Str *parts, size_t count, int flags);
/* What fits of the file that is sent, and moves it on; 0: the client takes nothing now. */
HttpSent http_link_send_file(HttpLink *link, int fd, uint64_t *at, uint64_t *left);
/* "100 Continue", unless the client takes nothing now. */
void http_link_say_continue(HttpLink *link);

/* http_exchange.c */
/* A head has come. */
void exchange_open(HttpLink *link, const HttpHead *head);
/* What came is no request: `status` 0 leaves it to err. */
void exchange_refuse_bytes(HttpLink *link, int status, const Error *err);
/* Part of its body has come. False: it has been refused. */
MUST_CHECK bool exchange_add(HttpExchange *exchange, Str bytes, Error *err);
/* Its body is whole. */
void exchange_run(HttpExchange *exchange);
void exchange_completed(HttpExchange *exchange, bool was_cut);
void exchange_release(HttpExchange *exchange);
/* The answer in exchange->response may be sent. From any thread. */
void exchange_answer(HttpExchange *exchange);

/* http_later.c */
/* The client does not wait for the answer any more. */
void exchange_left(HttpExchange *exchange);
/* On the loop: tell all that answer later that nobody waits any more. */
void exchanges_end(HttpLoop *loop);

/* http_request.c: exchange->request from the head, whose bytes may go. */
MUST_CHECK bool request_read(HttpExchange *exchange, const HttpHead *head, Error *err);

/* http_body.c */
MUST_CHECK bool body_begin(HttpExchange *exchange, Error *err);
MUST_CHECK bool body_add(HttpExchange *exchange, Str bytes, Error *err);
MUST_CHECK bool body_end(HttpExchange *exchange, Error *err);
void body_release(HttpExchange *exchange);
/* The length that the headers promise; -1: chunked; 0: none. */
int64_t body_promised(const HttpRequest *request);

/* http_response.c */
/* On the thread that answers: what is to be sent. */
void response_prepare(HttpExchange *exchange);
/* On the loop: send what fits. */
HttpSent response_send(HttpExchange *exchange);
void response_release(HttpExchange *exchange);

/* http_stream.c. On the loop: */
HttpSent stream_send(HttpExchange *exchange);
/* Whether the client speaks on, after the answer 101; and what it says. */
bool stream_is_two_way(const HttpStream *stream);
void stream_receive(HttpStream *stream, Str bytes);
/* Queue a heartbeat now, where one may stand and nothing else waits. */
void stream_beat(HttpStream *stream);
void stream_gone(HttpStream *stream, bool was_cut); /* the connection is done */
/* The server stops: streams that never end by themselves, or all. */
void streams_end(HttpLoop *loop, bool is_all);
