/* roff_text.c - see roff_text.h. */
#include "extract/roff_text.h"

#include "base/utf8.h"

static const struct {
    const char *name, *text;
} characters[] = {
#define ROFF_CHARACTER(name, text) { name, text },
#include "extract/roff_characters.def"
#undef ROFF_CHARACTER
};

/* The name after an escape's letter: one character, "(ab" or "[abc]"; *at moves past it. */
static Str take_name(Str text, size_t *at)
{
    char c = *at < text.length ? text.at[*at] : 0;
    if (c == '(') {
        Str name = str_slice(text, *at + 1, *at + 3);
        *at = MIN(*at + 3, text.length);
        return name;
    }
    if (c == '[') {
        ptrdiff_t end = str_find_char(str_slice(text, *at, *at + 200), ']');
        if (end > 0) {
            Str name = str_slice(text, *at + 1, *at + (size_t)end);
            *at += (size_t)end + 1;
            return name;
        }
    }
    size_t size = 1;
    if (*at < text.length)
        utf8_decode(text, *at, &size);
    Str name = str_slice(text, *at, *at + size);
    *at += name.length;
    return name;
}

/* 'text' between two of any character. */
static void skip_delimited(Str text, size_t *at)
{
    if (*at >= text.length)
        return;
    char mark = text.at[(*at)++];
    ptrdiff_t end = str_find_char(str_slice(text, *at, *at + 200), mark);
    if (end >= 0)
        *at += (size_t)end + 1;
}

static void skip_size(Str text, size_t *at)
{
    if (*at < text.length && HAS_CHAR(text.at[*at], "+-"))
        (*at)++;
    if (*at < text.length && HAS_CHAR(text.at[*at], "(["))
        take_name(text, at);
    else
        for (int i = 0; i < 2 && *at < text.length && text.at[*at] >= '0' && text.at[*at] <= '9';
             i++)
            (*at)++;
}

static void add_character(Buf *out, Str name)
{
    uint32_t code = 0;
    for (size_t i = 0; i < COUNT(characters); i++)
        if (str_is(name, characters[i].name)) {
            buf_add(out, str(characters[i].text));
            return;
        }
    if (name.length < 5 || name.length > 7 || name.at[0] != 'u')
        return;
    for (size_t i = 1; i < name.length; i++) {
        char c = name.at[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0)
            return;
        code = code << 4 | (uint32_t)digit;
    }
    if (code >= ' ' && code < 0x110000)
        buf_add_utf8(out, code);
}

static void add_string(Buf *out, const Map *strings, Str name)
{
    MapEntry *entry = strings ? map_find(strings, name) : NULL;
    if (entry)
        buf_add(out, *(const Str *)entry->pointer);
    else if (!str_is(name, "S"))
        add_character(out, name);
}

/* What the letter after the backslash begins. */
#define TAKES_NAME "fFmMngkVY"
#define TAKES_DELIMITED "hvwlLDHSXZAbNoxRC"
#define SHOWS_NOTHING "&)|^/,:%cduprz{}!?a"

static char escaped_char(char c)
{
    if (HAS_CHAR(c, "eE\\"))
        return '\\';
    if (HAS_CHAR(c, "~0 "))
        return ' ';
    return c == 't' ? '\t' : c;
}

/* The escape at text.at[at], which is a backslash; where it ends. */
static size_t add_escape(Buf *out, const Map *strings, Str text, size_t at)
{
    char c = at + 1 < text.length ? text.at[at + 1] : 0;
    at = MIN(at + 2, text.length);
    if (!c || HAS_CHAR(c, SHOWS_NOTHING))
        return at;
    if (HAS_CHAR(c, "\"#"))
        return text.length; /* a comment */
    if (HAS_CHAR(c, TAKES_DELIMITED)) {
        skip_delimited(text, &at);
    } else if (HAS_CHAR(c, TAKES_NAME)) {
        if (c == 'n' && at < text.length && HAS_CHAR(text.at[at], "+-"))
            at++;
        take_name(text, &at);
    } else if (HAS_CHAR(c, "([")) {
        at--;
        add_character(out, take_name(text, &at));
    } else if (c == 's') {
        skip_size(text, &at);
    } else if (c == '*') {
        add_string(out, strings, take_name(text, &at));
    } else {
        buf_add_char(out, escaped_char(c));
    }
    return at;
}

void roff_add(Buf *out, const Map *strings, Str text)
{
    size_t at = 0;
    while (at < text.length) {
        if (text.at[at] == '\\') {
            at = add_escape(out, strings, text, at);
            continue;
        }
        size_t begin = at;
        while (at < text.length && text.at[at] != '\\')
            at++;
        buf_add(out, str_slice(text, begin, at));
    }
}

bool roff_argument(Str *rest, Arena *arena, Str *argument_r)
{
    size_t at = 0;
    while (at < rest->length && HAS_CHAR(rest->at[at], " \t"))
        at++;
    *rest = str_from(*rest, at);
    if (!rest->length || str_starts(*rest, S("\\\"")))
        return false;
    bool is_quoted = rest->at[0] == '"';
    Buf out = buf_new(arena, rest->length + 1);
    for (at = is_quoted; at < rest->length; at++) {
        char c = rest->at[at], next = at + 1 < rest->length ? rest->at[at + 1] : 0;
        if (is_quoted ? c == '"' && next != '"' : HAS_CHAR(c, " \t"))
            break;
        if (is_quoted && c == '"')
            at++;
        buf_add_char(&out, c);
        if (c == '\\' && next) { /* what is escaped ends no argument */
            buf_add_char(&out, next);
            at++;
        }
    }
    *rest = str_from(*rest, MIN(at + (is_quoted && at < rest->length), rest->length));
    *argument_r = buf_str(&out);
    return true;
}
