/* windows.h - a passage cut into pieces, of whole sentences where it has them, for vectors of their
 * own.
 *
 * A vector of a whole passage blurs what single sentences say; a few more of its pieces bring that
 * back. The pieces follow each other without gap or overlap and are about equally long. */
#pragma once

#include "base/base.h"

/* Pieces are not made shorter than this, in bytes, so a short passage gets fewer. */
#define WINDOW_BYTES_MIN 120

/* At most `most` pieces of the text into windows[most]; returns how many, 0 when the text is too
 * short for two. Any thread. */
size_t windows_make(Str text, size_t most, Str *windows);
