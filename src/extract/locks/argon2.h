/* argon2.h - a key from a password by Argon2id (RFC 9106), with any number of lanes, which
 * libsodium does not offer. Any thread. */
#pragma once

#include "base/base.h"

typedef struct Argon2 {
    Str password, salt, secret, extra;
    int64_t passes, memory_kb, lanes;
} Argon2;

/* What a file may ask for: 256 MB, and the time of some seconds. */
#define ARGON2_MEMORY_KB_MAX (256 << 10)
#define ARGON2_WORK_MAX (4 << 20) /* passes * memory_kb */
enum { ARGON2_LANES_MAX = 64, ARGON2_SIZE_MIN = 4, ARGON2_SIZE_MAX = 1024 };

/* Fails with ERROR_DAMAGED for numbers that the RFC forbids, ERROR_TOO_LARGE beyond the limits. */
MUST_CHECK bool argon2id(const Argon2 *in, uint8_t *key, size_t size, Error *err);
