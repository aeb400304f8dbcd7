/* signature.h - signatures that anybody can check who has the public key: Ed25519 (RFC 8032,
 * libsodium). Any thread. */
#pragma once

#include "base/base.h"

#define SIGNATURE_SEED_BYTES 32 /* of random: the private key */
#define SIGNATURE_KEY_BYTES 32  /* of a public key */
#define SIGNATURE_BYTES 64

/* The public key that belongs to a seed. */
Str signature_public_key(Arena *arena, Str seed);
Str signature_make(Arena *arena, Str seed, Str text);
bool signature_fits(Str public_key, Str text, Str signature);
