/* http.h - one HTTP exchange as handlers see it: the request, its plan, the response.
 *
 *     headers in -> begin (reactor thread: choose limits or refuse)
 *                -> check (pool, only when the plan asks: may look into the database)
 *                -> the body is read within the plan's limits; files go to disk as they arrive
 *                   (no body, or a small one that is kept in memory, is read before the check)
 *                -> handle (pool; or the reactor thread for plans marked fast)
 *                -> the response is sent -> finish (access log)
 *
 * Everything of a request lives in request->arena, which is freed after the response is sent and
 * the handler has returned. Threads: a request belongs to one thread at a time. */
#pragma once

#include "base/trace.h"

typedef struct HttpPair {
    Str name, value;
} HttpPair;

typedef struct HttpPairs {
    const HttpPair *at;
    size_t count;
} HttpPairs;

/* One part of a multipart/form-data body: a text field, or a file that is on disk already. */
typedef struct HttpPart {
    Str field;       /* the form field's name */
    Str file_name;   /* last part of the path, valid UTF-8, no control characters; "" for a text */
    Str file_path;   /* as the client sent it, valid UTF-8 of at most 4 KiB: may hold folders and
                      * tricks ("../"), so it is cleaned before it is used */
    Str media_type;  /* as declared; "" when it was not */
    Str text;        /* of a text field */
    char *temp_path; /* of a file; NULL for a text. Removed after the request unless renamed */
    uint64_t size;
    char sha256[65]; /* lower-case hex of a file's bytes */
} HttpPart;

typedef struct HttpRequest {
    Arena *arena;
    Str id;          /* ours, like no other */
    Str shown_id;    /* for logs, and sent back as X-Request-Id: the client's when it sent one of at
                      * most 64 letters, digits and -_.:, else `id` */
    Str method;      /* "GET"; HEAD is sent without a body by itself */
    Str path;        /* as sent, still percent-encoded: decode pieces with url_decode() */
    Str target;      /* path and query as sent */
    HttpPairs query; /* decoded, valid UTF-8 */
    HttpPairs headers; /* names as sent */
    Str peer;          /* address without port, behind trusted proxies that of their client
                        * (forwarded.h); "local" over the local socket */
    Str host;          /* as the client wrote it, also behind them */
    bool is_https;     /* between the client and us, or the first of them */
    Str body;          /* HTTP_BODY_BUFFER */
    HttpPart *parts;   /* HTTP_BODY_PARTS in order; HTTP_BODY_FILE has exactly one */
    size_t part_count;
    int64_t started_us; /* monotonic_us() when the request line was read */
    TraceContext trace; /* what it belongs to; the dispatcher's begin() sets it */
    void *route;        /* for the dispatcher's own use between its functions */
} HttpRequest;

/* The value of the first header (any case), query parameter or cookie; "" when it is not there. */
Str http_header_in(const HttpRequest *request, const char *name);
Str http_query(const HttpRequest *request, const char *name);
bool http_has_query(const HttpRequest *request, const char *name);
Str http_cookie(const HttpRequest *request, const char *name);
/* The first part of this field; NULL when there is none. */
const HttpPart *http_part(const HttpRequest *request, const char *field);

typedef enum HttpBodyKind {
    HTTP_BODY_NONE,   /* any but white space and an empty JSON object is refused with 413 */
    HTTP_BODY_BUFFER, /* kept in memory */
    HTTP_BODY_FILE,   /* the whole body is one file on disk */
    HTTP_BODY_PARTS,  /* multipart/form-data, files on disk */
} HttpBodyKind;

/* How one request is to be read and run; decided from its headers alone. */
typedef struct HttpPlan {
    HttpBodyKind body;
    bool is_fast;              /* handle runs on the reactor thread: it must not block */
    bool is_checked;           /* check runs on the pool before handle */
    bool is_patient;           /* handle lets others pass and few such run at once, unless the
                                * body is large: many come in one moment, each is soon done */
    bool is_watch;             /* about the server itself, and soon done: threads of their own run
                                * it, so it is answered while all others are held */
    uint64_t body_max;         /* bytes of the whole body */
    uint64_t file_max;         /* of one file */
    size_t field_max;          /* of one text field; 0: 64 KiB */
    size_t part_max;           /* parts of a multipart body; 0: 100 */
    const char *const *fields; /* allowed field names, NULL ends the list; NULL: any */
    const char *folder;        /* where files go; on the file system of the originals. It and
                                * `fields` must live as long as the request */
    size_t answer_max;         /* bytes of a buffered response; 0: 64 MiB */
} HttpPlan;

typedef struct HttpStream HttpStream;

typedef struct HttpFile {
    int fd; /* taken: closed when it is sent */
    uint64_t size;
    uint64_t from; /* the descriptor's first byte is that of the file; see http_asks_part() */
    Str media_type;
    Str etag;      /* without quotes; "" for none */
    Str name;      /* for Content-Disposition; "" for none */
    bool is_shown; /* inline rather than attachment */
} HttpFile;

typedef struct HttpResponse {
    int status; /* 200 at first */
    Buf body;
    Str media_type; /* "application/json" at first */
    VEC(HttpPair) headers;
    bool has_file;
    HttpFile file;
    HttpStream *stream;
    struct HttpExchange *exchange; /* the server's own */
} HttpResponse;

/* For the handler of a plan marked fast: it returns without an answer, which comes later from the
 * same reactor, and the request stays until http_let_go(). `on_gone` (may be NULL) is called once
 * when the client leaves before the answer has begun, or the server stops and will wait no more;
 * what was asked is still answered and let go. */
void http_respond_later(HttpResponse *response, void (*on_gone)(void *argument), void *argument);
/* The answer is complete (or is a stream that has begun: then this is not called). */
void http_respond_now(HttpResponse *response);
/* Nothing of the request is used any more; once, after the answer or the start of its stream. */
void http_let_go(HttpResponse *response);
/* Whether nobody waits for the answer any more: what is being made for it may stop. On the thread
 * that handles the request, as often as one likes: the system is asked at most each 50 ms. False
 * for an answer that has begun (a stream tells by itself), and for one of no connection. */
bool http_client_has_left(const HttpResponse *response);
/* The reactor that this request lives on. */
struct Reactor *http_reactor(const HttpResponse *response);
/* Add a header; name and value are copied. A value with a line end is dropped. */
void http_header(HttpResponse *response, const char *name, Str value);
/* The value of Content-Disposition for a file of this name. */
Str http_disposition(Arena *arena, Str name, bool is_shown);
/* Answer with a file: ranges (206, 416), If-None-Match (304), If-Range are looked after. */
void http_respond_file(HttpResponse *response, const HttpFile *file);
/* Whether an answer with a file of that size and etag will have only this part of it; then its
 * descriptor may hold no more. */
bool http_asks_part(const HttpRequest *request, uint64_t size, Str etag, uint64_t *start_r,
                    uint64_t *length_r);
/* Answer with the shape that Lectern's own API gives an error. */
void http_respond_error(HttpResponse *response, const Error *err);

/* What was served, for the access log. */
typedef struct HttpAccess {
    int status;
    uint64_t bytes_in, bytes_out;
    int64_t duration_us;
    bool was_cut; /* the client left, or was too slow, before the end */
} HttpAccess;

/* What the server calls. All but `begin` and `handle` may be NULL. */
typedef struct HttpDispatch {
    /* Choose the plan. On false the request is refused with err before its body is read. Runs on
     * a reactor thread: must not block. */
    bool (*begin)(void *app, HttpRequest *request, HttpPlan *plan, Error *err);
    /* May block. On false the request is refused with err, before a body of any size is read. */
    bool (*check)(void *app, HttpRequest *request, Error *err);
    void (*handle)(void *app, HttpRequest *request, HttpResponse *response);
    /* Write err the way this route's clients expect; NULL: http_respond_error(). */
    void (*refuse)(void *app, HttpRequest *request, const Error *err, HttpResponse *response);
    /* Add what every response carries (security headers). */
    void (*headers)(void *app, const HttpRequest *request, HttpResponse *response);
    /* A reactor ends: whatever lives on it must go. On its thread. */
    void (*leave)(void *app, struct Reactor *reactor);
    /* The exchange is over. Any thread: must not block. */
    void (*finish)(void *app, const HttpRequest *request, const HttpAccess *access);
} HttpDispatch;
