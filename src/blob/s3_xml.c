/* s3_xml.c - see s3_xml.h. */
#include "blob/s3_xml.h"

bool s3_xml_next(Str *rest, const char *element, Str *inside_r)
{
    char tag[64], end[64];
    snprintf(tag, sizeof tag, "<%s", element);
    snprintf(end, sizeof end, "</%s>", element);
    for (ptrdiff_t at; (at = str_find(*rest, str(tag))) >= 0;) {
        Str after = str_from(*rest, (size_t)at + strlen(tag));
        ptrdiff_t close = str_find_char(after, '>');
        *rest = after;
        if (close < 0)
            return false;
        if (after.at[0] != '>' && !HAS_CHAR(after.at[0], " \t\r\n/"))
            continue; /* a longer name */
        Str inside = str_from(after, (size_t)close + 1);
        bool is_empty = close > 0 && after.at[close - 1] == '/';
        ptrdiff_t length = is_empty ? 0 : str_find(inside, str(end));
        if (length < 0)
            return false;
        *inside_r = str_slice(inside, 0, (size_t)length);
        *rest = str_from(inside, (size_t)length + (is_empty ? 0 : strlen(end)));
        return true;
    }
    return false;
}

static void add_entity(Buf *out, Str name)
{
    static const struct {
        const char *name;
        char character;
    } known[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' } };
    int64_t number;
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_is(name, known[i].name))
            buf_add_char(out, known[i].character);
    if (str_starts(name, S("#")) && str_to_int(str_from(name, 1), 1, 127, &number))
        buf_add_char(out, (char)number);
    if (str_is(name, "#x22") || str_is(name, "#x27"))
        buf_add_char(out, name.at[3] == '2' ? '"' : '\'');
}

Str s3_xml_text(Arena *arena, Str xml, const char *element)
{
    Str inside;
    if (!s3_xml_next(&xml, element, &inside))
        return S("");
    Buf out = buf_new(arena, inside.length + 1);
    while (inside.length) {
        ptrdiff_t at = str_find_char(inside, '&');
        ptrdiff_t end = at < 0 ? -1 : str_find_char(str_from(inside, (size_t)at), ';');
        buf_add(&out, end < 0 ? inside : str_slice(inside, 0, (size_t)at));
        if (end < 0)
            break;
        add_entity(&out, str_slice(inside, (size_t)at + 1, (size_t)(at + end)));
        inside = str_from(inside, (size_t)(at + end) + 1);
    }
    return buf_str(&out);
}
