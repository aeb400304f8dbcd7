/* question_parts.c - a question that stands alone: completed by the one before it, and taken apart
 * when it asks for two things. */
#include "answer/question_int.h"

/* Stand for something said before. "that" and "this" mostly do not. */
static const char pronouns[] =
    " it its he him his she her hers they them their theirs one ones "
    "these those er sie ihn ihr ihre sein seine elle lui ils elles ello ";
static const char openers[] = " and what about how or also but then und oder aber et mais y pero ";
static const char prepositions[] =
    " in at to from by for of on within after with under during before until over per ";

/* --- Follow-ups --- */

static size_t strong_words(const Question *question, size_t *names_r)
{
    size_t strong = 0;
    *names_r = 0;
    for (size_t i = 0; i < question->word_count; i++) {
        strong += !question->words[i].is_weak;
        *names_r += question->words[i].is_name;
    }
    return strong;
}

static bool has_pronoun(const QuestionTokens *tokens)
{
    for (size_t i = 0; i < tokens->list.count; i++)
        if (word_is_in(pronouns, tokens->list.at[i].text))
            return true;
    return false;
}

static bool needs_more(const QuestionTokens *tokens, const Question *question, bool *is_elliptic_r)
{
    size_t names, strong = strong_words(question, &names);
    bool opens = tokens->list.count && word_is_in(openers, tokens->list.at[0].text) &&
                 !(tokens->list.count > 1 && word_is_in(" what how ", tokens->list.at[0].text) &&
                   !str_equal_ignore_case(tokens->list.at[1].text, S("about")));
    *is_elliptic_r = opens && strong < 3;
    return *is_elliptic_r || strong == 0 || (strong < 2 && !names) ||
           (has_pronoun(tokens) && names + strong < 5);
}

Str question_complete(Arena *arena, Words *words, Str question, Str before)
{
    Question own = question_read(arena, words, question);
    QuestionTokens tokens = question_tokens(arena, question);
    bool is_elliptic, has_number = false, has_name = false;
    if (!before.length || !needs_more(&tokens, &own, &is_elliptic))
        return question;
    for (size_t i = 0; i < own.word_count; i++) {
        has_number |= own.words[i].is_number;
        has_name |= own.words[i].is_name;
    }
    Question earlier = question_read(arena, words, before);
    Buf out = buf_new(arena, KB(16));
    buf_add(&out, question);
    for (size_t i = 0; i < earlier.word_count; i++) {
        const QuestionWord *word = &earlier.words[i];
        /* "and in 2020?" asks with 2020 instead of 2021, "what about Uber?" instead of Lyft. */
        bool is_replaced =
            is_elliptic && ((word->is_number && has_number) || (word->is_name && has_name));
        if (is_replaced || word->is_weak || question_has(&own, word->text))
            continue;
        buf_add_char(&out, ' ');
        buf_add(&out, word->written);
    }
    return buf_str(&out);
}

/* --- Parts --- */

static bool is_and(Str word) { return word_is_in(" and und et y e ", word); }

/* The token where a second question begins, or 0: "..., and at how many ...". */
static size_t second_question(const QuestionTokens *tokens)
{
    for (size_t i = 2; i + 2 < tokens->list.count; i++) {
        if (!is_and(tokens->list.at[i].text))
            continue;
        size_t asks = i + 1 + word_is_in(prepositions, tokens->list.at[i + 1].text);
        if (asks + 1 < tokens->list.count && word_is_in(asking_words, tokens->list.at[asks].text))
            return i;
    }
    return 0;
}

static bool is_group_word(const QuestionTokens *tokens, size_t at, Language language)
{
    Str word = tokens->list.at[at].text;
    return looks_like_name(word, at == 0, language) || word_has_digit(word);
}

typedef struct Coordination {
    size_t first, and, last; /* tokens: the first group is first..and-1, the second and+1..last */
} Coordination;

/* "Forrest Gump and Michael Angstadt", "in FY 2011 and in FY 2010": names or numbers side by side.
 */
static bool find_coordination(const QuestionTokens *tokens, Language language,
                              Coordination *found_r)
{
    for (size_t i = 2; i + 1 < tokens->list.count; i++) {
        if (!is_and(tokens->list.at[i].text))
            continue;
        size_t first = i, last = i;
        while (first > 1 && i - first < 3 && is_group_word(tokens, first - 1, language) &&
               !tokens->list.at[first - 1].ends_clause)
            first--;
        if (word_is_in(prepositions, tokens->list.at[i + 1].text) && i + 2 < tokens->list.count)
            last++;
        size_t group = last;
        while (last + 1 < tokens->list.count && last - i < 4 &&
               is_group_word(tokens, last + 1, language) &&
               (last == group || !tokens->list.at[last].ends_clause))
            last++;
        if (first == i || last == group)
            continue;
        if (group > i && word_is_in(prepositions, tokens->list.at[first - 1].text))
            first--;
        *found_r = (Coordination){ first, i, last };
        return true;
    }
    return false;
}

static Str without(Arena *arena, Str text, size_t start, size_t end)
{
    return str_format(arena, STR_FMT " " STR_FMT, STR_ARG(str_trim(str_slice(text, 0, start))),
                      STR_ARG(str_trim(str_from(text, end))));
}

QuestionParts question_split(Arena *arena, Words *words, Str question)
{
    QuestionParts parts = { .at = { question }, .count = 1 };
    QuestionTokens tokens = question_tokens(arena, question);
    Language language = language_detect(question, LANGUAGE_ENGLISH);
    const QuestionToken *token = tokens.list.at;
    size_t second = second_question(&tokens);
    Coordination found;
    if (second) {
        Str first = str_trim(str_slice(question, 0, token[second - 1].end));
        Str rest = str_trim(str_from(question, token[second].end));
        parts = (QuestionParts){ { first, question_complete(arena, words, rest, first) }, 2 };
    } else if (find_coordination(&tokens, language, &found)) {
        Str first = without(arena, question, token[found.and ].start, token[found.last].end);
        Str other = without(arena, question, token[found.first].start, token[found.and ].end);
        parts = (QuestionParts){ { first, other }, 2 };
    }
    return parts;
}
