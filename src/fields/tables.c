#include "fields/tables.h"

#include "base/csv.h"

#define COLUMNS_MAX 1024

static size_t width_of(const StoredBlock *row)
{
    size_t width = 0;
    for (size_t i = 0; i < row->cell_count; i++)
        width += MAX(row->cell[i].column_span, (uint16_t)1);
    return MIN(width, (size_t)COLUMNS_MAX);
}

TableList tables_find(Arena *arena, const StoredBlock *blocks, size_t count)
{
    VEC(TableAbout) tables = { 0 };
    for (size_t i = 0; i < count; i++) {
        const StoredBlock *block = &blocks[i];
        TableAbout *last = tables.count ? &tables.at[tables.count - 1] : NULL;
        if (!block->cell_count || !block->table)
            continue;
        if (!last || last->number != block->table) {
            if (tables.count == TABLES_MAX)
                break;
            last = vec_push(arena, &tables);
            *last = (TableAbout){ .number = block->table, .first = i };
        }
        last->rows++;
        last->columns = MAX(last->columns, width_of(block));
    }
    return (TableList){ tables.at, tables.count };
}

/* `covered`: rows below that a cell over several rows still fills, for each column. */
static void put_row(Buf *out, Str text, const StoredBlock *row, size_t columns, uint16_t *covered)
{
    size_t column = 0, cell = 0;
    while (column < columns) {
        if (covered[column]) {
            covered[column]--;
            csv_cell(out, STR_NONE, ++column == columns);
            continue;
        }
        StoredCell one = cell < row->cell_count ? row->cell[cell] : (StoredCell){ 0 };
        size_t span = cell++ < row->cell_count ? MAX(one.column_span, (uint16_t)1) : 1;
        for (size_t i = 0; i < span && column < columns; i++) {
            covered[column] = one.row_span > 1 ? (uint16_t)(one.row_span - 1) : 0;
            csv_cell(out, i ? STR_NONE : str_slice(text, one.start, (size_t)one.start + one.length),
                     ++column == columns);
        }
    }
}

void table_csv(Buf *out, Str text, size_t text_start, const StoredBlock *blocks, size_t count,
               const TableAbout *table)
{
    uint16_t covered[COLUMNS_MAX] = { 0 };
    size_t rows = 0;
    for (size_t i = table->first; i < count && rows < table->rows; i++) {
        const StoredBlock *row = &blocks[i];
        if (row->table != table->number || !row->cell_count)
            continue;
        size_t start = row->start - text_start;
        put_row(out, str_slice(text, start, start + row->length), row, table->columns, covered);
        rows++;
    }
}
