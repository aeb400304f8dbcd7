/* comment.c - see comment.h. */
#include "extract/comment.h"

void comment_write(DocWriter *doc, Str author, Str text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    text = str_slice(str_trim(text), 0, MB(1));
    author = str_slice(str_trim(author), 0, KB(1));
    if (author.length && text.length && !str_starts(text, author))
        text = str_format(arena, STR_FMT ": " STR_FMT, STR_ARG(author), STR_ARG(text));
    doc_note(doc, "comment", text);
}
