/* title.c - a name for a conversation, from its first question; see question.h. */
#include "answer/question.h"
#include "base/utf8.h"

#define TITLE_BYTES 80

/* At the end of a word where there is one not far back. */
static Str cut(Str text)
{
    if (text.length <= TITLE_BYTES)
        return text;
    size_t end = utf8_floor(text, TITLE_BYTES);
    size_t space = end;
    while (space > end / 2 && text.at[space] != ' ')
        space--;
    return str_slice(text, 0, space > end / 2 ? space : end);
}

/* A line is a title; tabs and line ends in it are spaces. */
static Str one_line(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++) {
        bool is_space = (unsigned char)text.at[i] <= ' ';
        if (!is_space || (out.length && out.at[out.length - 1] != ' '))
            buf_add_char(&out, is_space ? ' ' : text.at[i]);
    }
    return str_trim(buf_str(&out));
}

Str question_title(Arena *arena, Str question) { return cut(one_line(arena, question)); }
