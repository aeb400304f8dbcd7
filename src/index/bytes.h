/* bytes.h - growing heap bytes in which segments are built; zero is empty, release with free(at).
 */
#pragma once

#include "base/base.h"

typedef struct Bytes {
    uint8_t *at;
    size_t length, capacity;
} Bytes;

static inline void *bytes_grow(Bytes *bytes, size_t count)
{
    if (bytes->length + count > bytes->capacity) {
        bytes->capacity = MAX(bytes->capacity * 2, bytes->length + count + 256);
        bytes->at = heap_grow(bytes->at, bytes->capacity);
    }
    void *at = bytes->at + bytes->length;
    bytes->length += count;
    return at;
}

static inline void bytes_add(Bytes *bytes, const void *from, size_t count)
{
    if (count)
        memcpy(bytes_grow(bytes, count), from, count);
}

/* Zeros up to a multiple of `unit`. */
static inline void bytes_align(Bytes *bytes, size_t unit)
{
    size_t count = (unit - bytes->length % unit) % unit;
    if (count)
        memset(bytes_grow(bytes, count), 0, count);
}

/* LEB128. */
static inline void bytes_add_varint(Bytes *bytes, uint32_t value)
{
    uint8_t out[5];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7)
        out[count++] = (uint8_t)(value | 0x80);
    out[count++] = (uint8_t)value;
    bytes_add(bytes, out, count);
}

/* False when the bytes end inside the number. */
static inline bool varint_read(const uint8_t **at, const uint8_t *end, uint32_t *value_r)
{
    uint32_t value = 0;
    for (int shift = 0; shift < 35 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value_r = value;
            return true;
        }
    }
    return false;
}
