/* date_check.h - for tests: what a sentence says of dates, compared with what it should. */
#pragma once

#include "text/date.h"

#include <criterion/criterion.h>

typedef struct DateCase {
    const char *text, *expected; /* values with spaces between them */
} DateCase;

static inline void date_check(const DateCase *c, const char *now, const DateReference *with)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Error err = { 0 };
    DateReference reference = *with;
    cr_assert(date_read_civil(str(now), &reference.now, &err));
    DateFound *found;
    size_t count = date_find(arena, str(c->text), &reference, &found);
    Buf out = buf_new(arena, KB(4));
    for (size_t i = 0; i < count; i++)
        buf_addf(&out, "%s" STR_FMT, i ? " " : "", STR_ARG(found[i].iso));
    cr_expect_str_eq(buf_c(&out), c->expected, "%s", c->text);
}

/* Every case of a table, with the members of a DateReference that are not the standard ones. */
#define DATE_CHECK_ALL(cases, now, ...)                                                            \
    for (size_t i = 0; i < COUNT(cases); i++)                                                      \
    date_check(&(cases)[i], now, &(DateReference){ __VA_ARGS__ })
