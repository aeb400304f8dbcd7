/* token.h - random secrets that people carry, and what the database keeps of them. */
#pragma once

#include "base/base.h"

/* `prefix` and 43 characters of base64url: 32 random bytes. */
Str token_new(Arena *arena, const char *prefix);
/* Lower-case hex of its SHA-256. A random token needs no slow hash. */
Str token_hash(Arena *arena, Str token);
