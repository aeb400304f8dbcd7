/* query_test.c - what of a query scores and what must or must not occur. */
#include "index/query.h"

#include <criterion/criterion.h>

static void show_words(Buf *out, const QueryClause *clause)
{
    for (size_t i = 0; i < clause->phrases.count; i++) {
        const QueryPhrase *phrase = &clause->phrases.at[i];
        buf_add(out, i ? S("|") : S(""));
        for (size_t w = 0; w < phrase->count; w++)
            buf_addf(out, "%s" STR_FMT, w ? " " : "", STR_ARG(phrase->words[w]));
    }
}

/* "word prefix* asking? / -1:field" */
static Str shown(Arena *arena, const Query *query)
{
    Buf out = buf_new(arena, KB(16));
    for (size_t i = 0; i < query->terms.count; i++) {
        const QueryTerm *term = &query->terms.at[i];
        buf_addf(&out, "%s" STR_FMT "%s%s", i ? " " : "", STR_ARG(term->text),
                 term->is_prefix ? "*" : "", term->is_frame ? "?" : "");
        if (term->edits)
            buf_addf(&out, "~%d", term->edits);
    }
    for (size_t i = 0; i < query->clauses.count; i++) {
        const QueryClause *clause = &query->clauses.at[i];
        buf_addf(&out, " / %s", clause->is_excluded ? "-" : "");
        if (clause->fields)
            buf_addf(&out, "%u:", clause->fields);
        show_words(&out, clause);
        if (clause->is_prefix)
            buf_add_char(&out, '*');
        if (clause->slop)
            buf_addf(&out, "~%u", clause->slop);
    }
    return buf_str(&out);
}

static const struct {
    const char *about, *text, *shown;
} cases[] = {
    { "words", "sound post", "sound post" },
    { "a phrase", "\"sound post\" flute", "sound post flute / sound post" },
    { "excluded", "violin -flute", "violin / -flute" },
    { "a minus before a digit", "violin -5", "violin 5" },
    { "a field", "title:violin", "violin / 1:violin" },
    { "a phrase in a field", "heading:\"sound post\"", "sound post / 2:sound post" },
    { "not in a field", "violin -body:flute", "violin / -4:flute" },
    { "a title with a colon", "title: violin", "titl violin" },
    { "a beginning", "tele*", "tele*" },
    { "no such beginning", "violin -tele*", "violin / -tele*" },
    { "edits", "violn~ flut~2", "violn~1 flut~2" },
    { "near", "\"sound post\"~5", "sound post / sound post~5" },
    { "either", "(string OR \"sound post\") flute", "string sound post flute / string|sound post" },
    { "either without parentheses", "cat OR dog bird", "cat dog bird / cat|dog" },
    { "three", "cat OR dog OR bird", "cat dog bird / cat|dog|bird" },
    { "either in two parentheses", "((cat OR dog)) bird", "cat dog bird / cat|dog" },
    { "excluded in a parenthesis", "bird (-cat)", "bird / -cat" },
    { "parentheses in words", "f(cat) f(-dog", "f cat dog" },
    { "parentheses alone", "(( ((", "" },
    { "or is a word", "cat or dog", "cat dog" },
    { "an open quote", "\"cat dog", "cat dog" },
    { "asking", "What is said about cats?", "said? about? cat" },
    { "asked for", "Tell me about any dog", "tell? about? ani? dog" },
    { "no subject", "Tell me about", "tell about" },
    { "one word asks nothing", "Show dogs", "show dog" },
    { "asking in the middle", "dogs said about cats", "dog said about cat" },
    { "asking with an operator", "what is said about \"a dog\"", "dog said about / a dog" },
};

Test(index, a_query_means_what_was_typed)
{
    static const Language english = LANGUAGE_ENGLISH;
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        Words *words = words_new();
        Query query = query_parse(arena, words, &english, 1, str(cases[i].text));
        Str parts = shown(arena, &query);
        cr_expect(str_is(parts, cases[i].shown), "%s: '" STR_FMT "'", cases[i].about,
                  STR_ARG(parts));
        words_free(words);
    }
}

Test(index, stop_words_are_those_of_the_language_that_a_query_is_written_in)
{
    static const Language both[] = { LANGUAGE_ENGLISH, LANGUAGE_GERMAN };
    static const struct {
        const char *text, *shown;
    } in_both[] = {
        { "Was steht dort bei dem Frosch", "steht? dort? bei? dem? frosch" },
        { "what is in the frog", "frog what? is? the?" },
        { "war in europe", "war europ" }, /* of either language */
    };
    for (size_t i = 0; i < COUNT(in_both); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        Words *words = words_new();
        Query query = query_parse(arena, words, both, COUNT(both), str(in_both[i].text));
        Str parts = shown(arena, &query);
        cr_expect(str_is(parts, in_both[i].shown), "%s: '" STR_FMT "'", in_both[i].text,
                  STR_ARG(parts));
        words_free(words);
    }
}
