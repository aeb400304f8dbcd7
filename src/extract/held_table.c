/* held_table.c - see held_table.h. */
#include "extract/held_table.h"

enum { ROWS_HELD_MAX = 20000, SPAN_MAX = 1000 };

void held_table_cell(HeldTable *table, Str text, int span, bool goes_on)
{
    if (!table->is_row_open)
        *vec_push(table->arena, &table->rows) = (HeldTableRow){ .page = table->page };
    table->is_row_open = true;
    HeldTableRow *row = &table->rows.at[table->rows.count - 1];
    const HeldTableCell *last = row->cells.count ? &row->cells.at[row->cells.count - 1] : NULL;
    int column = last ? last->column + last->span : 0;
    *vec_push(table->arena, &row->cells) = (HeldTableCell){ .text = text,
                                                            .column = column,
                                                            .span = MAX(1, MIN(span, SPAN_MAX)),
                                                            .row_span = 1,
                                                            .goes_on = goes_on };
}

static void write_rows(HeldTable *table, DocWriter *doc)
{
    bool in_header = true;
    for (size_t r = table->rows.count; r-- > 1;) {
        HeldTableRow *row = &table->rows.at[r], *above = &table->rows.at[r - 1];
        for (size_t i = 0, k = 0; i < row->cells.count; i++) {
            while (k < above->cells.count && above->cells.at[k].column < row->cells.at[i].column)
                k++;
            if (row->cells.at[i].goes_on && k < above->cells.count &&
                above->cells.at[k].column == row->cells.at[i].column)
                above->cells.at[k].row_span += row->cells.at[i].row_span;
            else
                row->cells.at[i].goes_on = false;
        }
    }
    if (!table->is_begun)
        doc_table_begin(doc);
    table->is_begun = true;
    for (size_t r = 0; r < table->rows.count; r++) {
        const HeldTableRow *row = &table->rows.at[r];
        if (r > 0 && in_header && !row->is_header && table->rows.at[r - 1].is_header)
            doc_header_end(doc);
        in_header &= row->is_header;
        for (size_t i = 0; i < row->cells.count; i++) {
            const HeldTableCell *cell = &row->cells.at[i];
            if (r == 0 || !cell->goes_on)
                doc_cell_span(doc, cell->text, cell->span, cell->row_span);
        }
        if (row->page)
            doc_place(doc, &(Place){ .page = row->page });
        doc_row_end(doc);
    }
    table->rows.count = table->rows.capacity = 0;
    table->rows.at = NULL;
}

void held_table_end_row(HeldTable *table, DocWriter *doc, bool is_header)
{
    if (!table->is_row_open)
        return;
    table->rows.at[table->rows.count - 1].is_header = is_header;
    table->is_row_open = false;
    if (table->rows.count >= ROWS_HELD_MAX)
        write_rows(table, doc);
}

void held_table_write(HeldTable *table, DocWriter *doc)
{
    held_table_end_row(table, doc, false);
    if (table->rows.count)
        write_rows(table, doc);
    if (table->is_begun)
        doc_table_end(doc);
    table->is_begun = false;
}
