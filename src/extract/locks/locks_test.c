/* locks_test.c - ciphers and keys of our own against the numbers of their authors. */
#include <criterion/criterion.h>

#include "extract/locks/argon2.h"
#include "extract/locks/blowfish.h"

static void unhex(const char *text, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        sscanf(text + 2 * i, "%2x", &byte);
        out[i] = (uint8_t)byte;
    }
}

/* RFC 9106, 5.3. */
Test(extract, argon2id_gives_the_key_of_its_rfc)
{
    uint8_t password[32], salt[16], secret[8], extra[12], key[32], expected[32];
    memset(password, 1, sizeof password);
    memset(salt, 2, sizeof salt);
    memset(secret, 3, sizeof secret);
    memset(extra, 4, sizeof extra);
    Argon2 in = { { (char *)password, 32 },
                  { (char *)salt, 16 },
                  { (char *)secret, 8 },
                  { (char *)extra, 12 },
                  .passes = 3,
                  .memory_kb = 32,
                  .lanes = 4 };
    Error err = { 0 };
    unhex("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659", expected, 32);
    cr_assert(argon2id(&in, key, sizeof key, &err), "%s", err.message);
    cr_expect_arr_eq(key, expected, sizeof key);
}

Test(extract, argon2id_is_bounded)
{
    static const struct {
        int64_t passes, memory_kb, lanes;
        ErrorCode code;
    } cases[] = {
        { 3, 7, 1, ERROR_DAMAGED },
        { 0, 64, 1, ERROR_DAMAGED },
        { 1, 64, 0, ERROR_DAMAGED },
        { 1, 4 << 20, 1, ERROR_TOO_LARGE },
        { 1 << 20, 65536, 4, ERROR_TOO_LARGE },
        { 1, 65536, 2000, ERROR_TOO_LARGE },
        { INT32_MAX, INT32_MAX, 1, ERROR_TOO_LARGE },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Argon2 in = { S("password"), S("salt salt"), .passes = cases[i].passes,
                      .memory_kb = cases[i].memory_kb, .lanes = cases[i].lanes };
        uint8_t key[32];
        Error err = { 0 };
        cr_expect(!argon2id(&in, key, sizeof key, &err), "case %zu", i);
        cr_expect_eq(err.code, cases[i].code, "case %zu: %s", i, err.message);
    }
}

/* Eric Young's vectors, which Schneier gives. Feedback of a zero block shows one encryption. */
Test(extract, blowfish_encrypts_as_its_author_says)
{
    static const struct {
        const char *key, *plain, *locked;
    } cases[] = {
        { "0000000000000000", "0000000000000000", "4ef997456198dd78" },
        { "ffffffffffffffff", "ffffffffffffffff", "51866fd5b85ecb8a" },
        { "0123456789abcdef", "1111111111111111", "61f9c3802281b096" },
        { "fedcba9876543210", "0123456789abcdef", "0aceab0fc6a0a28d" },
    };
    static Blowfish begun;
    blowfish_begin(&begun);
    cr_expect_eq(begun.keys[0], 0x243F6A88);
    cr_expect_eq(begun.boxes[3][255], 0x3AC372E6);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t key[8], plain[8], locked[8], zero[8] = { 0 }, out[8];
        Blowfish cipher = begun;
        unhex(cases[i].key, key, 8);
        unhex(cases[i].plain, plain, 8);
        unhex(cases[i].locked, locked, 8);
        blowfish_key(&cipher, key, sizeof key);
        blowfish_decrypt(&cipher, plain, 8, (Str){ (char *)zero, 8 }, (char *)out);
        cr_expect_arr_eq(out, locked, 8, "case %zu", i);
    }
}
