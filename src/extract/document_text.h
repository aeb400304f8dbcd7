/* document_text.h - what the writer of documents does to the texts of blocks. Any thread; nothing
 * fails. */
#pragma once

#include "base/base.h"

/* Line ends become "\n", or one space for texts of one line; invisible characters go, and so does
 * what is no UTF-8. The text itself where it is so already, else of `scratch`. */
Str document_tidy(Arena *scratch, Str text, bool one_line);
/* Without white space at the end and empty lines at the beginning; indents stay. */
Str document_trim_lines(Str text);
/* Where to cut a text that is longer than `max`: after a line end or space in its last quarter. */
size_t document_split_at(Str text, size_t max);
