/* seal_test.c - what is sealed comes back, and only with its key and unchanged. */
#include <criterion/criterion.h>

#include "base/seal.h"

Test(base, sealed_secrets_come_back_only_with_their_key)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str key = seal_new_key(arena), other = seal_new_key(arena), sealed, again, secret;
    Error err = { 0 };
    cr_assert(seal_close(arena, key, S("sk-secret"), &sealed, &err));
    cr_assert(seal_close(arena, key, S("sk-secret"), &again, &err));
    cr_assert(!str_equal(sealed, again)); /* every nonce is new */
    cr_assert(str_find(sealed, S("secret")) < 0);
    cr_assert(seal_open(arena, key, sealed, &secret, &err));
    cr_assert(str_is(secret, "sk-secret"));
    cr_assert(!seal_open(arena, other, sealed, &secret, &err) && err.code == ERROR_DAMAGED);
    char *bytes = str_c(arena, sealed);
    for (size_t i = 0; i < sealed.length; i++) {
        bytes[i] ^= 1;
        cr_assert(!seal_open(arena, key, (Str){ bytes, sealed.length }, &secret, &err));
        cr_assert(!seal_open(arena, key, (Str){ bytes, i ? i : 1 }, &secret, &err));
        bytes[i] ^= 1;
    }
}

Test(base, an_empty_secret_stays_empty)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str sealed = S("x"), secret = S("x");
    Error err = { 0 };
    cr_assert(seal_close(arena, S(""), S(""), &sealed, &err) && !sealed.length);
    cr_assert(seal_open(arena, S(""), sealed, &secret, &err) && !secret.length);
}
