/* package_of.h - for tests of formats: a ZIP package of stored members (APPNOTE 4.3). */
#pragma once

#include "base/base.h"

typedef struct Member {
    const char *name, *text;
    size_t size; /* 0: the text is a C string */
} Member;

static inline void package_number(Buf *out, uint64_t number, int width)
{
    for (int i = 0; i < width; i++)
        buf_add_char(out, (char)(i < 8 ? number >> (8 * i) : 0));
}

/* Our reader looks at no checksum, so there is none. */
static inline Str package_of(Arena *arena, const Member *members, size_t count)
{
    Buf out = buf_new(arena, MB(4)), directory = buf_new(arena, MB(1));
    for (size_t i = 0; i < count; i++) {
        const Member *member = &members[i];
        Str text = { member->text, member->size ? member->size : strlen(member->text) };
        size_t at = out.length, name_size = strlen(member->name);
        buf_add(&out, S("PK\3\4\24\0\0\0\0\0\0\0\0\0"));
        buf_add(&directory, S("PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0"));
        for (Buf *to = &out; to; to = to == &out ? &directory : NULL) {
            package_number(to, 0, 4);
            package_number(to, text.length, 4);
            package_number(to, text.length, 4);
            package_number(to, name_size, 2);
            package_number(to, 0, to == &out ? 2 : 12); /* extra fields, comment, attributes */
        }
        package_number(&directory, at, 4);
        buf_add(&out, str(member->name));
        buf_add(&directory, str(member->name));
        buf_add(&out, text);
    }
    size_t start = out.length;
    buf_add(&out, buf_str(&directory));
    buf_add(&out, S("PK\5\6\0\0\0\0"));
    package_number(&out, count, 2);
    package_number(&out, count, 2);
    package_number(&out, directory.length, 4);
    package_number(&out, start, 4);
    package_number(&out, 0, 2);
    return buf_str(&out);
}
