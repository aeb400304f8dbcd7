/* section_names.c - see section_names.h. */
#include "text/section_names.h"

#include "base/utf8.h"
#include "text/fold.h"

#define NAME_BYTES_MAX 80

static const struct {
    const char *name;
    SectionSort sort;
} names[] = {
#define SECTION_NAME(name, sort) { name, SECTION_##sort },
#include "text/section_names.def"
#undef SECTION_NAME
};

/* "1.", "2.3", "IV.", "A)": no words. */
static bool is_number(Str word)
{
    Str body = word;
    size_t digits = 0, roman = 0;
    while (body.length && HAS_CHAR(body.at[body.length - 1], ".)"))
        body.length--;
    for (size_t i = 0; i < body.length; i++) {
        digits += HAS_CHAR(body.at[i], "0123456789.");
        roman += HAS_CHAR(body.at[i], "IVXLCivxlc");
    }
    bool has_mark = body.length < word.length;
    return body.length &&
           (digits == body.length || (has_mark && (body.length == 1 || roman == body.length)));
}

Str section_title(Str heading)
{
    heading = str_trim(heading);
    for (;;) {
        size_t gap = 0;
        while (gap < heading.length && !HAS_CHAR(heading.at[gap], " \t\r\n"))
            gap++;
        if (gap == heading.length || !is_number(str_slice(heading, 0, gap)))
            break;
        heading = str_trim(str_from(heading, gap));
    }
    while (heading.length && HAS_CHAR(heading.at[heading.length - 1], ":. "))
        heading.length--;
    return heading;
}

SectionSort section_sort(Str heading)
{
    char folded[NAME_BYTES_MAX * 2];
    Str title = section_title(heading);
    if (title.length > NAME_BYTES_MAX)
        return SECTION_PLAIN;
    Str lower = fold_case(title, folded, sizeof folded);
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(lower, names[i].name))
            return names[i].sort;
    return SECTION_PLAIN;
}
