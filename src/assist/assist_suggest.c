/* assist_suggest.c - what to do next, by the rules of suggestions.def. */
#include "assist/assist_int.h"

#define LONG_BYTES KB(6)
#define CONTEXT_ANY CONTEXT_COUNT

typedef enum When {
    ALWAYS = 0,
    HAS_TEXT = 1,
    HAS_FILES = 2,
    HAS_TASKS = 4,
    HAS_URGENT = 8,
    IS_LONG = 16,
    NO_WORDS = 32
} When;

typedef enum Priority { HIGH, MEDIUM, LOW, PRIORITY_COUNT } Priority;
static const char *const priorities[] = { [HIGH] = "high", [MEDIUM] = "medium", [LOW] = "low" };

static const struct {
    int context;
    When when;
    Priority priority;
    const char *category, *text;
} rules[] = {
#define ASSIST_SUGGESTION(context, when, priority, category, text)                                 \
    { CONTEXT_##context, when, priority, category, text },
#include "assist/suggestions.def"
#undef ASSIST_SUGGESTION
};

static int rank(Str priority)
{
    for (int i = 0; i < PRIORITY_COUNT; i++)
        if (str_is(priority, priorities[i]))
            return i;
    return PRIORITY_COUNT;
}

void assist_add_suggestion(AssistReply *reply, const AssistSuggestion *suggestion)
{
    size_t at = reply->suggestion_count;
    for (size_t i = 0; i < at; i++)
        if (str_equal_ignore_case(reply->suggestions[i].text, suggestion->text))
            return;
    if (at == ASSIST_SUGGESTIONS_MAX &&
        rank(reply->suggestions[--at].priority) <= rank(suggestion->priority))
        return;
    while (at && rank(reply->suggestions[at - 1].priority) > rank(suggestion->priority)) {
        reply->suggestions[at] = reply->suggestions[at - 1];
        at--;
    }
    reply->suggestions[at] = *suggestion;
    reply->suggestion_count = MIN(reply->suggestion_count + 1, (size_t)ASSIST_SUGGESTIONS_MAX);
}

static bool is_urgent(Str text)
{
    static const char *const words[] = { "urgent",  "asap",     "immediately",
                                         "overdue", "dringend", "sofort" };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_find_ignore_case(text, str(words[i])) >= 0)
            return true;
    return false;
}

static unsigned state_of(const AssistRequest *request)
{
    unsigned state = is_urgent(request->message) ? HAS_URGENT : 0;
    size_t bytes = 0;
    for (size_t i = 0; i < request->file_count; i++) {
        const AssistFile *file = &request->files[i];
        bytes += str_trim(file->text).length;
        state |= is_urgent(str_slice(file->text, 0, KB(64))) ? HAS_URGENT : 0;
        state |= str_trim(file->text).length || !assist_is_read(file) ? 0 : NO_WORDS;
    }
    state |= request->file_count ? HAS_FILES : 0;
    state |= request->task_count ? HAS_TASKS : 0;
    state |= bytes || str_trim(request->message).length ? HAS_TEXT : 0;
    return state | (bytes > LONG_BYTES ? IS_LONG : 0);
}

void assist_suggest(const AssistRequest *request, AssistReply *reply)
{
    unsigned state = state_of(request);
    for (size_t i = 0; i < COUNT(rules); i++) {
        bool fits = rules[i].context == CONTEXT_ANY || rules[i].context == (int)reply->context;
        AssistSuggestion one = { str(rules[i].text), str(rules[i].category),
                                 str(priorities[rules[i].priority]) };
        if (fits && (state & rules[i].when) == rules[i].when)
            assist_add_suggestion(reply, &one);
    }
}
