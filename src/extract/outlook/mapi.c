/* mapi.c - see mapi.h. */
#include "extract/outlook/mapi.h"

#include "extract/charset/encoding.h"
#include "extract/formats/mail.h"
#include "extract/ole/ole_file.h"
#include "extract/outlook/mapi_rtf.h"
#include "extract/word/rtf_text.h"

#define RTF_MAX MB(64)

const MapiProperty *mapi_find(const MapiBag *bag, uint16_t id)
{
    for (size_t i = 0; i < bag->list.count; i++)
        if (bag->list.at[i].id == id)
            return &bag->list.at[i];
    return NULL;
}

static Str without_nul(Str text)
{
    while (text.length && text.at[text.length - 1] == '\0')
        text.length--;
    return text;
}

static Str text_of(Arena *arena, const MapiProperty *property, const char *charset)
{
    if (property->type == MAPI_UNICODE)
        return without_nul(text_from_utf16(arena, property->value));
    if (property->type == MAPI_STRING8)
        return text_decode(arena, without_nul(property->value), str(charset), NULL);
    return STR_NONE;
}

Str mapi_text(Arena *arena, const MapiBag *bag, uint16_t id, const char *charset)
{
    const MapiProperty *property = mapi_find(bag, id);
    return property ? text_of(arena, property, charset) : STR_NONE;
}

static int64_t number_of(const MapiProperty *property, int64_t otherwise)
{
    switch (property->type) {
    case MAPI_INT16: return (int16_t)le16_at(property->value, 0);
    case MAPI_INT32: return (int32_t)le32_at(property->value, 0);
    case MAPI_BOOL: return property->value.length && property->value.at[0];
    case MAPI_INT64:
    case MAPI_TIME: return (int64_t)le64_at(property->value, 0);
    default: return otherwise;
    }
}

int64_t mapi_number(const MapiBag *bag, uint16_t id, int64_t otherwise)
{
    const MapiProperty *property = mapi_find(bag, id);
    return property ? number_of(property, otherwise) : otherwise;
}

/* The code page that Windows has for a language ([MS-LCID]), by its low bits. */
static int locale_codepage(int64_t locale)
{
    static const struct {
        int language, codepage;
    } pages[] = { { 0x01, 1256 }, { 0x02, 1251 }, { 0x05, 1250 }, { 0x08, 1253 }, { 0x0D, 1255 },
                  { 0x0E, 1250 }, { 0x11, 932 },  { 0x12, 949 },  { 0x15, 1250 }, { 0x18, 1250 },
                  { 0x19, 1251 }, { 0x1A, 1250 }, { 0x1B, 1250 }, { 0x1E, 874 },  { 0x1F, 1254 },
                  { 0x22, 1251 }, { 0x23, 1251 }, { 0x24, 1250 }, { 0x25, 1257 }, { 0x26, 1257 },
                  { 0x27, 1257 }, { 0x29, 1256 }, { 0x2A, 1258 }, { 0x2F, 1251 } };
    if (locale == 0x0804 || locale == 0x1004)
        return 936;
    if ((locale & 0x3FF) == 0x04)
        return 950;
    for (size_t i = 0; i < COUNT(pages); i++)
        if ((locale & 0x3FF) == pages[i].language)
            return pages[i].codepage;
    return 1252;
}

const char *mapi_charset(const MapiBag *bag)
{
    int64_t codepage = mapi_number(bag, MAPI_CODEPAGE, 0);
    if (!codepage)
        codepage = mapi_number(bag, MAPI_INTERNET_CODEPAGE, 0);
    if (!codepage)
        codepage = locale_codepage(mapi_number(bag, MAPI_LOCALE, 0));
    const char *charset = charset_of_codepage((int)codepage);
    return charset ? charset : "windows-1252";
}

/* --- MIME --- */

typedef struct Mime {
    Arena *arena;
    Buf out;
    const MapiMessage *message;
    const char *charset;
} Mime;

static const int64_t EPOCH_DIFFERENCE_MS = 11644473600000; /* 1601 to 1970 */

static int64_t unix_ms(int64_t filetime) { return filetime / 10000 - EPOCH_DIFFERENCE_MS; }

/* Line ends would begin another header. */
static void add_value(Buf *out, Str value)
{
    for (size_t i = 0; i < value.length; i++)
        buf_add_char(out, HAS_CHAR(value.at[i], "\r\n\t") || !value.at[i] ? ' ' : value.at[i]);
}

static void add_header(Mime *mime, const char *name, Str value)
{
    value = str_trim(value);
    if (!value.length)
        return;
    buf_addf(&mime->out, "%s: ", name);
    add_value(&mime->out, str_slice(value, 0, KB(64)));
    buf_add(&mime->out, S("\r\n"));
}

/* Days to a date, by the proleptic Gregorian calendar. */
static void civil(int64_t ms, int *year, int *month, int *day)
{
    int64_t days = ms / 86400000 - (ms % 86400000 < 0) + 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

static void add_time(Mime *mime, const char *name, int64_t filetime)
{
    int year, month, day;
    int64_t ms = unix_ms(filetime), second = (ms / 1000 % 86400 + 86400) % 86400;
    civil(ms, &year, &month, &day);
    if (filetime <= 0 || year < 1900 || year > 4500) /* 4501 means "never" in Outlook */
        return;
    buf_addf(&mime->out, "%s: %04d-%02d-%02dT%02d:%02d:%02dZ\r\n", name, year, month, day,
             (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

static void add_date(Mime *mime, int64_t filetime)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int year, month, day;
    int64_t ms = unix_ms(filetime), second = (ms / 1000 % 86400 + 86400) % 86400;
    civil(ms, &year, &month, &day);
    if (filetime > 0 && year >= 1900 && year <= 4500)
        buf_addf(&mime->out, "Date: %d %s %04d %02d:%02d:%02d +0000\r\n", day, months[month - 1],
                 year, (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
}

static Str text(Mime *mime, const MapiBag *bag, uint16_t id)
{
    return str_trim(mapi_text(mime->arena, bag, id, mime->charset));
}

/* "Name <address>"; an address of Exchange ("/O=...") says nothing to people. */
static Str person(Mime *mime, Str name, Str smtp, Str address)
{
    if (str_find_char(smtp, '@') < 0)
        smtp = str_find_char(address, '@') > 0 && address.at[0] != '/' ? address : STR_NONE;
    if (name.length >= 2 && name.at[0] == '\'' && name.at[name.length - 1] == '\'')
        name = str_slice(name, 1, name.length - 1);
    if (!smtp.length || str_find_ignore_case(name, smtp) >= 0)
        return name.length ? name : smtp;
    if (!name.length)
        return smtp;
    return str_format(mime->arena, STR_FMT " <" STR_FMT ">", STR_ARG(name), STR_ARG(smtp));
}

static void add_sender(Mime *mime, Str transport)
{
    const MapiBag *bag = &mime->message->bag;
    Str sender = person(mime, text(mime, bag, MAPI_SENDER_NAME), text(mime, bag, MAPI_SENDER_SMTP),
                        text(mime, bag, MAPI_SENDER_ADDRESS));
    Str from =
        person(mime, text(mime, bag, MAPI_REPRESENTING_NAME),
               text(mime, bag, MAPI_REPRESENTING_SMTP), text(mime, bag, MAPI_REPRESENTING_ADDRESS));
    if (!from.length)
        from = sender;
    if (str_find_char(from, '@') < 0 && transport.length)
        from = transport;
    add_header(mime, "From", from);
    if (sender.length && !str_equal(sender, from) && str_find(from, sender) < 0)
        add_header(mime, "Sender", sender);
}

static void add_recipients(Mime *mime, const char *name, int kind, uint16_t display)
{
    const MapiMessage *message = mime->message;
    Buf out = buf_new(mime->arena, KB(64));
    for (size_t i = 0; i < message->recipients.count; i++) {
        const MapiBag *bag = &message->recipients.at[i];
        if ((mapi_number(bag, MAPI_RECIPIENT_TYPE, 1) & 0xF) != kind)
            continue;
        Str one = person(mime, text(mime, bag, MAPI_DISPLAY_NAME),
                         text(mime, bag, MAPI_SMTP_ADDRESS), text(mime, bag, MAPI_ADDRESS));
        if (out.length && one.length)
            buf_add(&out, S(", "));
        buf_add(&out, one);
    }
    add_header(mime, name, out.length ? buf_str(&out) : text(mime, &message->bag, display));
}

/* What calendars, tasks and contacts say, under the names of metadata.def where it has one. */
static const struct {
    uint32_t tag; /* id of a property, or the number of a named one */
    const char *key;
    const char *class; /* of messages that it is said for */
} facts[] = {
    { 0x820D, "starts", "IPM." },
    { 0x820E, "ends", "IPM." },
    { 0x8208, "location", "IPM." },
    { 0x8104, "starts", "IPM.Task" },
    { 0x8105, "due", "IPM.Task" },
    { 0x811F, "owner", "IPM.Task" },
    { 0x3A06, "given-name", "IPM.Contact" },
    { 0x3A11, "family-name", "IPM.Contact" },
    { 0x3A16, "company", "IPM.Contact" },
    { 0x3A17, "job-title", "IPM.Contact" },
    { 0x3A18, "department", "IPM.Contact" },
    { 0x3A08, "business-phone", "IPM.Contact" },
    { 0x3A09, "home-phone", "IPM.Contact" },
    { 0x3A1C, "mobile-phone", "IPM.Contact" },
    { 0x3A24, "fax", "IPM.Contact" },
    { 0x3A51, "web-page", "IPM.Contact" },
    { 0x3A42, "birthday", "IPM.Contact" },
    { 0x8083, "e-mail", "IPM.Contact" },
    { 0x8093, "e-mail", "IPM.Contact" },
    { 0x80A3, "e-mail", "IPM.Contact" },
    { 0x801B, "business-address", "IPM.Contact" },
    { 0x801A, "home-address", "IPM.Contact" },
    { 0x3A15, "postal-address", "IPM.Contact" },
};

static const MapiProperty *find_fact(const MapiBag *bag, uint32_t tag)
{
    for (size_t i = 0; i < bag->list.count; i++) {
        const MapiProperty *property = &bag->list.at[i];
        if (property->lid == tag || (property->id == tag && property->id < 0x8000))
            return property;
    }
    return NULL;
}

static void add_facts(Mime *mime)
{
    const MapiBag *bag = &mime->message->bag;
    Str class = text(mime, bag, MAPI_MESSAGE_CLASS);
    for (size_t i = 0; i < COUNT(facts); i++) {
        const MapiProperty *property = find_fact(bag, facts[i].tag);
        if (!property || !str_starts(class, str(facts[i].class)))
            continue;
        const char *name = str_format(mime->arena, "X-Mapi-%s", facts[i].key).at;
        if (property->type == MAPI_TIME)
            add_time(mime, name, number_of(property, 0));
        else
            add_header(mime, name, text_of(mime->arena, property, mime->charset));
    }
    add_time(mime, "X-Mapi-created", mapi_number(bag, MAPI_CREATED, 0));
    add_time(mime, "X-Mapi-modified", mapi_number(bag, MAPI_MODIFIED, 0));
    add_time(mime, "X-Mapi-received", mapi_number(bag, MAPI_DELIVERY_TIME, 0));
    if (!str_is(class, "IPM.Note"))
        add_header(mime, "X-Mapi-message-class", class);
    if (mapi_number(bag, MAPI_IMPORTANCE, 1) != 1)
        add_header(mime, "Importance",
                   mapi_number(bag, MAPI_IMPORTANCE, 1) > 1 ? S("high") : S("low"));
}

static void add_headers(Mime *mime)
{
    static const struct {
        uint16_t id;
        const char *name;
    } own[] = { { MAPI_MESSAGE_ID, "Message-ID" },
                { MAPI_IN_REPLY_TO, "In-Reply-To" },
                { MAPI_REFERENCES, "References" } };
    static const char *const others[] = { "Reply-To",   "Organization", "X-Mailer",
                                          "User-Agent", "List-Id",      "Keywords" };
    const MapiBag *bag = &mime->message->bag;
    MimePart transport = mime_parse(mime->arena, text(mime, bag, MAPI_TRANSPORT_HEADERS));
    add_sender(mime, mime_header(&transport, "From"));
    add_recipients(mime, "To", 1, MAPI_DISPLAY_TO);
    add_recipients(mime, "Cc", 2, MAPI_DISPLAY_CC);
    add_recipients(mime, "Bcc", 3, MAPI_DISPLAY_BCC);
    Str subject = text(mime, bag, MAPI_SUBJECT);
    if (subject.length > 1 && subject.at[0] == 1) /* [MS-PST] 2.5.3.1.1.1: length of the prefix */
        subject = str_from(subject, 2);
    add_header(mime, "Subject", subject);
    int64_t sent = mapi_number(bag, MAPI_SUBMIT_TIME, 0);
    add_date(mime, sent ? sent : mapi_number(bag, MAPI_DELIVERY_TIME, 0));
    for (size_t i = 0; i < COUNT(own); i++) {
        Str value = text(mime, bag, own[i].id);
        add_header(mime, own[i].name, value.length ? value : mime_header(&transport, own[i].name));
    }
    for (size_t i = 0; i < COUNT(others); i++)
        add_header(mime, others[i], mime_header(&transport, others[i]));
    add_facts(mime);
}

/* --- Parts --- */

static void add_base64(Buf *out, Str bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)bytes.at;
    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        uint32_t three = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                         (left > 2 ? in[i + 2] : 0);
        char four[4] = { digits[three >> 18], digits[three >> 12 & 63],
                         left > 1 ? digits[three >> 6 & 63] : '=',
                         left > 2 ? digits[three & 63] : '=' };
        buf_add_bytes(out, four, 4);
        if (i % 57 == 54)
            buf_add(out, S("\r\n"));
    }
    buf_add(out, S("\r\n"));
}

static const char BOUNDARY[] = "=_mapi_4c656374";

static void begin_part(Mime *mime, int depth, Str type)
{
    buf_addf(&mime->out, "--%s_%d\r\nContent-Type: " STR_FMT "\r\n", BOUNDARY, depth,
             STR_ARG(type));
}

static void add_text_part(Mime *mime, const char *type, const char *charset, Str bytes)
{
    if (!bytes.length)
        return;
    begin_part(mime, 1,
               charset ? str_format(mime->arena, "%s; charset=%s", type, charset) : str(type));
    buf_add(&mime->out, S("Content-Transfer-Encoding: base64\r\n\r\n"));
    add_base64(&mime->out, bytes);
}

static void add_html(Mime *mime)
{
    const MapiBag *bag = &mime->message->bag;
    const MapiProperty *html = mapi_find(bag, MAPI_HTML);
    const char *charset = charset_of_codepage((int)mapi_number(bag, MAPI_INTERNET_CODEPAGE, 65001));
    if (!html)
        return;
    if (html->type == MAPI_BINARY)
        add_text_part(mime, "text/html", charset ? charset : mime->charset, html->value);
    else
        add_text_part(mime, "text/html", "utf-8", text_of(mime->arena, html, mime->charset));
}

/* An RTF body is mostly a copy of another one; it is used when that is not there. */
static bool add_rtf(Mime *mime, bool has_plain)
{
    const MapiProperty *packed = mapi_find(&mime->message->bag, MAPI_RTF);
    Str rtf;
    Error ignored; /* a broken body is none */
    if (!packed || packed->type != MAPI_BINARY)
        return false;
    if (!rtf_decompress(mime->arena, packed->value, RTF_MAX, &rtf, &ignored))
        return false;
    bool is_html = rtf_holds_html(rtf);
    Str body = is_html ? rtf_html(mime->arena, rtf) : mapi_rtf_text(mime->arena, rtf);
    if (is_html || !has_plain)
        add_text_part(mime, is_html ? "text/html" : "text/plain", "utf-8", body);
    return body.length > 0;
}

static void add_body(Mime *mime)
{
    const MapiBag *bag = &mime->message->bag;
    Str plain = text(mime, bag, MAPI_BODY);
    bool has_html = mapi_find(bag, MAPI_HTML) != NULL;
    if (!plain.length && !has_html && !mapi_find(bag, MAPI_RTF)) {
        buf_add(&mime->out, S("Content-Type: text/plain\r\n\r\n"));
        return;
    }
    buf_addf(&mime->out, "Content-Type: multipart/alternative; boundary=\"%s_1\"\r\n\r\n",
             BOUNDARY);
    add_text_part(mime, "text/plain", "utf-8", plain);
    if (has_html)
        add_html(mime);
    else if (!add_rtf(mime, plain.length > 0) && !plain.length)
        begin_part(mime, 1, S("text/plain\r\n"));
    buf_addf(&mime->out, "--%s_1--\r\n", BOUNDARY);
}

static Str attachment_name(Arena *arena, const MapiAttachment *attachment, const char *charset)
{
    static const uint16_t ids[] = { MAPI_ATTACH_NAME, MAPI_ATTACH_SHORT_NAME, MAPI_DISPLAY_NAME };
    for (size_t i = 0; i < COUNT(ids); i++) {
        Str name = mail_safe_name(arena, mapi_text(arena, &attachment->bag, ids[i], charset));
        if (name.length && attachment->message && !str_ends_ignore_case(name, S(".eml")))
            return str_format(arena, STR_FMT ".eml", STR_ARG(name));
        if (name.length)
            return name;
    }
    return attachment->message ? mapi_message_name(arena, attachment->message) : S("attachment");
}

static Str attachment_bytes(const MapiAttachment *attachment)
{
    const MapiProperty *data = mapi_find(&attachment->bag, MAPI_ATTACH_DATA);
    return data ? data->value : STR_NONE;
}

static Str attachment_type(Mime *mime, const MapiAttachment *attachment)
{
    Str type = text(mime, &attachment->bag, MAPI_ATTACH_MIME);
    if (attachment->message)
        return S("message/rfc822");
    return str_find_char(type, '/') > 0 && type.length < 200 ? type : S("application/octet-stream");
}

/* What would make the message too large to be kept is said instead. */
enum { ATTACHMENT_MAX = MB(48), MESSAGE_MAX = MB(96) };

static bool fits(Mime *mime, Str name, Str bytes)
{
    if (bytes.length <= ATTACHMENT_MAX && mime->out.length <= MESSAGE_MAX)
        return true;
    buf_addf(&mime->out,
             "--%s_0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n(The attachment " STR_FMT
             " of %zu bytes was left out.)\r\n",
             BOUNDARY, STR_ARG(name), bytes.length);
    return false;
}

static void add_attachment(Mime *mime, const MapiAttachment *attachment)
{
    Str name = attachment_name(mime->arena, attachment, mime->charset);
    Str bytes = attachment->message ? mapi_to_mime(mime->arena, attachment->message, true)
                                    : attachment_bytes(attachment);
    if (!fits(mime, name, bytes))
        return;
    Buf quoted = buf_new(mime->arena, KB(4));
    for (size_t i = 0; i < name.length; i++)
        buf_add_char(&quoted, HAS_CHAR(name.at[i], "\"\\") ? '_' : name.at[i]);
    buf_addf(&mime->out, "--%s_0\r\nContent-Type: ", BOUNDARY);
    add_value(&mime->out, attachment_type(mime, attachment));
    buf_addf(&mime->out, "\r\nContent-Disposition: attachment; filename=\"" STR_FMT "\"\r\n",
             STR_ARG(buf_str(&quoted)));
    buf_add(&mime->out, S("Content-Transfer-Encoding: base64\r\n\r\n"));
    add_base64(&mime->out, bytes);
}

Str mapi_message_name(Arena *arena, const MapiMessage *message)
{
    Str subject = mapi_text(arena, &message->bag, MAPI_SUBJECT, mapi_charset(&message->bag));
    if (subject.length > 1 && subject.at[0] == 1)
        subject = str_from(subject, 2);
    for (size_t i = 0; i < subject.length; i++)
        if (HAS_CHAR(subject.at[i], "/\\:"))
            subject = str_copy(arena, subject), ((char *)(uintptr_t)subject.at)[i] = '_';
    subject = mail_safe_name(arena, subject);
    return subject.length ? str_format(arena, STR_FMT ".eml", STR_ARG(subject)) : S("message.eml");
}

Str mapi_to_mime(Arena *arena, const MapiMessage *message, bool with_attachments)
{
    Mime mime = { .arena = arena,
                  .message = message,
                  .charset = mapi_charset(&message->bag),
                  .out = buf_new(arena, arena_room(arena) / 4) };
    bool is_mixed = with_attachments && message->attachments.count;
    add_headers(&mime);
    buf_add(&mime.out, S("MIME-Version: 1.0\r\n"));
    if (is_mixed)
        buf_addf(&mime.out, "Content-Type: multipart/mixed; boundary=\"%s_0\"\r\n\r\n--%s_0\r\n",
                 BOUNDARY, BOUNDARY);
    add_body(&mime);
    for (size_t i = 0; is_mixed && i < message->attachments.count; i++)
        add_attachment(&mime, &message->attachments.at[i]);
    if (is_mixed)
        buf_addf(&mime.out, "--%s_0--\r\n", BOUNDARY);
    return buf_str(&mime.out);
}

bool mapi_write(DocWriter *doc, const MapiMessage *message, const ExtractSource *source, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    const char *charset = mapi_charset(&message->bag);
    ExtractSource mail = *source;
    Mime mime = { .arena = arena, .message = message, .charset = charset };
    mail.bytes = mapi_to_mime(arena, message, false);
    if (!extractor_named(S("email"))->extract(&mail, doc, err))
        return false;
    for (size_t i = 0; i < message->attachments.count && doc_writer_ok(doc); i++) {
        const MapiAttachment *attachment = &message->attachments.at[i];
        Str bytes = attachment->message ? mapi_to_mime(arena, attachment->message, true)
                                        : attachment_bytes(attachment);
        if (bytes.length)
            doc_child(doc, attachment_name(arena, attachment, charset),
                      attachment_type(&mime, attachment), bytes);
    }
    if (message->ole_count)
        doc_warning(doc,
                    str_format(arena, "%d embedded objects were not read", message->ole_count));
    return true;
}
