/* planted.c - see planted.h. */
#include "text/planted.h"

#include <ctype.h>

#include "base/utf8.h"
#include "text/fold.h"
#include "text/sentences.h"

/* Of a longer sentence the beginning is looked at. */
#define SENTENCE_BYTES KB(4)
#define WORDS_MAX 400
#define GAP 6 /* words between two groups */

static const char *const rules[] = {
#define PLANTED(groups) groups,
#define SIGN(text)
#include "text/planted.def"
#undef PLANTED
#undef SIGN
};
static const Str signs[] = {
#define PLANTED(groups)
#define SIGN(text) S_INIT(text),
#include "text/planted.def"
#undef PLANTED
#undef SIGN
};

typedef struct Spoken {
    Str words[WORDS_MAX];
    size_t count;
} Spoken;

static bool is_letter(char c) { return isalnum((unsigned char)c) || (unsigned char)c >= 0x80; }

static void read_words(Str folded, Spoken *spoken)
{
    size_t at = 0;
    while (spoken->count < WORDS_MAX) {
        while (at < folded.length && !is_letter(folded.at[at]))
            at++;
        size_t start = at;
        while (at < folded.length && is_letter(folded.at[at]))
            at++;
        if (at == start)
            return;
        spoken->words[spoken->count++] = str_slice(folded, start, at);
    }
}

static bool is_one_of(Str group, Str word)
{
    Str rest = group, one;
    while (str_next(&rest, '|', &one)) {
        bool is_start = str_ends(one, S("*"));
        if (is_start ? str_starts(word, str_slice(one, 0, one.length - 1)) : str_equal(word, one))
            return true;
    }
    return false;
}

/* The groups of `rest` in order, the first of them within the words from `from` to `last`. */
static bool follows(const Spoken *spoken, Str rest, size_t from, size_t last)
{
    Str group;
    if (!str_next(&rest, '~', &group))
        return true;
    group = str_trim(group);
    if (str_starts(group, S("+"))) {
        group = str_from(group, 1);
        last = from;
    }
    for (size_t i = from; i < spoken->count && i <= last; i++)
        if (is_one_of(group, spoken->words[i]) && follows(spoken, rest, i + 1, i + 1 + GAP))
            return true;
    return false;
}

bool planted_is(Str sentence)
{
    char lower[2 * SENTENCE_BYTES], bare[2 * SENTENCE_BYTES];
    Spoken spoken = { .count = 0 };
    Str text = str_slice(sentence, 0, utf8_floor(sentence, SENTENCE_BYTES));
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_find_ignore_case(text, signs[i]) >= 0)
            return true;
    text = fold_accents(fold_case(text, lower, sizeof lower), bare, sizeof bare);
    read_words(text, &spoken);
    for (size_t i = 0; i < COUNT(rules); i++)
        if (follows(&spoken, str(rules[i]), 0, spoken.count))
            return true;
    return false;
}

Str planted_blank(Arena *arena, Str text)
{
    Sentence sentence;
    char *blanked = NULL;
    for (size_t at = 0; sentence_next(text, &at, &sentence);) {
        if (!planted_is(str_slice(text, sentence.start, sentence.end)))
            continue;
        if (!blanked)
            blanked = str_c(arena, text);
        memset(blanked + sentence.start, ' ', sentence.end - sentence.start);
    }
    return blanked ? (Str){ blanked, text.length } : text;
}
