/* decode_heif.c - HEIC and AVIF through libheif.
 *
 * A worker cannot make threads, and libheif's decoders would wait for theirs for ever: libde265's
 * call that starts them and dav1d's settings are answered here instead. */
#include <dav1d/dav1d.h>
#include <dlfcn.h>
#include <libheif/heif.h>

#include "worker/picture/decode.h"

__attribute__((visibility("default"))) int de265_start_worker_threads(void *decoder, int count);
int de265_start_worker_threads(void *decoder, int count)
{
    (void)decoder, (void)count;
    return 0; /* DE265_OK */
}

__attribute__((visibility("default"))) void dav1d_default_settings(Dav1dSettings *settings);
void dav1d_default_settings(Dav1dSettings *settings)
{
    void (*original)(Dav1dSettings *);
    void *found = dlsym(RTLD_NEXT, "dav1d_default_settings");
    memcpy(&original, &found, sizeof original);
    original(settings);
    settings->n_threads = 1;
}

static void context_auto(struct heif_context **context) { heif_context_free(*context); }
static void handle_auto(struct heif_image_handle **handle) { heif_image_handle_release(*handle); }
static void image_auto(struct heif_image **image) { heif_image_release(*image); }

static bool good(struct heif_error error, const char *what, Error *err)
{
    return error.code == heif_error_Ok ||
           fail(err, ERROR_DAMAGED, "%s: %s", what, error.message ? error.message : "damaged");
}

static bool take_pixels(const struct heif_image *image, PIX **pix_r, Error *err)
{
    int stride = 0;
    const uint8_t *rows = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
    int width = heif_image_get_width(image, heif_channel_interleaved);
    int height = heif_image_get_height(image, heif_channel_interleaved);
    PIX *pix = rows && stride > 0 && stride / 4 >= width ? decode_room(width, height) : NULL;
    if (!pix)
        return fail(err, ERROR_TOO_LARGE, "the picture is too large");
    for (int y = 0; y < height; y++)
        decode_row(pix, y, rows + (ptrdiff_t)y * stride, 4);
    *pix_r = pix;
    return true;
}

bool decode_heif(Str bytes, PIX **pix_r, Error *err)
{
    AUTO(context_auto) struct heif_context *context = heif_context_alloc();
    AUTO(handle_auto) struct heif_image_handle *handle = NULL;
    AUTO(image_auto) struct heif_image *image = NULL;
    heif_context_set_max_decoding_threads(context, 0);
    heif_context_set_maximum_image_size_limit(context, 16384);
    if (!good(heif_context_read_from_memory_without_copy(context, bytes.at, bytes.length, NULL),
              "reading its boxes", err) ||
        !good(heif_context_get_primary_image_handle(context, &handle), "finding its picture", err))
        return false;
    int64_t width = heif_image_handle_get_width(handle);
    int64_t height = heif_image_handle_get_height(handle);
    if (width * height > DECODE_PIXELS_MAX)
        return fail(err, ERROR_TOO_LARGE, "the picture is over %d megapixels",
                    DECODE_PIXELS_MAX / 1000000);
    return good(heif_decode_image(handle, &image, heif_colorspace_RGB, heif_chroma_interleaved_RGBA,
                                  NULL),
                "decoding its picture", err) &&
           take_pixels(image, pix_r, err);
}
