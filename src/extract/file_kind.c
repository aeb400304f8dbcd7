/* file_kind.c - see file_kind.h. */
#include "extract/file_kind.h"

#include "base/utf8.h"

static const struct {
    size_t at;
    Str bytes;
    const char *name;
} kinds[] = {
#define FILE_KIND(at, bytes, name) { at, S_INIT(bytes), name },
#include "extract/file_kinds.def"
#undef FILE_KIND
};

const char *file_kind(Str bytes)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_starts(str_from(bytes, kinds[i].at), kinds[i].bytes))
            return kinds[i].name;
    Str head = str_slice(bytes, 0, KB(4));
    bool has_nul = memchr(head.at, 0, head.length) != NULL;
    return !has_nul && utf8_valid_length(head) + 3 >= head.length
               ? "text of an unknown kind"
               : "a binary file of an unknown kind";
}
