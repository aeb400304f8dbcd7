/* cache_words_test.c - pairs that must never share an answer, made by rules; and some that may. */
#include <criterion/criterion.h>

#include "gateway/cache_words.h"

static bool same(Str a, Str b)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    return str_equal(cache_words(arena, a), cache_words(arena, b));
}

/* --- Pairs that differ --- */

static int pair_count;

static void differ(const char *format, const char *a, const char *b, const char *c, const char *d)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf first = buf_new(arena, KB(4)), second = buf_new(arena, KB(4));
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
    buf_addf(&first, format, a, b);
    buf_addf(&second, format, c, d);
    _Pragma("GCC diagnostic pop");
    pair_count++;
    cr_expect(!same(buf_str(&first), buf_str(&second)), STR_FMT " | " STR_FMT,
              STR_ARG(buf_str(&first)), STR_ARG(buf_str(&second)));
}

static const char *const things[] = { "Norway", "Sweden", "iron", "copper", "Ann", "Ben",
                                      "miles",  "litres", "10",   "100",    "3.5", "-3.5" };
static const char *const frames[] = { "Is %s larger than %s?",
                                      "How do I convert %s to %s?",
                                      "What does %s owe %s?",
                                      "Did %s come before %s?",
                                      "How many %s are in %s, please?",
                                      "the way from %s to %s",
                                      "Can you tell me whether %s likes %s?" };

static void differ_by_order_and_entity(void)
{
    for (size_t f = 0; f < COUNT(frames); f++)
        for (size_t a = 0; a < COUNT(things); a++)
            for (size_t b = a + 1; b < COUNT(things); b++) {
                size_t c = (b + 1) % COUNT(things) == a ? (b + 2) % COUNT(things)
                                                        : (b + 1) % COUNT(things);
                differ(frames[f], things[a], things[b], things[b], things[a]);
                differ(frames[f], things[a], things[b], things[a], things[c]);
            }
}

static const struct {
    const char *a, *b;
} words[] = {
    { "is", "is not" },     { "is", "isn't" },
    { "can", "cannot" },    { "can", "can't" },
    { "with", "without" },  { "more", "less" },
    { "before", "after" },  { "increase", "decrease" },
    { "buy", "sell" },      { "left", "right" },
    { "above", "below" },   { "all", "some" },
    { "all", "none of" },   { "always", "never" },
    { "first", "last" },    { "may", "must" },
    { "is", "was" },        { "is", "will be" },
    { "who", "when" },      { "how", "why" },
    { "my", "your" },       { "I", "you" },
    { "legal", "illegal" }, { "at least", "at most" },
    { "1,000", "10,000" },  { "10:30", "10:31" },
    { "3.5", "35" },        { "C", "C++" },
    { "C", "C#" },          { "2+2", "2-2" },
    { "5%", "5" },          { "$5", "5" },
    { "Polish", "polish" }, { "vitamin", "vitamin a" },
    { "May", "may" },       { "import", "export" },
    { "\"now\"", "now" },   { "and", "or" },
    { "in", "out of" },     { "twice", "once" },
    { "one", "two" },       { "nicht", "doch" },
};

Test(gateway, questions_that_differ_in_what_decides_never_share_an_answer)
{
    static const char *const sentences[] = { "What %s it that%s holds?", "Tell me: %s we%s go",
                                             "%s the rule%s known", "Does he%s think %s so" };
    differ_by_order_and_entity();
    for (size_t i = 0; i < COUNT(words); i++)
        for (size_t s = 0; s < COUNT(sentences); s++)
            if (s < 3)
                differ(sentences[s], words[i].a, "", words[i].b, "");
            else
                differ(sentences[s], "", words[i].a, "", words[i].b);
    cr_assert_geq(pair_count, 500);
}

/* --- Pairs that may share one --- */

Test(gateway, politeness_and_punctuation_decide_nothing)
{
    static const struct {
        const char *a, *b;
    } pairs[] = {
        { "What is the capital of Norway?", "what is the capital of Norway" },
        { "What is the capital of Norway?", "Please tell me, what is the capital of Norway?" },
        { "What's the capital of Norway?", "What is the capital of Norway, please?" },
        { "Hello! How do I reset my password?", "How do I reset my password? Thanks." },
        { "how do I  reset my\npassword", "Could you please tell me how do I reset my password?" },
        { "Who wrote the report (2019)?", "who wrote report 2019" },
    };
    for (size_t i = 0; i < COUNT(pairs); i++)
        cr_expect(same(str(pairs[i].a), str(pairs[i].b)), "%s | %s", pairs[i].a, pairs[i].b);
}

Test(gateway, any_text_has_words)
{
    cr_assert(same(S(""), S(" . ")));
    cr_assert(!same(S("please"), S("")));
    cr_assert(!same(S("thanks"), S("please")));
}
