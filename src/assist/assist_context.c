/* assist_context.c - what a text is about, by the words of contexts.def. */
#include "assist/assist_int.h"

#define JUDGED_BYTES KB(64)
#define WORDS_LEAST 2 /* of a context, before it is believed */

static const struct {
    const char *name, *words, *direction;
} contexts[CONTEXT_COUNT] = {
#define ASSIST_CONTEXT(context, name, words, direction)                                            \
    [CONTEXT_##context] = { name, words, direction },
#include "assist/contexts.def"
#undef ASSIST_CONTEXT
};

const char *assist_context_name(AssistContext context) { return contexts[context].name; }
const char *assist_direction(AssistContext context) { return contexts[context].direction; }

static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

/* As a word of its own: "plan" is not in "explanation". */
static bool has_word(Str text, Str word)
{
    for (Str rest = text;;) {
        ptrdiff_t at = str_find_ignore_case(rest, word);
        if (at < 0)
            return false;
        size_t start = (size_t)at, end = start + word.length;
        bool begins = start == 0 || !is_letter(rest.at[start - 1]);
        bool ends = end == rest.length || !is_letter(rest.at[end]);
        if (begins && ends)
            return true;
        rest = str_from(rest, end);
    }
}

AssistContext assist_context_of(Str text)
{
    AssistContext best = CONTEXT_GENERAL;
    size_t most = WORDS_LEAST - 1;
    text = str_slice(text, 0, JUDGED_BYTES);
    for (int context = 0; context < CONTEXT_COUNT; context++) {
        Str words = str(contexts[context].words), word;
        size_t count = 0;
        while (str_next(&words, ' ', &word))
            count += word.length && has_word(text, word);
        if (count > most) {
            most = count;
            best = (AssistContext)context;
        }
    }
    return best;
}

bool assist_context_named(Str name, bool *is_named_r, AssistContext *context_r, Error *err)
{
    *is_named_r = name.length > 0;
    for (int context = 0; context < CONTEXT_COUNT; context++)
        if (str_is(name, contexts[context].name)) {
            *context_r = (AssistContext)context;
            return true;
        }
    return !name.length ||
           fail_field(err, "task_type",
                      "'task_type' is general, meeting, planning, document or chart, not '" STR_FMT
                      "'",
                      STR_ARG(str_slice(name, 0, 40)));
}
