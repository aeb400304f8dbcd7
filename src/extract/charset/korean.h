/* korean.h - the Korean charsets that ICU lacks or reads otherwise.
 *
 * Johab (KS X 1001 annex 3) packs a syllable's letters into 15 bits; ISO-2022-KR switches into
 * KS X 1001 by SO and SI; and a syllable that KS X 1001 has no code for may be spelled as a filler
 * and three letters. */
#pragma once

#include "base/base.h"

bool johab_is_likely(Str bytes);
Str johab_decode(Arena *arena, Str bytes);
/* ISO-2022-KR (RFC 1557) as EUC-KR. */
Str iso2022kr_unpack(Arena *arena, Str bytes);
/* Text with spelled syllables put together; `text` itself when it has none. */
Str hangul_compose(Arena *arena, Str text);
