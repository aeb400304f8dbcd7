/* fuzz_jwt.c - tokens and keys of any bytes: read or refused, and no token is ever right. */
#include "account/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One public key of each kind, whose private ones nobody kept. */
static const char known[] =
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":"
    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"kid\":\"b\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":"
    "\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";

static void check_token(Arena *arena, Str token)
{
    JwtRules rules = { .issuer = S("i"), .audience = S("a"), .now_s = 1000 };
    JwtKeys *keys = NULL;
    AUTO_JWT Jwt jwt = { 0 };
    Error err;
    if (!jwt_read(arena, token, &jwt, &err))
        return;
    (void)!jwt_claims_hold(&jwt, &rules, &err);
    (void)jwt_claim(&jwt, S("a.b"));
    if (!jwt_keys_read(S(known), &keys, &err) ||
        jwt_signature_fits(&jwt, jwt_keys_find(keys, jwt.algorithm, jwt.key), &err))
        abort();
    jwt_keys_release(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = { (const char *)data, MIN(size, KB(64)) };
    JwtKeys *keys = NULL;
    Error err;
    check_token(arena, bytes);
    if (jwt_keys_read(bytes, &keys, &err) && !jwt_keys_count(keys))
        abort();
    jwt_keys_release(keys);
    return 0;
}
