/* front.h - how a kind of client speaks to us: the front of the gateway.
 *
 * To add a front: a file in fronts/ that defines `const Front front_NAME`, and its line in
 * fronts.def. Nothing here touches the network. */
#pragma once

#include "gateway/dialect.h"

/* One answer on its way to the client. */
typedef struct FrontWriter {
    const struct Front *front;
    Arena *arena;
    const ModelRequest *request;
    Str id;    /* of our making, when the service names none */
    Str model; /* as the client asked for it */
    int64_t created_s;
    void *state; /* the front's own, in the arena; NULL at first */
    Buf *out;    /* what is written goes here */
    /* What is to be kept of a good answer (kept.h); "" for nothing. */
    Str kept_reply, kept_items;
    size_t kept_asked;
} FrontWriter;

typedef struct Front {
    const char *name, *path; /* "anthropic", "/v1/messages" */
    ModelTask task;
    /* A service of this dialect gets the body and gives the frames as they are; NULL: none does. */
    const Dialect *same;
    const char *stream_type; /* media type of a stream */
    bool streams_unasked;    /* a body that says nothing of it wants a stream (Ollama) */
    const char *id_prefix;   /* of answers that we name: "chatcmpl-" */
    const char *end_mark;    /* ends a stream of `same` that has none of its own; NULL */
    bool is_form;            /* a body is multipart/form-data, never handed on as it came */
    const char *heartbeat;   /* said by a quiet stream instead of a comment; NULL */
    /* Headers of the client that go on to a service of `same`; NULL, and NULL at its end. */
    const char *const *passed_headers;

    /* What the way of a call is chosen by: task, model, stream, output_max, and of messages and
     * tools only whether there are any. Checks that the body is one valid object, each member once.
     */
    bool (*scan)(Arena *arena, Str body, ModelRequest *request, Error *err);
    /* The whole request, for a service of another dialect; `request` has been scanned. */
    bool (*read)(Arena *arena, Str body, ModelRequest *request, Error *err);
    void (*write_reply)(FrontWriter *writer, const ModelReply *reply);
    /* A whole answer of a service of `same` is of the form that was asked for; else it is written
     * like that of another dialect. NULL: it always is. */
    bool (*fits)(const ModelRequest *request, Str answer);
    /* Whether write_reply can say this. NULL: it can. */
    bool (*can_write)(const ModelRequest *request, const ModelReply *reply, Error *err);
    /* Of a whole answer. NULL: JSON. */
    Str (*media_type)(const ModelRequest *request);
    /* A stream: zero or more events, then the end (or an error). */
    void (*write_event)(FrontWriter *writer, const ModelEvent *event);
    void (*write_end)(FrontWriter *writer, FinishReason finish, const ModelUsage *usage);
    /* Within a stream: the client library must take it for a failure. */
    void (*write_stream_error)(FrontWriter *writer, const Error *err);
    /* A response that is not finished, or was not (is_background): "in_progress", "failed",
     * "cancelled". NULL: there are none. */
    void (*write_state)(FrontWriter *writer, Str status, const Error *failure);
    /* The body of an answer with a failure's status. */
    void (*write_error)(Buf *out, const Error *err, int status);
} Front;

#define FRONT(name) extern const Front front_##name;
#include "gateway/fronts.def"
#undef FRONT
/* The front whose clients post to this path; NULL when none does. */
const Front *front_at(Str path);
