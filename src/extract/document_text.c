/* document_text.c - see document_text.h. */
#include "extract/document_text.h"

#include "base/utf8.h"

static size_t special_length(const unsigned char *at, size_t room, const char **instead_r)
{
    *instead_r = "";
    if (at[0] == '\r') {
        *instead_r = "\n";
        return room > 1 && at[1] == '\n' ? 2 : 1;
    }
    if (at[0] == '\f') {
        *instead_r = "\n";
        return 1;
    }
    if (room >= 2 && at[0] == 0xC2 && at[1] == 0xAD) /* soft hyphen */
        return 2;
    if (room >= 2 && at[0] == 0xC2 && at[1] == 0xA0) { /* no-break space */
        *instead_r = " ";
        return 2;
    }
    if (room >= 3 && at[0] == 0xE2 && at[1] == 0x80 && (at[2] == 0xA8 || at[2] == 0xA9)) {
        *instead_r = "\n"; /* line and paragraph separator */
        return 3;
    }
    if (room >= 3 && at[0] == 0xE2 && at[1] == 0x80 && at[2] == 0x8B) /* zero width space */
        return 3;
    if (room >= 3 && at[0] == 0xEF && at[1] == 0xBB && at[2] == 0xBF) /* byte order mark */
        return 3;
    return 0;
}

Str document_tidy(Arena *scratch, Str text, bool one_line)
{
    text = utf8_clean(scratch, text);
    const unsigned char *bytes = (const unsigned char *)text.at;
    const char *instead;
    size_t at = 0;
    while (at < text.length)
        if (text.length - at >= 8 && utf8_is_plain_8(bytes + at))
            at += 8;
        else if (special_length(bytes + at, text.length - at, &instead) ||
                 (one_line && bytes[at] == '\n'))
            break;
        else
            at++;
    if (at == text.length)
        return text;

    Buf out = buf_new(scratch, SIZE_MAX / 2);
    buf_add(&out, str_slice(text, 0, at));
    for (size_t size; at < text.length; at += size) {
        size = special_length(bytes + at, text.length - at, &instead);
        char c = size ? instead[0] : text.at[at];
        size = size ? size : 1;
        if (one_line && c == '\n') {
            c = ' ';
            while (at + size < text.length && HAS_CHAR(text.at[at + size], " \n\t"))
                size++;
            if (out.length && out.at[out.length - 1] == ' ')
                c = 0;
        }
        if (c)
            buf_add_char(&out, c);
    }
    return buf_str(&out);
}

Str document_trim_lines(Str text)
{
    while (text.length && HAS_CHAR(text.at[text.length - 1], " \t\n"))
        text.length--;
    for (ptrdiff_t line; (line = str_find_char(text, '\n')) >= 0;) {
        if (str_trim(str_slice(text, 0, (size_t)line)).length)
            break;
        text = str_from(text, (size_t)line + 1);
    }
    return text;
}

size_t document_split_at(Str text, size_t max)
{
    if (text.length <= max)
        return text.length;
    size_t end = utf8_floor(text, max);
    for (size_t at = end; at > max - max / 4; at--)
        if (text.at[at - 1] == '\n' || text.at[at - 1] == ' ')
            return at;
    return end ? end : max;
}
