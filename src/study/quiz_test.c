/* quiz_test.c - questions that are kept and that are refused. */
#include "study/quiz.h"

#include <criterion/criterion.h>

static const struct {
    const char *json, *field; /* NULL: kept */
} cases[] = {
    { "[{\"kind\":\"short\",\"question\":\"a?\",\"answer\":\"b\"}]", NULL },
    { "[{\"kind\":\"choice\",\"question\":\"a?\",\"answer\":\"b\",\"options\":[\"b\",\"c\"]}]",
      NULL },
    { "[{\"kind\":\"cloze\",\"question\":\"a ____\",\"answer\":\"b\",\"source\":{\"x\":1}}]",
      NULL },
    { "[]", "questions" },
    { "{}", "questions" },
    { "[{\"kind\":\"essay\",\"question\":\"a\",\"answer\":\"b\"}]", "kind" },
    { "[{\"kind\":\"short\",\"question\":\" \",\"answer\":\"b\"}]", "question" },
    { "[{\"kind\":\"short\",\"question\":\"a\"}]", "answer" },
    { "[{\"kind\":\"short\",\"question\":\"a\",\"answer\":7}]", "answer" },
    { "[{\"kind\":\"short\",\"question\":\"a\",\"answer\":\"b\",\"options\":[\"b\",\"c\"]}]",
      "options" },
    { "[{\"kind\":\"choice\",\"question\":\"a\",\"answer\":\"b\",\"options\":[\"b\",\" B\"]}]",
      "options" },
    { "[{\"kind\":\"choice\",\"question\":\"a\",\"answer\":\"b\",\"options\":[\"b\",\"\"]}]",
      "options" },
    { "[{\"kind\":\"choice\",\"question\":\"a\",\"answer\":\"b\",\"options\":[\"c\",\"d\"]}]",
      "answer" },
    { "[{\"kind\":\"cloze\",\"question\":\"a\",\"answer\":\"b\"}]", "question" },
    { "[{\"kind\":\"short\",\"question\":\"a\",\"answer\":\"b\",\"source\":[]}]", "source" },
    { "[{\"kind\":\"short\",\"question\":\"a\",\"answer\":\"b\",\"right\":true}]", "right" },
};

Test(study, a_question_is_kept_when_it_can_be_answered)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        AUTO_JSON json_t *json = NULL;
        Questions questions;
        Error err;
        cr_assert(json_parse(str(cases[i].json), KB(4), &json, &err), "%s", cases[i].json);
        bool ok = questions_read(arena, json, &questions, &err);
        cr_expect(ok == !cases[i].field, "%s", cases[i].json);
        cr_expect(ok || strcmp(err.field, cases[i].field) == 0, "%s: %s", cases[i].json, err.field);
    }
}

Test(study, who_is_to_answer_is_not_shown_the_answers)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Question question = { .kind = QUESTION_SHORT,
                          .question = S("Where?"),
                          .answer = S("secret"),
                          .explanation = S("secret"),
                          .source = S("{\"quote\":\"secret\"}") };
    for (int is_hidden = 0; is_hidden <= 1; is_hidden++) {
        Buf out = buf_new(arena, KB(4));
        JsonWriter json = put_begin(&out);
        put_questions(&json, "questions", &(Questions){ &question, 1 }, is_hidden);
        put_end(&json);
        cr_expect((str_find(buf_str(&out), S("secret")) < 0) == is_hidden);
        cr_expect(str_find(buf_str(&out), S("Where?")) > 0);
    }
}
