/* http_client.h - blocking HTTP requests to other services, over libcurl.
 *
 * Redirects are not followed, certificates are always checked, proxies come from the settings only.
 * A body is received whole, or handed on piece by piece (streams). Connections are kept and used
 * again by whichever thread asks next.
 *
 * Threads: one client for the whole program, from any thread. */
#pragma once

#include <stdatomic.h>

#include "net/http.h"
#include "net/proxy.h"
#include "net/sse.h"

typedef struct HttpClient HttpClient;

typedef struct HttpClientOptions {
    const char *user_agent; /* NULL: lectern */
    const Proxy *proxy;     /* borrowed; NULL: none */
    const char *ca_file;    /* NULL: the system's */
    size_t idle_max;        /* connections kept for the next request; 0: 16 */
} HttpClientOptions;

HttpClient *http_client_new(const HttpClientOptions *options);
void http_client_free(HttpClient *client); /* no request may be running. NULL is fine */

typedef struct HttpCall {
    const char *method; /* NULL: GET, or POST with a body */
    Str url;
    const HttpPair *headers;
    size_t header_count;
    Str body;
    bool has_body; /* an empty body is a body too */

    int64_t connect_ms;              /* 0: 10 s */
    int64_t first_byte_ms;           /* until the first byte of the answer; 0: 120 s */
    int64_t idle_ms;                 /* between bytes; 0: 60 s */
    int64_t total_ms;                /* 0: no limit */
    size_t answer_max;               /* bytes of the body; 0: 16 MiB */
    const atomic_bool *is_cancelled; /* looked at several times a second; may be NULL */

    /* Connect to this address whatever the URL's host resolves to (see url_safety.h); "" to
     * resolve as usual. */
    Str pinned_address;

    /* Receive the body of a 2xx answer as it comes; false stops. NULL: it is collected. */
    bool (*receive)(void *self, Str bytes, Error *err);
    void *self;
} HttpCall;

typedef struct HttpAnswer {
    int status;
    HttpPairs headers;
    Str body; /* empty when it was received piece by piece */
    int64_t first_byte_us, total_us;
} HttpAnswer;

/* Ask and wait. True for any status: what a 500 means is the caller's business. Fails with
 * ERROR_UPSTREAM when no answer came, ERROR_TIMEOUT, ERROR_TOO_LARGE, ERROR_CANCELLED, or what
 * receive said. */
MUST_CHECK bool http_call(HttpClient *client, Arena *arena, const HttpCall *call,
                          HttpAnswer *answer_r, Error *err);
/* The value of the first header of this name, any case; "" when it is not there. */
Str http_answer_header(const HttpAnswer *answer, const char *name);
