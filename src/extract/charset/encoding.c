/* encoding.c - see encoding.h. */
#include "extract/charset/encoding_int.h"

#include <unicode/ucnv.h>
#include <unicode/udata.h>
#include <unicode/unorm2.h>

#include "base/utf8.h"
#include "extract/charset/charset_guess.h"
#include "extract/charset/jis.h"
#include "extract/charset/korean.h"

enum {
    GUESS_BYTES = 256 * 1024,
    DECLARED_BYTES = 4096,
};

static const struct {
    const char *declared, *converter;
} aliases[] = {
#define CHARSET(name)
#define ALIAS(declared, converter) { declared, converter },
#define CODEPAGE(number, converter)
#include "extract/charset/charsets.def"
#undef CHARSET
#undef ALIAS
#undef CODEPAGE
};

static const char *const common[] = {
#define CHARSET(name) name,
#define ALIAS(declared, converter)
#define CODEPAGE(number, converter)
#include "extract/charset/charsets.def"
#undef CHARSET
#undef ALIAS
#undef CODEPAGE
};

void encoding_preload(void)
{
    UErrorCode status = U_ZERO_ERROR;
    udata_setFileAccess(UDATA_NO_FILES, &status);
    for (size_t i = 0; i < COUNT(common); i++) {
        status = U_ZERO_ERROR;
        ucnv_close(ucnv_open(common[i], &status));
    }
    status = U_ZERO_ERROR;
    unorm2_getNFCInstance(&status);
    unorm2_getNFKCCasefoldInstance(&status);
    charset_guess_preload();
}

/* --- Marks and looks --- */

static const struct {
    Str mark;
    const char *charset;
} marks[] = {
    { S_INIT("\xFF\xFE\0\0"), "UTF-32LE" }, { S_INIT("\0\0\xFE\xFF"), "UTF-32BE" },
    { S_INIT("\xEF\xBB\xBF"), "UTF-8" },    { S_INIT("\xFF\xFE"), "UTF-16LE" },
    { S_INIT("\xFE\xFF"), "UTF-16BE" },
};

const char *charset_of_mark(Str *bytes)
{
    for (size_t i = 0; i < COUNT(marks); i++) {
        if (str_starts(*bytes, marks[i].mark)) {
            *bytes = str_from(*bytes, marks[i].mark.length);
            return marks[i].charset;
        }
    }
    return NULL;
}

const char *charset_of_zeros(Str bytes)
{
    size_t zeros[4] = { 0 }, length = MIN(bytes.length, KB(4)) & ~(size_t)3, quarter = length / 4;
    for (size_t i = 0; i < length; i++)
        zeros[i & 3] += bytes.at[i] == 0;
    if (quarter < 2)
        return NULL;
    if (zeros[0] == quarter && zeros[1] > quarter * 3 / 4 && zeros[3] <= quarter / 4)
        return "UTF-32BE";
    if (zeros[3] == quarter && zeros[2] > quarter * 3 / 4 && zeros[0] <= quarter / 4)
        return "UTF-32LE";
    size_t even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3];
    if (odd > quarter / 2 && even <= odd / 20)
        return "UTF-16LE";
    if (even > quarter / 2 && odd <= even / 20)
        return "UTF-16BE";
    return charset_by_script(bytes);
}

static bool is_ascii(Str bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if ((unsigned char)bytes.at[i] >= 0x80)
            return false;
    return true;
}

/* Seven-bit charsets that switch by escapes; only looked for where all bytes are ASCII. */
static const char *charset_of_escapes(Str bytes)
{
    Str head = str_slice(bytes, 0, GUESS_BYTES);
    if (str_find(head, S("\x1B$)C")) >= 0)
        return "iso-2022-kr";
    if (str_find(head, S("\x1B$)A")) >= 0 || str_find(head, S("\x1B$)G")) >= 0)
        return "iso-2022-cn";
    if (str_find(head, S("\x1B$(Q")) >= 0 || str_find(head, S("\x1B$(O")) >= 0 ||
        str_find(head, S("\x1B$(P")) >= 0)
        return "iso-2022-jp-2004";
    if (str_find(head, S("\x1B$B")) >= 0 || str_find(head, S("\x1B$@")) >= 0)
        return "iso-2022-jp-2";
    ptrdiff_t hz = str_find(head, S("~{"));
    if (hz >= 0 && str_find(str_from(head, (size_t)hz), S("~}")) > 2)
        return "hz";
    return NULL;
}

/* Text that is UTF-8 but for a few bytes: cut, patched by a careless program, or mixed. */
static bool is_nearly_utf8(Str bytes)
{
    size_t good = 0, bad = 0;
    for (Str rest = str_slice(bytes, 0, GUESS_BYTES); rest.length;) {
        size_t valid = utf8_valid_length(rest);
        for (size_t i = 0; i < valid; i++)
            good += (unsigned char)rest.at[i] >= 0xC0;
        if (valid < rest.length && rest.length - valid > 3)
            bad++;
        rest = str_from(rest, valid + 1);
    }
    return good > 2 && good >= bad * 8;
}

/* --- Converting --- */

static UConverter *open_converter(Str name)
{
    char text[64];
    UErrorCode status = U_ZERO_ERROR;
    name = str_trim(name);
    if (name.length == 0 || name.length >= sizeof text)
        return NULL;
    memcpy(text, name.at, name.length);
    text[name.length] = '\0';
    const char *wanted = text;
    for (size_t i = 0; i < COUNT(aliases); i++)
        if (str_equal_ignore_case(name, str(aliases[i].declared)))
            wanted = aliases[i].converter;
    UConverter *converter = ucnv_open(wanted, &status);
    return U_SUCCESS(status) ? converter : NULL;
}

/* Bytes to UTF-8 in one buffer of the greatest length possible. *bad_r: characters that could
 * not be read and became U+FFFD. */
static Str convert(Arena *arena, UConverter *from, Str bytes, size_t *bad_r)
{
    UErrorCode status = U_ZERO_ERROR;
    *bad_r = 0;
    if (!bytes.length)
        return STR_NONE;
    UConverter *utf8 = ucnv_open("UTF-8", &status);
    size_t room = bytes.length * 3 + 16;
    char *out = arena_alloc(arena, room), *to = out;
    const char *at = bytes.at;
    UChar pivot[2048], *pivot_from = pivot, *pivot_to = pivot;

    ucnv_convertEx(utf8, from, &to, out + room, &at, bytes.at + bytes.length, pivot, &pivot_from,
                   &pivot_to, pivot + COUNT(pivot), true, true, &status);
    ucnv_close(utf8);
    Str text = { out, (size_t)(to - out) };
    for (Str rest = text; rest.length;) {
        ptrdiff_t found = str_find(rest, S("\xEF\xBF\xBD"));
        if (found < 0)
            break;
        ++*bad_r;
        rest = str_from(rest, (size_t)found + 3);
    }
    return text;
}

Str text_convert(Arena *arena, Str bytes, const char *charset)
{
    size_t bad;
    UConverter *converter = open_converter(str(charset));
    if (!converter)
        return bytes;
    Str text = convert(arena, converter, bytes, &bad);
    ucnv_close(converter);
    return text;
}

/* The charsets that ICU lacks, and what it reads otherwise than its standard says. */
static bool is_johab(Str charset)
{
    return str_equal_ignore_case(charset, S("johab")) ||
           str_equal_ignore_case(charset, S("cp1361"));
}

static Str repair(Arena *arena, Str charset, Str text)
{
    if (str_find_ignore_case(charset, S("kr")) >= 0 || str_find(charset, S("949")) >= 0 ||
        str_find_ignore_case(charset, S("uhc")) >= 0 || str_find(charset, S("5601")) >= 0)
        return hangul_compose(arena, text);
    /* Windows reads the full width slash of Big5 as a sign of division. */
    if (str_find_ignore_case(charset, S("big5")) < 0 || str_find(text, S("\u2215")) < 0)
        return text;
    Buf out = buf_new(arena, SIZE_MAX / 4);
    for (ptrdiff_t at; (at = str_find(text, S("\u2215"))) >= 0;
         text = str_from(text, (size_t)at + 3)) {
        buf_add(&out, str_slice(text, 0, (size_t)at));
        buf_add(&out, S("\uFF0F"));
    }
    buf_add(&out, text);
    return buf_str(&out);
}

static bool decode_as(Arena *arena, Str bytes, Str charset, size_t bad_max, Str *text_r)
{
    size_t bad;
    if (is_johab(charset)) {
        *text_r = johab_decode(arena, bytes);
        return true;
    }
    if (is_viscii(charset)) {
        *text_r = viscii_decode(arena, bytes);
        return true;
    }
    if (jis_charset(charset)) {
        *text_r = jis_decode(arena, bytes, jis_charset(charset), &bad);
        return bad <= bad_max;
    }
    if (str_equal_ignore_case(charset, S("iso-2022-kr"))) {
        bytes = iso2022kr_unpack(arena, bytes);
        charset = S("euc-kr");
    }
    UConverter *converter = open_converter(charset);
    if (!converter)
        return false;
    /* A sample first: a wrong charset should not cost a whole conversion. */
    Str sample = str_slice(bytes, 0, KB(16));
    AUTO_ARENA Arena *scratch = arena_new(MB(1));
    convert(scratch, converter, sample, &bad);
    bool fits = bad <= bad_max;
    if (fits) {
        ucnv_reset(converter);
        *text_r = repair(arena, charset, convert(arena, converter, bytes, &bad));
    }
    ucnv_close(converter);
    return fits;
}

static const char *canonical_name(Str charset)
{
    if (is_johab(charset))
        return "Johab";
    if (is_viscii(charset))
        return "VISCII";
    if (jis_charset(charset))
        return jis_charset(charset);
    UConverter *converter = open_converter(charset);
    UErrorCode status = U_ZERO_ERROR;
    if (!converter)
        return "unknown";
    const char *internal = ucnv_getName(converter, &status);
    const char *name = ucnv_getStandardName(internal, "MIME", &status);
    if (!name)
        name = ucnv_getStandardName(internal, "IANA", &status);
    /* Aliases live in ICU's data, the internal name in the converter. */
    const char *first = ucnv_getAlias(internal, 0, &status);
    ucnv_close(converter);
    return name ? name : first ? first : "unknown";
}

/* Characters of private use: cells that the smaller charset leaves to whoever uses it. */
static size_t count_private(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i + 2 < text.length; i++) {
        unsigned lead = (unsigned char)text.at[i], next = (unsigned char)text.at[i + 1];
        count += lead == 0xEE || (lead == 0xEF && next < 0xA4);
    }
    return count;
}

static size_t count_unread(Arena *arena, Str bytes, Str charset)
{
    size_t bad = SIZE_MAX;
    UConverter *converter = open_converter(charset);
    if (!converter)
        return bad;
    Str text = convert(arena, converter, bytes, &bad);
    ucnv_close(converter);
    return bad + count_private(text);
}

/* Text taken for EUC-JP or Shift_JIS may use the cells that JIS X 0213 adds: then that reads more
 * of it. */
static void look_beyond(Str bytes, char guess[64])
{
    const char *beyond = jis_charset_beyond(str(guess));
    Str sample = str_slice(bytes, 0, KB(64));
    size_t bad;
    if (!beyond)
        return;
    AUTO_ARENA Arena *scratch = arena_new(MB(4));
    size_t unread = count_unread(scratch, sample, str(guess));
    if (unread == 0)
        return;
    jis_decode(scratch, sample, beyond, &bad);
    if (bad < unread)
        snprintf(guess, 64, "%s", beyond);
}

static Str decode_unmarked(Arena *arena, Str bytes, Str declared, const char **charset_r)
{
    char guess[64];
    Str text;
    /* A text of up to 16 KB may have a stray byte or two in the charset that it says it has. */
    enum { DECLARED_BAD_MAX = 16, GUESS_BAD_MAX = 64 };

    if (is_nearly_utf8(bytes)) {
        *charset_r = "UTF-8";
        return utf8_clean(arena, bytes);
    }
    if (!str_equal_ignore_case(declared, S("utf-8")) &&
        decode_as(arena, bytes, declared, DECLARED_BAD_MAX, &text)) {
        *charset_r = canonical_name(declared);
        return text;
    }
    bool is_read = charset_guess(bytes, guess);
    if (is_read) {
        look_beyond(bytes, guess);
        is_read = decode_as(arena, bytes, str(guess), GUESS_BAD_MAX, &text);
    }
    if (!is_read) {
        guess[0] = '\0';
        is_read = charset_guess_narrow(bytes, guess) &&
                  decode_as(arena, bytes, str(guess), GUESS_BAD_MAX, &text);
    }
    if (is_read) {
        *charset_r = canonical_name(str(guess));
        return text;
    }
    *charset_r = "windows-1252";
    return decode_as(arena, bytes, S("windows-1252"), SIZE_MAX, &text) ? text
                                                                       : utf8_clean(arena, bytes);
}

/* All of its bytes are ASCII, so only a declaration tells (RFC 2152). */
static bool is_utf7(Str charset)
{
    return str_equal_ignore_case(charset, S("utf-7")) ||
           str_equal_ignore_case(charset, S("unicode-1-1-utf-7"));
}

Str text_decode(Arena *arena, Str bytes, Str declared, const char **charset_r)
{
    const char *unused;
    if (!charset_r)
        charset_r = &unused;
    const char *charset = charset_of_mark(&bytes);
    if (!charset)
        charset = charset_of_zeros(bytes);
    if (!charset && is_ascii(bytes))
        charset = is_utf7(declared) ? "UTF-7" : charset_of_escapes(bytes);
    if (!charset && utf8_is_valid(bytes))
        charset = "UTF-8";
    if (!charset)
        return decode_unmarked(arena, bytes, declared, charset_r);
    *charset_r = charset;
    if (str_is(str(charset), "UTF-8"))
        return utf8_is_valid(bytes) ? bytes : utf8_clean(arena, bytes);
    Str text = bytes;
    return decode_as(arena, bytes, str(charset), SIZE_MAX, &text) ? text : bytes;
}

/* --- Known charsets --- */

Str text_decode_known(Arena *arena, Str bytes, const char *charset)
{
    Str text;
    if ((charset && decode_as(arena, bytes, str(charset), SIZE_MAX, &text)) ||
        decode_as(arena, bytes, S("windows-1252"), SIZE_MAX, &text))
        return text;
    return utf8_clean(arena, bytes);
}

Str text_from_utf16(Arena *arena, Str bytes)
{
    Buf out = buf_new(arena, bytes.length * 2 + 4);
    for (size_t i = 0; i + 2 <= bytes.length; i += 2) {
        const unsigned char *at = (const unsigned char *)bytes.at + i;
        uint32_t c = at[0] | (uint32_t)at[1] << 8;
        uint32_t low = i + 4 <= bytes.length ? at[2] | (uint32_t)at[3] << 8 : 0;
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        buf_add_utf8(&out, c >= 0xD800 && c < 0xE000 ? UTF8_REPLACEMENT : c);
    }
    return buf_str(&out);
}

static const struct {
    int number;
    const char *charset;
} codepages[] = {
#define CHARSET(name)
#define ALIAS(declared, converter)
#define CODEPAGE(number, converter) { number, converter },
#include "extract/charset/charsets.def"
#undef CHARSET
#undef ALIAS
#undef CODEPAGE
};

const char *charset_of_codepage(int codepage)
{
    for (size_t i = 0; i < COUNT(codepages); i++)
        if (codepages[i].number == codepage)
            return codepages[i].charset;
    return NULL;
}

/* --- Declarations --- */

static Str name_after(Str text, size_t at)
{
    while (at < text.length && HAS_CHAR(text.at[at], " \t\r\n=\"'"))
        at++;
    size_t end = at;
    while (end < text.length && !HAS_CHAR(text.at[end], " \t\r\n\"'>;/?"))
        end++;
    return end - at < 64 ? str_slice(text, at, end) : STR_NONE;
}

Str charset_in_xml(Str bytes)
{
    Str head = str_slice(bytes, 0, 256);
    ptrdiff_t end = str_find(head, S("?>"));
    if (!str_starts(str_trim(head), S("<?xml")) || end < 0)
        return STR_NONE;
    head = str_slice(head, 0, (size_t)end);
    ptrdiff_t at = str_find(head, S("encoding"));
    return at < 0 ? STR_NONE : name_after(head, (size_t)at + 8);
}

Str charset_in_html(Str bytes)
{
    Str declared = charset_in_xml(bytes);
    Str rest = str_slice(bytes, 0, DECLARED_BYTES);
    if (declared.length)
        return declared;
    for (ptrdiff_t meta; (meta = str_find_ignore_case(rest, S("<meta"))) >= 0;) {
        rest = str_from(rest, (size_t)meta + 5);
        ptrdiff_t end = str_find_char(rest, '>');
        Str tag = end < 0 ? rest : str_slice(rest, 0, (size_t)end);
        ptrdiff_t at = str_find_ignore_case(tag, S("charset"));
        if (at >= 0)
            return name_after(tag, (size_t)at + 7);
    }
    return STR_NONE;
}

Str charset_in_media_type(Str media_type)
{
    ptrdiff_t at = str_find_ignore_case(media_type, S("charset"));
    return at < 0 ? STR_NONE : name_after(media_type, (size_t)at + 7);
}
