/* notion_test.c - Notion's blocks as Markdown, its properties as texts, and Markdown as its blocks.
 */
#include <criterion/criterion.h>

#include "connect/notion_text.h"

static Str written(Arena *arena, const char *block, int depth)
{
    AUTO_JSON json_t *json = NULL;
    Error err;
    Buf out = buf_new(arena, KB(64));
    cr_assert(json_parse(str(block), KB(64), &json, &err), "%s", err.message);
    notion_block(&out, json, depth);
    return buf_str(&out);
}

#define WORDS "\"rich_text\":[{\"plain_text\":\"Hi\",\"annotations\":{}}]"

Test(connect, blocks_become_markdown)
{
    static const struct {
        const char *block, *markdown;
        int depth;
    } cases[] = {
        { "{\"type\":\"paragraph\",\"paragraph\":{" WORDS "}}", "Hi\n\n" },
        { "{\"type\":\"heading_2\",\"heading_2\":{" WORDS "}}", "## Hi\n\n" },
        { "{\"type\":\"to_do\",\"to_do\":{\"checked\":true," WORDS "}}", "    - [x] Hi\n", 1 },
        { "{\"type\":\"code\",\"code\":{\"language\":\"c\"," WORDS "}}", "```c\nHi\n```\n\n" },
        { "{\"type\":\"divider\",\"divider\":{}}", "---\n\n" },
        { "{\"type\":\"table_row\",\"table_row\":{\"cells\":[[{\"plain_text\":\"a\"}],[]]}}",
          "| a |  |\n" },
        { "{\"type\":\"column_list\",\"column_list\":{}}", "" },
        { "{\"type\":\"paragraph\",\"paragraph\":{\"rich_text\":[{\"plain_text\":\" a \","
          "\"href\":\"https://e.org\",\"annotations\":{\"bold\":true,\"code\":true}}]}}",
          " [**`a`**](https://e.org) \n\n" },
        { "{}", "" },
        { "[]", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Str got = written(arena, cases[i].block, cases[i].depth);
        cr_expect(str_is(got, cases[i].markdown), "%s: " STR_FMT, cases[i].block, STR_ARG(got));
    }
}

Test(connect, properties_are_told_as_people_read_them)
{
    static const struct {
        const char *property, *text;
    } cases[] = {
        { "{\"type\":\"number\",\"number\":12}", "12" },
        { "{\"type\":\"number\",\"number\":null}", "" },
        { "{\"type\":\"checkbox\",\"checkbox\":true}", "yes" },
        { "{\"type\":\"select\",\"select\":{\"name\":\"Open\"}}", "Open" },
        { "{\"type\":\"multi_select\",\"multi_select\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
          "a, b" },
        { "{\"type\":\"date\",\"date\":{\"start\":\"2026-01-01\",\"end\":\"2026-01-03\"}}",
          "2026-01-01/2026-01-03" },
        { "{\"type\":\"formula\",\"formula\":{\"type\":\"string\",\"string\":\"x\"}}", "x" },
        { "{\"type\":\"unique_id\",\"unique_id\":{\"prefix\":\"T\",\"number\":3}}", "T-3" },
        { "{\"type\":\"url\",\"url\":\"https://e.org\"}", "https://e.org" },
        { "{\"type\":\"rollup\"}", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        AUTO_JSON json_t *json = NULL;
        Error err;
        Buf out = buf_new(arena, KB(4));
        cr_assert(json_parse(str(cases[i].property), KB(4), &json, &err), "%s", err.message);
        notion_property(&out, json);
        cr_expect(str_is(buf_str(&out), cases[i].text), "%s", cases[i].property);
    }
}

Test(connect, markdown_becomes_blocks_of_sizes_that_are_taken)
{
    static const char *const types[] = { "heading_1",          "paragraph", "bulleted_list_item",
                                         "numbered_list_item", "code",      "quote" };
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    AUTO_JSON json_t *blocks = notion_blocks_of(
        arena,
        S("# Title\n\nOne\nparagraph.\n- item\n12. other\n```c\nint x;\n\n# no\n```\n> q\n"));
    cr_assert(json_array_size(blocks) == COUNT(types));
    for (size_t i = 0; i < COUNT(types); i++)
        cr_expect(str_is(json_member_text(json_array_get(blocks, i), "type"), types[i]));
    Buf text = buf_new(arena, MB(1));
    for (size_t i = 0; i < 3000; i++)
        buf_add(&text, S("\xC3\xA4"));
    AUTO_JSON json_t *one = notion_blocks_of(arena, buf_str(&text));
    const json_t *paragraph = json_object_get(json_array_get(one, 0), "paragraph");
    cr_expect(json_array_size(json_object_get(paragraph, "rich_text")) == 4);
}

/* With ' for ". */
static json_t *parsed(const char *text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf out = buf_new(arena, KB(4));
    json_t *json = NULL;
    Error err;
    for (const char *at = text; *at; at++)
        buf_add_char(&out, *at == '\'' ? '"' : *at);
    cr_assert(json_parse(buf_str(&out), KB(4), &json, &err), "%s", err.message);
    return json;
}

Test(connect, values_are_written_as_the_type_of_their_property_wants)
{
    static const struct {
        const char *type, *value, *made; /* NULL: refused */
    } cases[] = {
        { "number", "12", "{'number':12}" },
        { "number", "'12'", NULL },
        { "checkbox", "true", "{'checkbox':true}" },
        { "select", "'Open'", "{'select':{'name':'Open'}}" },
        { "status", "'Done'", "{'status':{'name':'Done'}}" },
        { "multi_select", "['a','b']", "{'multi_select':[{'name':'a'},{'name':'b'}]}" },
        { "multi_select", "['a',1]", NULL },
        { "multi_select", "null", "{'multi_select':[]}" },
        { "date", "'2026-01-31'", "{'date':{'start':'2026-01-31'}}" },
        { "date", "null", "{'date':null}" },
        { "url", "'https://e.org'", "{'url':'https://e.org'}" },
        { "rich_text", "'x'", "{'rich_text':[{'type':'text','text':{'content':'x'}}]}" },
        { "rich_text", "['x']", NULL },
        { "formula", "1", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *known = json_pack("{s:{s:s}}", "P", "type", cases[i].type);
        AUTO_JSON json_t *value = parsed(cases[i].value), *into = json_object();
        AUTO_JSON json_t *given = json_pack("{s:O}", "P", value);
        Error err = { 0 };
        bool good = notion_values(known, given, into, &err);
        cr_expect(good == !!cases[i].made, "%s %s: %s", cases[i].type, cases[i].value, err.message);
        AUTO_JSON json_t *made = cases[i].made ? parsed(cases[i].made) : NULL;
        cr_expect(!good || json_equal(json_object_get(into, "P"), made), "%s %s", cases[i].type,
                  cases[i].value);
    }
    AUTO_JSON json_t *given = parsed("{'Q':1}"), *into = json_object();
    Error err = { 0 };
    cr_expect(!notion_values(NULL, given, into, &err) && err.code == ERROR_INVALID);
}
