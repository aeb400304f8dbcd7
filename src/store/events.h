/* events.h - telling open pages that something has changed. See events.def.
 *
 *     event_tell()  --when committed-->  EVENTS_CHANGED  (this process)
 *                                             |  notify/event_feed.h: at most four times a second
 *                                             '->  EVENTS_CHANNEL  (every node)  ->  open pages
 *
 * Nothing is kept: whoever was away reads the state anew. So a page is told of a change once and at
 * once where little happens, and where thousands of things change each second of most of them only
 * that some did. */
#pragma once

#include "store/scope.h"

typedef enum EventKind {
#define EVENT(name, role, what) EVENT_##name,
#include "store/events.def"
#undef EVENT
    EVENT_KIND_COUNT
} EventKind;

#define EVENTS_CHANGED "events_changed"
#define EVENTS_CHANNEL "events"
#define EVENT_DATA_MAX 500 /* bytes of what an event says */

const char *event_name(EventKind kind);
Role event_role(EventKind kind); /* of whom it is told */
/* False when there is none of this name. */
bool event_named(Str name, EventKind *kind_r);

/* What is told on both channels: a line "KIND WORKSPACE ID DATA" for each change, without line
 * breaks of its own; ID is "-" when it is empty, DATA is JSON. */
typedef struct EventLine {
    EventKind kind;
    Str workspace, id, data;
} EventLine;
void event_line_add(Buf *out, const EventLine *line);
/* The next one of *text, borrowed; false at its end. What is no line of ours is passed over. */
bool event_line_next(Str *text, EventLine *line_r);

/* In the transaction in which it changes. `workspace` empty: nobody is told; `id` empty: many of
 * them; `state` empty: the event says none. */
MUST_CHECK bool event_tell(DbTx *tx, Str workspace, EventKind kind, Str id, Str state, Error *err);

/* The same with data of its own: a JSON object of at most EVENT_DATA_MAX bytes. */
MUST_CHECK bool event_tell_data(DbTx *tx, const EventLine *line, Error *err);
