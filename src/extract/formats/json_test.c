/* json_test.c - JSON: lines of values, tables, JSON lines, damage. */
#include "extract/formats/dump.h"

extern const Extractor extractor_json;

Test(extract, json_becomes_lines_and_tables)
{
    static const DumpCase cases[] = {
        { "nested values", "{\"a\":1,\"b\":{\"c\":\"x y\",\"d\":null}}",
          "p a: 1\\nb.c: x y\\nb.d: null\n" },
        { "list of values", "{\"a\":[1,\"b\",true]}", "p a: 1, b, true\n" },
        { "flat objects are a table", "[{\"a\":1,\"b\":\"x\"},{\"b\":\"y\",\"c\":2}]",
          "rowh a | b | c\nrow 1 | x | \nrow  | y | 2\n" },
        { "nested objects are not", "[{\"a\":{\"b\":1}},{\"a\":{\"b\":2}}]",
          "p [0].a.b: 1\np [1].a.b: 2\n" },
        { "JSON lines", "{\"a\":1,\"b\":2}\n{\"a\":3,\"b\":4}\n",
          "rowh a | b\nrow 1 | 2\nrow 3 | 4\n" },
        { "escapes", "[\"\\u00e9\\ud83d\\ude00\\n\\\"\"]", "p \u00e9\U0001F600\\n\"\n" },
        { "comments and commas", "// c\n{\"a\": 1, /* d */ \"b\": [2,],}", "p a: 1\\nb: 2\n" },
        { "JSON5", "{a: 'it\\'s \\\nlong', $b: +.5, 'c': [0xFF, NaN,], \u00fc: \"\\x41\",}",
          "p a: it's long\\n$b: +.5\\nc: 0xFF, NaN\\n\u00fc: A\n" },
        { "JSON5 tables", "[{a: 1, b: 'x'}, {a: 2, b: 'y'}]",
          "rowh a | b\nrow 1 | x\nrow 2 | y\n" },
        { "damage is text", "{\"a\": 1,\n\"b\": oops!\n}",
          "p a: 1\\nb: oops\ncode(json) \"b\": oops!\\n}\n~ line 2 is not valid JSON; the rest was "
          "read as text\n" },
        { "a bad line of JSON lines", "{\"a\":[1]}\n{bad\n{\"a\":[2]}\n",
          "p a: 1\ncode(json) {bad\np [2].a: 2\n~ line 2 is not valid JSON; it was read as "
          "text\n" },
        { "cut short", "{\"a\": \"b",
          "code(json) {\"a\": \"b\n~ line 1 is not valid JSON; the rest was read as text\n" },
    };
    DUMP_CASES(extractor_json, cases);
}

Test(extract, json_blocks_know_their_lines_and_path)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err = { 0 };
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("t"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes =
                                 S("{\"x\":\n{\"y\": [{\"a\":1,\"b\":2},\n{\"a\":3,\"b\":4}]}}") };
    cr_assert(extractor_json.extract(&source, doc, &err));
    doc_writer_free(doc);
    cr_assert_eq(node->blocks.count, 3);
    cr_expect(str_is(node->blocks.at[2].place.anchor, "$.x.y[1]"));
    cr_expect_eq(node->blocks.at[2].place.line_first, 3);
}

Test(extract, json_deep_nesting_is_bounded)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    static const char *const pieces[] = { "[", "{\"a\":", "[{\"a\":", "\"", "[\"", "/*", "[1," };
    for (size_t i = 0; i < COUNT(pieces); i++) {
        Buf input = buf_new(arena, MB(1));
        while (input.length < MB(1) - 16)
            buf_add(&input, str(pieces[i]));
        dump(arena, &extractor_json, buf_str(&input), (DumpOptions){ 0 });
    }
}
