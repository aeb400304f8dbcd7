/* gateway.h - one way to every model service: who may call, which service answers, what it costs.
 *
 *     client -> Front -> [cache] -> route -> try a target -> Dialect -> service
 *            <- Front <-          settle  <- fail over  <-  Dialect <-
 *
 * A call lives on one reactor from its first byte to its last; nothing on its way blocks. What
 * needs the database comes through GatewayPorts, on threads of the gateway's own, and is
 * remembered.
 *
 * A stream that has shown nothing yet may begin again elsewhere; after the first word a failure is
 * an error in the client's dialect, never a silent end. A client that leaves ends its call at once.
 *
 * Threads: gateway_serve() on the request's reactor; everything else from any thread. */
#pragma once

#include "gateway/cache.h"
#include "gateway/config.h"
#include "gateway/front.h"
#include "gateway/kept.h"
#include "gateway/ledger.h"
#include "gateway/telemetry.h"
#include "net/proxy.h"
#include "net/reactor.h"

typedef struct Gateway Gateway;

/* Who calls: shared by all calls of one key, never changed. */
#define CALLER_ROUTES 3 /* in GatewayCaller.models */
typedef struct GatewayCaller {
    atomic_int holders;
    Arena *arena;
    Str workspace, user, key; /* ids; key "" for a person's session */
    const GatewayConfig *config;
    /* Of key, user and workspace; each must have room. */
    Budget *budgets[BUDGETS_MAX];
    int budget_count;
    LimitState *limits[LIMITS_MAX];
    int limit_count;
    /* Patterns, of key, user, workspace and what the route allows; a list that is empty allows
     * every model. */
    StrList models[4];
    bool is_for_once;     /* is loaded anew for each call: what it may do depends on the route */
    bool allows_unpriced; /* a model whose cost is unknown counts as free */
    int64_t loaded_ms;
    const struct Scope *scope; /* the features' own; of answers that are made here */
} GatewayCaller;
GatewayCaller *caller_new(void); /* one holder */
GatewayCaller *caller_hold(GatewayCaller *caller);
void caller_release(GatewayCaller *caller); /* NULL is fine */

/* Whether every list of the caller's has the model. */
bool caller_allows(const GatewayCaller *caller, Str model);

/* What was asked and answered, of a workspace that logs it (policy.h). */
typedef struct PromptRecord {
    Str id, workspace, user, key, model, feature, status;
    Str prompt, reply; /* the beginnings, masked by the workspace's rule */
    bool is_hashed;    /* only hashes of both are to be kept */
    int64_t started_ms;
} PromptRecord;

/* A call that the program answers itself. */
typedef struct HereCall {
    /* Texts of its messages, inputs, query; with is_hosted (hosted.h) all of it. */
    const ModelRequest *request;
    Str model; /* as its target names it */
    /* Of a request that is_hosted: what its route has the program call besides (config.h). */
    Str route_tools;
    int tool_rounds;
    GatewayCaller *caller;
    Arena *arena; /* of this call alone */
    /* One more piece; its text is copied, a vector must stay in the arena. False: nobody wants the
     * rest. */
    bool (*tell)(void *self, const ModelEvent *event);
    void *self;
    ModelUsage usage; /* told by who answers */
} HereCall;

/* A call that waits for a service that sleeps. done() is called once, from any thread, with the
 * port of 127.0.0.1 that it listens on; on failure it says why. */
typedef struct GatewayWaker {
    void (*done)(struct GatewayWaker *waker, int port, const Error *failure);
    struct GatewayWaker *next; /* of who wakes */
} GatewayWaker;

/* A file of the workspace's that a message names. */
typedef struct GatewayFile {
    Str name, media_type, bytes;
} GatewayFile;
#define GATEWAY_FILES_MAX MB(24) /* of one call's files, together */

/* What the gateway needs of the features above it. They may block. */
typedef struct GatewayPorts {
    void *app, *load_app; /* of write_records; of load_caller, answer_here, load_file... */
    /* Who sends this request; remembered by the secret it shows, unless that is empty. Fails with
     * ERROR_NO_LOGIN when nobody has it. */
    bool (*load_caller)(void *app, HttpRequest *http, Str secret, GatewayCaller **caller_r,
                        Error *err);
    /* On a thread of its own; with load_app. */
    bool (*answer_here)(void *app, HereCall *call, Error *err);
    /* Wake the service of this model, which is_woken; never blocks. */
    void (*wake)(void *app, Str model, GatewayWaker *waker);
    /* A file of the caller's workspace by its id. Fails with ERROR_NOT_FOUND when it has none, and
     * with ERROR_TOO_LARGE. With load_app; may be NULL. */
    bool (*load_file)(void *load_app, Arena *arena, Str workspace, Str id, size_t bytes_max,
                      GatewayFile *file_r, Error *err);
    /* A picture or sound as a service takes it, which `wish` says; fails when it cannot be made so.
     * With load_app; NULL: everything goes out as it came. */
    bool (*prepare_media)(void *load_app, Arena *arena, const MediaWish *wish,
                          PreparedMedia *prepared_r, Error *err);
    /* Another number when what is answered here rests on something else than before: documents, the
     * encoder. Never blocks; with load_app. */
    uint64_t (*version_here)(void *app, Str workspace);
    KeptPorts kept;
    JournalWrite *write_records;
    LedgerPorts ledger;
    /* How alike two texts are to the encoder, from -1 to 1; false when there is none. May be NULL.
     */
    bool (*likeness)(void *app, Str a, Str b, double *likeness_r);
    /* May be NULL. */
    bool (*write_prompt)(void *app, Arena *arena, const PromptRecord *record, Error *err);
} GatewayPorts;

typedef struct GatewayOptions {
    GatewayPorts ports;
    const char *ca_file; /* NULL: the system's */
    const Proxy *proxy;  /* borrowed; NULL: none */
    size_t cache_bytes;  /* of kept answers; 0: 64 MiB */
    int here_threads;    /* that answer themselves; 0: 16 */
    TelemetryOptions telemetry;
} GatewayOptions;

MUST_CHECK bool gateway_open(const GatewayOptions *options, Gateway **gateway_r, Error *err);
/* No call may be running. NULL is fine. */
void gateway_close(Gateway *gateway);
/* Before the features that answer themselves go: waits for what is still being made for nobody. */
void gateway_end_here(Gateway *gateway);
/* Figures for Prometheus, in its text format. */
void gateway_metrics(Gateway *gateway, Buf *out);
/* How a workspace's services do, all their models together. */
typedef struct ServiceView {
    Str name;
    int64_t running, calls, failures, open; /* open: models whose breaker is */
    int64_t first_us, total_us;             /* of its slowest model; 0: no good answer yet */
} ServiceView;
typedef struct ServiceViewList {
    ServiceView *at;
    size_t count;
} ServiceViewList;
ServiceViewList gateway_services(Gateway *gateway, Arena *arena, Str workspace);
/* The states of targets, for whoever makes pictures (config.h). */
TargetStates *gateway_states(Gateway *gateway);
/* Budgets and limits, for whoever makes callers. */
Ledger *gateway_ledger(Gateway *gateway);

/* A call of our own: ask and wait. */
typedef struct GatewayAsk {
    const ModelRequest *request;
    Str feature;      /* for the records: "ask", "tasks" */
    Str persona;      /* who answers, for routes that depend on it; "" nobody in particular */
    bool may_keep;    /* as clients' answers are, unless the workspace keeps none */
    bool is_personal; /* then never for others of the workspace */
    bool never_here;  /* the library asks, so it cannot be who answers */
    bool is_within;   /* another call is answered by it, and has taken its places already: only what
                         it costs is taken */
    /* Pieces of the text as they come, on the caller's thread; may be NULL. False: stop. What a
     * model thinks to itself is left out. */
    bool (*delta)(void *self, Str text);
    void *self;
} GatewayAsk;

typedef struct GatewayAnswer {
    Str text, model;
    const ModelReply *reply; /* with tool calls and usage */
    ModelUsage usage;
    FinishReason finish;
    int64_t cost;      /* pico-dollars; -1: unknown */
    bool is_estimated; /* tokens are guessed from the length of the texts */
    int64_t wait_ms;   /* of a failure: worth asking again then; 0: unknown */
} GatewayAnswer;

/* Blocks; never on a reactor. On failure answer_r has what was used so far, and when to ask again.
 */
MUST_CHECK bool gateway_ask(Gateway *gateway, GatewayCaller *caller, Arena *arena,
                            const GatewayAsk *ask, GatewayAnswer *answer_r, Error *err);

/* A call in a client's shape that no client waits for: a line of a batch. */
typedef struct GatewayCall {
    const Front *front;
    Str body;         /* no stream */
    Str feature;      /* for the records: "batch" */
    int64_t total_ms; /* at most; 0: as the route has it */
} GatewayCall;

/* What a client would have got. */
typedef struct GatewayReply {
    Str id; /* of the call, as in the records */
    int status;
    Str body; /* in the front's shape, also of a failure */
    ErrorCode failure;
    int64_t wait_ms; /* of a failure: worth asking again then; 0: unknown */
    Str model;       /* that was asked */
    ModelUsage usage;
} GatewayReply;

/* Blocks; never on a reactor. It leaves room in limits to those who wait for an answer, and fails
 * rather than wait for long. Texts live in the arena. */
void gateway_call(Gateway *gateway, GatewayCaller *caller, Arena *arena, const GatewayCall *call,
                  GatewayReply *reply_r);

/* Answer a client's request. `secret`: the key it shows. On the request's reactor, from the handler
 * of a plan that is fast. */
void gateway_serve(Gateway *gateway, const Front *front, Str secret, HttpRequest *http,
                   HttpResponse *response);
/* The reactor ends: connections that live on it go. On its thread. */
void gateway_leave(Gateway *gateway, Reactor *reactor);
/* What was remembered of a key, or with "" of all, is asked for again. */
void gateway_forget(Gateway *gateway, Str secret);

/* Drop the kept answers of a workspace: what they rest on has changed. */
void gateway_forget_answers(Gateway *gateway, Str workspace);
CacheCounts gateway_cache_counts(Gateway *gateway);

/* --- Answers that are kept for going on from (kept.h); all of these block --- */

/* As clients know it. */
MUST_CHECK bool gateway_recall(Gateway *gateway, Arena *arena, const KeptName *name, Str *reply_r,
                               Error *err);
/* The conversation that it answers: JSON items with commas between them. */
MUST_CHECK bool gateway_recall_asked(Gateway *gateway, Arena *arena, const KeptName *name,
                                     Str *items_r, Error *err);
/* Ends one that is made in the background, if it still is, and waits for that for some seconds. */
MUST_CHECK bool gateway_cancel(Gateway *gateway, const KeptName *name, Error *err);
/* And forgets it. */
MUST_CHECK bool gateway_drop(Gateway *gateway, const KeptName *name, Error *err);

/* Tokens of a text, roughly: four bytes each. */
int64_t gateway_guess_tokens(size_t bytes);
