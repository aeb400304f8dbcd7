/* shelf.c - see shelf.h; the manifest is in shelf_manifest.c. */
#include "index/shelf.h"

#include <assert.h>
#include <pthread.h>
#include <unistd.h>

#include "base/file.h"
#include "index/shelf_private.h"

/* Eight segments of a like size become one: each entry is copied once per factor of eight. */
#define MERGE_COUNT 8
/* ... and fewer entries than this beside the largest segment stay beside it. */
#define GATHER_FROM 8192

Shelf *shelf_new(const SegmentKind *kind, const char *folder, uint64_t setting)
{
    Shelf *shelf = heap_alloc(sizeof(*shelf));
    *shelf =
        (Shelf){ .kind = kind, .folder = heap_text(folder), .setting = setting, .next_number = 1 };
    pthread_mutex_init(&shelf->lock, NULL);
    shelf->current = heap_alloc(sizeof(Snapshot));
    shelf->current->refs = 1;
    return shelf;
}

void segment_drop(Segment *segment)
{
    if (atomic_fetch_sub(&segment->refs, 1) > 1)
        return;
    if (segment->is_mapped)
        file_unmap(&(FileMap){ segment->bytes });
    else
        free((void *)(uintptr_t)segment->bytes.at);
    free(segment->live);
    free(segment->view);
    free(segment);
}

void snapshot_release(Snapshot *snapshot)
{
    if (!snapshot || atomic_fetch_sub(&snapshot->refs, 1) > 1)
        return;
    for (size_t i = 0; i < snapshot->count; i++)
        segment_drop(snapshot->at[i]);
    free(snapshot);
}

uint64_t snapshot_keys_end(const Snapshot *snapshot)
{
    uint64_t end = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        end = MAX(end, snapshot->at[i]->names[snapshot->at[i]->count - 1] + 1);
    return end;
}

void shelf_free(Shelf *shelf)
{
    if (!shelf)
        return;
    snapshot_release(shelf->current);
    pthread_mutex_destroy(&shelf->lock);
    free(shelf->folder);
    free(shelf);
}

const char *shelf_folder(const Shelf *shelf) { return shelf->folder; }

Snapshot *shelf_snapshot(Shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
    Snapshot *snapshot = shelf->current;
    atomic_fetch_add(&snapshot->refs, 1);
    pthread_mutex_unlock(&shelf->lock);
    return snapshot;
}

void shelf_publish(Shelf *shelf, Segment *const *segments, size_t count)
{
    Snapshot *next = heap_alloc(sizeof(*next) + count * sizeof(next->at[0]));
    next->refs = 1;
    for (size_t i = 0; i < count; i++) {
        /* What is dead as a whole is left behind. */
        if (segments[i]->live_count == 0)
            continue;
        atomic_fetch_add(&segments[i]->refs, 1);
        next->at[next->count++] = segments[i];
    }
    pthread_mutex_lock(&shelf->lock);
    Snapshot *before = shelf->current;
    shelf->current = next;
    pthread_mutex_unlock(&shelf->lock);
    snapshot_release(before);
}

Segment *segment_new(const Shelf *shelf, Str bytes, bool is_mapped, Error *err)
{
    Segment *segment = heap_alloc(sizeof(*segment));
    if (!shelf->kind->open(bytes, shelf->setting, segment, err)) {
        free(segment->view);
        free(segment);
        return NULL;
    }
    static _Atomic uint64_t last_id;
    segment->refs = 1;
    segment->id = atomic_fetch_add(&last_id, 1) + 1;
    segment->bytes = bytes;
    segment->is_mapped = is_mapped;
    size_t words = bitmap_words(segment->count);
    segment->live = heap_alloc((words + 1) * sizeof(uint64_t));
    for (uint32_t i = 0; i < segment->count; i++)
        segment->live[i / 64] |= UINT64_C(1) << (i % 64);
    segment->live_count = segment->count;
    return segment;
}

/* Names are ascending numbers: no more are before it than fit in between, nor behind it. Where they
 * follow each other without gaps that leaves one entry. */
uint32_t segment_lower(const Segment *segment, uint64_t name)
{
    uint32_t low = 0, high = segment->count;
    if (!high || name <= segment->names[0])
        return 0;
    uint64_t before = name - segment->names[0], last = segment->names[high - 1];
    if (name > last)
        return high;
    low = last - name < high - 1 ? high - 1 - (uint32_t)(last - name) : 0;
    high = (uint32_t)MIN(before, (uint64_t)high);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (segment->names[middle] < name)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool kill_entry(Segment *segment, uint32_t entry)
{
    if (!segment_is_live(segment, entry))
        return false;
    atomic_fetch_and(&segment->live[entry / 64], ~(UINT64_C(1) << (entry % 64)));
    atomic_fetch_sub(&segment->live_count, 1);
    return true;
}

bool segment_kill(Segment *segment, uint64_t name)
{
    uint32_t entry = segment_lower(segment, name);
    return entry < segment->count && segment->names[entry] == name && kill_entry(segment, entry);
}

/* Every part of the key; *has_r (may be NULL): whether there is one, alive or dead. */
static bool kill_key(Segment *segment, uint64_t key, bool *has_r)
{
    bool any = false;
    uint32_t first = segment_lower(segment, key << segment->part_bits), entry = first;
    for (; entry < segment->count && segment_key(segment, entry) == key; entry++)
        any |= kill_entry(segment, entry);
    if (has_r)
        *has_r = entry > first;
    return any;
}

bool shelf_delete(Shelf *shelf, uint64_t key)
{
    bool any = false;
    for (size_t i = 0; i < shelf->current->count; i++)
        any |= kill_key(shelf->current->at[i], key, NULL);
    return any;
}

void shelf_erase(Shelf *shelf, uint64_t key)
{
    for (size_t i = 0; i < shelf->current->count; i++) {
        bool has_it;
        (void)kill_key(shelf->current->at[i], key, &has_it);
        shelf->current->at[i]->must_rewrite |= has_it;
    }
}

static int tier_of(const Segment *segment)
{
    int tier = 0;
    for (uint32_t count = segment->live_count; count >= MERGE_COUNT; count /= MERGE_COUNT)
        tier++;
    return tier;
}

/* Replace the chosen segments of the current snapshot by their merger. */
static void merge_chosen(Shelf *shelf, Segment *const *chosen, size_t chosen_count)
{
    AUTO_SNAPSHOT Snapshot *before = shelf_snapshot(shelf);
    AUTO_FREE Segment **after = heap_alloc((before->count + 1) * sizeof(*after));
    size_t count = 0;
    Error err = { 0 };

    Bytes bytes = shelf->kind->merge(chosen, chosen_count, shelf->setting);
    Segment *merged = segment_new(shelf, (Str){ (char *)bytes.at, bytes.length }, false, &err);
    assert(merged); /* what we have just written */
    for (size_t i = 0; i < before->count; i++) {
        bool is_chosen = false;
        for (size_t j = 0; j < chosen_count; j++)
            is_chosen |= before->at[i] == chosen[j];
        if (!is_chosen)
            after[count++] = before->at[i];
    }
    after[count++] = merged;
    shelf_publish(shelf, after, count);
    segment_drop(merged);
}

/* All, when the others have a third of what the largest has: each entry is copied some four times
 * on the way from ten thousand to a hundred thousand. */
static size_t choose_all(const Snapshot *now, Segment **chosen)
{
    size_t largest = 0, all = 0;
    for (size_t i = 0; i < now->count; i++) {
        chosen[i] = now->at[i];
        all += now->at[i]->live_count;
        largest = MAX(largest, (size_t)now->at[i]->live_count);
    }
    return all - largest >= MAX(largest / 3, (size_t)GATHER_FROM) ? now->count : 0;
}

size_t shelf_choose(const Shelf *shelf, const Snapshot *now, Segment **chosen)
{
    for (int tier = 0; tier < 16; tier++) {
        size_t count = 0;
        for (size_t i = 0; i < now->count; i++)
            if (tier_of(now->at[i]) == tier)
                chosen[count++] = now->at[i];
        if (count >= MERGE_COUNT)
            return count;
    }
    return shelf->kind->gathers ? choose_all(now, chosen) : 0;
}

/* Merge the lowest tier that has eight segments; false when none has, or it is left for later. */
static bool merge_tier(Shelf *shelf)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(shelf);
    AUTO_FREE Segment **chosen = heap_alloc((now->count + 1) * sizeof(*chosen));
    size_t count = shelf_choose(shelf, now, chosen), entries = 0;
    for (size_t i = 0; i < count; i++)
        entries += chosen[i]->live_count;
    if (!count || (shelf->merges_later && entries > SHELF_MERGE_AT_ONCE))
        return false;
    merge_chosen(shelf, chosen, count);
    return true;
}

bool shelf_is_due(Shelf *shelf)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(shelf);
    AUTO_FREE Segment **chosen = heap_alloc((now->count + 1) * sizeof(*chosen));
    return shelf_choose(shelf, now, chosen) > 0;
}

void shelf_merge_later(Shelf *shelf) { shelf->merges_later = true; }

bool shelf_has_merged(const Shelf *shelf) { return shelf->has_merged; }

void shelf_add(Shelf *shelf, Bytes bytes)
{
    Error err = { 0 };
    Segment *added = segment_new(shelf, (Str){ (char *)bytes.at, bytes.length }, false, &err);
    assert(added); /* what we have just written */
    for (size_t s = 0; s < shelf->current->count; s++)
        for (uint32_t i = 0; i < added->count; i++)
            segment_kill(shelf->current->at[s], added->names[i]);
    size_t count = shelf->current->count;
    AUTO_FREE Segment **all = heap_alloc((count + 1) * sizeof(*all));
    memcpy(all, shelf->current->at, count * sizeof(*all));
    all[count] = added;
    shelf_publish(shelf, all, count + 1);
    segment_drop(added);
    while (merge_tier(shelf))
        ;
}

void shelf_clear(Shelf *shelf) { shelf_publish(shelf, NULL, 0); }

void shelf_compact(Shelf *shelf)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(shelf);
    for (size_t i = 0; i < now->count; i++) {
        Segment *segment = now->at[i];
        bool is_hollow = segment->live_count < segment->count - segment->count / 4;
        if (segment->live_count && (is_hollow || segment->must_rewrite))
            merge_chosen(shelf, &segment, 1);
    }
}

ShelfSize shelf_size(Shelf *shelf)
{
    AUTO_SNAPSHOT Snapshot *now = shelf_snapshot(shelf);
    ShelfSize size = { .segments = now->count };
    for (size_t i = 0; i < now->count; i++) {
        size.entries += now->at[i]->live_count;
        size.dead += now->at[i]->count - now->at[i]->live_count;
        size.bytes += now->at[i]->bytes.length;
    }
    return size;
}

/* The bits of the 64 keys from `key` on. */
static uint64_t bits_from(const KeyFilter *filter, uint64_t key)
{
    uint64_t word = key / 64, words = bitmap_words(filter->bit_count), shift = key % 64;
    uint64_t bits = word < words ? filter->bits[word] >> shift : 0;
    if (shift && word + 1 < words)
        bits |= filter->bits[word + 1] << (64 - shift);
    if (key + 64 > filter->bit_count)
        bits &= key < filter->bit_count ? UINT64_MAX >> (64 - (filter->bit_count - key)) : 0;
    return bits;
}

/* Which of 64 entries the bitmap of keys lets through. Chunks of a document have keys in a row, so
 * the bitmap can often be taken as it is. */
static uint64_t word_in_bits(const Segment *segment, const KeyFilter *filter, size_t word)
{
    uint32_t first = (uint32_t)word * 64, end = MIN(first + 64, segment->count);
    uint64_t key = segment_key(segment, first), passed = 0;
    if (!segment->has_parts && end - first == 64 && segment_key(segment, end - 1) - key == 63)
        return bits_from(filter, key);
    bool passes = key_allowed(filter, key);
    for (uint32_t i = first; i < end; i++) {
        uint64_t next = segment_key(segment, i);
        if (next != key)
            passes = key_allowed(filter, key = next);
        passed |= (uint64_t)passes << (i % 64);
    }
    return passed;
}

static uint64_t word_allowed(const Segment *segment, const KeyFilter *filter, size_t word,
                             uint64_t allowed)
{
    for (uint64_t rest = allowed; rest; rest &= rest - 1) {
        unsigned bit = (unsigned)__builtin_ctzll(rest);
        if (!filter->allows(filter->self, segment_key(segment, (uint32_t)word * 64 + bit)))
            allowed &= ~(UINT64_C(1) << bit);
    }
    return allowed;
}

uint64_t *segment_allowed(const Segment *segment, const KeyFilter *filter, size_t *count_r)
{
    bool any_filter = filter && (filter->bits || filter->allows);
    if (!any_filter && segment->live_count == segment->count) {
        *count_r = segment->count;
        return NULL;
    }
    size_t words = bitmap_words(segment->count), count = 0;
    uint64_t *allowed = heap_alloc((words + 1) * sizeof(*allowed));
    for (size_t w = 0; w < words; w++) {
        uint64_t bits = atomic_load_explicit(&segment->live[w], memory_order_relaxed);
        if (bits && any_filter && filter->bits)
            bits &= word_in_bits(segment, filter, w);
        if (bits && any_filter && filter->allows)
            bits = word_allowed(segment, filter, w, bits);
        allowed[w] = bits;
        count += (size_t)__builtin_popcountll(bits);
    }
    *count_r = count;
    if (count < segment->count)
        return allowed;
    free(allowed);
    return NULL;
}
