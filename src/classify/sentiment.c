/* sentiment.c - see sentiment.h. */
#include "classify/sentiment.h"

#include <math.h>
#include <pthread.h>

#include "base/map.h"
#include "base/utf8.h"
#include "text/fold.h"
#include "text/sentences.h"

/* The constants of VADER's rules (Hutto and Gilbert 2014, section 3): what a negation leaves, what
 * an intensifier adds, how the sum is brought to -1..1, and what capitals and exclamation marks
 * add. */
#define NEGATED (-0.74)
#define MORE_ADDS 0.293
#define CAPITALS_ADD 0.733
#define EXCLAMATION_ADDS 0.292
#define NORMAL 15.0
#define BEFORE_CONTRAST 0.5
#define AFTER_CONTRAST 1.5
#define NEGATION_REACH 5 /* words over which it reaches, within its clause */
#define STRENGTH_REACH 2
#define CERTAIN 0.05 /* a score nearer to 0 is neither for nor against */
#define WORD_MAX 64
#define FEELING_TEXT_MAX KB(256)

typedef enum Mark { MARK_NONE, MARK_NEGATION, MARK_MORE, MARK_LESS, MARK_CONTRAST } Mark;

const char *sentiment_sign_name(SentimentSign sign)
{
    static const char *const names[] = { "negative", "neutral", "positive" };
    return names[sign];
}

/* --- The words --- */

typedef struct Lexicon {
    Map words, beginnings; /* weight in thousandths */
    Map marks;
} Lexicon;
static Lexicon lexicons[LANGUAGE_COUNT];
static pthread_once_t lexicons_once = PTHREAD_ONCE_INIT;

static void add_feelings(Arena *arena, Language language, double weight, const char *words)
{
    Lexicon *lexicon = &lexicons[language];
    Str rest = str(words), word;
    if (!lexicon->words.arena) {
        lexicon->words = map_new(arena);
        lexicon->beginnings = map_new(arena);
        lexicon->marks = map_new(arena);
    }
    while (str_next(&rest, '|', &word)) {
        bool is_beginning = str_ends(word, S("*"));
        Str text = is_beginning ? str_slice(word, 0, word.length - 1) : word;
        map_add(is_beginning ? &lexicon->beginnings : &lexicon->words, text, NULL)->number =
            lround(weight * 1000);
    }
}

static void add_marks(Language language, Mark mark, const char *words)
{
    Str rest = str(words), word;
    while (str_next(&rest, '|', &word))
        map_add(&lexicons[language].marks, word, NULL)->number = mark;
}

static void fill_lexicons(void)
{
    Arena *arena = arena_new(MB(4));
#define FEELING(language, weight, words) add_feelings(arena, LANGUAGE_##language, weight, words);
#include "classify/sentiment_words.def"
#undef FEELING
#define MARK(language, mark, words) add_marks(LANGUAGE_##language, MARK_##mark, words);
#include "classify/sentiment_marks.def"
#undef MARK
}

/* A word of a language we have no words of has no weight. */
static double weight_of(const Lexicon *lexicon, Str word)
{
    const MapEntry *entry = lexicon->words.arena ? map_find(&lexicon->words, word) : NULL;
    if (entry)
        return (double)entry->number / 1000;
    for (size_t length = word.length; lexicon->words.arena && length >= 3; length--) {
        entry = map_find(&lexicon->beginnings, str_slice(word, 0, length));
        if (entry)
            return (double)entry->number / 1000;
    }
    return 0;
}

static Mark mark_of(const Lexicon *lexicon, Str word)
{
    const MapEntry *entry = lexicon->words.arena ? map_find(&lexicon->marks, word) : NULL;
    return entry ? (Mark)entry->number : MARK_NONE;
}

/* --- A sentence --- */

#define SENTENCE_WORDS 256

typedef struct Feeling {
    double weight;
    Mark mark;
    bool is_loud, ends_clause;
    bool is_be, is_comparative;
    size_t start, end;
} Feeling;

typedef struct Heard {
    Feeling words[SENTENCE_WORDS];
    size_t count;
    int exclamations;
    bool is_all_loud; /* then capitals say nothing */
} Heard;

static bool is_loud(Str word)
{
    size_t capitals = 0;
    for (size_t i = 0; i < word.length; i++) {
        if ((unsigned char)(word.at[i] - 'a') < 26)
            return false;
        capitals += (unsigned char)(word.at[i] - 'A') < 26;
    }
    return capitals >= 2;
}

static bool is_word_byte(unsigned char c)
{
    return (unsigned char)((c | 32) - 'a') < 26 || (c >= '0' && c <= '9') || c >= 0x80;
}

/* Words, with the marks that stand inside of them; what are no letters alone, up to a blank: ":-)".
 */
static size_t token_end(Str text, size_t at)
{
    size_t end = at;
    bool is_word = is_word_byte((unsigned char)text.at[at]);
    while (end < text.length && (unsigned char)text.at[end] > ' ') {
        unsigned char c = (unsigned char)text.at[end];
        unsigned char next = end + 1 < text.length ? (unsigned char)text.at[end + 1] : 0;
        if (is_word && !is_word_byte(c) && !(HAS_CHAR(c, "'-") && is_word_byte(next)))
            break;
        if (!is_word && is_word_byte(c) && !HAS_CHAR(c, "D3"))
            break;
        end++;
    }
    return MAX(end, at + 1);
}

/* The typographic apostrophe is the other one's. */
static Str plain_word(Str word, char *out)
{
    char copy[WORD_MAX];
    size_t length = 0;
    for (size_t i = 0; i < word.length && length + 1 < sizeof(copy); i++) {
        if (str_starts(str_from(word, i), S("\xE2\x80\x99"))) {
            copy[length++] = '\'';
            i += 2;
        } else {
            copy[length++] = word.at[i];
        }
    }
    return fold_case((Str){ copy, length }, out, WORD_MAX * 4);
}

static void hear(Str text, size_t offset, Language language, Heard *heard)
{
    size_t loud = 0, words = 0;
    *heard = (Heard){ 0 };
    for (size_t at = 0; at < text.length && heard->count < SENTENCE_WORDS;) {
        char folded[WORD_MAX * 4];
        if ((unsigned char)text.at[at] <= ' ') {
            at++;
            continue;
        }
        size_t end = token_end(text, at);
        Str word = str_slice(text, at, end), plain = plain_word(word, folded);
        Feeling feeling = { .weight = weight_of(&lexicons[language], plain),
                            .mark = mark_of(&lexicons[language], plain),
                            .is_loud = is_loud(word),
                            .start = offset + at,
                            .end = offset + end };
        if (feeling.weight == 0)
            feeling.weight = weight_of(&lexicons[LANGUAGE_OTHER], word);
        for (size_t i = 0; i < word.length; i++)
            heard->exclamations += word.at[i] == '!';
        feeling.is_be = str_is(plain, "be") || str_is(plain, "been");
        feeling.is_comparative = str_ends(plain, S("er")) || str_is(plain, "more");
        words += is_word_byte((unsigned char)word.at[0]);
        loud += feeling.is_loud;
        feeling.ends_clause = HAS_CHAR(word.at[0], ",;.:!?") && feeling.weight == 0;
        heard->words[heard->count++] = feeling;
        at = end;
    }
    heard->is_all_loud = loud == words;
}

/* "Couldn't be happier", "could not have been more helpful": nothing is negated. */
static bool is_topped(const Heard *heard, size_t negation, size_t at)
{
    bool has_be = false, compares = false;
    for (size_t i = negation + 1; i <= at; i++) {
        has_be = has_be || heard->words[i].is_be;
        compares = compares || heard->words[i].is_comparative;
    }
    return has_be && compares;
}

/* A word's weight as it stands among the others. */
static double weight_at(const Heard *heard, size_t at)
{
    double weight = heard->words[at].weight;
    double sign = weight < 0 ? -1 : 1;
    bool is_negated = false;
    if (weight == 0)
        return 0;
    if (heard->words[at].is_loud && !heard->is_all_loud)
        weight += sign * CAPITALS_ADD;
    for (size_t back = 1; back <= NEGATION_REACH && back <= at; back++) {
        const Feeling *before = &heard->words[at - back];
        double share = back == 1 ? 1 : 0.95;
        if (before->ends_clause || before->mark == MARK_CONTRAST)
            break;
        if (before->mark == MARK_MORE && back <= STRENGTH_REACH)
            weight += sign * MORE_ADDS * share;
        if (before->mark == MARK_LESS && back <= STRENGTH_REACH)
            weight -= sign * MORE_ADDS * share;
        is_negated =
            is_negated || (before->mark == MARK_NEGATION && !is_topped(heard, at - back, at));
    }
    return is_negated ? weight * NEGATED : weight;
}

static double sum_of(const Heard *heard, size_t first, size_t end)
{
    size_t contrast = SIZE_MAX;
    double sum = 0;
    for (size_t i = first; i < end; i++)
        if (heard->words[i].mark == MARK_CONTRAST && i > first)
            contrast = i;
    for (size_t i = first; i < end; i++) {
        double share = contrast == SIZE_MAX ? 1 : i < contrast ? BEFORE_CONTRAST : AFTER_CONTRAST;
        sum += weight_at(heard, i) * share;
    }
    double loud = MIN(heard->exclamations, 4) * EXCLAMATION_ADDS;
    return sum > 0 ? sum + loud : sum < 0 ? sum - loud : 0;
}

static double normal(double sum) { return sum / sqrt(sum * sum + NORMAL); }

static Sentiment sentiment_from(double score)
{
    SentimentSign sign = score >= CERTAIN    ? SENTIMENT_POSITIVE
                         : score <= -CERTAIN ? SENTIMENT_NEGATIVE
                                             : SENTIMENT_NEUTRAL;
    double confidence = sign == SENTIMENT_NEUTRAL ? 0.5 : 0.5 + fabs(score) / 2;
    return (Sentiment){ score, sign, confidence };
}

/* Sentences that say nothing do not count against those that do. */
Sentiment sentiment_of(Str text, Language language)
{
    Str read = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)FEELING_TEXT_MAX)));
    Sentence sentence;
    double sum = 0;
    size_t feeling = 0, silent = 0;
    Heard heard;
    pthread_once(&lexicons_once, fill_lexicons);
    for (size_t at = 0; sentence_next(read, &at, &sentence);) {
        hear(str_slice(read, sentence.start, sentence.end), sentence.start, language, &heard);
        double score = normal(sum_of(&heard, 0, heard.count));
        sum += score;
        feeling += score != 0;
        silent += score == 0;
    }
    double weight = (double)feeling + 0.1 * (double)silent;
    return sentiment_from(weight > 0 ? sum / weight : 0);
}

/* --- Aspects --- */

typedef struct AspectSum {
    Aspect aspect;
    double sum;
} AspectSum;

typedef struct Aspects {
    Arena *arena;
    Str text;
    Language language;
    Map by_name; /* index + 1 */
    VEC(AspectSum) sums;
} Aspects;

/* What may be an aspect: a word of letters that says nothing by itself and is no stop word. */
static bool is_aspect_word(const Aspects *a, const Feeling *word, Str lower)
{
    if (word->weight != 0 || word->mark != MARK_NONE || lower.length < 3 ||
        language_is_stop_word(a->language, lower))
        return false;
    for (size_t i = 0; i < lower.length; i++)
        if (!is_word_byte((unsigned char)lower.at[i]) || (lower.at[i] >= '0' && lower.at[i] <= '9'))
            return false;
    return true;
}

/* Nouns that are spoken about stand behind an article or possessive ("the battery"), in German with
 * a capital. */
static bool is_spoken_of(const Aspects *a, const Heard *heard, size_t at)
{
    static const char *const openers[] = { "the", "this", "that", "its", "their", "our",
                                           "my",  "his",  "her",  "le",  "la",    "les",
                                           "l",   "son",  "sa",   "ses" };
    char folded[WORD_MAX * 4];
    if (a->language == LANGUAGE_GERMAN)
        return at > 0 && (unsigned char)(a->text.at[heard->words[at].start] - 'A') < 26;
    for (size_t back = 1; back <= 2 && back <= at; back++) {
        Str before = plain_word(
            str_slice(a->text, heard->words[at - back].start, heard->words[at - back].end), folded);
        for (size_t i = 0; i < COUNT(openers); i++)
            if (str_is(before, openers[i]))
                return true;
        if (heard->words[at - back].mark == MARK_NONE && heard->words[at - back].weight == 0)
            return false;
    }
    return false;
}

static void add_aspect(Aspects *a, Str name, double score, size_t start, size_t end)
{
    MapEntry *entry = map_find(&a->by_name, name);
    if (!entry) {
        Str kept = str_copy(a->arena, name);
        *vec_push(a->arena, &a->sums) =
            (AspectSum){ .aspect = { .name = kept, .start = start, .end = end } };
        entry = map_add(&a->by_name, kept, NULL);
        entry->number = (int64_t)a->sums.count;
    }
    AspectSum *sum = &a->sums.at[entry->number - 1];
    sum->sum += score;
    sum->aspect.count++;
}

/* A clause ends at a mark or where a contrast begins. */
static void hear_clause(Aspects *a, const Heard *heard, size_t first, size_t end)
{
    double score = normal(sum_of(heard, first, end));
    if (score == 0)
        return;
    for (size_t i = first; i < end; i++) {
        char folded[WORD_MAX * 4];
        Str lower =
            plain_word(str_slice(a->text, heard->words[i].start, heard->words[i].end), folded);
        if (is_aspect_word(a, &heard->words[i], lower) && is_spoken_of(a, heard, i))
            add_aspect(a, lower, score, heard->words[first].start, heard->words[end - 1].end);
    }
}

static void hear_clauses(Aspects *a, const Heard *heard)
{
    size_t first = 0;
    for (size_t i = 0; i <= heard->count; i++) {
        bool is_end = i == heard->count || heard->words[i].ends_clause ||
                      heard->words[i].mark == MARK_CONTRAST;
        if (!is_end)
            continue;
        if (i > first)
            hear_clause(a, heard, first, i);
        first = i + 1;
    }
}

static int most_spoken_first(const void *a, const void *b)
{
    const AspectSum *x = a, *y = b;
    if (x->aspect.count != y->aspect.count)
        return x->aspect.count < y->aspect.count ? 1 : -1;
    return x->aspect.start < y->aspect.start ? -1 : x->aspect.start > y->aspect.start;
}

SentimentReport sentiment_report(Arena *arena, Str text)
{
    Str read = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)FEELING_TEXT_MAX)));
    Aspects a = { .arena = arena, .text = read, .by_name = map_new(arena) };
    SentimentReport report = { .language = language_detect(read, LANGUAGE_ENGLISH) };
    Sentence sentence;
    Heard heard;
    a.language = report.language;
    report.all = sentiment_of(read, report.language);
    for (size_t at = 0; sentence_next(read, &at, &sentence);) {
        hear(str_slice(read, sentence.start, sentence.end), sentence.start, a.language, &heard);
        hear_clauses(&a, &heard);
    }
    if (a.sums.count)
        qsort(a.sums.at, a.sums.count, sizeof(AspectSum), most_spoken_first);
    for (size_t i = 0; i < a.sums.count && i < ASPECTS_MAX; i++) {
        AspectSum *sum = &a.sums.at[i];
        sum->aspect.sentiment = sentiment_from(sum->sum / (double)sum->aspect.count);
        *vec_push(arena, &report.aspects) = sum->aspect;
    }
    return report;
}
