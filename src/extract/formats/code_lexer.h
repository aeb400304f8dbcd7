/* code_lexer.h - the lines of source code without what is in strings and comments, so that a brace
 * or a word there misleads nobody. A rough reader of each language: what is not closed at the end
 * of its line ends there, unless the language has strings over lines. */
#pragma once

#include "base/base.h"

typedef struct CodeSyntax {
    const char *language;
    const char *line_comments; /* apart by spaces */
    const char *block_begin, *block_end;
    const char *quotes;      /* of strings within a line, one character each */
    const char *long_quotes; /* of strings over lines, apart by spaces */
} CodeSyntax;

typedef struct CodeLexer {
    const CodeSyntax *syntax;
    char opens, closes; /* the brackets of bodies: "{", unless set otherwise */
    bool in_comment;
    Str in_string; /* its closing quote; empty: in none */
    int depth;     /* of brackets after the line */
    int deepest;   /* within the line */
} CodeLexer;

CodeLexer code_lexer(const char *language);
/* The line with spaces for what is in strings and comments; counts its brackets. */
Str code_lexer_line(CodeLexer *lexer, Arena *arena, Str line);
