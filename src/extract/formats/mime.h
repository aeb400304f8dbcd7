/* mime.h - messages taken apart: headers, encoded words, parameters, transfer encodings.
 *
 * Lenient as mail is: bare LF, no blank line, raw 8-bit headers. Ours rather than GMime's because
 * that converts charsets by iconv, whose tables are files, and a sandbox has none. Everything is
 * borrowed from the message or lies in the arena. Any thread. */
#pragma once

#include "base/base.h"

typedef struct MimeHeader {
    Str name, value; /* the value as written, folded over lines */
} MimeHeader;

typedef struct MimePart {
    VEC(MimeHeader) headers;
    Str body;
} MimePart;

/* Split headers from body; at most a thousand headers are kept. */
MimePart mime_parse(Arena *arena, Str bytes);
/* The first header of that name as written; empty if none. */
Str mime_header(const MimePart *part, const char *name);
/* A header's value for people: unfolded, RFC 2047 words decoded, UTF-8. */
Str mime_text(Arena *arena, Str value);
/* "text/plain" of a Content-Type in lower case; empty if there is none. */
Str mime_type(Arena *arena, Str value);
/* A parameter such as filename, charset, boundary; RFC 2231 and 2047 decoded; empty if none. */
Str mime_parameter(Arena *arena, Str value, const char *name);
/* The body without its Content-Transfer-Encoding. */
Str mime_decode(Arena *arena, Str body, Str encoding);
/* The next part of a multipart body; false after the last. Begin with *rest = body. */
bool mime_next_part(Str *rest, Str boundary, Str *part_r);
