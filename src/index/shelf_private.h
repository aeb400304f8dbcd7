/* shelf_private.h - what shelf.c and shelf_manifest.c share. */
#pragma once

#include <pthread.h>

#include "index/shelf.h"

struct Shelf {
    const SegmentKind *kind;
    char *folder;
    uint64_t setting;
    uint64_t next_number; /* of a file */
    uint64_t merging;     /* the file that shelf_merge_run() writes; 0: none */
    bool merges_later;
    bool has_merged;      /* since the last commit */
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
/* The segments that want to be one: of the lowest tier that has enough, else all of a kind that
 * gathers when they are worth it; 0: none. */
size_t shelf_choose(const Shelf *shelf, const Snapshot *now, Segment **chosen);
/* Clear the bit of the entry with the name; false when none lives. */
bool segment_kill(Segment *segment, uint64_t name);
/* Path of the segment file with the number. */
char *shelf_file(Arena *arena, const Shelf *shelf, uint64_t number);
/* Give one reference back. */
void segment_drop(Segment *segment);
