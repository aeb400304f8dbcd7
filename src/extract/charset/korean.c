/* korean.c - see korean.h. */
#include "extract/charset/korean.h"

#include <unicode/ucnv.h>

#include "base/utf8.h"

enum { NONE = -1, FILL = -2, SYLLABLES = 0xAC00, FILLER = 0x3164, VOWELS = 0x314F };

/* The letters as Unicode's compatibility letters, by their number in a syllable. */
static const uint16_t leads[19] = { 0x3131, 0x3132, 0x3134, 0x3137, 0x3138, 0x3139, 0x3141,
                                    0x3142, 0x3143, 0x3145, 0x3146, 0x3147, 0x3148, 0x3149,
                                    0x314A, 0x314B, 0x314C, 0x314D, 0x314E };
static const uint16_t tails[28] = { FILLER, 0x3131, 0x3132, 0x3133, 0x3134, 0x3135, 0x3136,
                                    0x3137, 0x3139, 0x313A, 0x313B, 0x313C, 0x313D, 0x313E,
                                    0x313F, 0x3140, 0x3141, 0x3142, 0x3144, 0x3145, 0x3146,
                                    0x3147, 0x3148, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E };

/* --- Johab --- */

static int lead_of(int bits)
{
    return bits == 1 ? FILL : bits >= 2 && bits <= 20 ? bits - 2 : NONE;
}

static int vowel_of(int bits)
{
    if (bits == 2)
        return FILL;
    if (bits >= 3 && bits <= 7)
        return bits - 3;
    if (bits >= 10 && bits <= 15)
        return bits - 5;
    if (bits >= 18 && bits <= 23)
        return bits - 7;
    return bits >= 26 && bits <= 29 ? bits - 9 : NONE;
}

static int tail_of(int bits)
{
    if (bits == 1)
        return 0;
    return bits >= 2 && bits <= 17 ? bits - 1 : bits >= 19 && bits <= 29 ? bits - 2 : NONE;
}

static uint32_t johab_hangul(unsigned code)
{
    int lead = lead_of(code >> 10 & 31), vowel = vowel_of(code >> 5 & 31),
        tail = tail_of(code & 31);
    if (lead == NONE || vowel == NONE || tail == NONE)
        return 0;
    if (lead >= 0 && vowel >= 0)
        return (uint32_t)(SYLLABLES + (lead * 21 + vowel) * 28 + tail);
    if (lead >= 0)
        return tail ? 0 : leads[lead];
    if (vowel >= 0)
        return tail ? 0 : (uint32_t)(VOWELS + vowel);
    return tails[tail];
}

/* Signs and Chinese characters have the rows of KS X 1001, two in each first byte. */
static bool johab_to_ks(unsigned char first, unsigned char second, char pair_r[2])
{
    if (!((first >= 0xD9 && first <= 0xDE) || (first >= 0xE0 && first <= 0xF9)) ||
        !((second >= 0x31 && second <= 0x7E) || (second >= 0x91 && second <= 0xFE)))
        return false;
    int row = first < 0xE0 ? 2 * (first - 0xD9) : 2 * first - 0x197;
    int cell = second < 0x91 ? second - 0x31 : second - 0x43;
    pair_r[0] = (char)(row + (cell >= 0x5E) + 0xA1);
    pair_r[1] = (char)(cell % 0x5E + 0xA1);
    return true;
}

static uint32_t johab_character(UConverter *ks, unsigned char first, unsigned char second)
{
    char pair[2];
    UChar out[4] = { 0 };
    UErrorCode status = U_ZERO_ERROR;
    if (first <= 0xD3)
        return johab_hangul((unsigned)first << 8 | second);
    if (!ks || !johab_to_ks(first, second, pair))
        return 0;
    int32_t length = ucnv_toUChars(ks, out, COUNT(out), pair, 2, &status);
    return length == 1 && out[0] != UTF8_REPLACEMENT ? out[0] : 0;
}

Str johab_decode(Arena *arena, Str bytes)
{
    UErrorCode status = U_ZERO_ERROR;
    UConverter *ks = ucnv_open("windows-949-2000", &status);
    Buf out = buf_new(arena, SIZE_MAX / 4);
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char first = (unsigned char)bytes.at[i];
        if (first < 0x80) {
            buf_add_char(&out, (char)first);
            continue;
        }
        unsigned char second = i + 1 < bytes.length ? (unsigned char)bytes.at[i + 1] : 0;
        uint32_t character = second >= 0x31 ? johab_character(ks, first, second) : 0;
        buf_add_utf8(&out, character ? character : UTF8_REPLACEMENT);
        i += character != 0;
    }
    ucnv_close(ks);
    return buf_str(&out);
}

/* Nearly all pairs are syllables, which is rare by chance, and second bytes are of any value: the
 * other East Asian charsets have them all above A0, or first bytes in a narrow range. */
bool johab_is_likely(Str bytes)
{
    size_t pairs = 0, syllables = 0, low = 0, firsts = 0;
    for (size_t i = 0; i + 1 < bytes.length; i++) {
        unsigned char first = (unsigned char)bytes.at[i], second = (unsigned char)bytes.at[i + 1];
        if (first < 0x80)
            continue;
        pairs++;
        i++;
        if (first <= 0xD3 && johab_hangul((unsigned)first << 8 | second) >= SYLLABLES)
            syllables++;
        low += second < 0xA1;
        firsts += first >= 0xA0;
    }
    return pairs >= 8 && syllables * 10 >= pairs * 8 && low * 4 >= pairs && firsts * 5 >= pairs;
}

/* --- ISO-2022-KR and spelled syllables --- */

Str iso2022kr_unpack(Arena *arena, Str bytes)
{
    Buf out = buf_new(arena, SIZE_MAX / 4);
    bool is_shifted = false;
    for (size_t i = 0; i < bytes.length; i++) {
        char c = bytes.at[i];
        if (str_starts(str_from(bytes, i), S("\x1B$)C")))
            i += 3;
        else if (c == 0x0E || c == 0x0F)
            is_shifted = c == 0x0E;
        else {
            if (c == '\n')
                is_shifted = false;
            buf_add_char(&out, is_shifted && c > 0x20 && c < 0x7F ? (char)(c | 0x80) : c);
        }
    }
    return buf_str(&out);
}

static int index_of(const uint16_t *letters, int count, uint32_t letter)
{
    for (int i = 0; i < count; i++)
        if (letters[i] == letter)
            return i;
    return NONE;
}

/* The syllable that is spelled at `at`: filler, lead, vowel, tail, three bytes each in UTF-8. */
static uint32_t spelled_at(Str text, size_t at)
{
    size_t size;
    if (at + 12 > text.length || utf8_decode(text, at, &size) != FILLER)
        return 0;
    int lead = index_of(leads, COUNT(leads), utf8_decode(text, at + 3, &size));
    uint32_t letter = utf8_decode(text, at + 6, &size);
    int vowel = letter >= VOWELS && letter < VOWELS + 21 ? (int)(letter - VOWELS) : NONE;
    int tail = index_of(tails, COUNT(tails), utf8_decode(text, at + 9, &size));
    if (lead < 0 || vowel < 0 || tail < 0)
        return 0;
    return (uint32_t)(SYLLABLES + (lead * 21 + vowel) * 28 + tail);
}

Str hangul_compose(Arena *arena, Str text)
{
    Buf out = { 0 };
    size_t copied = 0;
    for (size_t at = 0; at + 12 <= text.length;) {
        ptrdiff_t found = str_find(str_from(text, at), S("\u3164"));
        if (found < 0)
            break;
        at += (size_t)found;
        uint32_t syllable = spelled_at(text, at);
        if (syllable) {
            if (!out.arena)
                out = buf_new(arena, SIZE_MAX / 4);
            buf_add(&out, str_slice(text, copied, at));
            buf_add_utf8(&out, syllable);
            copied = at + 12;
        }
        at += syllable ? 12 : 3;
    }
    if (!out.arena)
        return text;
    buf_add(&out, str_from(text, copied));
    return buf_str(&out);
}
