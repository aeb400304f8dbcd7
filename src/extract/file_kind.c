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

/* "z01", "r05", "002" */
static bool is_part_extension(Str extension)
{
    size_t digits = 0;
    while (digits < extension.length && extension.at[extension.length - 1 - digits] >= '0' &&
           extension.at[extension.length - 1 - digits] <= '9')
        digits++;
    return extension.length == 3 &&
           (digits == 3 || (digits == 2 && HAS_CHAR(extension.at[0], "zZrR")));
}

bool file_is_part(Str bytes, Str name)
{
    enum { END_SIZE = 22, COMMENT_MAX = 1024 };
    ptrdiff_t dot = str_find_last_char(name, '.');
    if (dot > 0 && is_part_extension(str_from(name, (size_t)dot + 1)))
        return true;
    /* The end of a split archive says the number of its last file (APPNOTE 4.3.16). */
    Str tail = str_from(bytes, bytes.length - MIN(bytes.length, END_SIZE + COMMENT_MAX));
    ptrdiff_t at = str_find(tail, S("PK\5\6"));
    Str end = at >= 0 ? str_from(tail, (size_t)at) : STR_NONE;
    return end.length >= END_SIZE && (end.at[4] || end.at[5]) && end.at[4] != '\xFF';
}
