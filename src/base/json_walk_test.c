#include <criterion/criterion.h>

#include "base/json.h"
#include "base/json_walk.h"

static const char *const valid[] = {
    "{}",
    "[]",
    " [ ] ",
    "{\"a\":1}",
    "{\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":\"x\"}",
    "[1,-2,3.5,1e9,-1.5E-3,0]",
    "\"x\\u00e9\\n\"",
    "true",
    "null",
    "[[[[]]]]",
    "{\"\":\"\"}",
    "\t{ \"a\" : [ true , false ] }\n",
};
static const char *const broken[] = {
    "",           " ",          "{",         "}",         "[1,]",          "[,1]",  "{\"a\"}",
    "{\"a\":}",   "{\"a\":1,}", "{a:1}",     "[1 2]",     "[01]",          "[1.]",  "[.5]",
    "[1e]",       "[-]",        "\"a",       "\"\\x\"",   "\"\\u12g4\"",   "[tru]", "[nulll]",
    "{\"a\":1}x", "[1]]",       "{\"a\":1]", "[\"a\":1]", "\"tab\there\"", "+1",    "'a'",
};

Test(base, json_is_walked_as_jansson_reads_it)
{
    for (size_t i = 0; i < COUNT(valid); i++)
        cr_assert(json_walk_is_valid(str(valid[i])), "%s", valid[i]);
    for (size_t i = 0; i < COUNT(broken); i++) {
        AUTO_JSON json_t *tree = json_loads(broken[i], JSON_DECODE_ANY, NULL);
        cr_assert(!tree, "the table is wrong: %s", broken[i]);
        cr_assert(!json_walk_is_valid(str(broken[i])), "%s", broken[i]);
    }
}

Test(base, every_cut_of_valid_json_is_refused)
{
    Str whole = S("{\"a\":{\"b\":[1,2,{\"c\":null}]},\"d\":\"x\\\"y\",\"e\":true}");
    cr_assert(json_walk_is_valid(whole));
    for (size_t i = 0; i < whole.length; i++)
        cr_assert(!json_walk_is_valid(str_slice(whole, 0, i)), "%zu", i);
}

Test(base, members_are_handed_out_as_written)
{
    JsonWalk walk = json_walk_begin(S(" { \"a\" : [1, 2] ,\"b\":{\"c\":3}, \"d\":\"e\" } "));
    static const char *const want[][2] = { { "a", "[1, 2]" },
                                           { "b", "{\"c\":3}" },
                                           { "d", "\"e\"" } };
    Str name, value;
    for (size_t i = 0; i < COUNT(want); i++) {
        cr_assert(json_walk_next(&walk, &name, &value));
        cr_assert(str_is(name, want[i][0]) && str_is(value, want[i][1]));
    }
    cr_assert(!json_walk_next(&walk, &name, &value) && !walk.failed);
    cr_assert(str_is(json_walk_member(S("{\"x\":{\"y\":7}}"), "x"), "{\"y\":7}"));
    cr_assert_eq(json_walk_member(S("[1]"), "x").length, 0);
}

Test(base, depth_has_a_limit)
{
    char text[400];
    for (size_t depth = 1; depth < 200; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        cr_assert_eq(json_walk_is_valid((Str){ text, depth * 2 }), depth <= JSON_WALK_DEPTH_MAX,
                     "%zu", depth);
    }
}

Test(base, what_follows_the_end_is_a_failure)
{
    JsonWalk walk = json_walk_begin(S("{\"a\":1} {\"a\":2}"));
    Str name, value;
    while (json_walk_next(&walk, &name, &value))
        ;
    cr_assert(walk.failed);
}

Test(base, texts_lose_their_quotes_and_escapes)
{
    static const char *const texts[][2] = {
        { "\"\"", "" },
        { "\"plain\"", "plain" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u20ac\\ud83d\\udc26\"", "\xE2\x82\xAC\xF0\x9F\x90\xA6" },
    };
    static const char *const refused[] = { "1",        "\"\\ud83d\"", "\"\\udc26\"",
                                           "\"\xC3\"", "\"a\"b\"",    "" };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str text;
    for (size_t i = 0; i < COUNT(texts); i++) {
        cr_assert(json_unquote(arena, str(texts[i][0]), &text), "%s", texts[i][0]);
        cr_assert(str_is(text, texts[i][1]), "%s", texts[i][0]);
    }
    for (size_t i = 0; i < COUNT(refused); i++)
        cr_assert(!json_unquote(arena, str(refused[i]), &text), "%s", refused[i]);
}
