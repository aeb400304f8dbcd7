/* mime.c - see mime.h. */
#include "extract/formats/mime.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"

enum { HEADERS_MAX = 1000, PIECES_MAX = 32 };

/* --- Headers --- */

static ptrdiff_t name_length(Str line)
{
    size_t at = 0;
    while (at < line.length && line.at[at] > ' ' && line.at[at] < 127 && line.at[at] != ':')
        at++;
    size_t end = at;
    while (at < line.length && HAS_CHAR(line.at[at], " \t"))
        at++;
    return end > 0 && at < line.length && line.at[at] == ':' ? (ptrdiff_t)end : -1;
}

static bool is_mbox_line(Str line)
{
    return str_starts(line, S("From ")) || str_starts(line, S(">From "));
}

MimePart mime_parse(Arena *arena, Str bytes)
{
    MimePart part = { 0 };
    Str rest = bytes, line;
    MimeHeader *last = NULL;
    for (;;) {
        Str before = rest;
        if (!text_next_line(&rest, &line))
            break;
        bool is_continued = line.length && HAS_CHAR(line.at[0], " \t") && last;
        if (str_trim(line).length == 0) {
            if (part.headers.count == 0)
                continue; /* blank lines before the headers */
            break;
        }
        if (is_continued) {
            last->value.length = (size_t)(line.at + line.length - last->value.at);
            continue;
        }
        ptrdiff_t length = name_length(line);
        if (length < 0) {
            if (part.headers.count == 0 && is_mbox_line(line))
                continue;
            rest = before; /* the blank line is missing */
            break;
        }
        if (part.headers.count >= HEADERS_MAX)
            continue;
        Str value = str_from(line, (size_t)str_find_char(line, ':') + 1);
        last = vec_push(arena, &part.headers);
        *last = (MimeHeader){ .name = str_slice(line, 0, (size_t)length), .value = value };
    }
    part.body = rest;
    return part;
}

Str mime_header(const MimePart *part, const char *name)
{
    for (size_t i = 0; i < part->headers.count; i++)
        if (str_equal_ignore_case(part->headers.at[i].name, str(name)))
            return str_trim(part->headers.at[i].value);
    return STR_NONE;
}

/* --- Transfer encodings --- */

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static Str decode_base64(Arena *arena, Str text)
{
    char *out = arena_alloc(arena, text.length / 4 * 3 + 4);
    size_t length = 0;
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < text.length; i++) {
        int value = base64_value(text.at[i]);
        if (value < 0) {
            if (text.at[i] == '=')
                count = 0; /* joined texts go on after the padding */
            continue;
        }
        bits = bits << 6 | (uint32_t)value;
        if (++count == 1)
            continue;
        out[length++] = (char)(bits >> (count == 2 ? 4 : count == 3 ? 2 : 0));
        count &= 3;
    }
    return (Str){ out, length };
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Quoted-printable, percent and Q encoding differ in the mark and in what else they change. */
static Str decode_hex(Arena *arena, Str text, char mark, bool is_word)
{
    char *out = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '_' && is_word)
            c = ' ';
        if (c == mark && i + 2 < text.length && hex_value(text.at[i + 1]) >= 0 &&
            hex_value(text.at[i + 2]) >= 0) {
            c = (char)(hex_value(text.at[i + 1]) << 4 | hex_value(text.at[i + 2]));
            i += 2;
        } else if (c == '=' && mark == '=' && !is_word) {
            size_t end = i + 1;
            while (end < text.length && HAS_CHAR(text.at[end], " \t\r"))
                end++;
            if (end >= text.length || text.at[end] == '\n') {
                i = end; /* a soft line end */
                continue;
            }
        }
        out[length++] = c;
    }
    return (Str){ out, length };
}

/* Lines of "M..." between "begin" and "end", each beginning with its length. */
static Str decode_uuencode(Arena *arena, Str text)
{
    char *out = arena_alloc(arena, text.length + 4);
    size_t length = 0;
    Str line;
    while (text_next_line(&text, &line)) {
        size_t wanted = line.length ? (size_t)((line.at[0] - 32) & 63) : 0;
        if (str_starts(line, S("begin ")) || str_is(line, "end") || wanted == 0)
            continue;
        for (size_t i = 1; i + 3 < line.length + 3 && wanted; i += 4) {
            uint32_t bits = 0;
            for (size_t k = 0; k < 4; k++)
                bits =
                    bits << 6 | (i + k < line.length ? (uint32_t)((line.at[i + k] - 32) & 63) : 0);
            for (int shift = 16; shift >= 0 && wanted; shift -= 8, wanted--)
                out[length++] = (char)(bits >> shift);
        }
    }
    return (Str){ out, length };
}

Str mime_decode(Arena *arena, Str body, Str encoding)
{
    encoding = str_trim(encoding);
    if (str_equal_ignore_case(encoding, S("base64")))
        return decode_base64(arena, body);
    if (str_equal_ignore_case(encoding, S("quoted-printable")))
        return decode_hex(arena, body, '=', false);
    if (str_ends_ignore_case(encoding, S("uuencode")) || str_ends_ignore_case(encoding, S("uue")))
        return decode_uuencode(arena, body);
    return body;
}

/* --- Encoded words --- */

/* "=?charset?B?text?=" at the beginning of s: its length, or 0. *bytes_r are in the charset. */
static size_t read_word(Arena *arena, Str s, Str *charset_r, Str *bytes_r)
{
    Str rest = str_from(s, 2), charset, kind;
    if (!str_next(&rest, '?', &charset) || !str_next(&rest, '?', &kind) || kind.length != 1 ||
        charset.length == 0 || charset.length > 60)
        return 0;
    ptrdiff_t end = str_find(rest, S("?="));
    if (end < 0)
        return 0;
    Str text = str_slice(rest, 0, (size_t)end);
    if (str_find_char(text, '\n') >= 0 && kind.at[0] != 'B' && kind.at[0] != 'b')
        return 0;
    ptrdiff_t language = str_find_char(charset, '*');
    *charset_r = language < 0 ? charset : str_slice(charset, 0, (size_t)language);
    bool is_base64 = kind.at[0] == 'B' || kind.at[0] == 'b';
    *bytes_r = is_base64 ? decode_base64(arena, text) : decode_hex(arena, text, '=', true);
    return (size_t)(rest.at + end + 2 - s.at);
}

/* Raw 8-bit text of a header: UTF-8, or what it looks like. */
static void add_plain(Buf *out, Str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (!HAS_CHAR(c, "\r\n\t "))
            buf_add_char(out, c);
        else if (out->length && out->at[out->length - 1] != ' ')
            buf_add_char(out, ' ');
    }
}

static void flush_word(Buf *out, Buf *word, Str charset)
{
    if (word->length)
        buf_add(out, text_decode(out->arena, buf_str(word), charset, NULL));
    *word = buf_new(out->arena, SIZE_MAX / 4);
}

Str mime_text(Arena *arena, Str value)
{
    value = text_decode(arena, str_trim(value), STR_NONE, NULL);
    Buf out = buf_new(arena, SIZE_MAX / 4), word = buf_new(arena, SIZE_MAX / 4);
    Str charset = STR_NONE;
    for (ptrdiff_t found; (found = str_find(value, S("=?"))) >= 0;) {
        Str found_charset, bytes, before = str_slice(value, 0, (size_t)found);
        size_t length = read_word(arena, str_from(value, (size_t)found), &found_charset, &bytes);
        if (!length) {
            flush_word(&out, &word, charset);
            add_plain(&out, str_slice(value, 0, (size_t)found + 2));
            value = str_from(value, (size_t)found + 2);
            continue;
        }
        /* A character may be split between two words: they are joined before they are decoded. */
        bool goes_on = word.length && str_trim(before).length == 0 &&
                       str_equal_ignore_case(charset, found_charset);
        if (!goes_on) {
            bool had_word = word.length > 0;
            flush_word(&out, &word, charset);
            if (!had_word || str_trim(before).length)
                add_plain(&out, before);
        }
        charset = found_charset;
        buf_add(&word, bytes);
        value = str_from(value, (size_t)found + length);
    }
    flush_word(&out, &word, charset);
    add_plain(&out, value);
    return str_trim(buf_str(&out));
}

/* --- Parameters --- */

Str mime_type(Arena *arena, Str value)
{
    Str type = STR_NONE;
    str_next(&value, ';', &type);
    type = str_trim(type);
    size_t end = 0;
    while (end < type.length && !HAS_CHAR(type.at[end], " \t\r\n,\""))
        end++;
    return str_lower(arena, str_slice(type, 0, end));
}

/* The next "name=value" of *rest, quotes taken off. */
static bool next_parameter(Str *rest, Str *name_r, Str *value_r)
{
    Str s = *rest;
    size_t at = 0;
    while (at < s.length && HAS_CHAR(s.at[at], "; \t\r\n"))
        at++;
    size_t name = at;
    while (at < s.length && !HAS_CHAR(s.at[at], "=;"))
        at++;
    if (at >= s.length)
        return false;
    *name_r = str_trim(str_slice(s, name, at));
    *value_r = STR_NONE;
    if (s.at[at] == '=') {
        at++;
        while (at < s.length && HAS_CHAR(s.at[at], " \t\r\n"))
            at++;
        bool is_quoted = at < s.length && s.at[at] == '"';
        size_t value = at += is_quoted;
        while (at < s.length && s.at[at] != (is_quoted ? '"' : ';'))
            at += s.at[at] == '\\' && is_quoted && at + 1 < s.length ? 2 : 1;
        *value_r = str_slice(s, value, at);
        if (!is_quoted)
            *value_r = str_trim(*value_r);
        at += is_quoted;
    }
    *rest = str_from(s, at);
    return true;
}

/* RFC 2231: name*=charset'language'percent, or in pieces name*0*=, name*1=. */
typedef struct Pieces {
    Str at[PIECES_MAX];
    bool is_encoded[PIECES_MAX];
    int count;
} Pieces;

static void keep_piece(Pieces *pieces, Str suffix, Str value)
{
    bool is_encoded = str_ends(suffix, S("*"));
    int64_t number = 0;
    suffix = str_slice(suffix, 0, suffix.length - is_encoded);
    if (suffix.length && !str_to_int(str_from(suffix, 1), 0, PIECES_MAX - 1, &number))
        return;
    pieces->at[number] = value;
    pieces->is_encoded[number] = is_encoded;
    pieces->count = MAX(pieces->count, (int)number + 1);
}

static Str join_pieces(Arena *arena, Pieces *pieces)
{
    Buf out = buf_new(arena, KB(64));
    Str charset = STR_NONE, language;
    for (int i = 0; i < pieces->count; i++) {
        Str piece = pieces->at[i];
        if (pieces->is_encoded[i] && i == 0 && str_find_char(piece, '\'') >= 0) {
            str_next(&piece, '\'', &charset);
            str_next(&piece, '\'', &language);
        }
        buf_add(&out, pieces->is_encoded[i] ? decode_hex(arena, piece, '%', false) : piece);
    }
    return text_decode(arena, buf_str(&out), charset, NULL);
}

Str mime_parameter(Arena *arena, Str value, const char *name)
{
    Str wanted = str(name), rest = value, found, text, plain = STR_NONE;
    Pieces pieces = { 0 };
    ptrdiff_t begin = str_find_char(rest, ';');
    rest = begin < 0 ? STR_NONE : str_from(rest, (size_t)begin);
    while (next_parameter(&rest, &found, &text)) {
        if (str_equal_ignore_case(found, wanted) && !plain.length)
            plain = text;
        else if (found.length > wanted.length && found.at[wanted.length] == '*' &&
                 str_equal_ignore_case(str_slice(found, 0, wanted.length), wanted))
            keep_piece(&pieces, str_from(found, wanted.length), text);
    }
    return pieces.count ? join_pieces(arena, &pieces) : mime_text(arena, plain);
}

/* --- Multiparts --- */

/* Is the line "--boundary" or "--boundary--"? 1 or 2, 0 if neither. */
static int boundary_kind(Str line, Str boundary)
{
    if (!str_starts(line, S("--")) || !str_starts(str_from(line, 2), boundary))
        return 0;
    Str after = str_trim(str_from(line, boundary.length + 2));
    return after.length == 0 ? 1 : str_starts(after, S("--")) ? 2 : 0;
}

bool mime_next_part(Str *rest, Str boundary, Str *part_r)
{
    Str line, start = STR_NONE;
    bool is_inside = false;
    while (rest->at) {
        Str before = *rest;
        if (!text_next_line(rest, &line)) {
            *rest = STR_NONE;
            break;
        }
        int kind = boundary_kind(line, boundary);
        if (kind == 0)
            continue;
        if (is_inside) {
            *part_r = str_slice(start, 0, (size_t)(before.at - start.at));
            *rest = kind == 2 ? STR_NONE : before;
            return true;
        }
        if (kind == 2)
            break;
        is_inside = true;
        start = *rest;
    }
    *part_r = start; /* the last boundary is missing */
    return is_inside && start.length > 0;
}
