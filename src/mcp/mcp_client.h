/* mcp_client.h - tools of other servers that speak the Model Context Protocol over HTTP.
 *
 * A workspace names its servers; only the tools on a server's list are shown and called ("*": all).
 * Addresses are checked at every call and the checked one is connected to; tokens are sealed. Both
 * revisions are spoken: the one without sessions when the server answers server/discover.
 *
 * Threads: any; calls block, for at most 30 seconds each. */
#pragma once

#include "base/json.h"
#include "net/proxy.h"
#include "store/scope.h"

#define MCP_SERVERS_MAX 20 /* of one workspace */

typedef struct McpServers McpServers;
/* `proxy` is borrowed; NULL: none. */
McpServers *mcp_servers_new(Db *db, const Proxy *proxy);
void mcp_servers_free(McpServers *servers); /* NULL is fine */

typedef struct McpServer {
    Str name, url; /* of a list without the password of the address */
    Str whole;     /* the address, sealed (store/sealed_texts.h), as base64; empty: it has none */
    StrList tools; /* that may be called; "*": all */
    bool allows_private, has_token;
} McpServer;

typedef struct McpServerList {
    McpServer *at;
    size_t count;
} McpServerList;

MUST_CHECK bool mcp_server_list(McpServers *servers, const Scope *scope, Arena *arena,
                                McpServerList *list_r, Error *err);
/* Adds or replaces; an empty token keeps the one that is there for the same address. Needs
 * ROLE_ADMIN; a private address is for owners. */
MUST_CHECK bool mcp_server_set(McpServers *servers, const Scope *scope, Arena *arena,
                               const McpServer *server, Str token, Error *err);
/* ERROR_NOT_FOUND when there is none. Needs ROLE_ADMIN. */
MUST_CHECK bool mcp_server_remove(McpServers *servers, const Scope *scope, Arena *arena, Str name,
                                  Error *err);

/* The tools that may be called, as the server describes them: a JSON array in the arena. Its list
 * is remembered for some minutes (mcp_lists.h). */
MUST_CHECK bool mcp_server_tools(McpServers *servers, const Scope *scope, Arena *arena, Str name,
                                 Str *tools_r, Error *err);
/* Every tool that it offers now, so that some can be chosen. Needs ROLE_ADMIN. */
MUST_CHECK bool mcp_server_offers(McpServers *servers, const Scope *scope, Arena *arena, Str name,
                                  Str *tools_r, Error *err);
/* Calls one; *result_r is its JSON, isError and all. `arguments` is a JSON object. */
MUST_CHECK bool mcp_server_call(McpServers *servers, const Scope *scope, Arena *arena, Str name,
                                Str tool, Str arguments, Str *result_r, Error *err);
