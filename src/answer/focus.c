/* focus.c - what of its names a question asks for: "eggs" of "How many eggs does a blobfish lay?".
 *
 * Everything else of such a question may stand in a document that does not answer it. No grammar:
 * what follows the asking word, up to a helping verb or a preposition. */
#include "answer/question_int.h"

static const char helpers[] = " is are was were be been do does did has have had can could will "
                              "would shall should may might must ";
static const char doers[] = " do does did has have had can could will would ";
static const char articles[] = " the a an his her its their our your my each one ";
static const char linkers[] = " of in at to from by for on within after with under during before "
                              "until over per as about into than that who which where when ";
/* A group of words that nothing ends within so many is taken for its first one. */
#define GROUP_WORDS 4

static const char money_words[] = " cost costs price prices pay pays paid spend spent worth charge "
                                  "charged budget revenue income fee fees fare rent wage wages "
                                  "salary stipend earn earns profit fine bonus prize money hourly "
                                  "dollars euros pounds ";

typedef struct Measure {
    const char *asking, *beside;
} Measure;

static const Measure measures[] = {
#define MEASURE(asking, beside) { " " asking " ", " " beside " " },
#include "answer/measures.def"
#undef MEASURE
};

typedef struct Focus {
    size_t first, end; /* tokens */
    bool is_counted;   /* "how many", "how much" */
    bool is_thing;     /* of what, which or how */
} Focus;

static bool token_in(const QuestionTokens *tokens, size_t at, const char *list)
{
    return at < tokens->list.count && word_is_in(list, tokens->list.at[at].text);
}

static size_t skip(const QuestionTokens *tokens, size_t at, const char *list)
{
    while (token_in(tokens, at, list))
        at++;
    return at;
}

static size_t group_end(const QuestionTokens *tokens, size_t first, size_t longest)
{
    size_t end = first;
    while (end < tokens->list.count && end - first < longest && !token_in(tokens, end, helpers) &&
           !token_in(tokens, end, linkers))
        end++;
    return end;
}

/* "eggs" of "eggs does a blobfish lay". */
static Focus group_from(const QuestionTokens *tokens, size_t first)
{
    size_t end = group_end(tokens, first, GROUP_WORDS);
    bool is_open = end == tokens->list.count || end - first == GROUP_WORDS;
    return (Focus){ first, is_open ? first + 1 : end };
}

/* "phone number" of "what is Maggie Cruz's phone number in Houston". */
static Focus thing_after_is(const QuestionTokens *tokens, size_t first)
{
    first = skip(tokens, first, articles);
    for (size_t i = first; i < tokens->list.count; i++) {
        const QuestionToken *token = &tokens->list.at[i];
        if (token->text.length < token->end - token->start)
            first = i + 1;
    }
    return (Focus){ first, group_end(tokens, first, tokens->list.count) };
}

static Focus after_who(const QuestionTokens *tokens, size_t at)
{
    size_t first = at + 1;
    if (!token_in(tokens, at, " whose "))
        while (token_in(tokens, first, helpers) || token_in(tokens, first, articles))
            first++;
    return (Focus){ first, MAX(group_end(tokens, first, 2), first + 1) };
}

static Focus after_what(const QuestionTokens *tokens, size_t at)
{
    if (token_in(tokens, at + 1, " is are was were "))
        return thing_after_is(tokens, at + 2);
    if (token_in(tokens, at + 1, doers))
        return (Focus){ at + 2, tokens->list.count };
    return group_from(tokens, at + 1);
}

static Focus after_how(const QuestionTokens *tokens, size_t at)
{
    Focus focus = { at + 1, tokens->list.count };
    if (token_in(tokens, at + 1, " many much ")) {
        focus = group_from(tokens, at + 2);
        focus.is_counted = true;
    } else {
        for (size_t i = 0; i < COUNT(measures); i++)
            if (token_in(tokens, at + 1, measures[i].asking))
                focus.end = at + 2;
    }
    return focus;
}

static Focus find_focus(const QuestionTokens *tokens)
{
    for (size_t i = 0; i < tokens->list.count; i++) {
        if (token_in(tokens, i, " who whom whose "))
            return after_who(tokens, i);
        if (token_in(tokens, i, " what which how ")) {
            Focus focus =
                token_in(tokens, i, " how ") ? after_how(tokens, i) : after_what(tokens, i);
            focus.is_thing = true;
            return focus;
        }
        if (token_in(tokens, i, " when where "))
            return (Focus){ skip(tokens, i + 1, helpers), tokens->list.count };
    }
    return (Focus){ 0 };
}

/* "What does it cost", "how much did they pay", but not "who paid". */
static bool asks_for_money(const QuestionTokens *tokens, const Focus *focus)
{
    bool is_much = token_in(tokens, 0, " how ") && token_in(tokens, 1, " much ");
    size_t end = is_much ? tokens->list.count : MIN(focus->end, tokens->list.count);
    for (size_t i = is_much ? 2 : focus->first; focus->is_thing && i < end; i++)
        if (token_in(tokens, i, money_words))
            return true;
    return false;
}

void question_focus(Question *question, const QuestionTokens *tokens)
{
    Focus focus = find_focus(tokens);
    size_t end = MIN(focus.end, tokens->list.count);
    question->is_counted = focus.is_counted;
    question->is_money = asks_for_money(tokens, &focus);
    for (size_t i = 0; i < question->word_count; i++) {
        const QuestionWord *word = &question->words[i];
        size_t start = (size_t)(word->written.at - question->text.at);
        bool is_inside = focus.first < end && start >= tokens->list.at[focus.first].start &&
                         start < tokens->list.at[end - 1].end;
        if (is_inside && !word->is_name && !word->is_number)
            question->focus |= (uint64_t)1 << i;
    }
    for (size_t i = focus.first; i < end && i < focus.first + 2; i++)
        for (size_t m = 0; m < COUNT(measures) && !question->measure; m++)
            if (token_in(tokens, i, measures[m].asking))
                question->measure = measures[m].beside;
}
