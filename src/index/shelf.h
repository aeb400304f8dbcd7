/* shelf.h - immutable segments of one leg of the index, in memory and on disk.
 *
 *     shelf_add(bytes) -> a segment in memory -> merged with its like -> shelf_commit() -> a file
 *
 * A segment is one block of bytes in its leg's format: entries sorted by name, each name once. An
 * entry's name is its key, or in a leg that has several entries a key, key << part_bits | part. A
 * delete clears bits beside the segment; a merge drops what is dead. The folder holds segment
 * files and a manifest that names them with length, CRC-32C, bitmap of living entries and the
 * owner's generation. Files are written under a temporary name, synced and renamed; the manifest
 * last, so a crash leaves the old state or the new one. It is a cache of the database: whatever
 * does not fit exactly is damaged and the owner rebuilds.
 *
 * Threads: one writer at a time (add, delete, commit, load; the caller sees to it), any number of
 * readers. A reader holds a Snapshot: a list of segments that cannot change or go away, taken
 * under a lock that is held for two instructions. Only bits of deleted entries change under it. */
#pragma once

#include <stdatomic.h>

#include "base/base.h"
#include "index/bytes.h"

typedef struct Segment {
    _Atomic int refs;
    uint64_t number; /* of its file; 0: only in memory */
    uint64_t id;     /* of its entries: stays when it is written to a file */
    Str bytes;
    bool is_mapped;
    bool must_rewrite; /* holds what shelf_erase() took; the writer's */
    uint32_t crc;      /* of its file */
    uint32_t count;
    unsigned part_bits;    /* of a name; 0: one entry a key */
    bool has_parts;        /* some name has a part other than 0 */
    const uint64_t *names; /* ascending, inside `bytes` */
    _Atomic uint64_t *live;
    _Atomic uint32_t live_count;
    void *view; /* the leg's own, one heap block; freed with the segment */
} Segment;

typedef struct Snapshot {
    _Atomic int refs;
    size_t count;
    Segment *at[];
} Snapshot;

/* What a leg has to know about its segments. */
typedef struct SegmentKind {
    const char *name;
    uint32_t version; /* of the format; another one is damage */
    bool gathers;     /* searched faster in few segments: see shelf_choose() */
    /* Check the bytes (8-byte aligned, of any content) and fill count, names, part_bits, has_parts
     * and view.
     */
    bool (*open)(Str bytes, uint64_t setting, Segment *segment, Error *err);
    /* The living entries of the segments as one new segment. */
    Bytes (*merge)(Segment *const *segments, size_t count, uint64_t setting);
} SegmentKind;

typedef struct Shelf Shelf;

/* `setting` (dimensions, say) is part of the format: a folder with another one is damaged. */
Shelf *shelf_new(const SegmentKind *kind, const char *folder, uint64_t setting);
void shelf_free(Shelf *shelf); /* no reader may be left; NULL is fine */
const char *shelf_folder(const Shelf *shelf);

typedef enum ShelfState { SHELF_EMPTY, SHELF_LOADED, SHELF_DAMAGED } ShelfState;
/* Map and check what the folder holds; on SHELF_DAMAGED the shelf is empty and err says why. */
ShelfState shelf_load(Shelf *shelf, uint64_t *generation_r, Error *err);

/* Make a segment of the bytes visible; takes them over. Names it shares with others replace them.
 */
void shelf_add(Shelf *shelf, Bytes bytes);
/* All entries of the key; false when none lives. */
bool shelf_delete(Shelf *shelf, uint64_t key);
/* Delete, alive or dead, so that the next commit leaves nothing of it in any file. */
void shelf_erase(Shelf *shelf, uint64_t key);
void shelf_clear(Shelf *shelf);

/* Merges of more than SHELF_MERGE_AT_ONCE entries are left to the owner from now on, who does them
 * beside the writer: begin and end as the writer, run on any thread. NULL: nothing to be done. */
#define SHELF_MERGE_AT_ONCE 16384
typedef struct ShelfMerge ShelfMerge;
void shelf_merge_later(Shelf *shelf);
bool shelf_is_due(Shelf *shelf); /* whether shelf_merge_begin() has something to do */
ShelfMerge *shelf_merge_begin(Shelf *shelf);
void shelf_merge_run(ShelfMerge *merge);
void shelf_merge_end(Shelf *shelf, ShelfMerge *merge);
/* Something was merged since the last commit: until the next one the files hold its parts, and
 * whoever opens them merges again. */
bool shelf_has_merged(const Shelf *shelf);
/* Write what is only in memory, and the manifest; remove files no longer named. */
MUST_CHECK bool shelf_commit(Shelf *shelf, uint64_t generation, Error *err);

Snapshot *shelf_snapshot(Shelf *shelf);
void snapshot_release(Snapshot *snapshot);
/* One more than the largest key in it: the bits that a bitmap of its keys needs. */
uint64_t snapshot_keys_end(const Snapshot *snapshot);
static inline void snapshot_auto(Snapshot **snapshot) { snapshot_release(*snapshot); }
#define AUTO_SNAPSHOT AUTO(snapshot_auto)

typedef struct ShelfSize {
    size_t segments, entries, dead, bytes;
} ShelfSize;
ShelfSize shelf_size(Shelf *shelf);

static inline bool segment_is_live(const Segment *segment, uint32_t entry)
{
    return atomic_load_explicit(&segment->live[entry / 64], memory_order_relaxed) >> (entry % 64) &
           1;
}
static inline uint64_t segment_key(const Segment *segment, uint32_t entry)
{
    return segment->names[entry] >> segment->part_bits;
}
/* The first entry whose name is not less; `count` when there is none. */
uint32_t segment_lower(const Segment *segment, uint64_t name);

/* What a search of one leg gives. */
typedef struct LegHit {
    uint64_t key;
    float score;
    uint32_t part; /* of the key, that has the score */
} LegHit;

/* Which keys a search may give: a bitmap over keys, a function, or both; zero is all. */
typedef struct KeyFilter {
    const uint64_t *bits; /* bit k: key k may be given; keys at or past `bit_count` may not */
    uint64_t bit_count;
    bool (*allows)(void *self, uint64_t key);
    void *self;
} KeyFilter;
/* By its bitmap, if it has one. */
static inline bool key_allowed(const KeyFilter *filter, uint64_t key)
{
    return !filter->bits || (key < filter->bit_count && filter->bits[key / 64] >> (key % 64) & 1);
}
/* Bitmap of the entries that live and pass; NULL when all do. Heap; *count_r is how many. */
uint64_t *segment_allowed(const Segment *segment, const KeyFilter *filter, size_t *count_r);
static inline size_t bitmap_words(size_t count) { return (count + 63) / 64; }
/* How many keys its bitmap has. */
static inline size_t key_filter_count(const KeyFilter *filter)
{
    size_t words = filter->bits ? bitmap_words(filter->bit_count) : 0, count = 0;
    for (size_t w = 0; w < words; w++)
        count += (size_t)__builtin_popcountll(filter->bits[w]);
    return count;
}
