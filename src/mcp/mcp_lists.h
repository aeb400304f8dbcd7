/* mcp_lists.h - lists of tools that servers gave lately, so that a model's call need not wait for
 * them each time. In this process's memory, for as long as the server says (ttlMs) and at most ten
 * minutes; a server's word that its list has changed ends it before.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

#define MCP_LIST_MS 300000     /* of a server that says nothing */
#define MCP_LIST_MAX_MS 600000 /* whatever it says */

typedef struct McpLists McpLists;

McpLists *mcp_lists_new(void);
void mcp_lists_free(McpLists *lists); /* NULL is fine */
/* `key`: whose list it is, by 64 digits. The newest replaces the oldest. */
void mcp_lists_keep(McpLists *lists, Str key, Str list, int64_t for_ms);
void mcp_lists_drop(McpLists *lists, Str key);
/* Copied into the arena. False: there is none, or not any more. */
MUST_CHECK bool mcp_lists_find(McpLists *lists, Arena *arena, Str key, Str *list_r);
