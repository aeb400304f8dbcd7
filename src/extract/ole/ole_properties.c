/* ole_properties.c - see ole_properties.h; section numbers are of [MS-OLEPS]. */
#include "extract/ole/ole_properties.h"

#include "extract/charset/encoding.h"
#include "extract/metadata.h"

enum {
    PROPERTIES_MAX = 4096,
    VALUE_MAX = 64 * 1024,
    CODEPAGE = 1, /* 2.18.2 */
    DICTIONARY = 0,
};

/* 2.15 */
enum {
    VT_I2 = 2,
    VT_I4 = 3,
    VT_R4 = 4,
    VT_R8 = 5,
    VT_DATE = 7,
    VT_BSTR = 8,
    VT_BOOL = 11,
    VT_UI4 = 19,
    VT_I8 = 20,
    VT_UI8 = 21,
    VT_INT = 22,
    VT_UINT = 23,
    VT_LPSTR = 30,
    VT_LPWSTR = 31,
    VT_FILETIME = 64,
};

/* 3.1.2: "Summary" properties have fixed numbers in each set. Those not named here say nothing to
 * a reader (thumbnails, counts of bytes). */
typedef struct Known {
    uint32_t id;
    const char *key;
} Known;

static const Known summary[] = {
    { 2, "title" },       { 3, "subject" },     { 4, "author" },
    { 5, "keywords" },    { 6, "description" }, { 7, "template" },
    { 8, "last_author" }, { 9, "revision" },    { 10, "editing_time" },
    { 11, "printed" },    { 12, "created" },    { 13, "modified" },
    { 14, "pages" },      { 15, "words" },      { 16, "characters" },
    { 18, "software" },   { 0, NULL },
};
static const Known document_summary[] = {
    { 2, "category" },
    { 5, "lines" },
    { 6, "paragraphs" },
    { 7, "slides" },
    { 14, "manager" },
    { 15, "company" },
    { 26, "content_type" },
    { 27, "content_status" },
    { 28, "language" },
    { 29, "version" },
    { 0, NULL },
};
static const Known custom[] = { { 0, NULL } };

/* The first four bytes of each format id tell them apart (2.2). */
enum { SUMMARY = 0xF29F85E0, DOCUMENT_SUMMARY = 0xD5CDD502, CUSTOM = 0xD5CDD505 };

typedef struct Set {
    Arena *arena;
    DocWriter *doc;
    Str bytes; /* from the set's own start: offsets count from there */
    int codepage;
    Str names; /* the dictionary's bytes; empty when there is none */
} Set;

static Str text_in(const Set *set, Str bytes, int codepage)
{
    Str text = codepage == 1200
                   ? text_from_utf16(set->arena, bytes)
                   : text_decode_known(set->arena, bytes, charset_of_codepage(codepage));
    const char *zero = text.length ? memchr(text.at, 0, text.length) : NULL;
    return str_trim(zero ? str_slice(text, 0, (size_t)(zero - text.at)) : text);
}

/* 2.5 CodePageString and 2.7 UnicodeString: a count, then the characters. */
static Str string_at(const Set *set, size_t at, bool is_wide)
{
    size_t count = le32_at(set->bytes, at), size = is_wide ? count * 2 : count;
    if (size > VALUE_MAX || at + 4 > set->bytes.length)
        return STR_NONE;
    return text_in(set, str_slice(set->bytes, at + 4, at + 4 + size),
                   is_wide ? 1200 : set->codepage);
}

static void write_time(const Set *set, const char *key, uint64_t ticks)
{
    /* Editing time is a span, kept as a moment near 1601. */
    const uint64_t ticks_in_s = 10000000, span_max = ticks_in_s * 3600 * 24 * 366 * 20;
    if (strcmp(key, "editing_time") != 0)
        doc_meta_filetime(set->doc, key, ticks);
    else if (ticks > 0 && ticks < span_max)
        doc_meta_seconds(set->doc, key, (double)ticks / (double)ticks_in_s);
}

static double real_at(const Set *set, size_t at)
{
    uint64_t bits = le64_at(set->bytes, at);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* An OLE date: days since 30 December 1899. */
static void write_date(const Set *set, const char *key, double days)
{
    const double epoch_days = 25569, day_ms = 86400000;
    if (days > 1 && days < 2958466)
        doc_meta_time(set->doc, key, (int64_t)((days - epoch_days) * day_ms));
}

static void write_whole(const Set *set, const char *key, int64_t value)
{
    if (value != 0)
        doc_meta_whole(set->doc, key, value);
}

static void write_value(const Set *set, const char *key, size_t at)
{
    uint16_t type = le16_at(set->bytes, at);
    at += 4;
    switch (type) {
    case VT_LPSTR:
    case VT_BSTR: doc_meta(set->doc, key, string_at(set, at, false)); break;
    case VT_LPWSTR: doc_meta(set->doc, key, string_at(set, at, true)); break;
    case VT_FILETIME: write_time(set, key, le64_at(set->bytes, at)); break;
    case VT_I2: write_whole(set, key, (int16_t)le16_at(set->bytes, at)); break;
    case VT_I4:
    case VT_INT: write_whole(set, key, (int32_t)le32_at(set->bytes, at)); break;
    case VT_UI4:
    case VT_UINT: write_whole(set, key, le32_at(set->bytes, at)); break;
    case VT_I8:
    case VT_UI8: write_whole(set, key, (int64_t)le64_at(set->bytes, at)); break;
    case VT_R8: doc_meta_number(set->doc, key, real_at(set, at)); break;
    case VT_DATE: write_date(set, key, real_at(set, at)); break;
    case VT_BOOL: doc_meta(set->doc, key, le16_at(set->bytes, at) ? S("true") : S("false")); break;
    default: break; /* vectors, pictures */
    }
}

/* 2.16-2.17: the names of custom properties. Entries of UTF-16 are padded to four bytes. */
static Str name_of(const Set *set, uint32_t id)
{
    size_t at = 4, count = MIN((size_t)le32_at(set->names, 0), (size_t)PROPERTIES_MAX);
    bool is_wide = set->codepage == 1200;
    for (size_t i = 0; i < count && at + 8 <= set->names.length; i++) {
        size_t length = le32_at(set->names, at + 4), size = is_wide ? length * 2 : length;
        if (size > VALUE_MAX)
            return STR_NONE;
        if (le32_at(set->names, at) == id)
            return text_in(set, str_slice(set->names, at + 8, at + 8 + size), set->codepage);
        at += 8 + size;
        if (is_wide)
            at = (at + 3) & ~(size_t)3;
    }
    return STR_NONE;
}

static const char *key_of(const Set *set, const Known *known, uint32_t id)
{
    for (; known->key; known++)
        if (known->id == id)
            return known->key;
    Str name = set->names.length ? name_of(set, id) : STR_NONE;
    /* Names that begin so are hyperlink lists and the like, of Office itself. */
    return name.length && !str_starts(name, S("_")) ? str_c(set->arena, str_lower(set->arena, name))
                                                    : NULL;
}

static void write_set(DocWriter *doc, Str bytes, const Known *known)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Set set = { .arena = arena, .doc = doc, .bytes = bytes, .codepage = 1252 };
    size_t count = MIN((size_t)le32_at(bytes, 4), (size_t)PROPERTIES_MAX);
    for (size_t i = 0; i < count; i++) {
        uint32_t id = le32_at(bytes, 8 + i * 8), at = le32_at(bytes, 12 + i * 8);
        if (id == CODEPAGE && at < bytes.length)
            set.codepage = le16_at(bytes, (size_t)at + 4);
        if (id == DICTIONARY && at < bytes.length && known == custom)
            set.names = str_from(bytes, at);
    }
    for (size_t i = 0; i < count && arena_used(arena) < MB(64); i++) {
        uint32_t id = le32_at(bytes, 8 + i * 8), at = le32_at(bytes, 12 + i * 8);
        const char *key = id > CODEPAGE && at < bytes.length ? key_of(&set, known, id) : NULL;
        if (key)
            write_value(&set, key, at);
    }
}

void ole_write_properties(Str stream, DocWriter *doc)
{
    size_t sets = MIN((size_t)le32_at(stream, 24), (size_t)2); /* 2.21 */
    if (stream.length < 48 || le16_at(stream, 0) != 0xFFFE)
        return;
    for (size_t i = 0; i < sets; i++) {
        uint32_t id = le32_at(stream, 28 + i * 20), at = le32_at(stream, 44 + i * 20);
        const Known *known = id == SUMMARY            ? summary
                             : id == DOCUMENT_SUMMARY ? document_summary
                             : id == CUSTOM           ? custom
                                                      : NULL;
        if (known && at < stream.length)
            write_set(doc, str_from(stream, at), known);
    }
}

void ole_write_meta(OleFile *file, const OleEntry *storage, DocWriter *doc)
{
    static const char *const names[] = { "\5SummaryInformation", "\5DocumentSummaryInformation" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const OleEntry *entry = ole_find_in(file, storage, names[i]);
        Str stream;
        Error err;
        if (entry && entry->is_stream && ole_read(file, entry, MB(16), &stream, &err))
            ole_write_properties(stream, doc);
    }
}
