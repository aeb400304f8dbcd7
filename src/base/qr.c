/* qr.c - see qr.h. The bytes with their check bytes run in zigzag around the fixed patterns; of
 * eight masks the one is taken that leaves the fewest patterns which readers stumble over. */
#include "base/qr.h"

#include <limits.h>

#define VERSION_MAX 15
#define BYTES_MAX 655 /* of the largest, with its check bytes */

/* Of each version at correction M: bytes in all, check bytes of a block, blocks. */
static const struct {
    int bytes, check, blocks;
} versions[VERSION_MAX + 1] = {
    { 0, 0, 0 },    { 26, 10, 1 },  { 44, 16, 1 },  { 70, 26, 1 },   { 100, 18, 2 }, { 134, 24, 2 },
    { 172, 16, 4 }, { 196, 18, 4 }, { 242, 22, 4 }, { 292, 22, 5 },  { 346, 26, 5 }, { 404, 30, 5 },
    { 466, 22, 8 }, { 532, 22, 9 }, { 581, 24, 9 }, { 655, 24, 10 },
};

static int data_bytes(int version)
{
    return versions[version].bytes - versions[version].check * versions[version].blocks;
}

/* --- Bytes ------------------------------------------------------------------------------- */

typedef struct Bits {
    uint8_t bytes[BYTES_MAX];
    int count;
} Bits;

static void add_bits(Bits *bits, unsigned value, int count)
{
    for (int i = count - 1; i >= 0; i--, bits->count++)
        bits->bytes[bits->count / 8] |= (uint8_t)((value >> i & 1) << (7 - bits->count % 8));
}

/* The smallest that holds the text: 4 bits of mode, 8 or 16 of length, the bytes. 0: none does. */
static int version_for(size_t length)
{
    for (int version = 1; version <= VERSION_MAX; version++)
        if ((int)length + (version < 10 ? 2 : 3) <= data_bytes(version))
            return version;
    return 0;
}

static void encode(Str text, int version, Bits *bits)
{
    int room = data_bytes(version);
    add_bits(bits, 4, 4); /* bytes */
    add_bits(bits, (unsigned)text.length, version < 10 ? 8 : 16);
    for (size_t i = 0; i < text.length; i++)
        add_bits(bits, (unsigned char)text.at[i], 8);
    add_bits(bits, 0, 4); /* the end; the last byte is full then */
    for (unsigned filler = 0xEC; bits->count < 8 * room; filler ^= 0xEC ^ 0x11)
        add_bits(bits, filler, 8);
}

/* In the field of 256 elements, modulo x^8 + x^4 + x^3 + x^2 + 1. */
static uint8_t multiply(uint8_t a, uint8_t b)
{
    unsigned product = 0;
    for (int i = 7; i >= 0; i--) {
        product = product << 1 ^ (product >> 7) * 0x11D;
        product ^= (unsigned)(b >> i & 1) * a;
    }
    return (uint8_t)product;
}

/* Reed and Solomon: what is left of the data, as a polynomial, after dividing by (x - 1)(x - 2)
 * (x - 4)... */
static void add_check(const uint8_t *data, int data_count, uint8_t *check, int count)
{
    uint8_t divisor[32] = { 0 }, root = 1;
    divisor[count - 1] = 1;
    for (int i = 0; i < count; i++, root = multiply(root, 2))
        for (int j = 0; j < count; j++)
            divisor[j] = multiply(divisor[j], root) ^ (j + 1 < count ? divisor[j + 1] : (uint8_t)0);
    memset(check, 0, (size_t)count);
    for (int i = 0; i < data_count; i++) {
        uint8_t factor = data[i] ^ check[0];
        memmove(check, check + 1, (size_t)count - 1);
        check[count - 1] = 0;
        for (int j = 0; j < count; j++)
            check[j] ^= multiply(divisor[j], factor);
    }
}

/* The first byte of every block, the second of every block, and so on; check bytes likewise. The
 * last blocks have a byte more where the data do not come out even. */
static void interleave(const uint8_t *data, int version, uint8_t *out)
{
    int blocks = versions[version].blocks, check_count = versions[version].check;
    int shorter = data_bytes(version) / blocks, longer = data_bytes(version) % blocks;
    int next = 0, start = 0;
    for (int i = 0; i <= shorter; i++)
        for (int block = 0; block < blocks; block++) {
            int first = block * shorter + MAX(0, block - (blocks - longer));
            if (i < shorter || block >= blocks - longer)
                out[next++] = data[first + i];
        }
    for (int block = 0; block < blocks; block++) {
        uint8_t check[32];
        int count = shorter + (block >= blocks - longer);
        add_check(data + start, count, check, check_count);
        start += count;
        for (int i = 0; i < check_count; i++)
            out[next + i * blocks + block] = check[i];
    }
}

/* --- Squares ----------------------------------------------------------------------------- */

typedef struct Drawing {
    Qr *qr;
    int version;
    bool fixed[QR_SIZE_MAX][QR_SIZE_MAX]; /* no data, and no mask */
} Drawing;

static void set(Drawing *d, int row, int column, bool dark)
{
    if (row < 0 || column < 0 || row >= d->qr->size || column >= d->qr->size)
        return;
    d->qr->dark[row][column] = dark;
    d->fixed[row][column] = true;
}

/* Rings around a middle: dark ones at these distances of it. */
static void set_rings(Drawing *d, int row, int column, int radius, unsigned dark)
{
    for (int y = -radius; y <= radius; y++)
        for (int x = -radius; x <= radius; x++)
            set(d, row + y, column + x, dark >> MAX(abs(x), abs(y)) & 1);
}

static void set_alignment(Drawing *d)
{
    int size = d->qr->size, count = d->version / 7 + 2, at[4] = { 6 };
    if (d->version == 1)
        return;
    int step = (d->version * 4 + count * 2 + 1) / (count * 2 - 2) * 2;
    for (int i = count - 1, place = size - 7; i > 0; i--, place -= step)
        at[i] = place;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            bool in_corner = (!i && !j) || (!i && j == count - 1) || (i == count - 1 && !j);
            if (!in_corner)
                set_rings(d, at[i], at[j], 2, 5);
        }
}

/* The rest after dividing by a polynomial, behind the value itself. */
static unsigned with_rest(unsigned value, int bits, unsigned polynomial)
{
    unsigned rest = value;
    for (int i = 0; i < bits; i++)
        rest = rest << 1 ^ (rest >> (bits - 1)) * polynomial;
    return value << bits | rest;
}

static void set_version(Drawing *d)
{
    unsigned bits = with_rest((unsigned)d->version, 12, 0x1F25);
    for (int i = 0; i < 18 && d->version >= 7; i++) {
        int a = d->qr->size - 11 + i % 3, b = i / 3;
        set(d, a, b, bits >> i & 1);
        set(d, b, a, bits >> i & 1);
    }
}

/* Twice: around the first corner, and at the other two. */
static void set_format(Drawing *d, unsigned mask)
{
    unsigned bits = with_rest(mask, 10, 0x537) ^ 0x5412; /* correction M is 00 */
    int size = d->qr->size;
    for (int i = 0; i < 15; i++) {
        bool dark = bits >> i & 1;
        int near = i < 6 ? i : i + 1; /* beside the line of dots */
        if (i < 8) {
            set(d, near, 8, dark);
            set(d, 8, size - 1 - i, dark);
        } else {
            set(d, 8, i == 8 ? 7 : 14 - i, dark);
            set(d, size - 15 + i, 8, dark);
        }
    }
    set(d, size - 8, 8, true);
}

static void set_fixed(Drawing *d)
{
    int size = d->qr->size;
    for (int i = 0; i < size; i++) {
        set(d, 6, i, i % 2 == 0);
        set(d, i, 6, i % 2 == 0);
    }
    set_rings(d, 3, 3, 4, 0x0B);
    set_rings(d, 3, size - 4, 4, 0x0B);
    set_rings(d, size - 4, 3, 4, 0x0B);
    set_alignment(d);
    set_version(d);
    set_format(d, 0);
}

/* Two columns at a time from the right, up and down in turns. */
static void set_data(Drawing *d, const uint8_t *bytes, int count)
{
    int size = d->qr->size, bit = 0;
    for (int right = size - 1; right >= 1; right -= 2) {
        right -= right == 6;
        bool goes_up = !((right + 1) & 2);
        for (int i = 0; i < 2 * size; i++) {
            int column = right - i % 2, row = goes_up ? size - 1 - i / 2 : i / 2;
            if (d->fixed[row][column] || bit >= 8 * count)
                continue;
            d->qr->dark[row][column] = bytes[bit / 8] >> (7 - bit % 8) & 1;
            bit++;
        }
    }
}

/* --- Masks ------------------------------------------------------------------------------- */

static bool mask_turns(int mask, int row, int column)
{
    switch (mask) {
    case 0: return (row + column) % 2 == 0;
    case 1: return row % 2 == 0;
    case 2: return column % 3 == 0;
    case 3: return (row + column) % 3 == 0;
    case 4: return (row / 2 + column / 3) % 2 == 0;
    case 5: return row * column % 2 + row * column % 3 == 0;
    case 6: return (row * column % 2 + row * column % 3) % 2 == 0;
    default: return ((row + column) % 2 + row * column % 3) % 2 == 0;
    }
}

/* The second time takes it away again. */
static void apply_mask(Drawing *d, int mask)
{
    for (int row = 0; row < d->qr->size; row++)
        for (int column = 0; column < d->qr->size; column++)
            d->qr->dark[row][column] ^= !d->fixed[row][column] && mask_turns(mask, row, column);
}

/* Five and more of a kind in a line, and what looks like a corner: 1:1:3:1:1 beside four light
 * ones. */
static int line_penalty(const bool *squares, int size)
{
    int penalty = 0, run = 0;
    unsigned last = 0;
    for (int i = 0; i < size; i++) {
        run = i && squares[i] == squares[i - 1] ? run + 1 : 1;
        penalty += run == 5 ? 3 : run > 5;
        last = (last << 1 | squares[i]) & 0x7FF;
        penalty += i >= 10 && (last == 0x05D || last == 0x5D0) ? 40 : 0;
    }
    return penalty;
}

static int penalty_of(const Qr *qr)
{
    int penalty = 0, dark = 0, size = qr->size;
    for (int row = 0; row < size; row++) {
        bool column[QR_SIZE_MAX];
        for (int i = 0; i < size; i++) {
            column[i] = qr->dark[i][row];
            dark += column[i];
        }
        penalty += line_penalty(qr->dark[row], size) + line_penalty(column, size);
        for (int i = 0; i + 1 < size && row + 1 < size; i++) {
            int of_four = qr->dark[row][i] + qr->dark[row][i + 1] + qr->dark[row + 1][i] +
                          qr->dark[row + 1][i + 1];
            penalty += of_four % 4 == 0 ? 3 : 0;
        }
    }
    return penalty + abs(dark * 20 / (size * size) - 10) * 10;
}

static void choose_mask(Drawing *d)
{
    int best = 0, least = INT_MAX;
    for (int mask = 0; mask < 8; mask++) {
        apply_mask(d, mask);
        set_format(d, (unsigned)mask);
        int penalty = penalty_of(d->qr);
        apply_mask(d, mask);
        if (penalty < least) {
            least = penalty;
            best = mask;
        }
    }
    apply_mask(d, best);
    set_format(d, (unsigned)best);
}

bool qr_draw(Str text, Qr *qr_r, Error *err)
{
    int version = version_for(text.length);
    uint8_t bytes[BYTES_MAX];
    Bits bits = { 0 };
    if (!version)
        return fail(err, ERROR_TOO_LARGE, "a QR code takes at most %d bytes, this has %zu",
                    QR_BYTES_MAX, text.length);
    *qr_r = (Qr){ .size = 17 + 4 * version };
    Drawing drawing = { .qr = qr_r, .version = version };
    encode(text, version, &bits);
    interleave(bits.bytes, version, bytes);
    set_fixed(&drawing);
    set_data(&drawing, bytes, versions[version].bytes);
    choose_mask(&drawing);
    return true;
}

Str qr_svg(Arena *arena, const Qr *qr)
{
    Buf out = buf_new(arena, MB(1));
    int side = qr->size + 8;
    buf_addf(&out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
             "shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
             "<path d=\"",
             side, side, side, side);
    for (int row = 0; row < qr->size; row++)
        for (int column = 0, end; column < qr->size; column = end) {
            for (end = column + 1; end < qr->size && qr->dark[row][end] == qr->dark[row][column];)
                end++;
            if (qr->dark[row][column])
                buf_addf(&out, "M%d %dh%dv1h-%dz", column + 4, row + 4, end - column, end - column);
        }
    buf_addf(&out, "\"/></svg>");
    return buf_str(&out);
}
