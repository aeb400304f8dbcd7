/* setup.h - how the gateway is set up: services, models told otherwise than the catalogue has them,
 * and routes, as documents that people write.
 *
 *     environment, file, simple settings, rows of the workspace -> Setup -> GatewayConfig
 *
 * A document is read in one way wherever it comes from. The workspace's own goes before one of the
 * server that has the same name.
 *
 * Threads: any; a Setup is a value in its arena. */
#pragma once

#include "base/json.h"
#include "gateway/config.h"
#include "gateway/providers.h"
#include "store/scope.h"

#define SETUP_FILE_MAX MB(1)
#define SETUP_DOCUMENT_MAX KB(256)
#define SETUP_STEPS_MAX 32
#define SHARE_WEIGHT_MAX 1000
#define STANDARD_ROUTE "standard" /* for calls that name no model */

typedef enum SetupFrom {
    FROM_ITSELF,      /* what the program answers itself */
    FROM_ENVIRONMENT, /* a service whose key is in its usual variable */
    FROM_FILE,        /* the setting gateway */
    FROM_SETTING,     /* the one service of the simple way; also one that was found by itself */
    FROM_WORKSPACE
} SetupFrom;

/* A model of the program's own, which costs nothing. */
typedef struct SetupOwnModel {
    Str name;
    unsigned tasks; /* bits; 0: unknown */
    bool is_file;   /* of this machine, whose server is started when it is called */
} SetupOwnModel;

typedef struct SetupService {
    Str name;
    SetupFrom from;
    const GatewayProvider *provider;
    Str base_url, version;
    StrList keys; /* as given; of a row they stay sealed */
    Str sealed;   /* instead: one key (FROM_SETTING) or a JSON list of them (FROM_WORKSPACE) */
    bool has_key, was_found; /* was_found: by itself */
    HttpPairs headers;
    StrList models;           /* its names, as told or as it listed them */
    const SetupOwnModel *own; /* FROM_ITSELF: what is known of each of them */
    GatewayLimits limits;
    GatewayTimes times;
    Str moves_on; /* statuses that are a fault of the service, not of the request */
    bool allows_private, is_off, is_probed;
    Str document; /* without keys; of a row and of the file */
} SetupService;

typedef struct SetupModel {
    Str service, model;
    SetupFrom from;
    int64_t context, output_max; /* 0: as the catalogue has it */
    unsigned tasks, abilities;   /* bits; 0: as the catalogue has it */
    bool has_tasks, has_abilities, has_price;
    ModelPrice price;
    Str document;
} SetupModel;

typedef struct SetupStep {
    Str model; /* "service/model" */
    int64_t weight;
    RouteCondition when;
} SetupStep;

typedef struct SetupRoute {
    Str name;
    SetupFrom from;
    RouteStrategy strategy;
    const SetupStep *steps;
    size_t step_count;
    Str fallback, larger, cheaper; /* names of routes, or "service/model" */
    int64_t retries, hedge_ms, tool_rounds;
    GatewayTimes times;
    Str tools; /* JSON list, as GatewayRoute has it */
    Str document;
} SetupRoute;

/* Something that is left out, and why. */
typedef struct SetupProblem {
    Str kind, name;
    Str text;
} SetupProblem;

typedef struct Setup {
    Str workspace; /* id */
    VEC(SetupService) services;
    VEC(SetupModel) models;
    VEC(SetupRoute) routes;
    VEC(SetupProblem) problems;
    Str primary;       /* the service that is asked for any name nobody has; "": none */
    Str primary_model; /* "": its first */
    GatewayPolicy policy;
    int64_t share_weight; /* of the workspace, as the file says; 0: 1 */
} Setup;

/* One document of a kind. Fails with the member that is wrong. `is_file`: a key may be named by its
 * environment variable. */
MUST_CHECK bool setup_read_service(Arena *arena, Str name, const json_t *document, bool is_file,
                                   SetupService *service_r, Error *err);
/* NULL: nothing is said. */
MUST_CHECK bool setup_read_times(Arena *arena, const json_t *json, GatewayTimes *times, Error *err);
/* `name` is "service/model". */
MUST_CHECK bool setup_read_model(Arena *arena, Str name, const json_t *document,
                                 SetupModel *model_r, Error *err);
/* setup_tools.c: what a route has the program call, as a JSON list. NULL: nothing. */
MUST_CHECK bool setup_read_tools(Arena *arena, const json_t *json, Str *tools_r, Error *err);
MUST_CHECK bool setup_read_route(Arena *arena, Str name, const json_t *document,
                                 SetupRoute *route_r, Error *err);

/* Adds what the program answers itself, a service like all others; its models are the caller's to
 * tell. First of all, so that what has its name replaces it. */
SetupService *setup_add_itself(Arena *arena, Setup *setup);
/* Adds what a text says: {"services": {NAME: {...}}, "models": {...}, "routes": {...},
 * "shares": {WORKSPACE: WEIGHT}}. */
MUST_CHECK bool setup_read_file(Arena *arena, Str text, Setup *setup, Error *err);
/* Adds the services whose keys are in their usual variables. */
void setup_read_environment(Arena *arena, Setup *setup);
/* Fails with the first route that leads nowhere or in a circle, model without a service, or member
 * that is wrong. */
MUST_CHECK bool setup_check(const Setup *setup, Error *err);

/* The same of one route. */
MUST_CHECK bool setup_check_route(const Setup *setup, const SetupRoute *route, Error *err);

/* NULL when there is none. */
const SetupService *setup_service(const Setup *setup, Str name);
const SetupModel *setup_model(const Setup *setup, Str service, Str model);
const SetupRoute *setup_route(const Setup *setup, Str name);
/* Adds the service of the simple way, named as its provider. `model`: one that it has; "". */
void setup_add_simple(Arena *arena, Setup *setup, const SetupService *service, Str model);
/* Something is left out. */
void setup_note(Arena *arena, Setup *setup, Str kind, Str name, const char *text);
/* The last of one name counts; the others go. */
void setup_settle(Setup *setup);
/* A base URL without a slash at its end, user, password and query. */
MUST_CHECK bool setup_check_url(Arena *arena, Str text, Str *base_url_r, Error *err);
