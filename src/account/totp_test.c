#include "account/totp.h"

#include <criterion/criterion.h>

#define SECRET S("12345678901234567890")

/* RFC 6238, appendix B, of which the last six digits are shown. */
Test(totp, codes_are_those_of_the_rfc)
{
    static const struct {
        int64_t second;
        uint32_t code;
    } cases[] = {
        { 59, 287082 },       { 1111111109, 81804 },  { 1111111111, 50471 },
        { 1234567890, 5924 }, { 2000000000, 279037 }, { 20000000000, 353130 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(totp_code(SECRET, cases[i].second / 30) == cases[i].code, "%lld",
                  (long long)cases[i].second);
}

Test(totp, a_code_fits_one_step_early_or_late_and_only_once)
{
    static const struct {
        const char *about;
        int64_t second, last_step;
        const char *code;
        int64_t step; /* 0: it does not fit */
    } cases[] = {
        { "now", 1111111111, 0, "050471", 37037037 },
        { "a step late", 1111111111 + 30, 0, "050471", 37037037 },
        { "a step early", 1111111111 - 30, 0, "050471", 37037037 },
        { "two steps late", 1111111111 + 60, 0, "050471", 0 },
        { "two steps early", 1111111111 - 60, 0, "050471", 0 },
        { "used already", 1111111111, 37037037, "050471", 0 },
        { "before one that was used", 1111111111, 37037038, "050471", 0 },
        { "without its zero", 1111111111, 0, "50471", 0 },
        { "longer", 1111111111, 0, "0504710", 0 },
        { "empty", 1111111111, 0, "", 0 },
        { "another", 1111111111, 0, "050472", 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t step = 0;
        bool fits = totp_fits(SECRET, str(cases[i].code), cases[i].second * 1000,
                              cases[i].last_step, &step);
        cr_expect(fits == (cases[i].step != 0) && step == cases[i].step, "%s", cases[i].about);
    }
}

Test(totp, the_address_names_service_and_person)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str uri = totp_uri(arena, S("Our Library"), S("ada@example.org"), SECRET);
    cr_expect(str_is(uri, "otpauth://totp/Our%20Library:ada%40example.org"
                          "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Our%20Library"),
              STR_FMT, STR_ARG(uri));
}

Test(totp, secrets_differ)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str one = totp_new_secret(arena), other = totp_new_secret(arena);
    cr_expect(one.length == TOTP_SECRET_BYTES && !str_equal(one, other));
}
