/* xls_records.c - see xls_records.h; section numbers are of [MS-XLS]. */
#include "extract/sheet/xls_records.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"

bool xls_record(Str stream, size_t at, XlsRecord *record_r)
{
    if (at > stream.length || stream.length - at < 4)
        return false;
    size_t size = le16_at(stream, at + 2);
    *record_r = (XlsRecord){ .type = le16_at(stream, at),
                             .at = at,
                             .end = MIN(at + 4 + size, stream.length),
                             .data = str_slice(stream, at + 4, at + 4 + size) };
    return true;
}

double xls_double_of(Str bytes)
{
    double number = 0;
    if (bytes.length >= sizeof number)
        memcpy(&number, bytes.at, sizeof number);
    return number;
}

double xls_rk(uint32_t packed)
{
    double number;
    if (packed & 2) {
        number = (double)((int32_t)packed >> 2);
    } else {
        uint64_t bits = (uint64_t)(packed & ~3u) << 32;
        memcpy(&number, &bits, sizeof number);
    }
    return packed & 1 ? number / 100 : number;
}

/* --- The cursor --- */

XlsCursor xls_cursor(Str stream, const XlsRecord *record)
{
    return (XlsCursor){ .stream = stream, .at = record->at + 4, .end = record->end };
}

/* Into the next piece when this one is used up. */
static bool has_more(XlsCursor *cursor)
{
    XlsRecord next;
    while (cursor->at >= cursor->end) {
        if (!xls_record(cursor->stream, cursor->end, &next) || next.type != XLS_CONTINUE) {
            cursor->is_over = true;
            return false;
        }
        cursor->at = next.at + 4;
        cursor->end = next.end;
    }
    return true;
}

uint32_t xls_number(XlsCursor *cursor, int width)
{
    uint32_t number = 0;
    for (int i = 0; i < width && has_more(cursor); i++)
        number |= (uint32_t)(unsigned char)cursor->stream.at[cursor->at++] << (8 * i);
    return number;
}

double xls_double(XlsCursor *cursor)
{
    uint64_t bits = xls_number(cursor, 4);
    double number;
    bits |= (uint64_t)xls_number(cursor, 4) << 32;
    memcpy(&number, &bits, sizeof number);
    return number;
}

void xls_skip(XlsCursor *cursor, size_t count)
{
    while (count > 0 && has_more(cursor)) {
        size_t here = MIN(count, cursor->end - cursor->at);
        cursor->at += here;
        count -= here;
    }
}

/* --- Texts --- */

static void add_latin1(Str bytes, Buf *out)
{
    size_t plain = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char c = (unsigned char)bytes.at[i];
        if (c < 0x80)
            continue;
        buf_add(out, str_slice(bytes, plain, i));
        buf_add_utf8(out, c);
        plain = i + 1;
    }
    buf_add(out, str_from(bytes, plain));
}

static void add_units(Str bytes, uint32_t *high, Buf *out)
{
    for (size_t i = 0; i + 2 <= bytes.length; i += 2) {
        uint32_t unit = le16_at(bytes, i);
        if (unit >= 0xD800 && unit < 0xDC00) {
            *high = unit;
            continue;
        }
        if (unit >= 0xDC00 && unit < 0xE000)
            unit = *high ? 0x10000 + ((*high - 0xD800) << 10) + (unit - 0xDC00) : UTF8_REPLACEMENT;
        *high = 0;
        if (unit)
            buf_add_utf8(out, unit);
    }
}

void xls_add_utf16(Str bytes, Buf *out)
{
    uint32_t high = 0;
    size_t end = 0;
    while (end + 2 <= bytes.length && le16_at(bytes, end) != 0)
        end += 2;
    add_units(str_slice(bytes, 0, end), &high, out);
}

/* Each piece that goes on with the characters says anew how wide they are (2.4.58). */
static void add_unicode(XlsCursor *cursor, size_t count, unsigned flags, Buf *out)
{
    uint32_t high = 0;
    while (count > 0) {
        if (cursor->at >= cursor->end) {
            if (!has_more(cursor))
                return;
            flags = xls_number(cursor, 1);
            continue;
        }
        size_t width = flags & 1 ? 2 : 1;
        size_t here = MIN(count, (cursor->end - cursor->at) / width);
        if (here == 0) { /* half a character before the border: damaged */
            cursor->at = cursor->end;
            continue;
        }
        Str bytes = str_slice(cursor->stream, cursor->at, cursor->at + here * width);
        if (width == 2)
            add_units(bytes, &high, out);
        else
            add_latin1(bytes, out);
        cursor->at += here * width;
        count -= here;
    }
}

static void add_bytes(XlsCursor *cursor, const XlsCharset *charset, size_t count, Buf *out)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf bytes = buf_new(arena, KB(64));
    while (count > 0 && has_more(cursor)) {
        size_t here = MIN(count, cursor->end - cursor->at);
        buf_add(&bytes, str_slice(cursor->stream, cursor->at, cursor->at + here));
        cursor->at += here;
        count -= here;
    }
    buf_add(out, text_decode_known(arena, buf_str(&bytes), charset->name));
}

void xls_characters(XlsCursor *cursor, const XlsCharset *charset, size_t count, Buf *out)
{
    if (count == 0)
        return;
    if (charset->is_unicode)
        add_unicode(cursor, count, xls_number(cursor, 1), out);
    else
        add_bytes(cursor, charset, count, out);
}

void xls_text(XlsCursor *cursor, const XlsCharset *charset, int width, Buf *out)
{
    size_t count = xls_number(cursor, width);
    if (charset->is_unicode && count == 0)
        xls_skip(cursor, 1);
    xls_characters(cursor, charset, count, out);
}

/* 2.5.86: how the text is read aloud. */
static void add_phonetic(XlsCursor *cursor, size_t size, Buf *phonetic)
{
    enum { HEAD = 14 };
    size_t count = 0, used = 0;
    if (size >= HEAD && phonetic) {
        xls_skip(cursor, HEAD - 4);
        xls_skip(cursor, 2);
        count = xls_number(cursor, 2);
        used = HEAD;
    }
    count = MIN(count, (size - used) / 2);
    used += count * 2;
    while (count > 0 && has_more(cursor)) {
        uint32_t high = 0;
        size_t here = MIN(count * 2, (cursor->end - cursor->at) & ~(size_t)1);
        if (here == 0)
            break;
        add_units(str_slice(cursor->stream, cursor->at, cursor->at + here), &high, phonetic);
        cursor->at += here;
        count -= here / 2;
    }
    xls_skip(cursor, size - used);
}

void xls_rich_text(XlsCursor *cursor, Buf *out, Buf *phonetic)
{
    size_t count = xls_number(cursor, 2);
    unsigned flags = xls_number(cursor, 1);
    size_t runs = flags & 8 ? xls_number(cursor, 2) : 0;
    size_t extra = flags & 4 ? xls_number(cursor, 4) : 0;
    add_unicode(cursor, count, flags, out);
    xls_skip(cursor, runs * 4);
    if (extra)
        add_phonetic(cursor, extra, phonetic);
}
