/* z_coder.c - see z_coder.h. */
#include "extract/djvu/z_coder.h"

enum { EMPTY_BYTES = 25 }; /* read past the end before it is one */

static const struct {
    uint16_t p, m;
    uint8_t up, down;
} states[256] = {
#define STATE(p, m, up, down) { p, m, up, down },
#include "extract/djvu/djvu_states.def"
#undef STATE
};

static uint8_t next_byte(ZCoder *z)
{
    if (z->rest.length == 0) {
        z->is_over = ++z->empty > EMPTY_BYTES;
        return 0xFF;
    }
    uint8_t byte = (uint8_t)z->rest.at[0];
    z->rest = str_from(z->rest, 1);
    return byte;
}

static void refill(ZCoder *z)
{
    while (z->ready <= 24) {
        z->buffer = z->buffer << 8 | next_byte(z);
        z->ready += 8;
    }
    z->fence = MIN(z->code, 0x7FFF);
}

ZCoder z_coder(Str bytes)
{
    ZCoder z = { .rest = bytes };
    z.code = (uint32_t)next_byte(&z) << 8;
    z.code |= next_byte(&z);
    refill(&z);
    return z;
}

static void shift(ZCoder *z, int count)
{
    z->ready -= count;
    z->a = z->a << count & 0xFFFF;
    z->code = (z->code << count & 0xFFFF) | (z->buffer >> z->ready & ((1u << count) - 1));
    if (z->ready < 16)
        refill(z);
    z->fence = MIN(z->code, 0x7FFF);
}

static void take_less_likely(ZCoder *z, uint32_t bound)
{
    bound = 0x10000 - bound;
    z->a += bound;
    z->code += bound;
    /* As many bits as `a` begins with ones. */
    int count = 0;
    while (count < 16 && z->a & 0x8000u >> count)
        count++;
    shift(z, count);
}

int z_decode(ZCoder *z, uint8_t *context)
{
    int bit = *context & 1;
    uint32_t bound = z->a + states[*context].p;
    if (bound <= z->fence) {
        z->a = bound;
        return bit;
    }
    bound = MIN(bound, 0x6000 + ((bound + z->a) >> 2));
    if (bound > z->code) {
        *context = states[*context].down;
        take_less_likely(z, bound);
        return bit ^ 1;
    }
    if (z->a >= states[*context].m)
        *context = states[*context].up;
    z->a = bound;
    shift(z, 1);
    return bit;
}

static int decode_plain(ZCoder *z, uint32_t bound)
{
    if (bound > z->code) {
        take_less_likely(z, bound);
        return 1;
    }
    z->a = bound;
    shift(z, 1);
    return 0;
}

int z_decode_even(ZCoder *z) { return decode_plain(z, 0x8000 + (z->a >> 1)); }
int z_decode_sign(ZCoder *z) { return decode_plain(z, 0x8000 + (3 * z->a >> 3)); }
