/* quality.c - see quality.h. */
#include "library/quality.h"

#include <unicode/uchar.h>

#include "base/json.h"
#include "base/utf8.h"

enum { TEXT_MAX = MB(2), WORDS_MIN = 50, WORD_LETTERS_MAX = 30 };

static const struct {
    const char *name;
    double from;
} grades[QUALITY_COUNT] = {
    [QUALITY_POOR] = { "poor", 0 },
    [QUALITY_FAIR] = { "fair", 0.5 },
    [QUALITY_GOOD] = { "good", 0.8 },
    [QUALITY_EXCELLENT] = { "excellent", 0.95 },
};

const char *quality_name(QualityGrade grade)
{
    return grade < QUALITY_COUNT ? grades[grade].name : "unknown";
}

/* --- Signals --- */

typedef struct Signals {
    int64_t characters, unreadable;
    int64_t words, odd_words; /* of letters; odd: made as no word of a language is */
    /* The word being read. */
    int letters, vowels, changes; /* changes: from lower case to capital inside the word */
    bool is_latin, was_lower;
} Signals;

/* Of a letter of ASCII, in either case: its number in the alphabet is its last five bits. */
static bool is_ascii_vowel(unsigned char c)
{
    const uint32_t vowels = 1 << 1 | 1 << 5 | 1 << 9 | 1 << 15 | 1 << 21 | 1 << 25; /* aeiouy */
    return vowels >> (c & 31) & 1;
}

static bool is_vowel(UChar32 c)
{
    UChar32 base = u_foldCase(c, U_FOLD_CASE_DEFAULT);
    return base >= 0x80 || (base > '@' && is_ascii_vowel((unsigned char)base));
}

/* Only Latin words can be judged by their letters: recognised noise has words without vowels and
 * capitals in the middle. */
static void end_word(Signals *signals)
{
    if (signals->letters >= 2) {
        signals->words++;
        bool is_odd = signals->letters > WORD_LETTERS_MAX ||
                      (signals->is_latin &&
                       ((signals->letters >= 4 && !signals->vowels) || signals->changes >= 2));
        signals->odd_words += is_odd;
    }
    signals->letters = signals->vowels = signals->changes = 0;
    signals->is_latin = true;
    signals->was_lower = false;
}

static bool is_unreadable(UChar32 c)
{
    return c == UTF8_REPLACEMENT || u_charType(c) == U_PRIVATE_USE_CHAR ||
           (c < 0x20 && c != '\n' && c != '\t');
}

static void add_letter(Signals *signals, UChar32 c)
{
    signals->letters++;
    signals->vowels += is_vowel(c);
    signals->is_latin = signals->is_latin && c < 0x250;
    signals->changes += signals->was_lower && u_isupper(c);
    signals->was_lower = u_islower(c);
}

static void add_character(Signals *signals, UChar32 c)
{
    signals->characters += !u_isUWhiteSpace(c);
    signals->unreadable += is_unreadable(c);
    if (u_isalpha(c))
        add_letter(signals, c);
    else
        end_word(signals);
}

/* What add_character() does with all ASCII letters at `at`, without ICU's tables: they cost five
 * times as much, and most of most texts is that. Where they end. */
static size_t add_ascii_letters(Signals *signals, Str text, size_t at)
{
    int vowels = 0, changes = 0;
    bool was_lower = signals->was_lower;
    size_t end = at;
    for (; end < text.length; end++) {
        unsigned char c = (unsigned char)text.at[end];
        bool is_upper = c <= 'Z';
        if ((unsigned char)((c | 0x20) - 'a') >= 26)
            break;
        vowels += is_ascii_vowel(c);
        changes += was_lower && is_upper;
        was_lower = !is_upper;
    }
    signals->characters += (int64_t)(end - at);
    signals->letters += (int)(end - at);
    signals->vowels += vowels;
    signals->changes += changes;
    signals->was_lower = was_lower;
    return end;
}

/* The same with one that is no letter. */
static void add_ascii_mark(Signals *signals, unsigned char c)
{
    bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    signals->characters += !is_space;
    signals->unreadable += c < 0x20 && c != '\n' && c != '\t';
    end_word(signals);
}

static void read_text(Signals *signals, Str text)
{
    size_t size = 1;
    for (size_t at = 0; (at = add_ascii_letters(signals, text, at)) < text.length; at += size)
        if ((unsigned char)text.at[at] < 0x80) {
            add_ascii_mark(signals, (unsigned char)text.at[at]);
            size = 1;
        } else {
            add_character(signals, (UChar32)utf8_decode(text, at, &size));
        }
    end_word(signals);
}

/* Text that is written to be read; code and tables have words of their own. */
static bool is_prose(const Block *block)
{
    return block->kind == BLOCK_PARAGRAPH || block->kind == BLOCK_LIST_ITEM ||
           block->kind == BLOCK_HEADING || block->kind == BLOCK_QUOTE;
}

static void count_pages(const DocNode *node, Quality *quality)
{
    bool has_text = false, is_recognised = false, is_open = false;
    for (size_t i = 0; i <= node->blocks.count; i++) {
        const Block *block = i < node->blocks.count ? &node->blocks.at[i] : NULL;
        if (!block || block->kind == BLOCK_PAGE) {
            quality->pages += is_open;
            quality->pages_with_text += is_open && has_text;
            quality->pages_recognised += is_open && is_recognised;
            is_open = true;
            has_text = is_recognised = false;
        } else if (block->kind != BLOCK_META && block->text.length) {
            has_text = true;
            is_recognised = is_recognised || block->word_count > 0;
        }
    }
}

/* The mean of "ocr_confidence", of 100, as readers of pictures say it for each page. */
static double find_confidence(const DocNode *node)
{
    double sum = 0;
    int count = 0;
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        char number[24];
        if (block->kind != BLOCK_META || !str_is(block->label, "ocr_confidence") ||
            block->text.length >= sizeof number)
            continue;
        memcpy(number, block->text.at, block->text.length);
        number[block->text.length] = '\0';
        sum += strtod(number, NULL);
        count++;
    }
    return count ? MAX(0.0, MIN(1.0, sum / count / 100)) : -1;
}

/* --- The judgement --- */

static void lower(Arena *arena, Quality *quality, double to, Str reason)
{
    quality->score = MIN(quality->score, to);
    *vec_push(arena, &quality->reasons) = reason;
}

/* Nobody expects words on a photograph. */
static bool is_photograph(const DocNode *node)
{
    for (size_t i = 0; i < node->blocks.count; i++)
        if (node->blocks.at[i].kind == BLOCK_META &&
            str_is(node->blocks.at[i].label, "picture_kind") &&
            str_is(node->blocks.at[i].text, "photograph"))
            return true;
    return false;
}

static void judge_pages(Arena *arena, const DocNode *node, Quality *quality)
{
    if (!quality->pages_with_text && is_photograph(node))
        return;
    int without = quality->pages - quality->pages_with_text;
    if (without > 0)
        lower(arena, quality,
              quality->pages_with_text
                  ? 0.4 + 0.55 * quality->pages_with_text / (double)quality->pages
                  : 0.2,
              str_format(arena, "%d of %d pages have no text", without, quality->pages));
    if (quality->confidence >= 0 && quality->confidence < 0.95)
        lower(arena, quality, quality->confidence * quality->confidence + 0.08,
              str_format(arena, "recognised text is sure to %.0f %%", quality->confidence * 100));
}

static void judge_text(Arena *arena, const DocNode *node, Quality *quality)
{
    if (quality->unreadable > 0.001)
        lower(arena, quality, MAX(0.1, 0.94 - quality->unreadable * 15),
              str_format(arena, "%.1f %% of the characters could not be read",
                         quality->unreadable * 100));
    if (quality->word_share >= 0 && quality->word_share < 0.9)
        lower(arena, quality, quality->word_share,
              str_format(arena, "%.0f %% of the words do not look like words",
                         (1 - quality->word_share) * 100));
    for (size_t i = 0; i < node->warnings.count; i++)
        if (str_starts(node->warnings.at[i], S("only the first part was read")))
            lower(arena, quality, 0.6, node->warnings.at[i]);
        else if (str_find(node->warnings.at[i], S("could not be read")) >= 0 ||
                 str_find(node->warnings.at[i], S("draft")) >= 0)
            lower(arena, quality, 0.75, node->warnings.at[i]);
}

/* What is spoken in a recording is its text. */
static void judge_speech(Arena *arena, const DocNode *node, Quality *quality)
{
    for (size_t i = 0; i < node->warnings.count; i++) {
        Str warning = node->warnings.at[i];
        if (str_starts(warning, S("no transcript")) || str_find(warning, S("not listened to")) >= 0)
            lower(arena, quality, 0.4, warning);
        else if (str_starts(warning, S("no English speech was understood")) ||
                 str_starts(warning, S("speech could not be made out")))
            lower(arena, quality, 0.3, warning);
        else if (str_find(warning, S("were listened to")) >= 0 ||
                 str_find(warning, S("were not understood")) >= 0)
            lower(arena, quality, 0.6, warning);
    }
}

void quality_measure(Arena *arena, const DocNode *node, Quality *quality_r)
{
    Quality quality = { .score = 1, .word_share = -1 };
    Signals signals = { .is_latin = true };
    size_t room = TEXT_MAX;
    int64_t prose_words = 0, odd_words = 0;
    for (size_t i = 0; i < node->blocks.count && room; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind == BLOCK_META)
            continue;
        int64_t words = signals.words, odd = signals.odd_words;
        read_text(&signals, str_slice(block->text, 0, room));
        room -= MIN(room, block->text.length);
        prose_words += is_prose(block) ? signals.words - words : 0;
        odd_words += is_prose(block) ? signals.odd_words - odd : 0;
    }
    quality.words = signals.words;
    quality.unreadable =
        signals.characters ? (double)signals.unreadable / (double)signals.characters : 0;
    if (prose_words >= WORDS_MIN)
        quality.word_share = 1 - (double)odd_words / (double)prose_words;
    quality.confidence = find_confidence(node);
    count_pages(node, &quality);
    judge_pages(arena, node, &quality);
    judge_text(arena, node, &quality);
    judge_speech(arena, node, &quality);
    for (int grade = 0; grade < QUALITY_COUNT; grade++)
        if (quality.score >= grades[grade].from)
            quality.grade = (QualityGrade)grade;
    *quality_r = quality;
}

Str quality_json(Arena *arena, const Quality *quality)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_text(&json, "grade", str(quality_name(quality->grade)));
    put_number(&json, "score", (double)(int)(quality->score * 1000 + 0.5) / 1000);
    put_array(&json, "reasons");
    for (size_t i = 0; i < MIN(quality->reasons.count, 20); i++)
        put_text(&json, NULL, str_slice(quality->reasons.at[i], 0, 500));
    put_end(&json);
    put_object(&json, "signals");
    if (quality->pages) {
        put_int(&json, "pages", quality->pages);
        put_int(&json, "pages_with_text", quality->pages_with_text);
        put_int(&json, "pages_recognised", quality->pages_recognised);
    }
    if (quality->confidence >= 0)
        put_number(&json, "confidence", quality->confidence);
    put_number(&json, "unreadable_characters", quality->unreadable);
    if (quality->word_share >= 0)
        put_number(&json, "plausible_words", quality->word_share);
    put_int(&json, "words", quality->words);
    put_end(&json);
    put_end(&json);
    return buf_str(&out);
}
