/* mcp_int.h - what the files of src/mcp share. Not for other folders. */
#pragma once

#include "mcp/mcp.h"

#define MCP_STATELESS "2026-07-28" /* the revision without sessions */
#define MCP_NEWEST "2025-11-25"    /* of those with initialize */

/* JSON-RPC 2.0, section 5.1, and the protocol's own. */
enum {
    RPC_PARSE = -32700,
    RPC_INVALID = -32600,
    RPC_NO_METHOD = -32601,
    RPC_PARAMS = -32602,
    RPC_INTERNAL = -32603,
    MCP_HEADERS = -32020,
    MCP_VERSION = -32022
};

/* A call of a tool. What it says goes to `text`, for a model to read, and as JSON to `structured`;
 * documents it speaks of are linked. */
typedef struct McpToolCall {
    const McpParts *parts;
    const Scope *scope;
    Arena *arena;
    const json_t *arguments;
    Buf text;
    Buf structured; /* one object */
    VEC(struct McpLink) links;
} McpToolCall;

typedef struct McpLink {
    Str document, name, media_type;
} McpLink;

typedef bool McpToolRun(McpToolCall *call, Error *err);

typedef struct McpTool {
    const char *name, *title;
    Role needs;
    bool only_reads;
    McpToolRun *run;
    const char *description;
    const char *input, *output; /* JSON schemas */
} McpTool;

extern const McpTool mcp_tools[];
extern const size_t mcp_tool_count;

#define TOOL(name, title, needs, only_reads, description, input, output) McpToolRun tool_##name;
#include "mcp/tools.def"
#undef TOOL

/* "lectern://documents/ID" */
Str mcp_uri(Arena *arena, Str document);
/* Links to the document, once. */
void mcp_link(McpToolCall *call, Str document, Str name, Str media_type);
