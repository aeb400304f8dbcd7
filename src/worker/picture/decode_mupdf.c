/* decode_mupdf.c - pictures and PDF pages that MuPDF draws; its exceptions stay inside. */
#include <mupdf/fitz.h>

#include "worker/picture/decode.h"

#include "extract/pdf/pdf_file.h"

#include <math.h>

enum { STORE_BYTES_MAX = 16 << 20, RENDER_MS_MAX = 30000, PAGE_DPI = 300 };

/* A drawing of a page has at most so many pixels: A4 at 300 dots an inch has 8.7 million. */
#define PAGE_PIXELS_MAX 25000000

static void drop_message(void *user, const char *message)
{
    (void)user;
    (void)message;
}

/* MuPDF's colours are multiplied with their coverage already. */
static void copy_rows(fz_context *ctx, fz_pixmap *pixels, PIX *pix)
{
    int parts = fz_pixmap_components(ctx, pixels), alpha = fz_pixmap_alpha(ctx, pixels);
    int stride = fz_pixmap_stride(ctx, pixels), width = pixGetWidth(pix);
    const unsigned char *samples = fz_pixmap_samples(ctx, pixels);
    for (int y = 0; y < pixGetHeight(pix); y++) {
        const unsigned char *row = samples + (ptrdiff_t)y * stride;
        l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
        for (int x = 0; x < width; x++, row += parts) {
            unsigned white = alpha ? 255U - row[3] : 0;
            line[x] = (row[0] + white) << 24 | (row[1] + white) << 16 | (row[2] + white) << 8;
        }
    }
}

typedef struct Picture {
    fz_context *ctx;
    fz_buffer *buffer;
    fz_image *image;
    fz_pixmap *stored, *pixels;
    PIX *pix;
} Picture;

/* Throws. */
static void read_picture(Picture *in, Str bytes)
{
    fz_context *ctx = in->ctx;
    int width, height;
    in->buffer = fz_new_buffer_from_shared_data(ctx, (const unsigned char *)bytes.at, bytes.length);
    in->image = fz_new_image_from_buffer(ctx, in->buffer);
    if (in->image->w <= 0 || in->image->h <= 0 || in->image->h > DECODE_PIXELS_MAX / in->image->w)
        fz_throw(ctx, FZ_ERROR_GENERIC, "it is over %d megapixels", DECODE_PIXELS_MAX / 1000000);
    in->stored = fz_get_pixmap_from_image(ctx, in->image, NULL, NULL, &width, &height);
    in->pixels = fz_convert_pixmap(ctx, in->stored, fz_device_rgb(ctx), NULL, NULL,
                                   fz_default_color_params, 1);
    in->pix = decode_room(fz_pixmap_width(ctx, in->pixels), fz_pixmap_height(ctx, in->pixels));
    if (in->pix)
        copy_rows(ctx, in->pixels, in->pix);
}

bool decode_mupdf(Str bytes, PIX **pix_r, Error *err)
{
    Picture in = { .ctx = fz_new_context(NULL, NULL, STORE_BYTES_MAX) };
    Picture *picture = &in;
    if (!in.ctx)
        return fail(err, ERROR_INTERNAL, "MuPDF does not start");
    fz_context *ctx = in.ctx;
    fz_set_warning_callback(ctx, drop_message, NULL);
    fz_set_error_callback(ctx, drop_message, NULL);
    fz_var(picture);
    fz_try(ctx) read_picture(picture, bytes);
    fz_always(ctx)
    {
        fz_drop_pixmap(ctx, picture->pixels);
        fz_drop_pixmap(ctx, picture->stored);
        fz_drop_image(ctx, picture->image);
        fz_drop_buffer(ctx, picture->buffer);
    }
    fz_catch(ctx)
        fail(err, ERROR_DAMAGED, "its picture cannot be decoded: %s", fz_caught_message(ctx));
    fz_drop_context(ctx);
    if (in.pix)
        *pix_r = in.pix;
    return in.pix != NULL;
}

/* --- Pages --- */

typedef struct Drawing {
    fz_context *ctx;
    fz_page *page;
    fz_device *device;
    fz_pixmap *pixels;
    float scale, width, height;
    PIX *pix;
} Drawing;

static void copy_grey(fz_context *ctx, fz_pixmap *pixels, PIX *pix)
{
    int stride = fz_pixmap_stride(ctx, pixels);
    const unsigned char *samples = fz_pixmap_samples(ctx, pixels);
    for (int y = 0; y < pixGetHeight(pix); y++) {
        l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
        const unsigned char *row = samples + (ptrdiff_t)y * stride;
        for (int x = 0; x < pixGetWidth(pix); x++)
            SET_DATA_BYTE(line, x, row[x]);
    }
}

/* Throws. What a broken page shows before it breaks is drawn. */
static void run_page(Drawing *in, fz_cookie *cookie)
{
    fz_context *ctx = in->ctx;
    fz_try(ctx)
    {
        fz_run_page(ctx, in->page, in->device, fz_identity, cookie);
        fz_close_device(ctx, in->device);
    }
    fz_catch(ctx)
    {
        if (fz_caught(ctx) == FZ_ERROR_MEMORY)
            fz_rethrow(ctx);
    }
}

static void draw_page(Drawing *in, fz_cookie *cookie)
{
    fz_context *ctx = in->ctx;
    fz_rect bounds = fz_bound_page(ctx, in->page);
    in->width = bounds.x1 - bounds.x0;
    in->height = bounds.y1 - bounds.y0;
    in->scale = PAGE_DPI / 72.0F;
    float pixels = in->width * in->height * in->scale * in->scale;
    if (pixels > PAGE_PIXELS_MAX)
        in->scale *= sqrtf(PAGE_PIXELS_MAX / pixels);
    fz_matrix matrix = fz_scale(in->scale, in->scale);
    in->pixels = fz_new_pixmap_with_bbox(ctx, fz_device_gray(ctx),
                                         fz_round_rect(fz_transform_rect(bounds, matrix)), NULL, 0);
    fz_clear_pixmap_with_value(ctx, in->pixels, 255);
    in->device = fz_new_draw_device(ctx, matrix, in->pixels);
    run_page(in, cookie);
    in->pix =
        pixCreateNoInit(fz_pixmap_width(ctx, in->pixels), fz_pixmap_height(ctx, in->pixels), 8);
    if (in->pix)
        copy_grey(ctx, in->pixels, in->pix);
}

bool decode_pdf_page(PdfFile *file, int page, PIX **pix_r, float *scale_r, float *width_r,
                     float *height_r, Error *err)
{
    Drawing drawing = { .ctx = pdf_file_context(file) }, *in = &drawing;
    fz_context *ctx = drawing.ctx;
    fz_cookie *cookie = pdf_file_clock(file, RENDER_MS_MAX);
    fz_var(in);
    fz_try(ctx)
    {
        in->page = fz_load_page(ctx, pdf_file_document(file), page - 1);
        draw_page(in, cookie);
    }
    fz_always(ctx)
    {
        fz_drop_device(ctx, in->device);
        fz_drop_pixmap(ctx, in->pixels);
        fz_drop_page(ctx, in->page);
    }
    fz_catch(ctx) return fail(err, ERROR_DAMAGED, "page %d cannot be drawn: %s", page,
                              fz_caught_message(ctx));
    if (!in->pix)
        return fail(err, ERROR_TOO_LARGE, "page %d is too large to be drawn", page);
    *pix_r = in->pix;
    *scale_r = in->scale;
    *width_r = in->width;
    *height_r = in->height;
    return true;
}
