/* words.c - what documents call things: the rows of words.def and roles.def, and names made
 * comparable. */
#include "base/utf8.h"
#include "fields/fields_int.h"

const ThingRow thing_rows[THING_COUNT] = {
#define WORD(thing, kind, falls, phrases) { KIND_##kind, FALLS_##falls, phrases },
#include "fields/words.def"
#undef WORD
};

const RoleRow role_rows[ROLE_COUNT] = {
#define ROLE(role, at, phrases) { at, phrases },
#include "fields/roles.def"
#undef ROLE
};

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

Str fields_fold_name(Arena *arena, Str name)
{
    Buf spaced = buf_new(arena, name.length * 2 + 1), out = buf_new(arena, name.length * 8 + 8);
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        if (i && is_upper(c) && is_lower(name.at[i - 1]))
            buf_add_char(&spaced, ' ');
        bool is_mark = (unsigned char)c < 0x80 && !HAS_CHAR(c, "#") && !(c >= '0' && c <= '9') &&
                       !is_lower(c) && !is_upper(c);
        buf_add_char(&spaced, is_mark ? ' ' : c);
    }
    Str rest = utf8_fold(arena, buf_str(&spaced)), word;
    while (str_next(&rest, ' ', &word)) {
        if (!word.length)
            continue;
        if (out.length)
            buf_add_char(&out, ' ');
        buf_add(&out, word);
    }
    return buf_str(&out);
}

static bool is_one_of(const char *phrases, Str folded)
{
    Str list = str(phrases), phrase;
    while (str_next(&list, '|', &phrase))
        if (str_equal(phrase, folded))
            return true;
    return false;
}

Thing thing_called(Str folded, bool is_last)
{
    Thing found = THING_COUNT;
    for (Thing thing = 0; folded.length && thing < THING_COUNT; thing++)
        if (is_one_of(thing_rows[thing].phrases, folded)) {
            found = thing;
            if (!is_last)
                break;
        }
    return found;
}

RoleName role_called(Str folded)
{
    RoleName role = 0;
    while (role < ROLE_COUNT && !(folded.length && is_one_of(role_rows[role].phrases, folded)))
        role++;
    return role;
}
