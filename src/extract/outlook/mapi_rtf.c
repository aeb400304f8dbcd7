/* mapi_rtf.c - see mapi_rtf.h. */
#include "extract/outlook/mapi_rtf.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"

enum { DEPTH_MAX = 200, RTF_MAX = MB(64) };

typedef struct Group {
    bool hidden;    /* a destination that is no text */
    int skip_after; /* characters that stand for a \u */
} Group;

typedef struct Walker {
    Str in;
    size_t at;
    Arena *arena;
    Buf out, bytes; /* bytes: in the code page, not decoded yet */
    const char *charset;
    bool star;
    int skip, depth;
    Group now, saved[DEPTH_MAX];
} Walker;

static void flush_bytes(Walker *w)
{
    if (w->bytes.length)
        buf_add(&w->out, text_decode_known(w->arena, buf_str(&w->bytes), w->charset));
    w->bytes.length = 0;
}

static void add_byte(Walker *w, char c)
{
    if (w->skip > 0)
        w->skip--;
    else if (!w->now.hidden)
        buf_add_char(&w->bytes, c);
}

static void add_character(Walker *w, uint32_t character)
{
    if (!w->now.hidden) {
        flush_bytes(w);
        buf_add_utf8(&w->out, character);
    }
}

static bool add_special(Walker *w, Str word)
{
    static const struct {
        const char *word;
        uint32_t character;
    } specials[] = { { "par", '\n' },         { "line", '\n' },      { "tab", '\t' },
                     { "lquote", 0x2018 },    { "rquote", 0x2019 },  { "ldblquote", 0x201C },
                     { "rdblquote", 0x201D }, { "bullet", 0x2022 },  { "endash", 0x2013 },
                     { "emdash", 0x2014 },    { "emspace", 0x2003 }, { "enspace", 0x2002 },
                     { "cell", '\t' },        { "row", '\n' } };
    for (size_t i = 0; i < COUNT(specials); i++)
        if (str_is(word, specials[i].word)) {
            add_character(w, specials[i].character);
            return true;
        }
    return false;
}

static void begin_destination(Walker *w, Str word)
{
    static const char *const hidden[] = { "fonttbl", "colortbl",  "stylesheet", "info",
                                          "pict",    "object",    "pntext",     "header",
                                          "footer",  "listtable", "themedata" };
    w->now.hidden |= w->star;
    for (size_t i = 0; i < COUNT(hidden); i++)
        w->now.hidden |= str_is(word, hidden[i]);
}

static void apply(Walker *w, Str word, bool has_number, int64_t number)
{
    begin_destination(w, word);
    w->star = false;
    if (str_is(word, "ansicpg") && number > 0 && number < 65536)
        w->charset = charset_of_codepage((int)number);
    else if (str_is(word, "uc"))
        w->now.skip_after = (int)MIN(MAX(number, 0), 8);
    else if (str_is(word, "bin"))
        w->at = number > 0 ? MIN(w->in.length, w->at + (size_t)number) : w->at;
    else if (str_is(word, "u") && has_number) {
        uint32_t character = (uint32_t)(uint16_t)number;
        bool is_surrogate = character >= 0xD800 && character < 0xE000;
        add_character(w, is_surrogate ? UTF8_REPLACEMENT : character);
        w->skip = w->now.skip_after;
    } else
        add_special(w, word);
}

static int hex(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* After a backslash. */
static void take_control(Walker *w)
{
    if (w->at >= w->in.length)
        return;
    char c = w->in.at[w->at];
    size_t start = w->at;
    while (w->at < w->in.length && (w->in.at[w->at] | 32) >= 'a' && (w->in.at[w->at] | 32) <= 'z')
        w->at++;
    if (w->at > start) {
        Str word = str_slice(w->in, start, w->at);
        size_t digits = w->at;
        int64_t number = 0;
        w->at += w->at < w->in.length && w->in.at[w->at] == '-';
        while (w->at < w->in.length && w->in.at[w->at] >= '0' && w->in.at[w->at] <= '9')
            w->at++;
        bool has_number =
            str_to_int(str_slice(w->in, digits, w->at), INT32_MIN, INT32_MAX, &number);
        w->at += w->at < w->in.length && w->in.at[w->at] == ' ';
        apply(w, word, has_number, number);
        return;
    }
    w->at++;
    if (c == '*')
        w->star = true;
    else if (HAS_CHAR(c, "\\{}"))
        add_byte(w, c);
    else if (c == '~')
        add_character(w, 0xA0);
    else if (c == '_')
        add_character(w, 0x2011);
    else if (c == '\n' || c == '\r')
        add_character(w, '\n');
    else if (c == '\'' && w->at + 2 <= w->in.length) {
        int high = hex(w->in.at[w->at]), low = hex(w->in.at[w->at + 1]);
        w->at += 2;
        if (high >= 0 && low >= 0)
            add_byte(w, (char)(high << 4 | low));
    }
}

static void begin_group(Walker *w)
{
    if (w->depth < DEPTH_MAX)
        w->saved[w->depth] = w->now;
    w->depth++;
    w->star = false;
}

static void end_group(Walker *w)
{
    if (w->depth <= 0)
        return;
    w->depth--;
    if (w->depth < DEPTH_MAX)
        w->now = w->saved[w->depth];
}

Str mapi_rtf_text(Arena *arena, Str rtf)
{
    Walker *w = arena_new_one(arena, Walker);
    *w = (Walker){ .in = rtf, .arena = arena, .charset = "windows-1252" };
    w->out = buf_new(arena, RTF_MAX * 2);
    w->bytes = buf_new(arena, RTF_MAX);
    w->now.skip_after = 1;
    while (w->at < rtf.length) {
        char c = rtf.at[w->at++];
        if (c == '{')
            begin_group(w);
        else if (c == '}')
            end_group(w);
        else if (c == '\\')
            take_control(w);
        else if (c != '\r' && c != '\n')
            add_byte(w, c);
    }
    flush_bytes(w);
    return buf_str(&w->out);
}
