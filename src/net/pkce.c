/* pkce.c - see pkce.h. */
#include "net/pkce.h"

#include "base/base64.h"
#include "base/hash.h"

#define RANDOM_BYTES 32

Str pkce_verifier(Arena *arena)
{
    uint8_t bytes[RANDOM_BYTES];
    random_bytes(bytes, sizeof bytes);
    return base64_url_encode(arena, (Str){ (const char *)bytes, sizeof bytes });
}

Str pkce_challenge(Arena *arena, Str verifier)
{
    uint8_t digest[SHA256_SIZE];
    Sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, verifier);
    sha256_end(&sha, digest);
    return base64_url_encode(arena, (Str){ (const char *)digest, sizeof digest });
}
