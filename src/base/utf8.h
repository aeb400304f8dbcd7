/* utf8.h - UTF-8 checked, read and normalised. All text inside Lectern is UTF-8 NFC. */
#pragma once

#include "base/base.h"

#define UTF8_REPLACEMENT 0xFFFDu

/* Whether the eight bytes at `at` are all ASCII from the space on, as most of most texts is: loops
 * over bytes may step over them at once. */
static inline bool utf8_is_plain_8(const void *at)
{
    uint64_t eight;
    memcpy(&eight, at, 8);
    /* A byte below the space borrows from its highest bit, others do not. */
    return ((eight | (eight - 0x2020202020202020u)) & 0x8080808080808080u) == 0;
}

/* Bytes of the longest valid prefix (RFC 3629: no surrogates, no overlong forms). */
size_t utf8_valid_length(Str text);
bool utf8_is_valid(Str text);
/* The character at text.at[at]; *size_r gets its bytes. Bad bytes give U+FFFD and size 1. */
uint32_t utf8_decode(Str text, size_t at, size_t *size_r);
/* Write a character to out[4]; the number of bytes. */
size_t utf8_encode(uint32_t character, char *out);
void buf_add_utf8(Buf *buf, uint32_t character);
/* Valid NFC text: bad bytes become U+FFFD, NUL and other C0 controls except tab and line ends
 * are dropped. Returns `text` itself when nothing has to change. */
Str utf8_clean(Arena *arena, Str text);
/* Lower case with full Unicode case folding and NFKC, for comparing. */
Str utf8_fold(Arena *arena, Str text);
/* The greatest position <= at that is not inside a character. */
size_t utf8_floor(Str text, size_t at);
/* UTF-16 code units in the first `bytes` bytes, as browsers count. */
size_t utf8_utf16_units(Str text, size_t bytes);
size_t utf8_count(Str text); /* characters */
