/* notion_api.h - what is asked of Notion's API, for reading (kinds/notion.c) and writing
 * (notion_send.c). */
#pragma once

#include "connect/connector.h"

#define NOTION_AT_ONCE 100 /* of anything, in a request or an answer */

/* *json_r (AUTO_JSON) NULL: there is no such thing, or not for us. */
MUST_CHECK bool notion_ask(ConnectRun *run, const char *method, Str path, Str body, json_t **json_r,
                           Error *err);
/* The body that asks for a part of a list, from the cursor on. */
Str notion_part(Arena *arena, Str cursor);
/* Where the next part begins; empty: this was the last. */
Str notion_next(Arena *arena, const json_t *answer);
bool notion_is_trashed(const json_t *object);

/* See Connector.send. `below`: the id of a page, "page:ID", "data_source:ID" (a row of a database)
 * or what people copy from their browser. */
MUST_CHECK bool notion_send(ConnectRun *run, const ConnectNote *note, ConnectSent *sent_r,
                            Error *err);
