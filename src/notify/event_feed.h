/* event_feed.h - from what changes on this node (store/events.h) to the open pages of every node.
 *
 * The first change is told at once; what follows is gathered for a quarter of a second, and a thing
 * that has changed more than once is told of once, as it was last. Where more than fifty things of
 * one kind change meanwhile, pages hear that some did ("id" null). Threads: any. */
#pragma once

#include "notify/event_hub.h"

typedef struct EventFeed EventFeed;

/* The hub must live longer. Fails when no thread can be started or nothing be listened to. */
MUST_CHECK bool event_feed_open(Db *db, EventHub *hub, EventFeed **feed_r, Error *err);
void event_feed_close(EventFeed *feed); /* NULL is fine */
/* For the pages of this node alone: news that every node has by itself. */
void event_feed_add(EventFeed *feed, const EventLine *line);
