/* number_format.h - numbers and dates as a spreadsheet shows them (ECMA-376 part 1, 18.8.30).
 *
 * Names of months and days are English; a format that depends on the reader's country (the short
 * date) is written as ISO 8601. */
#pragma once

#include "base/base.h"

/* The code of a built-in format; NULL when the id has none. */
const char *number_format_builtin(int id);
/* The value under a format code such as "#,##0.00;[Red]-#,##0.00". */
Str number_format(Arena *arena, double value, Str code, bool is_1904);
/* A text under the code's fourth section. */
Str number_format_text(Arena *arena, Str text, Str code);
