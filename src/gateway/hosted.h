/* hosted.h - tools that the program calls for the model and not the client: those of the MCP
 * servers that a workspace has named, and the search of its library.
 *
 * A request has them among its tools as OpenAI's Responses write them, and so every front knows
 * them: {"type": "mcp", "server_label": "wiki"}, {"type": "file_search"}. In Anthropic's words they
 * are mcp_servers whose url is HOSTED_URL. A route may have them too (config.h): then each call of
 * a client's that goes its way is given them.
 *
 * Such a call is answered here (run_here.h): the feature above asks the model, calls what it wants
 * called and asks again, and tells of all that as events. */
#pragma once

#include "gateway/model.h"

#define HOSTED_MAX 5         /* tools of one request, and of one route */
#define HOSTED_ROUNDS 8      /* how often the model is asked in one call, unless its route says */
#define HOSTED_ROUNDS_MAX 32 /* and what that may say */
#define HOSTED_URL "lectern" /* in place of an address: the server that has this name here */

/* Of one of a request's tools, as it is written. */
bool hosted_is(Arena *arena, Str tool);
/* Of the list of them. */
bool hosted_has_any(Arena *arena, Str tools);
