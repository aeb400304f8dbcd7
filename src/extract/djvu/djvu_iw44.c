/* djvu_iw44.c - see djvu_iw44.h.
 *
 * Each component (luminance, and two of colour) is cut into blocks of 32 x 32 coefficients in 64
 * buckets of 16, grouped into ten bands from coarse to fine. A slice brings one bit plane of one
 * band for all blocks. */
#include "extract/djvu/djvu_iw44.h"

#include "extract/djvu/z_coder.h"

enum { BLOCK = 32, COEFFICIENTS = BLOCK * BLOCK, BUCKET = 16, BANDS = 10, COMPONENTS = 3 };
/* States of a coefficient or bucket while a slice is read. */
enum { ZERO = 1, ACTIVE = 2, NEW = 4, UNKNOWN = 8 };
enum { FRACTION_BITS = 6 }; /* of a decoded coefficient */

static const struct {
    int first, count;
} bands[BANDS] = { { 0, 1 }, { 1, 1 },  { 2, 1 },   { 3, 1 },   { 4, 4 },
                   { 8, 4 }, { 12, 4 }, { 16, 16 }, { 32, 16 }, { 48, 16 } };

typedef struct Component {
    int blocks;
    int16_t *values;  /* COEFFICIENTS of each block, in the order they are coded */
    uint64_t *filled; /* of each block: which buckets have values */
    int threshold_low[BUCKET], threshold[BANDS]; /* of band 0 by coefficient, of the others */
    int band;
    bool is_complete;
    uint8_t start[32], bucket[BANDS][8], mantissa, root; /* contexts */
} Component;

typedef struct Slice {
    ZCoder *z;
    Component *part;
    int band, first, count;
    uint8_t buckets[BUCKET], states[BUCKET * BUCKET];
    int all; /* states of all buckets */
} Slice;

typedef struct Decoder {
    int width, height, across, down; /* across and down: rounded up to blocks */
    int parts, delay, slices;        /* colours begin `delay` slices late */
    bool has_half_colors;            /* one value for two by two pixels */
    Component part[COMPONENTS];
} Decoder;

static void begin_component(Arena *arena, Component *part, int blocks)
{
    /* Annex 4, "initial quantization thresholds". */
    static const int first[BANDS] = { 0,       0x20000, 0x20000, 0x40000, 0x40000,
                                      0x40000, 0x80000, 0x40000, 0x40000, 0x80000 };
    static const int low[BUCKET] = { 0x4000,  0x8000,  0x8000,  0x10000, 0x10000, 0x10000,
                                     0x10000, 0x10000, 0x10000, 0x10000, 0x10000, 0x10000,
                                     0x20000, 0x20000, 0x20000, 0x20000 };
    *part = (Component){ .blocks = blocks };
    part->values = arena_alloc(arena, (size_t)blocks * COEFFICIENTS * sizeof *part->values);
    part->filled = arena_alloc(arena, (size_t)blocks * sizeof *part->filled);
    memcpy(part->threshold, first, sizeof first);
    memcpy(part->threshold_low, low, sizeof low);
}

/* --- One slice --- */

static int threshold_of(const Slice *slice, int i)
{
    return slice->band == 0 ? slice->part->threshold_low[i] : slice->part->threshold[slice->band];
}

static bool is_open(int threshold) { return threshold > 0 && threshold < 0x8000; }

/* What is known of each coefficient of the band in this block. */
static void look_at_block(Slice *slice, const int16_t *values, uint64_t filled)
{
    slice->all = 0;
    for (int b = 0; b < slice->count; b++) {
        uint8_t *states = slice->states + b * BUCKET, all = UNKNOWN;
        bool is_empty = slice->band > 0 && !(filled >> (slice->first + b) & 1);
        memset(states, UNKNOWN, BUCKET);
        for (int i = 0; i < BUCKET && !is_empty; i++) {
            if (slice->band == 0 && !is_open(threshold_of(slice, i)))
                states[i] = ZERO;
            else if (values[(slice->first + b) * BUCKET + i])
                states[i] = ACTIVE;
            all = i == 0 ? states[i] : all | states[i];
        }
        slice->buckets[b] = all;
        slice->all |= all;
    }
}

/* How many of the four coarser coefficients above a bucket have a value, at most 3. */
static int parents(const Slice *slice, const int16_t *values, int bucket)
{
    int count = 0;
    const int16_t *four = values + (slice->first + bucket) * 4;
    for (int i = 0; i < 4 && slice->band > 0; i++)
        count += four[i] != 0;
    return MIN(count, 3);
}

static void read_buckets(Slice *slice, const int16_t *values)
{
    for (int b = 0; b < slice->count; b++) {
        if (!(slice->buckets[b] & UNKNOWN))
            continue;
        int context = parents(slice, values, b) + (slice->all & ACTIVE ? 4 : 0);
        if (z_decode(slice->z, &slice->part->bucket[slice->band][context]))
            slice->buckets[b] |= NEW;
    }
}

/* Coefficients that get their first bit, and their sign. */
static void read_new(Slice *slice, int16_t *values, int b)
{
    uint8_t *states = slice->states + b * BUCKET;
    int expected = 0;
    for (int i = 0; i < BUCKET; i++)
        expected += (states[i] & UNKNOWN) != 0;
    for (int i = 0; i < BUCKET; i++) {
        if (!(states[i] & UNKNOWN))
            continue;
        int context = MIN(expected, 7) | (slice->buckets[b] & ACTIVE ? 8 : 0);
        int threshold = threshold_of(slice, i);
        if (z_decode(slice->z, &slice->part->start[context])) {
            int value = threshold + threshold / 2 - threshold / 8;
            values[i] = (int16_t)(z_decode_sign(slice->z) ? -value : value);
            expected = 0;
        } else if (expected > 0) {
            expected--;
        }
    }
}

/* One more bit of those that had a value before. */
static void read_mantissas(Slice *slice, int16_t *values, int b)
{
    const uint8_t *states = slice->states + b * BUCKET;
    for (int i = 0; i < BUCKET; i++) {
        if (!(states[i] & ACTIVE))
            continue;
        int threshold = threshold_of(slice, i), value = abs(values[i]), is_more;
        if (value <= 3 * threshold) {
            value += threshold >> 2;
            is_more = z_decode(slice->z, &slice->part->mantissa);
        } else {
            is_more = z_decode_sign(slice->z);
        }
        value += is_more ? threshold >> 1 : (threshold >> 1) - threshold;
        values[i] = (int16_t)(values[i] > 0 ? value : -value);
    }
}

static void read_block(Slice *slice, int16_t *values, uint64_t *filled)
{
    look_at_block(slice, values, *filled);
    bool has_new = slice->count < 16 || slice->all & ACTIVE ||
                   (slice->all & UNKNOWN && z_decode(slice->z, &slice->part->root));
    if (has_new)
        read_buckets(slice, values);
    for (int b = 0; b < slice->count && has_new; b++)
        if (slice->buckets[b] & NEW) {
            read_new(slice, values + (slice->first + b) * BUCKET, b);
            *filled |= 1ULL << (slice->first + b);
        }
    for (int b = 0; b < slice->count && slice->all & ACTIVE; b++)
        if (slice->buckets[b] & ACTIVE)
            read_mantissas(slice, values + (slice->first + b) * BUCKET, b);
}

static bool has_open_threshold(const Component *part)
{
    bool is_any = false;
    for (int i = 0; i < BUCKET && part->band == 0; i++)
        is_any |= is_open(part->threshold_low[i]);
    return part->band == 0 ? is_any : is_open(part->threshold[part->band]);
}

static void end_slice(Component *part)
{
    part->threshold[part->band] >>= 1;
    for (int i = 0; i < BUCKET && part->band == 0; i++)
        part->threshold_low[i] >>= 1;
    part->band = (part->band + 1) % BANDS;
    part->is_complete = part->band == 0 && part->threshold[BANDS - 1] == 0;
}

static void read_slice(ZCoder *z, Component *part)
{
    Slice slice = { .z = z,
                    .part = part,
                    .band = part->band,
                    .first = bands[part->band].first,
                    .count = bands[part->band].count };
    if (part->is_complete)
        return;
    if (has_open_threshold(part))
        for (int i = 0; i < part->blocks && !z->is_over; i++)
            read_block(&slice, part->values + (size_t)i * COEFFICIENTS, &part->filled[i]);
    end_slice(part);
}

/* --- Chunks --- */

static unsigned byte_at(Str bytes, size_t at)
{
    return at < bytes.length ? (unsigned char)bytes.at[at] : 0;
}

/* The first chunk: versions (the highest bit says grey), width, height, delay of the colours. */
static bool begin_picture(Arena *arena, Str chunk, Decoder *d, Error *err)
{
    d->width = (int)(byte_at(chunk, 4) << 8 | byte_at(chunk, 5));
    d->height = (int)(byte_at(chunk, 6) << 8 | byte_at(chunk, 7));
    if (byte_at(chunk, 0) != 0 || chunk.length < 9 || d->width == 0 || d->height == 0)
        return fail(err, ERROR_DAMAGED, "the colours of the DjVu page do not begin");
    if ((int64_t)d->width * d->height > IW44_PIXELS_MAX)
        return fail(err, ERROR_TOO_LARGE, "the DjVu page has %d x %d pixels", d->width, d->height);
    d->across = (d->width + BLOCK - 1) / BLOCK;
    d->down = (d->height + BLOCK - 1) / BLOCK;
    d->parts = byte_at(chunk, 2) & 0x80 ? 1 : COMPONENTS;
    d->delay = (int)(byte_at(chunk, 8) & 0x7F);
    d->has_half_colors = !(byte_at(chunk, 8) & 0x80);
    for (int i = 0; i < d->parts; i++)
        begin_component(arena, &d->part[i], d->across * d->down);
    return true;
}

static void read_chunk(Decoder *d, Str chunk, bool is_first)
{
    ZCoder z = z_coder(str_from(chunk, is_first ? 9 : 2));
    for (int count = (int)byte_at(chunk, 1); count > 0 && !z.is_over; count--, d->slices++) {
        read_slice(&z, &d->part[0]);
        for (int i = 1; i < d->parts && d->delay <= d->slices; i++)
            read_slice(&z, &d->part[i]);
    }
}

/* --- From wavelets to pixels --- */

/* The place in its block of the coefficient that is coded at `at`: the bits of both coordinates,
 * from the coarsest, in turn. */
static size_t place_in_block(size_t at, size_t stride)
{
    size_t x = 0, y = 0;
    for (int bit = 0; bit < 5; bit++) {
        x |= (at >> (2 * bit) & 1) << (4 - bit);
        y |= (at >> (2 * bit + 1) & 1) << (4 - bit);
    }
    return y * stride + x;
}

/* The value at an odd place ahead. Past the end it is 0, but in rows of less than eight values:
 * DjVuLibre, which the packers of all files are made of, keeps the last one that it met there. */
static int ahead(const int16_t *values, int at, int count, ptrdiff_t step, bool is_row)
{
    while (is_row && at >= count && (at == 5 || at == 7))
        at -= 2;
    return at < count ? values[at * step] : 0;
}

/* The Dubuc-Deslauriers-Lemire (4,4) transform backwards over `count` values `step` apart, the same
 * for `lines` of them. Values outside count as 0 in the lifting of the even ones; odd ones without
 * four neighbours are the mean of two. */
static void unlift(int16_t *values, int count, ptrdiff_t step, int lines, ptrdiff_t next_line,
                   bool is_row)
{
    for (int k = 0; k < count; k += 2)
        for (int line = 0; line < lines; line++) {
            int16_t *first = values + line * next_line, *v = first + k * step;
            int near = (k >= 1 ? v[-step] : 0) + ahead(first, k + 1, count, step, is_row);
            int far = (k >= 3 ? v[-3 * step] : 0) + ahead(first, k + 3, count, step, is_row);
            *v = (int16_t)(*v - ((9 * near - far + 16) >> 5));
        }
    for (int k = 1; k < count; k += 2)
        for (int line = 0; line < lines; line++) {
            int16_t *v = values + k * step + line * next_line;
            int near = v[-step] + (k + 1 < count ? v[step] : v[-step]);
            if (k >= 3 && k + 3 < count)
                *v = (int16_t)(*v + ((9 * near - v[-3 * step] - v[3 * step] + 8) >> 4));
            else
                *v = (int16_t)(*v + ((near + 1) >> 1));
        }
}

/* Each value of an even place stands for four pixels; rows are of whole blocks. */
static void double_pixels(int16_t *values, size_t stride, size_t rows)
{
    for (size_t y = 0; y + 1 < rows; y += 2)
        for (size_t x = 0; x + 1 < stride; x += 2) {
            int16_t *v = values + y * stride + x;
            v[1] = v[stride] = v[stride + 1] = v[0];
        }
}

/* The component's values as pixels, rows of whole blocks, from the bottom. */
static int16_t *draw_component(Arena *arena, const Decoder *d, const Component *part, bool is_half)
{
    size_t stride = (size_t)d->across * BLOCK, places[COEFFICIENTS];
    int16_t *out = arena_alloc(arena, stride * (size_t)d->down * BLOCK * sizeof *out);
    for (size_t i = 0; i < COEFFICIENTS; i++)
        places[i] = place_in_block(i, stride);
    for (int block = 0; block < part->blocks; block++) {
        int16_t *to = out + (size_t)(block / d->across) * BLOCK * stride +
                      (size_t)(block % d->across) * BLOCK;
        const int16_t *from = part->values + (size_t)block * COEFFICIENTS;
        for (size_t i = 0; i < COEFFICIENTS; i++)
            to[places[i]] = from[i];
    }
    for (int scale = BLOCK / 2; scale > is_half; scale /= 2) {
        int columns = (d->width - 1) / scale + 1, rows = (d->height - 1) / scale + 1;
        unlift(out, rows, (ptrdiff_t)stride * scale, columns, scale, false);
        for (int row = 0; row < rows; row++)
            unlift(out + (size_t)row * (size_t)scale * stride, columns, scale, 1, 0, true);
    }
    if (is_half)
        double_pixels(out, stride, (size_t)d->down * BLOCK);
    return out;
}

static uint8_t to_byte(int value) { return (uint8_t)MAX(0, MIN(value, 255)); }

static int sample(const int16_t *plane, size_t at)
{
    int value = (plane[at] + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS;
    return MAX(-128, MIN(value, 127));
}

/* A grey picture says how dark it is; of a coloured one see annex 4, "color transformation". */
static void paint(const Decoder *d, int16_t *const planes[COMPONENTS], Iw44Picture *picture)
{
    size_t stride = (size_t)d->across * BLOCK;
    uint8_t *to = picture->pixels;
    for (int y = d->height - 1; y >= 0; y--)
        for (int x = 0; x < d->width; x++, to += 3) {
            size_t at = (size_t)y * stride + (size_t)x;
            int light = sample(planes[0], at);
            if (d->parts == 1) {
                to[0] = to[1] = to[2] = to_byte(127 - light);
                continue;
            }
            int blue = sample(planes[1], at), red = sample(planes[2], at);
            int more_red = red + (red >> 1), less_blue = light + 128 - (blue >> 2);
            to[0] = to_byte(light + 128 + more_red);
            to[1] = to_byte(less_blue - (more_red >> 1));
            to[2] = to_byte(less_blue + 2 * blue);
        }
}

bool iw44_picture(Arena *arena, const Str *chunks, size_t count, Iw44Picture *picture_r, Error *err)
{
    Decoder *d = arena_new_one(arena, Decoder);
    int16_t *planes[COMPONENTS] = { 0 };
    if (!begin_picture(arena, count ? chunks[0] : STR_NONE, d, err))
        return false;
    for (size_t i = 0; i < count && byte_at(chunks[i], 0) == (i & 0xFF); i++)
        read_chunk(d, chunks[i], i == 0);
    Iw44Picture picture = { .width = d->width, .height = d->height };
    for (int i = 0; i < d->parts; i++)
        planes[i] = draw_component(arena, d, &d->part[i], i > 0 && d->has_half_colors);
    picture.pixels = arena_alloc(arena, (size_t)d->width * (size_t)d->height * 3);
    paint(d, planes, &picture);
    *picture_r = picture;
    return true;
}
