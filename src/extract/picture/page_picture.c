/* page_picture.c - see page_picture.h. */
#include <mupdf/fitz.h>

#include "extract/picture/page_picture.h"

#include <math.h>
#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/djvu/djvu_page.h"

enum {
    WIDTH_MIN = 32,
    CHARS_MAX = 200000,
    QUOTE_MAX = 20000,
    PIECE_MIN = 12,
    REST_MIN = 4,
    BOXES_MAX = 2000,
    RENDER_MS_MAX = 10000
};

/* A character in the form that is compared, and where it stands. */
typedef struct Mark {
    uint32_t character;
    int line;
    Box box;
} Mark;
typedef VEC(Mark) Marks;

/* --- Characters as they are compared --- */

static bool is_ignored(UChar32 c)
{
    return u_isUWhiteSpace(c) || u_getCombiningClass(c) != 0 || u_charType(c) == U_FORMAT_CHAR ||
           u_charType(c) == U_DASH_PUNCTUATION || c == '|' || c < 0x20 || c == UTF8_REPLACEMENT;
}

/* Case folded and compatibility-decomposed, without marks, spaces and hyphens. */
static void add_character(Arena *arena, Marks *marks, uint32_t character, int line, Box box)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar32 folded = u_foldCase((UChar32)character, U_FOLD_CASE_DEFAULT);
    UChar parts[32];
    int32_t count = 0;
    if (folded >= 0x80)
        count = unorm2_getDecomposition(unorm2_getNFKDInstance(&status), folded, parts,
                                        COUNT(parts), &status);
    if (folded < 0x80 || count <= 0 || U_FAILURE(status)) {
        if (!is_ignored(folded))
            *vec_push(arena, marks) = (Mark){ (uint32_t)folded, line, box };
        return;
    }
    for (int32_t i = 0; i < count;) {
        UChar32 part;
        U16_NEXT(parts, i, count, part);
        part = u_foldCase(part, U_FOLD_CASE_DEFAULT);
        if (!is_ignored(part))
            *vec_push(arena, marks) = (Mark){ (uint32_t)part, line, box };
    }
}

void page_picture_preload(void)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Marks marks = { 0 };
    add_character(arena, &marks, 0xE9, 0, (Box){ 0 });
}

static Marks marks_of_quote(Arena *arena, Str quote)
{
    Marks marks = { 0 };
    quote = str_slice(quote, 0, utf8_floor(quote, QUOTE_MAX));
    for (size_t at = 0, size; at < quote.length; at += size)
        add_character(arena, &marks, utf8_decode(quote, at, &size), 0, (Box){ 0 });
    return marks;
}

static void add_page_marks(Arena *arena, const fz_stext_page *text, Marks *marks)
{
    int number = 0;
    for (const fz_stext_block *block = text->first_block; block; block = block->next) {
        if (block->type != FZ_STEXT_BLOCK_TEXT)
            continue;
        for (const fz_stext_line *line = block->u.t.first_line; line; line = line->next) {
            number++;
            for (const fz_stext_char *c = line->first_char; c; c = c->next) {
                fz_rect box = fz_rect_from_quad(c->quad);
                if (marks->count < CHARS_MAX)
                    add_character(arena, marks, (uint32_t)c->c, number,
                                  (Box){ box.x0, box.y0, box.x1, box.y1 });
            }
        }
    }
}

static bool take_edge(Str *line, float *edge_r)
{
    ptrdiff_t space = str_find_char(*line, ' ');
    char number[24];
    if (space <= 0 || space >= (ptrdiff_t)sizeof number)
        return false;
    memcpy(number, line->at, (size_t)space);
    number[space] = '\0';
    *edge_r = strtof(number, NULL);
    *line = str_from(*line, (size_t)space + 1);
    return isfinite(*edge_r);
}

/* Recognised words: those at one height are a line. */
static void add_word_marks(Arena *arena, Str words, Marks *marks)
{
    int number = 0;
    Box last = { 0 };
    for (Str line; text_next_line(&words, &line);) {
        Box box;
        if (!take_edge(&line, &box.x0) || !take_edge(&line, &box.y0) ||
            !take_edge(&line, &box.x1) || !take_edge(&line, &box.y1))
            continue;
        bool is_same_line = box.y0 < last.y1 && box.y1 > last.y0 && box.x0 >= last.x0;
        number += !is_same_line;
        last = box;
        for (size_t at = 0, size; at < line.length && marks->count < CHARS_MAX; at += size)
            add_character(arena, marks, utf8_decode(line, at, &size), number, box);
    }
}

/* --- Finding the quote --- */

static size_t match_length(const Marks *page, size_t at, const Marks *quote, size_t from)
{
    size_t length = 0;
    while (at + length < page->count && from + length < quote->count &&
           page->at[at + length].character == quote->at[from + length].character)
        length++;
    return length;
}

static bool is_near(Box box, Box near)
{
    return box.x0 < near.x1 + 2 && box.x1 > near.x0 - 2 && box.y0 < near.y1 + 2 &&
           box.y1 > near.y0 - 2;
}

/* The longest run of the quote from `from` on the page; one near the block wins. */
static size_t find_longest(const Marks *page, const Marks *quote, size_t from, Box near,
                           size_t *at_r)
{
    bool has_near = near.x1 > near.x0;
    size_t best = 0, best_value = 0;
    for (size_t at = 0; at < page->count; at++) {
        if (page->at[at].character != quote->at[from].character)
            continue;
        size_t length = match_length(page, at, quote, from);
        size_t value = length * 2 + (has_near && is_near(page->at[at].box, near));
        if (value > best_value) {
            best_value = value;
            best = length;
            *at_r = at;
        }
    }
    return best;
}

static void mark_run(Arena *arena, const Marks *page, size_t at, size_t length,
                     PagePicture *picture)
{
    for (size_t i = at; i < at + length && picture->boxes.count < BOXES_MAX; i++) {
        const Mark *mark = &page->at[i];
        if (i > at && mark->line == page->at[i - 1].line) {
            Box *last = &picture->boxes.at[picture->boxes.count - 1];
            *last = (Box){ MIN(last->x0, mark->box.x0), MIN(last->y0, mark->box.y0),
                           MAX(last->x1, mark->box.x1), MAX(last->y1, mark->box.y1) };
        } else {
            *vec_push(arena, &picture->boxes) = mark->box;
        }
    }
}

static void find_quote(Arena *arena, const Marks *page, Str text, Box near, PagePicture *picture)
{
    Marks quote = marks_of_quote(arena, text);
    for (size_t from = 0; from < quote.count;) {
        size_t at = 0, length = find_longest(page, &quote, from, near, &at);
        bool is_rest = length == quote.count - from &&
                       (from == 0 || (length >= REST_MIN && picture->boxes.count));
        if (length >= PIECE_MIN || is_rest) {
            mark_run(arena, page, at, length, picture);
            from += length;
        } else {
            from++;
        }
    }
}

void page_picture_mark(Arena *arena, const PagePictureRequest *request, PagePicture *picture_r)
{
    Marks marks = { 0 };
    if (request->quote.length == 0)
        return;
    add_word_marks(arena, request->words, &marks);
    find_quote(arena, &marks, request->quote, request->near, picture_r);
}

/* --- Drawing --- */

/* A marker pen: only the light it lets through stays. */
static void tint(fz_pixmap *pixels, fz_context *ctx, Box box, float scale)
{
    /* Lines' boxes overlap a little; what is tinted twice would be darker. */
    float inset = (box.y1 - box.y0) * 0.07F;
    box.y0 += inset;
    box.y1 -= inset;
    int width = fz_pixmap_width(ctx, pixels), height = fz_pixmap_height(ctx, pixels);
    int x0 = MAX(0, (int)(box.x0 * scale) - 1), x1 = MIN(width, (int)(box.x1 * scale) + 2);
    int y0 = MAX(0, (int)(box.y0 * scale)), y1 = MIN(height, (int)(box.y1 * scale) + 1);
    unsigned char *samples = fz_pixmap_samples(ctx, pixels);
    int stride = fz_pixmap_stride(ctx, pixels);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            unsigned char *pixel = samples + (ptrdiff_t)y * stride + (ptrdiff_t)x * 3;
            pixel[1] = (unsigned char)(pixel[1] * 230 / 255);
            pixel[2] = (unsigned char)(pixel[2] * 90 / 255);
        }
}

static float choose_scale(const PagePictureRequest *request, const PagePicture *picture)
{
    float width = (float)MAX(WIDTH_MIN, MIN(request->width, PAGE_PICTURE_WIDTH_MAX));
    float scale = width / MAX(picture->page_width, 1.0F);
    float pixels = scale * scale * picture->page_width * picture->page_height;
    if (pixels > PAGE_PICTURE_PIXELS_MAX)
        scale *= sqrtf(PAGE_PICTURE_PIXELS_MAX / pixels);
    return scale;
}

static void draw(fz_context *ctx, fz_page *page, fz_pixmap *pixels, fz_matrix matrix,
                 fz_cookie *cookie)
{
    fz_device *device = NULL;
    fz_var(device);
    fz_try(ctx)
    {
        device = fz_new_draw_device(ctx, matrix, pixels);
        fz_run_page(ctx, page, device, fz_identity, cookie);
        fz_close_device(ctx, device);
    }
    fz_always(ctx) fz_drop_device(ctx, device);
    fz_catch(ctx)
    {
        /* A page that is broken in the middle shows what came before. */
        if (fz_caught(ctx) == FZ_ERROR_MEMORY)
            fz_rethrow(ctx);
    }
}

typedef struct Rendering {
    fz_context *ctx;
    fz_page *page;
    fz_stext_page *text;
    fz_device *device;
    fz_pixmap *pixels;
    fz_buffer *png;
} Rendering;

/* Throws MuPDF's exceptions. */
static void find_on_page(Rendering *r, fz_cookie *cookie, Arena *arena,
                         const PagePictureRequest *request, PagePicture *picture)
{
    fz_stext_options options = { .flags = FZ_STEXT_MEDIABOX_CLIP };
    Marks marks = { 0 };
    if (request->quote.length == 0)
        return;
    r->text = fz_new_stext_page(r->ctx, fz_bound_page(r->ctx, r->page));
    r->device = fz_new_stext_device(r->ctx, r->text, &options);
    fz_run_page(r->ctx, r->page, r->device, fz_identity, cookie);
    fz_close_device(r->ctx, r->device);
    add_page_marks(arena, r->text, &marks);
    add_word_marks(arena, request->words, &marks);
    find_quote(arena, &marks, request->quote, request->near, picture);
}

static void render(Rendering *r, fz_cookie *cookie, Arena *arena, const PagePictureRequest *request,
                   PagePicture *picture)
{
    fz_context *ctx = r->ctx;
    fz_rect bounds = fz_bound_page(ctx, r->page);
    picture->page_width = bounds.x1 - bounds.x0;
    picture->page_height = bounds.y1 - bounds.y0;
    find_on_page(r, cookie, arena, request, picture);
    float scale = choose_scale(request, picture);
    fz_matrix matrix = fz_scale(scale, scale);
    r->pixels = fz_new_pixmap_with_bbox(ctx, fz_device_rgb(ctx),
                                        fz_round_rect(fz_transform_rect(bounds, matrix)), NULL, 0);
    fz_clear_pixmap_with_value(ctx, r->pixels, 255);
    draw(ctx, r->page, r->pixels, matrix, cookie);
    for (size_t i = 0; i < picture->boxes.count; i++)
        tint(r->pixels, ctx, picture->boxes.at[i], scale);
    picture->width = fz_pixmap_width(ctx, r->pixels);
    picture->height = fz_pixmap_height(ctx, r->pixels);
    r->png = fz_new_buffer_from_pixmap_as_png(ctx, r->pixels, fz_default_color_params);
    unsigned char *at;
    size_t length = fz_buffer_storage(ctx, r->png, &at);
    picture->png = str_copy(arena, (Str){ (const char *)at, length });
}

static bool render_page(PdfFile *file, Arena *arena, const PagePictureRequest *request,
                        PagePicture *picture, Error *err)
{
    fz_context *ctx = pdf_file_context(file);
    fz_cookie *cookie = pdf_file_clock(file, RENDER_MS_MAX);
    Rendering *r = arena_new_one(arena, Rendering);
    bool ok = true;
    fz_var(ok);
    r->ctx = ctx;
    fz_try(ctx)
    {
        r->page = fz_load_page(ctx, pdf_file_document(file), request->page - 1);
        render(r, cookie, arena, request, picture);
    }
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, r->png);
        fz_drop_pixmap(ctx, r->pixels);
        fz_drop_device(ctx, r->device);
        fz_drop_stext_page(ctx, r->text);
        fz_drop_page(ctx, r->page);
    }
    fz_catch(ctx) ok = fail(err, ERROR_DAMAGED, "page %d cannot be drawn: %s", request->page,
                            fz_caught_message(ctx));
    return ok;
}

/* --- DjVu, which MuPDF does not read --- */

/* Each pixel of the smaller picture is as dark as the share of black under it. */
static void shade(const Jb2Page *page, uint8_t *samples, int width, int height)
{
    AUTO_FREE char *room = heap_alloc((size_t)width * 2 * sizeof(uint32_t));
    uint32_t *black = (uint32_t *)(void *)room, *all = black + width;
    for (int y = 0, from = 0; y < height; y++) {
        int to = MAX(from + 1, (int)((int64_t)(y + 1) * page->height / height));
        memset(black, 0, (size_t)width * 2 * sizeof *black);
        for (; from < to && from < page->height; from++) {
            const uint8_t *row = page->rows + (size_t)from * page->stride;
            for (int x = 0; x < page->width; x++) {
                int column = (int)((int64_t)x * width / page->width);
                black[column] += row[x / 8] >> (7 - x % 8) & 1;
                all[column]++;
            }
        }
        for (int x = 0; x < width; x++, samples += 3)
            memset(samples, all[x] ? (int)(255 - 255 * black[x] / all[x]) : 255, 3);
    }
}

/* Each pixel of the smaller picture is the mean of those under it. */
static void shrink(const Iw44Picture *page, uint8_t *samples, int width, int height)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++, samples += 3) {
            int left = (int)((int64_t)x * page->width / width);
            int right = MAX(left + 1, (int)((int64_t)(x + 1) * page->width / width));
            int top = (int)((int64_t)y * page->height / height);
            int bottom = MAX(top + 1, (int)((int64_t)(y + 1) * page->height / height));
            uint32_t sums[3] = { 0 }, count = (uint32_t)((right - left) * (bottom - top));
            for (int row = top; row < bottom; row++)
                for (int column = left; column < right; column++)
                    for (size_t i = 0; i < 3; i++)
                        sums[i] +=
                            page->pixels[((size_t)row * (size_t)page->width + (size_t)column) * 3 +
                                         i];
            for (size_t i = 0; i < 3; i++)
                samples[i] = (uint8_t)(sums[i] / count);
        }
}

/* As it is stored: letters, or colours when `rows` are none. */
typedef struct DjvuPicture {
    Jb2Page letters;
    Iw44Picture colours;
} DjvuPicture;

static bool draw_djvu(Arena *arena, const PagePictureRequest *request, DjvuInfo *info,
                      DjvuPicture *page, Error *err)
{
    return djvu_draw(arena, request->bytes, request->page, info, &page->letters, err) ||
           (err->code == ERROR_UNSUPPORTED &&
            djvu_draw_colours(arena, request->bytes, request->page, info, &page->colours, err));
}

/* Throws MuPDF's exceptions. */
static void render_djvu(Rendering *r, Arena *arena, const DjvuPicture *page, PagePicture *picture,
                        float scale)
{
    fz_context *ctx = r->ctx;
    bool has_letters = page->letters.rows != NULL;
    int width = has_letters ? page->letters.width : page->colours.width;
    int height = has_letters ? page->letters.height : page->colours.height;
    picture->width = MAX(1, MIN(width, (int)(picture->page_width * scale + 0.5F)));
    picture->height = MAX(1, (int)((int64_t)height * picture->width / width));
    r->pixels = fz_new_pixmap(ctx, fz_device_rgb(ctx), picture->width, picture->height, NULL, 0);
    uint8_t *samples = fz_pixmap_samples(ctx, r->pixels);
    if (has_letters)
        shade(&page->letters, samples, picture->width, picture->height);
    else
        shrink(&page->colours, samples, picture->width, picture->height);
    for (size_t i = 0; i < picture->boxes.count; i++)
        tint(r->pixels, ctx, picture->boxes.at[i], (float)picture->width / picture->page_width);
    r->png = fz_new_buffer_from_pixmap_as_png(ctx, r->pixels, fz_default_color_params);
    unsigned char *at;
    size_t length = fz_buffer_storage(ctx, r->png, &at);
    picture->png = str_copy(arena, (Str){ (const char *)at, length });
}

static bool djvu_picture(Arena *arena, const PagePictureRequest *request, PagePicture *picture_r,
                         Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(900));
    Rendering *r = arena_new_one(arena, Rendering);
    PagePicture *picture = arena_new_one(arena, PagePicture);
    DjvuInfo info;
    DjvuPicture page = { 0 };
    bool ok = true;
    if (!draw_djvu(scratch, request, &info, &page, err))
        return false;
    picture->page_width = djvu_points(&info, true);
    picture->page_height = djvu_points(&info, false);
    page_picture_mark(arena, request, picture);
    fz_context *ctx = r->ctx = fz_new_context(NULL, NULL, FZ_STORE_DEFAULT);
    if (!ctx)
        return fail(err, ERROR_INTERNAL, "MuPDF does not start");
    fz_var(ok);
    fz_try(ctx) render_djvu(r, arena, &page, picture, choose_scale(request, picture));
    fz_always(ctx)
    {
        fz_drop_buffer(ctx, r->png);
        fz_drop_pixmap(ctx, r->pixels);
    }
    fz_catch(ctx) ok = fail(err, ERROR_DAMAGED, "page %d cannot be drawn: %s", request->page,
                            fz_caught_message(ctx));
    fz_drop_context(ctx);
    if (ok)
        *picture_r = *picture;
    return ok;
}

bool page_picture(Arena *arena, const PagePictureRequest *request, PagePicture *picture_r,
                  Error *err)
{
    AUTO_PDF PdfFile *file = NULL;
    PagePicture picture = { 0 };
    if (djvu_is_file(request->bytes))
        return djvu_picture(arena, request, picture_r, err);
    if (!pdf_file_open(request->bytes, request->password, &file, err))
        return false;
    if (request->page < 1 || request->page > pdf_file_page_count(file))
        return fail(err, ERROR_NOT_FOUND, "there is no page %d; the document has %d", request->page,
                    pdf_file_page_count(file));
    if (!render_page(file, arena, request, &picture, err))
        return false;
    *picture_r = picture;
    return true;
}
