/* json_schema_test.c - values and schemas, and where they are said to be wrong. */
#include <criterion/criterion.h>

#include "base/json_schema.h"

static json_t *parsed(const char *text)
{
    json_t *json = NULL;
    Error err = { 0 };
    cr_assert(json_parse(str(text), KB(64), &json, &err), "%s: %s", text, err.message);
    return json;
}

Test(json_schema, a_value_holds_or_its_first_wrong_place_is_said)
{
    static const struct {
        const char *schema, *value, *wrong; /* "": it holds */
    } cases[] = {
        { "true", "1", "" },
        { "false", "1", "the value is not allowed there" },
        { "{\"type\":\"string\"}", "\"a\"", "" },
        { "{\"type\":\"string\"}", "1", "the value must be a text" },
        { "{\"type\":\"integer\"}", "1.0", "" },
        { "{\"type\":\"integer\"}", "1.5", "the value must be a whole number" },
        { "{\"type\":[\"string\",\"null\"]}", "null", "" },
        { "{\"type\":[\"string\",\"null\"]}", "{}",
          "the value is of a type that is not allowed there" },
        { "{\"enum\":[\"a\",\"b\"]}", "\"c\"", "the value must be one of [\"a\",\"b\"]" },
        { "{\"enum\":[1]}", "1.0", "" },
        { "{\"const\":{\"a\":[]}}", "{\"a\":[]}", "" },
        { "{\"minimum\":1,\"maximum\":5}", "6", "the value must be at most 5" },
        { "{\"exclusiveMinimum\":1}", "1", "the value must be more than 1" },
        { "{\"multipleOf\":0.1}", "0.3", "" },
        { "{\"multipleOf\":2}", "3", "the value must be a multiple of 2" },
        { "{\"minimum\":3}", "\"a text\"", "" },
        { "{\"maxLength\":2}", "\"\xc3\xa4\xc3\xb6\"", "" },
        { "{\"maxLength\":2}", "\"abc\"", "the value must have at most 2 characters" },
        { "{\"pattern\":\"^a+$\"}", "\"aaa\"", "" },
        { "{\"pattern\":\"b\"}", "\"abc\"", "" },
        { "{\"pattern\":\"^\\\\d{2}$\"}", "\"a1\"", "the value does not match ^\\d{2}$" },
        { "{\"format\":\"date\"}", "\"2026-02-29\"", "the value is not a valid date" },
        { "{\"format\":\"date\"}", "\"2024-02-29\"", "" },
        { "{\"format\":\"email\"}", "\"a@b.example\"", "" },
        { "{\"format\":\"email\"}", "\"a b\"", "the value is not a valid email" },
        { "{\"format\":\"something\"}", "\"x\"", "" },
        { "{\"items\":{\"type\":\"number\"}}", "[1,\"2\"]", "[1] must be a number" },
        { "{\"prefixItems\":[{\"type\":\"string\"}],\"items\":false}", "[\"a\",1]",
          "[1] is not allowed there" },
        { "{\"minItems\":1}", "[]", "the value must have at least 1 items" },
        { "{\"contains\":{\"const\":1}}", "[2,3]",
          "the value has no item of the shape that one must have" },
        { "{\"uniqueItems\":true}", "[1,2,1.0]", "the value has an item twice: [0] and [2]" },
        { "{\"required\":[\"a\"]}", "{}", "the value must have a member \"a\"" },
        { "{\"required\":[\"a\"]}", "[]", "" },
        { "{\"properties\":{\"q\":{\"items\":{\"properties\":{\"a\":{\"type\":\"string\"}}}}}}",
          "{\"q\":[{\"a\":\"\"},{\"a\":2}]}", "q[1].a must be a text" },
        { "{\"properties\":{\"a\":true},\"additionalProperties\":false}", "{\"b\":1}",
          "the value must not have a member \"b\"" },
        { "{\"patternProperties\":{\"^x-\":{\"type\":\"number\"}},\"additionalProperties\":false}",
          "{\"x-a\":1}", "" },
        { "{\"patternProperties\":{\"^x-\":{\"type\":\"number\"}}}", "{\"x-a\":\"\"}",
          "x-a must be a number" },
        { "{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}",
          "ab must have at most 1 characters" },
        { "{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
          "the value must have a member \"b\"" },
        { "{\"allOf\":[{\"minimum\":1},{\"maximum\":2}]}", "3", "the value must be at most 2" },
        { "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
          "the value has none of the shapes that are allowed there" },
        { "{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "3",
          "the value has several of the shapes of which it must have one" },
        { "{\"not\":{\"type\":\"null\"}}", "null",
          "the value has a shape that is not allowed there" },
        { "{\"if\":{\"type\":\"string\"},\"then\":{\"minLength\":2},\"else\":{\"minimum\":5}}",
          "\"a\"", "the value must have at least 2 characters" },
        { "{\"if\":{\"type\":\"string\"},\"then\":{\"minLength\":2},\"else\":{\"minimum\":5}}", "4",
          "the value must be at least 5" },
        { "{\"$ref\":\"#/$defs/a~1b\",\"$defs\":{\"a/b\":{\"type\":\"null\"}}}", "1",
          "the value must be null" },
        { "{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"additionalProperties\":false}",
          "{\"next\":{\"next\":{\"x\":1}}}", "next.next must not have a member \"x\"" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *schema = parsed(cases[i].schema);
        AUTO_JSON json_t *value = parsed(cases[i].value);
        Error err = { 0 };
        cr_assert(json_schema_check(schema, &err), "%s: %s", cases[i].schema, err.message);
        bool holds = json_schema_holds(schema, value, &err);
        cr_assert_eq(holds, !cases[i].wrong[0], "%s of %s", cases[i].value, cases[i].schema);
        cr_assert_str_eq(holds ? "" : err.message, cases[i].wrong);
    }
}

Test(json_schema, what_is_no_schema_is_refused_with_its_place)
{
    static const struct {
        const char *schema, *wrong;
    } cases[] = {
        { "1", "the value must be a schema: an object, true or false" },
        { "{\"type\":\"text\"}", "type is no type: \"text\"" },
        { "{\"properties\":{\"age\":{\"minimum\":\"1\"}}}",
          "properties.age.minimum must be a number" },
        { "{\"unevaluatedItems\":false}",
          "unevaluatedItems is a word of schemas that is not known here" },
        { "{\"anyOf\":[]}", "anyOf must be a list of schemas" },
        { "{\"pattern\":\"(\"}",
          "pattern '(' is no regular expression: missing closing parenthesis at byte 1" },
        { "{\"$ref\":\"#/$defs/x\"}", "$ref leads nowhere: \"#/$defs/x\"" },
        { "{\"$ref\":\"https://example.com/a\"}", "$ref leads nowhere: \"https://example.com/a\"" },
        { "{\"multipleOf\":0}", "multipleOf must be more than 0" },
        { "{\"required\":[1]}", "required must be a list of texts" },
        { "{\"maxItems\":-1}", "maxItems must be a whole number" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *schema = parsed(cases[i].schema);
        Error err = { 0 };
        cr_assert_not(json_schema_check(schema, &err), "%s", cases[i].schema);
        cr_assert_str_eq(err.message, cases[i].wrong);
    }
}

Test(json_schema, one_that_leads_to_itself_ends)
{
    AUTO_JSON json_t *schema = parsed("{\"$ref\":\"#\"}");
    AUTO_JSON json_t *value = parsed("1");
    Error err = { 0 };
    cr_assert(json_schema_check(schema, &err));
    cr_assert_not(json_schema_holds(schema, value, &err));
    cr_assert_str_eq(err.message, "the value is nested more than 64 deep");
}

Test(json_schema, a_pattern_that_takes_for_ever_does_not_match)
{
    AUTO_JSON json_t *schema = parsed("{\"pattern\":\"^(a+)+$\"}");
    AUTO_JSON json_t *value = parsed("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"");
    Error err = { 0 };
    cr_assert_not(json_schema_holds(schema, value, &err));
}

Test(json_schema, only_objects_that_say_everything_are_closed)
{
    static const struct {
        const char *schema;
        bool is_closed;
    } cases[] = {
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],"
          "\"additionalProperties\":false}",
          true },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},"
          "\"additionalProperties\":false}",
          false },
        { "{\"type\":\"object\",\"properties\":{\"a\":{\"items\":{\"type\":\"object\"}}},"
          "\"required\":[\"a\"],\"additionalProperties\":false}",
          false },
        { "{\"type\":\"string\"}", true },
        { "{\"patternProperties\":{}}", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *schema = parsed(cases[i].schema);
        cr_assert_eq(json_schema_is_closed(schema), cases[i].is_closed, "%s", cases[i].schema);
    }
}
