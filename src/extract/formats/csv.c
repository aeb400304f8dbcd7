/* csv.c - values separated by commas, semicolons, tabs or bars (RFC 4180, read leniently). */
#include "base/map.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

/* A quoted field longer than this is a quote that was never closed, and so are all that follow
 * after a few of them. */
enum { QUOTED_MAX = 1 << 20, BROKEN_MAX = 8, SAMPLE_ROWS = 40, SAMPLE_BYTES = 64 * 1024 };

typedef struct Reader {
    Str text;
    size_t at;
    int line;
    char separator;
    int broken_count;
} Reader;

static bool at_end(const Reader *in) { return in->at >= in->text.length; }

static bool ends_field(const Reader *in, size_t at)
{
    if (at >= in->text.length)
        return true;
    char c = in->text.at[at];
    return c == in->separator || c == '\n' || c == '\r';
}

/* The field that begins with a quote at in->at; false when its end is not found. */
static bool read_quoted(Reader *in, Buf *out)
{
    size_t limit = MIN(in->text.length, in->at + QUOTED_MAX), part = in->at + 1;
    int lines = 0;
    bool is_loose = false;
    if (in->broken_count > BROKEN_MAX)
        return false;
    for (size_t i = part; i < limit; i++) {
        lines += in->text.at[i] == '\n';
        if (is_loose && in->text.at[i] == '\n')
            break; /* the quotes were a part of the text */
        if (in->text.at[i] != '"')
            continue;
        if (i + 1 < limit && in->text.at[i + 1] == '"') {
            buf_add(out, str_slice(in->text, part, i + 1));
            part = ++i + 1;
            continue;
        }
        size_t after = i + 1;
        while (after < limit && in->text.at[after] == ' ' && in->separator != ' ')
            after++;
        if (!ends_field(in, after)) {
            is_loose = true; /* a quote inside that was not doubled */
            continue;
        }
        buf_add(out, str_slice(in->text, part, i));
        in->at = after;
        in->line += lines;
        return true;
    }
    in->broken_count += !is_loose;
    out->length = 0;
    return false;
}

static Str read_field(Reader *in, Arena *arena)
{
    size_t start = in->at;
    while (start < in->text.length && in->text.at[start] == ' ')
        start++;
    if (start < in->text.length && in->text.at[start] == '"') {
        Buf out = buf_new(arena, QUOTED_MAX + 1);
        Reader quoted = *in;
        quoted.at = start;
        bool is_whole = read_quoted(&quoted, &out);
        in->broken_count = quoted.broken_count;
        if (is_whole) {
            *in = quoted;
            return buf_str(&out);
        }
    }
    start = in->at;
    while (!ends_field(in, in->at))
        in->at++;
    return str_slice(in->text, start, in->at);
}

typedef struct Row {
    VEC(Str) cells;
    int line_first, line_last;
} Row;

static bool read_row(Reader *in, Arena *arena, Row *row)
{
    *row = (Row){ .line_first = in->line };
    if (at_end(in))
        return false;
    *vec_push(arena, &row->cells) = read_field(in, arena);
    while (!at_end(in) && in->text.at[in->at] == in->separator) {
        in->at++;
        *vec_push(arena, &row->cells) = read_field(in, arena);
    }
    row->line_last = in->line;
    if (!at_end(in)) {
        in->at += str_starts(str_from(in->text, in->at), S("\r\n")) ? 2 : 1;
        in->line++;
    }
    return true;
}

/* How much a separator looks right: rows that have as many fields as the row before. */
static size_t separator_score(Str text, char separator, Arena *arena, size_t *rows_r)
{
    Reader in = { .text = str_slice(text, 0, SAMPLE_BYTES), .line = 1, .separator = separator };
    Row row;
    size_t before = 0, same = 0, fields = 0, rows = 0;
    while (rows < SAMPLE_ROWS && read_row(&in, arena, &row)) {
        if (row.cells.count == 1 && str_trim(row.cells.at[0]).length == 0)
            continue;
        rows++;
        fields += row.cells.count - 1;
        same += row.cells.count > 1 && row.cells.count == before;
        before = row.cells.count;
    }
    *rows_r = rows;
    return fields ? same * 100 + MIN(fields, 99) : 0;
}

/* '\0' when no separator occurs. *sure_r: nearly every row has the same number of fields. */
static char guess_separator(Str text, bool *sure_r)
{
    static const char candidates[] = { ',', ';', '\t', '|' };
    size_t best = 0, rows = 0;
    char separator = '\0';
    for (size_t i = 0; i < COUNT(candidates); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        size_t rows_here, score = separator_score(text, candidates[i], arena, &rows_here);
        if (score > best) {
            best = score;
            rows = rows_here;
            separator = candidates[i];
        }
    }
    *sure_r = rows >= 4 && best / 100 + 2 >= rows;
    return separator;
}

/* Excel writes "sep=;" as a first line. */
static char read_separator_line(Str *text)
{
    Str rest = *text, line;
    if (!str_starts(rest, S("sep=")) || !text_next_line(&rest, &line) || line.length != 5)
        return '\0';
    *text = rest;
    return line.at[4];
}

/* --- Header row --- */

static bool is_number(Str cell)
{
    size_t digits = 0;
    cell = str_trim(cell);
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.at[i] >= '0' && cell.at[i] <= '9')
            digits++;
        else if (!HAS_CHAR(cell.at[i], "+-.,%$/: eE"))
            return false;
    }
    return digits > 0;
}

/* Names of columns: filled, short, no numbers, none twice. */
static bool is_header(const Row *row, Arena *arena)
{
    Map seen = map_new(arena);
    if (row->cells.count < 2 || row->cells.count > 10000)
        return false;
    for (size_t i = 0; i < row->cells.count; i++) {
        Str cell = str_trim(row->cells.at[i]);
        bool added;
        if (cell.length > 80 || is_number(cell))
            return false;
        if (cell.length == 0 && i > 0 && i + 1 < row->cells.count)
            return false;
        map_add(&seen, cell, &added);
        if (!added && cell.length)
            return false;
    }
    return true;
}

static void write_row(DocWriter *doc, const Row *row)
{
    doc_place_lines(doc, row->line_first, row->line_last);
    for (size_t i = 0; i < row->cells.count; i++)
        doc_cell(doc, row->cells.at[i]);
    doc_row_end(doc);
}

/* --- What is in the columns --- */

enum { TYPED_COLUMNS_MAX = 200, TYPED_ROWS_MIN = 3, TYPED_BYTES = KB(8) };

typedef enum ColumnType { COLUMN_EMPTY, COLUMN_NUMBER, COLUMN_DATE, COLUMN_TEXT } ColumnType;

typedef struct Columns {
    Arena *arena;
    VEC(Str) names;
    ColumnType types[TYPED_COLUMNS_MAX];
    int64_t rows;
} Columns;

/* "2020-05-01", "1.5.2020", "05/01/20", each perhaps with a clock. */
static bool is_date(Str cell)
{
    size_t digits = 0, marks = 0, runs = 0;
    for (size_t i = 0; i < cell.length; i++) {
        bool is_digit = cell.at[i] >= '0' && cell.at[i] <= '9';
        digits += is_digit;
        runs += is_digit && (i == 0 || cell.at[i - 1] < '0' || cell.at[i - 1] > '9');
        if (!is_digit && HAS_CHAR(cell.at[i], "-/."))
            marks++;
        else if (!is_digit && !HAS_CHAR(cell.at[i], " :TZ+"))
            return false;
    }
    return digits >= 4 && digits <= 20 && marks >= 2 && marks <= 4 && runs >= 3 &&
           cell.at[0] >= '0' && cell.at[0] <= '9';
}

static ColumnType type_of(Str cell)
{
    cell = str_trim(cell);
    if (!cell.length)
        return COLUMN_EMPTY;
    if (is_date(cell))
        return COLUMN_DATE;
    return cell.length <= 40 && is_number(cell) && str_find_char(cell, ':') < 0 ? COLUMN_NUMBER
                                                                                : COLUMN_TEXT;
}

static void note_row(Columns *columns, const Row *row)
{
    columns->rows++;
    for (size_t i = 0; i < MIN(row->cells.count, columns->names.count); i++) {
        ColumnType type = type_of(row->cells.at[i]), *known = &columns->types[i];
        if (*known == COLUMN_EMPTY)
            *known = type;
        else if (type != COLUMN_EMPTY && type != *known)
            *known = COLUMN_TEXT;
    }
}

static void note_names(Columns *columns, const Row *row)
{
    for (size_t i = 0; i < row->cells.count && i < TYPED_COLUMNS_MAX; i++)
        *vec_push(columns->arena, &columns->names) =
            str_copy(columns->arena, str_trim(row->cells.at[i]));
}

static void write_columns(DocWriter *doc, const Columns *columns)
{
    static const char *const names[] = { "empty", "number", "date", "text" };
    Buf out = buf_new(columns->arena, TYPED_BYTES);
    if (columns->names.count == 0 || columns->rows < TYPED_ROWS_MIN)
        return;
    for (size_t i = 0; i < columns->names.count; i++)
        buf_addf(&out, "%s" STR_FMT ": %s", i ? "; " : "", STR_ARG(columns->names.at[i]),
                 names[columns->types[i]]);
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "rows", columns->rows);
    doc_meta_whole(doc, "columns", (int64_t)columns->names.count);
    if (!out.overflowed)
        doc_meta(doc, "column-types", buf_str(&out));
}

static bool csv_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(MB(512));
    bool is_sure, is_first = true;
    if (text_is_binary(source->bytes))
        return fail(err, ERROR_UNSUPPORTED, "it is not a text of separated values");
    Reader in = { .line = 1 };
    in.text = text_decode(arena, source->bytes, charset_in_media_type(source->media_type), NULL);
    in.separator = read_separator_line(&in.text);
    in.line += in.separator != '\0';
    if (!in.separator)
        in.separator = guess_separator(in.text, &is_sure);
    if (!in.separator)
        in.separator = ',';
    Columns columns = { .arena = arena };
    doc_table_begin(doc);
    for (Row row; doc_writer_ok(doc) && read_row(&in, scratch, &row);) {
        write_row(doc, &row);
        if (is_first && is_header(&row, scratch) && !at_end(&in)) {
            doc_header_end(doc);
            note_names(&columns, &row);
        } else {
            note_row(&columns, &row);
        }
        is_first = false;
        arena_reset(scratch);
    }
    doc_table_end(doc);
    write_columns(doc, &columns);
    return true;
}

static int csv_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    bool is_sure;
    if (text_is_binary(bytes))
        return 0;
    Str head = text_head(arena, bytes, SAMPLE_BYTES);
    if (!guess_separator(head, &is_sure))
        return 3;
    return is_sure ? 15 : 5;
}

const Extractor extractor_csv = {
    .name = "csv",
    .title = "Separated values (CSV, TSV)",
    .extensions = LIST("csv", "tsv", "tab", "psv"),
    .media_types = LIST("text/csv", "text/tab-separated-values"),
    .sniff = csv_sniff,
    .extract = csv_extract,
};
