/* feed_read.h - the entries of a news feed: RSS 0.9x, 1.0 and 2.0, and Atom (RFC 4287). Pure. */
#pragma once

#include "base/base.h"

#define FEED_ENTRIES_MAX 2000

typedef struct FeedEntry {
    Str id;   /* never empty: guid, id, else the link as written */
    Str link; /* whole; empty where there is none that is http or https */
    Str title, author, date;
    Str html; /* what it says */
} FeedEntry;

typedef struct Feed {
    Str title;
    VEC(FeedEntry) entries;
} Feed;

/* Links are told as seen from `address`, where the feed is, and from the xml:base around them.
 * False when it is no feed. */
bool feed_read(Arena *arena, Str bytes, Str address, Feed *feed_r);
/* The entry as a page. */
Str feed_page(Arena *arena, const FeedEntry *entry);
