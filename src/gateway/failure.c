/* failure.c - see failure.h. */
#include "gateway/failure.h"

const char *const failure_words[FAILURE_COUNT] = {
#define FAILURE(name, word, outcome, next) word,
#include "gateway/failures.def"
#undef FAILURE
};

const TargetOutcome failure_outcomes[FAILURE_COUNT] = {
#define FAILURE(name, word, outcome, next) TARGET_##outcome,
#include "gateway/failures.def"
#undef FAILURE
};

const FailureNext failure_nexts[FAILURE_COUNT] = {
#define FAILURE(name, word, outcome, next) NEXT_##next,
#include "gateway/failures.def"
#undef FAILURE
};

/* --- Texts --- */

/* OpenAI's codes; the words of Anthropic, OpenAI, Groq, OpenRouter and Ollama's cloud. */
static const char *const quota_marks[] = {
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_user_quota",
    "credit balance is too low",
    "insufficient credits",
    "insufficient balance",
    "spend limit",
    "spending limit",
    "weekly usage limit",
    "monthly usage limit",
    NULL,
};

/* OpenAI, Anthropic, Gemini, vLLM, llama.cpp, Mistral, Cohere, xAI, Moonshot, Bedrock, and Hugging
 * Face's servers. */
static const char *const context_marks[] = {
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "prompt is too long",
    "context window",
    "context limit",
    "context length",
    "context size",
    "exceeds the maximum number of tokens",
    "too many tokens",
    "request too large for model",
    "maximum prompt length",
    "model token limit",
    "input is too long",
    "`inputs` tokens + `max_new_tokens`",
    "`inputs` must have less than",
    NULL,
};

static const char *const policy_marks[] = { "content_filter", "content_policy", "content policy",
                                            "moderation_blocked", NULL };

static const char *const limit_marks[] = { "rate_limit", "too_many_requests", "resource_exhausted",
                                           NULL };
static const char *const load_marks[] = { "overloaded", "server_error", "service_unavailable",
                                          NULL };

static bool says(const FailureText *text, const char *const *marks)
{
    const Str parts[] = { text->code, text->type, text->message };
    for (; *marks; marks++)
        for (size_t i = 0; i < COUNT(parts); i++)
            if (str_find_ignore_case(parts[i], str(*marks)) >= 0)
                return true;
    return false;
}

/* --- Statuses --- */

static bool has_status(Str list, int status)
{
    Str word;
    int64_t number;
    while (str_next(&list, ' ', &word))
        if (str_to_int(word, 100, 599, &number) && number == status)
            return true;
    return false;
}

static FailureKind kind_of(int status)
{
    switch (status) {
    case 400:
    case 404:
    case 413:
    case 422: return FAILURE_REQUEST;
    case 401:
    case 403: return FAILURE_KEY;
    case 402: return FAILURE_QUOTA;
    case 408:
    case 409:
    case 425:
    case 498: return FAILURE_BROKEN; /* 498: Groq's flexible tier has no room */
    case 429: return FAILURE_BUSY;
    default: return status >= 500 ? FAILURE_BROKEN : FAILURE_ODD;
    }
}

FailureKind failure_of(const FailureText *text)
{
    FailureKind kind = kind_of(text->status);
    if (kind == FAILURE_BROKEN || kind == FAILURE_ODD)
        return kind;
    if (says(text, policy_marks))
        return FAILURE_REQUEST;
    if (says(text, quota_marks))
        return FAILURE_QUOTA;
    if (kind != FAILURE_REQUEST)
        return kind;
    if (text->status != 404 && says(text, context_marks))
        return FAILURE_CONTEXT;
    if (says(text, limit_marks))
        return FAILURE_BUSY;
    return has_status(text->moves_on, text->status) || says(text, load_marks) ? FAILURE_ODD : kind;
}
