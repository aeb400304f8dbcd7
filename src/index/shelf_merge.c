/* shelf_merge.c - merging large segments beside the writer; see shelf.h.
 *
 * What is merged is frozen: the segments are immutable but for the bits of living entries, and of
 * those a copy is merged. What died meanwhile is deleted from the merger at the end. When one of
 * the segments is gone by then (cleared, or rewritten by a commit) the merger is thrown away. */
#include <assert.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "index/shelf_private.h"

struct ShelfMerge {
    const Shelf *shelf;
    size_t count;
    Segment **segments; /* as they were; each with a reference */
    Segment *frozen;    /* the same with a copy of `live` */
    Segment **views;    /* pointers to the frozen */
    uint64_t number;    /* of the file that is made */
    Segment *merged;
};

static Segment freeze(Segment *segment)
{
    Segment frozen = *segment;
    size_t words = bitmap_words(segment->count);
    uint32_t count = 0;
    frozen.live = heap_alloc((words + 1) * sizeof(uint64_t));
    for (size_t w = 0; w < words; w++) {
        uint64_t bits = segment->live[w];
        frozen.live[w] = bits;
        count += (uint32_t)__builtin_popcountll(bits);
    }
    frozen.live_count = count;
    return frozen;
}

ShelfMerge *shelf_merge_begin(Shelf *shelf)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(shelf);
    AUTO_FREE Segment **chosen = heap_alloc((now->count + 1) * sizeof(*chosen));
    size_t count = shelf_choose(shelf, now, chosen);
    if (!count || shelf->merging)
        return NULL;
    ShelfMerge *merge = heap_alloc(sizeof(*merge));
    *merge = (ShelfMerge){ .shelf = shelf, .count = count, .number = shelf->next_number++ };
    merge->segments = heap_alloc(count * sizeof(*merge->segments));
    merge->frozen = heap_alloc(count * sizeof(*merge->frozen));
    merge->views = heap_alloc(count * sizeof(*merge->views));
    for (size_t i = 0; i < count; i++) {
        atomic_fetch_add(&chosen[i]->refs, 1);
        merge->segments[i] = chosen[i];
        merge->frozen[i] = freeze(chosen[i]);
        merge->views[i] = &merge->frozen[i];
    }
    shelf->merging = merge->number;
    return merge;
}

/* The bytes in a file, mapped; false: they stay in memory and the next commit writes them. */
static bool save(ShelfMerge *merge, Bytes bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Error ignored = { 0 };
    FileMap map;
    Str text = { (char *)bytes.at, bytes.length };
    char *path = shelf_file(arena, merge->shelf, merge->number);
    if (!folder_make(merge->shelf->folder, 0700, &ignored) ||
        !file_write(path, text, 0600, &ignored) || !file_map(path, &map, &ignored))
        return false;
    merge->merged = segment_new(merge->shelf, map.bytes, true, &ignored);
    if (!merge->merged) {
        file_unmap(&map);
        return false;
    }
    merge->merged->number = merge->number;
    merge->merged->crc = crc32c(0, text.at, text.length);
    return true;
}

void shelf_merge_run(ShelfMerge *merge)
{
    const Shelf *shelf = merge->shelf;
    Error err = { 0 };
    Bytes bytes = shelf->kind->merge(merge->views, merge->count, shelf->setting);
    if (save(merge, bytes)) {
        free(bytes.at);
        return;
    }
    merge->merged = segment_new(shelf, (Str){ (char *)bytes.at, bytes.length }, false, &err);
    assert(merge->merged); /* what we have just written */
}

/* The segment of now that holds what `before` held, or NULL. */
static Segment *same_segment(const Snapshot *now, const Segment *before)
{
    for (size_t i = 0; i < now->count; i++)
        if (now->at[i]->id == before->id)
            return now->at[i];
    return NULL;
}

static void take_over_deaths(Segment *merged, const Segment *frozen, const Segment *now)
{
    for (size_t w = 0; w < bitmap_words(now->count); w++) {
        uint64_t died = frozen->live[w] & ~now->live[w];
        for (; died; died &= died - 1)
            segment_kill(merged, now->names[w * 64 + (size_t)__builtin_ctzll(died)]);
    }
    merged->must_rewrite |= now->must_rewrite;
}

/* Put the merger in the place of its parts; false when one of them is gone. */
static bool replace(Shelf *shelf, ShelfMerge *merge)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(shelf);
    AUTO_FREE Segment **after = heap_alloc((now->count + 1) * sizeof(*after));
    size_t count = 0;
    for (size_t i = 0; i < merge->count; i++)
        if (!same_segment(now, merge->segments[i]))
            return false;
    for (size_t i = 0; i < now->count; i++) {
        const Segment *part = NULL;
        for (size_t j = 0; j < merge->count; j++)
            if (merge->segments[j]->id == now->at[i]->id)
                part = &merge->frozen[j];
        if (part)
            take_over_deaths(merge->merged, part, now->at[i]);
        else
            after[count++] = now->at[i];
    }
    after[count++] = merge->merged;
    shelf_publish(shelf, after, count);
    return true;
}

void shelf_merge_end(Shelf *shelf, ShelfMerge *merge)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (replace(shelf, merge))
        shelf->has_merged = true;
    else
        unlink(shelf_file(arena, shelf, merge->number));
    shelf->merging = 0;
    segment_drop(merge->merged);
    for (size_t i = 0; i < merge->count; i++) {
        segment_drop(merge->segments[i]);
        free(merge->frozen[i].live);
    }
    free(merge->segments), free(merge->frozen), free(merge->views), free(merge);
}
