/* expression_tokens.c - the text of an expression cut into names, numbers, texts and signs. */
#include "workflow/expression_parser.h"

#include "base/ascii.h"
#include "base/utf8.h"

bool parser_fail_at(Parser *p, size_t start, size_t end)
{
    return fail_at(p->err, utf8_utf16_units(p->source, start), utf8_utf16_units(p->source, end));
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static char char_at(const Parser *p, size_t at)
{
    return at < p->source.length ? p->source.at[at] : '\0';
}

/* What a backslash and this character stand for; 0: themselves. */
static char escaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return HAS_CHAR(c, "\\\"'") ? c : '\0';
    }
}

static bool read_text(Parser *p, size_t start)
{
    char quote = p->source.at[start], meant;
    Buf out = buf_new(p->arena, p->source.length);
    size_t at = start + 1;
    for (; at < p->source.length && p->source.at[at] != quote; at++) {
        if (p->source.at[at] == '\\' && (meant = escaped(char_at(p, at + 1))) != '\0') {
            buf_add_char(&out, meant);
            at++;
        } else {
            buf_add_char(&out, p->source.at[at]);
        }
    }
    if (at == p->source.length)
        return FAIL_AT(p, start, at, "the text that begins here has no closing %c", quote);
    p->token = (Token){ TOKEN_TEXT, buf_str(&out), start, at + 1 };
    return true;
}

static size_t number_end(const Parser *p, size_t at)
{
    while (is_digit(char_at(p, at)))
        at++;
    if (char_at(p, at) == '.' && is_digit(char_at(p, at + 1)))
        for (at++; is_digit(char_at(p, at));)
            at++;
    size_t exponent = at + 1 + HAS_CHAR(char_at(p, at + 1), "+-");
    if (HAS_CHAR(char_at(p, at), "eE") && is_digit(char_at(p, exponent)))
        for (at = exponent; is_digit(char_at(p, at));)
            at++;
    return at;
}

static size_t sign_size(Str rest)
{
    static const char *const twos[] = { "==", "!=", "<=", ">=", "??", "&&", "||" };
    for (size_t i = 0; i < COUNT(twos); i++)
        if (str_starts(rest, str(twos[i])))
            return 2;
    return HAS_CHAR(rest.at[0], "<>+-*/%?:.,()[]{}!") ? 1 : 0;
}

/* Reads the next token into p->token. */
bool parser_next(Parser *p)
{
    size_t at = p->last_end = p->token.end;
    while (HAS_CHAR(char_at(p, at), " \t\r\n"))
        at++;
    char c = char_at(p, at);
    size_t end = at;
    if (at == p->source.length) {
        p->token = (Token){ TOKEN_END, STR_NONE, at, at };
        return true;
    }
    if (HAS_CHAR(c, "\"'"))
        return read_text(p, at);
    if (is_name_start(c)) {
        while (is_name_start(char_at(p, end)) || is_digit(char_at(p, end)))
            end++;
        p->token = (Token){ TOKEN_NAME, str_slice(p->source, at, end), at, end };
        return true;
    }
    bool is_number = is_digit(c);
    end = is_number ? number_end(p, at) : at + sign_size(str_from(p->source, at));
    if (end == at)
        return FAIL_AT(p, at, at + 1, "'%c' means nothing here%s", c,
                       c == '=' ? "; equal is ==" : "");
    p->token =
        (Token){ is_number ? TOKEN_NUMBER : TOKEN_SIGN, str_slice(p->source, at, end), at, end };
    return true;
}

bool parser_sees(const Parser *p, const char *sign)
{
    return p->token.kind == TOKEN_SIGN && str_is(p->token.text, sign);
}

bool parser_sees_word(const Parser *p, const char *word)
{
    return p->token.kind == TOKEN_NAME && str_is(p->token.text, word);
}

bool parser_expect(Parser *p, const char *sign)
{
    if (parser_sees(p, sign))
        return parser_next(p);
    if (p->token.kind == TOKEN_END)
        return FAIL_AT(p, p->token.start, p->token.end, "the end, where '%s' should stand", sign);
    return FAIL_AT(p, p->token.start, p->token.end, "'" STR_FMT "', where '%s' should stand",
                   STR_ARG(str_slice(p->source, p->token.start, p->token.end)), sign);
}
