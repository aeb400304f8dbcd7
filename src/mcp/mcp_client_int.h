/* mcp_client_int.h - what mcp_servers.c and mcp_client.c share. */
#pragma once

#include "mcp/mcp_client.h"
#include "mcp/mcp_lists.h"
#include "net/http_client.h"

struct McpServers {
    Db *db;
    HttpClient *http;
    McpLists *lists;
};

/* *token_r: "" when it has none. */
MUST_CHECK bool mcp_server_find(McpServers *servers, const Scope *scope, Arena *arena, Str name,
                                McpServer *server_r, Str *token_r, Error *err);
