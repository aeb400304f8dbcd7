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

VectorDraft vector_segment_new(uint64_t setting, size_t count)
{
    /* Each cell may leave a group half empty. */
    size_t cells = vector_cell_count(count), groups = groups_of(count) + cells;
    VectorHead head = layout(setting, count, cells, groups);
    VectorDraft draft = { .bytes = { heap_alloc_lines(head.end), head.end, head.end },
                          .signs = heap_grow(NULL, count * words_of(head.dims) * sizeof(uint64_t)),
                          .cells = heap_grow(NULL, count * sizeof(uint32_t)) };
    memcpy(draft.bytes.at, &head, sizeof(head));
    return draft;
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

void vector_segment_put(VectorDraft *draft, const VectorEntry *entry)
{
    VectorHead head;
    uint8_t *bytes = draft->bytes.at;
    memcpy(&head, bytes, sizeof(head));
    size_t dims = head.dims, at = draft->count++;
    memcpy(bytes + head.names + at * 8, &entry->name, 8);
    memcpy(bytes + head.scales + at * 4, &entry->scale, 4);
    memcpy(bytes + head.values + at * dims, entry->values, dims);
    if (head.cell_groups > head.halves)
        memcpy(bytes + head.halves + at * dims * 2, entry->halves, dims * 2);
    signs_of(entry->values, dims, draft->signs + at * words_of(dims));
    draft->cells[at] = entry->cell;
}

/* The first group of each cell; how many groups there are. */
static size_t place_cells(const VectorCells *cells, uint32_t *cell_groups)
{
    for (size_t c = 0; c < cells->count; c++)
        cell_groups[c + 1] =
            cell_groups[c] + (uint32_t)groups_of(cells->first[c + 1] - cells->first[c]);
    return cell_groups[cells->count];
}

/* The entries of one cell to its places, in their order. */
static void fill_places(const VectorHead *head, const uint32_t *entries, size_t count, size_t group,
                        const uint64_t *signs, uint8_t *bytes)
{
    size_t words = words_of(head->dims), places = groups_of(count) * 8;
    void *at = bytes + head->place_entry;
    uint32_t *place_entry = (uint32_t *)at + group * 8;
    at = bytes + head->signs;
    uint64_t *placed = (uint64_t *)at + group * 8 * words;
    memset(place_entry, 0xFF, places * sizeof(*place_entry));
    memcpy(place_entry, entries, count * sizeof(*place_entry));
    memset(placed, 0, places * words * sizeof(*placed));
    for (size_t i = 0; i < count; i++)
        for (size_t w = 0; w < words; w++)
            placed[(i / 8 * words + w) * 8 + i % 8] = signs[entries[i] * words + w];
}

Bytes vector_segment_seal(VectorDraft *draft, uint64_t setting, const VectorCentres *before)
{
    VectorHead head;
    uint8_t *bytes = draft->bytes.at;
    memcpy(&head, bytes, sizeof(head));
    size_t dims = head.dims, count = head.count;
    assert(draft->count == count);
    const void *values = bytes + head.values;
    VectorCells cells = vector_cells_make(values, draft->signs, count, dims, before, draft->cells);
    AUTO_FREE uint32_t *cell_groups = heap_alloc((cells.count + 1) * sizeof(*cell_groups));
    head = layout(setting, count, cells.count, place_cells(&cells, cell_groups));
    assert(head.end <= draft->bytes.capacity);
    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + head.cell_groups, cell_groups, (cells.count + 1) * sizeof(*cell_groups));
    if (cells.count > 1) {
        memcpy(bytes + head.centre_scales, cells.scales, cells.count * sizeof(float));
        memcpy(bytes + head.centres, cells.centres, cells.count * words_of(dims) * 64);
    }
    for (size_t c = 0; c < cells.count; c++)
        fill_places(&head, cells.entries + cells.first[c], cells.first[c + 1] - cells.first[c],
                    cell_groups[c], draft->signs, bytes);
    draft->bytes.length = head.end;
    vector_cells_free(&cells);
    free(draft->signs);
    free(draft->cells);
    return draft->bytes;
}

/* --- Merging --- */

/* The cell of each entry, that of the segment being the first of them; NO_CELL where it has no
 * centres. */
static void cells_of(const Segment *segment, uint32_t first, uint32_t *of)
{
    const VectorView *view = segment->view;
    for (size_t c = 0; c < view->cell_count; c++)
        for (size_t place = view->cell_groups[c] * 8; place < view->cell_groups[c + 1] * 8; place++)
            if (view->place_entry[place] != NO_ENTRY)
                of[view->place_entry[place]] = view->cell_count > 1 ? first + (uint32_t)c : NO_CELL;
}

/* What is merged: cells of all segments together. */
typedef struct Merger {
    Segment *const *segments;
    size_t count;
    uint32_t *at;  /* the next entry of each segment */
    uint32_t **of; /* the cell of each entry of each segment */
    size_t cells;
    uint8_t *centres; /* as in VectorCentres */
} Merger;

static Merger merger_new(Segment *const *segments, size_t count, size_t dims)
{
    size_t length = words_of(dims) * 64, cells = 0;
    Merger merger = { .segments = segments,
                      .count = count,
                      .at = heap_alloc((count + 1) * sizeof(*merger.at)),
                      .of = heap_alloc((count + 1) * sizeof(*merger.of)) };
    for (size_t i = 0; i < count; i++) {
        const VectorView *view = segments[i]->view;
        cells += view->cell_count;
    }
    merger.centres = heap_alloc(cells * length);
    for (size_t i = 0; i < count; i++) {
        const VectorView *view = segments[i]->view;
        merger.of[i] = heap_alloc(segments[i]->count * sizeof(**merger.of));
        cells_of(segments[i], (uint32_t)merger.cells, merger.of[i]);
        if (view->cell_count == 1)
            continue;
        memcpy(merger.centres + merger.cells * length, view->centres, view->cell_count * length);
        merger.cells += view->cell_count;
    }
    return merger;
}

static void merger_free(Merger *merger)
{
    for (size_t i = 0; i < merger->count; i++)
        free(merger->of[i]);
    free(merger->of);
    free(merger->at);
    free(merger->centres);
}

/* The segment whose next living entry has the least name; `count`: none has one. */
static size_t merger_next(Merger *merger)
{
    Segment *const *segments = merger->segments;
    uint32_t *at = merger->at;
    size_t least = merger->count;
    for (size_t i = 0; i < merger->count; i++) {
        while (at[i] < segments[i]->count && !segment_is_live(segments[i], at[i]))
            at[i]++;
        if (at[i] < segments[i]->count &&
            (least == merger->count ||
             segments[i]->names[at[i]] < segments[least]->names[at[least]]))
            least = i;
    }
    return least;
}

static Bytes merge(Segment *const *segments, size_t count, uint64_t setting)
{
    size_t dims = dims_of(setting), entries = 0;
    for (size_t i = 0; i < count; i++)
        entries += segments[i]->live_count;
    VectorDraft draft = vector_segment_new(setting, entries);
    Merger merger = merger_new(segments, count, dims);
    for (size_t least; (least = merger_next(&merger)) < count;) {
        const VectorView *view = segments[least]->view;
        uint32_t from = merger.at[least]++;
        VectorEntry entry = { .name = segments[least]->names[from],
                              .cell = merger.of[least][from],
                              .scale = view->scales[from],
                              .values = view->values + (size_t)from * dims,
                              .halves = view->halves ? view->halves + (size_t)from * dims : NULL };
        vector_segment_put(&draft, &entry);
    }
    const VectorCentres before = { merger.cells, merger.centres };
    Bytes bytes = vector_segment_seal(&draft, setting, &before);
    merger_free(&merger);
    return bytes;
}

const SegmentKind vector_segment_kind = {
    .name = "vector",
    .version = 5,
    .gathers = true,
    .open = open_segment,
    .merge = merge,
};
