/* charset_guess.c - see charset_guess.h.
 *
 * Each charset is tried with each language of its script: a letter of the language counts for it,
 * one that the language does not have, a sign inside a word and a capital after a small letter
 * count against it. */
#include "extract/charset/charset_guess.h"

#include <pthread.h>
#include <uchardet/uchardet.h>
#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/uscript.h>

#include "base/utf8.h"
#include "extract/charset/korean.h"

enum { GUESS_BYTES = 256 * 1024, SCORE_BYTES = 64 * 1024, LETTERS_MAX = 96, COMMON = 12 };
/* As much as two letters: what decides where there is next to nothing to go by. */
enum { WINDOWS_BONUS = 16 };

typedef enum Script {
    WEST,
    CENTRAL,
    TURKISH,
    BALTIC,
    MALTESE,
    CELTIC,
    CYRILLIC,
    GREEK,
    HEBREW,
    ARABIC,
    THAI,
    VIETNAM,
} Script;

static const struct {
    Script script;
    const char *letters;
} languages[] = {
#define LANGUAGE(script, letters) { script, letters },
#include "extract/charset/charset_languages.def"
#undef LANGUAGE
};

static const struct {
    const char *name;
    Script script;
} charsets[] = {
#define CHARSET(name, script) { name, script },
#include "extract/charset/charset_scripts.def"
#undef CHARSET
};

/* uchardet's names of charsets with more than one byte a character. */
static const char *const wide[] = { "UTF-",  "ISO-2022", "HZ-",   "GB",    "BIG5", "EUC-",
                                    "SHIFT", "UHC",      "CP949", "CP932", "JOHAB" };

static bool is_wide(const char *name)
{
    for (size_t i = 0; i < COUNT(wide); i++)
        if (strncasecmp(name, wide[i], strlen(wide[i])) == 0)
            return true;
    return false;
}

/* --- How often letters and their neighbours occur --- */

/* What the bytes are in one charset: 0 where there is no character. */
typedef struct Table {
    uint32_t characters[256];
} Table;

static bool table_fill(const char *charset, Table *table)
{
    UErrorCode status = U_ZERO_ERROR;
    UConverter *converter = ucnv_open(charset, &status);
    if (U_FAILURE(status) || ucnv_getMaxCharSize(converter) != 1) {
        ucnv_close(converter);
        return false;
    }
    for (int i = 0; i < 256; i++) {
        char byte = (char)i;
        UChar out[4] = { 0 };
        status = U_ZERO_ERROR;
        int32_t length = ucnv_toUChars(converter, out, COUNT(out), &byte, 1, &status);
        table->characters[i] = length == 1 && out[0] != 0xFFFD ? out[0] : 0;
    }
    ucnv_close(converter);
    return true;
}

static Table tables[COUNT(charsets)];
static bool has_table[COUNT(charsets)];

static void fill_tables(void)
{
    for (size_t i = 0; i < COUNT(charsets); i++)
        has_table[i] = table_fill(charsets[i].name, &tables[i]);
}

static void open_tables(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_tables);
}

typedef struct Pair {
    unsigned char before, byte;
    uint32_t count;
} Pair;

/* Each pair of a byte that is not ASCII and its neighbour is counted once, so that trying many
 * charsets costs little. */
typedef struct Counts {
    uint32_t pairs[128][256]; /* [byte - 0x80][before] */
    uint32_t after_letter[128], total, ascii_letters;
    bool is_before_letter[128]; /* more often than not */
    Pair list[128 * 256];       /* those that occur */
    size_t list_count;
} Counts;

static void count_pairs(Counts *counts, Str bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char byte = (unsigned char)bytes.at[i];
        counts->ascii_letters += (byte | 32) >= 'a' && (byte | 32) <= 'z';
        if (byte < 0x80)
            continue;
        unsigned char before = i ? (unsigned char)bytes.at[i - 1] : ' ';
        unsigned char after = i + 1 < bytes.length ? (unsigned char)bytes.at[i + 1] : ' ';
        counts->pairs[byte - 0x80][before]++;
        counts->after_letter[byte - 0x80] +=
            ((after | 32) >= 'a' && (after | 32) <= 'z') || after >= 0x80;
        counts->total++;
    }
}

static void list_pairs(Counts *counts)
{
    for (int byte = 0x80; byte < 0x100; byte++) {
        const uint32_t *pairs = counts->pairs[byte - 0x80];
        uint32_t uses = 0;
        for (int before = 0; before < 256; before++) {
            uses += pairs[before];
            if (pairs[before])
                counts->list[counts->list_count++] =
                    (Pair){ (unsigned char)before, (unsigned char)byte, pairs[before] };
        }
        counts->is_before_letter[byte - 0x80] = counts->after_letter[byte - 0x80] * 2 > uses;
    }
}

typedef struct Alphabet {
    uint32_t letters[LETTERS_MAX];
    int count;
} Alphabet;

static Alphabet alphabet_of(const char *letters)
{
    Alphabet alphabet = { 0 };
    Str text = str(letters);
    for (size_t at = 0, size; at < text.length && alphabet.count < LETTERS_MAX; at += size)
        alphabet.letters[alphabet.count++] = utf8_decode(text, at, &size);
    return alphabet;
}

static int rank_in(const Alphabet *alphabet, uint32_t character)
{
    uint32_t small = (uint32_t)u_tolower((UChar32)character);
    for (int i = 0; i < alphabet->count; i++)
        if (alphabet->letters[i] == small || alphabet->letters[i] == character)
            return i;
    return -1;
}

/* Signs that printed text has in every language. */
static bool is_common_sign(uint32_t c)
{
    static const uint32_t signs[] = { 0xA0,   0xA9,   0xAB,   0xAE,   0xB0,   0xBB,   0x2013,
                                      0x2014, 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E,
                                      0x2022, 0x2026, 0x20AC, 0x2116, 0xA7,   0xAD };
    for (size_t i = 0; i < COUNT(signs); i++)
        if (signs[i] == c)
            return true;
    return false;
}

static bool is_letter(uint32_t c)
{
    return u_isalpha((UChar32)c) || u_charType((UChar32)c) == U_NON_SPACING_MARK;
}

/* What one occurrence of a character counts, in quarters. */
static int weigh(const Alphabet *alphabet, bool is_latin, uint32_t before, uint32_t character,
                 bool is_before_letter)
{
    bool is_after_letter = is_letter(before);
    if (character == 0 || (character >= 0x80 && character < 0xA0))
        return -32;
    if (character >= 0x2500 && character < 0x25A0)
        return is_after_letter || is_before_letter ? -12 : 0;
    if (is_common_sign(character)) {
        bool joins = is_after_letter && is_before_letter;
        return joins ? (character == 0x2019 || character == 0xAD || character == 0x2014 ? 4 : -6)
                     : 4;
    }
    if (!is_letter(character))
        return is_after_letter && is_before_letter ? -12 : -3;
    if (u_isupper((UChar32)character) && u_islower((UChar32)before))
        return -16;
    if (!is_latin && before < 0x80 && is_letter(before))
        return -16;
    int rank = rank_in(alphabet, character);
    if (rank < 0)
        return is_latin ? -6 : -8;
    int capital = u_isupper((UChar32)character) && is_after_letter ? 1 : 0;
    return is_latin ? 8 - capital * 2 : (rank < COMMON ? 8 : rank < COMMON * 2 ? 3 : -2) - capital;
}

static int64_t score(const Counts *counts, const Table *table, const Alphabet *alphabet,
                     bool is_latin)
{
    int64_t sum = 0;
    for (size_t i = 0; i < counts->list_count; i++) {
        const Pair *pair = &counts->list[i];
        sum += (int64_t)pair->count * weigh(alphabet, is_latin, table->characters[pair->before],
                                            table->characters[pair->byte],
                                            counts->is_before_letter[pair->byte - 0x80]);
    }
    return sum;
}

static bool is_same_charset(const char *a, const char *b)
{
    return a[0] && ucnv_compareNames(a, b) == 0;
}

/* The best of all charsets of one byte; what uchardet says only has to be nearly as good. */
bool charset_guess_narrow(Str bytes, char name[64])
{
    AUTO_FREE Counts *counts = heap_alloc(sizeof *counts);
    int64_t best = INT64_MIN;
    const char *found = NULL;
    count_pairs(counts, str_slice(bytes, 0, SCORE_BYTES));
    list_pairs(counts);
    open_tables();
    for (size_t i = 0; i < COUNT(charsets) && counts->total; i++) {
        if (!has_table[i])
            continue;
        bool is_latin = charsets[i].script < CYRILLIC || charsets[i].script == VIETNAM;
        /* Only western languages can do with a letter in a hundred. */
        bool is_sparse =
            is_latin && charsets[i].script != WEST && counts->total * 100 < counts->ascii_letters;
        int64_t bonus = is_same_charset(name, charsets[i].name) ? counts->total : 0;
        bonus += strncmp(charsets[i].name, "windows", 7) == 0 ? WINDOWS_BONUS : 0;
        for (size_t k = 0; k < COUNT(languages); k++) {
            if (languages[k].script != charsets[i].script)
                continue;
            Alphabet alphabet = alphabet_of(languages[k].letters);
            int64_t points = score(counts, &tables[i], &alphabet, is_latin) + bonus;
            if (is_sparse && points > 0)
                points /= 4;
            if (points > best) {
                best = points;
                found = charsets[i].name;
            }
        }
    }
    /* A charset without points of its own loses only to one that has them. */
    if (found && (best > 0 || name[0] == '\0'))
        snprintf(name, 64, "%s", found);
    return name[0] != '\0';
}

/* Frames, shades and blocks of DOS: most bytes beyond ASCII are long runs of one such sign. Letters
 * never are. */
static bool is_dos_drawing(Str bytes)
{
    enum { RUN_MIN = 4, DRAWN_MIN = 16 };
    size_t high = 0, drawn = 0;
    for (size_t i = 0, run; i < bytes.length; i += run) {
        unsigned char c = (unsigned char)bytes.at[i];
        for (run = 1; i + run < bytes.length && bytes.at[i + run] == bytes.at[i];)
            run++;
        if (c < 0x80)
            continue;
        high += run;
        /* Light, medium and dark shades, a line, a double line, blocks: full, lower, upper. */
        if (run >= RUN_MIN && HAS_CHAR((char)c, "\xB0\xB1\xB2\xC4\xCD\xDB\xDC\xDF"))
            drawn += run;
    }
    return drawn >= DRAWN_MIN && drawn * 2 >= high;
}

bool charset_guess(Str bytes, char name_r[64])
{
    if (is_dos_drawing(str_slice(bytes, 0, SCORE_BYTES))) {
        snprintf(name_r, 64, "ibm-437");
        return true;
    }
    if (johab_is_likely(str_slice(bytes, 0, SCORE_BYTES))) {
        snprintf(name_r, 64, "johab");
        return true;
    }
    uchardet_t guesser = uchardet_new();
    uchardet_handle_data(guesser, bytes.at, MIN(bytes.length, (size_t)GUESS_BYTES));
    uchardet_data_end(guesser);
    snprintf(name_r, 64, "%s", uchardet_get_charset(guesser));
    uchardet_delete(guesser);
    return is_wide(name_r) || charset_guess_narrow(bytes, name_r);
}

/* --- UTF-16 by its scripts --- */

typedef enum Family { FAMILY_ANY, FAMILY_EAST, FAMILY_OTHER, FAMILY_BAD } Family;

static Family family_of(uint32_t c, UScriptCode *script_r)
{
    UErrorCode status = U_ZERO_ERROR;
    *script_r = USCRIPT_COMMON;
    if (c < 0x20)
        return HAS_CHAR((char)c, "\t\n\r\f") ? FAMILY_ANY : FAMILY_BAD;
    if (c < 0x80)
        return FAMILY_ANY;
    if (!u_isdefined((UChar32)c) || u_charType((UChar32)c) == U_PRIVATE_USE_CHAR || c < 0xA0)
        return FAMILY_BAD;
    *script_r = uscript_getScript((UChar32)c, &status);
    if (*script_r == USCRIPT_COMMON || *script_r == USCRIPT_INHERITED)
        return FAMILY_ANY;
    if (*script_r == USCRIPT_HAN || *script_r == USCRIPT_HIRAGANA ||
        *script_r == USCRIPT_KATAKANA || *script_r == USCRIPT_HANGUL) {
        *script_r = USCRIPT_HAN;
        return FAMILY_EAST;
    }
    return FAMILY_OTHER;
}

/* Is it text of one script, and a little ASCII, when read as UTF-16? */
static bool is_coherent(Str bytes, int high, size_t *ascii_r)
{
    UScriptCode script = USCRIPT_COMMON, its;
    size_t bad = 0, same = 0, other = 0, count = 0;
    *ascii_r = 0;
    for (size_t i = 0; i + 2 <= bytes.length; i += 2, count++) {
        uint32_t c = (uint32_t)(unsigned char)bytes.at[i + (size_t)high] << 8 |
                     (unsigned char)bytes.at[i + 1 - (size_t)high];
        Family family = c >= 0xD800 && c < 0xE000 ? FAMILY_ANY : family_of(c, &its);
        bad += family == FAMILY_BAD;
        if (bad * 100 >
            bytes.length / 2) /* soon known of what is no text: most files in archives */
            return false;
        *ascii_r += c < 0x80;
        if (family != FAMILY_EAST && family != FAMILY_OTHER)
            continue;
        if (script == USCRIPT_COMMON)
            script = its;
        same += its == script;
        other += its != script;
    }
    return bad * 100 <= count && other * 20 <= same && same * 4 > count;
}

const char *charset_by_script(Str bytes)
{
    size_t controls = 0;
    bytes = str_slice(bytes, 0, KB(4));
    for (size_t i = 0; i < bytes.length; i++)
        controls += (unsigned char)bytes.at[i] < 0x20 && !HAS_CHAR(bytes.at[i], "\t\n\r\f\x1B");
    if (bytes.length < 16 || controls * 100 < bytes.length)
        return NULL;
    size_t little_ascii, big_ascii;
    bool little = is_coherent(bytes, 1, &little_ascii), big = is_coherent(bytes, 0, &big_ascii);
    if (little && big)
        return little_ascii >= big_ascii ? "UTF-16LE" : "UTF-16BE";
    return little ? "UTF-16LE" : big ? "UTF-16BE" : NULL;
}

void charset_guess_preload(void)
{
    open_tables();
    uchardet_delete(uchardet_new());
}
