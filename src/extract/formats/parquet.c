/* parquet.c - Parquet tables (parquet.apache.org, "File Format"): the columns and their types as
 * rows, then the first rows themselves. */
#include "extract/byte_view.h"
#include "extract/columns/parquet_file.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { CODECS_MAX = 8 };

typedef struct Shown {
    DocWriter *doc;
    Str bytes;
    const ParquetFooter *footer;
    size_t rows, rows_max, text_left;
    bool *is_missing; /* of each column: it has been said */
} Shown;

static void write_schema(DocWriter *doc, const ParquetFooter *footer)
{
    doc_table_begin(doc);
    doc_cell(doc, S("Column"));
    doc_cell(doc, S("Type"));
    doc_cell(doc, S("Values"));
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 0; i < footer->columns.count && doc_writer_ok(doc); i++) {
        const ParquetColumn *column = &footer->columns.at[i];
        doc_cell(doc, column->name);
        doc_cell(doc, str(column_kind_name(column->shown.kind)));
        doc_cell(doc, column->repeat_max    ? S("repeated")
                      : column->is_required ? S("required")
                                            : S("optional"));
        doc_row_end(doc);
    }
    doc_table_end(doc);
}

static void write_codecs(DocWriter *doc, Arena *arena, unsigned codecs)
{
    static const char *const names[CODECS_MAX] = { "none",   "snappy", "gzip", "lzo",
                                                   "brotli", "lz4",    "zstd", "lz4" };
    Buf out = buf_new(arena, KB(1));
    for (int i = 0; i < CODECS_MAX; i++)
        if (codecs & 1u << i)
            buf_addf(&out, "%s%s", out.length ? ", " : "", names[i]);
    doc_meta(doc, "compression", buf_str(&out));
}

static void say_missing(Shown *shown, Arena *arena, size_t column, const Error *why)
{
    if (shown->is_missing[column])
        return;
    shown->is_missing[column] = true;
    doc_warning(shown->doc,
                str_format(arena, "column \"" STR_FMT "\" is not read to its end: %s",
                           STR_ARG(shown->footer->columns.at[column].name), why->message));
}

/* A group of rows: each column is read by itself, then the rows are written. */
static void write_group(Shown *shown, const ParquetGroup *group)
{
    const ParquetFooter *footer = shown->footer;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    size_t width = MIN(footer->columns.count, group->chunk_count);
    size_t wanted = (size_t)MIN((uint64_t)MAX(0, group->rows), shown->rows_max - shown->rows);
    Str **texts = arena_new_array(arena, Str *, footer->columns.count);
    for (size_t i = 0; i < width; i++) {
        Error why = { 0 };
        ParquetCells cells = { .arena = arena,
                               .texts = arena_new_array(arena, Str, wanted),
                               .wanted = wanted,
                               .text_max = shown->text_left };
        if (!parquet_column_read(shown->bytes, &footer->columns.at[i],
                                 &footer->chunks.at[group->first_chunk + i], &cells, &why))
            say_missing(shown, arena, i, &why);
        shown->text_left = cells.text_max;
        texts[i] = cells.texts;
    }
    for (size_t row = 0; row < wanted && doc_writer_ok(shown->doc); row++) {
        for (size_t i = 0; i < footer->columns.count; i++)
            doc_cell(shown->doc, texts[i] ? texts[i][row] : STR_NONE);
        doc_row_end(shown->doc);
    }
    shown->rows += wanted;
}

static void write_rows(DocWriter *doc, Str bytes, const ParquetFooter *footer)
{
    size_t columns = footer->columns.count;
    Shown shown = { .doc = doc,
                    .bytes = bytes,
                    .footer = footer,
                    .rows_max = MIN(COLUMN_ROWS_MAX, COLUMN_CELLS_MAX / columns),
                    .text_left = COLUMN_TABLE_TEXT_MAX,
                    .is_missing = arena_new_array(footer->arena, bool, columns) };
    if (footer->groups.count == 0)
        return;
    doc_table_begin(doc);
    for (size_t i = 0; i < columns; i++)
        doc_cell(doc, footer->columns.at[i].name);
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 0; i < footer->groups.count && shown.rows < shown.rows_max; i++)
        if (doc_writer_ok(doc))
            write_group(&shown, &footer->groups.at[i]);
    doc_table_end(doc);
    if (footer->rows > (int64_t)shown.rows)
        doc_warning(doc,
                    str_format(footer->arena, "only the first %zu of %" PRId64 " rows are shown",
                               shown.rows, footer->rows));
}

static bool parquet_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    ParquetFooter footer = { .arena = arena };
    if (str_starts(source->bytes, S("PARE")))
        return fail(err, ERROR_ENCRYPTED, "the Parquet table is encrypted");
    if (!parquet_footer_read(&footer, source->bytes, err))
        return false;
    write_schema(doc, &footer);
    write_rows(doc, source->bytes, &footer);
    doc_meta_whole(doc, "rows", MAX(footer.rows, 0));
    doc_meta_whole(doc, "columns", (int64_t)footer.columns.count);
    doc_meta_whole(doc, "format_version", footer.version);
    doc_meta(doc, "software", footer.created_by);
    write_codecs(doc, arena, footer.codecs);
    return true;
}

static int parquet_sniff(Str bytes)
{
    return str_starts(bytes, S("PAR1")) || str_starts(bytes, S("PARE")) ? 95 : 0;
}

const Extractor extractor_parquet = {
    .name = "parquet",
    .title = "Parquet table (columns)",
    .extensions = LIST("parquet", "pq"),
    .media_types = LIST("application/vnd.apache.parquet"),
    .sniff = parquet_sniff,
    .extract = parquet_extract,
};
