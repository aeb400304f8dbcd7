/* dialect.h - how one kind of model service is spoken to: the back of the gateway.
 *
 * To add a dialect: a file in dialects/ that defines `const Dialect dialect_NAME`, and its line in
 * dialects.def. Nothing here touches the network, so every case is a pair of texts in a test. */
#pragma once

#include "gateway/media.h"
#include "gateway/wire_reader.h"
#include "net/http.h"

/* Where a service differs from its dialect: data of providers.def; NULL or false: it does not. */
typedef struct DialectQuirks {
    const char *key_header; /* carries the key alone, instead of Authorization */
    const char *headers;    /* "Name: value", one a line */
    /* Members of a body that it calls otherwise, and those it fails with: "seed=random_seed n=" */
    const char *members;
    const char *reasoning; /* member of a message with what the model thought before */
    bool refuses_names;    /* of messages */
    MediaRules media;      /* what it takes of pictures and sound */
} DialectQuirks;

typedef struct WireRequest WireRequest;

/* What is said besides the request itself. */
typedef struct DialectTarget {
    Str model;   /* as the service calls it */
    Str key;     /* may be empty */
    Str version; /* Azure's api-version, for an address without a path; "" for the dialect's own */
    DialectQuirks quirks;
    bool takes_extra; /* the client speaks this dialect too: what we do not know goes along */
} DialectTarget;

/* What the service calls this member of a body; "" when it is left out. */
Str dialect_member(const DialectQuirks *quirks, Str name);
/* Headers of the key: "Authorization: Bearer", or the one of the service's quirks. */
void dialect_authorize(Arena *arena, const DialectTarget *target, WireRequest *wire);

/* A request as it goes out. */
struct WireRequest {
    HttpPair headers[8];
    size_t header_count;
    Buf body;       /* made by the caller */
    Str media_type; /* "application/json" unless said */
};

/* Why a service refused, in words that are the same for all. */
typedef struct WireError {
    Str message, type, code; /* as the service says; "" */
    int status;              /* inside a body of status 200; 0: none */
    int64_t retry_after_ms;  /* told in the body; -1: not */
} WireError;

struct Dialect {
    const char *name;
    unsigned tasks; /* bits of ModelTask that it can carry */
    WireKind stream_kind;
    /* A clean end of the connection is the end of a stream, when a finish reason has come. */
    bool ends_with_connection;
    const char *models_path; /* lists what the service has; NULL: nothing does */

    /* Headers that carry the key; never the URL. */
    void (*authorize)(Arena *arena, const DialectTarget *target, WireRequest *wire);
    /* Where a request goes, behind the base URL, with its query; never the key in it. */
    Str (*path)(Arena *arena, const ModelRequest *request, const DialectTarget *target);
    /* The body of a request. Fails with ERROR_UNSUPPORTED and the field's name for what this
     * dialect cannot say; what only makes an answer better is left out. */
    bool (*write)(Arena *arena, const ModelRequest *request, const DialectTarget *target,
                  WireRequest *wire, Error *err);
    /* One frame of a stream: its pieces go to wire_event(), usage and end into the reader. */
    bool (*read_frame)(WireReader *reader, Str event, Str data, Error *err);
    /* A whole answer; also when a stream was asked for and one object came. */
    bool (*read_whole)(WireReader *reader, Str body, Error *err);
    void (*read_error)(Arena *arena, Str body, WireError *error_r);
    bool (*read_models)(Arena *arena, Str body, StrList *names_r, Error *err);
};

#define DIALECT(name) extern const Dialect dialect_##name;
#include "gateway/dialects.def"
#undef DIALECT
/* No dialect: marks what the program answers itself (run_here.h); nothing is written in it. */
extern const Dialect dialect_here;
/* The dialect of this name; NULL when there is none. */
const Dialect *dialect_find(Str name);

/* One line of a head; left out when name or value has a control character. */
void wire_put_header(Buf *out, Str name, Str value);
/* Add a header to a request that is being written. */
void wire_header(WireRequest *wire, Str name, Str value);
