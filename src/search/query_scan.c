/* query_scan.c - see query_scan.h. */
#include "search/query_scan.h"

bool query_has_words(Str words)
{
    for (size_t i = 0; i < words.length; i++)
        if (query_is_name(words.at[i]) && words.at[i] != '-' && words.at[i] != '_')
            return true;
    return false;
}

size_t query_skip_spaces(Str text, size_t at)
{
    while (at < text.length && query_is_space(text.at[at]))
        at++;
    return at;
}

size_t query_quote_size(Str text, size_t at)
{
    static const char *const quotes[] = { "\"",           "\xE2\x80\x9C", "\xE2\x80\x9D",
                                          "\xE2\x80\x9E", "\xC2\xAB",     "\xC2\xBB" };
    for (size_t i = 0; at < text.length && i < COUNT(quotes); i++)
        if (str_starts(str_from(text, at), str(quotes[i])))
            return strlen(quotes[i]);
    return 0;
}

size_t query_closing_quote(Str text, size_t at)
{
    while (at < text.length && !query_quote_size(text, at))
        at += text.at[at] == '\\' && at + 1 < text.length ? 2 : 1;
    return MIN(at, text.length);
}

Str query_unescape(Arena *arena, Str text)
{
    if (str_find_char(text, '\\') < 0)
        return text;
    Buf out = buf_new(arena, text.length);
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '\\' && i + 1 < text.length && (HAS_CHAR(text.at[i + 1], "\\\"")))
            i++;
        buf_add_char(&out, text.at[i]);
    }
    return buf_str(&out);
}

bool query_has_word_at(Str text, size_t at, const char *word)
{
    size_t length = strlen(word);
    return str_starts(str_from(text, at), str(word)) && at + length < text.length &&
           query_is_space(text.at[at + length]) &&
           (at == 0 || HAS_CHAR(text.at[at - 1], " \t\r\n("));
}
