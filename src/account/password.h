/* password.h - passwords kept as argon2id (RFC 9106) and checked. Any thread; at most two hashes
 * are computed at the same time, because each needs 19 MiB. */
#pragma once

#include "base/base.h"

#define PASSWORD_LENGTH_MIN 10
#define PASSWORD_LENGTH_MAX 1024

/* Fails, naming the field "password", when it is too short, too long or nothing but one
 * character repeated. */
MUST_CHECK bool password_is_good(Str password, Error *err);
MUST_CHECK bool password_hash(Arena *arena, Str password, Str *hash_r, Error *err);
/* True when the password fits. An empty hash fits nothing, after the same time. */
bool password_fits(Str password, Str hash);
