/* token.c - see token.h. */
#include "account/token.h"

#include <sodium.h>

#include "base/hash.h"

Str token_new(Arena *arena, const char *prefix)
{
    unsigned char bytes[32];
    char text[sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    random_bytes(bytes, sizeof bytes);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    Str token = str_format(arena, "%s%s", prefix, text);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
    return token;
}

Str token_hash(Arena *arena, Str token) { return sha256_hex(arena, token); }
