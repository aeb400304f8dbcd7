/* date_tokens.c - a sentence as words of time, with numbers put together. */
#include <pthread.h>

#include "base/ascii.h"
#include "text/date_int.h"

typedef struct Word {
    unsigned language;
    Str text;
    WordClass kind;
    int value;
} Word;

static const Word words[] = {
#define W(language, text, kind, value) { language, S_INIT(text), kind, value },
#include "text/date_words.def"
#undef W
};

/* Hash of a word to 1 + its row; rows of the same word follow each other by `chain`. */
#define TABLE_SIZE 4096
static uint16_t table[TABLE_SIZE];
static uint16_t chain[COUNT(words)];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static uint32_t hash_of(Str text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < text.length; i++)
        hash = (hash ^ (uint8_t)text.at[i]) * 16777619u;
    return (hash ^ hash >> 16) % TABLE_SIZE;
}

static void make_table(void)
{
    for (size_t i = COUNT(words); i-- > 0;) {
        uint32_t slot = hash_of(words[i].text);
        chain[i] = table[slot];
        table[slot] = (uint16_t)(i + 1);
    }
}

static const Word *find_word(Str text, unsigned languages)
{
    for (size_t row = table[hash_of(text)]; row; row = chain[row - 1])
        if ((words[row - 1].language & languages) && str_equal(words[row - 1].text, text))
            return &words[row - 1];
    return NULL;
}

/* --- Pieces of the text --- */

/* Bytes of other letters than ASCII's count as letters, but for the dashes and quotes of U+20xx. */
static bool is_letter(Str text, size_t i)
{
    unsigned char c = (unsigned char)text.at[i], low = c | 32;
    if (c < 128)
        return low >= 'a' && low <= 'z';
    return !(c == 0xE2 || (i && (unsigned char)text.at[i - 1] == 0xE2) ||
             (i > 1 && (unsigned char)text.at[i - 2] == 0xE2) || c == 0xC2 ||
             (i && (unsigned char)text.at[i - 1] == 0xC2));
}

static size_t word_end(Str text, size_t i)
{
    size_t end = i;
    while (end < text.length && is_letter(text, end))
        end++;
    /* o'clock and aujourd'hui are one word; a year's is the word year and its end. */
    if (end + 1 < text.length && text.at[end] == '\'' && is_letter(text, end + 1) &&
        (end - i == 1 ? (text.at[i] | 32) == 'o' : end - i == 8 && (text.at[i] | 32) == 'a')) {
        end++;
        while (end < text.length && is_letter(text, end))
            end++;
    }
    return end;
}

static void lower_word(DateText *t, DateToken *token)
{
    char *copy = arena_alloc_raw(t->arena, token->text.length + 1);
    for (size_t i = 0; i < token->text.length; i++) {
        char c = token->text.at[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
        /* Capitals of Latin-1 (U+00C0..U+00DE) are one bit away from small ones as well. */
        if (i && (unsigned char)copy[i - 1] == 0xC3 && (unsigned char)c >= 0x80 &&
            (unsigned char)c <= 0x9E)
            copy[i] = (char)(c | 32);
    }
    token->text = (Str){ copy, token->text.length };
}

static void classify(DateText *t, DateToken *token)
{
    const Word *word = find_word(token->text, t->languages);
    if (!word)
        return;
    token->kind = word->kind;
    token->value = word->value;
    Str text = token->text;
    token->is_plural = text.length > 4 && text.at[text.length - 1] == 's' &&
                       (word->kind == WEEKDAY || word->kind == PART || word->kind == UNIT);
    static const char *const weak[] = { "may", "march", "mar", "sun", "sat", "second", "sec",
                                        "mon", "wed",   "dec", "h",   "mo",  "jun",    "jan" };
    for (size_t i = 0; i < COUNT(weak); i++)
        token->is_weak |= str_is(text, weak[i]);
}

static DateToken read_piece(DateText *t, size_t i)
{
    DateToken token = { .start = (uint32_t)i, .kind = SIGN };
    size_t end = i + 1;
    if (is_digit(t->text.at[i])) {
        int64_t value = 0;
        for (end = i; end < t->text.length && is_digit(t->text.at[end]); end++)
            value = MIN(value * 10 + (t->text.at[end] - '0'), 1000000000);
        token.kind = NUMBER;
        token.value = (int)value;
        token.digit_count = (uint8_t)MIN(end - i, 255u);
    } else if (is_letter(t->text, i)) {
        end = word_end(t->text, i);
        token.kind = OTHER_WORD;
    } else if ((unsigned char)t->text.at[i] >= 0xC2)
        end = MIN(i + ((unsigned char)t->text.at[i] >= 0xE0 ? 3u : 2u), t->text.length);
    token.text = str_slice(t->text, i, end);
    token.end = (uint32_t)end;
    if (token.kind == SIGN && token.text.length == 3 && memcmp(token.text.at, "\xE2\x80", 2) == 0) {
        if (token.text.at[2] == '\x93' || token.text.at[2] == '\x94') /* dashes */
            token.text = S("-");
        else if (token.text.at[2] == '\x98' || token.text.at[2] == '\x99')
            token.text = S("'");
    }
    if (token.kind == OTHER_WORD) {
        lower_word(t, &token);
        classify(t, &token);
    }
    return token;
}

/* --- Numbers in words: "twenty-six", "two thousand and fifteen", 3rd --- */

static bool is_number_word(const DateToken *token)
{
    return (token->kind == NUMBER || token->kind == ORDINAL) && !token->digit_count;
}

static DateToken *add_token(DateText *t, DateToken piece)
{
    t->at[t->count++] = piece;
    return &t->at[t->count - 1];
}

/* Takes the token at the end into the one before it, which gets its end. */
static void join_last(DateText *t, int value, WordClass kind)
{
    DateToken *into = &t->at[t->count - 2];
    into->end = t->at[t->count - 1].end;
    into->value = value;
    into->kind = kind;
    into->is_weak = false;
    t->count--;
}

static bool ends_ordinal(Str text)
{
    return str_is(text, "st") || str_is(text, "nd") || str_is(text, "rd") || str_is(text, "th") ||
           str_is(text, "er");
}

/* The last tokens, after one was added, as one number where they are one. */
static void join_numbers(DateText *t)
{
    DateToken *last = &t->at[t->count - 1];
    DateToken *before = t->count > 1 ? last - 1 : NULL;
    if (before && before->kind == NUMBER && before->digit_count && before->digit_count <= 2 &&
        last->is_glued && ends_ordinal(last->text)) {
        join_last(t, before->value, ORDINAL);
        return;
    }
    if (before && last->is_glued && is_number_word(last) && t->count > 2 && before->kind == SIGN &&
        before->text.at[0] == '-' && is_number_word(before - 1) && (before - 1)->value >= 20 &&
        (before - 1)->value % 10 == 0 && last->value < 10) {
        *before = *last; /* twenty-six: the dash goes */
        t->count--;
        last = before--;
    }
    if (!before || before->kind != NUMBER || before->digit_count)
        return;
    bool is_thousand = last->kind == KEY && last->value == THOUSAND;
    bool is_hundred = last->kind == KEY && last->value == HUNDRED;
    if ((is_hundred && before->value < 20) || (is_thousand && before->value < 100))
        join_last(t, before->value * (is_hundred ? 100 : 1000), NUMBER);
    else if (is_number_word(last) && last->value > 0 &&
             ((before->value % 100 >= 20 && before->value % 10 == 0 && last->value < 10) ||
              (before->value >= 1000 && before->value % 1000 == 0 && last->value < 1000) ||
              (before->value >= 100 && before->value % 100 == 0 && last->value < 100)))
        join_last(t, before->value + last->value, last->kind);
}

/* "two thousand and fifteen": the and goes when a number word follows a round one. */
static void drop_and(DateText *t)
{
    if (t->count < 3)
        return;
    DateToken *last = &t->at[t->count - 1];
    if (is_number_word(last) && last[-1].kind == KEY && last[-1].value == AND &&
        last[-2].kind == NUMBER && !last[-2].digit_count && last[-2].value >= 100 &&
        last[-2].value % 100 == 0) {
        last[-1] = *last;
        t->count--;
    }
}

/* "après-midi" and "week-end" have rows of their own, where "mid-July" is two words. */
static void join_dashed(DateText *t)
{
    DateToken *last = &t->at[t->count - 1];
    if (t->count < 3 || last->kind == SIGN || last->kind == NUMBER || !last->is_glued ||
        last[-1].kind != SIGN || last[-1].text.at[0] != '-' || !last[-1].is_glued ||
        last[-2].kind == SIGN || last[-2].digit_count)
        return;
    DateToken whole = last[-2];
    whole.text = str_slice(t->text, whole.start, last->end);
    whole.kind = OTHER_WORD;
    lower_word(t, &whole);
    classify(t, &whole);
    if (whole.kind == OTHER_WORD)
        return;
    whole.end = last->end;
    t->count -= 2;
    t->at[t->count - 1] = whole;
}

void date_tokens(DateText *t)
{
    pthread_once(&table_once, make_table);
    t->text.length = MIN(t->text.length, DATE_TEXT_MAX);
    t->at = arena_alloc_raw(t->arena, (t->text.length + 1) * sizeof(*t->at));
    size_t last_end = SIZE_MAX, looks = 0;
    for (size_t i = 0; i < t->text.length;) {
        if ((unsigned char)t->text.at[i] <= ' ') {
            i++;
            continue;
        }
        if (looks++ % DATE_STOP_EACH == 0 && stop_is_wished(t->reference->stop))
            return;
        DateToken piece = read_piece(t, i);
        piece.is_glued = last_end == i;
        i = last_end = piece.end;
        add_token(t, piece);
        drop_and(t);
        join_dashed(t);
        join_numbers(t);
    }
}

size_t match_words(const DateText *t, size_t i, const char *list)
{
    Str rest = str(list), word;
    while (str_next(&rest, ' ', &word)) {
        if (i >= t->count || !str_equal(t->at[i].text, word))
            return 0;
        i++;
    }
    return i;
}

size_t match_any(const DateText *t, size_t i, const char *const *list)
{
    if (i < t->count)
        for (; *list; list++) {
            size_t end = (*list)[0] == t->at[i].text.at[0] ? match_words(t, i, *list) : 0;
            if (end)
                return end;
        }
    return 0;
}
