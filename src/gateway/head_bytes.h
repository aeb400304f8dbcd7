/* head_bytes.h - numbers in the heads of pictures and sound. Behind the end there are zeros. */
#pragma once

#include "base/base.h"

/* Of 1 to 4 bytes, the most significant first. */
static inline uint32_t head_big(Str bytes, size_t at, size_t count)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | (at + i < bytes.length ? (unsigned char)bytes.at[at + i] : 0);
    return value;
}

/* The least significant first. */
static inline uint32_t head_little(Str bytes, size_t at, size_t count)
{
    uint32_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | (at + i < bytes.length ? (unsigned char)bytes.at[at + i] : 0);
    return value;
}
