/* encoded_test.h - for tests: parts of tokens as RFC 7515 has them. */
#pragma once

#include "base/base.h"

#include <sodium.h>

static inline Str encoded(Arena *arena, Str bytes)
{
    size_t room = sodium_base64_ENCODED_LEN(bytes.length, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = arena_alloc(arena, room);
    sodium_bin2base64(text, room, (const unsigned char *)bytes.at, bytes.length,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return str(text);
}
