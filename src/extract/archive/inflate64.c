/* inflate64.c - see inflate64.h. */
#include "extract/archive/inflate64.h"

#include "extract/archive/low_bits.h"

enum {
    CODE_BITS_MAX = 15,
    FAST_BITS = 10, /* of a code that is looked up at once */
    SYMBOLS_MAX = 288,
    END_OF_BLOCK = 256,
    FIRST_LENGTH = 257,
    LENGTH_CODES = 29,
    DISTANCE_CODES = 32,
    LENGTH_ORDER = 19,
};

/* A canonical code. fast: symbol << 4 | bits, 0 for a longer code. */
typedef struct Code {
    uint16_t fast[1 << FAST_BITS];
    uint16_t counts[CODE_BITS_MAX + 1], symbols[SYMBOLS_MAX];
} Code;

typedef struct Inflater {
    Bits in;
    char *out;
    size_t size, length;
    Code literals, distances;
} Inflater;

/* Bits of a code come with its first bit lowest, so the fast table is by the code turned round. */
static void add_fast(Code *code, unsigned value, int bits, size_t symbol)
{
    unsigned turned = 0;
    for (int i = 0; i < bits; i++)
        turned |= (value >> i & 1) << (bits - 1 - i);
    for (; turned < 1u << FAST_BITS; turned += 1u << bits)
        code->fast[turned] = (uint16_t)(symbol << 4 | (unsigned)bits);
}

/* False when more codes are said than there can be; fewer are allowed (one distance only). */
static bool build_code(Code *code, const uint8_t *lengths, size_t count)
{
    uint16_t offsets[CODE_BITS_MAX + 2] = { 0 };
    unsigned next[CODE_BITS_MAX + 2] = { 0 };
    int left = 1;
    memset(code, 0, sizeof *code);
    for (size_t i = 0; i < count; i++)
        code->counts[lengths[i]]++;
    code->counts[0] = 0;
    for (int bits = 1; bits <= CODE_BITS_MAX; bits++) {
        left = (left << 1) - code->counts[bits];
        if (left < 0)
            return false;
        offsets[bits + 1] = (uint16_t)(offsets[bits] + code->counts[bits]);
        next[bits + 1] = (next[bits] + code->counts[bits]) << 1;
    }
    for (size_t i = 0; i < count; i++) {
        int bits = lengths[i];
        if (!bits)
            continue;
        code->symbols[offsets[bits]++] = (uint16_t)i;
        if (bits <= FAST_BITS)
            add_fast(code, next[bits], bits, i);
        next[bits]++;
    }
    return true;
}

/* A symbol of more than FAST_BITS bits, or none. */
static int decode_slowly(Bits *in, const Code *code)
{
    int value = 0, first = 0, index = 0;
    for (int bits = 1; bits <= CODE_BITS_MAX && bits <= in->count; bits++) {
        int count = code->counts[bits];
        value |= (int)(in->held >> (bits - 1) & 1);
        if (value - count < first) {
            in->held >>= bits;
            in->count -= bits;
            return code->symbols[index + (value - first)];
        }
        index += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    in->is_over = true;
    return 0;
}

static int decode(Bits *in, const Code *code)
{
    bits_fill(in);
    unsigned entry = code->fast[in->held & ((1u << FAST_BITS) - 1)];
    int bits = entry & 15;
    if (bits == 0 || bits > in->count)
        return decode_slowly(in, code);
    in->held >>= bits;
    in->count -= bits;
    return (int)(entry >> 4);
}

/* --- Blocks --- */

static bool copy_stored(Inflater *z)
{
    Bits *in = &z->in;
    bits_take(in, in->count % 8);
    unsigned size = bits_take(in, 16), check = bits_take(in, 16);
    if (in->is_over || (size ^ check) != 0xFFFF)
        return false;
    for (; size && !in->is_over && z->length < z->size; size--)
        z->out[z->length++] = (char)bits_take(in, 8);
    return size == 0 && !in->is_over;
}

static void fixed_codes(Inflater *z)
{
    uint8_t lengths[SYMBOLS_MAX];
    for (int i = 0; i < SYMBOLS_MAX; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    build_code(&z->literals, lengths, SYMBOLS_MAX);
    memset(lengths, 5, DISTANCE_CODES);
    build_code(&z->distances, lengths, DISTANCE_CODES);
}

static bool read_codes(Inflater *z)
{
    static const uint8_t order[LENGTH_ORDER] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                 11, 4,  12, 3, 13, 2, 14, 1, 15 };
    uint8_t lengths[SYMBOLS_MAX + DISTANCE_CODES + 138] = { 0 };
    Bits *in = &z->in;
    size_t literals = bits_take(in, 5) + 257, distances = bits_take(in, 5) + 1;
    size_t count = bits_take(in, 4) + 4;
    if (literals > SYMBOLS_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        lengths[order[i]] = (uint8_t)bits_take(in, 3);
    if (!build_code(&z->literals, lengths, LENGTH_ORDER))
        return false;
    memset(lengths, 0, sizeof lengths);
    for (size_t i = 0; i < literals + distances && !in->is_over;) {
        int symbol = decode(in, &z->literals);
        size_t repeats = symbol < 16    ? 1
                         : symbol == 16 ? 3 + bits_take(in, 2)
                         : symbol == 17 ? 3 + bits_take(in, 3)
                                        : 11 + bits_take(in, 7);
        if (symbol == 16 && i == 0)
            return false;
        uint8_t length = symbol < 16 ? (uint8_t)symbol : symbol == 16 ? lengths[i - 1] : 0;
        memset(lengths + i, length, repeats);
        i += repeats;
    }
    return !in->is_over && build_code(&z->literals, lengths, literals) &&
           build_code(&z->distances, lengths + literals, distances);
}

/* The last length code, 258 of deflate, has 16 bits of its own; two more distances there are. */
static bool copy_match(Inflater *z, int symbol)
{
    static const uint8_t length_bits[LENGTH_CODES] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                       2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 16 };
    int code = symbol - FIRST_LENGTH;
    size_t length = 3, distance = 1;
    if (code >= LENGTH_CODES)
        return false;
    for (int i = 0; i < code && code != LENGTH_CODES - 1; i++)
        length += (size_t)1 << length_bits[i];
    length += bits_take(&z->in, length_bits[code]);
    code = decode(&z->in, &z->distances);
    if (code >= DISTANCE_CODES)
        return false;
    int bits = code < 4 ? 0 : code / 2 - 1;
    distance = code < 4 ? (size_t)code + 1 : (((size_t)2 + (code & 1)) << bits) + 1;
    distance += bits_take(&z->in, bits);
    if (z->in.is_over || distance > z->length)
        return false;
    for (; length && z->length < z->size; length--, z->length++)
        z->out[z->length] = z->out[z->length - distance];
    return length == 0;
}

static bool copy_block(Inflater *z)
{
    while (!z->in.is_over) {
        int symbol = decode(&z->in, &z->literals);
        if (z->in.is_over || symbol == END_OF_BLOCK)
            break;
        if (symbol < END_OF_BLOCK) {
            if (z->length >= z->size)
                return false;
            z->out[z->length++] = (char)symbol;
        } else if (!copy_match(z, symbol)) {
            return false;
        }
    }
    return !z->in.is_over;
}

bool inflate64(Str packed, char *out, size_t size, size_t *length_r)
{
    Inflater z = { .in.rest = packed, .out = out, .size = size };
    bool ok = true, is_last = false;
    while (ok && !is_last) {
        is_last = bits_take(&z.in, 1);
        unsigned kind = bits_take(&z.in, 2);
        if (kind == 0) {
            ok = copy_stored(&z);
        } else {
            if (kind == 1)
                fixed_codes(&z);
            ok = !z.in.is_over && kind < 3 && (kind == 1 || read_codes(&z)) && copy_block(&z);
        }
        ok = ok && !z.in.is_over;
    }
    *length_r = z.length;
    return ok;
}
