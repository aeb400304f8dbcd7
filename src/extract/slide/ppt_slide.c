/* ppt_slide.c - see ppt_slide.h; shapes are those of [MS-ODRAW], in PowerPoint's clothes. */
#include "extract/slide/ppt_slide.h"

#include "extract/charset/encoding.h"

enum { SHAPES_MAX = 20000, DEPTH_MAX = 30, LINKS_MAX = 10000 };
static const double UNITS_PER_POINT = 8; /* [MS-PPT] 2.3.1: a master unit is 1/576 inch */

typedef struct Box {
    double x0, y0, x1, y1;
} Box;

/* From the coordinates inside a group to those of the slide. */
typedef struct Frame {
    double scale_x, scale_y, offset_x, offset_y;
    int table;
} Frame;

/* --- Shapes --- */

typedef struct RawShape {
    Box box, inside; /* inside: the coordinates of a group's members */
    bool has_box, has_inside, is_table;
    Str art_text; /* WordArt */
    PptShape shape;
} RawShape;

static double signed32(Str data, size_t at) { return (double)(int32_t)le32_at(data, at); }
static double signed16(Str data, size_t at) { return (double)(int16_t)le16_at(data, at); }

/* [MS-PPT] 2.7.1 */
static Box client_anchor(Str data)
{
    if (data.length >= 16)
        return (Box){ signed32(data, 4), signed32(data, 0), signed32(data, 8), signed32(data, 12) };
    return (Box){ signed16(data, 2), signed16(data, 0), signed16(data, 4), signed16(data, 6) };
}

static Box child_anchor(Str data)
{
    return (Box){ signed32(data, 0), signed32(data, 4), signed32(data, 8), signed32(data, 12) };
}

/* [MS-ODRAW] 2.3: six bytes each, then the data of those that are complex. */
static void read_properties(Arena *arena, const PptRecord *record, RawShape *raw)
{
    enum { COMPLEX = 0x8000, ART_TEXT_ID = 0xC0, DESCRIPTION_ID = 0x381, TABLE_ID = 0x39F };
    size_t count = (size_t)record->instance, data_at = count * 6;
    for (size_t i = 0; i < count && (i + 1) * 6 <= record->data.length; i++) {
        unsigned id = le16_at(record->data, i * 6);
        uint32_t value = le32_at(record->data, i * 6 + 2);
        Str data = STR_NONE;
        if (id & COMPLEX) {
            data = str_slice(record->data, data_at, data_at + value);
            data_at += value;
        }
        id &= 0x3FFF;
        if (id == TABLE_ID)
            raw->is_table = value & 1;
        else if (id == ART_TEXT_ID)
            raw->art_text = str_trim(text_from_utf16(arena, data));
        else if (id == DESCRIPTION_ID)
            raw->shape.description = text_from_utf16(arena, data);
    }
}

/* [MS-PPT] 2.7.3: what PowerPoint knows about the shape; 2.8.19: what a click on it does. */
static void read_client_data(PptDrawing *drawing, Str data, RawShape *raw)
{
    for (PptRecord record; ppt_next(&data, &record);) {
        if (record.type == PPT_PLACEHOLDER && record.data.length >= 5) {
            raw->shape.placeholder = (unsigned char)record.data.at[4];
        } else if (record.type == PPT_INTERACTIVE && drawing->links.count < LINKS_MAX) {
            PptRecord atom;
            if (ppt_child(record.data, PPT_INTERACTIVE_ATOM, -1, &atom))
                *vec_push(drawing->arena, &drawing->links) = str_slice(atom.data, 4, 8);
        }
    }
}

static void read_text(PptDrawing *drawing, Str data, RawShape *raw)
{
    PptRecord reference;
    Arena *arena = drawing->arena;
    if (ppt_child(data, PPT_OUTLINE_REF, -1, &reference)) {
        unsigned index = le16_at(reference.data, 0);
        drawing->placed |= index < 64 ? UINT64_C(1) << index : 0;
        ppt_read_text(arena, drawing->outline, (int)index, &raw->shape.text);
    } else {
        ppt_read_text(arena, data, 0, &raw->shape.text);
    }
    read_client_data(drawing, data, raw);
}

static RawShape read_shape(PptDrawing *drawing, Str container)
{
    enum { LINE = 20 };
    RawShape raw = { .shape.text.kind = PPT_KIND_OTHER };
    for (PptRecord record; ppt_next(&container, &record);) {
        switch (record.type) {
        case ART_GROUP_FRAME:
            raw.inside = child_anchor(record.data);
            raw.has_inside = true;
            break;
        case ART_SHAPE_ATOM: raw.shape.is_line = record.instance == LINE; break;
        case ART_PROPERTIES:
        case ART_PROPERTIES_3: read_properties(drawing->arena, &record, &raw); break;
        case ART_CHILD_ANCHOR:
            raw.box = child_anchor(record.data);
            raw.has_box = true;
            break;
        case ART_CLIENT_ANCHOR:
            raw.box = client_anchor(record.data);
            raw.has_box = true;
            break;
        case ART_CLIENT_DATA: read_client_data(drawing, record.data, &raw); break;
        case ART_TEXT: read_text(drawing, record.data, &raw); break;
        default: break;
        }
    }
    if (str_trim(raw.shape.text.text).length == 0 && raw.art_text.length)
        raw.shape.text = (PptText){ .kind = PPT_KIND_OTHER, .text = raw.art_text };
    return raw;
}

static void add_shape(PptDrawing *drawing, const RawShape *raw, const Frame *frame)
{
    if (drawing->shapes.count >= SHAPES_MAX)
        return;
    PptShape shape = raw->shape;
    shape.x0 = (raw->box.x0 * frame->scale_x + frame->offset_x) / UNITS_PER_POINT;
    shape.x1 = (raw->box.x1 * frame->scale_x + frame->offset_x) / UNITS_PER_POINT;
    shape.y0 = (raw->box.y0 * frame->scale_y + frame->offset_y) / UNITS_PER_POINT;
    shape.y1 = (raw->box.y1 * frame->scale_y + frame->offset_y) / UNITS_PER_POINT;
    shape.table = frame->table;
    *vec_push(drawing->arena, &drawing->shapes) = shape;
}

/* The first shape of a group is the group itself. */
static Frame group_frame(PptDrawing *drawing, const RawShape *group, const Frame *outer)
{
    Frame frame = *outer;
    double width = group->inside.x1 - group->inside.x0,
           height = group->inside.y1 - group->inside.y0;
    if (group->has_box && group->has_inside && width > 0 && height > 0) {
        double x = (group->box.x1 - group->box.x0) / width;
        double y = (group->box.y1 - group->box.y0) / height;
        frame.scale_x = outer->scale_x * x;
        frame.scale_y = outer->scale_y * y;
        frame.offset_x = outer->offset_x + outer->scale_x * (group->box.x0 - group->inside.x0 * x);
        frame.offset_y = outer->offset_y + outer->scale_y * (group->box.y0 - group->inside.y0 * y);
    }
    if (group->is_table && outer->table == 0)
        frame.table = ++drawing->table_count;
    return frame;
}

static void read_group(PptDrawing *drawing, Str container, Frame frame, int depth)
{
    bool is_first = true;
    for (PptRecord record; ppt_next(&container, &record);) {
        if (record.type == ART_GROUP && depth < DEPTH_MAX) {
            read_group(drawing, record.data, frame, depth + 1);
        } else if (record.type == ART_SHAPE) {
            RawShape raw = read_shape(drawing, record.data);
            if (is_first && depth > 0)
                frame = group_frame(drawing, &raw, &frame);
            else if (!is_first)
                add_shape(drawing, &raw, &frame);
            is_first = false;
        }
    }
}

static void read_shapes(PptDrawing *drawing, Str container)
{
    static const Frame whole = { .scale_x = 1, .scale_y = 1 };
    PptRecord record, art;
    if (!ppt_child(container, PPT_DRAWING, -1, &record) || !ppt_next(&record.data, &art))
        return;
    for (PptRecord group; ppt_next(&art.data, &group);) {
        if (group.type == ART_GROUP) {
            read_group(drawing, group.data, whole, 0);
        } else if (group.type == ART_SHAPE) {
            RawShape background = read_shape(drawing, group.data);
            if (background.shape.text.text.length)
                add_shape(drawing, &background, &whole);
        }
    }
}

/* A text of the outline that no shape shows is still a text of the slide. */
static void add_unplaced(PptDrawing *drawing)
{
    PptShape shape = { 0 };
    for (int i = 0; i < 64 && ppt_read_text(drawing->arena, drawing->outline, i, &shape.text); i++)
        if (!(drawing->placed >> i & 1) && drawing->shapes.count < SHAPES_MAX)
            *vec_push(drawing->arena, &drawing->shapes) = shape;
}

void ppt_read_drawing(PptDrawing *drawing, Str container)
{
    read_shapes(drawing, container);
    add_unplaced(drawing);
}

/* --- Tables: shapes on a grid --- */

typedef struct Grid {
    VEC(double) lines;
} Grid;

static int by_position(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Positions closer than a point are one. */
static void tidy_grid(Grid *grid)
{
    size_t kept = 0;
    if (grid->lines.count == 0)
        return;
    qsort(grid->lines.at, grid->lines.count, sizeof(double), by_position);
    for (size_t i = 0; i < grid->lines.count; i++)
        if (kept == 0 || grid->lines.at[i] - grid->lines.at[kept - 1] > 1)
            grid->lines.at[kept++] = grid->lines.at[i];
    grid->lines.count = kept;
}

/* The grid lines before a position. */
static int lines_before(const Grid *grid, double position)
{
    size_t low = 0, high = grid->lines.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (grid->lines.at[middle] < position - 0.5)
            low = middle + 1;
        else
            high = middle;
    }
    return (int)low;
}

typedef struct GridCell {
    int row, column;
    const PptShape *shape;
} GridCell;

static int by_cell(const void *a, const void *b)
{
    const GridCell *left = a, *right = b;
    return left->row != right->row ? left->row - right->row : left->column - right->column;
}

static void write_table(DocWriter *doc, const PptShape *shapes, size_t count)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Grid columns = { 0 }, rows = { 0 };
    VEC(GridCell) cells = { 0 };
    for (size_t i = 0; i < count; i++)
        if (!shapes[i].is_line) {
            *vec_push(arena, &columns.lines) = shapes[i].x0;
            *vec_push(arena, &rows.lines) = shapes[i].y0;
        }
    tidy_grid(&columns);
    tidy_grid(&rows);
    for (size_t i = 0; i < count; i++)
        if (!shapes[i].is_line)
            *vec_push(arena, &cells) = (GridCell){ .row = lines_before(&rows, shapes[i].y0),
                                                   .column = lines_before(&columns, shapes[i].x0),
                                                   .shape = &shapes[i] };
    if (cells.count == 0)
        return;
    qsort(cells.at, cells.count, sizeof(GridCell), by_cell);
    doc_table_begin(doc);
    for (size_t i = 0; i < cells.count; i++) {
        const GridCell *cell = &cells.at[i];
        int column_span = lines_before(&columns, cell->shape->x1) - cell->column;
        int row_span = lines_before(&rows, cell->shape->y1) - cell->row;
        doc_cell_span(doc, ppt_lines(arena, cell->shape->text.text), MAX(1, column_span),
                      MAX(1, row_span));
        if (i + 1 == cells.count || cells.at[i + 1].row != cell->row)
            doc_row_end(doc);
    }
    doc_table_end(doc);
}

/* --- Writing --- */

static bool is_title(const PptShape *shape)
{
    return shape->table == 0 &&
           (shape->text.kind == PPT_KIND_TITLE || shape->text.kind == PPT_KIND_CENTER_TITLE);
}

static bool is_footer(const PptShape *shape)
{
    return shape->placeholder >= PPT_PLACE_DATE && shape->placeholder <= PPT_PLACE_HEADER;
}

static void write_shape(DocWriter *doc, const PptShape *shape)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    doc_place_box(doc, (float)shape->x0, (float)shape->y0, (float)shape->x1, (float)shape->y1);
    if (str_trim(shape->text.text).length == 0)
        doc_image(doc, shape->description);
    else if (is_title(shape))
        doc_heading(doc, 1, ppt_one_line(arena, shape->text.text));
    else if (shape->placeholder == PPT_PLACE_SUBTITLE)
        doc_heading(doc, 2, ppt_one_line(arena, shape->text.text));
    else
        ppt_write_paragraphs(doc, &shape->text);
}

void ppt_write_shapes(DocWriter *doc, const PptDrawing *drawing)
{
    const PptShape *shapes = drawing->shapes.at;
    size_t count = drawing->shapes.count;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < count && doc_writer_ok(doc);) {
            size_t end = i + 1;
            while (shapes[i].table && end < count && shapes[end].table == shapes[i].table)
                end++;
            if (shapes[i].table && pass == 1)
                write_table(doc, &shapes[i], end - i);
            else if (!shapes[i].table && !is_footer(&shapes[i]) &&
                     is_title(&shapes[i]) == (pass == 0))
                write_shape(doc, &shapes[i]);
            i = end;
        }
}
