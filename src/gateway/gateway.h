/* gateway.h - asking a model service for an answer, whatever its dialect.
 *
 *     GatewayChat --dialect--> request --http--> stream of events --ChatReader--> GatewayReply
 *
 * Services are rows of providers.def, dialects are code (dialect.h). A service that says "wait" or
 * fails before its first word is asked once more; after the first word nothing is repeated. An
 * answer that breaks off is a failure, never a short answer.
 *
 * Threads: any; a call runs on the caller's thread. Everything returned lives in the arena. */
#pragma once

#include "base/json.h"
#include "net/http_client.h"

#define GATEWAY_TEXT_MAX MB(1) /* of one answer */

typedef struct Dialect Dialect;

typedef struct GatewayProvider {
    const char *name, *title, *base_url;
    const Dialect *dialect;
    bool is_local;
} GatewayProvider;

extern const GatewayProvider gateway_providers[];
extern const size_t gateway_provider_count;
/* The row whose service has this address; "openai-compatible" for any other. */
const GatewayProvider *gateway_provider_of(Str base_url);

/* One service as it is reached. */
typedef struct GatewayTarget {
    const GatewayProvider *provider;
    Str base_url; /* without a slash at its end */
    Str key;      /* may be empty */
    Str pinned_address;
} GatewayTarget;

typedef struct GatewayMessage {
    Str role, text;
} GatewayMessage;

typedef struct GatewayChat {
    const GatewayMessage *messages;
    size_t count;
    Str model;
    int64_t output_max; /* tokens; 0: the service's own limit */
    double temperature;
    /* For models that refuse the usual names and temperatures; set by gateway_chat() itself. */
    bool is_plain;
    bool (*delta)(void *self, Str text); /* pieces as they come; may be NULL. False: stop */
    void *self;
} GatewayChat;

typedef struct GatewayReply {
    Str text, model, finish; /* "stop", "length", "tool_calls", "content_filter" */
    int64_t input_tokens, output_tokens;
    bool has_usage; /* false: the tokens are guessed from the length of the texts */
} GatewayReply;

/* Ask and wait. On failure *reply_r holds what was used so far, for the bill. */
MUST_CHECK bool gateway_chat(HttpClient *client, Arena *arena, const GatewayTarget *target,
                             const GatewayChat *chat, GatewayReply *reply_r, Error *err);
/* The names of the service's models, within `total_ms`. */
MUST_CHECK bool gateway_models(HttpClient *client, Arena *arena, const GatewayTarget *target,
                               int64_t total_ms, StrList *names_r, Error *err);

/* A request of a client, handed on as it is. */
typedef struct GatewayForward {
    Str body;
    bool is_stream;
    /* Whole events of a stream as they come. */
    bool (*receive)(void *self, Str bytes, Error *err);
    void *self;
} GatewayForward;

typedef struct GatewayForwarded {
    int status;
    Str body; /* empty when it went to receive */
    Str retry_after;
    GatewayReply reply; /* what was used */
} GatewayForwarded;

/* True for any status. Fails when no answer came, or when a stream broke off or held an error:
 * bytes may have gone to receive before. */
MUST_CHECK bool gateway_forward(HttpClient *client, Arena *arena, const GatewayTarget *target,
                                const GatewayForward *forward, GatewayForwarded *forwarded_r,
                                Error *err);

/* Tokens of a text, roughly: four bytes each. */
int64_t gateway_guess_tokens(size_t bytes);
