/* orc.c - ORC tables (orc.apache.org): the columns and their types as rows, then the first rows
 * themselves. */
#include "extract/charset/encoding.h"
#include "extract/columns/orc_file.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

typedef struct Shown {
    DocWriter *doc;
    OrcFile *file;
    size_t count, count_max, text;
} Shown;

static void write_schema(DocWriter *doc, const OrcFile *file)
{
    const OrcType *root = &file->types.at[0];
    doc_table_begin(doc);
    doc_cell(doc, S("Column"));
    doc_cell(doc, S("Type"));
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 0; i < root->items.count && doc_writer_ok(doc); i++) {
        doc_cell(doc, root->names.at[i]);
        doc_cell(doc, str(orc_kind_name(&file->types.at[root->items.at[i]])));
        doc_row_end(doc);
    }
    doc_table_end(doc);
}

/* Nothing of a row is shown that breaks off. */
static bool write_row(Shown *shown, OrcRows *rows, Arena *arena)
{
    size_t width = rows->root.type->items.count;
    Str *cells = arena_new_array(arena, Str, width);
    for (size_t i = 0; i < width; i++) {
        Buf cell = buf_new(arena, COLUMN_CELL_TEXT_MAX * 3);
        orc_text(rows, &rows->root.items[i], &cell, 0);
        cells[i] = buf_str(&cell);
    }
    for (size_t i = 0; i < width && !rows->is_broken; i++) {
        doc_cell(shown->doc, cells[i]);
        shown->text += cells[i].length;
    }
    if (!rows->is_broken)
        doc_row_end(shown->doc);
    return !rows->is_broken;
}

static bool write_stripe(Shown *shown, const OrcStripe *stripe, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *row_arena = arena_new(GB(1));
    OrcRows rows;
    if (!orc_stripe_begin(shown->file, stripe, arena, &rows, err))
        return false;
    for (uint64_t i = 0; i < stripe->rows && shown->count < shown->count_max; i++) {
        if (!doc_writer_ok(shown->doc) || shown->text > COLUMN_TABLE_TEXT_MAX)
            return true;
        arena_reset(row_arena);
        if (!write_row(shown, &rows, row_arena))
            return fail(err, ERROR_DAMAGED, "a row of the ORC table is broken");
        shown->count++;
    }
    return true;
}

static void write_rows(DocWriter *doc, OrcFile *file)
{
    const OrcType *root = &file->types.at[0];
    Shown shown = { .doc = doc,
                    .file = file,
                    .count_max = MIN(COLUMN_ROWS_MAX, COLUMN_CELLS_MAX / root->items.count) };
    Error why = { 0 };
    bool is_whole = true;
    doc_table_begin(doc);
    for (size_t i = 0; i < root->items.count; i++)
        doc_cell(doc, root->names.at[i]);
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 0; i < file->stripes.count && is_whole && shown.count < shown.count_max; i++)
        is_whole =
            file->stripes.at[i].rows == 0 || write_stripe(&shown, &file->stripes.at[i], &why);
    doc_table_end(doc);
    if (!is_whole)
        doc_warning(doc, str(why.message));
    else if (file->rows > shown.count)
        doc_warning(doc, str_format(file->arena, "only the first %zu of %" PRIu64 " rows are shown",
                                    shown.count, file->rows));
}

static bool orc_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const char *const codecs[] = {
        [CODEC_PLAIN] = "none", [CODEC_DEFLATE] = "zlib", [CODEC_SNAPPY] = "snappy",
        [CODEC_LZ4] = "lz4",    [CODEC_ZSTD] = "zstd",
    };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    OrcFile file = { .arena = arena };
    if (!orc_begin(&file, source->bytes, err))
        return false;
    write_schema(doc, &file);
    write_rows(doc, &file);
    doc_meta_whole(doc, "rows", (int64_t)MIN(file.rows, INT64_MAX));
    doc_meta_whole(doc, "columns", (int64_t)file.types.at[0].items.count);
    doc_meta(doc, "software", file.software);
    doc_meta(doc, "compression", str(codecs[file.codec]));
    return true;
}

static int orc_sniff(Str bytes)
{
    return str_starts(bytes, S("ORC")) && text_is_binary(bytes) ? 80 : 0;
}

const Extractor extractor_orc = {
    .name = "orc",
    .title = "ORC table (columns)",
    .extensions = LIST("orc"),
    .media_types = LIST("application/vnd.apache.orc", "application/x-orc"),
    .sniff = orc_sniff,
    .extract = orc_extract,
};
