/* facts_test.c - conditions as people write them. */
#include "library/facts.h"

#include <criterion/criterion.h>

#include "base/clock.h"

static double ms(const char *text)
{
    int64_t value;
    Error err;
    cr_assert(time_parse(str(text), &value, &err), "%s", err.message);
    return (double)value;
}

Test(library_facts, dates_cover_what_they_say)
{
    static const struct {
        const char *text, *from, *to;
    } cases[] = {
        { "2019", "2019-01-01", "2020-01-01" },
        { "2019-12", "2019-12-01", "2020-01-01" },
        { "2019-05-30", "2019-05-30", "2019-05-31" },
        { "2008-05-30T15:56:01", "2008-05-30T15:56:01Z", "2008-05-30T15:56:02Z" },
        { "2008-05-30T15:56:01+02:00", "2008-05-30T13:56:01Z", "2008-05-30T13:56:02Z" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double from, to;
        cr_assert(fact_date(str(cases[i].text), &from, &to), "%s", cases[i].text);
        cr_expect_eq(from, ms(cases[i].from), "%s", cases[i].text);
        cr_expect_eq(to, ms(cases[i].to), "%s", cases[i].text);
    }
    static const char *const wrong[] = { "", "19", "soon", "2019-13", "2019-05-40", "20195" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        double from, to;
        cr_expect(!fact_date(str(wrong[i]), &from, &to), "%s", wrong[i]);
    }
}

Test(library_facts, conditions_are_read_or_refused_with_the_reason)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    FactCondition condition;
    Error err;
    cr_assert(fact_condition_read(arena, S("Author = Smith"), &condition, &err));
    cr_assert(str_is(condition.key, "author") && str_is(condition.has, "Smith"));
    cr_assert(fact_condition_read(arena, S("pages>=10"), &condition, &err));
    cr_assert(condition.is_number && condition.from == 10 && condition.to > 1e200);
    cr_assert(fact_condition_read(arena, S("pages>10"), &condition, &err));
    cr_assert(condition.from > 10 && condition.from < 10.001);
    cr_assert(fact_condition_read(arena, S("pages=10"), &condition, &err));
    cr_assert(condition.from == 10 && condition.to > 10 && condition.to < 10.001);
    cr_assert(fact_condition_read(arena, S("taken<=2019"), &condition, &err));
    cr_assert_eq(condition.to, ms("2020-01-01"));
    cr_assert(fact_condition_read(arena, S("project=x"), &condition, &err));
    static const char *const wrong[] = { "author",   "=x",        "author=",
                                         "author>x", "pages=ten", "taken=soon" };
    for (size_t i = 0; i < COUNT(wrong); i++)
        cr_expect(!fact_condition_read(arena, str(wrong[i]), &condition, &err), "%s", wrong[i]);
}

Test(library_facts, facts_carry_numbers_where_their_type_has_them)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("x"), false, &sink);
    Block blocks[] = { { .kind = BLOCK_META, .label = S("Pages"), .text = S("12") },
                       { .kind = BLOCK_META, .label = S("taken"), .text = S("2019-05") },
                       { .kind = BLOCK_META, .label = S("author"), .text = S("Ann") },
                       { .kind = BLOCK_PARAGRAPH, .text = S("text") } };
    for (size_t i = 0; i < COUNT(blocks); i++)
        doc_node_add(arena, node, &blocks[i]);
    Quality quality = { .grade = QUALITY_GOOD };
    FactList facts = facts_of(arena, node, &quality);
    cr_assert_eq(facts.count, 4);
    cr_assert(str_is(facts.at[0].text, "good") && !facts.at[0].has_number);
    cr_assert(str_is(facts.at[1].key, "pages") && facts.at[1].number == 12);
    cr_assert(facts.at[2].has_number && facts.at[2].number == ms("2019-05-01"));
    cr_assert(!facts.at[3].has_number);
}

Test(library, facts_are_written_for_people_in_the_order_of_the_list)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    facts_put(&json,
              S("{\"x-tool\":\"7\",\"latitude\":\"43.5\",\"author\":\"Ada\",\"nested\":{}}"));
    put_end(&json);
    Str expected =
        S("{\"facts\":[{\"key\":\"author\",\"title\":\"Author\",\"group\":\"People and tools\","
          "\"type\":\"text\",\"value\":\"Ada\"},{\"key\":\"latitude\",\"title\":\"Latitude\","
          "\"group\":\"Picture\",\"type\":\"number\",\"value\":\"43.5\"},{\"key\":\"x-tool\","
          "\"title\":\"x-tool\",\"group\":\"Other\",\"type\":\"text\",\"value\":\"7\"}]}");
    cr_assert(str_equal(buf_str(&out), expected), STR_FMT, STR_ARG(buf_str(&out)));
    Buf empty = buf_new(arena, KB(1));
    json = put_begin(&empty);
    facts_put(&json, S("not json"));
    put_end(&json);
    cr_assert(str_is(buf_str(&empty), "{\"facts\":[]}"));
}
