/* bcj2.h - the x86 filter of 7z that keeps the targets of calls and jumps apart (Bcj2 of the LZMA
 * SDK). Any thread. */
#pragma once

#include "base/base.h"

/* in: the program without targets, targets of calls, targets of jumps, and a range coder's bits
 * that say where they belong. Fills `out`; false when they are broken. */
bool bcj2_join(const Str in[4], char *out, size_t size);
