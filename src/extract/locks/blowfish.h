/* blowfish.h - the Blowfish cipher (Schneier, 1993), as OpenDocument 1.0 and 1.1 use it: OpenSSL 3
 * keeps it in a provider that is a file of its own. One thread each. */
#pragma once

#include "base/base.h"

enum { BLOWFISH_BLOCK = 8, BLOWFISH_ROUNDS = 16 };

typedef struct Blowfish {
    uint32_t keys[BLOWFISH_ROUNDS + 2], boxes[4][256];
} Blowfish;

/* Of no key yet: its tables are digits of pi, which are worked out here (some 0.1 s). */
void blowfish_begin(Blowfish *cipher);
/* Keys have 4 to 56 bytes. */
void blowfish_key(Blowfish *cipher, const uint8_t *key, size_t size);
/* Feedback of as many bytes as `step` says: 8, or 1 for "8-bit CFB". */
void blowfish_decrypt(const Blowfish *cipher, const uint8_t iv[BLOWFISH_BLOCK], size_t step,
                      Str packed, char *out);
