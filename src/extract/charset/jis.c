/* jis.c - see jis.h. */
#include "extract/charset/jis.h"

#include "base/utf8.h"

enum { ROWS = 94, CELLS = 94, HALF_KATAKANA = 0xFF61, ESCAPE = 0x1B };

static const struct {
    int plane, row;
    Str text;
} rows[] = {
#define JIS_PAIR(mark, first, second)
#define JIS_ROW(plane, row, text) { plane, row, S_INIT(text) },
#include "extract/charset/jis_rows.def"
#undef JIS_ROW
#undef JIS_PAIR
};

/* Characters that Unicode spells with two. */
static const struct {
    char mark;
    uint32_t first, second;
} pairs[] = {
#define JIS_PAIR(mark, first, second) { mark, first, second },
#define JIS_ROW(plane, row, text)
#include "extract/charset/jis_rows.def"
#undef JIS_ROW
#undef JIS_PAIR
};

typedef struct Decoder {
    Str in;
    size_t at, bad;
    Buf out;
    int plane; /* ISO 2022: the set in use; 0: ASCII */
} Decoder;

static void add_bad(Decoder *d)
{
    d->bad++;
    buf_add_utf8(&d->out, UTF8_REPLACEMENT);
}

static void add_pair(Decoder *d, char mark)
{
    for (size_t i = 0; i < COUNT(pairs); i++) {
        if (pairs[i].mark == mark) {
            buf_add_utf8(&d->out, pairs[i].first);
            buf_add_utf8(&d->out, pairs[i].second);
            return;
        }
    }
    add_bad(d); /* a dot: no character */
}

static Str row_text(int plane, int row)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (rows[i].plane == plane && rows[i].row == row)
            return rows[i].text;
    return STR_NONE;
}

/* `row` and `cell` from 1. */
static void add_cell(Decoder *d, int plane, int row, int cell)
{
    Str text =
        row >= 1 && row <= ROWS && cell >= 1 && cell <= CELLS ? row_text(plane, row) : STR_NONE;
    for (size_t at = 0, size; at < text.length; at += size) {
        uint32_t c = utf8_decode(text, at, &size);
        if (--cell > 0)
            continue;
        if (c < 0x80)
            add_pair(d, (char)c);
        else
            buf_add_utf8(&d->out, c);
        return;
    }
    add_bad(d);
}

static unsigned byte_at(const Decoder *d, size_t ahead)
{
    return d->at + ahead < d->in.length ? (unsigned char)d->in.at[d->at + ahead] : 0;
}

/* Each takes one character and says how many bytes it has. */

static size_t take_euc(Decoder *d)
{
    unsigned lead = byte_at(d, 0), trail = byte_at(d, 1);
    if (lead < 0x80) {
        buf_add_char(&d->out, (char)lead);
    } else if (lead == 0x8E && trail >= 0xA1 && trail <= 0xDF) {
        buf_add_utf8(&d->out, HALF_KATAKANA + trail - 0xA1);
        return 2;
    } else if (lead == 0x8F && trail >= 0xA1 && byte_at(d, 2) >= 0xA1) {
        add_cell(d, 2, (int)trail - 0xA0, (int)byte_at(d, 2) - 0xA0);
        return 3;
    } else if (lead >= 0xA1 && trail >= 0xA1) {
        add_cell(d, 1, (int)lead - 0xA0, (int)trail - 0xA0);
        return 2;
    } else {
        add_bad(d);
    }
    return 1;
}

/* Two rows of a plane share a lead byte; those of plane 2 are not in order. */
static size_t take_shift(Decoder *d)
{
    static const unsigned char second_plane[][2] = {
        { 1, 8 }, { 3, 4 }, { 5, 12 }, { 13, 14 }, { 15, 78 }
    };
    unsigned lead = byte_at(d, 0), trail = byte_at(d, 1);
    if (lead < 0x80) {
        /* The yen sign and the overline stand where ASCII has these; people mean ASCII. */
        buf_add_char(&d->out, (char)lead);
        return 1;
    }
    if (lead >= 0xA1 && lead <= 0xDF) {
        buf_add_utf8(&d->out, HALF_KATAKANA + lead - 0xA1);
        return 1;
    }
    if (lead == 0x80 || lead == 0xA0 || lead > 0xFC || trail < 0x40 || trail == 0x7F ||
        trail > 0xFC) {
        add_bad(d);
        return 1;
    }
    bool is_second = trail >= 0x9F;
    int cell = is_second ? (int)trail - 0x9E : (int)trail - 0x3F - (trail > 0x7F);
    if (lead < 0xF0)
        add_cell(d, 1, (int)(lead < 0xE0 ? lead - 0x81 : lead - 0xC1) * 2 + 1 + is_second, cell);
    else if (lead - 0xF0 < COUNT(second_plane))
        add_cell(d, 2, second_plane[lead - 0xF0][is_second], cell);
    else
        add_cell(d, 2, (int)(lead - 0xF5) * 2 + 79 + is_second, cell);
    return 2;
}

static size_t take_escape(Decoder *d)
{
    static const struct {
        Str escape;
        int plane;
    } sets[] = {
        { S_INIT("\x1B$(Q"), 1 }, { S_INIT("\x1B$(O"), 1 }, { S_INIT("\x1B$(P"), 2 },
        { S_INIT("\x1B$B"), 1 },  { S_INIT("\x1B$@"), 1 },  { S_INIT("\x1B(B"), 0 },
        { S_INIT("\x1B(J"), 0 },
    };
    for (size_t i = 0; i < COUNT(sets); i++) {
        if (str_starts(str_from(d->in, d->at), sets[i].escape)) {
            d->plane = sets[i].plane;
            return sets[i].escape.length;
        }
    }
    add_bad(d);
    return 1;
}

static size_t take_iso2022(Decoder *d)
{
    unsigned lead = byte_at(d, 0);
    if (lead == ESCAPE)
        return take_escape(d);
    if (lead == '\n')
        d->plane = 0;
    if (lead >= 0x80) {
        add_bad(d);
    } else if (d->plane && lead > ' ') {
        add_cell(d, d->plane, (int)lead - ' ', (int)byte_at(d, 1) - ' ');
        return 2;
    } else {
        buf_add_char(&d->out, (char)lead);
    }
    return 1;
}

static const struct {
    const char *charset;
    size_t (*take)(Decoder *d);
    const char *names[7], *below[3]; /* of the smaller charset: what it is guessed as */
} charsets[] = {
    { "EUC-JIS-2004",
      take_euc,
      { "euc-jis-2004", "euc_jis_2004", "euc-jisx0213", "euc_jisx0213", "eucjis2004" },
      { "euc-jp", "ibm-954_P101-2007" } },
    { "Shift_JIS-2004",
      take_shift,
      { "shift_jis-2004", "shift_jis_2004", "shift-jis-2004", "shift_jisx0213", "shift-jisx0213",
        "sjis_2004" },
      { "shift_jis", "ibm-943_P15A-2003" } },
    { "ISO-2022-JP-2004",
      take_iso2022,
      { "iso-2022-jp-2004", "iso2022_jp_2004", "iso-2022-jp-3", "iso2022_jp_3" },
      { NULL } },
};

const char *jis_charset(Str name)
{
    for (size_t i = 0; i < COUNT(charsets); i++)
        for (size_t k = 0; charsets[i].names[k]; k++)
            if (str_equal_ignore_case(name, str(charsets[i].names[k])))
                return charsets[i].charset;
    return NULL;
}

const char *jis_charset_beyond(Str charset)
{
    for (size_t i = 0; i < COUNT(charsets); i++)
        for (size_t k = 0; charsets[i].below[k]; k++)
            if (str_equal_ignore_case(charset, str(charsets[i].below[k])))
                return charsets[i].charset;
    return NULL;
}

Str jis_decode(Arena *arena, Str bytes, const char *charset, size_t *bad_r)
{
    Decoder d = { .in = bytes, .out = buf_new(arena, SIZE_MAX / 4) };
    for (size_t i = 0; i < COUNT(charsets); i++)
        while (str_is(str(charset), charsets[i].charset) && d.at < bytes.length)
            d.at += charsets[i].take(&d);
    *bad_r = d.bad;
    return buf_str(&d.out);
}

/* --- VISCII --- */

bool is_viscii(Str name)
{
    return str_equal_ignore_case(name, S("viscii")) || str_equal_ignore_case(name, S("csviscii"));
}

Str viscii_decode(Arena *arena, Str bytes)
{
    static const Str high = S_INIT(
        "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừử"
        "ÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ");
    /* Six letters stand in place of control characters. */
    static const struct {
        unsigned char byte;
        uint16_t letter;
    } low[] = { { 0x02, 0x1EB2 }, { 0x05, 0x1EB4 }, { 0x06, 0x1EAA },
                { 0x14, 0x1EF6 }, { 0x19, 0x1EF8 }, { 0x1E, 0x1EF4 } };
    uint32_t letters[256];
    for (unsigned c = 0; c < 0x80; c++)
        letters[c] = c;
    for (size_t i = 0; i < COUNT(low); i++)
        letters[low[i].byte] = low[i].letter;
    size_t at = 0;
    for (unsigned c = 0x80; c < 0x100; c++) {
        size_t size;
        letters[c] = utf8_decode(high, at, &size);
        at += size;
    }
    Buf out = buf_new(arena, SIZE_MAX / 4);
    for (size_t i = 0; i < bytes.length; i++)
        buf_add_utf8(&out, letters[(unsigned char)bytes.at[i]]);
    return buf_str(&out);
}
