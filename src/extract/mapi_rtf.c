/* mapi_rtf.c - see mapi_rtf.h. */
#include "extract/mapi_rtf.h"

#include "base/utf8.h"
#include "extract/encoding.h"
#include "extract/ole_file.h"

/* --- Unpacking --- */

enum { RING = 4096, RTF_MAX = MB(64) };

/* [MS-OXRTFCP] 2.1.2.1: what the dictionary holds at first. */
static const char known[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

typedef struct Unpacker {
    Str in;
    size_t at, ring_at;
    char ring[RING];
    Buf out;
} Unpacker;

static void put(Unpacker *u, char c)
{
    buf_add_char(&u->out, c);
    u->ring[u->ring_at] = c;
    u->ring_at = (u->ring_at + 1) % RING;
}

/* A piece of the dictionary: 12 bits of place, 4 of length. False: the end. */
static bool put_piece(Unpacker *u)
{
    if (u->at + 2 > u->in.length)
        return false;
    unsigned both =
        (unsigned)(unsigned char)u->in.at[u->at] << 8 | (unsigned char)u->in.at[u->at + 1];
    size_t from = both >> 4, count = (both & 15) + 2;
    u->at += 2;
    if (from == u->ring_at)
        return false;
    for (size_t i = 0; i < count; i++)
        put(u, u->ring[(from + i) % RING]);
    return true;
}

Str mapi_rtf_unpack(Arena *arena, Str packed)
{
    size_t size = le32_at(packed, 4);
    if (le32_at(packed, 8) == 0x414C454D) /* "MELA": not packed */
        return str_slice(packed, 16, 16 + size);
    if (le32_at(packed, 8) != 0x75465A4C || packed.length < 17)
        return STR_NONE;
    Unpacker *u = arena_new_one(arena, Unpacker);
    *u = (Unpacker){ .in = packed, .at = 16, .ring_at = sizeof known - 1 };
    u->out = buf_new(arena, MIN(size, (size_t)RTF_MAX));
    memcpy(u->ring, known, sizeof known - 1);
    while (u->at < packed.length && !u->out.overflowed) {
        unsigned flags = (unsigned char)packed.at[u->at++];
        for (int bit = 0; bit < 8 && u->at < packed.length; bit++) {
            if (!(flags >> bit & 1))
                put(u, packed.at[u->at++]);
            else if (!put_piece(u))
                return buf_str(&u->out);
        }
    }
    return buf_str(&u->out);
}

/* --- What it was made from --- */

enum { DEPTH_MAX = 200 };

typedef struct Group {
    bool hidden;    /* a destination that is no text */
    bool is_tag;    /* {\*\htmltag ...} */
    bool htmlrtf;   /* what is only for readers of RTF */
    int skip_after; /* characters that stand for a \u */
} Group;

typedef struct Walker {
    Str in;
    size_t at;
    Arena *arena;
    Buf out, bytes; /* bytes: in the code page, not decoded yet */
    const char *charset;
    bool is_html, star;
    int skip, depth;
    Group now, saved[DEPTH_MAX];
} Walker;

static void flush_bytes(Walker *w)
{
    if (w->bytes.length)
        buf_add(&w->out, text_decode_known(w->arena, buf_str(&w->bytes), w->charset));
    w->bytes.length = 0;
}

static bool is_shown(const Walker *w) { return !w->now.hidden && !(w->is_html && w->now.htmlrtf); }

static void add_byte(Walker *w, char c)
{
    if (w->skip > 0)
        w->skip--;
    else if (is_shown(w))
        buf_add_char(&w->bytes, c);
}

static void add_character(Walker *w, uint32_t character)
{
    if (is_shown(w)) {
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
    if (w->star && str_is(word, "htmltag")) {
        w->now.is_tag = true;
        w->now.hidden = !w->is_html;
        w->now.htmlrtf = false;
        return;
    }
    w->now.hidden |= w->star;
    for (size_t i = 0; i < COUNT(hidden); i++)
        w->now.hidden |= str_is(word, hidden[i]);
}

static void apply(Walker *w, Str word, bool has_number, int64_t number)
{
    begin_destination(w, word);
    w->star = false;
    if (str_is(word, "fromhtml"))
        w->is_html = true;
    else if (str_is(word, "htmlrtf"))
        w->now.htmlrtf = !has_number || number != 0;
    else if (str_is(word, "ansicpg") && number > 0 && number < 65536)
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
    w->now.is_tag = false;
    w->star = false;
}

/* Whether this is for readers of RTF alone outlives a tag, but no other group. */
static void end_group(Walker *w)
{
    if (w->depth <= 0)
        return;
    w->depth--;
    if (w->depth < DEPTH_MAX)
        w->now = w->saved[w->depth];
}

Str mapi_rtf_body(Arena *arena, Str rtf, bool *is_html_r)
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
    *is_html_r = w->is_html;
    return buf_str(&w->out);
}
