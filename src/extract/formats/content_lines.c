/* content_lines.c - see content_lines.h. */
#include "extract/formats/content_lines.h"

#include "extract/charset/encoding.h"
#include "extract/formats/mime.h"

enum { VALUE_MAX = MB(16) };

static bool has_word(Str parameters, Str word)
{
    Str rest = parameters, piece;
    while (str_next(&rest, ';', &piece)) {
        ptrdiff_t equals = str_find_char(piece, '=');
        if (str_equal_ignore_case(str_from(piece, (size_t)(equals + 1)), word))
            return true;
    }
    return false;
}

/* Where the name and its parameters end: the first colon outside quotes. */
static ptrdiff_t find_colon(Str line)
{
    bool in_quotes = false;
    for (size_t i = 0; i < line.length; i++) {
        if (line.at[i] == '"')
            in_quotes = !in_quotes;
        if (line.at[i] == ':' && !in_quotes)
            return (ptrdiff_t)i;
    }
    return str_find_char(line, ':');
}

/* Lines that begin with white space go on, and in quoted-printable those after a "=" at the end. */
static void add_folded(ContentReader *in, bool is_quoted, Buf *value)
{
    Str before = in->rest, line;
    while (text_next_line(&in->rest, &line)) {
        bool is_soft = is_quoted && value->length && value->at[value->length - 1] == '=';
        bool is_folded = line.length && HAS_CHAR(line.at[0], " \t");
        if (!is_soft && !is_folded) {
            in->rest = before;
            return;
        }
        if (is_soft)
            value->length--;
        buf_add(value, str_from(line, is_folded && !is_soft));
        before = in->rest;
        in->line++;
    }
}

static Str decoded(Arena *arena, const ContentLine *line, Str value)
{
    Str charset = content_parameter(line, "CHARSET");
    if (has_word(line->parameters, S("QUOTED-PRINTABLE"))) {
        value = mime_decode(arena, value, S("quoted-printable"));
        value = text_decode(arena, value, charset.length ? charset : S("utf-8"), NULL);
    }
    return value;
}

bool content_next(Arena *arena, ContentReader *in, ContentLine *line_r)
{
    Str first;
    while (text_next_line(&in->rest, &first)) {
        ContentLine line = { .line_first = ++in->line };
        ptrdiff_t colon = find_colon(first);
        if (colon <= 0)
            continue;
        Str head = str_trim(str_slice(first, 0, (size_t)colon));
        ptrdiff_t semicolon = str_find_char(head, ';');
        line.name = semicolon < 0 ? head : str_slice(head, 0, (size_t)semicolon);
        line.parameters = semicolon < 0 ? STR_NONE : str_from(head, (size_t)semicolon);
        ptrdiff_t dot = str_find_char(line.name, '.');
        line.name = str_from(line.name, (size_t)(dot + 1));
        Buf value = buf_new(arena, VALUE_MAX);
        buf_add(&value, str_from(first, (size_t)colon + 1));
        add_folded(in, has_word(line.parameters, S("QUOTED-PRINTABLE")), &value);
        line.line_last = in->line;
        line.value = decoded(arena, &line, buf_str(&value));
        *line_r = line;
        return true;
    }
    return false;
}

bool content_is(const ContentLine *line, const char *name)
{
    return str_equal_ignore_case(line->name, str(name));
}

static Str unquoted(Str value)
{
    bool is_quoted = value.length > 1 && value.at[0] == '"' && value.at[value.length - 1] == '"';
    return is_quoted ? str_slice(value, 1, value.length - 1) : value;
}

Str content_parameter(const ContentLine *line, const char *name)
{
    Str rest = line->parameters, piece;
    while (str_next(&rest, ';', &piece)) {
        ptrdiff_t equals = str_find_char(piece, '=');
        if (equals > 0 && str_equal_ignore_case(str_slice(piece, 0, (size_t)equals), str(name)))
            return unquoted(str_trim(str_from(piece, (size_t)equals + 1)));
    }
    return STR_NONE;
}

Str content_types(Arena *arena, const ContentLine *line)
{
    static const char *const skipped[] = { "pref",   "internet",         "voice", "base64", "b",
                                           "x-user", "quoted-printable", "8bit",  "utf-8" };
    Buf out = buf_new(arena, KB(1));
    Str rest = line->parameters, piece, word;
    while (str_next(&rest, ';', &piece)) {
        ptrdiff_t equals = str_find_char(piece, '=');
        if (equals > 0 && !str_equal_ignore_case(str_slice(piece, 0, (size_t)equals), S("TYPE")))
            continue;
        Str words = unquoted(str_from(piece, (size_t)(equals + 1)));
        while (str_next(&words, ',', &word)) {
            bool is_shown = word.length > 0;
            for (size_t i = 0; i < COUNT(skipped); i++)
                is_shown &= !str_equal_ignore_case(word, str(skipped[i]));
            if (is_shown && out.length)
                buf_add(&out, S(", "));
            if (is_shown)
                buf_add(&out, str_lower(arena, word));
        }
    }
    return buf_str(&out);
}

Str content_text(Arena *arena, Str value)
{
    if (str_find_char(value, '\\') < 0)
        return value;
    Buf out = buf_new(arena, VALUE_MAX);
    for (size_t i = 0; i < value.length; i++) {
        char next = i + 1 < value.length ? value.at[i + 1] : '\0';
        if (value.at[i] != '\\' || !HAS_CHAR(next, "nN,;:\\")) {
            buf_add_char(&out, value.at[i]);
            continue;
        }
        buf_add_char(&out, next == 'n' || next == 'N' ? '\n' : next);
        i++;
    }
    return buf_str(&out);
}

Str content_parts(Arena *arena, Str value, Str separator)
{
    Buf out = buf_new(arena, VALUE_MAX);
    for (size_t i = 0, start = 0; i <= value.length; i++) {
        if (i < value.length && value.at[i] == '\\') {
            i++;
            continue;
        }
        if (i < value.length && value.at[i] != ';')
            continue;
        Str part = str_trim(content_text(arena, str_slice(value, start, i)));
        if (out.length && part.length)
            buf_add(&out, separator);
        buf_add(&out, part);
        start = i + 1;
    }
    return buf_str(&out);
}

static bool are_digits(Str text, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        if (i >= text.length || text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

Str content_time(Arena *arena, Str value)
{
    value = str_trim(value);
    if (!are_digits(value, 0, 8) || (value.length != 8 && value.at[8] != 'T'))
        return value;
    Buf out = buf_new(arena, 64);
    buf_addf(&out, "%.4s-%.2s-%.2s", value.at, value.at + 4, value.at + 6);
    if (value.length >= 15 && are_digits(value, 9, 15)) {
        buf_addf(&out, "T%.2s:%.2s:%.2s", value.at + 9, value.at + 11, value.at + 13);
        buf_add(&out, str_slice(value, 15, 21));
    }
    return buf_str(&out);
}
