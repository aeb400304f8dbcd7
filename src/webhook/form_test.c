/* form_test.c - what a webhook is told, in the form that it wants. */
#include <criterion/criterion.h>

#include "webhook/webhook_int.h"

Test(webhook, hears_of_an_event_in_its_form)
{
    static const struct {
        const char *form, *body, *told;
    } cases[] = {
        { "standard", "{\"title\":\"A\"}", "{\"title\":\"A\"}" },
        { "slack", "{\"title\":\"A & <b>\",\"text\":\"Said.\"}",
          "{\"text\":\"*A &amp; &lt;b&gt;*\\nSaid.\"}" },
        { "slack", "{\"id\":1}", "{\"text\":\"*digest*\"}" },
        { "slack", "no JSON", "{\"text\":\"*digest*\"}" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        const Webhook hook = { .form = str(cases[i].form) };
        Str told = webhook_in_form(arena, &hook, S("digest"), str(cases[i].body));
        cr_expect(str_is(told, cases[i].told), "%zu: " STR_FMT, i, STR_ARG(told));
    }
}

Test(webhook, has_one_of_the_known_forms)
{
    Error err;
    cr_expect(webhook_form_check(S("slack"), &err) && webhook_form_check(S("standard"), &err));
    cr_expect(!webhook_form_check(S("pigeon"), &err) && err.code == ERROR_INVALID);
}

Test(webhook, is_told_links_that_lead_to_the_public_address)
{
    static const struct {
        const char *public_url, *body, *told;
    } cases[] = {
        { "https://h.example/l/", "{\"id\":1,\"link\":\"/tasks\",\"text\":\"A\"}",
          "{\"id\":1,\"link\":\"https://h.example/l/tasks\",\"text\":\"A\"}" },
        { "", "{\"link\": \"/tasks\"}", "{\"link\": \"/tasks\"}" },
        { "https://h.example", "{\"link\": \"https://elsewhere.example/\"}",
          "{\"link\": \"https://elsewhere.example/\"}" },
        { "https://h.example", "{\"link\": null}", "{\"link\": null}" },
        { "https://h.example", "[\"no event\"]", "[\"no event\"]" },
        { "https://h.example", "no JSON", "no JSON" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        const Webhooks webhooks = { .options.public_url = str(cases[i].public_url) };
        Str told = webhooks_body(&webhooks, arena, str(cases[i].body));
        cr_expect(str_is(told, cases[i].told), "%zu: " STR_FMT, i, STR_ARG(told));
    }
}
