/* rtf_html.c - HTML that Outlook wrapped in RTF ([MS-OXRTFEX]), and compressed RTF ([MS-OXRTFCP]).
 */
#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/ole/ole_file.h"
#include "extract/word/rtf_text.h"
#include "extract/word/rtf_tokens.h"

enum { DEPTH_MAX = 500, FONTS_MAX = 4096 };

bool rtf_is_text(Str bytes)
{
    return str_starts(bytes, S("{\\rtf")) || str_starts(bytes, S("{\\urtf"));
}

bool rtf_holds_html(Str bytes)
{
    return str_find(str_slice(bytes, 0, KB(4)), S("\\fromhtml1")) >= 0;
}

typedef struct Group {
    bool is_skipped, is_tag, is_rtf_only, is_fonts;
    int font, skip_count;
} Group;

typedef struct Unwrapper {
    Arena *arena;
    Buf out, narrow;
    Group groups[DEPTH_MAX];
    int depth, too_deep, skip;
    const char *charset, *narrow_charset;
    const char *fonts[FONTS_MAX];
    uint32_t high;
    bool is_starred;
} Unwrapper;

static void flush(Unwrapper *html)
{
    if (html->narrow.length)
        buf_add(&html->out,
                text_decode_known(html->arena, buf_str(&html->narrow), html->narrow_charset));
    html->narrow.length = 0;
}

static bool is_shown(const Unwrapper *html)
{
    const Group *group = &html->groups[html->depth];
    return !group->is_skipped && !group->is_fonts && (group->is_tag || !group->is_rtf_only);
}

static void add(Unwrapper *html, Str text)
{
    flush(html);
    if (is_shown(html))
        buf_add(&html->out, text);
}

static void add_byte(Unwrapper *html, char c)
{
    const Group *group = &html->groups[html->depth];
    if (html->skip > 0) {
        html->skip--;
        return;
    }
    if (!is_shown(html))
        return;
    const char *charset = group->font >= 0 && group->font < FONTS_MAX && !group->is_tag
                              ? html->fonts[group->font]
                              : NULL;
    if (!charset)
        charset = html->charset;
    if (charset != html->narrow_charset)
        flush(html);
    html->narrow_charset = charset;
    buf_add_char(&html->narrow, c);
}

static void add_unicode(Unwrapper *html, int number)
{
    uint32_t c = (uint32_t)(number < 0 ? number + 0x10000 : number);
    char utf8[4];
    html->skip = html->groups[html->depth].skip_count;
    if (c >= 0xD800 && c < 0xDC00) {
        html->high = c;
        return;
    }
    if (c >= 0xDC00 && c < 0xE000)
        c = html->high ? 0x10000 + ((html->high - 0xD800) << 10) + (c - 0xDC00) : UTF8_REPLACEMENT;
    html->high = 0;
    if (c < 0x110000 && c >= 0x20)
        add(html, (Str){ utf8, utf8_encode(c, utf8) });
}

static bool take_format(Unwrapper *html, Group *group, const RtfToken *token)
{
    Str name = token->text;
    if (str_is(name, "htmlrtf"))
        group->is_rtf_only = !token->has_number || token->number != 0;
    else if (str_is(name, "uc"))
        group->skip_count = MAX(0, MIN(token->number, 100));
    else if (str_is(name, "f"))
        group->font = token->number;
    else if (str_is(name, "ansicpg") && charset_of_codepage(token->number))
        html->charset = charset_of_codepage(token->number);
    else if (str_is(name, "fcharset") && group->font >= 0 && group->font < FONTS_MAX)
        html->fonts[group->font] = rtf_charset(token->number);
    else
        return false;
    return true;
}

static void take_word(Unwrapper *html, const RtfToken *token)
{
    static const struct {
        const char *name, *text;
    } texts[] = { { "par", "\r\n" }, { "line", "\r\n" },   { "tab", "\t" },      { "lquote", "‘" },
                  { "rquote", "’" }, { "ldblquote", "“" }, { "rdblquote", "”" }, { "bullet", "•" },
                  { "endash", "–" }, { "emdash", "—" } };
    Group *group = &html->groups[html->depth];
    bool is_starred = html->is_starred;
    html->is_starred = false;
    flush(html);
    if (html->skip > 0) {
        html->skip--;
        return;
    }
    if (str_is(token->text, "htmltag"))
        group->is_tag = true;
    else if (str_is(token->text, "fonttbl"))
        group->is_fonts = true;
    else if (is_starred || str_is(token->text, "colortbl") || str_is(token->text, "stylesheet") ||
             str_is(token->text, "info") || str_is(token->text, "pict"))
        group->is_skipped = true;
    else if (str_is(token->text, "u"))
        add_unicode(html, token->number);
    else if (!take_format(html, group, token))
        for (size_t i = 0; i < COUNT(texts); i++)
            if (str_is(token->text, texts[i].name))
                add(html, str(texts[i].text));
}

static void take_symbol(Unwrapper *html, char c)
{
    if (c == '*')
        html->is_starred = true;
    else if (c == '\\' || c == '{' || c == '}')
        add_byte(html, c);
    else if (c == '~')
        add(html, S("&nbsp;"));
    else if (c == '_')
        add(html, S("&shy;"));
}

static void take_group(Unwrapper *html, bool begins)
{
    flush(html);
    html->skip = 0;
    if (begins && html->depth + 1 >= DEPTH_MAX) {
        html->too_deep++;
    } else if (begins) {
        html->groups[html->depth + 1] = html->groups[html->depth];
        html->groups[++html->depth].is_tag = false;
    } else if (html->too_deep > 0) {
        html->too_deep--;
    } else if (html->depth > 0) {
        html->depth--;
    }
}

Str rtf_html(Arena *arena, Str bytes)
{
    Unwrapper *html = arena_new_one(arena, Unwrapper);
    RtfToken token;
    html->arena = arena;
    html->charset = "windows-1252";
    html->groups[0].skip_count = 1;
    html->out = buf_new(arena, bytes.length * 3 + 16);
    html->narrow = buf_new(arena, bytes.length + 16);
    while (rtf_next_token(&bytes, &token)) {
        if (token.kind == RTF_BEGIN || token.kind == RTF_END)
            take_group(html, token.kind == RTF_BEGIN);
        else if (token.kind == RTF_WORD)
            take_word(html, &token);
        else if (token.kind == RTF_SYMBOL)
            take_symbol(html, (char)token.number);
        else if (token.kind == RTF_BYTE)
            add_byte(html, (char)token.number);
        else
            for (size_t i = 0; i < token.text.length; i++)
                add_byte(html, token.text.at[i]);
    }
    flush(html);
    return buf_str(&html->out);
}

/* --- [MS-OXRTFCP] --- */

/* 2.1.3.1.2: what the dictionary begins with. */
static const char initial[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

enum { WINDOW = 4096, HEADER_SIZE = 16, COMPRESSED = 0x75465A4C, PLAIN = 0x414C454D };

static Str unpack(Arena *arena, Str bytes, size_t size)
{
    char window[WINDOW] = { 0 };
    size_t write = sizeof initial - 1;
    Buf out = buf_new(arena, size);
    memcpy(window, initial, write);
    for (size_t at = 0; at < bytes.length && !out.overflowed;) {
        unsigned control = (unsigned char)bytes.at[at++];
        for (int bit = 0; bit < 8 && at < bytes.length && !out.overflowed; bit++) {
            if (!(control >> bit & 1)) {
                window[write] = bytes.at[at];
                write = (write + 1) % WINDOW;
                buf_add_char(&out, bytes.at[at++]);
                continue;
            }
            unsigned token = (unsigned)(unsigned char)bytes.at[at] << 8 |
                             (at + 1 < bytes.length ? (unsigned char)bytes.at[at + 1] : 0);
            size_t from = token >> 4, length = (token & 0xF) + 2;
            at += 2;
            if (from == write)
                return buf_str(&out); /* the end */
            for (; length > 0; length--) {
                char c = window[from];
                from = (from + 1) % WINDOW;
                window[write] = c;
                write = (write + 1) % WINDOW;
                buf_add_char(&out, c);
            }
        }
    }
    return buf_str(&out);
}

bool rtf_decompress(Arena *arena, Str bytes, size_t bytes_max, Str *rtf_r, Error *err)
{
    size_t size = le32_at(bytes, 4);
    uint32_t kind = le32_at(bytes, 8);
    if (bytes.length < HEADER_SIZE || (kind != COMPRESSED && kind != PLAIN))
        return fail(err, ERROR_DAMAGED, "the compressed RTF has no header");
    if (size > bytes_max)
        return fail(err, ERROR_TOO_LARGE, "the compressed RTF has %zu bytes", size);
    Str rest = str_from(bytes, HEADER_SIZE);
    *rtf_r = kind == PLAIN ? str_slice(rest, 0, size) : unpack(arena, rest, size);
    return true;
}
