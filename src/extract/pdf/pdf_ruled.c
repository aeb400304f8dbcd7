/* pdf_ruled.c - tables whose cells are kept apart by ruling lines.
 *
 * Lines that cross are one frame; its edges make a grid, and neighbours in the grid without a line
 * between them are one cell. A frame around a whole page, a chart or a box is no table: see
 * is_table(). */
#include "extract/pdf/pdf_ruled_int.h"

#include <math.h>

#include "base/utf8.h"

enum { RULES_MAX = 3000, CELL_TEXT_MAX = 16000 };
/* Of all frames of a page together, so that a drawing of a map costs little. */
enum { FRAMES_MAX = 300, CELLS_MAX = 60000, SPANS_MAX = 20000 };

/* Lines meet when their ends are within REACH. */
static const float REACH = 3.5F;

/* --- Rules to frames --- */

static int by_position(const void *a, const void *b)
{
    const Rule *left = a, *right = b;
    if (left->is_vertical != right->is_vertical)
        return left->is_vertical - right->is_vertical;
    float p = left->is_vertical ? left->box.x0 : left->box.y0;
    float q = right->is_vertical ? right->box.x0 : right->box.y0;
    if (fabsf(p - q) > 0.01F)
        return p < q ? -1 : 1;
    p = left->is_vertical ? left->box.y0 : left->box.x0;
    q = right->is_vertical ? right->box.y0 : right->box.x0;
    return (p > q) - (p < q);
}

/* A line goes on where the one before ended. */
static bool is_same_line(const Rule *a, const Rule *b)
{
    if (a->is_vertical != b->is_vertical)
        return false;
    if (a->is_vertical)
        return b->box.x0 - a->box.x0 < 1 && b->box.y0 <= a->box.y1 + REACH &&
               b->box.y1 >= a->box.y0 - REACH;
    return b->box.y0 - a->box.y0 < 1 && b->box.x0 <= a->box.x1 + REACH &&
           b->box.x1 >= a->box.x0 - REACH;
}

static int join_rules(Rule *rules, int count)
{
    int joined = 0;
    qsort(rules, (size_t)count, sizeof *rules, by_position);
    for (int i = 0; i < count; i++) {
        int to = joined - 1;
        for (int back = 0; back < 8 && to >= 0 && !is_same_line(&rules[to], &rules[i]); back++)
            to--;
        if (to >= 0 && is_same_line(&rules[to], &rules[i])) {
            if (rules[i].is_vertical) {
                rules[to].box.y0 = MIN(rules[to].box.y0, rules[i].box.y0);
                rules[to].box.y1 = MAX(rules[to].box.y1, rules[i].box.y1);
            } else {
                rules[to].box.x0 = MIN(rules[to].box.x0, rules[i].box.x0);
                rules[to].box.x1 = MAX(rules[to].box.x1, rules[i].box.x1);
            }
            continue;
        }
        rules[joined++] = rules[i];
    }
    return joined;
}

static int root_of(int *parent, int i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static bool meets(const Rule *level, const Rule *upright)
{
    return level->box.y0 >= upright->box.y0 - REACH && level->box.y0 <= upright->box.y1 + REACH &&
           upright->box.x0 >= level->box.x0 - REACH && upright->box.x0 <= level->box.x1 + REACH;
}

static void join_frames(const Rule *rules, int count, int *parent)
{
    int first_upright = 0;
    for (int i = 0; i < count; i++) {
        parent[i] = i;
        first_upright += !rules[i].is_vertical;
    }
    for (int i = 0; i < first_upright; i++)
        for (int k = first_upright; k < count; k++)
            if (meets(&rules[i], &rules[k]))
                parent[root_of(parent, i)] = root_of(parent, k);
}

/* --- Grid of a frame --- */

static int by_value(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

/* Positions nearer than NEAR become one; 0 when there are too many. */
static int unique_edges(float *values, int count, float *edges)
{
    int edge_count = 0;
    qsort(values, (size_t)count, sizeof *values, by_value);
    for (int i = 0; i < count; i++) {
        if (edge_count && values[i] - edges[edge_count - 1] < NEAR)
            continue;
        if (edge_count == EDGES_MAX)
            return 0;
        edges[edge_count++] = values[i];
    }
    return edge_count;
}

/* Sides that have no line of their own end where the lines across them end. */
static bool find_edges(Frame *frame)
{
    int count = frame->rule_count, xs = 0, ys = 0;
    float *x = arena_new_array(frame->arena, float, (size_t)count * 2 + 2);
    float *y = arena_new_array(frame->arena, float, (size_t)count * 2 + 2);
    Box all = frame->rules[0].box;
    for (int i = 0; i < count; i++) {
        const Rule *rule = &frame->rules[i];
        all = box_union(all, rule->box);
        if (rule->is_vertical)
            x[xs++] = rule->box.x0;
        else
            y[ys++] = rule->box.y0;
    }
    if (xs < 1 || ys < 2)
        return false;
    x[xs++] = all.x0;
    x[xs++] = all.x1;
    y[ys++] = all.y0;
    y[ys++] = all.y1;
    frame->columns = unique_edges(x, xs, frame->xs) - 1;
    frame->rows = unique_edges(y, ys, frame->ys) - 1;
    return frame->columns >= 2 && frame->rows >= 1 && frame->columns * frame->rows <= GRID_MAX;
}

static int edge_at(const float *edges, int count, float value)
{
    for (int i = 0; i < count; i++)
        if (fabsf(edges[i] - value) < NEAR)
            return i;
    return -1;
}

/* Notes the line in the cells that it is a side of; of each at least half. */
static void draw_rule(Frame *frame, const Rule *rule)
{
    bool upright = rule->is_vertical;
    const float *along = upright ? frame->ys : frame->xs;
    int steps = upright ? frame->rows : frame->columns;
    int at = upright ? edge_at(frame->xs, frame->columns + 1, rule->box.x0)
                     : edge_at(frame->ys, frame->rows + 1, rule->box.y0);
    float from = upright ? rule->box.y0 : rule->box.x0, to = upright ? rule->box.y1 : rule->box.x1;
    if (at <= 0)
        return;
    for (int i = 0; i < steps; i++) {
        float covered = MIN(to, along[i + 1]) - MAX(from, along[i]);
        if (covered * 2 < along[i + 1] - along[i])
            continue;
        if (upright)
            frame->right[i * frame->columns + at - 1] = true;
        else
            frame->bottom[(at - 1) * frame->columns + i] = true;
    }
}

static bool can_grow_right(const Frame *frame, int row, int column, int rows)
{
    for (int r = row; r < row + rows; r++) {
        int cell = r * frame->columns + column;
        if (frame->right[cell] || frame->owner[cell + 1] >= 0)
            return false;
    }
    return true;
}

static bool can_grow_down(const Frame *frame, int row, int column, int columns)
{
    for (int c = column; c < column + columns; c++) {
        int cell = row * frame->columns + c, below = cell + frame->columns;
        if (frame->bottom[cell] || frame->owner[below] >= 0 ||
            (c + 1 < column + columns && frame->right[below]))
            return false;
    }
    return true;
}

/* Groups of cells without lines between them, as rectangles. */
static int find_regions(Frame *frame, Region *regions)
{
    int cells = frame->rows * frame->columns, count = 0;
    for (int i = 0; i < cells; i++)
        frame->owner[i] = -1;
    for (int i = 0; i < cells; i++) {
        if (frame->owner[i] >= 0)
            continue;
        Region region = { i / frame->columns, i % frame->columns, 1, 1, .is_bold = true };
        while (region.column + region.columns < frame->columns &&
               can_grow_right(frame, region.row, region.column + region.columns - 1, 1))
            region.columns++;
        while (region.row + region.rows < frame->rows &&
               can_grow_down(frame, region.row + region.rows - 1, region.column, region.columns))
            region.rows++;
        for (int r = 0; r < region.rows; r++)
            for (int c = 0; c < region.columns; c++)
                frame->owner[i + r * frame->columns + c] = count;
        regions[count++] = region;
    }
    return count;
}

/* --- Text of the cells --- */

static int by_line(const void *a, const void *b, void *spans)
{
    const TextSpan *at = spans;
    const TextSpan *left = &at[*(const int *)a], *right = &at[*(const int *)b];
    if (fabsf(left->baseline - right->baseline) > 0.01F)
        return left->baseline < right->baseline ? -1 : 1;
    return (left->box.x0 > right->box.x0) - (left->box.x0 < right->box.x0);
}

static int region_of(const Frame *frame, const TextSpan *span)
{
    int row = step_at(frame->ys, frame->rows, (span->box.y0 + span->box.y1) / 2);
    int column = step_at(frame->xs, frame->columns, (span->box.x0 + span->box.x1) / 2);
    return row < 0 || column < 0 ? -1 : frame->owner[row * frame->columns + column];
}

static void add_text(const Frame *frame, Region *region, const TextSpan *span)
{
    float width = frame->xs[region->column + region->columns] - frame->xs[region->column];
    region->is_bold &= span->is_bold;
    region->width_used = MAX(region->width_used, (span->box.x1 - span->box.x0) / MAX(width, 1.0F));
    if (region->text.length)
        region->text = str_format(frame->arena, STR_FMT " " STR_FMT, STR_ARG(region->text),
                                  STR_ARG(span->text));
    else
        region->text = span->text;
}

/* False when text crosses the frame's lines: it is a drawing. */
static bool fill_regions(Frame *frame, Region *regions, int *region_of_span)
{
    int crossing = 0;
    float *last = arena_new_array(frame->arena, float, (size_t)frame->rows *(size_t)frame->columns);
    for (int i = 0; i < frame->span_count; i++) {
        const TextSpan *span = &frame->page->spans.at[frame->spans[i]];
        int number = region_of(frame, span);
        region_of_span[i] = number;
        if (number < 0)
            continue;
        Region *region = &regions[number];
        bool is_new = region->lines == 0 || span->baseline - last[number] > 0.3F * span->size;
        crossing += span->box.x1 > frame->xs[region->column + region->columns] + span->size ||
                    span->box.x0 < frame->xs[region->column] - span->size;
        if (region->text.length > CELL_TEXT_MAX)
            return false;
        region->lines += is_new;
        last[number] = span->baseline;
        add_text(frame, region, span);
    }
    return crossing * 5 <= frame->span_count;
}

static void find_spans(Frame *frame)
{
    const PageText *page = frame->page;
    Box all = { frame->xs[0], frame->ys[0], frame->xs[frame->columns], frame->ys[frame->rows] };
    frame->spans = arena_new_array(frame->arena, int, page->spans.count + 1);
    for (size_t i = 0; i < page->spans.count; i++) {
        const TextSpan *span = &page->spans.at[i];
        float x = (span->box.x0 + span->box.x1) / 2, y = (span->box.y0 + span->box.y1) / 2;
        if (!span->table && x > all.x0 && x < all.x1 && y > all.y0 && y < all.y1)
            frame->spans[frame->span_count++] = (int)i;
    }
    /* Lines are told apart by their baselines: those of one line must be equal for sorting. */
    qsort_r(frame->spans, (size_t)frame->span_count, sizeof(int), by_line, page->spans.at);
    for (int first = 0, end; first < frame->span_count; first = end) {
        const TextSpan *start = &page->spans.at[frame->spans[first]];
        for (end = first + 1; end < frame->span_count; end++) {
            TextSpan *next = &page->spans.at[frame->spans[end]];
            if (next->baseline - start->baseline > 0.25F * MAX(start->size, 1.0F))
                break;
            next->baseline = start->baseline;
        }
    }
    qsort_r(frame->spans, (size_t)frame->span_count, sizeof(int), by_line, page->spans.at);
}

/* Not a box, a chart with grid lines or a frame of the page's layout. */
static bool is_table(const Frame *frame, const Region *regions, int count)
{
    int filled = 0, wide_rows = 0, columns_used = 0, last_row = -1, in_row = 0;
    bool *used = arena_new_array(frame->arena, bool, (size_t)frame->columns);
    for (int i = 0; i < count; i++) {
        const Region *region = &regions[i];
        if (region->text.length == 0)
            continue;
        if (region->lines > 40)
            return false;
        filled++;
        columns_used += !used[region->column];
        used[region->column] = true;
        in_row = region->row == last_row ? in_row + 1 : 1;
        last_row = region->row;
        wide_rows += in_row == 2;
    }
    return filled >= 4 && columns_used >= 2 && wide_rows >= 1 && filled * 6 >= count;
}

/* --- Frames to tables --- */

static int make_regions(Frame *frame, Region **regions_r)
{
    size_t cells = (size_t)frame->rows * (size_t)frame->columns;
    frame->right = arena_new_array(frame->arena, bool, cells);
    frame->bottom = arena_new_array(frame->arena, bool, cells);
    frame->owner = arena_new_array(frame->arena, int, cells);
    *regions_r = arena_new_array(frame->arena, Region, cells);
    for (int i = 0; i < frame->rule_count; i++)
        draw_rule(frame, &frame->rules[i]);
    return find_regions(frame, *regions_r);
}

/* The lines that ruled_cut_rows() made go all the way. */
static void draw_cuts(Frame *frame, const float *old, int old_count)
{
    for (int row = 0; row + 1 < frame->rows; row++)
        for (int c = 0; c < frame->columns && edge_at(old, old_count, frame->ys[row + 1]) < 0; c++)
            frame->bottom[row * frame->columns + c] = true;
}

/* Rows and columns where nothing begins are left out: lines that are drawn twice make such. */
static int number_used(const Frame *frame, const Region *regions, int count, bool rows, int *number)
{
    int steps = rows ? frame->rows : frame->columns, used = 0;
    for (int i = 0; i < steps; i++)
        number[i] = -1;
    for (int i = 0; i < count; i++)
        if (regions[i].text.length)
            number[rows ? regions[i].row : regions[i].column] = 0;
    for (int i = 0; i < steps; i++)
        number[i] = number[i] < 0 ? used - 1 : used++;
    return used;
}

static int steps_between(const int *number, int first, int end)
{
    int steps = 1;
    for (int i = first + 1; i < end; i++)
        steps += number[i] != number[i - 1];
    return steps;
}

static void put_region(const Region *region, const int *row_number, const int *column_number,
                       const Frame *frame, PageTable *table)
{
    int row = row_number[region->row], column = column_number[region->column];
    int rows = steps_between(row_number, region->row, region->row + region->rows);
    int columns = steps_between(column_number, region->column, region->column + region->columns);
    if (region->text.length == 0 || row < 0 || column < 0)
        return;
    for (int r = row; r < row + rows; r++)
        for (int c = column; c < column + columns; c++)
            table->rows.at[r].cells[c].is_covered = true;
    table->rows.at[row].cells[column] = (TableCell){
        .text = region->text,
        .box = { frame->xs[region->column], frame->ys[region->row],
                 frame->xs[region->column + region->columns],
                 frame->ys[region->row + region->rows] },
        .columns = columns,
        .rows = rows,
    };
    table->rows.at[row].is_bold &= region->is_bold;
}

static void write_table(Frame *frame, const Region *regions, int count, PageTables *tables)
{
    int *row_number = arena_new_array(frame->arena, int, (size_t)frame->rows);
    int *column_number = arena_new_array(frame->arena, int, (size_t)frame->columns);
    int rows = number_used(frame, regions, count, true, row_number);
    PageTable table = { 0 };
    table.column_count = number_used(frame, regions, count, false, column_number);
    for (int r = 0; r < rows; r++)
        *vec_push(frame->arena, &table.rows) = (TableRow){
            .cells = arena_new_array(frame->arena, TableCell, (size_t)table.column_count),
            .is_bold = true,
        };
    for (int i = 0; i < count; i++)
        put_region(&regions[i], row_number, column_number, frame, &table);
    for (int r = 0; r < frame->rows; r++) {
        Box box = { frame->xs[0], frame->ys[r], frame->xs[frame->columns], frame->ys[r + 1] };
        if (row_number[r] >= 0) {
            TableRow *row = &table.rows.at[row_number[r]];
            row->box = row->box.x1 > 0 ? box_union(row->box, box) : box;
        }
    }
    *vec_push(frame->arena, tables) = table;
}

/* Adds the lines that are missing; the regions after that, -1 when text crosses the frame. */
static int complete_grid(Frame *frame, Region **regions, int count, int *region_of_span)
{
    float old[EDGES_MAX];
    int old_count = frame->rows + 1;
    memcpy(old, frame->ys, (size_t)old_count * sizeof *old);
    if (!fill_regions(frame, *regions, region_of_span))
        return -1;
    if (ruled_cut_rows(frame, *regions, count)) {
        make_regions(frame, regions);
        draw_cuts(frame, old, old_count);
        count = find_regions(frame, *regions);
        fill_regions(frame, *regions, region_of_span);
    }
    if (ruled_cut_columns(frame, *regions, region_of_span)) {
        make_regions(frame, regions);
        draw_cuts(frame, old, old_count);
        count = find_regions(frame, *regions);
        fill_regions(frame, *regions, region_of_span);
    }
    if (ruled_draw_gaps(frame, *regions, count, region_of_span)) {
        count = find_regions(frame, *regions);
        fill_regions(frame, *regions, region_of_span);
    }
    return count;
}

static void try_frame(Arena *arena, PageText *page, const Rule *rules, int count, int *cells_left,
                      PageTables *tables)
{
    Frame frame = { .arena = arena, .page = page, .rules = rules, .rule_count = count };
    Region *regions;
    if (count < 4 || !find_edges(&frame))
        return;
    *cells_left -= frame.rows * frame.columns;
    if (*cells_left < 0)
        return;
    find_spans(&frame);
    int *region_of_span = arena_new_array(arena, int, (size_t)frame.span_count + 1);
    int region_count = make_regions(&frame, &regions);
    region_count = complete_grid(&frame, &regions, region_count, region_of_span);
    if (region_count < 0 || !is_table(&frame, regions, region_count))
        return;
    write_table(&frame, regions, region_count, tables);
    for (int i = 0; i < frame.span_count; i++)
        if (region_of_span[i] >= 0)
            page->spans.at[frame.spans[i]].table = (int)tables->count;
}

void pdf_find_ruled_tables(Arena *arena, PageText *page, PageTables *tables)
{
    int count = (int)page->rules.count, frames = 0, cells_left = CELLS_MAX;
    if (count < 4 || count > RULES_MAX || page->spans.count < 4 || page->spans.count > SPANS_MAX)
        return;
    Rule *rules = arena_new_array(arena, Rule, (size_t)count);
    memcpy(rules, page->rules.at, (size_t)count * sizeof *rules);
    count = join_rules(rules, count);
    int *parent = arena_new_array(arena, int, (size_t)count);
    Rule *frame = arena_new_array(arena, Rule, (size_t)count);
    join_frames(rules, count, parent);
    for (int root = 0; root < count && frames < FRAMES_MAX; root++) {
        int in_frame = 0;
        if (root_of(parent, root) != root)
            continue;
        for (int i = 0; i < count; i++)
            if (root_of(parent, i) == root)
                frame[in_frame++] = rules[i];
        frames += in_frame >= 4;
        try_frame(arena, page, frame, in_frame, &cells_left, tables);
    }
}
