/* jwt_keys.h - the keys that tokens are checked with: a JWKS (RFC 7517), a public key in PEM, or a
 * shared secret. What cannot sign with one of jwt_algorithms.def is left out. */
#pragma once

#include "base/base.h"

typedef enum JwtAlgorithm {
#define ALGORITHM(name, header, signature_bytes) JWT_##name,
#include "account/jwt_algorithms.def"
#undef ALGORITHM
} JwtAlgorithm;

const char *jwt_algorithm_name(JwtAlgorithm algorithm);
size_t jwt_signature_bytes(JwtAlgorithm algorithm); /* 0: as long as the key */

#define JWT_KEYS_MAX 64
#define JWT_KEYS_BYTES_MAX KB(256)
#define JWT_SECRET_BYTES_MIN 32 /* RFC 7518, section 3.2 */

typedef struct JwtKey {
    JwtAlgorithm algorithm;
    Str id;                  /* its "kid"; empty: it has none */
    struct evp_pkey_st *key; /* NULL for a secret */
    Str secret;
} JwtKey;

/* Never changed once it is made; freed when the last hold is released. */
typedef struct JwtKeys JwtKeys;

/* Reads a JWKS or PEM; fails when no key in it is of use. A JWKS is public, so a secret in it is
 * none: such keys are left out. */
MUST_CHECK bool jwt_keys_read(Str text, JwtKeys **keys_r, Error *err);
/* One secret for HS256. */
MUST_CHECK bool jwt_keys_of_secret(Str secret, JwtKeys **keys_r, Error *err);
JwtKeys *jwt_keys_hold(JwtKeys *keys);
void jwt_keys_release(JwtKeys *keys); /* NULL is fine */
size_t jwt_keys_count(const JwtKeys *keys);

/* The key for a token that says `id` (may be empty). A key that has no id is for any; a token
 * without one is for the only key of its algorithm. NULL: none, or not one alone. */
const JwtKey *jwt_keys_find(const JwtKeys *keys, Str algorithm, Str id);
