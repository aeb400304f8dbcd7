/* utf8.c - see utf8.h; normalisation by ICU. */
#include "base/utf8.h"

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* RFC 3629 section 4, as a length and a range for the second byte. */
static size_t sequence_length(const uint8_t *at, size_t room)
{
    uint8_t first = at[0], low = 0x80, high = 0xBF;
    size_t length;

    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        length = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        length = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        length = 4;
    else
        return 0;
    if (first == 0xE0)
        low = 0xA0;
    if (first == 0xED)
        high = 0x9F;
    if (first == 0xF0)
        low = 0x90;
    if (first == 0xF4)
        high = 0x8F;
    if (room < length || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

size_t utf8_valid_length(Str text)
{
    const uint8_t *bytes = (const uint8_t *)text.at;
    size_t at = 0;
    while (at < text.length) {
        if (at + 8 <= text.length) {
            uint64_t eight;
            memcpy(&eight, bytes + at, 8);
            if ((eight & 0x8080808080808080u) == 0) {
                at += 8;
                continue;
            }
        }
        size_t length = sequence_length(bytes + at, text.length - at);
        if (!length)
            break;
        at += length;
    }
    return at;
}

bool utf8_is_valid(Str text) { return utf8_valid_length(text) == text.length; }

uint32_t utf8_decode(Str text, size_t at, size_t *size_r)
{
    const uint8_t *bytes = (const uint8_t *)text.at + at;
    size_t length = sequence_length(bytes, text.length - at);
    *size_r = length ? length : 1;
    switch (length) {
    case 1: return bytes[0];
    case 2: return (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu);
    case 3: return (bytes[0] & 0x0Fu) << 12 | (bytes[1] & 0x3Fu) << 6 | (bytes[2] & 0x3Fu);
    case 4:
        return (bytes[0] & 0x07u) << 18 | (bytes[1] & 0x3Fu) << 12 | (bytes[2] & 0x3Fu) << 6 |
               (bytes[3] & 0x3Fu);
    default: return UTF8_REPLACEMENT;
    }
}

size_t utf8_encode(uint32_t c, char *out)
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = UTF8_REPLACEMENT;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

void buf_add_utf8(Buf *buf, uint32_t character)
{
    char bytes[4];
    size_t length = utf8_encode(character, bytes);
    buf_add(buf, (Str){ bytes, length });
}

static bool is_dropped(unsigned char c)
{
    return c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
}

static Str repair(Arena *arena, Str text)
{
    Buf out = buf_new(arena, SIZE_MAX / 2);
    while (text.length) {
        size_t valid = utf8_valid_length(text);
        for (size_t i = 0; i < valid; i++)
            if (!is_dropped((unsigned char)text.at[i]))
                buf_add_char(&out, text.at[i]);
        if (valid < text.length) {
            buf_add_utf8(&out, UTF8_REPLACEMENT);
            valid++;
        }
        text = str_from(text, valid);
    }
    return buf_str(&out);
}

static Str normalize(Arena *arena, const UNormalizer2 *form, Str text)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = 0, capacity = (int32_t)text.length + 1;
    AUTO_FREE UChar *wide = heap_alloc((size_t)capacity * sizeof *wide);
    u_strFromUTF8(wide, capacity, &length, text.at, (int32_t)text.length, &status);

    /* NFKC may grow a character to 18 units (Unicode Standard Annex 15). */
    int32_t room = length * 3 + 64;
    AUTO_FREE UChar *normal = heap_alloc((size_t)room * sizeof *normal);
    int32_t used = unorm2_normalize(form, wide, length, normal, room, &status);
    if (status == U_BUFFER_OVERFLOW_ERROR) {
        status = U_ZERO_ERROR;
        normal = heap_grow(normal, (size_t)used * sizeof *normal);
        used = unorm2_normalize(form, wide, length, normal, used, &status);
    }
    if (U_FAILURE(status))
        return text;
    char *out = arena_alloc(arena, (size_t)used * 3 + 1);
    int32_t bytes = 0;
    u_strToUTF8(out, used * 3 + 1, &bytes, normal, used, &status);
    return U_FAILURE(status) ? text : (Str){ out, (size_t)bytes };
}

Str utf8_clean(Arena *arena, Str text)
{
    bool ascii = true, clean = true;
    for (size_t i = 0; i < text.length; i++) {
        if (text.length - i >= 8 && utf8_is_plain_8(text.at + i)) {
            i += 7;
            continue;
        }
        ascii &= (text.at[i] & 0x80) == 0;
        clean &= !is_dropped((unsigned char)text.at[i]);
    }
    if (!clean || !utf8_is_valid(text))
        text = repair(arena, text);
    if (ascii || text.length > INT32_MAX / 8)
        return text;
    UErrorCode status = U_ZERO_ERROR;
    return normalize(arena, unorm2_getNFCInstance(&status), text);
}

static Str lower_ascii(Arena *arena, Str text) { return str_lower(arena, text); }

Str utf8_fold(Arena *arena, Str text)
{
    bool ascii = true;
    for (size_t i = 0; i < text.length; i++)
        ascii &= (text.at[i] & 0x80) == 0;
    if (ascii || text.length > INT32_MAX / 8)
        return lower_ascii(arena, text);
    UErrorCode status = U_ZERO_ERROR;
    if (!utf8_is_valid(text))
        text = repair(arena, text);
    return normalize(arena, unorm2_getNFKCCasefoldInstance(&status), text);
}

size_t utf8_floor(Str text, size_t at)
{
    if (at >= text.length)
        return text.length;
    while (at > 0 && ((unsigned char)text.at[at] & 0xC0) == 0x80)
        at--;
    return at;
}

size_t utf8_utf16_units(Str text, size_t bytes)
{
    size_t units = 0;
    for (size_t i = 0; i < bytes && i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        units += ((c & 0xC0) != 0x80) + (c >= 0xF0);
    }
    return units;
}

size_t utf8_count(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.at[i] & 0xC0) != 0x80;
    return count;
}
