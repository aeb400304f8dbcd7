/* query_scan.h - where words, quotes and spaces begin and end in the text of a query. Pure; any
 * thread. */
#pragma once

#include "base/base.h"

static inline bool query_is_space(char c) { return HAS_CHAR(c, " \t\r\n"); }

static inline bool query_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static inline bool query_is_name(char c)
{
    return query_is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* Not signs alone. */
bool query_has_words(Str words);
size_t query_skip_spaces(Str text, size_t at);
/* Bytes of a double quote of any shape at `at`, or 0. */
size_t query_quote_size(Str text, size_t at);
/* Where the quote that closes what begins at `at` stands; the end of the text when there is none.
 * A backslash takes the meaning from the character behind it. */
size_t query_closing_quote(Str text, size_t at);
/* Without the backslashes before quotes and backslashes. */
Str query_unescape(Arena *arena, Str text);
/* A word such as OR, by itself. */
bool query_has_word_at(Str text, size_t at, const char *word);
