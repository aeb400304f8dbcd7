/* fold.h - one word made comparable: case and compatibility forms (NFKC_Casefold, Unicode 3.13
 * and UAX 15), then accents.
 *
 * Both write into the caller's buffer and cut what does not fit at a character; the result may be
 * the input itself when nothing changes. Any thread. */
#pragma once

#include "base/base.h"

/* Lower case, full width and ligatures resolved, decimal digits of any script as 0-9. */
Str fold_case(Str word, char *out, size_t out_size);
/* The word (already in lower case) without the accents of Latin, Greek, Arabic and Hebrew letters;
 * other scripts keep their marks, which tell letters apart there. */
Str fold_accents(Str word, char *out, size_t out_size);
