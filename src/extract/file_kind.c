/* file_kind.c - see file_kind.h. */
#include "extract/file_kind.h"

#include "base/utf8.h"

static const struct {
    size_t at;
    Str bytes;
    const char *name;
    bool is_refused;
} kinds[] = {
#define FILE_KIND(at, bytes, name) { at, S_INIT(bytes), name, false },
#define REFUSED_KIND(at, bytes, name) { at, S_INIT(bytes), name, true },
#include "extract/file_kinds.def"
#undef FILE_KIND
#undef REFUSED_KIND
};

/* -1: none of them. */
static int find_kind(Str bytes)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_starts(str_from(bytes, kinds[i].at), kinds[i].bytes))
            return (int)i;
    return -1;
}

static bool is_text(Str bytes)
{
    Str head = str_slice(bytes, 0, KB(4));
    bool has_nul = head.length && memchr(head.at, 0, head.length) != NULL;
    return !has_nul && utf8_valid_length(head) + 3 >= head.length;
}

const char *file_kind(Str bytes)
{
    int kind = find_kind(bytes);
    if (kind >= 0)
        return kinds[kind].name;
    return is_text(bytes) ? "text of an unknown kind" : "a binary file of an unknown kind";
}

bool file_kind_is_known(Str bytes)
{
    return find_kind(bytes) >= 0 && (!is_text(bytes) || str_starts(bytes, S("{\\rtf")));
}

bool file_kind_is_refused(Str bytes)
{
    int kind = find_kind(bytes);
    return kind >= 0 && kinds[kind].is_refused && !is_text(bytes);
}
