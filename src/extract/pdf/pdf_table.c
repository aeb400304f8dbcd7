/* pdf_table.c - tables found by geometry: rows whose cells keep the same columns apart.
 *
 * A run of rows is a table when at least two gutters stay free through all of them, and it is not
 * text set in columns or a list. Tables with ruling lines are found before (pdf_ruled.c). */
#include "extract/pdf/pdf_layout.h"

#include "base/utf8.h"

enum { COLUMNS_MAX = 40, ROWS_MAX = 2000 };

typedef struct GridCell {
    Box box;
    float size, baseline;
    int first, count; /* spans, as positions in Grid.order */
    size_t length;    /* characters */
    bool is_bold;
} GridCell;

typedef struct GridRow {
    GridCell *cells;
    int count;
    Box box;
    float size;
} GridRow;

typedef struct Grid {
    Arena *arena;
    PageText *page;
    int *order; /* spans by line, then from left to right */
    int order_count;
    VEC(GridRow) rows;
} Grid;

typedef struct Columns {
    float x0[COLUMNS_MAX], x1[COLUMNS_MAX];
    int count;
} Columns;

static const TextSpan *span_at(const Grid *grid, int position)
{
    return &grid->page->spans.at[grid->order[position]];
}

static int by_baseline(const void *a, const void *b, void *spans)
{
    const TextSpan *at = spans;
    const TextSpan *left = &at[*(const int *)a], *right = &at[*(const int *)b];
    if (left->baseline != right->baseline)
        return left->baseline < right->baseline ? -1 : 1;
    return (left->box.x0 > right->box.x0) - (left->box.x0 < right->box.x0);
}

static int by_left_edge(const void *a, const void *b, void *spans)
{
    const TextSpan *at = spans;
    const TextSpan *left = &at[*(const int *)a], *right = &at[*(const int *)b];
    return (left->box.x0 > right->box.x0) - (left->box.x0 < right->box.x0);
}

/* Spans of one line nearer than this many font sizes are one cell. */
static const float CELL_GAP = 0.9F;

static void add_row(Grid *grid, int first, int end)
{
    GridRow row = { .cells = arena_new_array(grid->arena, GridCell, (size_t)(end - first)) };
    qsort_r(grid->order + first, (size_t)(end - first), sizeof(int), by_left_edge,
            grid->page->spans.at);
    for (int i = first; i < end; i++) {
        const TextSpan *span = span_at(grid, i);
        GridCell *last = row.count ? &row.cells[row.count - 1] : NULL;
        if (last && span->box.x0 - last->box.x1 < CELL_GAP * MIN(span->size, last->size)) {
            last->box = box_union(last->box, span->box);
            last->count++;
            last->length += utf8_count(span->text) + 1;
            last->is_bold &= span->is_bold;
        } else {
            row.cells[row.count++] = (GridCell){ .box = span->box,
                                                 .size = span->size,
                                                 .baseline = span->baseline,
                                                 .first = i,
                                                 .count = 1,
                                                 .length = utf8_count(span->text),
                                                 .is_bold = span->is_bold };
        }
        row.box = i == first ? span->box : box_union(row.box, span->box);
        row.size = MAX(row.size, span->size);
    }
    *vec_push(grid->arena, &grid->rows) = row;
}

/* Spans of a paragraph that stands beside a table: five full lines in one block of MuPDF's. */
static bool *find_prose(Arena *arena, const PageText *page)
{
    size_t count = page->spans.count;
    const TextSpan *spans = page->spans.at;
    bool *is_prose = arena_new_array(arena, bool, count + 1);
    for (size_t first = 0, end; first < count; first = end) {
        size_t lines = 1, length = 0, parts = 0;
        for (end = first; end < count && spans[end].block == spans[first].block; end++) {
            length += utf8_count(spans[end].text);
            lines += end > first &&
                     spans[end].baseline - spans[end - 1].baseline > 0.5F * spans[end].size;
        }
        parts = end - first;
        bool is_full = lines >= 5 && length / lines >= 35 && parts * 2 < lines * 3;
        for (size_t i = first; is_full && i < end; i++)
            is_prose[i] = true;
    }
    return is_prose;
}

static void build_rows(Grid *grid)
{
    const PageText *page = grid->page;
    const bool *is_prose = find_prose(grid->arena, page);
    grid->order = arena_new_array(grid->arena, int, page->spans.count);
    for (size_t i = 0; i < page->spans.count; i++)
        if (!page->spans.at[i].is_turned && !page->spans.at[i].is_running &&
            !page->spans.at[i].table && !is_prose[i])
            grid->order[grid->order_count++] = (int)i;
    qsort_r(grid->order, (size_t)grid->order_count, sizeof(int), by_baseline, page->spans.at);
    int first = 0;
    for (int i = 1; i <= grid->order_count; i++) {
        const TextSpan *start = span_at(grid, first);
        if (i < grid->order_count &&
            span_at(grid, i)->baseline - start->baseline < 0.3F * MAX(start->size, 1.0F))
            continue;
        add_row(grid, first, i);
        first = i;
    }
}

/* The columns after adding a row, false when two of its cells would fall into one column or no
 * gutter would be left. */
static bool add_to_columns(Columns *columns, const GridRow *row)
{
    Columns merged = *columns;
    int hit[COLUMNS_MAX], hits = 0;
    for (int i = 0; i < row->count; i++) {
        float x0 = row->cells[i].box.x0, x1 = row->cells[i].box.x1;
        int at = 0, over = 0;
        while (at < merged.count && merged.x1[at] < x0)
            at++;
        while (at + over < merged.count && merged.x0[at + over] <= x1)
            over++;
        if (over > 1 || (over == 0 && merged.count == COLUMNS_MAX))
            return false;
        if (over == 0) {
            for (int k = merged.count++; k > at; k--) {
                merged.x0[k] = merged.x0[k - 1];
                merged.x1[k] = merged.x1[k - 1];
            }
            merged.x0[at] = x0;
            merged.x1[at] = x1;
        } else {
            merged.x0[at] = MIN(merged.x0[at], x0);
            merged.x1[at] = MAX(merged.x1[at], x1);
        }
        if (hits && hit[hits - 1] == at)
            return false; /* two cells in one column */
        hit[hits++] = at;
        if (hits == COLUMNS_MAX)
            return false;
    }
    *columns = merged;
    return true;
}

static int column_of(const Columns *columns, const GridCell *cell)
{
    for (int i = 0; i < columns->count; i++)
        if (cell->box.x0 <= columns->x1[i] && cell->box.x1 >= columns->x0[i])
            return i;
    return 0;
}

static Str cell_text(const Grid *grid, const GridCell *cell)
{
    Buf text = buf_new(grid->arena, KB(64));
    for (int i = cell->first; i < cell->first + cell->count; i++) {
        if (text.length)
            buf_add_char(&text, ' ');
        buf_add(&text, span_at(grid, i)->text);
    }
    return buf_str(&text);
}

/* Text set in columns, lists and tables of contents also keep gutters free. */
static bool is_table(const Grid *grid, int first, int end, const Columns *columns)
{
    size_t length[COLUMNS_MAX] = { 0 };
    int filled[COLUMNS_MAX] = { 0 }, markers = 0, leaders = 0, wide_rows = 0, long_columns = 0;
    for (int r = first; r < end; r++) {
        const GridRow *row = &grid->rows.at[r];
        wide_rows += row->count > 1;
        for (int i = 0; i < row->count; i++) {
            int column = column_of(columns, &row->cells[i]);
            length[column] += row->cells[i].length;
            filled[column]++;
            Str text = span_at(grid, row->cells[i].first)->text;
            leaders += str_find(text, S("....")) >= 0 || str_find(text, S(". . .")) >= 0;
            if (i == 0 && row->count > 1 && text.length < 8) {
                char marked[16];
                snprintf(marked, sizeof marked, STR_FMT " x", STR_ARG(text));
                markers += pdf_list_marker(str(marked)) > 0;
            }
        }
    }
    for (int i = 0; i < columns->count; i++)
        long_columns += filled[i] > 0 && length[i] / (size_t)filled[i] >= 24;
    if (long_columns >= 2 || leaders * 3 > wide_rows)
        return false;
    if (columns->count == 2 && markers * 10 >= wide_rows * 6)
        return false;
    return wide_rows * 10 >= (end - first) * 6 && (wide_rows >= 3 || columns->count >= 3);
}

/* A line of a single cell goes on with the cell above it, unless it is in the first column. */
static bool continues(const GridRow *row, const GridRow *above, const Columns *columns)
{
    return row->count == 1 && column_of(columns, &row->cells[0]) > 0 &&
           row->box.y0 - above->box.y1 < 0.6F * row->size;
}

static int by_value(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* Lines of one row are nearer to each other than rows are: below this distance. */
static float line_distance(const Grid *grid, int first, int end)
{
    float *steps = arena_new_array(grid->arena, float, (size_t)(end - first));
    int count = 0;
    for (int r = first + 1; r < end; r++)
        steps[count++] =
            grid->rows.at[r].cells[0].baseline - grid->rows.at[r - 1].cells[0].baseline;
    if (count < 4)
        return 0;
    qsort(steps, (size_t)count, sizeof *steps, by_value);
    return 0.82F * steps[count / 2];
}

/* --- Rows above the columns that name them --- */

enum { HEADER_ROWS_MAX = 10 };

/* The columns that a cell stands over; false when it is over none. */
static bool find_span(const Columns *columns, const GridCell *cell, int *first_r, int *count_r)
{
    int first = 0, end = columns->count;
    while (first < columns->count && columns->x1[first] <= cell->box.x0)
        first++;
    while (end > first && columns->x0[end - 1] >= cell->box.x1)
        end--;
    if (end <= first) /* in a gutter: it belongs to the nearer side */
        first = first == columns->count || (first > 0 && cell->box.x0 - columns->x1[first - 1] <
                                                             columns->x0[first] - cell->box.x1)
                    ? first - 1
                    : first;
    *first_r = first;
    *count_r = MAX(end - first, 1);
    return first >= 0;
}

/* Do the cells of a row stand over different columns, as names of columns do? */
static bool is_header_row(const Grid *grid, const GridRow *row, const Columns *columns)
{
    int next = 0, first, count;
    float left = columns->x0[0], right = columns->x1[columns->count - 1];
    for (int i = 0; i < row->count; i++) {
        const GridCell *cell = &row->cells[i];
        float reach = 3 * MAX(cell->size, 1.0F);
        if (cell->box.x0 < left - reach || cell->box.x1 > right + reach || cell->length > 60 ||
            span_at(grid, cell->first)->table || !find_span(columns, cell, &first, &count) ||
            first < next)
            return false;
        next = first + count;
        /* A line alone may be a caption or the end of a paragraph. */
        if (row->count == 1 && count == columns->count)
            return false;
    }
    return true;
}

static int find_header(const Grid *grid, int first, const Columns *columns)
{
    int top = first;
    while (top > 0 && first - top < HEADER_ROWS_MAX) {
        const GridRow *row = &grid->rows.at[top - 1], *below = &grid->rows.at[top];
        if (below->box.y0 - row->box.y1 > 0.8F * MAX(row->size, 4.0F) ||
            !is_header_row(grid, row, columns))
            break;
        top--;
    }
    /* A name of one line alone is more likely text above the table. */
    while (top < first && grid->rows.at[top].count == 1)
        top++;
    return top;
}

/* Cells after the first that are mostly digits. */
static int count_numbers(const GridRow *row, const Grid *grid)
{
    int numbers = 0;
    for (int i = 1; i < row->count; i++) {
        Str text = span_at(grid, row->cells[i].first)->text;
        size_t digits = 0;
        for (size_t k = 0; k < text.length; k++)
            digits += text.at[k] >= '0' && text.at[k] <= '9';
        numbers += digits * 2 >= text.length;
    }
    return numbers;
}

static TableRow *add_table_row(Grid *grid, PageTable *table, Box box)
{
    TableRow *row = vec_push(grid->arena, &table->rows);
    *row = (TableRow){
        .cells = arena_new_array(grid->arena, TableCell, (size_t)table->column_count),
        .box = box,
        .is_bold = true,
    };
    return row;
}

static void add_cell_text(Grid *grid, TableCell *to, const GridCell *cell, int table)
{
    Str text = cell_text(grid, cell);
    to->text = to->text.length
                   ? str_format(grid->arena, STR_FMT " " STR_FMT, STR_ARG(to->text), STR_ARG(text))
                   : text;
    to->box = to->box.x1 > to->box.x0 ? box_union(to->box, cell->box) : cell->box;
    for (int k = cell->first; k < cell->first + cell->count; k++)
        grid->page->spans.at[grid->order[k]].table = table;
}

/* Names that stand over several columns have a row of their own; the lines of the others are one
 * row. */
static void write_header(Grid *grid, int top, int first, const Columns *columns, PageTable *table,
                         int number)
{
    TableRow *row = NULL;
    bool was_wide = false;
    for (int r = top; r < first; r++) {
        const GridRow *from = &grid->rows.at[r];
        bool is_wide = false;
        int at, count;
        for (int i = 0; i < from->count; i++)
            is_wide |= find_span(columns, &from->cells[i], &at, &count) && count > 1;
        if (!row || is_wide || was_wide)
            row = add_table_row(grid, table, from->box);
        row->box = box_union(row->box, from->box);
        was_wide = is_wide;
        for (int i = 0; i < from->count; i++) {
            find_span(columns, &from->cells[i], &at, &count);
            add_cell_text(grid, &row->cells[at], &from->cells[i], number);
            row->cells[at].columns = MAX(count, row->cells[at].columns);
            for (int c = at + 1; c < at + count; c++)
                row->cells[c].is_covered = true;
            row->is_bold &= from->cells[i].is_bold;
        }
    }
    table->header_count = (int)table->rows.count;
    /* The first row under it may be its last line. */
    if (!was_wide && row && count_numbers(&grid->rows.at[first], grid) == 0)
        table->header_count = -1;
}

/* A row of numbers under numbers is a row of its own, however near. */
static bool goes_on(const Grid *grid, int r, float near, const Columns *columns)
{
    const GridRow *row = &grid->rows.at[r], *above = row - 1;
    if (continues(row, above, columns))
        return true;
    return row->cells[0].baseline - above->cells[0].baseline < near &&
           !(count_numbers(row, grid) >= 2 && count_numbers(above, grid) > 0);
}

static void write_table(Grid *grid, int first, int end, const Columns *columns, PageTables *tables)
{
    float near = line_distance(grid, first, end);
    PageTable table = { .column_count = columns->count };
    int number = (int)tables->count + 1;
    int top = find_header(grid, first, columns);
    write_header(grid, top, first, columns, &table, number);
    for (int r = first; r < end; r++) {
        const GridRow *row = &grid->rows.at[r];
        bool is_more_header = r == first && table.header_count < 0;
        bool joins = is_more_header || (r > first && goes_on(grid, r, near, columns));
        TableRow *out =
            joins ? &table.rows.at[table.rows.count - 1] : add_table_row(grid, &table, row->box);
        out->box = box_union(out->box, row->box);
        for (int i = 0; i < row->count; i++) {
            TableCell *to = &out->cells[column_of(columns, &row->cells[i])];
            add_cell_text(grid, to, &row->cells[i], number);
            out->is_bold &= row->cells[i].is_bold;
        }
        if (is_more_header)
            table.header_count = (int)table.rows.count;
    }
    *vec_push(grid->arena, tables) = table;
}

/* How far a table that begins at row `first` goes. */
static int run_end(const Grid *grid, int first, Columns *columns)
{
    int end = first, last_wide = first;
    *columns = (Columns){ 0 };
    for (; end < (int)grid->rows.count && end - first < ROWS_MAX; end++) {
        const GridRow *row = &grid->rows.at[end];
        Columns grown = *columns;
        if (end > first &&
            row->box.y0 - grid->rows.at[end - 1].box.y1 > 2.0F * MAX(row->size, 4.0F))
            break;
        if (!add_to_columns(&grown, row) || (row->count == 1 && grown.count != columns->count))
            break;
        *columns = grown;
        if (row->count > 1)
            last_wide = end;
        else if (end - last_wide > 2)
            break;
    }
    end = MIN(end, last_wide + 1);
    while (end < (int)grid->rows.count && end > first &&
           continues(&grid->rows.at[end], &grid->rows.at[end - 1], columns)) {
        Columns grown = *columns;
        if (!add_to_columns(&grown, &grid->rows.at[end]) || grown.count != columns->count)
            break;
        *columns = grown;
        end++;
    }
    return end;
}

/* Are these rows the names of the columns of a table right below, set closer or wider than its
 * columns? */
static bool is_header_of_next(const Grid *grid, int first, int end)
{
    Columns columns;
    int next = end;
    for (int r = first; r < end; r++)
        if (count_numbers(&grid->rows.at[r], grid) > 0)
            return false;
    while (next < (int)grid->rows.count && next < end + 2 && grid->rows.at[next].count == 1)
        next++;
    if (end - first > HEADER_ROWS_MAX || next >= (int)grid->rows.count ||
        grid->rows.at[next].count == 1)
        return false;
    int next_end = run_end(grid, next, &columns);
    return next_end - next > end - first && is_table(grid, next, next_end, &columns) &&
           find_header(grid, next, &columns) < end;
}

PageTables pdf_find_tables(Arena *arena, PageText *page)
{
    Grid grid = { .arena = arena, .page = page };
    PageTables tables = { 0 };
    pdf_find_ruled_tables(arena, page, &tables);
    build_rows(&grid);
    for (int i = 0; i < (int)grid.rows.count;) {
        Columns columns;
        int end = i + 1;
        if (grid.rows.at[i].count > 1) {
            end = run_end(&grid, i, &columns);
            if (end - i >= 2 && is_table(&grid, i, end, &columns) &&
                !is_header_of_next(&grid, i, end))
                write_table(&grid, i, end, &columns, &tables);
            else
                end = i + 1;
        }
        i = MAX(end, i + 1);
    }
    return tables;
}
