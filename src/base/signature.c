/* signature.c - see signature.h. */
#include "base/signature.h"

#include <assert.h>
#include <sodium.h>

_Static_assert(SIGNATURE_SEED_BYTES == crypto_sign_SEEDBYTES, "the seed is libsodium's");
_Static_assert(SIGNATURE_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "the key is libsodium's");
_Static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "the signature is libsodium's");

typedef struct KeyPair {
    unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
} KeyPair;

static KeyPair key_pair(Str seed)
{
    KeyPair pair;
    assert(seed.length == SIGNATURE_SEED_BYTES);
    crypto_sign_seed_keypair(pair.public, pair.secret, (const unsigned char *)seed.at);
    return pair;
}

Str signature_public_key(Arena *arena, Str seed)
{
    KeyPair pair = key_pair(seed);
    Str key = str_copy(arena, (Str){ (const char *)pair.public, sizeof pair.public });
    sodium_memzero(&pair, sizeof pair);
    return key;
}

Str signature_make(Arena *arena, Str seed, Str text)
{
    KeyPair pair = key_pair(seed);
    unsigned char *signature = arena_alloc(arena, SIGNATURE_BYTES);
    crypto_sign_detached(signature, NULL, (const unsigned char *)text.at, text.length, pair.secret);
    sodium_memzero(&pair, sizeof pair);
    return (Str){ (const char *)signature, SIGNATURE_BYTES };
}

bool signature_fits(Str public_key, Str text, Str signature)
{
    return public_key.length == SIGNATURE_KEY_BYTES && signature.length == SIGNATURE_BYTES &&
           crypto_sign_verify_detached((const unsigned char *)signature.at,
                                       (const unsigned char *)text.at, text.length,
                                       (const unsigned char *)public_key.at) == 0;
}
