/* shelf_private.h - what shelf.c and shelf_manifest.c share. */
#pragma once

#include <pthread.h>

#include "index/shelf.h"

struct Shelf {
    const SegmentKind *kind;
    char *folder;
    uint64_t setting;
    uint64_t next_number; /* of a file */
    pthread_mutex_t lock; /* guards `current` */
    Snapshot *current;    /* changed by the writer only */
};

/* A segment of the bytes, all entries alive, one reference; NULL when they are not one. On
 * failure the bytes stay the caller's. */
Segment *segment_new(const Shelf *shelf, Str bytes, bool is_mapped, Error *err);
/* Make these the current segments (each gets a reference), but for those without a living entry. */
void shelf_publish(Shelf *shelf, Segment *const *segments, size_t count);
/* Rewrite segments with more than a quarter dead, or with something erased: what is dead in them
 * leaves the disk. */
void shelf_compact(Shelf *shelf);
/* Give one reference back. */
void segment_drop(Segment *segment);
