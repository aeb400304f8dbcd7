/* totp.c - see totp.h. */
#include "account/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/hash.h"
#include "net/url.h"

Str totp_new_secret(Arena *arena)
{
    char bytes[TOTP_SECRET_BYTES];
    random_bytes(bytes, sizeof bytes);
    return str_copy(arena, (Str){ bytes, sizeof bytes });
}

Str totp_shown(Arena *arena, Str secret) { return base32_encode(arena, secret); }

Str totp_uri(Arena *arena, Str service, Str person, Str secret)
{
    Str name = url_encode(arena, service), who = url_encode(arena, person);
    Str shown = totp_shown(arena, secret);
    return str_format(arena,
                      "otpauth://totp/" STR_FMT ":" STR_FMT "?secret=" STR_FMT "&issuer=" STR_FMT,
                      STR_ARG(name), STR_ARG(who), STR_ARG(shown), STR_ARG(name));
}

uint32_t totp_code(Str secret, int64_t step)
{
    unsigned char message[8], digest[EVP_MAX_MD_SIZE] = { 0 };
    unsigned length = 0;
    for (int i = 0; i < 8; i++)
        message[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
    HMAC(EVP_sha1(), secret.at, (int)secret.length, message, sizeof message, digest, &length);
    const unsigned char *at = digest + (digest[19] & 15);
    uint32_t number =
        (uint32_t)(at[0] & 0x7F) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    return number % 1000000;
}

bool totp_fits(Str secret, Str code, int64_t now_ms, int64_t last_step, int64_t *step_r)
{
    int64_t now = now_ms / TOTP_STEP_MS;
    bool fits = false;
    for (int64_t step = now - 1; step <= now + 1; step++) {
        char digits[16];
        snprintf(digits, sizeof digits, "%06u", (unsigned)totp_code(secret, step));
        if (secret_equal(code, str(digits)) && step > last_step && !fits) {
            fits = true;
            *step_r = step;
        }
    }
    return fits;
}
