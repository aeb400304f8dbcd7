/* config.h - which services and routes a workspace has: one immutable picture, shared by its calls.
 *
 * A change makes a new picture; calls that run keep theirs. What lives longer than a picture (how a
 * target does, what it allows) is in TargetState, found again by name.
 *
 * Threads: any; a picture never changes. */
#pragma once

#include <stdatomic.h>

#include "gateway/dialect.h"
#include "gateway/policy.h"
#include "gateway/price.h"
#include "gateway/target.h"
#include "net/url_safety.h"

/* A service as it is set up: where it is and how it is spoken to. */
typedef struct GatewayService {
    Str name, title; /* "groq", "Groq" */
    /* Of what is known of how it does: "workspace/service"; "server/service" when it is one for
     * all. */
    Str full_name;
    Str provider; /* its row, by which the catalogue has its models */
    const Dialect *dialect;
    DialectQuirks quirks;
    Str base_url, host_header, base_path; /* "https://h/v1" is "h" and "/v1" */
    UrlSafety safety; /* what its addresses may be, each time its name is resolved */
    StrList keys;     /* tried in turn; unsealed, in memory only */
    Str version;
    HttpPairs headers; /* more of them, set by its owner */
    GatewayTimes times;
    GatewayLimits limits;
    Str moves_on; /* statuses, "400 404", that are a fault of this service, not of the request */
    /* How it does as a whole, for its limits, and each of its keys; shared by all pictures. Set by
     * service_find_states(). */
    TargetState *state;
    TargetState *const *key_states; /* NULL: fewer than two keys */
    bool is_local;
    bool is_here;   /* the program itself answers (run_here.h): no address, no key */
    bool is_woken;  /* it may sleep, and says where it is when it wakes (run_wake.h) */
    bool is_probed; /* while it is left alone (probe.h) */
} GatewayService;

/* Before its first call; `name`: "workspace/service". */
void service_find_states(GatewayService *service, Arena *arena, TargetStates *states, Str name);

/* One model of one service. */
typedef struct GatewayTarget {
    const GatewayService *service;
    Str model;  /* as the service calls it; "": whatever is asked for, */
    Str prefix; /* but for this at its beginning: "groq/" */
    ModelPrice price;
    int64_t context, output_max; /* tokens; 0: unknown */
    unsigned tasks, abilities;   /* bits of ModelTask, of ModelAbility */
    /* How it does; shared by all pictures. NULL for a target whose model is whatever is asked for:
     * then it is found by `name` and the model. */
    TargetState *state;
    Str name; /* its service's full name */
} GatewayTarget;

typedef enum RouteStrategy {
#define STRATEGY(name, word, title) STRATEGY_##name,
#include "gateway/strategies.def"
#undef STRATEGY
} RouteStrategy;

/* Whose calls stay on one side together. */
typedef enum ShareBy { SHARE_BY_KEY, SHARE_BY_USER, SHARE_BY_CONVERSATION, SHARE_BY_COUNT } ShareBy;
#define SIDE_REST "rest" /* whoever is in no share of a route */

/* When a step of a route applies; everything unset is true. */
typedef struct RouteCondition {
    int64_t input_min, input_max; /* tokens; 0: any */
    unsigned abilities;           /* that the call needs */
    Str tag, persona;
    /* Hundredths of those who call, from share_begin on; share 0: all. Who is among them stays so.
     */
    int share, share_begin;
    ShareBy share_by;
    Str share_side; /* what this side is called in records */
    Str share_salt; /* the route: other routes draw others */
} RouteCondition;

typedef struct RouteStep {
    const GatewayTarget *target;
    int64_t weight; /* of STRATEGY_WEIGHTED; 0: 1 */
    RouteCondition when;
} RouteStep;

/* A name that clients ask for. A model's own name is a route of one step. */
typedef struct GatewayRoute {
    Str name;
    RouteStrategy strategy;
    const RouteStep *steps;
    size_t step_count;
    const struct GatewayRoute *fallback; /* when no step could answer; NULL: none */
    const struct GatewayRoute *larger;   /* on a context that is too long */
    const struct GatewayRoute *cheaper;  /* when a budget is near its end */
    GatewayTimes times;                  /* before those of a service and of the picture */
    int retries;                         /* of one target; -1: the default */
    int64_t hedge_ms; /* ask a second target when the first has said nothing by then; 0: never */
    /* JSON list of what the program calls for the model in each call of a client's (hosted.h); "":
     * nothing. */
    Str tools;
    int tool_rounds; /* how often at most the model is asked then; 0: the standard */
} GatewayRoute;

typedef struct GatewayConfig {
    atomic_int holders;
    Arena *arena;
    Str workspace;
    const GatewayRoute *routes; /* by name, sorted */
    size_t route_count;
    const GatewayRoute *standard; /* for a call that names no model; NULL: none */
    /* To what the program answers itself: for a client's call that names no model. NULL: none */
    const GatewayRoute *here;
    const GatewayRoute *open; /* for a name that nobody has: goes on as it is; NULL: refused */
    GatewayPolicy policy;
    int share_weight; /* of what it has in common with other workspaces; 0: 1 */
} GatewayConfig;

const GatewayConfig *config_hold(const GatewayConfig *config);
void config_release(const GatewayConfig *config); /* NULL is fine */
/* The route a client means by this name: a route, "service/model", a model's name when only one
 * service has it, or else "service/" that it begins with. NULL: there is none. */
const GatewayRoute *config_route(const GatewayConfig *config, Str name);
/* What the program answers itself, if that is for this task and `name` asks for it: names none, or
 * one of those that clients of embeddings are written with and that no service has. NULL: no. */
const GatewayRoute *config_here(const GatewayConfig *config, ModelTask task, Str name);
/* The name of the model that a target is asked for when a client has asked for this one. */
Str target_model(const GatewayTarget *target, Str asked);
