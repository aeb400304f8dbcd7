/* latex_macros.c - see latex_macros.h. */
#include "extract/formats/latex_macros.h"

enum { ARGUMENTS_MAX = 9, GROUP_MAX = 32 * 1024, MACROS_MAX = 10000 };

typedef struct Macro {
    Str body, usual; /* usual: of the first argument, when it may be left out */
    int arguments;
    bool has_usual;
} Macro;

LatexMacros latex_macros_new(Arena *arena, size_t text_length)
{
    return (LatexMacros){ .arena = arena, .by_name = map_new(arena), .left = text_length + MB(1) };
}

static size_t skip_space(Str s, size_t at)
{
    while (at < s.length && HAS_CHAR(s.at[at], " \t\r\n"))
        at++;
    return at;
}

/* A group at *at, white space aside. Longer ones are no macros that people write. */
static bool read_group(Str s, size_t *at, char open, char close, Str *inside_r)
{
    size_t start = skip_space(s, *at);
    int depth = 0;
    if (start >= s.length || s.at[start] != open)
        return false;
    for (size_t i = start; i < MIN(s.length, start + GROUP_MAX); i++) {
        if (s.at[i] == '\\')
            i++;
        else if (s.at[i] == open)
            depth++;
        else if (s.at[i] == close && --depth == 0) {
            *inside_r = str_slice(s, start + 1, i);
            *at = i + 1;
            return true;
        }
    }
    return false;
}

/* "\name"; what is not made of letters is one character. */
static bool read_name(Str s, size_t *at, Str *name_r)
{
    size_t start = skip_space(s, *at), end = start + 1;
    if (end >= s.length || s.at[start] != '\\')
        return false;
    while (end < s.length && (s.at[end] | 32) >= 'a' && (s.at[end] | 32) <= 'z')
        end++;
    end += end == start + 1;
    *name_r = str_slice(s, start + 1, end);
    *at = end;
    return true;
}

bool latex_macro_define(LatexMacros *macros, Str text, size_t *at)
{
    Str name = STR_NONE, group;
    Macro macro = { 0 };
    size_t i = *at, inside = 0;
    int64_t count = 0;
    if (read_group(text, &i, '{', '}', &group) ? !read_name(group, &inside, &name)
                                               : !read_name(text, &i, &name))
        return false;
    if (read_group(text, &i, '[', ']', &group) &&
        !str_to_int(str_trim(group), 0, ARGUMENTS_MAX, &count))
        return false;
    macro.has_usual = count > 0 && read_group(text, &i, '[', ']', &macro.usual);
    while (i + 1 < text.length && text.at[i] == '#' && count < ARGUMENTS_MAX) { /* of \def */
        i += 2;
        count++;
    }
    if (!read_group(text, &i, '{', '}', &macro.body))
        return false;
    macro.arguments = (int)count;
    *at = i;
    if (macros->by_name.count < MACROS_MAX || map_find(&macros->by_name, name)) {
        Macro *kept = arena_new_one(macros->arena, Macro);
        *kept = macro;
        map_add(&macros->by_name, name, NULL)->pointer = kept;
    }
    return true;
}

/* The arguments of a call: a group each, or the next character. */
static void read_arguments(const Macro *macro, Str text, size_t *at, Str arguments[ARGUMENTS_MAX])
{
    int first = 0;
    if (macro->has_usual) {
        arguments[0] = macro->usual;
        read_group(text, at, '[', ']', &arguments[0]);
        first = 1;
    }
    for (int i = first; i < macro->arguments; i++) {
        if (read_group(text, at, '{', '}', &arguments[i]))
            continue;
        size_t start = skip_space(text, *at);
        if (!read_name(text, at, &arguments[i]))
            *at = MIN(start + 1, text.length);
        arguments[i] = str_slice(text, start, *at);
    }
}

bool latex_macro_expand(LatexMacros *macros, Arena *arena, Str name, Str text, size_t *at,
                        Str *expansion_r)
{
    const MapEntry *entry = map_find(&macros->by_name, name);
    const Macro *macro = entry ? entry->pointer : NULL;
    Str arguments[ARGUMENTS_MAX] = { 0 };
    if (!macro)
        return false;
    read_arguments(macro, text, at, arguments);
    if (!macro->arguments && str_find(macro->body, S("\\xspace")) < 0)
        *at = skip_space(text, *at); /* as TeX does after a name */
    Buf out = buf_new(arena, macros->left);
    for (size_t i = 0; i < macro->body.length; i++) {
        char next = i + 1 < macro->body.length ? macro->body.at[i + 1] : 0;
        bool is_argument = macro->body.at[i] == '#' && next >= '1' && next <= '9';
        if (is_argument)
            buf_add(&out, arguments[next - '1']);
        else
            buf_add_char(&out, macro->body.at[i]);
        i += is_argument;
    }
    macros->left -= MIN(macros->left, out.length + 1);
    *expansion_r = buf_str(&out);
    return !out.overflowed;
}
