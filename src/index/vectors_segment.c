/* vectors_segment.c - the bytes of a segment of vectors; see vectors_private.h.
 *
 * Little-endian, sections 8-byte aligned, the signs by cache lines: VectorHead; names u64; scales
 * f32; values int8; halves binary16 of the unit vectors, where they are wanted: of these a search
 * reads but the few rows that it gives; then the cells, as VectorView has them. */
#include <assert.h>
#include <emmintrin.h>

#include "index/vectors_cells.h"
#include "index/vectors_private.h"

#define LINE 64

typedef struct VectorHead {
    char magic[8];
    uint32_t dims, count, cells, groups;
    uint64_t names, scales, values, halves;
    uint64_t cell_groups, centre_scales, centres, place_entry, signs, end;
} VectorHead;

#define EXACT_BIT (UINT64_C(1) << 63)

uint64_t vector_setting(size_t dims, uint32_t identity, bool is_exact)
{
    return (is_exact ? EXACT_BIT : 0) | (uint64_t)dims << 32 | identity;
}

static size_t dims_of(uint64_t setting) { return (size_t)((setting & ~EXACT_BIT) >> 32); }

static uint64_t rounded(uint64_t length, uint64_t unit)
{
    return (length + unit - 1) / unit * unit;
}

static VectorHead layout(uint64_t setting, size_t count, size_t cells, size_t groups)
{
    size_t dims = dims_of(setting), half_bytes = setting & EXACT_BIT ? 2 : 0;
    size_t centres = cells > 1 ? cells : 0;
    VectorHead head = { .dims = (uint32_t)dims,
                        .count = (uint32_t)count,
                        .cells = (uint32_t)cells,
                        .groups = (uint32_t)groups };
    memcpy(head.magic, "LVECTOR5", 8);
    head.names = sizeof(head);
    head.scales = head.names + count * 8;
    head.values = head.scales + rounded(count * 4, 8);
    head.halves = head.values + rounded(count * dims, 8);
    head.cell_groups = head.halves + rounded(count * dims * half_bytes, 8);
    head.centre_scales = head.cell_groups + rounded((cells + 1) * 4, 8);
    head.centres = rounded(head.centre_scales + centres * 4, LINE);
    head.place_entry = head.centres + centres * words_of(dims) * 64;
    head.signs = rounded(head.place_entry + groups * 8 * 4, LINE);
    head.end = head.signs + groups * words_of(dims) * 64;
    return head;
}

/* Cells follow each other over all groups; places name entries. */
static bool cells_fit(const VectorHead *head, const VectorView *view)
{
    const uint32_t *first = view->cell_groups;
    if (first[0] != 0 || first[head->cells] != head->groups)
        return false;
    for (uint32_t c = 0; c < head->cells; c++)
        if (first[c] > first[c + 1])
            return false;
    for (size_t place = 0; place < (size_t)head->groups * 8; place++)
        if (view->place_entry[place] >= head->count && view->place_entry[place] != NO_ENTRY)
            return false;
    return true;
}

static VectorView view_of(const char *bytes, const VectorHead *head)
{
    VectorView view = { .cell_count = head->cells };
    const void *at;
    at = bytes + head->scales, view.scales = at;
    at = bytes + head->values, view.values = at;
    at = bytes + head->halves, view.halves = head->cell_groups > head->halves ? at : NULL;
    at = bytes + head->cell_groups, view.cell_groups = at;
    at = bytes + head->centre_scales, view.centre_scales = at;
    at = bytes + head->centres, view.centres = at;
    at = bytes + head->place_entry, view.place_entry = at;
    at = bytes + head->signs, view.signs = at;
    return view;
}

static bool open_segment(Str bytes, uint64_t setting, Segment *segment, Error *err)
{
    VectorHead head, expected;
    if (bytes.length < sizeof(head) || (uintptr_t)bytes.at % 8)
        return fail(err, ERROR_INTERNAL, "a vector segment is cut short");
    memcpy(&head, bytes.at, sizeof(head));
    expected = layout(setting, head.count, head.cells, head.groups);
    if (memcmp(&head, &expected, sizeof(head)) != 0 || head.end != bytes.length ||
        (head.cells != 1 &&
         (head.cells == 0 || head.cells % 8 != 0 || head.cells > VECTOR_CELLS_MAX)))
        return fail(err, ERROR_INTERNAL, "a vector segment's head does not fit");
    VectorView *view = segment->view = heap_alloc(sizeof(*view));
    const void *at = bytes.at + head.names;
    *view = view_of(bytes.at, &head);
    segment->names = at;
    segment->count = head.count;
    segment->part_bits = VECTOR_PART_BITS;
    if (!cells_fit(&head, view))
        return fail(err, ERROR_INTERNAL, "a vector segment's cells do not fit");
    uint64_t parts = 0;
    for (uint32_t i = 0; i < head.count; i++) {
        if (i && segment->names[i - 1] >= segment->names[i])
            return fail(err, ERROR_INTERNAL, "a vector segment's names do not fit");
        parts |= segment->names[i] % VECTOR_PARTS_MAX;
    }
    segment->has_parts = parts != 0;
    return true;
}

/* --- Writing --- */

Bytes vector_segment_new(uint64_t setting, size_t count)
{
    /* Each cell may leave a group half empty. */
    size_t cells = vector_cell_count(count), groups = groups_of(count) + cells;
    VectorHead head = layout(setting, count, cells, groups);
    Bytes bytes = { heap_alloc_lines(head.end), head.end, head.end };
    memcpy(bytes.at, &head, sizeof(head));
    return bytes;
}

void vector_segment_put(Bytes *bytes, size_t at, const VectorEntry *entry)
{
    VectorHead head;
    memcpy(&head, bytes->at, sizeof(head));
    size_t dims = head.dims;
    memcpy(bytes->at + head.names + at * 8, &entry->name, 8);
    memcpy(bytes->at + head.scales + at * 4, &entry->scale, 4);
    memcpy(bytes->at + head.values + at * dims, entry->values, dims);
    if (head.cell_groups > head.halves)
        memcpy(bytes->at + head.halves + at * dims * 2, entry->halves, dims * 2);
}

static void signs_of(const int8_t *values, size_t dims, uint64_t *signs)
{
    memset(signs, 0, words_of(dims) * sizeof(*signs));
    for (size_t d = 0; d < dims; d += 16) {
        char sixteen[16] = { 0 };
        memcpy(sixteen, values + d, MIN(dims - d, sizeof(sixteen)));
        __m128i positive =
            _mm_cmpgt_epi8(_mm_loadu_si128((const void *)sixteen), _mm_setzero_si128());
        signs[d / 64] |= (uint64_t)_mm_movemask_epi8(positive) << (d % 64);
    }
}

/* The first group of each cell; how many groups there are. */
static size_t place_cells(const VectorCells *cells, size_t entries, uint32_t *cell_groups)
{
    AUTO_FREE uint32_t *sizes = heap_alloc(cells->count * sizeof(*sizes));
    for (size_t i = 0; i < entries; i++)
        sizes[cells->of ? cells->of[i] : 0]++;
    for (size_t c = 0; c < cells->count; c++)
        cell_groups[c + 1] = cell_groups[c] + (uint32_t)groups_of(sizes[c]);
    return cell_groups[cells->count];
}

/* Entries to their places, in each cell in their order. */
static void fill_places(const VectorHead *head, const VectorCells *cells,
                        const uint32_t *cell_groups, const uint64_t *signs, uint8_t *bytes)
{
    size_t words = words_of(head->dims);
    AUTO_FREE uint32_t *next = heap_alloc(cells->count * sizeof(*next));
    void *at = bytes + head->place_entry;
    uint32_t *place_entry = at;
    at = bytes + head->signs;
    uint64_t *placed = at;
    memset(place_entry, 0xFF, (size_t)head->groups * 8 * sizeof(*place_entry));
    memset(placed, 0, head->end - head->signs);
    for (size_t c = 0; c < cells->count; c++)
        next[c] = cell_groups[c] * 8;
    for (uint32_t i = 0; i < head->count; i++) {
        size_t place = next[cells->of ? cells->of[i] : 0]++;
        place_entry[place] = i;
        for (size_t w = 0; w < words; w++)
            placed[(place / 8 * words + w) * 8 + place % 8] = signs[i * words + w];
    }
}

void vector_segment_seal(Bytes *bytes, uint64_t setting)
{
    VectorHead head;
    memcpy(&head, bytes->at, sizeof(head));
    size_t dims = head.dims, words = words_of(dims), count = head.count;
    const void *at = bytes->at + head.values;
    const int8_t *values = at;
    AUTO_FREE uint64_t *signs = heap_alloc((count + 1) * words * sizeof(*signs));
    for (size_t i = 0; i < count; i++)
        signs_of(values + i * dims, dims, signs + i * words);
    VectorCells cells = vector_cells_make(values, signs, count, dims);
    AUTO_FREE uint32_t *cell_groups = heap_alloc((cells.count + 1) * sizeof(*cell_groups));
    head = layout(setting, count, cells.count, place_cells(&cells, count, cell_groups));
    assert(head.end <= bytes->capacity);
    memcpy(bytes->at, &head, sizeof(head));
    memcpy(bytes->at + head.cell_groups, cell_groups, (cells.count + 1) * sizeof(*cell_groups));
    if (cells.count > 1) {
        memcpy(bytes->at + head.centre_scales, cells.scales, cells.count * sizeof(float));
        memcpy(bytes->at + head.centres, cells.centres, cells.count * words * 64);
    }
    fill_places(&head, &cells, cell_groups, signs, bytes->at);
    bytes->length = head.end;
    vector_cells_free(&cells);
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
    vector_segment_seal(&bytes, setting);
    return bytes;
}

const SegmentKind vector_segment_kind = {
    .name = "vector",
    .version = 5,
    .gathers = true,
    .open = open_segment,
    .merge = merge,
};
