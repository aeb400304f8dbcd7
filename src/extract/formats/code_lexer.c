/* code_lexer.c - see code_lexer.h. */
#include "extract/formats/code_lexer.h"

enum { PATTERN_MAX = 1000 };

static const CodeSyntax syntaxes[] = {
#define SYNTAX(language, line, begin, end, quotes, long_quotes)                                    \
    { language, line, begin, end, quotes, long_quotes },
#include "extract/formats/code_syntax.def"
#undef SYNTAX
    { "", "//", "/*", "*/", "\"'", "" },
};

CodeLexer code_lexer(const char *language)
{
    size_t i = 0;
    while (i + 1 < COUNT(syntaxes) && strcmp(syntaxes[i].language, language) != 0)
        i++;
    return (CodeLexer){ .syntax = &syntaxes[i], .opens = '{', .closes = '}' };
}

/* The word of the list that the text begins with; empty if none. */
static Str word_at(const char *words, Str text)
{
    Str rest = str(words), word;
    while (str_next(&rest, ' ', &word))
        if (word.length && str_starts(text, word))
            return word;
    return STR_NONE;
}

static void mask(Buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_char(out, ' ');
}

/* Up to the end of what is open; how much of the text it takes. */
static size_t skip_open(CodeLexer *lexer, Str text)
{
    Str end = lexer->in_comment ? str(lexer->syntax->block_end) : lexer->in_string;
    ptrdiff_t at = str_find(text, end);
    if (at < 0)
        return text.length;
    lexer->in_comment = false;
    lexer->in_string = STR_NONE;
    return (size_t)at + end.length;
}

/* A string that ends in its line: a quote after a backslash does not end it. */
static size_t string_length(Str text)
{
    size_t at = 1;
    while (at < text.length && text.at[at] != text.at[0])
        at += text.at[at] == '\\' ? 2 : 1;
    return MIN(at + 1, text.length);
}

/* The length of a regular expression that begins with the "/" here; 0: it divides. After a value
 * it does: a name, a number, a closing bracket, but for the words that a value follows. */
static size_t pattern_length(Str before, Str text)
{
    static const char words[] = "return typeof case in of do else";
    size_t end = before.length, begin;
    while (end && before.at[end - 1] == ' ')
        end--;
    for (begin = end;
         begin && (before.at[begin - 1] | 32) >= 'a' && (before.at[begin - 1] | 32) <= 'z';)
        begin--;
    Str rest = str(words), word, last = str_slice(before, begin, end);
    bool may_be = end == 0 || HAS_CHAR(before.at[end - 1], "(,=:[!&|?{};+-*%~^") ||
                  str_ends(str_slice(before, 0, end), S("=>"));
    while (!may_be && str_next(&rest, ' ', &word))
        may_be = str_equal(word, last);
    bool in_class = false;
    for (size_t at = 1; may_be && at < MIN(text.length, PATTERN_MAX); at++) {
        char c = text.at[at];
        if (c == '/' && !in_class)
            return at + 1;
        in_class = c == '[' || (in_class && c != ']');
        at += c == '\\';
    }
    return 0;
}

static void count_bracket(CodeLexer *lexer, char c)
{
    if (c == lexer->opens)
        lexer->depth++;
    else if (c == lexer->closes && lexer->depth > 0)
        lexer->depth--;
    lexer->deepest = MAX(lexer->deepest, lexer->depth);
}

Str code_lexer_line(CodeLexer *lexer, Arena *arena, Str line)
{
    const CodeSyntax *syntax = lexer->syntax;
    Buf out = buf_new(arena, line.length + 1);
    lexer->deepest = lexer->depth;
    for (size_t at = 0; at < line.length;) {
        Str rest = str_from(line, at);
        Str quote;
        size_t hidden = 0;
        if (lexer->in_comment || lexer->in_string.length) {
            hidden = skip_open(lexer, rest);
        } else if (syntax->block_begin[0] && str_starts(rest, str(syntax->block_begin))) {
            lexer->in_comment = true;
            hidden = strlen(syntax->block_begin);
        } else if (word_at(syntax->line_comments, rest).length) {
            hidden = rest.length;
        } else if ((quote = word_at(syntax->long_quotes, rest)).length) {
            lexer->in_string = quote;
            hidden = quote.length;
        } else if (HAS_CHAR(rest.at[0], syntax->quotes)) {
            hidden = rest.at[0] == '/' ? pattern_length(buf_str(&out), rest) : string_length(rest);
        }
        if (!hidden) {
            count_bracket(lexer, rest.at[0]);
            buf_add_char(&out, rest.at[0]);
            at++;
        }
        mask(&out, hidden);
        at += hidden;
    }
    return buf_str(&out);
}
