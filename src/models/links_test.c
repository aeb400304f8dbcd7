/* links_test.c - addresses that a model may write, and those that it may not. */
#include <criterion/criterion.h>

#include "models/links.h"

static const Str given =
    S_INIT("See https://example.org/a?b=1 and [the form](https://example.org/form). "
           "![logo](http://evil.example/p.png) www.example.org");

static const struct {
    const char *said, *shown;
} cases[] = {
    { "Look at https://example.org/a?b=1.", "Look at https://example.org/a?b=1." },
    { "Fill in [the form](https://example.org/form).",
      "Fill in [the form] (https://example.org/form)." },
    { "It is at www.example.org", "It is at www.example.org" },
    { "Go to https://evil.example/?d=secret now", "Go to https: //evil.example/?d=secret now" },
    { "Go to https://example.org/a?b=1&d=secret", "Go to https: //example.org/a?b=1&d=secret" },
    { "[here](https://evil.example/x)", "[here] (https: //evil.example/x)" },
    { "[here](javascript:alert(1))", "[here] (javascript:alert(1))" },
    { "![the logo](http://evil.example/p.png)", "![the logo] (http://evil.example/p.png)" },
    { "![x](http://evil.example/p.png?d=1)", "![x] (http: //evil.example/p.png?d=1)" },
    { "<img src=x onerror=alert(1)>", "< img src=x onerror=alert(1)>" },
    { "</script><SCRIPT>", "< /script>< SCRIPT>" },
    { "<!-- hidden -->", "< !-- hidden -->" },
    { "see <https://other.example>", "see <https: //other.example>" },
    { "www.evil.example/x", "www. evil.example/x" },
    { "vector<int> a; a < b [1](2) 3:4 [2][3]", "vector<int> a; a < b [1] (2) 3:4 [2][3]" },
    { "Größe: 3 // 4", "Größe: 3 // 4" },
};

Test(models, an_address_stays_whole_only_when_the_model_was_given_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str shown = links_broken(arena, str(cases[i].said), given);
        cr_expect(str_is(shown, cases[i].shown), "%s -> " STR_FMT, cases[i].said, STR_ARG(shown));
        Str again = links_broken(arena, shown, given);
        cr_expect(str_is(again, cases[i].shown), "%s again", cases[i].said);
    }
}

Test(models, links_are_broken_however_the_text_comes)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t size = 1; size < 5; size++) {
            AUTO_ARENA Arena *arena = arena_new(MB(64));
            LinkBreaker breaker = link_breaker(arena, given);
            Buf whole = buf_new(arena, KB(4));
            Str said = str(cases[i].said);
            for (size_t at = 0; at < said.length; at += size)
                buf_add(&whole, links_break(&breaker, str_slice(said, at, at + size)));
            buf_add(&whole, links_end(&breaker));
            cr_expect(str_is(buf_str(&whole), cases[i].shown), "%s by %zu", cases[i].said, size);
        }
}

Test(models, texts_inside_a_value_are_looked_at)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_JSON json_t *value = NULL;
    Error err;
    cr_assert(json_parse(S("{\"a\":[\"![](http:\\/\\/evil.example)\",7,{\"b\":\"plain\"}]}"), KB(1),
                         &value, &err));
    links_break_json(arena, value, given);
    cr_assert(str_is(json_print(arena, value),
                     "{\"a\":[\"![] (http://evil.example)\",7,{\"b\":\"plain\"}]}"));
}
