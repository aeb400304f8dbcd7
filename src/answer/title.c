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

static Str capitalised(Arena *arena, Str text)
{
    Str copy = str_copy(arena, text);
    char *at = str_c(arena, copy);
    if (copy.length && at[0] >= 'a' && at[0] <= 'z')
        at[0] = (char)(at[0] - 'a' + 'A');
    return (Str){ at, copy.length };
}

Str question_title(Arena *arena, Words *words, Str question)
{
    Str line = one_line(arena, question);
    Question read = question_read(arena, words, line);
    size_t start = SIZE_MAX, end = 0;
    for (size_t i = 0; i < read.word_count; i++) {
        const QuestionWord *word = &read.words[i];
        size_t at = (size_t)(word->written.at - read.text.at);
        if (word->is_weak && start == SIZE_MAX)
            continue;
        start = MIN(start, at);
        end = MAX(end, at + word->written.length);
    }
    if (start >= end)
        return cut(line);
    return capitalised(arena, cut(str_slice(read.text, start, end)));
}
