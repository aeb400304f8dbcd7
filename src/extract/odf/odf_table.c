/* odf_table.c - tables of texts and sheets (9): a row at a time, what is repeated within bounds. */
#include "extract/odf/odf_body.h"
#include "extract/sheet/xlsx_book.h"

enum {
    BLANKS_MAX = 64,
    COLUMNS_MAX = 16384,
    SAME_CELLS_MAX = 256,
    SAME_ROWS_MAX = 1000,
    SAME_TEXT_ROWS_MAX = 64,
    SPAN_MAX = 1000
};

/* --- Rows --- */

static void place_row(OdfBody *body, int first, int last)
{
    char from[16], to[16], cells[40];
    Str start = cell_name(first, body->row, from), end = cell_name(last, body->row, to);
    snprintf(cells, sizeof cells, first == last ? STR_FMT : STR_FMT ":" STR_FMT, STR_ARG(start),
             STR_ARG(end));
    doc_place(body->odf->doc, &(Place){ .sheet = body->sheet, .cells = str(cells) });
}

static void open_rows(OdfBody *body)
{
    if (!body->has_rows)
        doc_table_begin(body->odf->doc);
    body->has_rows = true;
}

static void close_rows(OdfBody *body)
{
    if (body->has_rows)
        doc_table_end(body->odf->doc);
    body->has_rows = false;
}

/* Empty cells between others keep columns under each other; an empty row divides tables. */
static void write_sheet_row(OdfBody *body)
{
    DocWriter *doc = body->odf->doc;
    size_t count = body->cells.count;
    if (body->row > body->last_row + 1)
        close_rows(body);
    open_rows(body);
    body->last_row = body->row;
    int column = MIN(body->first_column, body->cells.at[0].column);
    for (size_t i = 0; i < count; i++) {
        const OdfRowCell *cell = &body->cells.at[i];
        for (int blanks = 0; column < cell->column && blanks < BLANKS_MAX; blanks++, column++)
            doc_cell(doc, STR_NONE);
        if (!cell->is_covered)
            doc_cell_span(doc, cell->text, cell->columns, cell->rows);
        column = cell->column + 1;
    }
    place_row(body, body->cells.at[0].column, body->cells.at[count - 1].column);
    doc_row_end(doc);
}

static void write_text_row(OdfBody *body)
{
    open_rows(body);
    for (size_t i = 0; i < body->cells.count; i++) {
        const OdfRowCell *cell = &body->cells.at[i];
        if (!cell->is_covered)
            doc_cell_span(body->odf->doc, cell->text, cell->columns, cell->rows);
    }
    doc_row_end(body->odf->doc);
}

/* Covered cells count only beside others: alone they are an empty row. */
static bool is_blank_row(const OdfBody *body)
{
    for (size_t i = 0; i < body->cells.count; i++)
        if (!body->cells.at[i].is_covered)
            return false;
    return true;
}

/* A few bytes may ask for a whole sheet of the same. */
static int bound_repeats(OdfBody *body, int wanted, int most)
{
    if (wanted > most && !body->said_repeats)
        doc_warning(body->odf->doc, S("rows or cells that repeat are shown in part"));
    body->said_repeats |= wanted > most;
    return MIN(wanted, most);
}

static void end_row(OdfBody *body)
{
    bool is_blank = is_blank_row(body);
    int times = is_blank ? 0
                         : bound_repeats(body, body->row_repeated,
                                         body->is_sheet ? SAME_ROWS_MAX : SAME_TEXT_ROWS_MAX);
    int next = body->row + body->row_repeated;
    for (int i = 0; i < times && doc_writer_ok(body->odf->doc); i++) {
        body->is_sheet ? write_sheet_row(body) : write_text_row(body);
        body->row++;
    }
    body->row = next;
    body->had_head |= body->in_head && !is_blank;
    if (body->pending.count == 0 && body->paragraph_depth == 0 && !odf_open_box(body))
        arena_reset(body->scratch);
}

static void begin_row(OdfBody *body, const XmlElement *element)
{
    int repeated = xml_attribute_int(element, "number-rows-repeated", 1);
    body->row_repeated = MAX(1, MIN(repeated, 1 << 20));
    body->row = MIN(body->row, 1 << 24);
    body->column = 0;
    body->cells.at = NULL;
    body->cells.count = body->cells.capacity = 0;
    arena_reset(body->row_arena);
    body->cell = (OdfCell){ .text = buf_new(body->row_arena, TEXT_MAX) };
}

/* --- Cells --- */

/* Shown when the cell has no text of its own (19.385 and beside it). */
static Str stored_value(const XmlElement *element)
{
    static const char *const names[] = { "string-value", "date-value", "time-value",
                                         "boolean-value", "value" };
    for (size_t i = 0; i < COUNT(names); i++) {
        Str value = xml_attribute(element, names[i]);
        if (value.length)
            return value;
    }
    return STR_NONE;
}

static void begin_cell(OdfBody *body, const XmlElement *element, bool is_covered)
{
    OdfCell *cell = &body->cell;
    int columns = xml_attribute_int(element, "number-columns-spanned", 1);
    int rows = xml_attribute_int(element, "number-rows-spanned", 1);
    int repeated = xml_attribute_int(element, "number-columns-repeated", 1);
    *cell = (OdfCell){ .columns = MAX(1, MIN(columns, SPAN_MAX)),
                       .rows = MAX(1, MIN(rows, SPAN_MAX)),
                       .repeated = MAX(1, MIN(repeated, COLUMNS_MAX)),
                       .is_covered = is_covered,
                       .value = str_copy(body->row_arena, stored_value(element)),
                       .text = buf_new(body->row_arena, TEXT_MAX) };
}

static void end_cell(OdfBody *body)
{
    const OdfCell *cell = &body->cell;
    Str text = str_trim(buf_str(&cell->text));
    if (!text.length)
        text = cell->value;
    bool is_kept = !body->is_sheet || text.length || cell->is_covered;
    int most = body->is_sheet ? SAME_CELLS_MAX : BLANKS_MAX;
    int times = text.length ? bound_repeats(body, cell->repeated, most) : MIN(cell->repeated, most);
    for (int i = 0; i < times && is_kept && body->column + i < COLUMNS_MAX; i++)
        *vec_push(body->row_arena, &body->cells) = (OdfRowCell){ .column = body->column + i,
                                                                 .columns = cell->columns,
                                                                 .rows = cell->rows,
                                                                 .is_covered = cell->is_covered,
                                                                 .text = text };
    body->column = MIN(body->column + cell->repeated, COLUMNS_MAX);
    body->cell.text.length = 0;
}

/* --- Tables --- */

static void begin_sheet(OdfBody *body, const XmlElement *element)
{
    Odf *odf = body->odf;
    const OdfStyle *style = odf_style(&odf->styles, "table", xml_attribute(element, "style-name"));
    body->sheet = str_copy(odf->arena, xml_attribute(element, "name"));
    doc_place(odf->doc, &(Place){ .sheet = body->sheet });
    doc_heading(odf->doc, 1,
                style && style->is_hidden
                    ? str_format(odf->arena, STR_FMT " (hidden)", STR_ARG(body->sheet))
                    : body->sheet);
}

static void begin_table(OdfBody *body, const XmlElement *element)
{
    if (body->table_depth++ > 0)
        return;
    if (!body->row_arena)
        body->row_arena = arena_new(GB(1));
    body->is_sheet = body->in_spreadsheet;
    body->has_rows = body->in_head = body->had_head = false;
    body->row = 0;
    body->last_row = -1;
    body->first_column = 0;
    body->cells.count = body->cells.capacity = 0;
    arena_reset(body->row_arena);
    body->cell = (OdfCell){ .text = buf_new(body->row_arena, TEXT_MAX) };
    if (body->is_sheet)
        begin_sheet(body, element);
}

static void end_table(OdfBody *body)
{
    if (body->table_depth == 0 || --body->table_depth > 0)
        return;
    close_rows(body);
    if (body->is_sheet)
        doc_place(body->odf->doc, &(Place){ .sheet = body->sheet });
    body->is_sheet = false;
    odf_flush_pending(body);
}

bool odf_table_start(OdfBody *body, const XmlElement *element, OdfIs is)
{
    bool is_part = is == ODF_ROW || is == ODF_CELL || is == ODF_COVERED || is == ODF_HEAD_ROWS;
    if (is == ODF_SPREADSHEET) {
        body->in_spreadsheet = true;
        return true;
    }
    if (is != ODF_TABLE && !is_part)
        return false;
    if (odf_open_box(body))
        return true;
    if (is == ODF_TABLE)
        begin_table(body, element);
    else if (body->table_depth != 1)
        return true;
    else if (is == ODF_ROW)
        begin_row(body, element);
    else if (is == ODF_HEAD_ROWS)
        body->in_head = true;
    else
        begin_cell(body, element, is == ODF_COVERED);
    return true;
}

void odf_table_end(OdfBody *body, OdfIs is)
{
    if (odf_open_box(body))
        return;
    if (is == ODF_TABLE)
        end_table(body);
    else if (is == ODF_SPREADSHEET)
        body->in_spreadsheet = false;
    if (body->table_depth != 1)
        return;
    if (is == ODF_ROW) {
        end_row(body);
    } else if (is == ODF_CELL || is == ODF_COVERED) {
        end_cell(body);
    } else if (is == ODF_HEAD_ROWS) {
        if (body->had_head)
            doc_header_end(body->odf->doc);
        body->in_head = body->had_head = false;
    }
}

void odf_table_cut(OdfBody *body)
{
    if (body->table_depth > 0) {
        body->table_depth = 1;
        if (body->cell.text.length)
            end_cell(body);
        if (body->cells.count)
            end_row(body);
        end_table(body);
    }
    arena_free(body->row_arena);
    body->row_arena = NULL;
}
