/* base64.c - see base64.h. */
#include "base/base64.h"

#include <sodium.h>

bool base64_decode(Arena *arena, Str text, Str *bytes_r)
{
    size_t used = text.length;
    while (used && HAS_CHAR(text.at[used - 1], "= \t\r\n"))
        used--;
    size_t room = used / 4 * 3 + 3, got = 0;
    char *bytes = arena_alloc(arena, room + 1);
    if (used && sodium_base642bin((unsigned char *)bytes, room, text.at, used, " \t\r\n", &got,
                                  NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return false;
    *bytes_r = (Str){ bytes, got };
    return true;
}

bool base64_url_decode(Arena *arena, Str text, Str *bytes_r)
{
    size_t room = text.length / 4 * 3 + 3, length;
    unsigned char *bytes = arena_alloc(arena, room);
    const char *end;
    if (sodium_base642bin(bytes, room, text.at, text.length, NULL, &length, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        end != text.at + text.length)
        return false;
    *bytes_r = (Str){ (const char *)bytes, length };
    return true;
}

static Str encode(Arena *arena, Str bytes, int variant)
{
    size_t room = sodium_base64_encoded_len(bytes.length, variant);
    char *text = arena_alloc(arena, room);
    sodium_bin2base64(text, room, (const unsigned char *)bytes.at, bytes.length, variant);
    return (Str){ text, room - 1 };
}

Str base64_encode(Arena *arena, Str bytes)
{
    return encode(arena, bytes, sodium_base64_VARIANT_ORIGINAL);
}

Str base64_url_encode(Arena *arena, Str bytes)
{
    return encode(arena, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

Str base32_encode(Arena *arena, Str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    Buf out = buf_new(arena, bytes.length * 8 / 5 + 2);
    unsigned held = 0, count = 0; /* bits that are not written yet */
    for (size_t i = 0; i < bytes.length; i++) {
        held = (held << 8 | (unsigned char)bytes.at[i]) & 0xFFFF;
        for (count += 8; count >= 5; count -= 5)
            buf_add_char(&out, digits[held >> (count - 5) & 31]);
    }
    if (count)
        buf_add_char(&out, digits[held << (5 - count) & 31]);
    return buf_str(&out);
}
