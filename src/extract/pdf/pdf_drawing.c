/* pdf_drawing.c - a structured-text device that also notes ruling lines.
 *
 * Tables are ruled by thin filled rectangles as often as by strokes; both become rules. A device
 * that takes pictures makes MuPDF decode some of them, so this one takes none. */
#include "extract/pdf/pdf_file_int.h"

#include <math.h>

enum { RULES_MAX = 20000, PATH_STEPS_MAX = 4000 };

/* A filled rectangle thinner than this is a line; lines shorter than LINE_MIN rule nothing. */
static const float THICKNESS_MAX = 3.0F, LINE_MIN = 4.0F;
static const fz_rect NO_BOX = { 1e9F, 1e9F, -1e9F, -1e9F };

/* The part of a path since its last move. */
typedef struct Walk {
    PageDrawing *drawing;
    fz_matrix matrix;
    fz_point at, start;
    fz_rect box;
    int steps; /* of the whole path */
    bool is_stroke, is_straight;
} Walk;

static void add_rule(PageDrawing *drawing, float x0, float y0, float x1, float y1)
{
    PageText *page = drawing->page;
    bool is_wide = x1 - x0 >= y1 - y0;
    if (page->rules.count >= RULES_MAX || MAX(x1 - x0, y1 - y0) < LINE_MIN)
        return;
    if (x1 < -1 || y1 < -1 || x0 > page->width + 1 || y0 > page->height + 1)
        return;
    float mid_x = (x0 + x1) / 2, mid_y = (y0 + y1) / 2;
    Box box = is_wide ? (Box){ x0, mid_y, x1, mid_y } : (Box){ mid_x, y0, mid_x, y1 };
    *vec_push(drawing->arena, &page->rules) = (Rule){ .box = box, .is_vertical = !is_wide };
}

static void add_segment(Walk *walk, fz_point to)
{
    fz_point a = fz_transform_point(walk->at, walk->matrix);
    fz_point b = fz_transform_point(to, walk->matrix);
    bool is_level = fabsf(a.x - b.x) < 0.5F || fabsf(a.y - b.y) < 0.5F;
    walk->is_straight &= is_level;
    walk->box = (fz_rect){ MIN(walk->box.x0, MIN(a.x, b.x)), MIN(walk->box.y0, MIN(a.y, b.y)),
                           MAX(walk->box.x1, MAX(a.x, b.x)), MAX(walk->box.y1, MAX(a.y, b.y)) };
    if (walk->is_stroke && is_level)
        add_rule(walk->drawing, MIN(a.x, b.x), MIN(a.y, b.y), MAX(a.x, b.x), MAX(a.y, b.y));
    walk->at = to;
}

/* A filled outline without slopes that is thin is a line. */
static void end_part(Walk *walk)
{
    fz_rect box = walk->box;
    if (!walk->is_stroke && walk->is_straight && box.x1 >= box.x0 &&
        (box.x1 - box.x0 <= THICKNESS_MAX || box.y1 - box.y0 <= THICKNESS_MAX))
        add_rule(walk->drawing, box.x0, box.y0, box.x1, box.y1);
    walk->box = NO_BOX;
    walk->is_straight = true;
}

static void walk_move(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    Walk *walk = arg;
    end_part(walk);
    walk->at = walk->start = fz_make_point(x, y);
}

static void walk_line(fz_context *ctx, void *arg, float x, float y)
{
    (void)ctx;
    Walk *walk = arg;
    if (++walk->steps < PATH_STEPS_MAX)
        add_segment(walk, fz_make_point(x, y));
}

static void walk_curve(fz_context *ctx, void *arg, float x1, float y1, float x2, float y2, float x3,
                       float y3)
{
    (void)ctx, (void)x1, (void)y1, (void)x2, (void)y2;
    Walk *walk = arg;
    walk->is_straight = false;
    walk->at = fz_make_point(x3, y3);
}

static void walk_close(fz_context *ctx, void *arg)
{
    Walk *walk = arg;
    walk_line(ctx, arg, walk->start.x, walk->start.y);
}

static const fz_path_walker walker = {
    .moveto = walk_move,
    .lineto = walk_line,
    .curveto = walk_curve,
    .closepath = walk_close,
};

static void walk_path(fz_context *ctx, const fz_path *path, fz_matrix matrix, bool is_stroke)
{
    PageDrawing *drawing = fz_user_context(ctx);
    Walk walk = { .drawing = drawing,
                  .matrix = matrix,
                  .box = NO_BOX,
                  .is_stroke = is_stroke,
                  .is_straight = true };
    if (!drawing || drawing->page->rules.count >= RULES_MAX)
        return;
    fz_walk_path(ctx, path, &walker, &walk);
    end_part(&walk);
}

static void fill_path(fz_context *ctx, fz_device *device, const fz_path *path, int even_odd,
                      fz_matrix matrix, fz_colorspace *space, const float *color, float alpha,
                      fz_color_params params)
{
    (void)device, (void)even_odd, (void)space, (void)color, (void)params;
    if (alpha > 0)
        walk_path(ctx, path, matrix, false);
}

static void stroke_path(fz_context *ctx, fz_device *device, const fz_path *path,
                        const fz_stroke_state *stroke, fz_matrix matrix, fz_colorspace *space,
                        const float *color, float alpha, fz_color_params params)
{
    (void)device, (void)stroke, (void)space, (void)color, (void)params;
    if (alpha > 0)
        walk_path(ctx, path, matrix, true);
}

/* Text that is drawn unseen lies over the picture that it was recognised on (ISO 32000-1, 9.3.6,
 * rendering mode 3). */
static void ignore_text(fz_context *ctx, fz_device *device, const fz_text *text, fz_matrix matrix)
{
    PageDrawing *drawing = fz_user_context(ctx);
    if (!drawing)
        return;
    for (const fz_text_span *span = text->head; span; span = span->next)
        for (int i = 0; i < span->len; i++)
            drawing->page->hidden_count += span->items[i].ucs > ' ';
    drawing->hidden(ctx, device, text, matrix);
}

fz_device *pdf_text_device(fz_context *ctx, fz_stext_page *text, const fz_stext_options *options,
                           PageDrawing *drawing)
{
    fz_device *device = fz_new_stext_device(ctx, text, options);
    drawing->hidden = device->ignore_text;
    if (drawing->hidden)
        device->ignore_text = ignore_text;
    device->fill_path = fill_path;
    device->stroke_path = stroke_path;
    return device;
}
