/* low_bits.h - bits of packed bytes, each byte's lowest first, as ZIP's methods have them. */
#pragma once

#include "base/base.h"

typedef struct Bits {
    Str rest;
    uint64_t held;
    int count;
    bool is_over; /* more were taken than there are */
} Bits;

static inline void bits_fill(Bits *in)
{
    while (in->count <= 48 && in->rest.length) {
        in->held |= (uint64_t)(uint8_t)in->rest.at[0] << in->count;
        in->rest = str_from(in->rest, 1);
        in->count += 8;
    }
}

/* At most 31 of them. */
static inline unsigned bits_take(Bits *in, int count)
{
    bits_fill(in);
    if (in->count < count) {
        in->is_over = true;
        return 0;
    }
    unsigned bits = (unsigned)(in->held & ((1u << count) - 1));
    in->held >>= count;
    in->count -= count;
    return bits;
}
