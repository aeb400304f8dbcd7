/* djvu.c - see djvu.h. */
#include "extract/djvu/djvu.h"

#include "extract/djvu/z_coder.h"

enum {
    BLOCK_MAX = 4096 * 1024,
    FREQUENT = 4, /* symbols whose frequency is counted */
    CONTEXTS = 3, /* for the first two positions */
    CONTEXT_COUNT = 300,
    MARKER = 256,
};

static unsigned decode_raw(ZCoder *z, int bits)
{
    unsigned number = 0;
    for (int i = 0; i < bits; i++)
        number = number << 1 | (unsigned)z_decode_even(z);
    return number;
}

/* `bits` bits with a context for each way to them. */
static unsigned decode_tree(ZCoder *z, uint8_t *contexts, int bits)
{
    unsigned number = 1;
    while (number < 1u << bits)
        number = number << 1 | (unsigned)z_decode(z, &contexts[number - 1]);
    return number - (1u << bits);
}

/* --- The Burrows-Wheeler transform --- */

typedef struct Ranks {
    uint8_t symbols[256];
    uint32_t frequencies[FREQUENT], add;
} Ranks;

/* Which place of the list of symbols comes next. */
static unsigned decode_rank(ZCoder *z, uint8_t *contexts, unsigned last)
{
    unsigned same = MIN(last, CONTEXTS - 1);
    if (z_decode(z, &contexts[same]))
        return 0;
    contexts += CONTEXTS;
    if (z_decode(z, &contexts[same]))
        return 1;
    contexts += CONTEXTS;
    for (int bits = 1; bits <= 7; bits++) {
        if (z_decode(z, contexts))
            return (1u << bits) + decode_tree(z, contexts + 1, bits);
        contexts += 1u << bits;
    }
    return MARKER;
}

/* Move a symbol towards the front, as far as its frequency says. */
static void promote(Ranks *ranks, unsigned rank, int speed)
{
    uint8_t symbol = ranks->symbols[rank];
    ranks->add += ranks->add >> speed;
    if (ranks->add > 0x10000000) {
        ranks->add >>= 24;
        for (int i = 0; i < FREQUENT; i++)
            ranks->frequencies[i] >>= 24;
    }
    uint32_t frequency = ranks->add + (rank < FREQUENT ? ranks->frequencies[rank] : 0);
    unsigned at = rank;
    for (; at >= FREQUENT; at--)
        ranks->symbols[at] = ranks->symbols[at - 1];
    for (; at > 0 && frequency >= ranks->frequencies[at - 1]; at--) {
        ranks->symbols[at] = ranks->symbols[at - 1];
        ranks->frequencies[at] = ranks->frequencies[at - 1];
    }
    ranks->symbols[at] = symbol;
    ranks->frequencies[at] = frequency;
}

/* The bytes in sorted order back in their own; false when they are broken. */
static bool unsort(const uint8_t *data, size_t size, size_t marker, uint32_t *places, Buf *out)
{
    size_t counts[256] = { 0 }, start = out->length, at = 0;
    if (marker < 1 || marker >= size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (i != marker)
            places[i] = (uint32_t)data[i] << 24 | (uint32_t)counts[data[i]]++;
    size_t sum = 1;
    for (int i = 0; i < 256; i++) {
        size_t count = counts[i];
        counts[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i + 1 < size; i++) { /* last byte first */
        uint32_t place = places[at];
        buf_add_char(out, (char)(place >> 24));
        at = counts[place >> 24] + (place & 0xFFFFFF);
        if (at >= size || out->overflowed)
            return false;
    }
    for (size_t i = start, k = out->length; i + 1 < k; i++) {
        char byte = out->at[i];
        out->at[i] = out->at[--k];
        out->at[k] = byte;
    }
    return true;
}

static bool unpack_block(ZCoder *z, uint8_t *contexts, uint8_t *data, uint32_t *places, Buf *out)
{
    size_t size = decode_raw(z, 24), marker = SIZE_MAX;
    if (size == 0 || size > BLOCK_MAX || size > out->limit - out->length || z->is_over)
        return false;
    int speed = z_decode_even(z);
    speed += speed && z_decode_even(z);
    Ranks ranks = { .add = 4 };
    unsigned rank = 3;
    for (int i = 0; i < 256; i++)
        ranks.symbols[i] = (uint8_t)i;
    for (size_t i = 0; i < size && !z->is_over; i++) {
        rank = decode_rank(z, contexts, rank);
        data[i] = 0;
        if (rank == MARKER) {
            marker = i;
            continue;
        }
        data[i] = ranks.symbols[rank];
        promote(&ranks, rank, speed);
    }
    return !z->is_over && unsort(data, size, marker, places, out);
}

Str bzz_unpack(Arena *arena, Str bytes, size_t bytes_max)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(64));
    uint8_t *data = arena_alloc(scratch, BLOCK_MAX);
    uint32_t *places = arena_new_array(scratch, uint32_t, BLOCK_MAX);
    uint8_t contexts[CONTEXT_COUNT] = { 0 };
    Buf out = buf_new(arena, bytes_max);
    ZCoder z = z_coder(bytes);
    while (unpack_block(&z, contexts, data, places, &out))
        ;
    return buf_str(&out);
}
