/* vectors_segment.c - the bytes of a segment of vectors; see vectors_private.h.
 *
 * Little-endian, sections 8-byte aligned: VectorHead; names u64; signs, groups of eight vectors
 * with word j of the eight side by side; scales f32; values int8; halves binary16 of the unit
 * vectors, where they are wanted: of these a search reads but the few rows that it gives. */
#include <assert.h>

#include "index/vectors_private.h"

typedef struct VectorHead {
    char magic[8];
    uint32_t dims, count;
    uint64_t names, signs, scales, values, halves, end;
} VectorHead;

#define EXACT_BIT (UINT64_C(1) << 63)

uint64_t vector_setting(size_t dims, uint32_t identity, bool is_exact)
{
    return (is_exact ? EXACT_BIT : 0) | (uint64_t)dims << 32 | identity;
}

static size_t dims_of(uint64_t setting) { return (size_t)((setting & ~EXACT_BIT) >> 32); }

static VectorHead layout(uint64_t setting, size_t count)
{
    size_t dims = dims_of(setting), half_bytes = setting & EXACT_BIT ? 2 : 0;
    VectorHead head = { .dims = (uint32_t)dims, .count = (uint32_t)count };
    memcpy(head.magic, "LVECTOR3", 8);
    head.names = sizeof(head);
    head.signs = head.names + count * 8;
    head.scales = head.signs + groups_of(count) * words_of(dims) * 64;
    head.values = head.scales + (count * 4 + 7) / 8 * 8;
    head.halves = head.values + (count * dims + 7) / 8 * 8;
    head.end = head.halves + (count * dims * half_bytes + 7) / 8 * 8;
    return head;
}

static bool open_segment(Str bytes, uint64_t setting, Segment *segment, Error *err)
{
    VectorHead head, expected;
    if (bytes.length < sizeof(head) || (uintptr_t)bytes.at % 8)
        return fail(err, ERROR_INTERNAL, "a vector segment is cut short");
    memcpy(&head, bytes.at, sizeof(head));
    expected = layout(setting, head.count);
    if (memcmp(&head, &expected, sizeof(head)) != 0 || head.end != bytes.length)
        return fail(err, ERROR_INTERNAL, "a vector segment's head does not fit");
    VectorView *view = segment->view = heap_alloc(sizeof(*view));
    const void *at = bytes.at + head.names;
    segment->names = at;
    segment->count = head.count;
    segment->part_bits = VECTOR_PART_BITS;
    at = bytes.at + head.signs, view->signs = at;
    at = bytes.at + head.scales, view->scales = at;
    at = bytes.at + head.values, view->values = at;
    at = bytes.at + head.halves, view->halves = setting & EXACT_BIT ? at : NULL;
    uint64_t parts = 0;
    for (uint32_t i = 0; i < head.count; i++) {
        if (i && segment->names[i - 1] >= segment->names[i])
            return fail(err, ERROR_INTERNAL, "a vector segment's names do not fit");
        parts |= segment->names[i] % VECTOR_PARTS_MAX;
    }
    segment->has_parts = parts != 0;
    return true;
}

Bytes vector_segment_new(uint64_t setting, size_t count)
{
    VectorHead head = layout(setting, count);
    Bytes bytes = { .at = heap_alloc(head.end), .length = head.end, .capacity = head.end };
    memcpy(bytes.at, &head, sizeof(head));
    return bytes;
}

void vector_segment_put(Bytes *bytes, size_t at, const VectorEntry *entry)
{
    VectorHead head;
    memcpy(&head, bytes->at, sizeof(head));
    size_t dims = head.dims, words = words_of(dims);
    memcpy(bytes->at + head.names + at * 8, &entry->name, 8);
    memcpy(bytes->at + head.scales + at * 4, &entry->scale, 4);
    memcpy(bytes->at + head.values + at * dims, entry->values, dims);
    if (head.end > head.halves)
        memcpy(bytes->at + head.halves + at * dims * 2, entry->halves, dims * 2);
    for (size_t w = 0; w < words; w++) {
        uint64_t bits = 0;
        for (size_t d = w * 64; d < MIN(dims, w * 64 + 64); d++)
            bits |= (uint64_t)(entry->values[d] > 0) << (d % 64);
        memcpy(bytes->at + head.signs + ((at / 8 * words + w) * 8 + at % 8) * 8, &bits, 8);
    }
}

static Bytes merge(Segment *const *segments, size_t count, uint64_t setting)
{
    size_t dims = dims_of(setting), entries = 0, made = 0;
    for (size_t i = 0; i < count; i++)
        entries += segments[i]->live_count;
    Bytes bytes = vector_segment_new(setting, entries);
    AUTO_FREE uint32_t *at = heap_alloc((count + 1) * sizeof(*at));
    for (;;) {
        size_t least = count;
        for (size_t i = 0; i < count; i++) {
            while (at[i] < segments[i]->count && !segment_is_live(segments[i], at[i]))
                at[i]++;
            if (at[i] < segments[i]->count &&
                (least == count || segments[i]->names[at[i]] < segments[least]->names[at[least]]))
                least = i;
        }
        if (least == count)
            break;
        const VectorView *view = segments[least]->view;
        uint32_t from = at[least]++;
        VectorEntry entry = { .name = segments[least]->names[from],
                              .scale = view->scales[from],
                              .values = view->values + (size_t)from * dims,
                              .halves = view->halves ? view->halves + (size_t)from * dims : NULL };
        vector_segment_put(&bytes, made++, &entry);
    }
    assert(made == entries);
    return bytes;
}

const SegmentKind vector_segment_kind = {
    .name = "vector",
    .version = 3,
    .open = open_segment,
    .merge = merge,
};
