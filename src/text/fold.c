/* fold.c - see fold.h; ICU has the tables. */
#include "text/fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"

#define UNITS_MAX 512

static bool is_ascii(Str s)
{
    for (size_t i = 0; i < s.length; i++)
        if ((uint8_t)s.at[i] >= 0x80)
            return false;
    return true;
}

static Str lower_ascii(Str word, char *out, size_t out_size)
{
    size_t count = MIN(word.length, out_size);
    for (size_t i = 0; i < count; i++)
        out[i] = (char)(word.at[i] >= 'A' && word.at[i] <= 'Z' ? word.at[i] | 0x20 : word.at[i]);
    return (Str){ out, count };
}

/* As many whole characters as fit. */
static Str put_units(const UChar *units, int32_t count, char *out, size_t out_size)
{
    size_t length = 0;
    for (int32_t i = 0; i < count && length + 4 <= out_size;) {
        UChar32 c;
        U16_NEXT(units, i, count, c);
        length += utf8_encode((uint32_t)(U_IS_SURROGATE(c) ? 0xFFFD : c), out + length);
    }
    return (Str){ out, length };
}

static int32_t to_units(Str word, UChar *units)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t count = 0;
    /* A character has at least one byte for each of its UTF-16 units. */
    size_t length = utf8_floor(word, MIN(word.length, UNITS_MAX));
    u_strFromUTF8WithSub(units, UNITS_MAX, &count, word.at, (int32_t)length, 0xFFFD, NULL, &status);
    return U_SUCCESS(status) ? count : 0;
}

static int32_t normalize(const UNormalizer2 *form, const UChar *from, int32_t count, UChar *to)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t made = unorm2_normalize(form, from, count, to, UNITS_MAX, &status);
    return U_SUCCESS(status) ? made : 0;
}

Str fold_case(Str word, char *out, size_t out_size)
{
    UChar units[UNITS_MAX], folded[UNITS_MAX];
    UErrorCode status = U_ZERO_ERROR;

    if (is_ascii(word))
        return lower_ascii(word, out, out_size);
    const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(&status);
    int32_t count = U_SUCCESS(status) ? normalize(form, units, to_units(word, units), folded) : 0;
    for (int32_t i = 0; i < count; i++)
        if (folded[i] >= 0x660 && !U16_IS_SURROGATE(folded[i]) && u_charDigitValue(folded[i]) >= 0)
            folded[i] = (UChar)('0' + u_charDigitValue(folded[i]));
    /* Nothing left (too long once folded, or ignorable characters alone): the word as it is. */
    return count ? put_units(folded, count, out, out_size) : lower_ascii(word, out, out_size);
}

/* Letters whose stroke or ligature is not a combining mark, and what people type instead. */
static const struct {
    uint16_t from;
    char to[3];
} plain_letters[] = {
    { 0xE6, "ae" }, { 0xF0, "d" },  { 0xF8, "o" },  { 0xFE, "th" },  { 0x111, "d" },
    { 0x127, "h" }, { 0x131, "i" }, { 0x142, "l" }, { 0x153, "oe" },
};

static bool loses_marks(UChar32 base)
{
    return base < 0x250 || (base >= 0x370 && base < 0x400) || (base >= 0x590 && base < 0x780) ||
           (base >= 0x1E00 && base < 0x2000);
}

static int32_t drop_marks(const UChar *from, int32_t count, UChar *to)
{
    int32_t made = 0;
    UChar32 base = 0;
    for (int32_t i = 0; i < count && made + 2 <= UNITS_MAX; i++) {
        UChar c = from[i];
        if (u_charType(c) == U_NON_SPACING_MARK) {
            if (!loses_marks(base) && !(c == 0x308 && (base == 0x435 || base == 0x415)))
                to[made++] = c;
            continue;
        }
        base = c;
        size_t row = 0;
        while (row < COUNT(plain_letters) && plain_letters[row].from != c)
            row++;
        if (row == COUNT(plain_letters)) {
            to[made++] = c;
            continue;
        }
        for (const char *p = plain_letters[row].to; *p; p++)
            to[made++] = (UChar)*p;
    }
    return made;
}

Str fold_accents(Str word, char *out, size_t out_size)
{
    UChar units[UNITS_MAX], apart[UNITS_MAX];
    UErrorCode status = U_ZERO_ERROR;

    if (is_ascii(word))
        return word;
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    if (U_FAILURE(status))
        return word;
    int32_t count = normalize(nfd, units, to_units(word, units), apart);
    count = drop_marks(apart, count, units);
    count = normalize(nfc, units, count, apart);
    return count ? put_units(apart, count, out, out_size) : word;
}
