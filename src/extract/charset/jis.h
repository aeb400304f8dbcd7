/* jis.h - charsets of JIS X 0213, which ICU lacks, and VISCII.
 *
 * EUC-JIS-2004, Shift_JIS-2004 and ISO-2022-JP-2004 (JIS X 0213:2004 annexes 1 to 3) are what
 * EUC-JP, Shift_JIS and ISO-2022-JP are with 4,300 characters more. */
#pragma once

#include "base/base.h"

/* The converter's name for one of these charsets under any of its names; NULL: it is another. */
const char *jis_charset(Str name);
/* The same for bytes that were taken for EUC-JP or Shift_JIS. */
const char *jis_charset_beyond(Str charset);
/* `charset` is one of jis_charset(). What cannot be read becomes U+FFFD, counted in *bad_r. */
Str jis_decode(Arena *arena, Str bytes, const char *charset, size_t *bad_r);

bool is_viscii(Str name);
/* RFC 1456. */
Str viscii_decode(Arena *arena, Str bytes);
