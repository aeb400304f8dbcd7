/* byte_view.h - numbers inside foreign bytes; what lies past the end reads as zero. */
#pragma once

#include "base/base.h"

static inline uint8_t byte_at(Str bytes, size_t at)
{
    return at < bytes.length ? (uint8_t)bytes.at[at] : 0;
}

static inline uint16_t big16(Str bytes, size_t at)
{
    return (uint16_t)(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

static inline uint32_t big32(Str bytes, size_t at)
{
    return (uint32_t)big16(bytes, at) << 16 | big16(bytes, at + 2);
}

static inline uint64_t big64(Str bytes, size_t at)
{
    return (uint64_t)big32(bytes, at) << 32 | big32(bytes, at + 4);
}

static inline uint16_t little16(Str bytes, size_t at)
{
    return (uint16_t)(byte_at(bytes, at) | byte_at(bytes, at + 1) << 8);
}

static inline uint32_t little24(Str bytes, size_t at)
{
    return (uint32_t)little16(bytes, at) | (uint32_t)byte_at(bytes, at + 2) << 16;
}

static inline uint32_t little32(Str bytes, size_t at)
{
    return (uint32_t)little16(bytes, at) | (uint32_t)little16(bytes, at + 2) << 16;
}

static inline uint64_t little64(Str bytes, size_t at)
{
    return (uint64_t)little32(bytes, at) | (uint64_t)little32(bytes, at + 4) << 32;
}

/* `length` bytes from `at`, fewer when there are not as many. */
static inline Str bytes_part(Str bytes, size_t at, size_t length)
{
    Str rest = str_from(bytes, at);
    return (Str){ rest.at, MIN(rest.length, length) };
}
