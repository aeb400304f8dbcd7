/* planted.c - see planted.h. */
#include "text/planted.h"

#include <assert.h>
#include <ctype.h>
#include <pthread.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "text/fold.h"
#include "text/sentences.h"

/* Of a longer sentence the beginning is looked at. */
#define SENTENCE_BYTES KB(4)
#define WORDS_MAX 400
#define GAP 6        /* words between two groups */
#define CODED_MIN 24 /* letters of base64 that are looked into */
#define LINES_MAX 12 /* pieces of one sentence that is split over lines */
#define LINE_BYTES 40

static const char *const rules[] = {
#define PLANTED(groups) groups,
#define PHRASE(parts)
#define SIGN(text)
#include "text/planted.def"
#undef PLANTED
#undef PHRASE
#undef SIGN
};
static const char *const phrases[] = {
#define PLANTED(groups)
#define PHRASE(parts) parts,
#define SIGN(text)
#include "text/planted.def"
#undef PLANTED
#undef PHRASE
#undef SIGN
};
static const Str signs[] = {
#define PLANTED(groups)
#define PHRASE(parts)
#define SIGN(text) S_INIT(text),
#include "text/planted.def"
#undef PLANTED
#undef PHRASE
#undef SIGN
};

/* --- Letters that look like others, or like nothing --- */

/* Marks of direction and joiners, soft hyphens, variation selectors. */
static bool is_unseen(uint32_t c)
{
    return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F) ||
           c == 0x180E || c == 0x34F;
}

/* Letters of other scripts that are drawn like Latin ones (of Unicode's confusables, UTS 39), for
 * words that have Latin letters too. */
static const struct {
    uint32_t other;
    char latin;
} twins[] = {
    { 0x430, 'a' }, { 0x435, 'e' }, { 0x43E, 'o' }, { 0x440, 'p' }, { 0x441, 'c' }, { 0x443, 'y' },
    { 0x445, 'x' }, { 0x456, 'i' }, { 0x455, 's' }, { 0x458, 'j' }, { 0x501, 'd' }, { 0x4BB, 'h' },
    { 0x3B1, 'a' }, { 0x3BF, 'o' }, { 0x3B9, 'i' }, { 0x3C1, 'p' }, { 0x3BD, 'v' }, { 0x3BA, 'k' },
    { 0x3C4, 't' }, { 0x3C5, 'u' }, { 0x3B7, 'n' }, { 0x578, 'n' }, { 0x585, 'o' }, { 0x57D, 'u' },
    { 0x251, 'a' }, { 0x261, 'g' }, { 0x131, 'i' }, { 0x26A, 'i' },
};

/* "1gn0re". */
static char letter_for(char digit)
{
    static const char letters[] = "oi_eas_t";
    char c = digit >= '0' && digit <= '7' ? letters[digit - '0'] : digit;
    return c == '_' ? digit : c;
}

/* The text without what is not seen. Characters of the block of tags (U+E0020 to E007E) are plain
 * letters that no page draws. */
static Str seen(Str text, char *out)
{
    size_t length = 0, size;
    for (size_t at = 0; at < text.length; at += size) {
        uint32_t c = utf8_decode(text, at, &size);
        if (c >= 0xE0020 && c <= 0xE007E)
            out[length++] = (char)(c - 0xE0000);
        else if (!is_unseen(c))
            for (size_t i = 0; i < size; i++)
                out[length++] = text.at[at + i];
    }
    return (Str){ out, length };
}

static bool has_latin(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (word.at[i] >= 'a' && word.at[i] <= 'z')
            return true;
    return false;
}

/* A word of mixed scripts, or of letters and digits, in the letters it looks like; in place. */
static Str latin_of(Str word, char *at)
{
    size_t length = 0, size;
    if (!has_latin(word))
        return word;
    for (size_t from = 0; from < word.length; from += size) {
        uint32_t c = utf8_decode(word, from, &size);
        size_t twin = 0;
        while (twin < COUNT(twins) && twins[twin].other != c)
            twin++;
        if (twin < COUNT(twins)) {
            at[length++] = twins[twin].latin;
        } else {
            for (size_t i = 0; i < size; i++)
                at[length++] = size == 1 ? letter_for(word.at[from + i]) : word.at[from + i];
        }
    }
    return (Str){ at, length };
}

/* --- Words --- */

typedef struct Spoken {
    Str words[WORDS_MAX];
    size_t count;
} Spoken;

static bool is_letter(char c) { return isalnum((unsigned char)c) || (unsigned char)c >= 0x80; }

/* `bytes` are those of `folded`, which may be written over. */
static void read_words(Str folded, char *bytes, Spoken *spoken)
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
        spoken->words[spoken->count++] = latin_of(str_slice(folded, start, at), bytes + start);
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

/* By how a word begins: the rules whose first group may have it. Every sentence of a document is
 * looked at, and few of its words begin any rule. */
#define OPENINGS 1024
static uint64_t opens[OPENINGS][2];
static pthread_once_t opens_once = PTHREAD_ONCE_INIT;
_Static_assert(COUNT(rules) <= 128, "opens has a bit for each rule");

static uint64_t *opened_by(Str word)
{
    uint8_t first = (uint8_t)word.at[0], second = word.length > 1 ? (uint8_t)word.at[1] : 0;
    return opens[(first * 31u + second) % OPENINGS];
}

static Str first_group(size_t rule, Str *rest_r)
{
    Str group;
    *rest_r = str(rules[rule]);
    (void)str_next(rest_r, '~', &group);
    return str_trim(group);
}

static void make_opens(void)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        Str later, group = first_group(i, &later), one;
        while (str_next(&group, '|', &one)) {
            assert(one.length > 2 || !str_ends(one, S("*"))); /* two letters before a star */
            opened_by(one)[i / 64] |= UINT64_C(1) << i % 64;
        }
    }
}

static bool has_rule(const Spoken *spoken, size_t rule)
{
    Str rest, group = first_group(rule, &rest);
    for (size_t i = 0; i < spoken->count; i++)
        if (opened_by(spoken->words[i])[rule / 64] >> rule % 64 & 1 &&
            is_one_of(group, spoken->words[i]) && follows(spoken, rest, i + 1, i + 1 + GAP))
            return true;
    return false;
}

static bool has_any_rule(const Spoken *spoken)
{
    uint64_t open[2] = { 0, 0 };
    pthread_once(&opens_once, make_opens);
    for (size_t i = 0; i < spoken->count; i++)
        for (size_t half = 0; half < 2; half++)
            open[half] |= opened_by(spoken->words[i])[half];
    for (size_t half = 0; half < 2; half++)
        for (; open[half]; open[half] &= open[half] - 1)
            if (has_rule(spoken, half * 64 + (size_t)__builtin_ctzll(open[half])))
                return true;
    return false;
}

/* The parts in their order, anywhere. */
static bool has_phrase(Str text, Str parts)
{
    Str group, one;
    while (str_next(&parts, '~', &group)) {
        Str rest = str_trim(group);
        ptrdiff_t first = -1;
        size_t behind = 0;
        while (str_next(&rest, '|', &one)) {
            ptrdiff_t at = str_find(text, one);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
                behind = (size_t)at + one.length;
            }
        }
        if (first < 0)
            return false;
        text = str_from(text, behind);
    }
    return true;
}

/* --- Sentences --- */

static bool is_open(Str text)
{
    char lower[2 * SENTENCE_BYTES], bare[2 * SENTENCE_BYTES + 1];
    Spoken spoken = { .count = 0 };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (str_find_ignore_case(text, signs[i]) >= 0)
            return true;
    text = fold_case(text, lower, sizeof lower);
    for (size_t i = 0; i < COUNT(phrases); i++)
        if (has_phrase(text, str(phrases[i])))
            return true;
    text = fold_accents(text, bare, sizeof bare - 1);
    if (text.at != bare)
        memcpy(bare, text.at, text.length);
    read_words((Str){ bare, text.length }, bare, &spoken);
    return has_any_rule(&spoken);
}

static bool is_coded(char c) { return isalnum((unsigned char)c) || c == '+' || c == '/'; }

/* Base64 (RFC 4648) of such a sentence. */
static bool is_hidden(Str text)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t at = 0; at < text.length;) {
        size_t start = at;
        Str plain;
        while (at < text.length && is_coded(text.at[at]))
            at++;
        if (at - start >= CODED_MIN && base64_decode(arena, str_slice(text, start, at), &plain) &&
            utf8_is_valid(plain) && is_open(plain))
            return true;
        at += at == start;
    }
    return false;
}

static bool may_be_hidden(Str text)
{
    size_t run = 0;
    for (size_t i = 0; i < text.length && run < CODED_MIN; i++)
        run = is_coded(text.at[i]) ? run + 1 : 0;
    return run >= CODED_MIN;
}

bool planted_is(Str sentence)
{
    char visible[SENTENCE_BYTES];
    Str text = seen(str_slice(sentence, 0, utf8_floor(sentence, SENTENCE_BYTES)), visible);
    return is_open(text) || (may_be_hidden(text) && is_hidden(text));
}

/* A short piece that ends nowhere may go on in the next line. */
static bool goes_on(Str piece) { return !HAS_CHAR(piece.at[piece.length - 1], ".!?:;"); }

/* Where what is planted from this sentence on ends: with it, or, when it is split over lines, with
 * the last piece; `next` is where the sentence behind it begins. 0: it is not planted. */
static size_t planted_end(Str text, Sentence sentence, size_t next)
{
    char joined[LINES_MAX * (LINE_BYTES + 1)];
    size_t length = 0, end = 0;
    if (planted_is(str_slice(text, sentence.start, sentence.end)))
        return sentence.end;
    for (int i = 0; i < LINES_MAX; i++) {
        Str piece = str_slice(text, sentence.start, sentence.end);
        if (piece.length > LINE_BYTES)
            return end;
        memcpy(joined + length, piece.at, piece.length);
        length += piece.length;
        if (i > 0 && (end || planted_is((Str){ joined, length })))
            end = sentence.end;
        joined[length++] = ' ';
        if (!goes_on(piece) || !sentence_next(text, &next, &sentence))
            return end;
    }
    return end;
}

Str planted_blank(Arena *arena, Str text)
{
    Sentence sentence;
    char *blanked = NULL;
    for (size_t at = 0; sentence_next(text, &at, &sentence);) {
        size_t end = planted_end(text, sentence, at);
        if (!end)
            continue;
        if (!blanked)
            blanked = str_c(arena, text);
        memset(blanked + sentence.start, ' ', end - sentence.start);
        at = end;
    }
    return blanked ? (Str){ blanked, text.length } : text;
}
