/* cache_words.c - see cache_words.h. */
#include "gateway/cache_words.h"

typedef struct Words {
    Str *at;
    size_t count;
} Words;

/* Said before a question, and after it; longer ones first. */
static const char *const openings[] = {
    "could you please tell me",
    "can you please tell me",
    "would you please tell me",
    "i would like to know",
    "could you tell me",
    "would you tell me",
    "can you tell me",
    "i want to know",
    "i'd like to know",
    "please tell me",
    "let me know",
    "tell me",
    "good morning",
    "please",
    "kindly",
    "hello",
    "hey",
    "hi",
};
static const char *const closings[] = {
    "thank you very much", "thanks in advance", "many thanks", "thank you", "thanks", "please"
};

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c & 0x80);
}

static bool is_inner(Str text, size_t at)
{
    return at && at + 1 < text.length && is_letter_or_digit(text.at[at - 1]) &&
           is_letter_or_digit(text.at[at + 1]);
}

/* Punctuation of sentences parts words, but for that within one: 3.5, 10:30, isn't, a.b. */
static bool is_apart(Str text, size_t at)
{
    char c = text.at[at];
    return (unsigned char)c <= ' ' || (HAS_CHAR(c, ".,;:!?'()") && !is_inner(text, at));
}

static Words split(Arena *arena, Str text)
{
    VEC(Str) words = { 0 };
    for (size_t at = 0; at < text.length;) {
        size_t start = at;
        while (at < text.length && !is_apart(text, at))
            at++;
        if (at > start)
            *vec_push(arena, &words) = str_slice(text, start, at);
        else
            at++;
    }
    return (Words){ words.at, words.count };
}

/* How many words of the phrase stand at the start (or the end) of the words; 0: not all. */
static size_t phrase_at(Arena *arena, const Words *words, const char *phrase, bool is_end)
{
    Words wanted = split(arena, str(phrase));
    if (wanted.count >= words->count)
        return 0;
    size_t first = is_end ? words->count - wanted.count : 0;
    for (size_t i = 0; i < wanted.count; i++)
        if (!str_equal_ignore_case(words->at[first + i], wanted.at[i]))
            return 0;
    return wanted.count;
}

static bool strip(Arena *arena, Words *words)
{
    for (size_t i = 0; i < COUNT(openings); i++) {
        size_t count = phrase_at(arena, words, openings[i], false);
        words->at += count;
        words->count -= count;
        if (count)
            return true;
    }
    for (size_t i = 0; i < COUNT(closings); i++) {
        size_t count = phrase_at(arena, words, closings[i], true);
        words->count -= count;
        if (count)
            return true;
    }
    return false;
}

/* A capital that only begins the sentence; of other words it may be a name (May, Polish). */
static Str without_capital(Arena *arena, Str word)
{
    static const char *const usual[] = { "what",  "what's", "who",     "whom",    "whose", "which",
                                         "when",  "where",  "why",     "how",     "is",    "are",
                                         "was",   "were",   "do",      "does",    "did",   "can",
                                         "could", "should", "would",   "the",     "tell",  "list",
                                         "give",  "show",   "explain", "describe" };
    for (size_t i = 0; i < COUNT(usual); i++)
        if (word.length > 1 && str_equal_ignore_case(word, str(usual[i])) &&
            str_is(str_from(word, 1), usual[i] + 1))
            return str_lower(arena, word);
    return word;
}

Str cache_words(Arena *arena, Str text)
{
    Words words = split(arena, text);
    Buf out = buf_new(arena, text.length * 2 + KB(1));
    if (words.count)
        words.at[0] = without_capital(arena, words.at[0]);
    while (strip(arena, &words))
        words.at[0] = without_capital(arena, words.at[0]);
    for (size_t i = 0; i < words.count; i++) {
        Str word = words.at[i];
        if (str_is(word, "the"))
            continue;
        buf_add(&out, str_is(word, "what's") ? S("what\nis") : word);
        buf_add_char(&out, '\n');
    }
    return buf_str(&out);
}
