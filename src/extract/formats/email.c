/* email.c - a mail message (RFC 5322, MIME): headers, the best body, attachments as children. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/html.h"
#include "extract/formats/mail.h"
#include "extract/formats/mime.h"

enum { DEPTH_MAX = 20, PARTS_MAX = 1000, STUB_MAX = 200 };

typedef struct Writer {
    DocWriter *doc;
    Arena *arena;
    int part_count;
    /* The letters of the text that was written, while another form of it is read: only what the
     * other form alone says is added. Empty: everything is. */
    Str seen;
} Writer;

/* One part with what its headers say. */
typedef struct Part {
    MimePart mime;
    Str type, content_type, disposition, name;
} Part;

static Part read_part(Writer *w, Str bytes, const char *default_type)
{
    Part part = { .mime = mime_parse(w->arena, bytes) };
    part.content_type = mime_header(&part.mime, "Content-Type");
    part.type = mime_type(w->arena, part.content_type);
    if (str_find_char(part.type, '/') < 0)
        part.type = str(default_type);
    Str disposition = mime_header(&part.mime, "Content-Disposition");
    part.disposition = mime_type(w->arena, disposition);
    part.name = mime_parameter(w->arena, disposition, "filename");
    if (!part.name.length)
        part.name = mime_parameter(w->arena, part.content_type, "name");
    return part;
}

static Str decoded_body(Writer *w, const Part *part)
{
    return mime_decode(w->arena, part->mime.body,
                       mime_header(&part->mime, "Content-Transfer-Encoding"));
}

/* --- Headers --- */

/* The mark of a mailbox file before the headers: who sent it, and when it came. */
static void write_postmark(Writer *w, Str bytes)
{
    Str line;
    if (text_next_line(&bytes, &line) && str_starts(line, S("From ")))
        doc_meta(w->doc, "postmark", line);
}

static void write_headers(Writer *w, Str bytes, const MimePart *mime)
{
    doc_place(w->doc, &(Place){ .part = S("headers") });
    write_postmark(w, bytes);
    mail_write_headers(w->doc, w->arena, mime);
}

/* --- Bodies --- */

static Place part_place(Writer *w, const Part *part)
{
    w->part_count++;
    return (Place){ .part = str_format(w->arena, "%d " STR_FMT, w->part_count,
                                       STR_ARG(str_slice(part->type, 0, 80))) };
}

/* --- What only the other form says --- */

enum { SEEN_MAX = 256 * 1024 };

/* Letters and digits alone: line ends, quote marks and asterisks differ between forms. */
static Str letters_of(Arena *arena, Str text)
{
    Buf out = buf_new(arena, SIZE_MAX / 4);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c >= 0x80)
            buf_add_char(&out, (char)c);
        else if (c >= 'A' && c <= 'Z')
            buf_add_char(&out, (char)(c + 32));
    }
    return buf_str(&out);
}

static bool add_if_new(void *self, const Block *block, Error *err)
{
    Writer *w = self;
    AUTO_ARENA Arena *scratch = arena_new(MB(16));
    Str letters = letters_of(scratch, block->text);
    (void)err;
    if (letters.length < 2 || block->kind == BLOCK_META || str_find(w->seen, letters) >= 0)
        return true;
    doc_place(w->doc, &block->place);
    switch (block->kind) {
    case BLOCK_HEADING: return doc_heading(w->doc, block->level, block->text);
    case BLOCK_LIST_ITEM: return doc_list_item(w->doc, block->level, block->label, block->text);
    case BLOCK_CODE: return doc_code(w->doc, block->label, block->text);
    case BLOCK_QUOTE: return doc_quote(w->doc, block->text);
    case BLOCK_IMAGE: return doc_image(w->doc, block->text);
    default: return doc_paragraph(w->doc, block->text);
    }
}

static void write_text(DocWriter *doc, Str text, bool is_html, const Place *place)
{
    doc_place(doc, place);
    if (is_html)
        html_write(doc, text, place);
    else
        mail_write_plain(doc, text);
}

static void write_new_text(Writer *w, Str text, bool is_html, const Place *place)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    DocSink sink = { .block = add_if_new, .self = w };
    DocWriter *doc = doc_writer_new(arena, &sink, doc_writer_limits(w->doc));
    write_text(doc, text, is_html, place);
    doc_table_end(doc);
    doc_writer_free(doc);
}

static void write_text_part(Writer *w, const Part *part)
{
    Str charset = mime_parameter(w->arena, part->content_type, "charset");
    Str bytes = decoded_body(w, part);
    bool is_html = str_is(part->type, "text/html");
    if (!charset.length && is_html)
        charset = charset_in_html(bytes);
    Str text = text_decode(w->arena, bytes, charset, NULL);
    Place place = part_place(w, part);
    if (w->seen.length)
        write_new_text(w, text, is_html, &place);
    else
        write_text(w->doc, text, is_html, &place);
}

/* --- Attachments --- */

/* Never empty, "." or "..". */
static Str safe_name(Writer *w, const Part *part)
{
    Str safe = mail_safe_name(w->arena, part->name);
    if (safe.length)
        return safe;
    Str kind = str_from(part->type, (size_t)(str_find_char(part->type, '/') + 1));
    if (str_is(part->type, "message/rfc822"))
        kind = S("eml");
    else if (str_is(part->type, "text/plain"))
        kind = S("txt");
    else if (str_is(part->type, "text/calendar"))
        kind = S("ics");
    return str_format(w->arena, "part-%d." STR_FMT, w->part_count, STR_ARG(str_slice(kind, 0, 40)));
}

static void write_attachment(Writer *w, const Part *part)
{
    Str bytes = decoded_body(w, part);
    Place place = part_place(w, part);
    doc_place(w->doc, &place);
    if (bytes.length)
        doc_child(w->doc, safe_name(w, part),
                  part->content_type.length ? part->content_type : part->type, bytes);
}

/* --- Structure --- */

static void write_part(Writer *w, const Part *part, int depth);

static bool is_text_body(const Part *part)
{
    bool is_shown = str_is(part->type, "text/plain") || str_is(part->type, "text/html") ||
                    str_is(part->type, "message/delivery-status") ||
                    str_is(part->type, "text/rfc822-headers");
    return is_shown && !str_is(part->disposition, "attachment") &&
           (!part->name.length || str_is(part->disposition, "inline"));
}

typedef struct Parts {
    VEC(Part) list;
} Parts;

/* The boundary, or the one that the body seems to have when none is declared. */
static Str boundary_of(Writer *w, const Part *part)
{
    Str boundary = mime_parameter(w->arena, part->content_type, "boundary");
    if (boundary.length)
        return boundary;
    Str rest = part->mime.body, line;
    while (text_next_line(&rest, &line))
        if (line.length > 6 && str_starts(line, S("--")))
            return str_trim(str_from(line, 2));
    return STR_NONE;
}

static Parts read_parts(Writer *w, const Part *part)
{
    Parts parts = { 0 };
    Str boundary = boundary_of(w, part), rest = part->mime.body, bytes;
    const char *type = str_is(part->type, "multipart/digest") ? "message/rfc822" : "text/plain";
    while (boundary.length && parts.list.count < PARTS_MAX &&
           mime_next_part(&rest, boundary, &bytes))
        *vec_push(w->arena, &parts.list) = read_part(w, bytes, type);
    return parts;
}

static Str text_of(Writer *w, const Part *part)
{
    Str charset = mime_parameter(w->arena, part->content_type, "charset");
    return text_decode(w->arena, decoded_body(w, part), charset, NULL);
}

/* Of the same text in several forms: plain text, unless it is empty or only says to look at the
 * other one; then what the other forms add. */
static void write_alternative(Writer *w, const Parts *parts, int depth)
{
    const Part *plain = NULL, *rich = NULL, *best;
    for (size_t i = 0; i < parts->list.count; i++) {
        const Part *part = &parts->list.at[i];
        if (str_is(part->type, "text/plain") && !plain)
            plain = part;
        else if (str_is(part->type, "text/html") || str_starts(part->type, S("multipart/")))
            rich = part;
    }
    size_t length = plain ? str_trim(text_of(w, plain)).length : 0;
    bool is_stub =
        length == 0 || (length < STUB_MAX && rich && rich->mime.body.length > 20 * STUB_MAX);
    best = plain && !(is_stub && rich) ? plain : rich;
    if (best)
        write_part(w, best, depth);
    Str seen = w->seen;
    if (best && best == plain && length < SEEN_MAX && !seen.length)
        w->seen = letters_of(w->arena, text_of(w, best));
    for (size_t i = 0; i < parts->list.count; i++)
        if (&parts->list.at[i] != best)
            write_part(w, &parts->list.at[i], depth);
    w->seen = seen;
}

static void write_multipart(Writer *w, const Part *part, int depth)
{
    Parts parts = read_parts(w, part);
    if (parts.list.count == 0) { /* it only says that it is one */
        Part plain = *part;
        plain.type = S("text/plain");
        write_text_part(w, &plain);
        return;
    }
    if (str_is(part->type, "multipart/alternative")) {
        write_alternative(w, &parts, depth);
        return;
    }
    if (str_is(part->type, "multipart/encrypted")) {
        doc_warning(w->doc, S("the message is encrypted (PGP or S/MIME); its text was not read"));
        return;
    }
    if (str_is(part->type, "multipart/signed")) {
        doc_meta(w->doc, "signature", mime_parameter(w->arena, part->content_type, "protocol"));
        write_part(w, &parts.list.at[0], depth);
        return;
    }
    for (size_t i = 0; i < parts.list.count && doc_writer_ok(w->doc); i++)
        write_part(w, &parts.list.at[i], depth);
}

static bool is_encrypted_part(Writer *w, const Part *part)
{
    /* Old programs do not say the kind: then it is seen when the attachment is read. */
    if (!str_ends(part->type, S("pkcs7-mime")))
        return false;
    Str kind = mime_parameter(w->arena, part->content_type, "smime-type");
    return str_equal_ignore_case(kind, S("enveloped-data")) ||
           str_equal_ignore_case(kind, S("authEnveloped-data"));
}

static void write_part(Writer *w, const Part *part, int depth)
{
    if (w->part_count >= PARTS_MAX || depth > DEPTH_MAX) {
        if (w->part_count == PARTS_MAX || depth == DEPTH_MAX + 1)
            doc_warning(w->doc, S("the message has more parts than are read"));
        w->part_count++;
        return;
    }
    if (str_starts(part->type, S("multipart/"))) {
        write_multipart(w, part, depth + 1);
    } else if (is_encrypted_part(w, part)) {
        doc_warning(w->doc, S("the message is encrypted with S/MIME; its text was not read"));
    } else if (is_text_body(part)) {
        write_text_part(w, part);
    } else {
        write_attachment(w, part);
    }
}

/* Apple Mail (EMLX) writes the message's length on a line of its own before it, and a property
 * list after it. */
static Str without_envelope(Str bytes)
{
    Str rest = bytes, line;
    int64_t length;
    if (!bytes.length || bytes.at[0] < '0' || bytes.at[0] > '9' || !text_next_line(&rest, &line) ||
        !str_to_int(str_trim(line), 1, INT32_MAX, &length))
        return bytes;
    return str_slice(rest, 0, (size_t)length);
}

static bool email_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Writer w = { .doc = doc, .arena = arena };
    Str bytes = source->bytes, head = str_slice(bytes, 0, KB(4));
    (void)err;
    if (!str_equal(text_head(arena, bytes, KB(4)), head)) /* UTF-16, or a byte order mark */
        bytes = text_decode(arena, bytes, STR_NONE, NULL);
    bytes = without_envelope(bytes);
    Part message = read_part(&w, bytes, "text/plain");
    write_headers(&w, bytes, &message.mime);
    message.name = STR_NONE; /* a message of one part is its body, whatever name that has */
    if (str_is(message.disposition, "attachment"))
        message.disposition = STR_NONE;
    write_part(&w, &message, 0);
    return true;
}

static int email_sniff(Str bytes)
{
    static const char *const known[] = {
        "from",         "to",          "subject",      "date",
        "received",     "message-id",  "reply-to",     "mime-version",
        "content-type", "return-path", "delivered-to", "x-mailer",
        "cc",           "sender",      "in-reply-to",  "content-transfer-encoding",
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head = without_envelope(text_head(arena, bytes, KB(16)));
    if (head.length == 0 || HAS_CHAR(head.at[0], "<{[%"))
        return 0;
    MimePart part = mime_parse(arena, head);
    int count = 0;
    for (size_t i = 0; i < COUNT(known); i++)
        count += mime_header(&part, known[i]).length > 0;
    if (str_starts(head, S("From ")))
        return count >= 2 ? 50 : 0;
    if (count < 2)
        return part.headers.count && !text_is_binary(bytes) ? 5 : 0;
    return count >= 3 ? 75 : 60;
}

const Extractor extractor_email = {
    .name = "email",
    .title = "Mail messages (EML, MHTML)",
    .extensions = LIST("eml", "emlx", "mht", "mhtml", "mime", "nws"),
    .media_types = LIST("message/rfc822", "multipart/related", "message/global", "multipart/signed",
                        "multipart/mixed", "multipart/alternative"),
    .sniff = email_sniff,
    .extract = email_extract,
};
