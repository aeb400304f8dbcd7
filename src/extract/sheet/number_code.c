/* number_code.c - see number_code.h. */
#include "extract/sheet/number_code.h"

enum { CODE_MAX = 1000 };

static void add_token(Arena *arena, NumberSection *section, NumberTokenKind kind, Str text)
{
    *vec_push(arena, &section->tokens) = (NumberToken){ kind, text };
}

/* [Red], [$EUR-407], [>=100], [h] */
static void read_bracket(Arena *arena, NumberSection *section, Str inside)
{
    if (inside.length == 0)
        return;
    char first = inside.at[0];
    if (first == '$') {
        ptrdiff_t dash = str_find_last_char(inside, '-');
        Str symbol = str_slice(inside, 1, dash < 0 ? inside.length : (size_t)dash);
        add_token(arena, section, TOKEN_LITERAL, symbol);
    } else if (HAS_CHAR(first, "<>=")) {
        size_t sign = inside.length > 1 && HAS_CHAR(inside.at[1], "=>") ? 2 : 1;
        section->has_condition = str_to_double(str_from(inside, sign), &section->limit);
        memcpy(section->condition, inside.at, sign);
        section->condition[sign] = '\0';
    } else if (HAS_CHAR(first, "hHmMsS") && (inside.length == 1 || inside.at[1] == first)) {
        add_token(arena, section, TOKEN_ELAPSED, inside);
        section->is_date = true;
    }
}

static size_t run_length(Str code, size_t at)
{
    size_t end = at;
    while (end < code.length && (code.at[end] | 0x20) == (code.at[at] | 0x20))
        end++;
    return end - at;
}

/* One token at code.at[at]; the number of bytes it takes. */
static size_t read_token(Arena *arena, NumberSection *section, Str code, size_t at)
{
    Str rest = str_from(code, at);
    char c = rest.at[0];
    size_t size = 1;
    if (c == '"') {
        ptrdiff_t end = str_find_char(str_from(rest, 1), '"');
        size = end < 0 ? rest.length : (size_t)end + 2;
        add_token(arena, section, TOKEN_LITERAL, str_slice(rest, 1, end < 0 ? size : size - 1));
    } else if (c == '[') {
        ptrdiff_t end = str_find_char(rest, ']');
        size = end < 0 ? rest.length : (size_t)end + 1;
        read_bracket(arena, section, str_slice(rest, 1, end < 0 ? size : size - 1));
    } else if (c == '\\' && rest.length > 1) {
        size = 2;
        add_token(arena, section, TOKEN_LITERAL, str_slice(rest, 1, 2));
    } else if ((c == '_' || c == '*') && rest.length > 1) {
        size = 2; /* room as wide as a character; a character that fills the cell */
    } else if (HAS_CHAR(c, "gG") && str_equal_ignore_case(str_slice(rest, 0, 7), S("General"))) {
        size = 7;
        add_token(arena, section, TOKEN_GENERAL, str_slice(rest, 0, 7));
    } else if (HAS_CHAR(c, "aA") && str_equal_ignore_case(str_slice(rest, 0, 5), S("AM/PM"))) {
        size = 5;
        add_token(arena, section, TOKEN_HALFDAY, str_slice(rest, 0, 5));
    } else if (HAS_CHAR(c, "aA") && str_equal_ignore_case(str_slice(rest, 0, 3), S("A/P"))) {
        size = 3;
        add_token(arena, section, TOKEN_HALFDAY, str_slice(rest, 0, 3));
    } else if (HAS_CHAR(c, "eE") && rest.length > 1 && HAS_CHAR(rest.at[1], "+-")) {
        size = 2;
        add_token(arena, section, TOKEN_EXPONENT, str_slice(rest, 0, 2));
    } else if (HAS_CHAR(c, "yYmMdDhHsSeEgGbB")) {
        size = run_length(code, at);
        add_token(arena, section, TOKEN_DATE, str_slice(rest, 0, size));
        section->is_date = true;
    } else {
        NumberTokenKind kind = HAS_CHAR(c, "0#?") ? TOKEN_DIGIT
                               : c == '.'         ? TOKEN_POINT
                               : c == ','         ? TOKEN_COMMA
                               : c == '%'         ? TOKEN_PERCENT
                               : c == '/'         ? TOKEN_SLASH
                               : c == '@'         ? TOKEN_TEXT
                                                  : TOKEN_LITERAL;
        add_token(arena, section, kind, str_slice(rest, 0, 1));
    }
    return size;
}

int number_sections(Arena *arena, Str code, NumberSection sections[SECTIONS_MAX])
{
    int count = 1;
    code = str_slice(code, 0, CODE_MAX);
    for (size_t at = 0; at < code.length;) {
        if (code.at[at] == ';') {
            if (count == SECTIONS_MAX)
                return count;
            count++;
            at++;
        } else {
            at += read_token(arena, &sections[count - 1], code, at);
        }
    }
    return count;
}

static bool meets(const NumberSection *section, double value)
{
    const char *sign = section->condition;
    double limit = section->limit;
    if (strcmp(sign, "<") == 0)
        return value < limit;
    if (strcmp(sign, "<=") == 0)
        return value <= limit;
    if (strcmp(sign, ">") == 0)
        return value > limit;
    if (strcmp(sign, ">=") == 0)
        return value >= limit;
    if (strcmp(sign, "<>") == 0)
        return value != limit;
    return value == limit;
}

const NumberSection *number_section(const NumberSection *sections, int count, double value,
                                    bool *is_signed_r)
{
    *is_signed_r = value < 0;
    if (sections[0].has_condition || (count > 1 && sections[1].has_condition)) {
        for (int i = 0; i < count && i < 3; i++)
            if (!sections[i].has_condition || meets(&sections[i], value))
                return &sections[i];
        return &sections[count - 1];
    }
    if (count >= 2 && value < 0) {
        *is_signed_r = false;
        return &sections[1];
    }
    if (count >= 3 && value == 0)
        return &sections[2];
    return &sections[0];
}
