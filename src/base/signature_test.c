#include <criterion/criterion.h>

#include "base/base64.h"
#include "base/signature.h"

/* From a text of hex digits. */
static Str bytes_of(Arena *arena, const char *hex)
{
    Buf out = buf_new(arena, KB(1));
    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        buf_add_char(&out, (char)byte);
    return buf_str(&out);
}

/* RFC 8032, section 7.1, test 2. */
Test(signature, is_that_of_the_standard)
{
    Arena *arena = arena_new(KB(64));
    Str seed = bytes_of(arena, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    Str key = bytes_of(arena, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    Str signature =
        bytes_of(arena, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    cr_expect(str_equal(signature_public_key(arena, seed), key));
    cr_expect(str_equal(signature_make(arena, seed, S("r")), signature));
    cr_expect(signature_fits(key, S("r"), signature));
    arena_free(arena);
}

Test(signature, fits_no_other_text_key_or_length)
{
    Arena *arena = arena_new(KB(64));
    Str seed = S("0123456789abcdef0123456789abcdef"), other = S("0123456789abcdef0123456789abcdeF");
    Str key = signature_public_key(arena, seed);
    Str signature = signature_make(arena, seed, S("a text"));
    cr_expect(signature_fits(key, S("a text"), signature));
    cr_expect(!signature_fits(key, S("a Text"), signature));
    cr_expect(!signature_fits(signature_public_key(arena, other), S("a text"), signature));
    cr_expect(!signature_fits(key, S("a text"), str_slice(signature, 0, 63)));
    cr_expect(!signature_fits(STR_NONE, S("a text"), signature));
    arena_free(arena);
}

Test(signature, base64_of_addresses_has_no_padding_and_comes_back)
{
    Arena *arena = arena_new(KB(64));
    Str back;
    cr_expect(str_is(base64_url_encode(arena, S("\xfb\xff\xfe\x01")), "-__-AQ"));
    cr_assert(base64_url_decode(arena, S("-__-AQ"), &back));
    cr_expect(str_equal(back, S("\xfb\xff\xfe\x01")));
    arena_free(arena);
}
