/* term.h - what a person at a terminal sees: progress bars, aligned columns, times and sizes. */
#pragma once

#include "base/base.h"

/* One line that is written over again; nothing when standard error is no terminal. */
void term_progress(const char *name, const char *stage, int64_t done, int64_t total,
                   int64_t seconds_left);
void term_progress_end(void);
/* "1.4 MB" in out[16] */
const char *term_bytes(int64_t bytes, char out[16]);
/* "12 s", "3 min" in out[16]; "" for less than 0 */
const char *term_duration(int64_t seconds, char out[16]);
/* Cut to `width` columns with an ellipsis, control characters dropped: file names may not move
 * the cursor. */
Str term_fit(Arena *arena, Str text, size_t width);
