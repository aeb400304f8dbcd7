/* notify_test.c - what notices say. */
#include "notify/notify.h"

#include <criterion/criterion.h>

Test(notify, a_text_is_filled_with_its_fields)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    NoticeField fields[] = { { "name", S("{value}") },
                             { "value", S("80") },
                             { "count", S("1") },
                             { "lines", S("a\r\nBcc: b@example.org\t\x7F") } };
    static const struct {
        const char *text, *filled;
    } cases[] = {
        { "{name} has {value} %", "{value} has 80 %" },
        { "{none}.", "." },
        { "{count} {count|page is|pages are} new.", "1 page is new." },
        { "{value} {value|page is|pages are} new.", "80 pages are new." },
        { "New in {lines}.", "New in a  Bcc: b@example.org  ." },
        { "plain", "plain" },
        { "}{value}", "}{value}" },
        { "{", "{" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(str_is(notice_fill(arena, cases[i].text, fields, COUNT(fields)), cases[i].filled),
                  "%s", cases[i].text);
}

Test(notify, every_kind_is_found_by_its_name)
{
    NoticeKind kind;
    for (NoticeKind i = 0; i < NOTICE_KIND_COUNT; i++)
        cr_expect(notice_named(str(notice_name(i)), &kind) && kind == i);
    cr_expect(!notice_named(S("none"), &kind));
}
