/* anthropic_mcp.h - MCP servers in Anthropic's words (its MCP connector): mcp_servers of a request,
 * and of its tools those of the type mcp_toolset. Servers whose url is HOSTED_URL are the
 * workspace's own (hosted.h); others are asked by a service of Anthropic's alone. */
#pragma once

#include "gateway/json_read.h"
#include "gateway/model.h"

/* The member mcp_servers names one of ours. */
bool anthropic_names_ours(Arena *arena, Str servers);
/* Of a request that names one: they become tools as hosted.h has them, after those that it has. */
MUST_CHECK bool anthropic_read_servers(Arena *arena, Str body, ModelRequest *request, Error *err);

/* The members of the blocks that tell of a call; `input` is put by the writer. */
void put_mcp_use(JsonWriter *json, const ModelPart *part);
void put_mcp_result(JsonWriter *json, const ModelPart *part);
