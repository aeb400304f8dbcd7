/* inflate.h - deflated bytes unpacked as far as they go (RFC 1950-1952, zlib). Any thread. */
#pragma once

#include "base/base.h"

/* What zlib calls the window: nothing around the bytes (ZIP, ODF, HWP), or a gzip's head and end.
 */
typedef enum InflateKind { INFLATE_RAW = -15, INFLATE_GZIP = 31 } InflateKind;

/* Adds what comes out; of broken bytes, what came before the break. *out says when it is full. */
void inflate_into(Buf *out, Str packed, InflateKind kind);
