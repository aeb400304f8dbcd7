/* inflate64.h - Deflate64 ("enhanced deflate", APPNOTE 5.5 and RFC 1951): deflate with a window of
 * 64 KB and longer matches, which zlib does not read. Any thread. */
#pragma once

#include "base/base.h"

/* At most `size` bytes into `out`. *length_r is what came out, also when false says that the packed
 * bytes are broken or hold more. */
bool inflate64(Str packed, char *out, size_t size, size_t *length_r);
