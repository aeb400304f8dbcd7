/* zip_implode.h - Implode, the method of PKZIP 1 (APPNOTE 5.3): strings that were there before, and
 * Shannon-Fano codes. Any thread. */
#pragma once

#include "base/base.h"

/* What the member's flags say of it. */
typedef struct Imploded {
    bool has_big_window, has_literal_code;
} Imploded;

/* `size` bytes into `out`. *length_r is what came out, also when false says that the packed bytes
 * are broken. */
bool zip_explode(Str packed, Imploded flags, char *out, size_t size, size_t *length_r);
