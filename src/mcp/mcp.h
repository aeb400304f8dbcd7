/* mcp.h - what programs that speak the Model Context Protocol may ask of the library, in both
 * current revisions:
 *
 *     2025-11-25 and older   initialize, then requests; we keep no sessions, so none is handed out
 *     2026-07-28             each request stands alone: params._meta names the revision, and over
 *                            HTTP the headers MCP-Protocol-Version, Mcp-Method and Mcp-Name repeat
 *                            what the body says
 *
 * To add a tool: its line in tools.def and its function in a file of this folder.
 *
 * Threads: any; a call runs on the caller's and may block. */
#pragma once

#include "answer/answer.h"

/* What tools work with. */
typedef struct McpParts {
    Db *db;
    Library *library;
    Searcher *searcher;
    Answers *answers;
    struct Summaries *summaries;
    const char *upload_folder;
} McpParts;

typedef struct McpCall {
    const McpParts *parts;
    const Scope *scope;
    Arena *arena;
    Str body; /* one JSON-RPC message */
    /* Of HTTP; each "" when it is not there. */
    Str version, method, name;
} McpCall;

#define MCP_BODY_MAX MB(16)

/* Writes the answer (nothing to a notification) and returns the HTTP status it goes with. */
int mcp_answer(const McpCall *call, Buf *out);
