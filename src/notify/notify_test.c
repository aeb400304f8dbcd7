/* notify_test.c - what notices say, and how calls of webhooks are signed. */
#include "notify/notify.h"

#include <criterion/criterion.h>

Test(notify, a_text_is_filled_with_its_fields)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    NoticeField fields[] = { { "name", S("{value}") }, { "value", S("80") } };
    static const struct {
        const char *text, *filled;
    } cases[] = {
        { "{name} has {value} %", "{value} has 80 %" },
        { "{none}.", "." },
        { "plain", "plain" },
        { "}{value}", "}{value}" },
        { "{", "{" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(str_is(notice_fill(arena, cases[i].text, fields, 2), cases[i].filled), "%s",
                  cases[i].text);
}

Test(notify, every_kind_is_found_by_its_name)
{
    NoticeKind kind;
    for (NoticeKind i = 0; i < NOTICE_KIND_COUNT; i++)
        cr_expect(notice_named(str(notice_name(i)), &kind) && kind == i);
    cr_expect(!notice_named(S("none"), &kind));
}

/* As a receiver would compute it: echo -n '1700000000.{}' | openssl dgst -sha256 -hmac secret */
Test(notify, a_signature_is_that_of_time_and_body)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    cr_assert(str_is(webhook_signature(arena, S("secret"), 1700000000, S("{}")),
                     "v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163"));
}
