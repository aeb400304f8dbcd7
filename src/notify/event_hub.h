/* event_hub.h - tells open pages and programs what has changed in their workspace, as server-sent
 * events or over a WebSocket: the same events, with the same ids.
 *
 *     {"type": KIND, "id": ID, "data": {...}}      a text of a WebSocket
 *
 * Whoever listens holds one stream or socket; the hub owns it from event_hub_join() on. One that is
 * too slow to take its events is cut off and comes back by itself, with the id of the last event it
 * has seen: what came after it is told, if it is among the last of this process. If not, "missed"
 * is told, and they read the state anew. Any thread. */
#pragma once

#include "base/json.h"
#include "net/http_stream.h"
#include "net/websocket.h"
#include "store/events.h"

#define LISTENERS_OF_ONE 100 /* of one person, or one key that is nobody's, on this node */

typedef struct EventHub EventHub;

EventHub *event_hub_new(void);
/* Ends every stream and socket. NULL is fine. */
void event_hub_free(EventHub *hub);

/* Who listens: by `stream` or by `socket`, which was opened with on_gone = event_hub_gone and
 * argument = hub. */
typedef struct EventJoin {
    const Scope *scope;
    Str session; /* by which they are known; empty: a key, or the owner of the machine */
    Str last_id; /* the last event they have seen; empty: they are new */
    HttpStream *stream;
    WebSocket *socket;
} EventJoin;

/* Fails with ERROR_LIMITED when they listen too often already. */
MUST_CHECK bool event_hub_has_room(EventHub *hub, const Scope *scope, Error *err);
/* Says "hello", then what they have missed. The caller must not use what it gives any more. */
void event_hub_join(EventHub *hub, const EventJoin *join);
void event_hub_gone(void *hub);
/* One event for those of the workspace who may see it; `data` is JSON. Whoever is limited to
 * collections hears nothing but event_hub_send_of(). */
void event_hub_send(EventHub *hub, Str workspace, EventKind kind, Str data);
/* For one person alone; nobody when `user` is empty. */
void event_hub_send_to(EventHub *hub, Str workspace, Str user, EventKind kind, Str data);
/* About what is in a collection (its id; empty: in none): for everybody who may see it where
 * `those` is NULL, else for these people and keys (ids), and administrators. */
void event_hub_send_of(EventHub *hub, Str workspace, Str collection, const StrList *those,
                       EventKind kind, Str data);
/* Events may have been lost: "missed" to everyone, who read the state anew. */
void event_hub_missed(EventHub *hub);
/* A DbListener of ACCESS_CHANNEL (store/access.h): whoever was let in by what is no longer so is
 * shut out, and comes back if they still may. */
void event_hub_shut_out(void *hub, const char *channel, Str text);
size_t event_hub_count(EventHub *hub);
/* Whether somebody listens, or may come back for what they have missed: who makes events only for
 * them need not when this is false. */
bool event_hub_is_heard(EventHub *hub);
