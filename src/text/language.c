/* language.c - see language.h. */
#include "text/language.h"

#include <pthread.h>

#include "base/utf8.h"
#include "text/fold.h"

static const LanguageAbout languages[LANGUAGE_COUNT] = {
#define LANGUAGE(name, code, stemmer, accents, elides, stop_words)                                 \
    [LANGUAGE_##name] = { code, stemmer, accents, elides, stop_words },
#include "text/languages.def"
#undef LANGUAGE
};

static const char *const asking_words[LANGUAGE_COUNT] = {
#define ASKING(language, words) [LANGUAGE_##language] = words,
#include "text/asking.def"
#undef ASKING
};

#define DETECT_MAX KB(16)
#define WORD_MAX 48
#define SLOTS 4096 /* a power of two, some three times the number of stop words */

/* All stop words and words of asking of all languages, each with the sets of languages that have it
 * as one. */
typedef struct KnownWord {
    char text[WORD_MAX];
    size_t length;
    uint32_t stops, asks; /* bit n: Language n */
} KnownWord;

static KnownWord *known_words; /* open addressing; length 0: free */
static pthread_once_t known_words_once = PTHREAD_ONCE_INIT;

const LanguageAbout *language_about(Language language)
{
    return &languages[language < LANGUAGE_COUNT ? language : LANGUAGE_OTHER];
}

Language language_named(Str code)
{
    Str primary = str_slice(code, 0, 2);
    if (code.length > 2 && code.at[2] != '-' && code.at[2] != '_')
        return LANGUAGE_OTHER;
    for (Language l = 0; l < LANGUAGE_COUNT; l++)
        if (str_equal_ignore_case(primary, str(languages[l].code)))
            return l;
    return LANGUAGE_OTHER;
}

Language language_read_as(Str code)
{
    Language language = language_named(code);
    return language == LANGUAGE_OTHER ? LANGUAGE_ENGLISH : language;
}

static KnownWord *known_word(Str word)
{
    size_t at = str_hash(word) & (SLOTS - 1);
    while (known_words[at].length &&
           !str_equal((Str){ known_words[at].text, known_words[at].length }, word))
        at = (at + 1) & (SLOTS - 1);
    return &known_words[at];
}

/* The words of the list, also without their accents. */
static void add_words(const char *list, Language language, bool asks)
{
    char folded[WORD_MAX * 4];
    Str rest = str(list ? list : ""), word;
    while (str_next(&rest, ' ', &word)) {
        Str forms[] = { word, fold_accents(word, folded, sizeof(folded)) };
        for (size_t i = 0; i < COUNT(forms) && word.length && word.length <= WORD_MAX; i++) {
            KnownWord *slot = known_word(forms[i]);
            memcpy(slot->text, forms[i].at, forms[i].length);
            slot->length = forms[i].length;
            *(asks ? &slot->asks : &slot->stops) |= 1u << language;
        }
    }
}

static void fill_known_words(void)
{
    static KnownWord table[SLOTS];

    _Static_assert(LANGUAGE_COUNT <= 32, "one bit a language");
    known_words = table;
    for (Language l = 0; l < LANGUAGE_COUNT; l++) {
        add_words(languages[l].stop_words, l, false);
        add_words(asking_words[l], l, true);
    }
}

static const KnownWord *known_as(Str word)
{
    static const KnownWord nothing;
    pthread_once(&known_words_once, fill_known_words);
    return word.length && word.length <= WORD_MAX ? known_word(word) : &nothing;
}

bool language_is_stop_word(Language language, Str word)
{
    return known_as(word)->stops >> language & 1;
}

bool language_is_asking_word(Language language, Str word)
{
    return known_as(word)->asks >> language & 1;
}

/* What the characters alone say: a language for scripts that (nearly) only one of ours uses. */
typedef struct Scripts {
    size_t latin, cyrillic, greek, arabic, han, kana, hangul, devanagari, tamil, armenian, other;
} Scripts;

static void count_script(Scripts *scripts, uint32_t c)
{
    if (c < 0x41)
        return;
    if (c < 0x250 || (c >= 0x1E00 && c < 0x1F00))
        scripts->latin++;
    else if (c >= 0x370 && c < 0x400)
        scripts->greek++;
    else if (c >= 0x400 && c < 0x530)
        scripts->cyrillic++;
    else if (c >= 0x600 && c < 0x780)
        scripts->arabic++;
    else if (c >= 0x530 && c < 0x590)
        scripts->armenian++;
    else if (c >= 0x900 && c < 0x980)
        scripts->devanagari++;
    else if (c >= 0xB80 && c < 0xC00)
        scripts->tamil++;
    else if (c >= 0x3040 && c < 0x3100)
        scripts->kana++;
    else if ((c >= 0x3400 && c < 0xA000) || (c >= 0x20000 && c < 0x32000))
        scripts->han++;
    else if (c >= 0xAC00 && c < 0xD7B0)
        scripts->hangul++;
    else if (c >= 0x530 && c != 0x2019 && (c < 0x2000 || c > 0x2BFF))
        scripts->other++;
}

/* The language of a script that is not Latin; LANGUAGE_COUNT when Latin letters are the most. */
static Language script_language(const Scripts *s)
{
    /* One Han character says about as much as two letters. */
    size_t east = 2 * (s->han + s->kana + s->hangul);
    size_t most =
        MAX(MAX(MAX(s->latin, s->cyrillic), MAX(s->greek, s->arabic)), MAX(east, s->other));
    most = MAX(MAX(most, s->devanagari), MAX(s->tamil, s->armenian));
    if (most == 0 || most == s->latin)
        return LANGUAGE_COUNT;
    if (most == east)
        return s->hangul > s->han + s->kana ? LANGUAGE_KOREAN
               : s->kana * 10 > s->han      ? LANGUAGE_JAPANESE
                                            : LANGUAGE_CHINESE;
    return most == s->cyrillic     ? LANGUAGE_RUSSIAN
           : most == s->greek      ? LANGUAGE_GREEK
           : most == s->arabic     ? LANGUAGE_ARABIC
           : most == s->devanagari ? LANGUAGE_HINDI
           : most == s->tamil      ? LANGUAGE_TAMIL
           : most == s->armenian   ? LANGUAGE_ARMENIAN
                                   : LANGUAGE_OTHER;
}

/* Each stop word counts for its languages, the less the more of them share it. */
static void count_word(Str word, double votes[LANGUAGE_COUNT])
{
    char lower[WORD_MAX * 4];
    uint32_t set = known_as(fold_case(word, lower, sizeof(lower)))->stops;
    for (uint32_t rest = set; rest; rest &= rest - 1)
        votes[__builtin_ctz(rest)] += 1.0 / __builtin_popcount(set);
}

/* What a text's beginning says of its language. */
typedef struct Evidence {
    double votes[LANGUAGE_COUNT];
    Scripts scripts;
    size_t word_count; /* that may have voted */
} Evidence;

/* A letter by itself stands in lists and formulas; parts of addresses and names of things ("com",
 * "do" in "to_do") are no words of a sentence. */
static bool is_of_sentence(Str sample, size_t start, size_t end)
{
    return end > start + 1 && (start == 0 || !HAS_CHAR(sample.at[start - 1], "@._/\\-=&?%#")) &&
           (end == sample.length || !HAS_CHAR(sample.at[end], "@_/\\-=("));
}

static Evidence gather(Str text, bool is_document)
{
    Str sample = str_slice(text, 0, utf8_floor(text, MIN(text.length, DETECT_MAX)));
    Evidence found = { 0 };
    size_t word_start = 0, size;

    for (size_t at = 0; at <= sample.length; at += size) {
        uint32_t c = at < sample.length ? utf8_decode(sample, at, &size) : ' ';
        if (at == sample.length)
            size = 1;
        if ((c | 0x20) - 'a' < 26 || (c >= 0xC0 && c != 0xD7 && c != 0xF7 && c < 0x2000)) {
            count_script(&found.scripts, c);
            continue;
        }
        count_script(&found.scripts, c >= 0x2C00 ? c : 0);
        if (at > word_start && at - word_start <= WORD_MAX &&
            (!is_document || is_of_sentence(sample, word_start, at))) {
            count_word(str_slice(sample, word_start, at), found.votes);
            found.word_count++;
        }
        word_start = at + size;
    }
    return found;
}

Language language_detect(Str text, Language guess)
{
    Evidence found = gather(text, false);
    Language script = script_language(&found.scripts), best = guess;
    if (script != LANGUAGE_COUNT)
        return script;
    double most = guess < LANGUAGE_COUNT ? found.votes[guess] : 0;
    for (Language l = 0; l < LANGUAGE_COUNT; l++)
        if (found.votes[l] > most + 0.25)
            most = found.votes[l], best = l;
    return best;
}

/* Between a third and a half of the words of a sentence are stop words, of which our short lists
 * have some; lists, addresses, code, and languages that we do not have, show few, of several. */
#define VOTES_LEAST 1.0
#define VOTES_SHARE 0.08
#define VOTES_SHARE_ALONE 0.02 /* where no other language has nearly as many, of so many votes */
#define VOTES_ALONE 8.0
#define ALONE_TIMES 2.5

Language language_of_document(Str text)
{
    Evidence found = gather(text, true);
    Language best = 0;
    double second = 0, words = (double)found.word_count;
    if (script_language(&found.scripts) != LANGUAGE_COUNT)
        return script_language(&found.scripts);
    for (Language l = 1; l < LANGUAGE_COUNT; l++)
        if (found.votes[l] > found.votes[best])
            best = l;
    for (Language l = 0; l < LANGUAGE_COUNT; l++)
        if (l != best)
            second = MAX(second, found.votes[l]);
    double most = found.votes[best];
    bool is_alone = most >= VOTES_ALONE && most >= ALONE_TIMES * second;
    return most >= VOTES_LEAST && most >= words * (is_alone ? VOTES_SHARE_ALONE : VOTES_SHARE)
               ? best
               : LANGUAGE_OTHER;
}

#define FEW_WORDS 12

Language language_of_text(Str text, Language guess)
{
    Language found = language_of_document(text), likely = language_detect(text, guess);
    bool is_short = gather(text, true).word_count < FEW_WORDS;
    return found == LANGUAGE_OTHER && (is_short || likely == guess) ? likely : found;
}
