/* json_mend_test.c - what models write where JSON is wanted, and what it means. */
#include "base/json_mend.h"

#include <criterion/criterion.h>

Test(json_mend, the_value_in_a_reply_is_found_and_mended)
{
    static const struct {
        const char *reply, *value;
        bool is_cut;
    } cases[] = {
        { "{\"a\": 1}", "{\"a\":1}", false },
        { "\"only a text\"", "\"only a text\"", false },
        { "Sure! Here it is:\n```json\n{\"a\": 1}\n```\nAnything else?", "{\"a\":1}", false },
        { "The set {1} is {\"a\": [1, 2]}, as [asked].", "{\"a\":[1,2]}", false },
        { "{'a': 'it\\'s', b: True, \"c\": None,}", "{\"a\":\"it's\",\"b\":true,\"c\":null}",
          false },
        { "{\"a\": \"it's\"}", "{\"a\":\"it's\"}", false },
        { "{\"a\": 'the \"best\" one'}", "{\"a\":\"the \\\"best\\\" one\"}", false },
        { "{\"a\": \"the \"best\" one\", \"b\": 1}", "{\"a\":\"the \\\"best\\\" one\",\"b\":1}",
          false },
        { "{\xe2\x80\x9c"
          "a\xe2\x80\x9d: \xe2\x80\x9c"
          "b\xe2\x80\x9d}",
          "{\"a\":\"b\"}", false },
        { "[1 2, 3,, 4]", "[1,2,3,4]", false },
        { "{\"a\": 1 // the first\n /* and */ \"b\": 2}", "{\"a\":1,\"b\":2}", false },
        { "{\"a\": \"two\nlines\"}", "{\"a\":\"two\\nlines\"}", false },
        { "{\"a\": \"\\u00e4\\ud83d\\ude00\\ud800\"}",
          "{\"a\":\"\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbd\"}", false },
        { "{\"a\": \"\\alpha\"}", "{\"a\":\"\\\\alpha\"}", false },
        { "{\"a\": +1, \"b\": 1_000, \"c\": 2.50}", "{\"a\":1,\"b\":1000,\"c\":2.5}", false },
        { "{\"q\": [{\"a\": 1}, {\"a\": 2", "{\"q\":[{\"a\":1},{\"a\":2}]}", true },
        { "{\"a\": \"cut in the mid", "{\"a\":\"cut in the mid\"}", true },
        { "{\"a\": 1, \"b", "{\"a\":1}", true },
        { "{\"a\": 1, \"b\": tr", "{\"a\":1}", true },
        { "<think>[maybe {\"a\": 9}]</think>{\"a\": 1, \"b\": 2222222222}",
          "{\"a\":1,\"b\":2222222222}", false },
        { "[not a list] but {\"a\":", "", false },
        { "I cannot do that.", "", false },
        { "", "", false },
        { "{", "", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        JsonMended mended = { 0 };
        Error err = { 0 };
        bool found = json_mend(str(cases[i].reply), KB(64), &mended, &err);
        cr_assert_eq(found, cases[i].value[0] != '\0', "%s", cases[i].reply);
        if (!found)
            continue;
        Str value = json_print(arena, mended.json);
        cr_assert(str_is(value, cases[i].value), "%s: " STR_FMT, cases[i].reply, STR_ARG(value));
        cr_assert_eq(mended.is_cut, cases[i].is_cut, "%s", cases[i].reply);
        json_decref(mended.json);
    }
}

Test(json_mend, deep_and_endless_openings_are_no_value)
{
    char deep[4096];
    JsonMended mended = { 0 };
    Error err = { 0 };
    memset(deep, '[', sizeof deep);
    cr_assert_not(json_mend((Str){ deep, sizeof deep }, KB(64), &mended, &err));
    memset(deep, '{', sizeof deep);
    cr_assert_not(json_mend((Str){ deep, sizeof deep }, KB(64), &mended, &err));
}
