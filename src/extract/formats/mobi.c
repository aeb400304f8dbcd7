/* mobi.c - Kindle and Mobipocket books (MOBI 6, KF8, both in one file) and PalmDoc texts.
 *
 * The mark-up of all text records is one long page. KF8's is cut into skeletons and the fragments
 * that belong inside them; they lie in the order of reading, so nothing has to be put together.
 * Offsets are those of the MobileRead wiki's "MOBI" page. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/formats/markup.h"
#include "extract/formats/palm.h"
#include "extract/metadata.h"

enum { STORED = 1, PALMDOC = 2, HUFFMAN = 17480, EXTH_MAX = 10000 };
enum { EXTH_TITLE = 503 };
static const size_t TEXT_MAX = MB(256), RATIO_FREE = MB(4), RATIO_MAX = 200;

typedef struct Mobi {
    DocWriter *doc;
    Arena *arena;
    PalmFile file;
    size_t base; /* record of the header: 0 */
    Str header;
    bool is_mobi, is_kf8;
    int broken_count;
} Mobi;

static const struct {
    const char *type, *kind;
    bool is_read;
} kinds[] = {
    { "BOOKMOBI", "Kindle", true },      { "TEXtREAd", "PalmDoc", true },
    { "TEXtTlDc", "TealDoc", true },     { "PNRdPPrs", "eReader", false },
    { "DataPlkr", "Plucker", false },    { "zTXTGPlm", "zTXT", false },
    { "SDocSilX", "iSilo", false },      { "ToGoToGo", "iSilo 3", false },
    { "ToRaTRPW", "TomeRaider", false },
};

static int mobi_sniff(Str bytes)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(str_slice(bytes, 60, 68), kinds[i].type))
            return 95;
    return 0;
}

/* --- Facts --- */

static Str declared_charset(const Mobi *mobi)
{
    uint32_t page = mobi->is_mobi ? palm_number(mobi->header, 28, 4) : 1252;
    return page == 65001 ? S("utf-8") : page == 1252 ? S("windows-1252") : STR_NONE;
}

static Str decoded(Mobi *mobi, Str text)
{
    return text_decode(mobi->arena, text, declared_charset(mobi), NULL);
}

static const char *exth_key(uint32_t type)
{
    static const struct {
        uint32_t type;
        const char *key;
    } keys[] = {
        { 100, "author" },   { 101, "publisher" }, { 103, "description" }, { 104, "identifier" },
        { 105, "keywords" }, { 106, "published" }, { 108, "contributor" }, { 109, "copyright" },
        { 110, "category" }, { 112, "source" },    { 113, "identifier" },  { EXTH_TITLE, "title" },
        { 524, "language" },
    };
    for (size_t i = 0; i < COUNT(keys); i++)
        if (keys[i].type == type)
            return keys[i].key;
    return NULL;
}

static void write_meta(Mobi *mobi)
{
    Str header = mobi->header;
    size_t name = palm_number(header, 84, 4), at = 16 + palm_number(header, 20, 4);
    bool has_exth = mobi->is_mobi && palm_number(header, 128, 4) & 0x40 &&
                    str_is(str_slice(header, at, at + 4), "EXTH");
    uint32_t count = has_exth ? MIN(palm_number(header, at + 8, 4), (uint32_t)EXTH_MAX) : 0;
    Str title = mobi->is_mobi ? str_slice(header, name, name + palm_number(header, 88, 4))
                              : mobi->file.name;
    at += 12;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t type = palm_number(header, at, 4), length = palm_number(header, at + 4, 4);
        const char *key = exth_key(type);
        if (length < 8 || at + length > header.length)
            break;
        Str value = str_slice(header, at + 8, at + length);
        if (key && type == EXTH_TITLE)
            title = value;
        else if (key)
            doc_meta(mobi->doc, key, markup_plain(mobi->arena, decoded(mobi, value)));
        at += length;
    }
    doc_meta(mobi->doc, "title", decoded(mobi, title));
    if (mobi->is_mobi)
        doc_meta_whole(mobi->doc, "format_version", palm_number(header, 36, 4));
}

/* --- Text --- */

/* Behind the text of a record stand entries whose sizes are written backwards at their ends; the
 * lowest bit means bytes of a character that the next record repeats. */
static Str without_trailers(Str record, uint32_t flags)
{
    for (int bit = 15; bit > 0; bit--) {
        uint32_t size = 0;
        if (!(flags >> bit & 1))
            continue;
        for (size_t i = record.length - MIN(record.length, (size_t)4); i < record.length; i++) {
            unsigned char c = (unsigned char)record.at[i];
            size = (c & 0x80 ? 0 : size << 7) | (c & 0x7F);
        }
        record = str_slice(record, 0, record.length - MIN(record.length, (size_t)size));
    }
    if (flags & 1 && record.length) {
        size_t size = ((unsigned char)record.at[record.length - 1] & 3) + 1U;
        record = str_slice(record, 0, record.length - MIN(record.length, size));
    }
    return record;
}

static bool read_text(Mobi *mobi, Str *text_r, Error *err)
{
    Str header = mobi->header;
    uint32_t packing = palm_number(header, 0, 2), count = palm_number(header, 8, 2), flags = 0;
    PalmHuffman *huffman = NULL;
    if (mobi->is_mobi && palm_number(header, 20, 4) >= 228 && palm_number(header, 36, 4) >= 5)
        flags = palm_number(header, 242, 2);
    if (packing == HUFFMAN)
        huffman = palm_huffman(mobi->arena, &mobi->file, mobi->base + palm_number(header, 112, 4),
                               palm_number(header, 116, 4));
    if ((packing == HUFFMAN && !huffman) ||
        (packing != HUFFMAN && packing != PALMDOC && packing != STORED))
        return fail(err, ERROR_DAMAGED, "the book's text is packed by an unknown method %u",
                    packing);
    Buf text = buf_new(mobi->arena, TEXT_MAX);
    for (uint32_t i = 1; i <= count && !text.overflowed; i++) {
        Str record = without_trailers(palm_record(&mobi->file, mobi->base + i), flags);
        bool ok = record.length > 0;
        if (packing == STORED)
            buf_add(&text, record);
        else
            ok &=
                huffman ? palm_huffman_unpack(huffman, record, &text) : palm_unpack(record, &text);
        mobi->broken_count += !ok;
        if (text.length > RATIO_FREE && text.length / RATIO_MAX > mobi->file.bytes.length)
            return fail(err, ERROR_TOO_LARGE, "the book unpacks to over %zu times its size",
                        RATIO_MAX);
    }
    *text_r = buf_str(&text);
    return true;
}

/* KF8: the text is the first of several flows; the others are styles and drawings. */
static Str first_flow(const Mobi *mobi, Str text)
{
    Str record = palm_record(&mobi->file, mobi->base + palm_number(mobi->header, 192, 4));
    if (!mobi->is_kf8 || !str_starts(record, S("FDST")) || palm_number(record, 8, 4) < 1)
        return text;
    return str_slice(text, palm_number(record, 12, 4), palm_number(record, 16, 4));
}

/* Lines that end where the screen did are told from paragraphs by blank lines. */
static void write_plain(DocWriter *doc, Str text)
{
    bool has_blank = str_find(text, S("\n\n")) >= 0 || str_find(text, S("\r\n\r\n")) >= 0;
    Str line, start = STR_NONE;
    while (text_next_line(&text, &line) && doc_writer_ok(doc)) {
        bool is_blank = !str_trim(line).length;
        if (!is_blank && !start.at)
            start = line;
        if (start.at && !is_blank)
            start.length = (size_t)(line.at + line.length - start.at);
        if (start.at && (is_blank || !has_blank || !text.length)) {
            doc_paragraph(doc, start);
            start = STR_NONE;
        }
    }
    if (start.at)
        doc_paragraph(doc, start);
}

static bool is_markup(Str text)
{
    Str head = str_slice(text, 0, KB(8));
    return str_find_ignore_case(head, S("<html")) >= 0 ||
           str_find_ignore_case(head, S("<p>")) >= 0 ||
           str_find_ignore_case(head, S("<body")) >= 0 || str_find_ignore_case(head, S("<p ")) >= 0;
}

/* --- The file --- */

static bool open_book(Mobi *mobi, Str bytes, Error *err)
{
    if (!palm_open(bytes, &mobi->file))
        return fail(err, ERROR_DAMAGED, "the book's list of records is broken");
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_is(mobi->file.type, kinds[i].type) && !kinds[i].is_read)
            return fail(err, ERROR_UNSUPPORTED,
                        "it is a Palm book of the kind %s, which is not read; convert it to EPUB",
                        kinds[i].kind);
    mobi->header = palm_record(&mobi->file, 0);
    mobi->is_mobi = str_is(str_slice(mobi->header, 16, 20), "MOBI");
    mobi->is_kf8 = mobi->is_mobi && palm_number(mobi->header, 36, 4) >= 8;
    if (mobi->header.length < 16)
        return fail(err, ERROR_DAMAGED, "the book has no header");
    /* PalmDoc keeps the reader's position here; a header that goes on has an encryption. */
    uint32_t lock = palm_number(mobi->header, 12, 2);
    if ((lock == 1 || lock == 2) && mobi->header.length > 16)
        return fail(
            err, ERROR_ENCRYPTED,
            "the book is locked by its seller (Mobipocket or Kindle DRM, type %u); only its "
            "own reader opens it",
            lock);
    return true;
}

static bool mobi_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    Mobi mobi = { .doc = doc, .arena = arena };
    Str text;
    char note[64];
    if (!open_book(&mobi, source->bytes, err) || !read_text(&mobi, &text, err))
        return false;
    if (!text.length)
        return fail(err, ERROR_DAMAGED, "the book's text is missing");
    write_meta(&mobi);
    text = decoded(&mobi, first_flow(&mobi, text));
    if (mobi.is_mobi || is_markup(text))
        html_write_chapter(doc, text, &(Place){ 0 });
    else
        write_plain(doc, text);
    snprintf(note, sizeof note, "%d pieces of the text are broken", mobi.broken_count);
    if (mobi.broken_count)
        doc_warning(doc, str(note));
    return true;
}

const Extractor extractor_mobi = {
    .name = "mobi",
    .title = "Kindle and Palm book",
    .extensions = LIST("mobi", "azw", "azw3", "prc", "pdb"),
    .media_types = LIST("application/x-mobipocket-ebook", "application/vnd.amazon.ebook",
                        "application/vnd.amazon.mobi8-ebook", "application/vnd.palm"),
    .sniff = mobi_sniff,
    .extract = mobi_extract,
};
