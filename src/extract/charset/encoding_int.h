/* encoding_int.h - what encoding.c and text_look.c share. */
#pragma once

#include "extract/charset/encoding.h"

/* The charset of the byte order mark, which *bytes moves past; NULL: there is none. */
const char *charset_of_mark(Str *bytes);
/* Latin letters, spaces and line ends in UTF-16 and UTF-32 leave zeros at fixed places. NULL: they
 * do not. */
const char *charset_of_zeros(Str bytes);
/* The bytes as UTF-8; as they are when ICU does not know the charset. */
Str text_convert(Arena *arena, Str bytes, const char *charset);
