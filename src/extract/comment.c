/* comment.c - see comment.h. */
#include "extract/comment.h"

#include "base/utf8.h"

enum { ABOUT_MAX = 200 };

Str comment_words(Arena *arena, Str author, Str about, Str text)
{
    text = str_slice(str_trim(text), 0, MB(1));
    author = str_slice(str_trim(author), 0, KB(1));
    about = str_trim(about);
    if (!text.length)
        return STR_NONE;
    if (about.length) {
        Str shown = str_slice(about, 0, utf8_floor(about, MIN(about.length, ABOUT_MAX)));
        return str_format(arena, STR_FMT "%son [" STR_FMT "%s]\n" STR_FMT, STR_ARG(author),
                          author.length ? " " : "", STR_ARG(shown),
                          shown.length < about.length ? "..." : "", STR_ARG(text));
    }
    if (author.length && !str_starts(text, author))
        return str_format(arena, STR_FMT ": " STR_FMT, STR_ARG(author), STR_ARG(text));
    return text;
}

void comment_write(DocWriter *doc, Str author, Str text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    doc_note(doc, "comment", comment_words(arena, author, STR_NONE, text));
}
