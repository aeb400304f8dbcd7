#include "study/grade.h"

#include <ctype.h>
#include <math.h>

#include "base/utf8.h"

#define GIVEN_MAX KB(2)
#define NUMBERS_MAX 16
#define SPELLED_MAX 40 /* characters of an answer in which slips are looked for */
#define MOST_WORDS 0.75
#define SOME_WORDS 0.3
#define ALIKE 0.8
#define NEAR 0.65

static const char *const hows[] = {
#define GRADE_HOW(name, text) text,
#include "study/grade_hows.def"
#undef GRADE_HOW
};

const char *grade_how_name(GradeHow how) { return hows[how]; }

/* --- Plain words --- */

/* Up to white space of any kind. */
static bool next_word(Str *rest, Str *word_r)
{
    size_t end = 0;
    if (!rest->length)
        return false;
    while (end < rest->length && !isspace((unsigned char)rest->at[end]))
        end++;
    *word_r = str_slice(*rest, 0, end);
    *rest = str_from(*rest, end + 1);
    return true;
}

/* Folded, without punctuation at the ends of words and without articles, one space between. */
static Str plain(Arena *arena, Str text)
{
    static const char marks[] = ".,;:!?\"'()[]{}";
    Str rest = utf8_fold(arena, str_slice(text, 0, utf8_floor(text, MIN(text.length, GIVEN_MAX))));
    Buf out = buf_new(arena, 4 * GIVEN_MAX);
    Str word;
    while (next_word(&rest, &word)) {
        while (word.length && HAS_CHAR(word.at[0], marks))
            word = str_from(word, 1);
        while (word.length && HAS_CHAR(word.at[word.length - 1], marks))
            word.length--;
        if (!word.length || str_is(word, "the") || str_is(word, "a") || str_is(word, "an"))
            continue;
        if (out.length)
            buf_add_char(&out, ' ');
        buf_add(&out, word);
    }
    return buf_str(&out);
}

static bool says_no(Str plain_text)
{
    static const char *const words[] = { "not",  "no",    "never", "without", "nicht",
                                         "kein", "keine", "nie",   "cannot" };
    Str rest = plain_text, word;
    while (str_next(&rest, ' ', &word)) {
        if (str_ends(word, S("n't")))
            return true;
        for (size_t i = 0; i < COUNT(words); i++)
            if (str_is(word, words[i]))
                return true;
    }
    return false;
}

/* --- Numbers --- */

static const struct {
    const char *text, *base;
    double factor;
} units[] = {
#define UNIT(text, base, factor) { text, base, factor },
#include "study/units.def"
#undef UNIT
};

typedef struct Amount {
    double plain;     /* as written */
    double value;     /* in its base */
    const char *base; /* NULL: no unit that is known */
} Amount;

typedef struct Amounts {
    Amount at[NUMBERS_MAX];
    size_t count;
} Amounts;

static void apply_unit(Amount *amount, Str unit)
{
    for (size_t i = 0; i < COUNT(units) && !amount->base; i++)
        if (str_is(unit, units[i].text)) {
            amount->base = units[i].base;
            amount->value *= units[i].factor;
        }
}

static bool is_digit_at(Str text, size_t at)
{
    return at < text.length && isdigit((unsigned char)text.at[at]);
}

/* A comma between thousands goes; another is a point. */
static size_t read_value(Str text, size_t at, double *value_r)
{
    char digits[48];
    size_t count = 0, i = at;
    while (i < text.length && count < sizeof(digits) - 1) {
        char c = text.at[i];
        if (c == ',' && is_digit_at(text, i + 1)) {
            bool is_thousand =
                is_digit_at(text, i + 2) && is_digit_at(text, i + 3) && !is_digit_at(text, i + 4);
            if (!is_thousand)
                digits[count++] = '.';
        } else if (isdigit((unsigned char)c) || (c == '.' && is_digit_at(text, i + 1))) {
            digits[count++] = c;
        } else {
            break;
        }
        i++;
    }
    if (!str_to_double((Str){ digits, count }, value_r))
        *value_r = NAN;
    return i;
}

static size_t unit_end(Str text, size_t at)
{
    size_t end = at;
    while (end < text.length && text.at[end] != ' ' && !isdigit((unsigned char)text.at[end]))
        end++;
    return end;
}

/* A sign of money before the number, else the word after it. */
static Amounts read_amounts(Str text)
{
    Amounts amounts = { 0 };
    for (size_t i = 0; i < text.length && amounts.count < NUMBERS_MAX;) {
        if (!is_digit_at(text, i)) {
            i++;
            continue;
        }
        Amount amount = { 0 };
        size_t begin = i;
        i = read_value(text, i, &amount.value);
        amount.plain = amount.value;
        size_t unit = i < text.length && text.at[i] == ' ' ? i + 1 : i, end = unit_end(text, unit);
        apply_unit(&amount, str_slice(text, unit, end));
        if (begin >= 1)
            apply_unit(&amount, str_slice(text, begin - 1, begin));
        if (begin >= 3)
            apply_unit(&amount, str_slice(text, begin - 3, begin));
        amounts.at[amounts.count++] = amount;
    }
    return amounts;
}

/* A unit that one of them leaves out is understood. */
static bool is_same_amount(Amount a, Amount b)
{
    if (a.base && b.base && strcmp(a.base, b.base) != 0)
        return false;
    if (!a.base || !b.base)
        return a.plain == b.plain;
    return fabs(a.value - b.value) <= 1e-6 * MAX(fabs(a.value), fabs(b.value));
}

/* Every number of the right answer was given, and no other. */
static bool is_same_numbers(const Amounts *right, const Amounts *given)
{
    if (right->count != given->count)
        return false;
    for (size_t i = 0; i < right->count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < given->count; k++)
            is_there |= is_same_amount(right->at[i], given->at[k]);
        if (!is_there)
            return false;
    }
    return true;
}

/* Nothing but numbers and their units: "1.5 km", "in 1998". */
static bool is_amount_alone(Str text)
{
    Str rest = text, word;
    size_t others = 0;
    while (str_next(&rest, ' ', &word)) {
        Amount amount = { .value = 1 };
        apply_unit(&amount, word);
        bool has_digit = false;
        for (size_t i = 0; i < word.length; i++)
            has_digit |= is_digit_at(word, i);
        others += !has_digit && !amount.base && word.length > 3;
    }
    return others == 0;
}

/* --- Slips of the pen --- */

typedef struct Letters {
    uint32_t at[SPELLED_MAX];
    size_t count;
} Letters;

static bool read_letters(Str text, Letters *letters_r)
{
    size_t size;
    letters_r->count = 0;
    for (size_t i = 0; i < text.length; i += size) {
        if (letters_r->count == SPELLED_MAX)
            return false;
        letters_r->at[letters_r->count++] = utf8_decode(text, i, &size);
    }
    return true;
}

/* Letters that are missing, too many, others, or two in the wrong order (optimal string alignment,
 * after Damerau). */
static int slips(const Letters *a, const Letters *b)
{
    int cost[SPELLED_MAX + 1][SPELLED_MAX + 1];
    for (size_t i = 0; i <= a->count; i++)
        for (size_t k = 0; k <= b->count; k++) {
            if (!i || !k) {
                cost[i][k] = (int)(i + k);
                continue;
            }
            int best = MIN(cost[i - 1][k], cost[i][k - 1]) + 1;
            best = MIN(best, cost[i - 1][k - 1] + (a->at[i - 1] != b->at[k - 1]));
            if (i > 1 && k > 1 && a->at[i - 1] == b->at[k - 2] && a->at[i - 2] == b->at[k - 1])
                best = MIN(best, cost[i - 2][k - 2] + 1);
            cost[i][k] = best;
        }
    return cost[a->count][b->count];
}

static bool is_misspelled(Str right, Str given)
{
    Letters a, b;
    if (!read_letters(right, &a) || !read_letters(given, &b) || a.count < 5)
        return false;
    return slips(&a, &b) <= (a.count >= 9 ? 2 : 1);
}

/* --- Words and meaning --- */

/* Share of the right answer's words that were given. */
static double shared_words(Arena *arena, Words *words, Language language, Str right, Str given)
{
    WordList wanted = words_list(words, language, right, arena);
    WordList had = words_list(words, language, given, arena);
    size_t count = 0, found = 0;
    for (size_t i = 0; i < wanted.words.count; i++) {
        const Word *word = &wanted.words.at[i];
        if (word->is_extra || word->is_stop)
            continue;
        count++;
        for (size_t k = 0; k < had.words.count; k++)
            if (str_equal(word->text, had.words.at[k].text)) {
                found++;
                break;
            }
    }
    return count ? (double)found / (double)count : 0;
}

static Grade grade_meaning(const GradeRequest *request, Str right, double share)
{
    double cosine =
        request->likeness ? request->likeness(request->self, right, request->given) : -1;
    if (share >= MOST_WORDS)
        return (Grade){ 1, GRADED_WORDS };
    if (share >= SOME_WORDS && cosine >= ALIKE)
        return (Grade){ 1, GRADED_MEANING };
    if (share >= 0.5)
        return (Grade){ 0.5, GRADED_WORDS };
    if (cosine >= ALIKE || (share > 0 && cosine >= NEAR))
        return (Grade){ 0.5, GRADED_MEANING };
    return (Grade){ 0, GRADED_DIFFERS };
}

static Grade grade_one(Arena *arena, Words *words, const GradeRequest *request, Str accepted)
{
    Str right = plain(arena, accepted), given = plain(arena, request->given);
    Amounts wanted = read_amounts(right), had = read_amounts(given);
    if (!given.length)
        return (Grade){ 0, GRADED_EMPTY };
    if (str_equal(right, given))
        return (Grade){ 1, GRADED_EXACT };
    if (wanted.count && !is_same_numbers(&wanted, &had))
        return (Grade){ 0, GRADED_NUMBER };
    if (says_no(right) != says_no(given))
        return (Grade){ 0, GRADED_DIFFERS };
    if (wanted.count && is_amount_alone(right))
        return (Grade){ 1, GRADED_NUMBER };
    if (!wanted.count && !had.count && is_misspelled(right, given))
        return (Grade){ 1, GRADED_SPELLING };
    return grade_meaning(request, accepted,
                         shared_words(arena, words, request->language, right, given));
}

Grade grade_answer(Arena *arena, Words *words, const GradeRequest *request)
{
    Grade best = { 0, str_trim(request->given).length ? GRADED_DIFFERS : GRADED_EMPTY };
    for (size_t i = 0; i < request->accepted.count; i++) {
        Grade grade = grade_one(arena, words, request, request->accepted.at[i]);
        if (!i || grade.score > best.score)
            best = grade;
    }
    return best;
}
