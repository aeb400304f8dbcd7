/* content_lines.h - the lines of vCard and iCalendar (RFC 6350 3.3, RFC 5545 3.1; vCard 2.1). */
#pragma once

#include "base/base.h"

typedef struct ContentLine {
    Str name;       /* without its group ("item1.") */
    Str parameters; /* ";TYPE=WORK;VALUE=DATE" */
    Str value;      /* unfolded, decoded, in UTF-8; still escaped */
    int line_first, line_last;
} ContentLine;

typedef struct ContentReader {
    Str rest;
    int line;
} ContentReader;

/* The next line; false after the last. The value lies in the arena. */
bool content_next(Arena *arena, ContentReader *in, ContentLine *line_r);
bool content_is(const ContentLine *line, const char *name);
/* The value of "NAME=value" (ignoring case, without quotes), or empty. */
Str content_parameter(const ContentLine *line, const char *name);
/* The TYPE parameters as "work, voice"; those of vCard 2.1 have no name. */
Str content_types(Arena *arena, const ContentLine *line);
/* Without escapes: "\n" is a line end. */
Str content_text(Arena *arena, Str value);
/* The parts between unescaped semicolons that are not empty, joined. */
Str content_parts(Arena *arena, Str value, Str separator);
/* "20121201T210000Z" as ISO 8601; other texts as they are. */
Str content_time(Arena *arena, Str value);
