/* clamd.h - asks ClamAV's daemon whether a file is infected (INSTREAM of its protocol).
 *
 * Any thread; blocks. Memory does not grow with the file. */
#pragma once

#include "base/base.h"

typedef struct Clamd {
    Str address;        /* "unix:/run/clamav/clamd.ctl", or host:port */
    int64_t timeout_ms; /* for the whole question; 0: 120 s */
} Clamd;

/* *found_r: the name of what the file is infected with, in the arena; empty: nothing was found.
 * ERROR_BUSY when clamd cannot be reached, does not answer in time, or has not looked at it all:
 * then nobody knows. */
MUST_CHECK bool clamd_scan(const Clamd *clamd, Arena *arena, const char *path, Str *found_r,
                           Error *err);
/* Whether the address is one that clamd_scan() understands; ERROR_INVALID says what one is. */
MUST_CHECK bool clamd_check(Str address, Error *err);
