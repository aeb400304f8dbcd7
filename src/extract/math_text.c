/* math_text.c - see math_text.h. */
#include "extract/math_text.h"

static bool is_simple(Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (!((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
            c < 0x80)
            return false;
    }
    return true;
}

void math_bracket(Buf *out, size_t start)
{
    if (is_simple(str_from(buf_str(out), start)))
        return;
    buf_add(out, S("()"));
    if (out->overflowed)
        return;
    memmove(out->at + start + 1, out->at + start, out->length - 2 - start);
    out->at[start] = '(';
}
