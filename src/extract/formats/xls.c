/* xls.c - Excel workbooks from 2.0 to 2003 ([MS-XLS]), in an OLE file or bare. */
#include "extract/extractor.h"
#include "extract/ole/ole_crypto.h"
#include "extract/ole/ole_object.h"
#include "extract/ole/ole_properties.h"
#include "extract/sheet/sheet_rows.h"
#include "extract/sheet/xls_book.h"

static bool is_bare(Str bytes)
{
    XlsRecord record;
    if (!xls_record(bytes, 0, &record) || record.data.length < 4 || record.data.length > 16)
        return false;
    unsigned kind = le16_at(record.data, 2);
    return xls_version(&record) > 0 && le16_at(record.data, 0) <= 0x700 &&
           (kind == 0x05 || kind == 0x10 || kind == 0x20 || kind == 0x40 || kind == 0x100);
}

static int xls_sniff(Str bytes)
{
    if (ole_is_file(bytes))
        return ole_holds(bytes, "Workbook") || ole_holds(bytes, "Book") ? 90 : 0;
    return is_bare(bytes) ? 70 : 0;
}

/* --- Passwords (2.2.10) --- */

/* What Excel takes when a workbook is only protected against changes. */
static const char default_password[] = "VelvetSweatshop";

/* These are never encrypted, nor is the position that BOUNDSHEET begins with. */
static bool is_plain(const XlsRecord *record)
{
    enum {
        INTERFACEHDR = 0xE1,
        RRDHEAD = 0x138,
        USREXCL = 0x194,
        FILELOCK = 0x195,
        RRDINFO = 0x196
    };
    switch (record->type) {
    case XLS_FILEPASS:
    case INTERFACEHDR:
    case RRDHEAD:
    case USREXCL:
    case FILELOCK:
    case RRDINFO: return true;
    default: return xls_version(record) > 0;
    }
}

/* Record headers and plain records are put back from the stream as it is in the file. */
static void restore_plain(Str stream, char *bytes, size_t from)
{
    XlsRecord record;
    memcpy(bytes, stream.at, from);
    for (size_t at = from; xls_record(stream, at, &record); at = record.end) {
        size_t plain = is_plain(&record) ? record.data.length : 0;
        if (record.type == XLS_BOUNDSHEET)
            plain = MIN((size_t)4, record.data.length);
        memcpy(bytes + at, stream.at + at, 4 + plain);
    }
}

static bool open_rc4(Arena *arena, Str *stream, const XlsRecord *pass, Str password, Error *err)
{
    enum { BLOCK = 1024 };
    OleCipher cipher;
    if (!ole_cipher_open(str_from(pass->data, 2), password, &cipher, err))
        return false;
    char *bytes = str_c(arena, *stream);
    ole_cipher_apply(&cipher, BLOCK, 0, (unsigned char *)bytes, stream->length);
    restore_plain(*stream, bytes, pass->end);
    *stream = (Str){ bytes, stream->length };
    return true;
}

static bool open_xor(Arena *arena, Str *stream, const XlsRecord *pass, Str password, Error *err)
{
    OleXor key;
    XlsRecord record;
    size_t at = pass->data.length >= 6 ? 2 : 0;
    if (!ole_xor_open(password, &key) || key.key != le16_at(pass->data, at) ||
        key.verifier != le16_at(pass->data, at + 2))
        return ole_fail_password(password, err);
    char *bytes = str_c(arena, *stream);
    for (size_t i = pass->end; xls_record(*stream, i, &record); i = record.end) {
        size_t plain = record.type == XLS_BOUNDSHEET ? MIN((size_t)4, record.data.length) : 0;
        size_t size = record.data.length;
        if (!is_plain(&record))
            ole_xor_apply_excel(&key, i + 4 + plain + size, (unsigned char *)bytes + i + 4 + plain,
                                size - plain);
    }
    *stream = (Str){ bytes, stream->length };
    return true;
}

static bool open_with(Arena *arena, Str *stream, const XlsRecord *pass, Str password, Error *err)
{
    bool is_xor = pass->data.length < 6 || le16_at(pass->data, 0) == 0;
    return is_xor ? open_xor(arena, stream, pass, password, err)
                  : open_rc4(arena, stream, pass, password, err);
}

static bool decrypt(Arena *arena, Str *stream, Str password, Error *err)
{
    enum { LOOK_MAX = 100 };
    XlsRecord record;
    Error first;
    size_t at = 0;
    for (int i = 0; i < LOOK_MAX && xls_record(*stream, at, &record); i++, at = record.end) {
        if (record.type == XLS_EOF)
            return true;
        if (record.type != XLS_FILEPASS)
            continue;
        if (password.length && open_with(arena, stream, &record, password, &first))
            return true;
        if (open_with(arena, stream, &record, str(default_password), &first))
            return true;
        return ole_fail_password(password, err);
    }
    return true;
}

/* --- The file --- */

static bool open_stream(OleFile *ole, Str bytes, size_t bytes_max, Str *stream_r, Error *err)
{
    if (!ole_is_file(bytes)) {
        *stream_r = bytes;
        return true;
    }
    if (!ole_open(ole->arena, bytes, ole, err))
        return false;
    const OleEntry *entry = ole_find(ole, "Workbook");
    if (!entry)
        entry = ole_find(ole, "Book");
    if (!entry)
        return fail(err, ERROR_DAMAGED, "the Excel file has no workbook stream");
    return ole_read(ole, entry, bytes_max, stream_r, err);
}

/* Each embedded object has a storage of its own (2.1.7.3). */
static void write_objects(OleFile *ole, DocWriter *doc)
{
    int unread = 0;
    for (const OleEntry *entry = NULL;
         (entry = ole_next_child(ole, &ole->entries.at[0], entry)) && doc_writer_ok(doc);) {
        if (str_starts(entry->name, S("_VBA_PROJECT_CUR")))
            doc_warning(doc, S("macro code is not shown"));
        if (!entry->is_stream && str_starts(entry->name, S("MBD")))
            unread += !ole_write_object(ole, entry, entry->name, doc);
    }
    if (unread > 0)
        doc_warning(doc, str_format(ole->arena, "%d embedded object%s not read", unread,
                                    unread == 1 ? " is" : "s are"));
}

static bool xls_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    OleFile ole = { .arena = arena };
    XlsBook book = { .arena = arena, .doc = doc };
    if (!open_stream(&ole, source->bytes, GB(1), &book.stream, err) ||
        !decrypt(arena, &book.stream, source->password, err) || !xls_book_read(&book, err))
        return false;
    if (ole.entries.count)
        ole_write_meta(&ole, NULL, doc);
    for (size_t i = 0; i < book.sheets.count && doc_writer_ok(doc); i++) {
        xls_write_sheet(&book, &book.sheets.at[i]);
        doc_progress(doc, "sheets", (int64_t)i + 1, (int64_t)book.sheets.count);
    }
    sheet_readings_write(doc, &book.readings);
    if (ole.entries.count)
        write_objects(&ole, doc);
    return true;
}

const Extractor extractor_xls = {
    .name = "xls",
    .title = "Excel workbook (up to 2003)",
    .extensions = LIST("xls", "xlt", "xla", "xlw", "xlm"),
    .media_types = LIST("application/vnd.ms-excel"),
    .sniff = xls_sniff,
    .extract = xls_extract,
};
