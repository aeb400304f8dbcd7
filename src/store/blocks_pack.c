/* blocks_pack.c - up to BLOCK_PACK blocks as bytes.
 *
 *     1, count, block..., CRC-32C of all before (4 bytes, little-endian)
 *     block: flags, kind, level, start - end of the one before, length, then for each flag what it
 *     says is there; numbers are varints (signed ones zigzag), texts have their length before. */
#include "store/blocks_store.h"

#include "base/hash.h"

#define FORM 1

enum {
    HAS_SLIDE = 1 << 0,
    HAS_HEADER = 1 << 1,
    HAS_LABEL = 1 << 2,
    HAS_PAGE = 1 << 3,
    HAS_BOX = 1 << 4,
    HAS_LINES = 1 << 5,
    HAS_TABLE = 1 << 6,
    HAS_SHEET = 1 << 7,
    HAS_RANGE = 1 << 8,
    HAS_PART = 1 << 9,
    HAS_ANCHOR = 1 << 10,
    HAS_CELLS = 1 << 11,
    HAS_TIMES = 1 << 12,
    HAS_WORDS = 1 << 13,
    HAS_ANY = (1 << 14) - 1,
};

static void add_number(Buf *buf, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        buf_add_char(buf, (char)(n | 0x80));
    buf_add_char(buf, (char)n);
}

static void add_signed(Buf *buf, int64_t n)
{
    add_number(buf, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static void add_text(Buf *buf, Str text)
{
    add_number(buf, text.length);
    buf_add(buf, text);
}

static unsigned flags_of(const StoredBlock *block)
{
    bool has_box = block->x0 != 0 || block->y0 != 0 || block->x1 != 0 || block->y1 != 0;

    return (block->is_slide ? HAS_SLIDE : 0u) | (block->is_header_row ? HAS_HEADER : 0u) |
           (block->label.length ? HAS_LABEL : 0u) | (block->page ? HAS_PAGE : 0u) |
           (has_box ? HAS_BOX : 0u) | (block->line_first || block->line_last ? HAS_LINES : 0u) |
           (block->table ? HAS_TABLE : 0u) | (block->sheet.length ? HAS_SHEET : 0u) |
           (block->cells.length ? HAS_RANGE : 0u) | (block->part.length ? HAS_PART : 0u) |
           (block->anchor.length ? HAS_ANCHOR : 0u) | (block->cell_count ? HAS_CELLS : 0u) |
           (block->start_ms || block->end_ms ? HAS_TIMES : 0u) |
           (block->word_count ? HAS_WORDS : 0u);
}

static void add_cells(Buf *buf, const StoredBlock *block)
{
    add_number(buf, block->cell_count);
    for (size_t i = 0; i < block->cell_count; i++) {
        const StoredCell *cell = &block->cell[i];
        add_number(buf, cell->start);
        add_number(buf, cell->length);
        add_number(buf, cell->column_span);
        add_number(buf, cell->row_span);
    }
}

/* Edges in tenths of a point are as exact as recognition is. */
static void add_words(Buf *buf, const StoredBlock *block)
{
    int64_t end = 0, last[4] = { 0 };
    add_number(buf, block->word_count);
    for (size_t i = 0; i < block->word_count; i++) {
        const StoredWord *word = &block->word[i];
        const float edges[4] = { word->x0, word->y0, word->x1, word->y1 };
        add_signed(buf, (int64_t)word->start - end);
        add_number(buf, word->length);
        end = (int64_t)word->start + word->length;
        for (int k = 0; k < 4; k++) {
            int64_t tenths = (int64_t)(MAX(-1e9F, MIN(edges[k], 1e9F)) * 10);
            add_signed(buf, tenths - last[k]);
            last[k] = tenths;
        }
    }
}

static void add_block(Buf *buf, const StoredBlock *block, uint64_t end)
{
    unsigned flags = flags_of(block);
    const float box[4] = { block->x0, block->y0, block->x1, block->y1 };

    add_number(buf, flags);
    add_signed(buf, block->kind);
    add_signed(buf, block->level);
    add_signed(buf, (int64_t)(block->start - end));
    add_number(buf, block->length);
    if (flags & HAS_LABEL)
        add_text(buf, block->label);
    if (flags & HAS_PAGE)
        add_signed(buf, block->page);
    if (flags & HAS_BOX)
        buf_add_bytes(buf, box, sizeof(box));
    if (flags & HAS_LINES) {
        add_signed(buf, block->line_first);
        add_signed(buf, (int64_t)block->line_last - block->line_first);
    }
    if (flags & HAS_TABLE)
        add_number(buf, block->table);
    if (flags & HAS_SHEET)
        add_text(buf, block->sheet);
    if (flags & HAS_RANGE)
        add_text(buf, block->cells);
    if (flags & HAS_PART)
        add_text(buf, block->part);
    if (flags & HAS_ANCHOR)
        add_text(buf, block->anchor);
    if (flags & HAS_CELLS)
        add_cells(buf, block);
    if (flags & HAS_TIMES) {
        add_signed(buf, block->start_ms);
        add_signed(buf, block->end_ms - block->start_ms);
    }
    if (flags & HAS_WORDS)
        add_words(buf, block);
}

Str block_pack(Arena *arena, const StoredBlock *blocks, size_t count)
{
    size_t limit = 32;
    uint64_t end = 0;

    for (size_t i = 0; i < count; i++)
        limit += 160 + blocks[i].label.length + blocks[i].sheet.length + blocks[i].cells.length +
                 blocks[i].part.length + blocks[i].anchor.length + blocks[i].cell_count * 20 +
                 blocks[i].word_count * 60;
    Buf buf = buf_new(arena, limit);
    buf_add_char(&buf, FORM);
    add_number(&buf, count);
    for (size_t i = 0; i < count; i++) {
        add_block(&buf, &blocks[i], end);
        end = blocks[i].start + blocks[i].length;
    }
    uint32_t crc = crc32c(0, buf.at, buf.length);
    for (int shift = 0; shift < 32; shift += 8)
        buf_add_char(&buf, (char)(crc >> shift));
    return buf_str(&buf);
}

/* --- Reading: after the first mistake every read gives nothing ------------------------------ */

typedef struct Reader {
    Str rest;
    bool is_bad;
} Reader;

static Str read_bytes(Reader *reader, uint64_t count)
{
    Str bytes = { reader->rest.at, (size_t)count };

    if (reader->is_bad || count > reader->rest.length) {
        reader->is_bad = true;
        return STR_NONE;
    }
    reader->rest = str_from(reader->rest, (size_t)count);
    return bytes;
}

static uint64_t read_number(Reader *reader, uint64_t max)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        Str byte = read_bytes(reader, 1);
        if (reader->is_bad)
            return 0;
        n |= (uint64_t)(*byte.at & 0x7f) << shift;
        if (!(*byte.at & 0x80) && n <= max)
            return n;
        if (!(*byte.at & 0x80))
            break;
    }
    reader->is_bad = true;
    return 0;
}

static int64_t read_signed(Reader *reader)
{
    uint64_t n = read_number(reader, UINT64_MAX);
    return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

static int32_t read_small(Reader *reader)
{
    int64_t n = read_signed(reader);

    if (n < INT32_MIN || n > INT32_MAX) {
        reader->is_bad = true;
        return 0;
    }
    return (int32_t)n;
}

static Str read_text(Reader *reader, Arena *arena)
{
    return str_copy(arena, read_bytes(reader, read_number(reader, UINT32_MAX)));
}

static void read_cells(Reader *reader, Arena *arena, StoredBlock *block)
{
    /* Four bytes at least for each, so a wrong count cannot ask for much memory. */
    size_t count = (size_t)read_number(reader, reader->rest.length / 4);
    StoredCell *cells = arena_new_array(arena, StoredCell, count);

    for (size_t i = 0; i < count; i++)
        cells[i] = (StoredCell){
            .start = (uint32_t)read_number(reader, UINT32_MAX),
            .length = (uint32_t)read_number(reader, UINT32_MAX),
            .column_span = (uint16_t)read_number(reader, UINT16_MAX),
            .row_span = (uint16_t)read_number(reader, UINT16_MAX),
        };
    block->cell = cells;
    block->cell_count = count;
}

static float read_tenths(Reader *reader, int64_t *last)
{
    *last = (int64_t)((uint64_t)*last + (uint64_t)read_signed(reader));
    return (float)*last / 10;
}

static void read_words(Reader *reader, Arena *arena, StoredBlock *block)
{
    /* Six bytes at least for each. */
    size_t count = (size_t)read_number(reader, reader->rest.length / 6);
    StoredWord *words = arena_new_array(arena, StoredWord, count);
    int64_t last[4] = { 0 };
    uint32_t end = 0;

    for (size_t i = 0; i < count; i++) {
        words[i].start = end + (uint32_t)read_signed(reader);
        words[i].length = (uint32_t)read_number(reader, UINT32_MAX);
        end = words[i].start + words[i].length;
        words[i].x0 = read_tenths(reader, &last[0]);
        words[i].y0 = read_tenths(reader, &last[1]);
        words[i].x1 = read_tenths(reader, &last[2]);
        words[i].y1 = read_tenths(reader, &last[3]);
    }
    block->word = words;
    block->word_count = count;
}

static void read_box(Reader *reader, StoredBlock *block)
{
    float box[4] = { 0 };
    Str bytes = read_bytes(reader, sizeof(box));

    if (bytes.length)
        memcpy(box, bytes.at, sizeof(box));
    block->x0 = box[0];
    block->y0 = box[1];
    block->x1 = box[2];
    block->y1 = box[3];
}

static void read_block(Reader *reader, Arena *arena, uint64_t end, StoredBlock *block)
{
    unsigned flags = (unsigned)read_number(reader, HAS_ANY);

    block->is_slide = flags & HAS_SLIDE;
    block->is_header_row = flags & HAS_HEADER;
    block->kind = read_small(reader);
    block->level = read_small(reader);
    block->start = end + (uint64_t)read_signed(reader);
    block->length = read_number(reader, UINT64_MAX);
    if (flags & HAS_LABEL)
        block->label = read_text(reader, arena);
    if (flags & HAS_PAGE)
        block->page = read_small(reader);
    if (flags & HAS_BOX)
        read_box(reader, block);
    if (flags & HAS_LINES) {
        block->line_first = read_small(reader);
        block->line_last = (int32_t)((uint32_t)block->line_first + (uint32_t)read_small(reader));
    }
    if (flags & HAS_TABLE)
        block->table = (uint32_t)read_number(reader, UINT32_MAX);
    if (flags & HAS_SHEET)
        block->sheet = read_text(reader, arena);
    if (flags & HAS_RANGE)
        block->cells = read_text(reader, arena);
    if (flags & HAS_PART)
        block->part = read_text(reader, arena);
    if (flags & HAS_ANCHOR)
        block->anchor = read_text(reader, arena);
    if (flags & HAS_CELLS)
        read_cells(reader, arena, block);
    if (flags & HAS_TIMES) {
        block->start_ms = read_signed(reader);
        block->end_ms = (int64_t)((uint64_t)block->start_ms + (uint64_t)read_signed(reader));
    }
    if (flags & HAS_WORDS)
        read_words(reader, arena, block);
}

static bool crc_is_right(Str bytes)
{
    uint32_t crc = 0;

    if (bytes.length < 6)
        return false;
    for (int i = 0; i < 4; i++)
        crc |= (uint32_t)(unsigned char)bytes.at[bytes.length - 4 + (size_t)i] << 8 * i;
    return crc == crc32c(0, bytes.at, bytes.length - 4);
}

bool block_unpack(Arena *arena, Str bytes, int64_t first_ordinal, StoredBlockList *list_r,
                  Error *err)
{
    if (!crc_is_right(bytes) || bytes.at[0] != FORM)
        return fail(err, ERROR_DAMAGED, "stored blocks are damaged");
    Reader reader = { .rest = str_slice(bytes, 1, bytes.length - 4) };
    StoredBlockList list = { .count = (size_t)read_number(&reader, BLOCK_PACK) };
    uint64_t end = 0;

    list.at = arena_new_array(arena, StoredBlock, list.count);
    for (size_t i = 0; i < list.count && !reader.is_bad; i++) {
        read_block(&reader, arena, end, &list.at[i]);
        list.at[i].ordinal = first_ordinal + (int64_t)i;
        end = list.at[i].start + list.at[i].length;
    }
    if (reader.is_bad || reader.rest.length)
        return fail(err, ERROR_DAMAGED, "stored blocks are damaged");
    *list_r = list;
    return true;
}
