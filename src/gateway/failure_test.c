/* failure_test.c - which failures are whose, and what is done about them. */
#include <criterion/criterion.h>

#include "gateway/failure.h"

typedef struct Case {
    int status;
    const char *code, *type, *message, *moves_on;
    FailureKind kind;
} Case;

static const Case cases[] = {
    { 429, "", "", "slow down", "", FAILURE_BUSY },
    { 429, "rate_limit_exceeded", "tokens", "Rate limit reached", "", FAILURE_BUSY },
    { 429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota", "",
      FAILURE_QUOTA },
    { 429, "", "RESOURCE_EXHAUSTED", "You exceeded your current quota, retry in 5s", "",
      FAILURE_BUSY }, /* Gemini says so of a minute's limit */
    { 429, "", "", "you have reached your weekly usage limit", "", FAILURE_QUOTA },
    { 400, "", "invalid_request_error", "Your credit balance is too low to access", "",
      FAILURE_QUOTA },
    { 402, "", "", "Insufficient credits", "", FAILURE_QUOTA },
    { 401, "", "", "Incorrect API key", "", FAILURE_KEY },
    { 403, "", "", "no access", "", FAILURE_KEY },
    { 403, "", "", "blocked by content policy", "", FAILURE_REQUEST },
    { 400, "context_length_exceeded", "", "", "", FAILURE_CONTEXT },
    { 400, "", "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", "",
      FAILURE_CONTEXT },
    { 400, "", "exceed_context_size_error", "the request exceeds the available context size", "",
      FAILURE_CONTEXT },
    { 413, "", "", "This model's maximum context length is 8192 tokens", "", FAILURE_CONTEXT },
    { 400, "", "invalid_request_error",
      "input length and `max_tokens` exceed context limit: 190000 + 21000 > 200000", "",
      FAILURE_CONTEXT },
    { 400, "", "", "This model's maximum prompt length is 131072 but the request contains 537812",
      "", FAILURE_CONTEXT },
    { 400, "", "", "Input is too long for requested model.", "", FAILURE_CONTEXT },
    { 400, "", "", "Your request exceeded model token limit: 8192", "", FAILURE_CONTEXT },
    { 422, "", "", "Input validation error: `inputs` must have less than 1024 tokens. Given: 2000",
      "", FAILURE_CONTEXT },
    { 422, "", "", "`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 3000", "",
      FAILURE_CONTEXT },
    { 413, "", "", "body too large", "", FAILURE_REQUEST },
    { 400, "", "", "temperature must be a number", "", FAILURE_REQUEST },
    { 400, "content_filter", "", "", "", FAILURE_REQUEST },
    { 400, "", "", "no such thing", "400 404", FAILURE_ODD },
    { 400, "", "overloaded_error", "", "", FAILURE_ODD },
    { 404, "", "", "model not found", "", FAILURE_REQUEST },
    { 404, "", "", "model not found", "404", FAILURE_ODD },
    { 422, "", "", "", "400", FAILURE_REQUEST },
    { 500, "", "", "insufficient_quota is a word here", "", FAILURE_BROKEN },
    { 503, "", "", "", "", FAILURE_BROKEN },
    { 529, "", "overloaded_error", "", "", FAILURE_BROKEN },
    { 498, "", "", "", "", FAILURE_BROKEN },
    { 408, "", "", "", "", FAILURE_BROKEN },
    { 302, "", "", "", "", FAILURE_ODD },
    { 405, "", "", "", "", FAILURE_ODD },
};

Test(gateway, failures_are_told_apart_by_status_code_and_words)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Case *one = &cases[i];
        FailureText text = { one->status, str(one->code), str(one->type), str(one->message),
                             str(one->moves_on) };
        FailureKind kind = failure_of(&text);
        cr_assert_eq(kind, one->kind, "%d %s %s: %s", one->status, one->code, one->message,
                     failure_words[kind]);
    }
}

Test(gateway, only_failures_of_the_service_count_against_it)
{
    cr_assert_eq(failure_outcomes[FAILURE_BROKEN], TARGET_FAILED);
    cr_assert_eq(failure_outcomes[FAILURE_BUSY], TARGET_LIMITED);
    cr_assert_eq(failure_outcomes[FAILURE_REQUEST], TARGET_NEUTRAL);
    cr_assert_eq(failure_nexts[FAILURE_CONTEXT], NEXT_LARGER);
    cr_assert_eq(failure_nexts[FAILURE_REQUEST], NEXT_STOP);
}
