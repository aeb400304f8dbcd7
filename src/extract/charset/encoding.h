/* encoding.h - bytes of any charset become UTF-8; lines of text.
 *
 * In order: a byte order mark, the look of UTF-16 and UTF-32, ISO 2022 and HZ escapes, valid
 * UTF-8, the charset that was declared, a guess from the bytes (uchardet), windows-1252.
 * Conversion is ICU's, whose tables are part of the program once encoding_preload() has run; no
 * file is opened after it.
 *
 * Threads: any, after encoding_preload(). */
#pragma once

#include "base/base.h"

/* Open every converter once, so that a sandbox may close all files; cheap when repeated. */
void encoding_preload(void);

/* The text as valid UTF-8 without byte order mark; `bytes` itself when that is what it is, else
 * a copy in the arena of at most three times its length. `declared` is what a header or mark-up
 * says, or empty. *charset_r (may be NULL) gets the name of the charset that was used. */
Str text_decode(Arena *arena, Str bytes, Str declared, const char **charset_r);

/* The text of bytes whose charset is known: no guessing, no byte order mark; what cannot be read
 * becomes U+FFFD. NULL or an unknown charset reads as windows-1252. */
Str text_decode_known(Arena *arena, Str bytes, const char *charset);
/* UTF-16LE, as Windows writes it: lone surrogates become U+FFFD. */
Str text_from_utf16(Arena *arena, Str bytes);
/* The charset of a Windows or Macintosh code page (1252, 932, 65001, 10000); NULL when there is
 * none. */
const char *charset_of_codepage(int codepage);

/* The charset that `<?xml encoding="...">` or `<meta charset="...">` near the beginning declares,
 * borrowed from the bytes; empty if none. */
Str charset_in_xml(Str bytes);
Str charset_in_html(Str bytes);
/* The same of "text/plain; charset=koi8-r". */
Str charset_in_media_type(Str media_type);

/* What all text formats ask of the same bytes is found out once: between these calls on a thread,
 * text_is_binary() and text_head() of `bytes` are cheap. */
void text_look_begin(Str bytes);
void text_look_end(void);
/* Are these bytes something else than text in any charset? Looks at the first 64 KB. */
bool text_is_binary(Str bytes);

/* The first `max` bytes or so as UTF-8, for recognising: byte order marks and UTF-16 are
 * understood, other charsets are left as they are. Uses the arena only for UTF-16 and UTF-32. */
Str text_head(Arena *arena, Str bytes, size_t max);

/* The next line of *rest without its end (LF, CR LF or CR), and *rest moves past it. False when
 * *rest is used up. */
bool text_next_line(Str *rest, Str *line_r);
