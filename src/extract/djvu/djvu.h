/* djvu.h - the coder of DjVu files ("DjVu3 specification", annex 3): BZZ, a Burrows-Wheeler
 * transform coded by the adaptive binary Z-coder. */
#pragma once

#include "base/base.h"

/* At most `bytes_max`; what is broken ends it. */
Str bzz_unpack(Arena *arena, Str bytes, size_t bytes_max);
