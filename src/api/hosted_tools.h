/* hosted_tools.h - the tools that the program calls for a model (gateway/hosted.h): what the model
 * is told of them, and calling them.
 *
 *     {"type": "mcp", "server_label": NAME, "allowed_tools": [...], "require_approval": ...}
 *         tools of a server that the workspace has named (mcp/mcp_client.h); needs ROLE_EDITOR,
 *         unless its route has them
 *     {"type": "file_search", "vector_store_ids": [...], "max_num_results": N}
 *         passages of the library, of these collections ("library": all), numbered to be cited
 *
 * Threads: any; calls block. */
#pragma once

#include "api/api.h"
#include "gateway/model.h"

struct HostedTools;

/* What a call gave. */
typedef struct HostedResult {
    Str text; /* for the model */
    Str told; /* for the client (EVENT_HOSTED_RESULT) */
    bool is_error;
} HostedResult;

typedef struct HostedTool {
    Str server;      /* "" for the library's search */
    bool asks_first; /* a person approves each call */
    /* NULL: the client has it. */
    bool (*run)(struct HostedTools *tools, const struct HostedTool *tool, const ModelPart *call,
                HostedResult *result_r, Error *err);
    StrList collections;
    int64_t result_max;
    double score_min;
} HostedTool;

/* Those of a server that are offered. */
typedef struct ServerTools {
    Str server;
    Str tools; /* JSON list, as MCP's clients have it in a response */
} ServerTools;

typedef struct HostedTools {
    Api *api;
    const Scope *scope;
    Arena *arena;
    bool is_approved;              /* by who has set up the route, for all who may call it */
    bool may_ask;                  /* the client can be asked to approve calls */
    VEC(ModelTool) offered;        /* to the model */
    VEC(HostedTool) ways;          /* of each */
    VEC(ServerTools) servers;      /* of the request */
    VEC(struct Citation) passages; /* that were found so far */
} HostedTools;

/* Those of a request, the client's own among them, and a JSON list of its route's ("": none). Of
 * one name the first is offered. */
MUST_CHECK bool hosted_tools_open(HostedTools *tools, const ModelRequest *request, Str route_tools,
                                  Error *err);
/* NULL: nobody has it. */
const HostedTool *hosted_tools_find(const HostedTools *tools, Str name);
void hosted_tools_call(HostedTools *tools, const HostedTool *tool, const ModelPart *call,
                       HostedResult *result_r);
/* The tool that stands for all of a server's. */
ModelTool hosted_server_tool(Arena *arena, Str server);
