/* hash.h - checksums, digests and random bytes (libsodium; CRC-32C by hand). Any thread. */
#pragma once

#include "base/base.h"

void random_bytes(void *out, size_t count);
/* Lower-case hex of the SHA-256 of the bytes. */
Str sha256_hex(Arena *arena, Str bytes);
/* Lower-case hex of 128 bits that tell texts apart at a seventh of SHA-256's cost (SipHash-2-4 with
 * a key that is the same everywhere). Only where nobody gains by two texts that have the same. */
Str quick_hash_hex(Arena *arena, Str bytes);
/* HMAC-SHA256 (RFC 2104): 32 bytes, and their lower-case hex. */
Str hmac_sha256(Arena *arena, Str key, Str bytes);
Str hmac_sha256_hex(Arena *arena, Str key, Str bytes);

#define SHA256_SIZE 32
typedef struct Sha256 {
    _Alignas(16) unsigned char state[128];
} Sha256;
void sha256_begin(Sha256 *sha);
void sha256_add(Sha256 *sha, Str bytes);
void sha256_end(Sha256 *sha, uint8_t digest[SHA256_SIZE]);

/* CRC-32C (Castagnoli) of the bytes, continuing `crc` (0 at first). */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t count);
/* The same on any processor: what the other is tested against. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t count);
/* Equal in constant time; for secrets. */
bool secret_equal(Str a, Str b);
