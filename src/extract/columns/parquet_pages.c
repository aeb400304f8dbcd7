/* parquet_pages.c - the pages of a column: a dictionary perhaps, then levels and values
 * (parquet.apache.org, "Data Pages", both versions). */
#include "extract/byte_view.h"
#include "extract/columns/parquet_values.h"
#include "extract/columns/thrift.h"

enum { PAGE_MAX_BYTES = 128 << 20 };
enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2, PAGE_DATA_2 = 3 };

typedef struct Page {
    int64_t type, unpacked, packed;
    int64_t values, encoding, define_length, repeat_length, repeat_encoding, define_encoding;
    bool is_packed;
} Page;

/* A column being read. */
typedef struct Pages {
    const ParquetColumn *column;
    const ParquetChunk *chunk;
    ParquetCells *cells;
    Arena *arena, *page_arena; /* of the column, of a page */
    ParquetWords words;
    bool has_words;
    size_t row; /* of those wanted; the rows that have begun */
    Buf cell;
    Arena *cell_arena;
} Pages;

/* --- Heads of pages --- */

/* DataPageHeader, DictionaryPageHeader, DataPageHeaderV2: numbers under these fields. */
static void read_head_inside(Thrift *in, Page *page, int64_t kind)
{
    int64_t ignored, number = 0;
    int64_t *const data[] = {
        NULL,     &page->values, &page->encoding, &page->define_encoding, &page->repeat_encoding,
        &ignored, &ignored
    };
    int64_t *const data2[] = { NULL,
                               &page->values,
                               &ignored,
                               &ignored,
                               &page->encoding,
                               &page->define_length,
                               &page->repeat_length };
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        if (type == THRIFT_I32 && number > 0 && number < (int64_t)COUNT(data))
            *(kind == 8 ? data2 : data)[number] = thrift_number(in);
        else if (kind == 8 && number == 7)
            page->is_packed = type == THRIFT_TRUE;
        else
            thrift_skip(in, type);
    }
}

static Page read_head(Thrift *in)
{
    Page page = { .type = -1, .unpacked = -1, .packed = -1, .values = -1, .is_packed = true };
    int64_t number = 0, *const numbers[] = { NULL, &page.type, &page.unpacked, &page.packed };
    for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;) {
        if (type == THRIFT_STRUCT && (number == 5 || number == 7 || number == 8))
            read_head_inside(in, &page, number);
        else if (type == THRIFT_I32 && number > 0 && number < (int64_t)COUNT(numbers))
            *numbers[number] = thrift_number(in);
        else
            thrift_skip(in, type);
    }
    return page;
}

static ColumnCodec codec_of(int64_t codec)
{
    static const ColumnCodec codecs[] = { CODEC_PLAIN,   CODEC_SNAPPY,  CODEC_GZIP,
                                          CODEC_UNKNOWN, CODEC_UNKNOWN, CODEC_LZ4_HADOOP,
                                          CODEC_ZSTD,    CODEC_LZ4 };
    return codec >= 0 && codec < (int64_t)COUNT(codecs) ? codecs[codec] : CODEC_UNKNOWN;
}

static bool unpack(const Pages *pages, const Page *page, Str packed, Str *bytes_r, Error *err)
{
    ColumnCodec codec = codec_of(pages->chunk->codec);
    Buf out = buf_new(page->type == PAGE_DICTIONARY ? pages->arena : pages->page_arena,
                      (size_t)page->unpacked);
    *bytes_r = packed;
    if (codec == CODEC_PLAIN || !page->is_packed)
        return true;
    if (codec == CODEC_UNKNOWN)
        return fail(err, ERROR_UNSUPPORTED, "it is packed in a way that is not read");
    if (packed.length && !column_unpack(codec, packed, &out))
        return fail(err, ERROR_DAMAGED, "a page of it cannot be unpacked");
    *bytes_r = buf_str(&out);
    return true;
}

/* --- Rows --- */

static void end_cell(Pages *pages)
{
    ParquetCells *cells = pages->cells;
    if (pages->row == 0 || pages->row > cells->wanted)
        return;
    Str text = str_slice(buf_str(&pages->cell), 0, cells->text_max);
    cells->texts[pages->row - 1] = text.length ? str_copy(cells->arena, text) : STR_NONE;
    cells->text_max -= text.length;
}

static void begin_cell(Pages *pages)
{
    end_cell(pages);
    pages->row++;
    arena_reset(pages->cell_arena);
    pages->cell = buf_new(pages->cell_arena, COLUMN_CELL_TEXT_MAX * 2);
}

typedef struct Levels {
    ParquetRuns runs;
    Str packed; /* the old way: the highest bit first */
    size_t bit;
    unsigned width;
    bool is_old;
} Levels;

static unsigned next_level(Levels *levels)
{
    unsigned level = 0;
    if (!levels->is_old)
        return parquet_runs_next(&levels->runs);
    for (unsigned i = 0; i < levels->width; i++, levels->bit++)
        level =
            level << 1 | (byte_at(levels->packed, levels->bit / 8) >> (7 - levels->bit % 8) & 1);
    return level;
}

static unsigned bits_of(unsigned number)
{
    unsigned bits = 0;
    for (; number; number >>= 1)
        bits++;
    return bits;
}

/* Levels at the begin of a page of the first version, which *bytes moves past. */
static Levels take_levels(Str *bytes, unsigned max, int64_t encoding, int64_t count)
{
    Levels levels = { .width = bits_of(max), .is_old = encoding == ENCODING_BIT_PACKED };
    size_t length = 0;
    if (max && levels.is_old) {
        length = ((size_t)count * levels.width + 7) / 8;
        levels.packed = bytes_part(*bytes, 0, length);
    } else if (max) {
        length = 4 + (size_t)little32(*bytes, 0);
        levels.runs = parquet_runs(bytes_part(*bytes, 4, length - 4), levels.width);
    }
    *bytes = str_from(*bytes, length);
    return levels;
}

static bool read_values(Pages *pages, const Page *page, Levels repeats, Levels defines, Str bytes,
                        Error *err)
{
    const ParquetColumn *column = pages->column;
    ParquetValues values = { .column = column,
                             .words = pages->has_words ? &pages->words : NULL,
                             .arena = pages->page_arena,
                             .encoding = (ParquetEncoding)page->encoding };
    if (!parquet_values_begin(&values, bytes, (size_t)page->values))
        return fail(err, ERROR_UNSUPPORTED, "its values are written in a way that is not read");
    for (int64_t i = 0; i < page->values; i++) {
        bool is_new = column->repeat_max == 0 || next_level(&repeats) == 0;
        bool is_there = column->define_max == 0 || next_level(&defines) == column->define_max;
        if (repeats.runs.is_broken || defines.runs.is_broken)
            return fail(err, ERROR_DAMAGED, "a page of it ends too early");
        if (is_new && pages->row == pages->cells->wanted) {
            pages->row++; /* enough: the last one is whole */
            return true;
        }
        if (is_new)
            begin_cell(pages);
        if (!is_there || pages->row == 0)
            continue;
        ParquetValue value = parquet_values_next(&values);
        if (values.is_broken)
            return fail(err, ERROR_DAMAGED, "a page of it ends too early");
        if (pages->cell.length >= COLUMN_CELL_TEXT_MAX)
            continue;
        if (!is_new && pages->cell.length)
            buf_add(&pages->cell, S(", "));
        column_text(&pages->cell, &column->shown, value.bits, value.bytes);
    }
    return true;
}

static bool read_page(Pages *pages, const Page *page, Str packed, Error *err)
{
    const ParquetColumn *column = pages->column;
    Levels repeats, defines;
    Str bytes;
    if (page->type == PAGE_DATA) {
        if (!unpack(pages, page, packed, &bytes, err))
            return false;
        repeats = take_levels(&bytes, column->repeat_max, page->repeat_encoding, page->values);
        defines = take_levels(&bytes, column->define_max, page->define_encoding, page->values);
        return read_values(pages, page, repeats, defines, bytes, err);
    }
    size_t repeat_length = (size_t)MAX(0, page->repeat_length);
    size_t define_length = (size_t)MAX(0, page->define_length);
    Page rest = *page;
    if (repeat_length + define_length > packed.length ||
        repeat_length + define_length > (size_t)page->unpacked)
        return fail(err, ERROR_DAMAGED, "a page of it ends too early");
    rest.unpacked -= (int64_t)(repeat_length + define_length);
    repeats = (Levels){ .runs = parquet_runs(bytes_part(packed, 0, repeat_length),
                                             bits_of(column->repeat_max)) };
    defines = (Levels){ .runs = parquet_runs(bytes_part(packed, repeat_length, define_length),
                                             bits_of(column->define_max)) };
    return unpack(pages, &rest, str_from(packed, repeat_length + define_length), &bytes, err) &&
           read_values(pages, page, repeats, defines, bytes, err);
}

static bool read_any_page(Pages *pages, const Page *page, Str packed, Error *err)
{
    if (page->type == PAGE_DICTIONARY) {
        Str bytes;
        if (!unpack(pages, page, packed, &bytes, err))
            return false;
        pages->words =
            parquet_words(pages->arena, pages->column, bytes, (size_t)MAX(0, page->values));
        pages->has_words = true;
        return true;
    }
    return (page->type != PAGE_DATA && page->type != PAGE_DATA_2) ||
           read_page(pages, page, packed, err);
}

static bool read_pages(Pages *pages, Str bytes, Error *err)
{
    for (size_t at = 0; at < bytes.length && pages->row <= pages->cells->wanted;) {
        Thrift in = { .bytes = bytes, .at = at };
        Page page = read_head(&in);
        if (in.is_broken || page.packed < 0 || (size_t)page.packed > bytes.length - in.at ||
            page.unpacked < 0 || page.unpacked > PAGE_MAX_BYTES || page.values > INT32_MAX)
            return fail(err, ERROR_DAMAGED, "a page of it has no head");
        arena_reset(pages->page_arena);
        if (!read_any_page(pages, &page, bytes_part(bytes, in.at, (size_t)page.packed), err))
            return false;
        at = in.at + (size_t)page.packed;
    }
    return true;
}

bool parquet_column_read(Str bytes, const ParquetColumn *column, const ParquetChunk *chunk,
                         ParquetCells *cells, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *page_arena = arena_new(GB(1));
    AUTO_ARENA Arena *cell_arena = arena_new(MB(1));
    int64_t begin = chunk->begin;
    if (chunk->is_elsewhere)
        return fail(err, ERROR_UNSUPPORTED, "it is encrypted or in another file");
    if (column->type < 0 || column->type >= PARQUET_TYPE_COUNT)
        return fail(err, ERROR_UNSUPPORTED, "its type is not known");
    if (chunk->dictionary > 0 && chunk->dictionary < begin)
        begin = chunk->dictionary;
    if (begin < 0 || (uint64_t)begin >= bytes.length || chunk->length < 0)
        return fail(err, ERROR_DAMAGED, "its values are not in the file");
    Pages pages = { .column = column,
                    .chunk = chunk,
                    .cells = cells,
                    .arena = arena,
                    .page_arena = page_arena,
                    .cell_arena = cell_arena };
    bool ok = read_pages(&pages, bytes_part(bytes, (size_t)begin, (size_t)chunk->length), err);
    end_cell(&pages);
    return ok;
}
