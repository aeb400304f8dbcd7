/* expression_test.c - what expressions are worth, and what is said of those that are wrong. */
#include "workflow/template.h"

#include "base/clock.h"

#include <criterion/criterion.h>

#define NAMES                                                                                      \
    "{\"input\":{\"total\":1200,\"rate\":0.5,\"name\":\"Ada\",\"none\":null,\"tags\":[\"a\","      \
    "\"b\"],"                                                                                      \
    "\"when\":\"2026-11-21T10:00:00+02:00\",\"lines\":[{\"k\":\"x\",\"n\":1},{\"k\":\"y\",\"n\":"  \
    "2},"                                                                                          \
    "{\"k\":\"x\",\"n\":2.5}]},\"steps\":{\"check\":{\"label\":\"invoice\",\"confidence\":0.4},"   \
    "\"with space\":7},\"Stra\xC3\x9F"                                                             \
    "e\":\"\xC3\x84rger\"}"

static json_t *names(void)
{
    Error err;
    json_t *tree;
    cr_assert(json_parse(S(NAMES), MB(1), &tree, &err), "%s", err.message);
    return tree;
}

/* The value as JSON; "! message" when it fails. */
static Str worth(Arena *arena, const char *text)
{
    AUTO_JSON json_t *given = names();
    AUTO_JSON json_t *value = NULL;
    const Expression *expression;
    Error err;
    int64_t now;
    cr_assert(time_parse(S("2026-11-22T00:00:00Z"), &now, &err));
    if (!expression_compile(arena, str(text), &expression, &err) ||
        !expression_value(expression, given, now, &value, &err))
        return str_format(arena, "! %u-%u %s", err.start, err.end, err.message);
    return json_print(arena, value);
}

static const struct {
    const char *about, *text, *value;
} values[] = {
    { "numbers", "1 + 2 * 3 - 4 / 8", "6.5" },
    { "whole numbers stay whole", "(7 - 1) / 3", "2" },
    { "a remainder", "-7 % 4", "-3" },
    { "numbers of Python's size", "9007199254740993 + 0", "9007199254740993" },
    { "texts", "'a' + \"b\\n\\\"c\"", "\"ab\\n\\\"c\"" },
    { "lists", "input.tags + ['c']", "[\"a\",\"b\",\"c\"]" },
    { "an object", "{a: 1, 'b c': [input.rate]}", "{\"a\":1,\"b c\":[0.5]}" },
    { "a path", "steps.check.label", "\"invoice\"" },
    { "a name in brackets", "steps['with space']", "7" },
    { "items from both ends", "[input.tags[0], input.tags[-1], input.tags[5]]",
      "[\"a\",\"b\",null]" },
    { "what is not there is null", "input.nobody.at.all", "null" },
    { "letters of any language",
      "Stra\xC3\x9F"
      "e",
      "\"\xC3\x84rger\"" },
    { "a default binds tightest", "input.none ?? 3 > 2", "true" },
    { "a default of a default", "input.none ?? input.nobody ?? 'x'", "\"x\"" },
    { "and before or", "true or false and false", "true" },
    { "the second is not looked at", "false and 1 / 0 == 1", "false" },
    { "not", "not input.total > 2000 and !false", "true" },
    { "in a list, a text, an object", "['a' in input.tags, 'd' in 'Ada', 'rate' in input]",
      "[true,true,true]" },
    { "not in", "'z' not in input.tags", "true" },
    { "null is neither less nor more", "[input.none < 1, input.none > 1, input.none == null]",
      "[false,false,true]" },
    { "equal numbers", "1 == 1.0 and [1] != [2]", "true" },
    { "a choice", "input.total > 1000 ? 'board' : 'desk'", "\"board\"" },
    { "choices behind each other", "false ? 1 : input.none ? 2 : 3", "3" },
    { "what is true", "['' ? 1 : 0, [] ? 1 : 0, {} ? 1 : 0, 0 ? 1 : 0, 'no' ? 1 : 0]",
      "[0,0,0,0,1]" },
    { "length", "[length('\xC3\x84h'), length(input.tags), length(input.none)]", "[2,2,0]" },
    { "text and number", "[text(1.5), text(true), number(' 42 '), number('x'), number('1e3')]",
      "[\"1.5\",\"true\",42,null,1000]" },
    { "kinds", "[kind(null), kind(1), kind('')]", "[\"null\",\"number\",\"text\"]" },
    { "capitals do not count",
      "[contains('Invoice No', 'INVOICE'), contains(input.tags, 'B'), "
      "starts_with('\xC3\x84rger', '\xC3\xA4'), ends_with('a.PDF', '.pdf')]",
      "[true,true,true,true]" },
    { "a regular expression", "matches('INV-2024', '^INV-[0-9]+$')", "true" },
    { "replace", "replace('a-b-c', '-', '')", "\"abc\"" },
    { "split and join", "join(split('a, b, c', ', '), '+')", "\"a+b+c\"" },
    { "joining what is no text", "join([1, null, true], ',')", "\"1,,true\"" },
    { "parts of texts and lists",
      "[slice('Gr\xC3\xBC\xC3\x9F"
      "e', 2, 4), slice('abc', -2), slice([1, 2, 3], 1, 9), "
      "slice('abc', 2, 1)]",
      "[\"\xC3\xBC\xC3\x9F\",\"bc\",[2,3],\"\"]" },
    { "first and last", "[first(input.tags), last([])]", "[\"a\",null]" },
    { "sums", "[sum(pluck(input.lines, 'n')), min([3, null, 2]), max(1, 2.5)]", "[5.5,2,2.5]" },
    { "where", "pluck(where(input.lines, 'k', 'x'), 'n')", "[1,2.5]" },
    { "unique", "unique([1, 1.0, 'a', 'a'])", "[1,\"a\"]" },
    { "keys and merge", "[keys({a: 1}), merge({a: 1, b: 2}, null, {b: 3})]",
      "[[\"a\"],{\"a\":1,\"b\":3}]" },
    { "round", "[round(2.345, 2), round(2.5), abs(-3)]", "[2.35,3,3]" },
    { "times", "[time(input.when), time('soon'), after('2026-11-21', 2, 'days'), weekday(now())]",
      "[\"2026-11-21T08:00:00.000Z\",null,\"2026-11-23T00:00:00.000Z\",7]" },
    { "how long", "between('2026-11-21', now(), 'hours')", "24" },
    { "functions of null", "[lower(null), matches(null, 'x'), sum(null), after(null, 1, 'days')]",
      "[null,null,null,null]" },
};

Test(workflow, expressions_have_the_values_that_they_say)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        Str value = worth(arena, values[i].text);
        cr_expect(str_is(value, values[i].value), "%s: %s is " STR_FMT, values[i].about,
                  values[i].text, STR_ARG(value));
    }
}

static const struct {
    const char *text, *says;
} wrong[] = {
    { "", "! 0-0 the expression ends where a value should stand" },
    { "1 +", "! 3-3 the expression ends where a value should stand" },
    { "a = 1", "! 2-3 '=' means nothing here; equal is ==" },
    { "(1", "! 2-2 the end, where ')' should stand" },
    { "[1, 2", "! 5-5 the end, where ',' should stand" },
    { "1 2", "! 2-3 '2', where the expression should end or an operator should stand" },
    { "'open", "! 0-5 the text that begins here has no closing '" },
    { "\xC3\x84 + $", "! 4-5 '$' means nothing here" },
    { "nobody(1)", "! 0-6 there is no function 'nobody'" },
    { "round()", "! 0-5 it is written round(number, digits)" },
    { "a.1", "! 2-3 behind a point stands a name; for others write [\"the name\"]" },
    { "a not b", "! 6-7 'not' behind a value must be 'not in' or 'and not'" },
    { "1e999", "! 0-5 the number is too large" },
    { "1 / 0", "! 0-5 1 / 0: it is divided by 0" },
    { "1e300 * 1e300", "! 0-13 1e300 * 1e300: the number is too large" },
    { "input.name.x", "! 0-12 input.name.x: a text has no members" },
    { "input.tags['x']",
      "! 0-15 input.tags['x']: [...] takes the number of an item of a list or the name of a member "
      "of an object, not a text of a list" },
    { "input.total + input.none",
      "! 0-24 input.total + input.none: a number and a null cannot be calculated with; write "
      "text(...), number(...) or ?? for what is null" },
    { "input.name > 1", "! 0-14 input.name > 1: a text and a number cannot be compared" },
    { "after('tomorrow', 1, 'days')",
      "! 0-28 after('tomorrow', 1, 'days'): 'tomorrow' is no time such as 2026-11-21T10:00:00Z" },
    { "after(now(), 1, 'years')", "! 0-24 after(now(), 1, 'years'): the last is one of seconds, "
                                  "minutes, hours, days, weeks" },
};

Test(workflow, wrong_expressions_are_refused_with_the_place)
{
    for (size_t i = 0; i < COUNT(wrong); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        Str value = worth(arena, wrong[i].text);
        cr_expect(str_is(value, wrong[i].says), "%s: " STR_FMT, wrong[i].text, STR_ARG(value));
    }
}

/* `before` so many times, `middle`, `after` so many times. */
static const char *nested(Arena *arena, const char *before, const char *middle, const char *after,
                          int count)
{
    Buf out = buf_new(arena, MB(1));
    for (int i = 0; i < count; i++)
        buf_add(&out, str(before));
    buf_add(&out, str(middle));
    for (int i = 0; i < count; i++)
        buf_add(&out, str(after));
    return buf_c(&out);
}

Test(workflow, expressions_that_would_be_too_much_are_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *const texts[] = {
        nested(arena, "(", "1", ")", 300),
        nested(arena, "[", "1", "]", 300),
        nested(arena, "not ", "1", "", 300),
        nested(arena, "1 + ", "1", "", 900),
        nested(arena, "1 ? 1 : ", "1", "", 400),
        nested(arena, "a[", "1", "]", 300),
        nested(arena, "'", "x", " ", 4000),
        /* 2^n: each doubles what the one before made */
        nested(arena, "join([1,2,3,4,5,6,7,8,9,0], ", "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'", ")", 20),
        nested(arena, "replace(", "'aaaaaaaaaaaaaaaaaaaa'", ", 'a', 'aaaaaaaaaaaaaaaaaaaa')", 12),
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        Str value = worth(arena, texts[i]);
        cr_expect(value.at[0] == '!', "%zu: %.100s", i, value.at);
    }
}

Test(workflow, expressions_tell_which_names_they_use)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const Expression *expression;
    Error err;
    cr_assert(expression_compile(
        arena, S("steps.a.x > 1 and steps['b'] ? length(input) : [steps.a, {k: item.steps.z}]"),
        &expression, &err));
    StrList roots = expression_names(arena, expression);
    StrList steps = expression_members(arena, expression, S("steps"));
    Str all = str_join(arena, roots.at, roots.count, S(" "));
    cr_expect(str_is(all, "steps input item"), STR_FMT, STR_ARG(all));
    all = str_join(arena, steps.at, steps.count, S(" "));
    cr_expect(str_is(all, "a b"), STR_FMT, STR_ARG(all));
}

static const struct {
    const char *about, *template, *filled;
} templates[] = {
    { "no expression", "{\"a\":[\"x\",1,null]}", "{\"a\":[\"x\",1,null]}" },
    { "one alone keeps its type", "[\"{{ input.total }}\",\"{{input.tags}}\"]",
      "[1200,[\"a\",\"b\"]]" },
    { "among words", "\"Dear {{ input.name }}, {{input.total}} for {{input.none}}{{input.tags}}\"",
      "\"Dear Ada, 1200 for [\\\"a\\\",\\\"b\\\"]\"" },
    { "braces inside", "\"{{ {a: {b: 1}} }}\"", "{\"a\":{\"b\":1}}" },
    { "braces in quotes", "\"{{ '}}' + \\\"{{\\\" }}!\"", "\"}}{{!\"" },
    { "a value is no template", "\"{{ '{' + '{1+1}}' }}\"", "\"{{1+1}}\"" },
    { "members keep their names", "{\"{{x}}\":1}", "{\"{{x}}\":1}" },
    { "no end", "{\"to\":\"{{ input\"}", "! to: {{ without }}" },
    { "a failure says where", "{\"with\":{\"to\":\"{{ 1 / 0 }}\"}}",
      "! with: to: 1 / 0: it is divided by 0" },
};

Test(workflow, templates_are_filled_in_everywhere_in_json)
{
    AUTO_JSON json_t *given = names();
    for (size_t i = 0; i < COUNT(templates); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        AUTO_JSON json_t *filled = NULL;
        Error err;
        AUTO_JSON json_t *value = json_loads(templates[i].template, JSON_DECODE_ANY, NULL);
        cr_assert(value);
        Str says = template_fill(value, given, 0, &filled, &err)
                       ? json_print(arena, filled)
                       : str_format(arena, "! %s", err.message);
        cr_expect(str_is(says, templates[i].filled), "%s: " STR_FMT, templates[i].about,
                  STR_ARG(says));
    }
}

Test(workflow, checking_a_template_names_the_text_that_is_wrong)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AUTO_JSON json_t *value = json_loads("{\"a\":[\"{{ 1 }}\",{\"b\":\"x {{ 1 + }}\"}]}", 0, NULL);
    Error err;
    cr_expect(!template_check(arena, value, S("with"), NULL, NULL, &err));
    cr_expect_str_eq(err.message, "with.a[1].b: the expression ends where a value should stand");
}
