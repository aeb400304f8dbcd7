/* ai_tools.h - a model that may call tools of other servers (mcp/mcp_client.h) before it answers.
 */
#pragma once

#include "api/api.h"
#include "gateway/gateway.h"

#define TOOL_ROUNDS_MAX 8
#define TOOL_SERVERS_MAX 5

/* Adds the tools of these servers to the request; asks, calls what the model wants called, and asks
 * again until it answers. Usage and cost are those of all rounds. ERROR_UPSTREAM when it still
 * wants tools after TOOL_ROUNDS_MAX. */
MUST_CHECK bool ask_with_tools(ApiRequest *request, GatewayCaller *caller, Arena *arena,
                               ModelRequest *asked, StrList servers, GatewayAnswer *answer_r,
                               Error *err);
