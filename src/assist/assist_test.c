/* assist_test.c - contexts and suggestions, which rules judge. */
#include <criterion/criterion.h>

#include "assist/assist_int.h"
#include "assist/dictation.h"

Test(assist, a_context_is_judged_by_two_words_at_least)
{
    static const struct {
        const char *text, *context;
    } cases[] = {
        { "", "general" },
        { "a meeting", "general" },
        { "Minutes of the meeting, attendees: Ada", "meeting" },
        { "the roadmap has a milestone in May", "planning" },
        { "an explanation of planets", "general" },
        { "an invoice for the contract", "document" },
        { "growth of revenue by quarter in percent", "chart" },
        { "MEETING AGENDA", "meeting" },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_str_eq(assist_context_name(assist_context_of(str(cases[i].text))),
                         cases[i].context, "%s", cases[i].text);
}

Test(assist, a_context_is_named_or_judged)
{
    Error err = { 0 };
    bool is_named;
    AssistContext context = CONTEXT_GENERAL;
    cr_expect(assist_context_named(S("chart"), &is_named, &context, &err) && is_named);
    cr_expect_eq(context, CONTEXT_CHART);
    cr_expect(assist_context_named(S(""), &is_named, &context, &err) && !is_named);
    cr_expect(!assist_context_named(S("Chart"), &is_named, &context, &err));
    cr_expect_str_eq(err.field, "task_type");
}

Test(assist, suggestions_stand_by_priority_each_once_and_only_so_many)
{
    AssistReply reply = { 0 };
    static const char *const order[] = { "low", "high", "medium", "high", "low",
                                         "low", "low",  "low",    "low",  "high" };
    for (size_t i = 0; i < COUNT(order); i++) {
        static char texts[COUNT(order)][16];
        snprintf(texts[i], sizeof texts[i], "number %zu", i);
        AssistSuggestion one = { str(texts[i]), S("x"), str(order[i]) };
        assist_add_suggestion(&reply, &one);
        assist_add_suggestion(&reply, &one);
    }
    cr_assert_eq(reply.suggestion_count, ASSIST_SUGGESTIONS_MAX);
    static const char *const expected[] = { "number 1", "number 3", "number 9", "number 2",
                                            "number 0", "number 4", "number 5", "number 6" };
    for (size_t i = 0; i < COUNT(expected); i++)
        cr_expect(str_is(reply.suggestions[i].text, expected[i]), "%zu: " STR_FMT, i,
                  STR_ARG(reply.suggestions[i].text));
}

Test(assist, rules_suggest_what_fits)
{
    AssistReply reply = { .context = CONTEXT_MEETING };
    AssistRequest request = { .message = S("urgent: what was decided?"), .task_count = 2 };
    assist_suggest(&request, &reply);
    cr_assert_geq(reply.suggestion_count, 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect(str_is(reply.suggestions[i].priority, "high"));
    reply = (AssistReply){ .context = CONTEXT_GENERAL };
    request = (AssistRequest){ .message = S("hello") };
    assist_suggest(&request, &reply);
    cr_assert_eq(reply.suggestion_count, 1);
    cr_expect(str_is(reply.suggestions[0].priority, "low"));
}

Test(assist, nothing_is_said_of_the_words_of_a_file_that_is_still_being_read)
{
    static const struct {
        DocumentState state;
        bool is_read;
    } cases[] = { { DOCUMENT_QUEUED, false },
                  { DOCUMENT_EXTRACTING, false },
                  { DOCUMENT_READY, true },
                  { DOCUMENT_FAILED, true } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const AssistFile file = { .document.state = cases[i].state };
        const AssistRequest request = { .files = &file, .file_count = 1 };
        AssistReply reply = { .context = CONTEXT_GENERAL };
        bool is_said = false;
        assist_suggest(&request, &reply);
        for (size_t k = 0; k < reply.suggestion_count; k++)
            is_said |= str_starts(reply.suggestions[k].text, S("No words were found"));
        cr_expect_eq(is_said, cases[i].is_read, "%s", document_state_name(cases[i].state));
    }
}

Test(assist, a_dictation_is_shown_as_it_was_said)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str paragraphs[] = { S("- no list, *no* <b>"), S("1 > 0") };
    const Dictation dictation = { .title = S("A [title]"), .paragraphs = { paragraphs, 2 } };
    cr_expect_str_eq(str_c(arena, assist_dictation_markdown(arena, &dictation)),
                     "# A \\[title\\]\n\n\\- no list, \\*no\\* \\<b\\>\n\n1 \\> 0\n");
}
