#include "api/schema_notation.h"

#include <criterion/criterion.h>

static Arena *arena;

static void open_arena(void) { arena = arena_new(MB(16)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(schema_notation, .init = open_arena, .fini = close_arena);

static const char *schema_of(const char *notation, SchemaUse use, Error *err)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    if (!schema_put(&json, "s", str(notation), use, err))
        return "";
    put_end(&json);
    return buf_c(&out);
}

Test(schema_notation, says_in_a_few_words_what_json_schema_says_in_many)
{
    static const struct {
        const char *notation;
        SchemaUse use;
        const char *schema;
    } rows[] = {
        { "text", SCHEMA_OF_ANSWER, "{\"type\":\"string\"}" },
        { "text 20", SCHEMA_OF_ANSWER, "{\"type\":\"string\",\"maxLength\":20}" },
        { "int -1..5", SCHEMA_OF_ANSWER, "{\"type\":\"integer\",\"minimum\":-1,\"maximum\":5}" },
        { "time?", SCHEMA_OF_ANSWER, "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}" },
        { "any", SCHEMA_OF_ANSWER, "{}" },
        { "'a'|'b c'?", SCHEMA_OF_ANSWER, "{\"enum\":[\"a\",\"b c\",null]}" },
        { "[Document]", SCHEMA_OF_ANSWER,
          "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Document\"}}" },
        { "Document?", SCHEMA_OF_ANSWER,
          "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Document\"},{\"type\":\"null\"}]}" },
        { "text|int", SCHEMA_OF_ANSWER,
          "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"integer\"}]}" },
        { "{id, size?: int, *: [text]}", SCHEMA_OF_ANSWER,
          "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},\"size\":{\"type\":"
          "\"integer\"}},\"required\":[\"id\"],\"additionalProperties\":{\"type\":\"array\","
          "\"items\":{\"type\":\"string\"}}}" },
        { "{name, size?: int}", SCHEMA_OF_BODY,
          "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},\"size\":{\"type\":["
          "\"integer\",\"null\"]}},\"required\":[\"name\"],\"additionalProperties\":false}" },
        { "{}", SCHEMA_OF_BODY,
          "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        Error err = { 0 };
        const char *schema = schema_of(rows[i].notation, rows[i].use, &err);
        cr_expect_str_eq(schema, str_format(arena, "{\"s\":%s}", rows[i].schema).at, "%s: %s",
                         rows[i].notation, err.message);
    }
}

Test(schema_notation, refuses_what_is_no_notation)
{
    static const char *const wrong[] = { "",         "word",  "int 5",   "text x",  "[]",
                                         "{a: txt}", "{: a}", "[Thing|", "int 5..", "lower" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        Error err = { 0 };
        cr_expect_str_eq(schema_of(wrong[i], SCHEMA_OF_ANSWER, &err), "", "%s", wrong[i]);
    }
}
