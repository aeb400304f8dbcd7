/* warc.c - web archives (ISO 28500): what servers answered, as children named by their addresses.
 *
 *     "WARC/1.1" CRLF  headers CRLF CRLF  Content-Length bytes  CRLF CRLF
 *
 * A response holds the HTTP message as it came: its headers are taken off, chunks joined, gzip
 * and deflate unpacked. Requests, metadata and revisits are counted only. */
#include <zlib.h>

#include "extract/extractor.h"
#include "extract/formats/mail.h"
#include "extract/metadata.h"

enum { BODY_MAX = MB(256), RATIO_MAX = 1000, RECORDS_LISTED = 20000 };

typedef struct Record {
    MimePart head;
    Str type, body;
} Record;

static bool begins_record(Str text)
{
    return str_starts(text, S("WARC/")) && text.length > 5 && HAS_CHAR(text.at[5], "01");
}

/* The next record of *rest; a broken length loses only its own record. */
static bool next_record(Arena *arena, Str *rest, Record *record)
{
    Str line;
    while (rest->length && !begins_record(*rest)) {
        ptrdiff_t at = str_find(*rest, S("\nWARC/"));
        *rest = at < 0 ? STR_NONE : str_from(*rest, (size_t)at + 1);
    }
    if (!rest->length)
        return false;
    ptrdiff_t end = str_find_char(*rest, '\n');
    line = str_from(*rest, end < 0 ? rest->length : (size_t)end + 1);
    record->head = mime_parse(arena, line);
    record->type = mime_header(&record->head, "WARC-Type");
    int64_t length = 0;
    (void)str_to_int(mime_header(&record->head, "Content-Length"), 0, INT64_MAX / 2, &length);
    record->body = str_slice(record->head.body, 0, (size_t)length);
    *rest = str_from(record->head.body, record->body.length);
    return true;
}

/* --- HTTP --- */

/* RFC 9112 7.1; what does not look like chunks is left as it is. */
static Str joined_chunks(Arena *arena, Str body)
{
    Buf out = buf_new(arena, BODY_MAX);
    Str rest = body;
    while (rest.length) {
        size_t size = 0, digits = 0;
        for (; digits < rest.length && digits < 7; digits++) {
            char c = rest.at[digits] | 32;
            if (rest.at[digits] >= '0' && rest.at[digits] <= '9')
                size = size * 16 + (size_t)(rest.at[digits] - '0');
            else if (c >= 'a' && c <= 'f')
                size = size * 16 + (size_t)(c - 'a') + 10;
            else
                break;
        }
        ptrdiff_t end = str_find_char(rest, '\n');
        if (digits == 0 || end < 0)
            return out.length ? buf_str(&out) : body;
        if (size == 0)
            break;
        rest = str_from(rest, (size_t)end + 1);
        buf_add(&out, str_slice(rest, 0, size));
        rest = str_from(rest, size);
        rest = str_from(rest, str_starts(rest, S("\r\n")) ? 2 : str_starts(rest, S("\n")));
    }
    return buf_str(&out);
}

/* gzip, zlib or bare deflate by `window_bits`; what could be unpacked. */
static Str inflated(Arena *arena, Str body, int window_bits)
{
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)body.at, .avail_in = (uInt)body.length };
    Buf out = buf_new(arena, MIN((size_t)BODY_MAX, body.length * RATIO_MAX + KB(4)));
    char piece[16 * 1024];
    if (inflateInit2(&stream, window_bits) != Z_OK)
        return STR_NONE;
    for (int status = Z_OK; status == Z_OK && !out.overflowed;) {
        stream.next_out = (Bytef *)piece;
        stream.avail_out = sizeof piece;
        status = inflate(&stream, Z_NO_FLUSH);
        buf_add_bytes(&out, piece, sizeof piece - stream.avail_out);
    }
    inflateEnd(&stream);
    return buf_str(&out);
}

static Str unpacked(Arena *arena, Str body, Str coding)
{
    Str out = STR_NONE;
    if (body.length > UINT32_MAX)
        return body;
    if (str_find_ignore_case(coding, S("gzip")) >= 0)
        out = inflated(arena, body, MAX_WBITS + 16);
    else if (str_find_ignore_case(coding, S("deflate")) >= 0) {
        out = inflated(arena, body, MAX_WBITS);
        if (!out.length)
            out = inflated(arena, body, -MAX_WBITS);
    }
    return out.length ? out : body; /* some crawlers keep the header and drop the packing */
}

typedef struct Answer {
    Str body, media_type, status;
} Answer;

static Answer http_answer(Arena *arena, Str message)
{
    ptrdiff_t end = str_find_char(message, '\n');
    if (!str_starts(message, S("HTTP/")) || end < 0)
        return (Answer){ .body = message };
    MimePart head = mime_parse(arena, str_from(message, (size_t)end + 1));
    Str first = str_trim(str_slice(message, 0, (size_t)end));
    ptrdiff_t space = str_find_char(first, ' ');
    Answer answer = { .media_type = mime_header(&head, "Content-Type"), .body = head.body };
    answer.status = space > 0 ? str_slice(first, (size_t)space + 1, (size_t)space + 4) : STR_NONE;
    if (str_find_ignore_case(mime_header(&head, "Transfer-Encoding"), S("chunked")) >= 0)
        answer.body = joined_chunks(arena, answer.body);
    answer.body = unpacked(arena, answer.body, mime_header(&head, "Content-Encoding"));
    return answer;
}

/* --- The archive --- */

typedef struct Counts {
    int shown, left_out, empty;
} Counts;

/* "host/path" of an address, with a file's name at the end. */
static Str child_name(Arena *arena, Str address, Str media_type)
{
    ptrdiff_t scheme = str_find(address, S("://"));
    Str name = scheme > 0 && scheme < 12 ? str_from(address, (size_t)scheme + 3) : address;
    ptrdiff_t query = str_find_char(name, '?');
    name = str_slice(name, 0, query > 0 ? (size_t)query : 500);
    bool is_folder = str_ends(name, S("/")) || str_find_char(name, '/') < 0;
    bool is_page = str_starts(media_type, S("text/html"));
    if (!is_folder)
        return name;
    return str_format(arena, STR_FMT "%s%s", STR_ARG(name), str_ends(name, S("/")) ? "" : "/",
                      is_page ? "index.html" : "index");
}

static void write_info(DocWriter *doc, Arena *arena, const Record *record)
{
    static const char *const fields[][2] = {
        { "software", "software" },       { "operator", "author" },
        { "publisher", "publisher" },     { "isPartOf", "collection" },
        { "description", "description" }, { "hostname", "hostname" },
    };
    MimePart info = mime_parse(arena, record->body);
    for (size_t i = 0; i < COUNT(fields); i++)
        doc_meta(doc, fields[i][1], mime_header(&info, fields[i][0]));
}

static bool is_shown(const Record *record)
{
    static const char *const types[] = { "response", "resource", "conversion" };
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_equal_ignore_case(record->type, str(types[i])))
            return true;
    return false;
}

static Str address_of(const Record *record)
{
    Str address = mime_header(&record->head, "WARC-Target-URI");
    if (str_starts(address, S("<")) && str_ends(address, S(">"))) /* WARC 1.0 writes it so */
        address = str_slice(address, 1, address.length - 1);
    return address;
}

static void begin_list(DocWriter *doc)
{
    static const char *const columns[] = { "Address", "Type", "Date", "Size" };
    doc_table_begin(doc);
    for (size_t i = 0; i < COUNT(columns); i++)
        doc_cell(doc, str(columns[i]));
    doc_row_end(doc);
    doc_header_end(doc);
}

static void write_list(DocWriter *doc, Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Record record;
    int count = 0;
    while (count < RECORDS_LISTED && doc_writer_ok(doc) && next_record(arena, &bytes, &record)) {
        if (is_shown(&record)) {
            if (count++ == 0)
                begin_list(doc);
            doc_cell(doc, address_of(&record));
            doc_cell(doc, record.type);
            doc_cell(doc, mime_header(&record.head, "WARC-Date"));
            doc_cell(doc, str_format(arena, "%zu", record.body.length));
            doc_row_end(doc);
        }
        arena_reset(arena);
    }
    doc_table_end(doc);
}

static void write_record(DocWriter *doc, Arena *arena, const Record *record, Counts *counts)
{
    if (str_is(record->type, "warcinfo")) {
        write_info(doc, arena, record);
        return;
    }
    if (!is_shown(record)) {
        counts->left_out++;
        return;
    }
    bool is_http = str_starts(mime_header(&record->head, "Content-Type"), S("application/http"));
    Answer answer = is_http ? http_answer(arena, record->body)
                            : (Answer){ .body = record->body,
                                        .media_type = mime_header(&record->head, "Content-Type") };
    counts->shown++;
    counts->empty += answer.body.length == 0;
    if (answer.body.length)
        doc_child(doc, child_name(arena, address_of(record), answer.media_type), answer.media_type,
                  answer.body);
}

static bool warc_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Counts counts = { 0 };
    Record record;
    Str rest = source->bytes;
    write_list(doc, source->bytes);
    while (doc_writer_ok(doc) && next_record(arena, &rest, &record)) {
        write_record(doc, arena, &record, &counts);
        arena_reset(arena);
        doc_progress(doc, "reading records", (int64_t)(source->bytes.length - rest.length),
                     (int64_t)source->bytes.length);
    }
    if (counts.shown == 0 && counts.left_out == 0)
        return fail(err, ERROR_DAMAGED, "the web archive has no record that can be read");
    doc_meta_whole(doc, "members", counts.shown);
    if (counts.left_out)
        doc_warning(doc, str_format(arena, "%d requests, notes and repeats are not shown",
                                    counts.left_out));
    if (counts.empty)
        doc_warning(doc, str_format(arena, "%d answers have no content", counts.empty));
    return true;
}

static int warc_sniff(Str bytes) { return begins_record(bytes) ? 90 : 0; }

const Extractor extractor_warc = {
    .name = "warc",
    .title = "Web archives (WARC)",
    .extensions = LIST("warc"),
    .media_types = LIST("application/warc"),
    .sniff = warc_sniff,
    .extract = warc_extract,
};
