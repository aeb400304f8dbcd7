/* zip_shrink.h - Shrink, the first method of PKZIP (APPNOTE 5.1): LZW with codes of 9 to 13 bits,
 * whose table is cleared in part. Any thread. */
#pragma once

#include "base/base.h"

/* `size` bytes into `out`. *length_r is what came out, also when false says that the packed bytes
 * are broken. */
bool zip_unshrink(Str packed, char *out, size_t size, size_t *length_r);
