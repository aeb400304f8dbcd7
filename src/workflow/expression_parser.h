/* expression_parser.h - what reads the text of an expression. Not for others. */
#pragma once

#include "workflow/expression_int.h"

typedef struct Token {
    enum { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_SIGN } kind;
    Str text; /* of a text: what it says */
    size_t start, end;
} Token;

typedef struct Parser {
    Arena *arena;
    Str source;
    Token token;     /* the next one */
    size_t last_end; /* of the one before */
    size_t node_count;
    int depth;
    Error *err;
} Parser;

/* Bytes of the source, as `start` and `end` of the error in UTF-16 units; false. */
bool parser_fail_at(Parser *p, size_t start, size_t end);
#define FAIL_AT(p, start, end, ...)                                                                \
    ((void)fail((p)->err, ERROR_INVALID, __VA_ARGS__), parser_fail_at((p), (start), (end)))

/* Reads the next token into p->token. */
MUST_CHECK bool parser_next(Parser *p);
/* Whether it is this sign, or this word. */
bool parser_sees(const Parser *p, const char *sign);
bool parser_sees_word(const Parser *p, const char *word);
/* It must be this sign, and is stepped over. */
MUST_CHECK bool parser_expect(Parser *p, const char *sign);
