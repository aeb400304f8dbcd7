/* rtf_tokens.c - see rtf_tokens.h. */
#include "extract/word/rtf_tokens.h"

#include "extract/charset/encoding.h"

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_word(Str *rest, RtfToken *token_r)
{
    size_t at = 0, digits = 0;
    int64_t number = 0;
    while (at < rest->length && at < 40 && is_letter(rest->at[at]))
        at++;
    *token_r = (RtfToken){ .kind = RTF_WORD, .text = str_slice(*rest, 0, at) };
    bool is_negative = at + 1 < rest->length && rest->at[at] == '-' && rest->at[at + 1] >= '0' &&
                       rest->at[at + 1] <= '9';
    at += is_negative;
    for (; at < rest->length && digits < 10 && rest->at[at] >= '0' && rest->at[at] <= '9'; digits++)
        number = number * 10 + (rest->at[at++] - '0');
    token_r->has_number = digits > 0;
    token_r->number = (int)MIN(number, INT32_MAX) * (is_negative ? -1 : 1);
    if (at < rest->length && rest->at[at] == ' ')
        at++;
    if (str_is(token_r->text, "bin") && token_r->number > 0)
        at += (size_t)token_r->number;
    *rest = str_from(*rest, at);
}

static void read_control(Str *rest, RtfToken *token_r)
{
    *rest = str_from(*rest, 1);
    if (rest->length == 0) {
        *token_r = (RtfToken){ .kind = RTF_TEXT };
        return;
    }
    char c = rest->at[0];
    if (is_letter(c)) {
        read_word(rest, token_r);
        return;
    }
    *token_r = (RtfToken){ .kind = RTF_SYMBOL, .number = c };
    size_t used = 1;
    if (c == '\'' && rest->length >= 3) {
        int high = hex_digit(rest->at[1]), low = hex_digit(rest->at[2]);
        if (high >= 0 && low >= 0) {
            *token_r = (RtfToken){ .kind = RTF_BYTE, .number = high << 4 | low };
            used = 3;
        }
    }
    *rest = str_from(*rest, used);
}

bool rtf_next_token(Str *rest, RtfToken *token_r)
{
    while (rest->length && HAS_CHAR(rest->at[0], "\r\n"))
        *rest = str_from(*rest, 1);
    while (rest->length && rest->at[0] == '\0')
        *rest = str_from(*rest, 1);
    if (rest->length == 0)
        return false;
    char c = rest->at[0];
    if (c == '{' || c == '}') {
        *token_r = (RtfToken){ .kind = c == '{' ? RTF_BEGIN : RTF_END };
        *rest = str_from(*rest, 1);
    } else if (c == '\\') {
        read_control(rest, token_r);
    } else {
        size_t end = 0;
        while (end < rest->length && rest->at[end] && !strchr("{}\\\r\n", rest->at[end]))
            end++;
        *token_r = (RtfToken){ .kind = RTF_TEXT, .text = str_slice(*rest, 0, end) };
        *rest = str_from(*rest, end);
    }
    return true;
}

const char *rtf_charset(int charset)
{
    /* RTF 1.9.1, "Font table"; [MS-WMF] 2.1.1.5 */
    static const struct {
        int charset, codepage;
    } pages[] = { { 0, 1252 },   { 77, 10000 }, { 78, 10001 }, { 79, 10003 }, { 80, 10008 },
                  { 81, 10002 }, { 85, 10006 }, { 86, 10081 }, { 89, 10007 }, { 88, 10029 },
                  { 128, 932 },  { 129, 949 },  { 134, 936 },  { 136, 950 },  { 161, 1253 },
                  { 162, 1254 }, { 163, 1258 }, { 177, 1255 }, { 178, 1256 }, { 186, 1257 },
                  { 204, 1251 }, { 222, 874 },  { 238, 1250 }, { 254, 437 },  { 255, 850 } };
    for (size_t i = 0; i < COUNT(pages); i++)
        if (pages[i].charset == charset)
            return charset_of_codepage(pages[i].codepage);
    return NULL;
}
