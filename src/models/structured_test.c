/* structured_test.c - models that behave and misbehave, and what comes out. */
#include "models/structured.h"

#include <criterion/criterion.h>

#define SCHEMA                                                                                     \
    "{\"type\":\"object\",\"properties\":{\"count\":{\"type\":\"integer\"}},"                      \
    "\"required\":[\"count\"],\"additionalProperties\":false}"

typedef struct Reply {
    const char *text, *finish;
    ErrorCode failure; /* instead of an answer */
    bool is_refused;
} Reply;

typedef struct Script {
    const Reply *replies;
    size_t asked;
    bool said_shape[4];
    Str last_words; /* of the request */
    int64_t output_max;
} Script;

static bool answer(void *self, const ChatRequest *chat, ChatResult *result_r, Error *err)
{
    Script *script = self;
    const Reply *reply = &script->replies[script->asked];
    script->said_shape[script->asked++] = chat->schema.length > 0;
    script->last_words = chat->messages[chat->count - 1].text;
    script->output_max = chat->output_max;
    if (reply->failure)
        return fail(err, reply->failure, "no");
    *result_r = (ChatResult){ .text = str(reply->text),
                              .model = S("mock/m"),
                              .finish = str(reply->finish ? reply->finish : "stop"),
                              .is_refused = reply->is_refused,
                              .input_tokens = 10,
                              .output_tokens = 5 };
    return true;
}

/* More than ten are never good. */
static bool is_small(void *self, json_t *value, Error *err)
{
    (void)self;
    return json_integer_value(json_object_get(value, "count")) <= 10 ||
           fail(err, ERROR_INVALID, "count is more than the document has");
}

static bool run(Arena *arena, Script *script, StructuredResult *result, Error *err)
{
    static const ChatMessage messages[] = {
        { .role = S_INIT("system"), .text = S_INIT("Count.") },
        { .role = S_INIT("user"), .text = S_INIT("One, two.") },
    };
    AUTO_JSON json_t *schema = NULL;
    cr_assert(json_parse(S(SCHEMA), KB(4), &schema, err));
    StructuredRequest request = { .messages = messages,
                                  .count = COUNT(messages),
                                  .schema = schema,
                                  .name = S("count"),
                                  .check = is_small,
                                  .output_max = 100 };
    return structured_ask(arena, &request, answer, script, result, err);
}

Test(structured, a_value_of_the_shape_comes_out_or_an_honest_failure)
{
    static const struct {
        const char *name;
        Reply replies[4];
        size_t asked;
        const char *failure; /* NULL: {"count": 2} comes out */
    } cases[] = {
        { "good", { { "{\"count\": 2}" } }, 1, NULL },
        { "prose", { { "Sure!\n```json\n{\"count\": 2}\n```" } }, 1, NULL },
        { "mended", { { "{'count': 2,}" } }, 1, NULL },
        { "wrong type", { { "{\"count\": \"2\"}" }, { "{\"count\": 2}" } }, 2, NULL },
        { "no JSON", { { "There are two." }, { "{\"count\": 2}" } }, 2, NULL },
        { "cut off", { { "{\"count\":", "length" }, { "{\"count\": 2}" } }, 2, NULL },
        { "fails the check", { { "{\"count\": 99}" }, { "{\"count\": 2}" } }, 2, NULL },
        { "takes no schema", { { .failure = ERROR_INVALID }, { "{\"count\": 2}" } }, 2, NULL },
        { "never good",
          { { "{}" }, { "[]" }, { "{\"count\": null}" } },
          3,
          "mock/m gave no usable count in 3 tries: count must be a whole number" },
        { "declines",
          { { "I would rather not.", NULL, ERROR_NONE, true } },
          1,
          "mock/m declined to answer: I would rather not." },
        { "filtered", { { "", "content_filter" } }, 1, "mock/m declined to answer: " },
        { "service fails", { { .failure = ERROR_TIMEOUT } }, 1, "no" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Script script = { .replies = cases[i].replies };
        StructuredResult result = { 0 };
        Error err = { 0 };
        bool good = run(arena, &script, &result, &err);
        cr_assert_eq(script.asked, cases[i].asked, "%s: %zu", cases[i].name, script.asked);
        cr_assert_eq(good, !cases[i].failure, "%s: %s", cases[i].name, err.message);
        if (good)
            cr_assert_eq(json_integer_value(json_object_get(result.json, "count")), 2);
        else
            cr_assert_str_eq(err.message, cases[i].failure);
        if (good)
            json_decref(result.json);
    }
}

Test(structured, what_was_wrong_is_said_and_a_cut_reply_gets_more_room)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    static const Reply replies[] = { { "{\"count\": 1", "length", ERROR_NONE, false },
                                     { "{\"count\": \"two\"}", NULL, ERROR_NONE, false },
                                     { "{\"count\": 2}", NULL, ERROR_NONE, false } };
    Script script = { .replies = replies };
    StructuredResult result = { 0 };
    Error err = { 0 };
    cr_assert(run(arena, &script, &result, &err), "%s", err.message);
    cr_assert_eq(script.output_max, 200);
    cr_assert(str_find(script.last_words, S("count must be a whole number")) >= 0);
    cr_assert(result.tries == 3 && result.input_tokens == 30 && result.output_tokens == 15);
    json_decref(result.json);
}

Test(structured, a_service_that_refuses_schemas_is_asked_in_words)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    static const Reply replies[] = { { .failure = ERROR_INVALID }, { "{\"count\": 2}" } };
    Script script = { .replies = replies };
    StructuredResult result = { 0 };
    Error err = { 0 };
    cr_assert(run(arena, &script, &result, &err), "%s", err.message);
    cr_assert(script.said_shape[0] && !script.said_shape[1]);
    json_decref(result.json);
}
