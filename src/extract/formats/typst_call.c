/* typst_call.c - see typst_call.h. */
#include "extract/formats/typst_call.h"

enum { BRACKETS_MAX = 128, COLUMNS_MAX = 64 };

bool typst_is_name(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || HAS_CHAR(c, "_-");
}

static char closing_of(char c) { return c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : 0; }

/* Where the bracket at `at` is closed, or the first `stop` outside brackets when there is one;
 * text.length when there is neither. Quotes begin a string only in code, not in content. */
static size_t find_end(Str text, size_t at, char stop)
{
    char open[BRACKETS_MAX];
    int depth = 0;
    for (size_t i = at; i < text.length; i++) {
        char c = text.at[i];
        bool in_content = depth > 0 && open[depth - 1] == ']';
        if (c == '\\') {
            i++;
        } else if (c == '"' && !in_content) {
            for (i++; i < text.length && text.at[i] != '"'; i++)
                i += text.at[i] == '\\';
        } else if (stop && depth == 0 && c == stop) {
            return i;
        } else if (closing_of(c)) {
            if (depth == BRACKETS_MAX)
                return text.length;
            open[depth++] = closing_of(c);
        } else if (depth > 0 && c == open[depth - 1]) {
            if (--depth == 0 && !stop)
                return i;
        }
    }
    return text.length;
}

bool typst_call(Str text, TypstCall *call_r)
{
    TypstCall call = { 0 };
    size_t at = 0;
    while (at < text.length && (typst_is_name(text.at[at]) || (at > 0 && text.at[at] == '.')))
        at++;
    call.name = str_slice(text, 0, at);
    if (at == 0 || at >= text.length || !HAS_CHAR(text.at[at], "(["))
        return false;
    if (text.at[at] == '(') {
        size_t end = find_end(text, at, 0);
        if (end >= text.length)
            return false;
        call.arguments = str_slice(text, at + 1, end);
        at = end + 1;
    }
    while (at < text.length && text.at[at] == '[') {
        size_t end = find_end(text, at, 0);
        if (!call.has_content)
            call.content = str_slice(text, at + 1, end);
        call.has_content = true;
        call.is_open = end >= text.length;
        at = MIN(end + 1, text.length);
    }
    call.length = at;
    *call_r = call;
    return true;
}

bool typst_argument(Str *rest, Str *name_r, Str *value_r)
{
    *rest = str_trim(*rest);
    if (!rest->length)
        return false;
    size_t end = find_end(*rest, 0, ','), at = 0;
    Str value = str_trim(str_slice(*rest, 0, end));
    *rest = str_from(*rest, MIN(end + 1, rest->length));
    while (at < value.length && typst_is_name(value.at[at]))
        at++;
    bool is_named = at > 0 && at < value.length && value.at[at] == ':';
    *name_r = is_named ? str_slice(value, 0, at) : STR_NONE;
    *value_r = is_named ? str_trim(str_from(value, at + 1)) : value;
    return true;
}

bool typst_words(Arena *arena, Str value, Str *words_r)
{
    if (value.length < 2 || !HAS_CHAR(value.at[0], "\"["))
        return false;
    Buf out = buf_new(arena, value.length);
    Str inside = str_slice(value, 1, value.length - 1);
    if (value.at[0] == '[') {
        *words_r = str_slice(value, 1, find_end(value, 0, 0));
        return true;
    }
    for (size_t i = 0; i < inside.length && inside.at[i] != '"'; i++) {
        i += inside.at[i] == '\\' && i + 1 < inside.length;
        buf_add_char(&out, inside.at[i]);
    }
    *words_r = buf_str(&out);
    return true;
}

int typst_columns(Str value)
{
    Str rest, name, one, times;
    int64_t count, factor = 1;
    if (str_to_int(value, 1, COLUMNS_MAX, &count))
        return (int)count;
    if (!value.length || value.at[0] != '(')
        return 1;
    size_t end = find_end(value, 0, 0);
    rest = str_slice(value, 1, end);
    times = str_trim(str_from(value, MIN(end + 1, value.length)));
    if (str_starts(times, S("*")) &&
        !str_to_int(str_trim(str_from(times, 1)), 1, COLUMNS_MAX, &factor))
        factor = 1;
    for (count = 0; count < COLUMNS_MAX && typst_argument(&rest, &name, &one);)
        count++;
    return (int)MAX(1, MIN(count * factor, COLUMNS_MAX));
}
