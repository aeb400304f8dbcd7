/* jwt.h - JSON web tokens that others have signed (RFC 7519, in the compact form of RFC 7515).
 *
 *     jwt_read() -> jwt_keys_find() -> jwt_signature_fits() -> jwt_claims_hold()
 *
 * The token chooses nothing: a key knows its one algorithm, and which key it is comes from our own
 * set (RFC 8725). Every failure is ERROR_NO_LOGIN and says why, never what the token holds. Any
 * thread. */
#pragma once

#include "account/jwt_keys.h"
#include "base/json.h"

#define JWT_BYTES_MAX KB(16)

typedef struct Jwt {
    Str signed_text, signature;
    Str algorithm, key; /* what the header says; key: its "kid", may be empty */
    json_t *claims;     /* an object */
} Jwt;

/* Whether it has the look of one: three parts with two dots between. */
bool jwt_looks_like(Str token);
/* Takes it apart; nothing of it is to be believed yet. Release with AUTO_JWT. */
MUST_CHECK bool jwt_read(Arena *arena, Str token, Jwt *jwt_r, Error *err);
void jwt_release(Jwt *jwt);
#define AUTO_JWT AUTO(jwt_release)

/* Whether `key` (of jwt_keys_find()) has signed it. */
MUST_CHECK bool jwt_signature_fits(const Jwt *jwt, const JwtKey *key, Error *err);

typedef struct JwtRules {
    Str issuer, audience; /* neither empty */
    int64_t skew_s;       /* how far clocks may be apart */
    int64_t now_s;
} JwtRules;

/* Whether it is from the issuer, for us, for somebody, and for now. */
MUST_CHECK bool jwt_claims_hold(const Jwt *jwt, const JwtRules *rules, Error *err);
/* The claim at "a.b.c"; NULL when there is none. Borrowed from the token. */
const json_t *jwt_claim(const Jwt *jwt, Str path);
/* The same when it is a text of 1 to 255 bytes without control characters, else "". */
Str jwt_claim_text(const Jwt *jwt, Str path);
