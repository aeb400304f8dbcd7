/* pdf_ruled_cuts.c - the lines that a ruled table lacks: between rows and columns whose texts stand
 * apart. */
#include "extract/pdf/pdf_ruled_int.h"

/* --- Rows without lines between them --- */

static bool is_number(Str text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.length; i++)
        digits += text.at[i] >= '0' && text.at[i] <= '9';
    return digits * 2 >= text.length;
}

/* Lines of wrapped text fill their cell; lines that are rows of their own do not. True when most
 * cells of this row have a line for each of the others' lines. */
static int count_lines(const Region *regions, int count, int row)
{
    int most = 0, cells = 0, total = 0, stacked = 0, narrow = 0, even = 0, numbers = 0;
    for (int i = 0; i < count; i++) {
        const Region *region = &regions[i];
        if (region->row != row || region->text.length == 0)
            continue;
        cells++;
        total += region->lines;
        stacked += region->lines > 1;
        numbers += region->lines > 1 && is_number(region->text);
        narrow += region->lines > 1 && region->width_used < 0.75F;
        even += region->lines > 1 && region->lines == most;
        if (region->lines > most) {
            most = region->lines;
            even = 1;
        }
    }
    bool is_many = most >= (numbers >= 2 ? 2 : 3) && cells >= 2 && total * 2 >= most * cells;
    bool is_even =
        most >= 4 && (stacked >= 3 ? even * 5 >= stacked * 4 : even == stacked && narrow > 0);
    return is_many && stacked >= 2 && (is_even || narrow * 2 > stacked) ? most : 0;
}

bool ruled_cut_rows(Frame *frame, const Region *regions, int count)
{
    float edges[EDGES_MAX];
    int edge_count = 0;
    bool is_cut = false;
    for (int row = 0; row < frame->rows; row++) {
        edges[edge_count++] = frame->ys[row];
        if (edge_count + 2 >= EDGES_MAX)
            return false;
        if (!count_lines(regions, count, row))
            continue;
        const TextSpan *last = NULL;
        for (int i = 0; i < frame->span_count; i++) {
            const TextSpan *span = &frame->page->spans.at[frame->spans[i]];
            float middle = (span->box.y0 + span->box.y1) / 2;
            if (middle < frame->ys[row] || middle > frame->ys[row + 1])
                continue;
            if (last && span->baseline - last->baseline > 0.6F * span->size) {
                if (edge_count + 2 >= EDGES_MAX)
                    return false;
                edges[edge_count++] = (last->baseline + 0.25F * last->size + span->box.y0) / 2;
                is_cut = true;
            }
            last = span;
        }
    }
    edges[edge_count++] = frame->ys[frame->rows];
    for (int i = 1; i < edge_count; i++)
        is_cut &= edges[i] > edges[i - 1];
    if (!is_cut || (edge_count - 1) * frame->columns > GRID_MAX)
        return false;
    memcpy(frame->ys, edges, (size_t)edge_count * sizeof *edges);
    frame->rows = edge_count - 1;
    return true;
}

/* --- Columns without lines between them --- */

enum { PARTS_MAX = 20 };

typedef struct Parts {
    float x0[PARTS_MAX], x1[PARTS_MAX];
    int count, lines, wide_lines;
} Parts;

static void add_part(Parts *parts, float x0, float x1)
{
    int at = 0, over = 0;
    while (at < parts->count && parts->x1[at] < x0)
        at++;
    while (at + over < parts->count && parts->x0[at + over] <= x1)
        over++;
    if (over == 0 && parts->count == PARTS_MAX)
        return;
    if (over) {
        x0 = MIN(x0, parts->x0[at]);
        x1 = MAX(x1, parts->x1[at + over - 1]);
    }
    int rest = parts->count - at - over;
    memmove(parts->x0 + at + 1, parts->x0 + at + over, (size_t)rest * sizeof *parts->x0);
    memmove(parts->x1 + at + 1, parts->x1 + at + over, (size_t)rest * sizeof *parts->x1);
    parts->x0[at] = x0;
    parts->x1[at] = x1;
    parts->count += 1 - over;
}

/* The space that lines of more than one span leave free in a column of the grid. */
static Parts find_parts(const Frame *frame, const Region *regions, const int *region_of_span,
                        int column)
{
    Parts parts = { 0 };
    const TextSpan *last = NULL;
    bool last_wide = false;
    for (int i = 0; i < frame->span_count; i++) {
        int number = region_of_span[i];
        const TextSpan *span = &frame->page->spans.at[frame->spans[i]];
        if (number < 0 || regions[number].column != column || regions[number].columns != 1)
            continue;
        bool goes_on = last && last->baseline == span->baseline;
        parts.lines += !goes_on;
        if (goes_on && span->box.x0 - last->box.x1 > 0.5F * span->size) {
            parts.wide_lines += !last_wide;
            add_part(&parts, last->box.x0, last->box.x1);
            add_part(&parts, span->box.x0, span->box.x1);
            last_wide = true;
        } else if (!goes_on) {
            last_wide = false;
        }
        last = span;
    }
    if (parts.wide_lines < 3 || parts.wide_lines * 2 < parts.lines)
        parts.count = 0;
    return parts;
}

bool ruled_cut_columns(Frame *frame, const Region *regions, const int *region_of_span)
{
    float edges[EDGES_MAX];
    int edge_count = 0;
    bool is_cut = false;
    for (int c = 0; c < frame->columns; c++) {
        Parts parts = find_parts(frame, regions, region_of_span, c);
        if (edge_count + PARTS_MAX + 2 >= EDGES_MAX)
            return false;
        edges[edge_count++] = frame->xs[c];
        for (int i = 0; i + 1 < parts.count; i++) {
            float edge = (parts.x1[i] + parts.x0[i + 1]) / 2;
            if (edge > edges[edge_count - 1] + NEAR && edge < frame->xs[c + 1] - NEAR) {
                edges[edge_count++] = edge;
                is_cut = true;
            }
        }
    }
    edges[edge_count++] = frame->xs[frame->columns];
    if (!is_cut || (edge_count - 1) * frame->rows > GRID_MAX)
        return false;
    memcpy(frame->xs, edges, (size_t)edge_count * sizeof *edges);
    frame->columns = edge_count - 1;
    return true;
}

bool ruled_draw_gaps(Frame *frame, const Region *regions, int count, const int *region_of_span)
{
    size_t cells = (size_t)frame->rows * (size_t)frame->columns;
    bool *crossed = arena_new_array(frame->arena, bool, cells), is_drawn = false;
    int *first = arena_new_array(frame->arena, int, (size_t)count);
    int *last = arena_new_array(frame->arena, int, (size_t)count);
    for (int i = 0; i < count; i++)
        first[i] = frame->columns;
    for (int i = 0; i < frame->span_count; i++) {
        int number = region_of_span[i];
        const TextSpan *span = &frame->page->spans.at[frame->spans[i]];
        if (number < 0 || regions[number].columns == 1)
            continue;
        int column = step_at(frame->xs, frame->columns, (span->box.x0 + span->box.x1) / 2);
        first[number] = MIN(first[number], column);
        last[number] = MAX(last[number], column);
        for (int c = 0; c < frame->columns; c++)
            if (span->box.x0 < frame->xs[c + 1] - 1 && span->box.x1 > frame->xs[c + 1] + 1)
                crossed[regions[number].row * frame->columns + c] = true;
    }
    for (int i = 0; i < count; i++)
        for (int c = first[i]; c < last[i]; c++)
            for (int r = 0; r < regions[i].rows; r++)
                if (!crossed[regions[i].row * frame->columns + c])
                    is_drawn = frame->right[(regions[i].row + r) * frame->columns + c] = true;
    return is_drawn;
}
