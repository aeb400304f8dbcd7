/* zip_implode.c - see zip_implode.h. */
#include "extract/archive/zip_implode.h"

#include "extract/archive/low_bits.h"

enum { BITS_MAX = 16, LITERALS = 256, LENGTHS = 64, DISTANCES = 64, LENGTH_GOES_ON = 63 };

/* Codes of one length follow one another; the longest are the smallest numbers. */
typedef struct Code {
    uint32_t first[BITS_MAX + 1]; /* of each length */
    size_t counts[BITS_MAX + 1], starts[BITS_MAX + 1];
    uint8_t symbols[LITERALS]; /* by length, and the last of the alphabet first */
} Code;

typedef struct Exploder {
    Bits in;
    Imploded flags;
    Code literals, lengths, distances;
    char *out;
    size_t size, length;
} Exploder;

/* The number of runs, then for each how many symbols have how many bits. */
static bool read_lengths(Bits *in, uint8_t *lengths, size_t count)
{
    size_t runs = bits_take(in, 8) + 1, known = 0;
    for (size_t i = 0; i < runs; i++) {
        uint8_t bits = (uint8_t)(bits_take(in, 4) + 1);
        size_t symbols = bits_take(in, 4) + 1;
        if (in->is_over || symbols > count - known)
            return false;
        memset(lengths + known, bits, symbols);
        known += symbols;
    }
    return known == count;
}

/* Numbers are given from the longest codes to the shortest (APPNOTE 5.3.7). False when there are
 * more codes than there is room for. */
static bool read_code(Bits *in, Code *code, size_t count)
{
    uint8_t lengths[LITERALS];
    uint32_t next = 0; /* as a code of BITS_MAX bits */
    size_t filled = 0;
    if (!read_lengths(in, lengths, count))
        return false;
    for (int bits = BITS_MAX; bits > 0; bits--) {
        code->first[bits] = next >> (BITS_MAX - bits);
        code->starts[bits] = filled;
        for (size_t i = count; i-- > 0;)
            if (lengths[i] == bits)
                code->symbols[filled++] = (uint8_t)i;
        code->counts[bits] = filled - code->starts[bits];
        next += (uint32_t)code->counts[bits] << (BITS_MAX - bits);
    }
    return next <= 1u << BITS_MAX;
}

static unsigned decode(Bits *in, const Code *code)
{
    uint32_t value = 0;
    for (int bits = 1; bits <= BITS_MAX && !in->is_over; bits++) {
        value = value << 1 | bits_take(in, 1);
        if (value >= code->first[bits] && value - code->first[bits] < code->counts[bits])
            return code->symbols[code->starts[bits] + value - code->first[bits]];
    }
    in->is_over = true;
    return 0;
}

/* What lies before the beginning is zeros. */
static void copy_back(Exploder *z, size_t distance, size_t length)
{
    for (length = MIN(length, z->size - z->length); length > 0; length--, z->length++)
        z->out[z->length] = distance > z->length ? '\0' : z->out[z->length - distance];
}

static bool explode(Exploder *z)
{
    Bits *in = &z->in;
    int low_bits = z->flags.has_big_window ? 7 : 6;
    while (z->length < z->size && !in->is_over) {
        if (bits_take(in, 1)) {
            unsigned byte = z->flags.has_literal_code ? decode(in, &z->literals) : bits_take(in, 8);
            if (!in->is_over)
                z->out[z->length++] = (char)byte;
            continue;
        }
        size_t low = bits_take(in, low_bits), high = decode(in, &z->distances);
        size_t length = decode(in, &z->lengths);
        if (length == LENGTH_GOES_ON)
            length += bits_take(in, 8);
        if (!in->is_over)
            copy_back(z, (high << low_bits | low) + 1,
                      length + (z->flags.has_literal_code ? 3 : 2));
    }
    return !in->is_over;
}

bool zip_explode(Str packed, Imploded flags, char *out, size_t size, size_t *length_r)
{
    Exploder z = { .in = { packed }, .flags = flags, .out = out, .size = size };
    bool ok = (!flags.has_literal_code || read_code(&z.in, &z.literals, LITERALS)) &&
              read_code(&z.in, &z.lengths, LENGTHS) && read_code(&z.in, &z.distances, DISTANCES) &&
              explode(&z);
    *length_r = z.length;
    return ok;
}
