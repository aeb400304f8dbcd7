/* policy.h - what a workspace has decided about its calls: what is kept, what may leave, what is
 * logged. A part of its picture (config.h), so it never changes under a call. All zero is the
 * default: answers are kept for clients that ask for it, nothing is masked, no text is logged. */
#pragma once

#include "base/json.h"

typedef struct GatewayTimes {
    int64_t connect_ms, first_byte_ms, idle_ms, try_ms, total_ms; /* 0: the default */
} GatewayTimes;

typedef enum CacheUse { CACHE_ASKED, CACHE_OFF, CACHE_ON } CacheUse;
typedef enum PromptLogUse { PROMPTS_OFF, PROMPTS_HASHED, PROMPTS_FULL } PromptLogUse;

typedef struct GatewayPolicy {
    CacheUse cache;
    bool cache_is_shared;         /* one person's answers serve the others of the workspace */
    bool cache_allows_tools;      /* calls with tools, and answers that call them */
    bool cache_is_semantic;       /* the same question in other words */
    double cache_temperature_max; /* a hotter call is not kept; 0: 1.0 */
    int64_t cache_ttl_ms;         /* 0: an hour */
    StrList cache_routes;         /* only these; none: all */

    unsigned masks;    /* bits of MaskKind (guard.h) */
    bool masks_local;  /* also for services on this machine */
    bool keeps_masked; /* placeholders stay in the answer */

    bool loosens_filters; /* a call that asks for it is not held to the service's default filters */

    PromptLogUse prompts;
    GatewayTimes times; /* of services and routes that say none of their own */
} GatewayPolicy;
