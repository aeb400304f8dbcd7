/* stages_test.c - which stage of a workflow is due. */
#include "classify/stages.h"

#include <criterion/criterion.h>

#define TEXT "Please pay 100 EUR to DE89 3704 0044 0532 0130 00 within two weeks, thank you."

static Str order_labels[] = { S_INIT("Order") };

static bool is_due(Arena *arena, const char *when)
{
    AUTO_JSON json_t *json = NULL;
    Error err;
    StageFacts facts = { .text = S(TEXT), .count = 2 };
    facts.outcomes[0] = (StageOutcome){ S("kind"), false, { order_labels, 1 }, 0.7 };
    facts.outcomes[1] = (StageOutcome){ .stage = S("skipped"), .is_skipped = true };
    cr_assert(json_parse(str(when), KB(4), &json, &err), "%s", err.message);
    Stage stage = { .when = json };
    return stage_is_due(&stage, arena, &facts);
}

Test(classify, a_stage_is_due_when_all_of_its_condition_holds)
{
    static const struct {
        const char *when;
        bool due;
    } cases[] = {
        { "{\"stage\":\"kind\",\"label\":\"order\"}", true },
        { "{\"stage\":\"kind\",\"label\":[\"x\",\"Order\"]}", true },
        { "{\"stage\":\"kind\",\"label\":\"x\"}", false },
        { "{\"stage\":\"kind\",\"confidence_above\":0.6}", true },
        { "{\"stage\":\"kind\",\"confidence_above\":0.7}", false },
        { "{\"stage\":\"kind\",\"confidence_below\":0.7}", false },
        { "{\"stage\":\"kind\",\"label\":\"order\",\"language\":\"de\"}", false },
        { "{\"label\":\"order\"}", false }, /* of the stage before, which was skipped */
        { "{\"language\":\"en\"}", true },
        { "{\"entity\":\"iban\"}", true },
        { "{\"entity\":\"email\"}", false },
        { "{\"any\":[{\"entity\":\"email\"},{\"entity\":\"iban\"}]}", true },
        { "{\"all\":[{\"entity\":\"email\"},{\"entity\":\"iban\"}]}", false },
        { "{\"not\":{\"entity\":\"email\"}}", true },
        { "{\"not\":{\"entity\":\"iban\"}}", false },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(is_due(arena, cases[i].when), cases[i].due, "%s", cases[i].when);
}

Test(classify, conditions_are_checked_when_they_are_read)
{
    static const struct {
        const char *stages;
        bool good;
    } cases[] = {
        { "[{\"label_set\":\"a\"}]", true },
        { "[{\"label_set\":\"a\"},{\"label_set\":\"b\",\"when\":{\"stage\":\"a\",\"label\":\"x\"}}"
          "]",
          true },
        { "[{\"label_set\":\"a\",\"when\":null}]", true },
        { "[]", false },
        { "{}", false },
        { "[{\"label_set\":\" \"}]", false },
        { "[{\"label_set\":\"a\",\"when\":{\"label\":\"x\"}}]", false },
        { "[{\"label_set\":\"a\",\"when\":{}}]", false },
        { "[{\"label_set\":\"a\",\"when\":{\"not\":[]}}]", false },
        { "[{\"label_set\":\"a\",\"when\":{\"any\":[]}}]", false },
        { "[{\"label_set\":\"a\"},{\"label_set\":\"b\",\"when\":{\"label\":7}}]", false },
        { "[{\"label_set\":\"a\"},{\"label_set\":\"b\",\"when\":{\"stage\":\"z\"}}]", false },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *json = NULL;
        StageList list;
        Error err = { 0 };
        cr_assert(json_parse(str(cases[i].stages), KB(4), &json, &err));
        cr_expect_eq(stages_read(arena, json, &list, &err), cases[i].good, "%s: %s",
                     cases[i].stages, err.message);
    }
}

Test(classify, conditions_may_not_be_nested_without_end)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_JSON json_t *json = NULL;
    Buf text = buf_new(arena, KB(4));
    StageList list;
    Error err;
    buf_add(&text, S("[{\"label_set\":\"a\",\"when\":"));
    for (int i = 0; i < 20; i++)
        buf_add(&text, S("{\"not\":"));
    buf_add(&text, S("{\"language\":\"en\"}"));
    for (int i = 0; i < 20; i++)
        buf_add_char(&text, '}');
    buf_add(&text, S("}]"));
    cr_assert(json_parse(buf_str(&text), KB(4), &json, &err));
    cr_expect_not(stages_read(arena, json, &list, &err));
}
