/* djvu_jb2.c - see djvu_jb2.h. Rows are counted from the bottom in the file, from the top here. */
#include "extract/djvu/djvu_jb2.h"

#include "extract/djvu/z_coder.h"

enum {
    NUMBER_MAX = 262142,
    NUMBER_MIN = -262143,
    CELLS_MAX = 1 << 22,
    SHAPES_MAX = 1 << 20,
    MARGIN = 4,     /* white columns on each side of a shape's rows */
    ROWS_ABOVE = 2, /* white rows */
};

/* Pixels that one chunk may code, and those that its copies may draw. */
#define CODED_MAX 200000000
#define DRAWN_MAX 1000000000

typedef enum Record {
    START_OF_DATA,
    NEW_MARK,
    NEW_MARK_LIBRARY_ONLY,
    NEW_MARK_IMAGE_ONLY,
    MATCHED_REFINE,
    MATCHED_REFINE_LIBRARY_ONLY,
    MATCHED_REFINE_IMAGE_ONLY,
    MATCHED_COPY,
    NON_MARK_DATA,
    REQUIRED_DICTIONARY_OR_RESET,
    COMMENT,
    END_OF_DATA,
} Record;

/* A number's bits are coded by a tree of contexts that grows with use; 0: none yet. */
typedef struct Cell {
    uint32_t next[2];
    uint8_t context;
} Cell;

typedef struct Trees {
    uint32_t comment_byte, comment_length, record, match, loc_x, loc_y, size_x, size_y, image_size,
        shared_count, same_x, row_x, same_y, row_y, more_x, more_y;
} Trees;

typedef struct Decoder {
    Arena *arena;
    ZCoder z;
    Trees trees;
    VEC(Cell) cells;
    uint8_t refines, offset_kind, direct[1024], cross[2048];
    VEC(Jb2Shape) library;
    const Jb2Library *shared;
    Jb2Page *page; /* NULL: a library is read */
    bool has_started, failed;
    int64_t coded_left, drawn_left;
    /* Where the last mark and the row it stands in are; from the bottom. */
    int last_right, last_bottom, row_left, row_bottom;
    int bottoms[3], bottom_at;
} Decoder;

/* --- Numbers --- */

static void reset_numbers(Decoder *d)
{
    d->trees = (Trees){ 0 };
    d->cells.count = 0;
    *vec_push(d->arena, &d->cells) = (Cell){ 0 }; /* stands for none */
}

/* The cell that `*link` names, made when there is none. *link may move when cells do. */
static uint32_t cell_of(Decoder *d, uint32_t *tree, uint32_t from, int side)
{
    uint32_t index = from ? d->cells.at[from].next[side] : *tree;
    if (index)
        return index;
    if (d->cells.count >= CELLS_MAX) {
        d->failed = true;
        return 0;
    }
    index = (uint32_t)d->cells.count;
    *vec_push(d->arena, &d->cells) = (Cell){ 0 };
    if (from)
        d->cells.at[from].next[side] = index;
    else
        *tree = index;
    return index;
}

/* Sign, then how many bits, then the bits; decisions that low and high leave no choice for are not
 * coded. */
static int take_number(Decoder *d, int low, int high, uint32_t *tree)
{
    bool is_negative = false;
    int cutoff = 0, phase = 1, side = 0;
    uint32_t range = UINT32_MAX, cell = 0;
    while (range != 1 && !d->failed) {
        cell = cell_of(d, tree, cell, side);
        bool decision =
            low >= cutoff || (high >= cutoff && z_decode(&d->z, &d->cells.at[cell].context));
        side = decision;
        if (phase == 1) {
            is_negative = !decision;
            if (is_negative) {
                int swap = -low - 1;
                low = -high - 1;
                high = swap;
            }
            phase = 2;
            cutoff = 1;
        } else if (phase == 2 && decision) {
            cutoff += cutoff + 1;
            d->failed |= cutoff > 2 * NUMBER_MAX + 1;
        } else if (phase == 2) {
            phase = 3;
            range = (uint32_t)(cutoff + 1) / 2;
            cutoff = range == 1 ? 0 : cutoff - (int)range / 2;
        } else {
            range /= 2;
            if (range != 1)
                cutoff += decision ? (int)range / 2 : -(int)range / 2;
            else if (!decision)
                cutoff--;
        }
    }
    d->failed |= d->z.is_over;
    return is_negative ? -cutoff - 1 : cutoff;
}

static int take_size(Decoder *d, uint32_t *tree) { return take_number(d, 0, NUMBER_MAX, tree); }

static int take_difference(Decoder *d, uint32_t *tree)
{
    return take_number(d, NUMBER_MIN, NUMBER_MAX, tree);
}

/* --- Shapes --- */

static size_t shape_stride(const Jb2Shape *shape) { return (size_t)shape->width + 2 * MARGIN; }

static uint8_t *shape_row(const Jb2Shape *shape, int y)
{
    return shape->pixels + (size_t)(y + ROWS_ABOVE) * shape_stride(shape) + MARGIN;
}

static bool make_shape(Decoder *d, Jb2Shape *shape, int64_t width, int64_t height)
{
    int64_t room = (width + 2 * MARGIN) * (height + ROWS_ABOVE);
    d->failed |= width < 0 || height < 0 || width > NUMBER_MAX || height > NUMBER_MAX ||
                 room > d->coded_left || (uint64_t)room + KB(64) > arena_room(d->arena);
    if (d->failed)
        return false;
    d->coded_left -= room;
    *shape = (Jb2Shape){ .width = (int)width,
                         .height = (int)height,
                         .pixels = arena_alloc(d->arena, (size_t)room) };
    return true;
}

static void find_black(Jb2Shape *shape)
{
    shape->left = shape->width;
    shape->top = shape->height;
    shape->right = shape->bottom = -1;
    for (int y = 0; y < shape->height; y++) {
        const uint8_t *row = shape_row(shape, y);
        const uint8_t *first = memchr(row, 1, (size_t)shape->width);
        if (!first)
            continue;
        const uint8_t *last = memrchr(row, 1, (size_t)shape->width);
        shape->left = MIN(shape->left, (int)(first - row));
        shape->right = MAX(shape->right, (int)(last - row));
        shape->top = MIN(shape->top, y);
        shape->bottom = y;
    }
}

/* Each pixel by ten that stand around it: three of two rows above, five of the row above, two on
 * the left. */
static void take_pixels(Decoder *d, Jb2Shape *shape)
{
    for (int y = 0; y < shape->height && !d->z.is_over; y++) {
        uint8_t *row = shape_row(shape, y);
        const uint8_t *above = shape_row(shape, y - 1), *higher = shape_row(shape, y - 2);
        unsigned two = (unsigned)(higher[0] << 1 | higher[1]);
        unsigned one = (unsigned)(above[0] << 2 | above[1] << 1 | above[2]), own = 0;
        for (int x = 0; x < shape->width; x++) {
            unsigned context = (two & 7) << 7 | (one & 31) << 2 | (own & 3);
            row[x] = (uint8_t)z_decode(&d->z, &d->direct[context]);
            two = two << 1 | higher[x + 2];
            one = one << 1 | above[x + 3];
            own = own << 1 | row[x];
        }
    }
    d->failed |= d->z.is_over;
    find_black(shape);
}

static unsigned pixel(const Jb2Shape *shape, int x, int y)
{
    return x >= 0 && x < shape->width && y >= 0 && y < shape->height ? shape_row(shape, y)[x] : 0;
}

/* Each pixel by four of its own and seven of the shape it is like, middle upon middle. */
static void refine_pixels(Decoder *d, Jb2Shape *shape, const Jb2Shape *like)
{
    int w = shape->width, h = shape->height;
    int like_w = like->right < 0 ? 0 : like->right - like->left + 1;
    int like_h = like->right < 0 ? 0 : like->bottom - like->top + 1;
    int like_right = like->right, like_top = like->right < 0 ? -1 : like->height - 1 - like->top;
    int dx = w / 2 - w + 1 - (like_w / 2 - like_right);
    int from_bottom = h / 2 - h + 1 - (like_h / 2 - like_top);
    /* Row y from the top is row h-1-y from the bottom, and of the other shape that plus
     * from_bottom. */
    int dy = like->height - 1 - (h - 1 + from_bottom);
    for (int y = 0; y < h && !d->z.is_over; y++) {
        uint8_t *row = shape_row(shape, y);
        const uint8_t *above = shape_row(shape, y - 1);
        for (int x = 0; x < w; x++) {
            int cx = x + dx, cy = y + dy;
            unsigned context = (unsigned)(above[x - 1] << 10 | above[x] << 9 | above[x + 1] << 8 |
                                          row[x - 1] << 7);
            context |= pixel(like, cx, cy - 1) << 6;
            for (int k = 0; k < 3; k++)
                context |= pixel(like, cx - 1 + k, cy) << (5 - k) | pixel(like, cx - 1 + k, cy + 1)
                                                                        << (2 - k);
            row[x] = (uint8_t)z_decode(&d->z, &d->cross[context]);
        }
    }
    d->failed |= d->z.is_over;
    find_black(shape);
}

static const Jb2Shape *take_match(Decoder *d)
{
    if (d->library.count == 0) {
        d->failed = true;
        return NULL;
    }
    int index = take_number(d, 0, (int)d->library.count - 1, &d->trees.match);
    if (d->failed || index < 0 || (size_t)index >= d->library.count) {
        d->failed = true;
        return NULL;
    }
    return &d->library.at[index];
}

static void new_shape(Decoder *d, Jb2Shape *shape)
{
    int width = take_size(d, &d->trees.size_x), height = take_size(d, &d->trees.size_y);
    if (!d->failed && make_shape(d, shape, width, height))
        take_pixels(d, shape);
}

static void refined_shape(Decoder *d, Jb2Shape *shape)
{
    const Jb2Shape *found = take_match(d);
    if (!found)
        return;
    Jb2Shape like = *found;
    int64_t width = like.right < 0 ? 0 : like.right - like.left + 1;
    int64_t height = like.right < 0 ? 0 : like.bottom - like.top + 1;
    width += take_difference(d, &d->trees.more_x);
    height += take_difference(d, &d->trees.more_y);
    if (!d->failed && make_shape(d, shape, width, height))
        refine_pixels(d, shape, &like);
}

/* --- Places --- */

static void begin_row(Decoder *d, int bottom)
{
    for (int i = 0; i < 3; i++)
        d->bottoms[i] = bottom;
    d->bottom_at = 0;
}

/* Marks of a row stand on the middle one of the last three bottoms. */
static int middle_bottom(Decoder *d, int bottom)
{
    d->bottom_at = (d->bottom_at + 1) % 3;
    d->bottoms[d->bottom_at] = bottom;
    const int *b = d->bottoms;
    return MAX(MIN(b[0], b[1]), MIN(MAX(b[0], b[1]), b[2]));
}

/* The left bottom corner, from 0. */
static void take_place(Decoder *d, int width, int height, int *left_r, int *bottom_r)
{
    static const int far = 1 << 24;
    int left, bottom;
    d->failed |= !d->has_started || !d->page;
    if (d->failed)
        return;
    if (z_decode(&d->z, &d->offset_kind)) {
        left = d->row_left + take_difference(d, &d->trees.row_x);
        bottom = d->row_bottom + take_difference(d, &d->trees.row_y) - height + 1;
        d->row_left = left;
        d->last_bottom = d->row_bottom = bottom;
        begin_row(d, bottom);
    } else {
        left = d->last_right + take_difference(d, &d->trees.same_x);
        bottom = d->last_bottom + take_difference(d, &d->trees.same_y);
        d->last_bottom = middle_bottom(d, bottom);
    }
    d->last_right = left + width - 1;
    d->failed |= abs(left) > far || abs(bottom) > far;
    *left_r = left - 1;
    *bottom_r = bottom - 1;
}

static void take_absolute_place(Decoder *d, int height, int *left_r, int *bottom_r)
{
    d->failed |= !d->has_started || !d->page;
    if (d->failed)
        return;
    *left_r = take_number(d, 1, d->page->width, &d->trees.loc_x) - 1;
    *bottom_r = take_number(d, 1, d->page->height, &d->trees.loc_y) - height;
}

static void draw(Decoder *d, const Jb2Shape *shape, int left, int bottom)
{
    Jb2Page *page = d->page;
    d->drawn_left -= (int64_t)shape->width * shape->height;
    d->failed |= d->drawn_left < 0;
    int from = MAX(0, -left), to = MIN(shape->width, page->width - left);
    for (int y = 0; y < shape->height && !d->failed; y++) {
        int page_y = page->height - bottom - shape->height + y;
        if (page_y < 0 || page_y >= page->height)
            continue;
        uint8_t *out = page->rows + (size_t)page_y * page->stride;
        const uint8_t *row = shape_row(shape, y);
        for (int x = from; x < to; x++)
            out[(left + x) >> 3] |= (uint8_t)(row[x] << (7 - ((left + x) & 7)));
    }
}

/* --- Records --- */

static void start(Decoder *d)
{
    int width = take_size(d, &d->trees.image_size), height = take_size(d, &d->trees.image_size);
    z_decode(&d->z, &d->refines);
    d->failed |= d->has_started;
    d->has_started = true;
    if (d->page && !d->failed) {
        d->failed |= width == 0 || height == 0 || (int64_t)width * height > JB2_PIXELS_MAX;
        d->page->width = d->failed ? 0 : width;
        d->page->height = d->failed ? 0 : height;
        d->page->stride = ((size_t)d->page->width + 7) / 8;
        d->page->rows = arena_alloc(d->arena, d->page->stride * (size_t)d->page->height + 1);
        d->row_bottom = height;
    }
    begin_row(d, d->row_bottom);
}

static void inherit(Decoder *d)
{
    int count = take_size(d, &d->trees.shared_count);
    d->failed |= count > 0 && (!d->shared || (size_t)count > d->shared->shapes.count);
    for (int i = 0; i < count && !d->failed; i++)
        *vec_push(d->arena, &d->library) = d->shared->shapes.at[i];
}

static void skip_comment(Decoder *d)
{
    int length = take_size(d, &d->trees.comment_length);
    for (int i = 0; i < length && !d->failed; i++)
        take_number(d, 0, 255, &d->trees.comment_byte);
}

static void copy_shape(Decoder *d)
{
    int left = 0, bottom = 0;
    const Jb2Shape *shape = take_match(d);
    if (!shape)
        return;
    /* The place is that of its black part. */
    bool is_empty = shape->right < 0;
    int width = is_empty ? 0 : shape->right - shape->left + 1;
    int height = is_empty ? 0 : shape->bottom - shape->top + 1;
    take_place(d, width, height, &left, &bottom);
    if (!d->failed && !is_empty)
        draw(d, shape, left - shape->left, bottom - (shape->height - 1 - shape->bottom));
}

static void read_shape(Decoder *d, Record record)
{
    Jb2Shape shape = { 0 };
    int left = 0, bottom = 0;
    bool is_refined = record >= MATCHED_REFINE && record <= MATCHED_REFINE_IMAGE_ONLY;
    bool is_in_library = record == NEW_MARK || record == NEW_MARK_LIBRARY_ONLY ||
                         record == MATCHED_REFINE || record == MATCHED_REFINE_LIBRARY_ONLY;
    bool is_drawn = record != NEW_MARK_LIBRARY_ONLY && record != MATCHED_REFINE_LIBRARY_ONLY;
    if (is_refined)
        refined_shape(d, &shape);
    else
        new_shape(d, &shape);
    if (d->failed)
        return;
    if (record == NON_MARK_DATA)
        take_absolute_place(d, shape.height, &left, &bottom);
    else if (is_drawn)
        take_place(d, shape.width, shape.height, &left, &bottom);
    d->failed |= d->library.count >= SHAPES_MAX;
    if (is_in_library && !d->failed)
        *vec_push(d->arena, &d->library) = shape;
    if (is_drawn && !d->failed)
        draw(d, &shape, left, bottom);
}

static void read_records(Decoder *d)
{
    reset_numbers(d);
    while (!d->failed && arena_room(d->arena) > MB(1)) {
        Record record = (Record)take_number(d, START_OF_DATA, END_OF_DATA, &d->trees.record);
        if (record == END_OF_DATA || d->failed)
            return;
        if (record == START_OF_DATA)
            start(d);
        else if (record == MATCHED_COPY)
            copy_shape(d);
        else if (record == COMMENT)
            skip_comment(d);
        else if (record == REQUIRED_DICTIONARY_OR_RESET && d->has_started)
            reset_numbers(d);
        else if (record == REQUIRED_DICTIONARY_OR_RESET)
            inherit(d);
        else
            read_shape(d, record);
    }
    d->failed = true;
}

static Decoder *decoder_new(Arena *arena, Str bytes)
{
    Decoder *d = arena_new_one(arena, Decoder);
    *d = (Decoder){
        .arena = arena, .z = z_coder(bytes), .coded_left = CODED_MAX, .drawn_left = DRAWN_MAX
    };
    return d;
}

void jb2_library(Arena *arena, Str bytes, Jb2Library *library_r)
{
    Decoder *d = decoder_new(arena, bytes);
    read_records(d);
    *library_r = (Jb2Library){ 0 };
    for (size_t i = 0; i < d->library.count; i++)
        *vec_push(arena, &library_r->shapes) = d->library.at[i];
}

bool jb2_page(Arena *arena, Str bytes, const Jb2Library *shared, Jb2Page *page_r, Error *err)
{
    Decoder *d = decoder_new(arena, bytes);
    Jb2Page page = { 0 };
    d->shared = shared;
    d->page = &page;
    read_records(d);
    if (!page.width)
        return fail(err, ERROR_DAMAGED, "the page's picture is broken, or over %d megapixels",
                    JB2_PIXELS_MAX / 1000000);
    page.is_cut = d->failed;
    *page_r = page;
    return true;
}
