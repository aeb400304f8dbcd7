/* sheet_rows.c - see sheet_rows.h. */
#include "extract/sheet/sheet_rows.h"

enum {
    BLANKS_MAX = 64,
    MERGES_MAX = 100000,
    ACTIVE_MAX = 4096,
    COLUMNS_MAX = 16384,
    ROWS_MAX = 1048576
};

/* --- Cell names --- */

bool cell_parse(Str text, int *column_r, int *row_r)
{
    size_t at = 0;
    int column = 0, row = 0;
    for (; at < text.length && text.at[at] == '$'; at++)
        ;
    for (; at < text.length && (text.at[at] | 0x20) >= 'a' && (text.at[at] | 0x20) <= 'z'; at++)
        if ((column = column * 26 + (text.at[at] | 0x20) - 'a' + 1) > COLUMNS_MAX)
            return false;
    for (; at < text.length && text.at[at] == '$'; at++)
        ;
    for (; at < text.length && text.at[at] >= '0' && text.at[at] <= '9'; at++)
        if ((row = row * 10 + text.at[at] - '0') > ROWS_MAX)
            return false;
    if (at != text.length || column == 0 || row == 0)
        return false;
    *column_r = column - 1;
    *row_r = row - 1;
    return true;
}

static size_t add_number(char *out, unsigned number)
{
    char digits[12];
    size_t count = 0, length = 0;
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (count > 0)
        out[length++] = digits[--count];
    return length;
}

Str cell_name(int column, int row, char *out)
{
    char letters[4];
    int count = 0;
    for (column++; column > 0 && count < (int)sizeof letters; column = (column - 1) / 26)
        letters[count++] = (char)('A' + (column - 1) % 26);
    size_t length = 0;
    while (count > 0)
        out[length++] = letters[--count];
    length += add_number(out + length, (unsigned)row + 1);
    return (Str){ out, length };
}

/* --- Merged cells --- */

bool sheet_rows_merge(SheetRows *rows, SheetMerge merge)
{
    if (merge.row1 < merge.row0 || merge.column1 < merge.column0)
        return true;
    if (rows->merges.count >= MERGES_MAX)
        return false;
    *vec_push(rows->arena, &rows->merges) = merge;
    rows->is_sorted = false;
    return true;
}

static int by_row(const void *a, const void *b)
{
    const SheetMerge *left = a, *right = b;
    return (left->row0 > right->row0) - (left->row0 < right->row0);
}

static void insert_active(SheetRows *rows, SheetMerge merge)
{
    if (rows->active.count >= ACTIVE_MAX)
        return;
    size_t at = rows->active.count;
    *vec_push(rows->arena, &rows->active) = merge;
    for (; at > 0 && rows->active.at[at - 1].column0 > merge.column0; at--)
        rows->active.at[at] = rows->active.at[at - 1];
    rows->active.at[at] = merge;
}

/* Merges below are not looked at yet, those above not again, so all rows together take time in
 * proportion to the merges. */
static void activate_merges(SheetRows *rows)
{
    size_t kept = 0;
    if (!rows->is_sorted && rows->merges.count)
        qsort(rows->merges.at, rows->merges.count, sizeof(SheetMerge), by_row);
    rows->is_sorted = true;
    for (size_t i = 0; i < rows->active.count; i++)
        if (rows->active.at[i].row1 >= rows->row)
            rows->active.at[kept++] = rows->active.at[i];
    rows->active.count = kept;
    for (; rows->merge_at < rows->merges.count; rows->merge_at++) {
        const SheetMerge *merge = &rows->merges.at[rows->merge_at];
        if (merge->row0 > rows->row)
            break;
        if (merge->row1 >= rows->row)
            insert_active(rows, *merge);
    }
    rows->active_at = 0;
}

static const SheetMerge *find_merge(SheetRows *rows, int column)
{
    while (rows->active_at < rows->active.count &&
           rows->active.at[rows->active_at].column1 < column)
        rows->active_at++;
    if (rows->active_at == rows->active.count)
        return NULL;
    const SheetMerge *merge = &rows->active.at[rows->active_at];
    return merge->column0 <= column ? merge : NULL;
}

/* --- Rows --- */

SheetRows sheet_rows(DocWriter *doc, Arena *arena, Arena *scratch, Str sheet)
{
    return (SheetRows){ .doc = doc,
                        .arena = arena,
                        .scratch = scratch,
                        .sheet = sheet,
                        .row = -1,
                        .first_column = INT32_MAX };
}

void sheet_row_begin(SheetRows *rows, int row)
{
    rows->row = row;
    rows->cells.at = NULL;
    rows->cells.count = rows->cells.capacity = 0;
    arena_reset(rows->scratch);
}

void sheet_row_cell(SheetRows *rows, int column, Str text)
{
    if (str_trim(text).length)
        *vec_push(rows->scratch, &rows->cells) =
            (SheetCell){ column, str_copy(rows->scratch, text) };
}

static void write_cell(SheetRows *rows, int column, Str text)
{
    const SheetMerge *merge = rows->active.count ? find_merge(rows, column) : NULL;
    if (!merge)
        doc_cell(rows->doc, text);
    else if (merge->column0 == column && merge->row0 == rows->row)
        doc_cell_span(rows->doc, text, merge->column1 - merge->column0 + 1,
                      merge->row1 - merge->row0 + 1);
}

static void place_row(const SheetRows *rows, int first, int last)
{
    char cells[40];
    Str name = cell_name(first, rows->row, cells);
    if (first != last) {
        cells[name.length++] = ':';
        name.length += cell_name(last, rows->row, cells + name.length).length;
    }
    doc_place(rows->doc, &(Place){ .sheet = rows->sheet, .cells = name });
}

bool sheet_row_end(SheetRows *rows)
{
    DocWriter *doc = rows->doc;
    size_t count = rows->cells.count;
    if (count == 0)
        return doc_writer_ok(doc);
    if (rows->in_table && rows->row > rows->last_row + 1)
        sheet_rows_end(rows);
    if (!rows->in_table)
        doc_table_begin(doc);
    rows->in_table = true;
    rows->last_row = rows->row;
    activate_merges(rows);
    int column = MIN(rows->first_column, rows->cells.at[0].column);
    for (size_t i = 0; i < count; i++) {
        const SheetCell *cell = &rows->cells.at[i];
        for (int blanks = 0; column < cell->column && blanks < BLANKS_MAX; blanks++)
            write_cell(rows, column++, STR_NONE);
        write_cell(rows, cell->column, cell->text);
        column = cell->column + 1;
    }
    place_row(rows, rows->cells.at[0].column, rows->cells.at[count - 1].column);
    return doc_row_end(doc);
}

void sheet_rows_end(SheetRows *rows)
{
    if (rows->in_table)
        doc_table_end(rows->doc);
    rows->in_table = false;
}

/* --- Around the rows --- */

void sheet_place(DocWriter *doc, Str sheet, int column, int row)
{
    char cell[16];
    Str name = column < 0 ? STR_NONE : cell_name(column, row, cell);
    doc_place(doc, &(Place){ .sheet = sheet, .cells = name });
}

void sheet_heading(DocWriter *doc, Str name, bool is_hidden)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str title = str_slice(name, 0, KB(1));
    if (is_hidden)
        title = str_format(arena, STR_FMT " (hidden)", STR_ARG(title));
    sheet_place(doc, name, -1, 0);
    doc_heading(doc, 1, title);
}

/* ECMA-376 part 1, 18.3.1.39; older formats have the same codes. */
void sheet_header(DocWriter *doc, Str codes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    codes = str_slice(codes, 0, KB(64));
    Buf out = buf_new(arena, codes.length + 1);
    for (size_t i = 0; i < codes.length; i++) {
        char c = codes.at[i], next = i + 1 < codes.length ? codes.at[i + 1] : 0;
        if (c != '&') {
            buf_add_char(&out, c);
            continue;
        }
        i++;
        if (next == '"') {
            while (++i < codes.length && codes.at[i] != '"')
                ;
        } else if (next >= '0' && next <= '9') {
            while (i + 1 < codes.length && codes.at[i + 1] >= '0' && codes.at[i + 1] <= '9')
                i++;
        } else {
            buf_add_char(&out, next == '&' ? '&' : ' ');
        }
    }
    doc_header(doc, buf_str(&out));
}

void sheet_reading(Buf *readings, Str text, Str reading)
{
    if (reading.length && str_find(text, reading) < 0 &&
        text.length + reading.length + 2 < readings->limit - readings->length) {
        buf_add(readings, text);
        buf_add_char(readings, ' ');
        buf_add(readings, reading);
        buf_add_char(readings, '\n');
    }
}

void sheet_readings_write(DocWriter *doc, const Buf *readings)
{
    doc_place(doc, &(Place){ 0 });
    doc_note(doc, "reading", buf_str(readings));
}
