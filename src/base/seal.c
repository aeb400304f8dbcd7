/* seal.c - see seal.h. */
#include "base/seal.h"

#include <sodium.h>

#include "base/hash.h"

#define EXTRA (crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)

_Static_assert(SEAL_KEY_BYTES == crypto_secretbox_KEYBYTES, "the key is libsodium's");

Str seal_new_key(Arena *arena)
{
    char *key = arena_alloc(arena, SEAL_KEY_BYTES);
    random_bytes(key, SEAL_KEY_BYTES);
    return (Str){ key, SEAL_KEY_BYTES };
}

static bool check_key(Str key, Error *err)
{
    return key.length == SEAL_KEY_BYTES ||
           fail(err, ERROR_INTERNAL, "this server's key for secrets is damaged");
}

bool seal_close(Arena *arena, Str key, Str secret, Str *sealed_r, Error *err)
{
    if (!secret.length) {
        *sealed_r = STR_NONE;
        return true;
    }
    if (!check_key(key, err))
        return false;
    unsigned char *sealed = arena_alloc(arena, EXTRA + secret.length);
    random_bytes(sealed, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const unsigned char *)secret.at,
                          secret.length, sealed, (const unsigned char *)key.at);
    *sealed_r = (Str){ (char *)sealed, EXTRA + secret.length };
    return true;
}

bool seal_open(Arena *arena, Str key, Str sealed, Str *secret_r, Error *err)
{
    if (!sealed.length) {
        *secret_r = STR_NONE;
        return true;
    }
    if (!check_key(key, err))
        return false;
    if (sealed.length < EXTRA)
        return fail(err, ERROR_DAMAGED, "a sealed secret is too short");
    unsigned char *secret = arena_alloc(arena, sealed.length - EXTRA + 1);
    const unsigned char *bytes = (const unsigned char *)sealed.at;
    if (crypto_secretbox_open_easy(secret, bytes + crypto_secretbox_NONCEBYTES,
                                   sealed.length - crypto_secretbox_NONCEBYTES, bytes,
                                   (const unsigned char *)key.at) != 0)
        return fail(err, ERROR_DAMAGED,
                    "a sealed secret cannot be opened with this server's key; enter it again");
    *secret_r = (Str){ (char *)secret, sealed.length - EXTRA };
    return true;
}
