/* event_hub.h - tells open pages what has changed in their workspace, as server-sent events.
 *
 * A page holds one stream; the hub owns it from event_hub_join() on. A page that is too slow to
 * take its events is cut off and comes back by itself. Nothing is kept for pages that are away:
 * they read the state anew when they come back. Any thread. */
#pragma once

#include "net/http_stream.h"
#include "store/events.h"

typedef struct EventHub EventHub;

EventHub *event_hub_new(void);
/* Ends every stream. NULL is fine. */
void event_hub_free(EventHub *hub);
/* Give the hub a stream that was opened with on_gone = event_hub_gone and argument = hub. The
 * caller must not use it any more. */
void event_hub_join(EventHub *hub, const Scope *scope, HttpStream *stream);
void event_hub_gone(void *hub);
/* One event for the pages of the workspace whose people may see it; `data` is JSON. */
void event_hub_send(EventHub *hub, Str workspace, EventKind kind, Str data);
/* For the pages of one person alone; nobody when `user` is empty. */
void event_hub_send_to(EventHub *hub, Str workspace, Str user, EventKind kind, Str data);
/* Events may have been lost: "missed" to every page, which reads the state anew. */
void event_hub_missed(EventHub *hub);
size_t event_hub_count(EventHub *hub);
