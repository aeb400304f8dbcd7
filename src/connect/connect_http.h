/* connect_http.h - what connectors ask of servers: safe addresses, redirects, limits, and what an
 * unwelcome answer means, in one place. */
#pragma once

#include "connect/connector.h"

typedef struct ConnectAsk {
    const char *method; /* NULL: GET, or POST with a body */
    Str url;
    const HttpPair *headers; /* not told to another host that a redirect leads to */
    size_t header_count;
    Str body;
    ConnectFile *into; /* the bytes of a good answer go there; NULL: they are collected */
    size_t answer_max; /* of what is collected; 0: 8 MiB */
    int64_t pause_ms;  /* since the run last asked */
    bool stays;        /* a redirect to another server is refused: ERROR_UNSUPPORTED */
} ConnectAsk;

typedef struct ConnectAnswer {
    int status; /* 2xx, 304, 404 or 410; every other one is a failure */
    Str body;
    Str url; /* where redirects ended */
    HttpAnswer http;
} ConnectAnswer;

/* Follows at most five redirects. ERROR_DENIED: the place refuses us; ERROR_LIMITED: it says when
 * to come again (run->retry_ms). */
MUST_CHECK bool connect_ask(ConnectRun *run, const ConnectAsk *ask, ConnectAnswer *answer_r,
                            Error *err);

/* "../x?y#z" seen from the page at `base`, without its fragment; empty when it leads nowhere that
 * is http or https. */
Str connect_resolve(Arena *arena, Str base, Str reference);
/* scheme://host[:port]; empty for what is no address of http or https. */
Str connect_origin(Arena *arena, Str address);
/* scheme://host[:port] of both are the same. */
bool connect_same_origin(Arena *arena, Str a, Str b);
/* "Bearer X", for a header. */
HttpPair connect_bearer(Arena *arena, Str token);
/* A name for what is at an address: its last part, with an ending that tells the kind. */
Str connect_url_name(Arena *arena, Str url, Str media_type);
