/* route.h - which targets a call may be answered by, in the order to be tried.
 *
 *     route: its steps that apply, as its strategy orders them; then those of its fallback, ...
 *
 * A step applies when its own condition holds, and its target can do what the call needs: unknown
 * contexts and abilities count as enough.
 *
 * Threads: any; states are read under their own locks. */
#pragma once

#include "gateway/config.h"

/* What a call needs, as far as a scan of it tells. */
typedef struct RouteNeeds {
    ModelTask task;
    int64_t input, output; /* tokens, about; output 0: unsaid */
    int64_t seconds;       /* of a recording, about */
    int64_t characters;    /* of a text that is to be spoken */
    int64_t pictures;      /* that are wanted; 0: none */
    unsigned abilities;    /* bits of ModelAbility */
    Str tag, persona;
    Str who[SHARE_BY_COUNT]; /* among whom shares are drawn; "": unknown */
    bool is_stream;
    bool never_here; /* the library asks, and cannot be who answers */
    bool is_saving;  /* its budget is near the end: a cheaper route comes first */
} RouteNeeds;

/* `body` with at NULL: only its length is known. */
RouteNeeds route_needs(const ModelRequest *request, Str body);
/* What it may use at most of a model that writes so many tokens. */
PriceMost route_most(const RouteNeeds *needs, int64_t output);
/* Why a step is passed over; NULL: it applies. */
const char *route_refuses(const RouteStep *step, const RouteNeeds *needs);
/* The side of a route that is tried on a part of the calls; "" when this one is not. */
Str route_side(const GatewayRoute *route, const RouteNeeds *needs);
/* Puts the targets into targets_r[most], each once, behind the `count` that are there. Returns how
 * many there are then. */
size_t route_plan(const GatewayRoute *route, const RouteNeeds *needs,
                  const GatewayTarget **targets_r, size_t count, size_t most);
