/* totp.h - codes of six digits that change every 30 seconds (RFC 6238 with SHA-1, as every app of
 * codes makes them). Any thread. */
#pragma once

#include "base/base.h"

#define TOTP_STEP_MS ((int64_t)30 * 1000)
#define TOTP_SECRET_BYTES 20

/* New random bytes. */
Str totp_new_secret(Arena *arena);
/* As apps take it when it is typed: base32 (RFC 4648) without padding. */
Str totp_shown(Arena *arena, Str secret);
/* The address that apps read from a QR code. */
Str totp_uri(Arena *arena, Str service, Str person, Str secret);
/* The number whose decimal digits are the code of a step, which counts from 1970. */
uint32_t totp_code(Str secret, int64_t step);
/* Whether it is the code of now, or of the step before or after it because clocks differ, and of a
 * step after `last_step`: a code that was seen is worth nothing. *step_r: whose it is. */
bool totp_fits(Str secret, Str code, int64_t now_ms, int64_t last_step, int64_t *step_r);
