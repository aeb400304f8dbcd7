/* seal.h - secrets that are stored: encrypted and authenticated with one key (libsodium's
 * secretbox: XSalsa20-Poly1305, a random nonce in front). Any thread. */
#pragma once

#include "base/base.h"

#define SEAL_KEY_BYTES 32

/* A new random key. */
Str seal_new_key(Arena *arena);
/* nonce + sealed bytes; an empty secret stays empty. */
MUST_CHECK bool seal_close(Arena *arena, Str key, Str secret, Str *sealed_r, Error *err);
/* What was sealed with this key; ERROR_DAMAGED when it was another one, or bytes have changed. */
MUST_CHECK bool seal_open(Arena *arena, Str key, Str sealed, Str *secret_r, Error *err);
