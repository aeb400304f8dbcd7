/* arrow.c - Arrow tables in files and streams, Feather (arrow.apache.org, "IPC"): the columns and
 * their types as rows, then the first rows themselves. */
#include "extract/columns/arrow_file.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

typedef struct Shown {
    DocWriter *doc;
    ArrowFile *file;
    int64_t rows; /* in all */
    size_t count, count_max, text;
} Shown;

static void write_schema(DocWriter *doc, const ArrowField *root)
{
    doc_table_begin(doc);
    doc_cell(doc, S("Column"));
    doc_cell(doc, S("Type"));
    doc_cell(doc, S("Values"));
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 0; i < root->item_count && doc_writer_ok(doc); i++) {
        doc_cell(doc, root->items[i].name);
        doc_cell(doc, str(arrow_kind_name(&root->items[i])));
        doc_cell(doc, root->items[i].is_required ? S("required") : S("optional"));
        doc_row_end(doc);
    }
    doc_table_end(doc);
}

static bool write_batch(Shown *shown, const ArrowMessage *message, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *row_arena = arena_new(GB(1));
    int64_t count = MIN(arrow_row_count(message), (int64_t)(shown->count_max - shown->count));
    ArrowArray *columns;
    if (!arrow_batch(shown->file, message, arena, &columns, err))
        return false;
    for (int64_t row = 0; row < count && doc_writer_ok(shown->doc); row++, shown->count++) {
        if (shown->text > COLUMN_TABLE_TEXT_MAX)
            return true;
        arena_reset(row_arena);
        for (size_t i = 0; i < shown->file->root.item_count; i++) {
            Buf cell = buf_new(row_arena, COLUMN_CELL_TEXT_MAX * 2);
            arrow_text(&cell, &columns[i], (size_t)row);
            doc_cell(shown->doc, buf_str(&cell));
            shown->text += cell.length;
        }
        doc_row_end(shown->doc);
    }
    return true;
}

/* Batches beyond the rows that are shown are only counted. */
static bool write_batches(Shown *shown, Error *err)
{
    ArrowMessage message;
    Error why = { 0 };
    while (doc_writer_ok(shown->doc) && arrow_next(shown->file, &message, &why)) {
        int64_t count = arrow_row_count(&message);
        shown->rows = shown->rows > INT64_MAX - count ? INT64_MAX : shown->rows + count;
        if (shown->count < shown->count_max && !write_batch(shown, &message, &why))
            break;
    }
    return why.code == ERROR_NONE || fail(err, why.code, "%s", why.message);
}

static void write_rows(DocWriter *doc, ArrowFile *file)
{
    const ArrowField *root = &file->root;
    Shown shown = { .doc = doc,
                    .file = file,
                    .count_max = MIN(COLUMN_ROWS_MAX, COLUMN_CELLS_MAX / root->item_count) };
    Error why = { 0 };
    doc_table_begin(doc);
    for (size_t i = 0; i < root->item_count; i++)
        doc_cell(doc, root->items[i].name);
    doc_row_end(doc);
    doc_header_end(doc);
    bool is_whole = write_batches(&shown, &why);
    doc_table_end(doc);
    if (!is_whole)
        doc_warning(doc, str(why.message));
    else if (shown.rows > (int64_t)shown.count)
        doc_warning(doc, str_format(file->arena, "only the first %zu of %" PRId64 " rows are shown",
                                    shown.count, shown.rows));
    doc_meta_whole(doc, "rows", shown.rows);
    doc_meta_whole(doc, "columns", (int64_t)root->item_count);
}

static bool arrow_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    ArrowFile file = { .arena = arena };
    if (!arrow_begin(&file, source->bytes, err))
        return false;
    write_schema(doc, &file.root);
    write_rows(doc, &file);
    doc_meta(doc, "compression",
             file.codecs & 1u << CODEC_ZSTD        ? S("zstd")
             : file.codecs & 1u << CODEC_LZ4_FRAME ? S("lz4")
                                                   : S("none"));
    return true;
}

static int arrow_sniff(Str bytes)
{
    return str_starts(bytes, S("ARROW1")) ? 95 : arrow_is_stream(bytes) ? 85 : 0;
}

const Extractor extractor_arrow = {
    .name = "arrow",
    .title = "Arrow and Feather tables",
    .extensions = LIST("arrow", "feather", "arrows", "ipc"),
    .media_types = LIST("application/vnd.apache.arrow.file", "application/vnd.apache.arrow.stream"),
    .sniff = arrow_sniff,
    .extract = arrow_extract,
};
