/* decode_psd.c - the merged picture of a Photoshop file (Adobe Photoshop File Formats
 * Specification, "Image Data"): all channels one after the other, plain or packed by rows. */
#include "extract/byte_view.h"
#include "worker/picture/decode.h"

typedef enum Mode { BITMAP, GREY, INDEXED, RGB, CMYK, DUOTONE = 8, LAB } Mode;

typedef struct Psd {
    Str data, palette, lengths; /* lengths: of each packed row, all channels */
    bool is_large, is_packed;
    unsigned mode;
    int width, height, depth, channels, row_size;
    size_t at; /* in data, of the next row */
} Psd;

static bool damaged(Error *err)
{
    return fail(err, ERROR_DAMAGED, "its merged picture is damaged");
}

/* PackBits: a count below 128 and so many bytes more one, or one byte 257 less count times. */
static void unpack_row(Str packed, uint8_t *row, size_t size)
{
    size_t out = 0;
    memset(row, 0, size);
    for (size_t i = 0; i < packed.length && out < size;) {
        unsigned count = byte_at(packed, i++);
        if (count == 128)
            continue;
        size_t length = count < 128 ? count + 1 : 257 - count;
        for (size_t k = 0; k < length && out < size; k++)
            row[out++] = byte_at(packed, count < 128 ? i + k : i);
        i += count < 128 ? length : 1;
    }
}

static void read_row(Psd *in, size_t index, uint8_t *row)
{
    size_t size = (size_t)in->row_size;
    if (in->is_packed) {
        size = in->is_large ? big32(in->lengths, index * 4) : big16(in->lengths, index * 2);
        unpack_row(bytes_part(in->data, in->at, size), row, (size_t)in->row_size);
    } else {
        Str part = bytes_part(in->data, in->at, size);
        memset(row, 0, size);
        if (part.length)
            memcpy(row, part.at, part.length);
    }
    in->at += size;
}

/* One sample as 8 bits; of 32 bits, which are floating point, only the range is kept. */
static uint8_t sample(const Psd *in, const uint8_t *row, int x)
{
    if (in->depth == 1)
        return row[x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
    if (in->depth == 16)
        return row[(ptrdiff_t)x * 2];
    if (in->depth == 32) {
        uint32_t bits = big32((Str){ (const char *)row, (size_t)in->row_size }, (size_t)x * 4);
        float value;
        memcpy(&value, &bits, sizeof value);
        return value >= 1 ? 255 : value > 0 ? (uint8_t)(value * 255) : 0;
    }
    return row[x];
}

static l_uint32 pixel(unsigned r, unsigned g, unsigned b) { return r << 24 | g << 16 | b << 8; }

/* One channel after the other is laid into the picture; CMYK is stored inverted. */
static void take_sample(const Psd *in, l_uint32 *at, int channel, unsigned v)
{
    unsigned old[] = { *at >> 24, *at >> 16 & 255, *at >> 8 & 255 };
    switch (in->mode) {
    case RGB:
        old[channel] = v;
        *at = pixel(old[0], old[1], old[2]);
        break;
    case CMYK:
        if (channel < 3)
            old[channel] = v;
        else
            for (int i = 0; i < 3; i++)
                old[i] = old[i] * v / 255;
        *at = pixel(old[0], old[1], old[2]);
        break;
    case INDEXED:
        *at = pixel(byte_at(in->palette, v), byte_at(in->palette, 256 + v),
                    byte_at(in->palette, 512 + v));
        break;
    default: *at = pixel(v, v, v); break; /* of Lab, the lightness */
    }
}

static bool read_head(Str bytes, Psd *in, Error *err)
{
    in->is_large = big16(bytes, 4) == 2;
    in->channels = big16(bytes, 12);
    int64_t height = big32(bytes, 14), width = big32(bytes, 18);
    in->depth = big16(bytes, 22);
    in->mode = big16(bytes, 24);
    bool is_depth = in->depth == 1 || in->depth == 8 || in->depth == 16 || in->depth == 32;
    if (width <= 0 || height <= 0 || width > 300000 || height > 300000 || !is_depth)
        return damaged(err);
    in->width = (int)width;
    in->height = (int)height;
    in->row_size = in->depth == 1 ? (in->width + 7) / 8 : in->width * (in->depth / 8);
    size_t at = 26;
    in->palette = bytes_part(bytes, at + 4, big32(bytes, at));
    at += 4 + (size_t)big32(bytes, at);
    at += 4 + (size_t)big32(bytes, at);
    uint64_t layers = in->is_large ? big64(bytes, at) : big32(bytes, at);
    if (layers > bytes.length)
        return damaged(err);
    at += (in->is_large ? 8 : 4) + (size_t)layers;
    unsigned packing = big16(bytes, at);
    in->is_packed = packing == 1;
    in->data = str_from(bytes, at + 2);
    return (packing <= 1 && in->data.length) ||
           fail(err, ERROR_UNSUPPORTED, "its merged picture is packed in an unusual way");
}

bool decode_psd(Str bytes, PIX **pix_r, Error *err)
{
    Psd in = { 0 };
    if (!read_head(bytes, &in, err))
        return false;
    int used = in.mode == RGB ? 3 : in.mode == CMYK ? 4 : 1;
    AUTO_PIX PIX *pix = decode_room(in.width, in.height);
    if (!pix || in.channels < used)
        return pix ? damaged(err)
                   : fail(err, ERROR_TOO_LARGE, "the picture is over %d megapixels",
                          DECODE_PIXELS_MAX / 1000000);
    if (in.is_packed) {
        size_t size = (size_t)in.channels * (size_t)in.height * (in.is_large ? 4 : 2);
        in.lengths = bytes_part(in.data, 0, size);
        in.at = size;
    }
    AUTO_FREE uint8_t *row = heap_alloc((size_t)in.row_size);
    memset(pixGetData(pix), 0xFF, (size_t)pixGetWpl(pix) * (size_t)in.height * 4);
    for (int channel = 0; channel < used; channel++)
        for (int y = 0; y < in.height; y++) {
            l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
            read_row(&in, (size_t)channel * (size_t)in.height + (size_t)y, row);
            for (int x = 0; x < in.width; x++)
                take_sample(&in, &line[x], channel, sample(&in, row, x));
        }
    *pix_r = pix;
    pix = NULL;
    return true;
}
