/* question_count.c - whether a question asks for a number of documents, and of which: "how many PDF
 * files are there?" */
#include "answer/question_int.h"

static const char file_nouns[] = " file files document documents ";
static const char verbs[] = " are is do does did have has were was can in there ";
static const char *const library_phrases[] = { "library",    "are there", "do i have",
                                               "do we have", "uploaded",  "collection",
                                               "indexed",    "added",     "in lectern",
                                               "stored here" };

typedef struct CountedKind {
    const char *words, *extensions;
} CountedKind;
static const CountedKind counted_kinds[] = {
#define COUNTED(words, extensions) { " " words " ", extensions },
#include "answer/counted.def"
#undef COUNTED
};

/* The first token after "how many", or 0. */
static size_t after_how_many(const QuestionTokens *tokens)
{
    for (size_t i = 0; i + 2 < tokens->list.count; i++)
        if (str_equal_ignore_case(tokens->list.at[i].text, S("how")) &&
            str_equal_ignore_case(tokens->list.at[i + 1].text, S("many")))
            return i + 2;
    return 0;
}

static bool asks_of_library(Str question)
{
    for (size_t i = 0; i < COUNT(library_phrases); i++)
        if (str_find_ignore_case(question, str(library_phrases[i])) >= 0)
            return true;
    return false;
}

static StrList words_of(Arena *arena, Str list)
{
    VEC(Str) words = { 0 };
    Str word;
    while (str_next(&list, ' ', &word))
        if (word.length)
            *vec_push(arena, &words) = word;
    return (StrList){ words.at, words.count };
}

static Str one_extension(Arena *arena, Str question, const QuestionToken *token)
{
    bool has_dot = token->start > 0 && question.at[token->start - 1] == '.';
    bool begins = token->start < 2 || HAS_CHAR(question.at[token->start - 2], " (*\"'");
    return has_dot && begins ? str_lower(arena, token->text) : STR_NONE;
}

/* What is said between "how many" and the verb. */
static bool read_counted(Arena *arena, const QuestionTokens *tokens, Str question, size_t first,
                         size_t end, CountQuestion *counts)
{
    bool has_noun = false;
    Str dotted = STR_NONE, before_noun = STR_NONE;
    const char *kind = NULL;
    for (size_t i = first; i < end; i++) {
        const QuestionToken *token = &tokens->list.at[i];
        Str extension = one_extension(arena, question, token);
        if (extension.length)
            dotted = extension;
        if (word_is_in(file_nouns, token->text)) {
            has_noun = true;
            before_noun = i > first ? token[-1].text : STR_NONE;
        }
        for (size_t k = 0; k < COUNT(counted_kinds) && !kind; k++)
            if (word_is_in(counted_kinds[k].words, token->text))
                kind = counted_kinds[k].extensions;
    }
    if (dotted.length)
        counts->extensions = words_of(arena, dotted);
    else if (kind)
        counts->extensions = words_of(arena, str(kind));
    else if (has_noun && before_noun.length && before_noun.length <= 5)
        counts->extensions = words_of(arena, str_lower(arena, before_noun));
    else
        return has_noun && !before_noun.length;
    return true;
}

bool question_counts(Arena *arena, Str question, CountQuestion *counts_r)
{
    QuestionTokens tokens = question_tokens(arena, question);
    size_t first = after_how_many(&tokens), end = first;
    CountQuestion counts = { 0 };
    if (!first || !asks_of_library(question))
        return false;
    while (end < tokens.list.count && end < first + 7 &&
           !word_is_in(verbs, tokens.list.at[end].text))
        end++;
    if (end == first || end == tokens.list.count ||
        !read_counted(arena, &tokens, question, first, end, &counts))
        return false;
    size_t from = tokens.list.at[first].start, to = tokens.list.at[end].start;
    counts.shown = str_trim(str_slice(question, from, to));
    *counts_r = counts;
    return true;
}
