/* public_key.h - public keys of the algorithms of jwt_algorithms.def, and their signatures
 * (OpenSSL). The caller frees a key with EVP_PKEY_free(). Any thread. */
#pragma once

#include "account/jwt_keys.h"

typedef struct evp_pkey_st PublicKey;

/* Of big-endian numbers; NULL: no key. */
PublicKey *public_key_rsa(Str modulus, Str exponent);
/* A point of P-256: 32 bytes each. */
PublicKey *public_key_curve(Str x, Str y);
/* Ed25519: 32 bytes. */
PublicKey *public_key_edwards(Str x);

/* What it signs with: RSA of 2,048 to 8,192 bits, P-256 or Ed25519. False: none of these. */
bool public_key_algorithm(PublicKey *key, JwtAlgorithm *algorithm_r);
/* Of ES256 the signature is in ASN.1 (DER). A secret's algorithm (HS256) never fits. */
bool public_key_fits(PublicKey *key, JwtAlgorithm algorithm, Str text, Str signature);
