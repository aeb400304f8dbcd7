/* mbox.c - mailbox files (RFC 4155 and its kin): each message becomes a child, named by its
 * subject and number.
 *
 * A message begins at a line "From " that follows a blank line or begins the file and that names
 * a time or is followed by a header. mboxo and mboxrd quote such lines in a text with ">"; those
 * of mboxcl2 are not quoted, and "Content-Length" says where the message ends. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/formats/mail.h"
#include "extract/metadata.h"

enum { SUBJECT_MAX = 100, HEAD_MAX = KB(16) };

/* "From who Mon Jan  1 10:00:00 2009": a clock somewhere in a short line. */
static bool is_postmark(Str line)
{
    if (!str_starts(line, S("From ")) || line.length > 500)
        return false;
    for (size_t i = 6; i + 2 < line.length; i++)
        if (line.at[i] == ':' && HAS_CHAR(line.at[i - 1], "0123456789") &&
            HAS_CHAR(line.at[i + 1], "0123456789"))
            return true;
    return false;
}

/* "Name: " at the beginning of a line. */
static bool is_header_line(Str line)
{
    ptrdiff_t colon = str_find_char(line, ':');
    if (colon <= 0 || colon > 60)
        return false;
    for (ptrdiff_t i = 0; i < colon; i++)
        if (line.at[i] <= ' ' || (unsigned char)line.at[i] >= 127)
            return false;
    return true;
}

static bool begins_message(Str line, Str rest)
{
    Str next = STR_NONE;
    if (!str_starts(line, S("From ")))
        return false;
    (void)text_next_line(&rest, &next);
    return is_header_line(next) || (is_postmark(line) && str_starts(next, S(">From ")));
}

/* Where the message at `start` ends, by its Content-Length when there a message begins or the
 * file ends. 0: not said. */
static size_t end_by_length(Arena *arena, Str bytes, size_t start)
{
    Str message = str_slice(bytes, start, start + HEAD_MAX), line;
    int64_t length;
    MimePart head = mime_parse(arena, message);
    if (!str_to_int(mime_header(&head, "Content-Length"), 1, INT32_MAX, &length))
        return 0;
    size_t body = (size_t)(head.body.at - bytes.at);
    size_t end = MIN(bytes.length, body + (size_t)length);
    if (head.body.at == NULL || body + (size_t)length > bytes.length)
        return 0;
    Str rest = str_from(bytes, end);
    while (rest.length && HAS_CHAR(rest.at[0], "\r\n"))
        rest = str_from(rest, 1);
    if (rest.length == 0)
        return end;
    return text_next_line(&rest, &line) && begins_message(line, rest) ? end : 0;
}

/* The end of the message at `start`; its own first line is not looked at. */
static size_t message_end(Arena *arena, Str bytes, size_t start)
{
    Str rest = str_from(bytes, start), line;
    bool after_blank = false;
    size_t end = end_by_length(arena, bytes, start);
    if (end)
        return end;
    (void)text_next_line(&rest, &line);
    while (rest.length) {
        size_t at = bytes.length - rest.length;
        (void)text_next_line(&rest, &line);
        if (after_blank && line.length && line.at[0] == 'F' && begins_message(line, rest))
            return at;
        after_blank = line.length == 0;
    }
    return bytes.length;
}

/* One '>' less before each ">From ", ">>From " (mboxrd). */
static Str unquoted(Arena *arena, Str message)
{
    if (str_find(message, S("\n>")) < 0 || str_find(message, S(">From ")) < 0)
        return message;
    Buf out = buf_new(arena, message.length + 1);
    Str rest = message;
    while (rest.length) {
        ptrdiff_t end = str_find_char(rest, '\n');
        Str line = str_slice(rest, 0, end < 0 ? rest.length : (size_t)end + 1);
        size_t marks = 0;
        rest = str_from(rest, line.length);
        while (marks < line.length && line.at[marks] == '>')
            marks++;
        bool is_quoted = marks > 0 && str_starts(str_from(line, marks), S("From "));
        buf_add(&out, str_from(line, is_quoted));
    }
    return buf_str(&out);
}

static Str message_name(Arena *arena, Str message, int number)
{
    MimePart head = mime_parse(arena, str_slice(message, 0, HEAD_MAX));
    Str subject = mime_text(arena, str_slice(mime_header(&head, "Subject"), 0, KB(4)));
    subject = mail_safe_name(arena, str_slice(subject, 0, SUBJECT_MAX));
    if (!subject.length)
        subject = str_slice(mail_date(arena, mime_header(&head, "Date")), 0, 10);
    return subject.length ? str_format(arena, "%d " STR_FMT ".eml", number, STR_ARG(subject))
                          : str_format(arena, "%d.eml", number);
}

typedef struct Message {
    Str name, postmark;
    size_t start, end; /* without the postmark */
} Message;

typedef struct Messages {
    VEC(Message) list;
} Messages;

static size_t skip_line_ends(Str bytes, size_t at)
{
    while (at < bytes.length && HAS_CHAR(bytes.at[at], "\r\n"))
        at++;
    return at;
}

static Messages find_messages(Arena *arena, DocWriter *doc, Str bytes)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Messages messages = { 0 };
    size_t max = doc_writer_limits(doc)->child_max;
    for (size_t at = skip_line_ends(bytes, 0); at < bytes.length && messages.list.count <= max;) {
        Str rest = str_from(bytes, at), postmark;
        size_t end = message_end(scratch, bytes, at);
        Message *message = vec_push(arena, &messages.list);
        (void)text_next_line(&rest, &postmark);
        *message = (Message){ .postmark = postmark,
                              .start = MIN(end, bytes.length - rest.length),
                              .end = end };
        Str name =
            message_name(scratch, str_slice(bytes, message->start, end), (int)messages.list.count);
        message->name = str_copy(arena, name);
        at = skip_line_ends(bytes, end);
        arena_reset(scratch);
    }
    return messages;
}

/* The postmarks are nowhere else: who sent each message, and when it came. */
static void write_list(DocWriter *doc, const Messages *messages)
{
    doc_table_begin(doc);
    doc_cell(doc, S("Name"));
    doc_cell(doc, S("Postmark"));
    doc_row_end(doc);
    doc_header_end(doc);
    for (size_t i = 0; i < messages->list.count && doc_writer_ok(doc); i++) {
        doc_cell(doc, messages->list.at[i].name);
        doc_cell(doc, messages->list.at[i].postmark);
        doc_row_end(doc);
    }
    doc_table_end(doc);
}

static bool mbox_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Str bytes = source->bytes;
    if (!str_starts(str_from(bytes, skip_line_ends(bytes, 0)), S("From ")))
        return fail(err, ERROR_UNSUPPORTED, "it is not a mailbox file");
    Messages messages = find_messages(arena, doc, bytes);
    doc_meta_whole(doc, "members", (int64_t)messages.list.count);
    write_list(doc, &messages);
    for (size_t i = 0; i < messages.list.count && doc_writer_ok(doc); i++) {
        const Message *message = &messages.list.at[i];
        Str text = unquoted(scratch, str_slice(bytes, message->start, message->end));
        if (text.length)
            doc_child(doc, message->name, S("message/rfc822"), text);
        doc_progress(doc, "reading messages", (int64_t)message->end, (int64_t)bytes.length);
        arena_reset(scratch);
    }
    return true;
}

/* Two messages, or one after a postmark that says a time: a mailbox. */
static int mbox_sniff(Str bytes)
{
    Str rest = str_slice(bytes, 0, KB(64)), line, next;
    while (rest.length && HAS_CHAR(rest.at[0], "\r\n"))
        rest = str_from(rest, 1);
    if (!text_next_line(&rest, &line) || !str_starts(line, S("From ")) ||
        mail_is_git_postmark(line))
        return 0;
    Str after = rest;
    if (!text_next_line(&after, &next) || !(is_header_line(next) || str_starts(next, S(">From "))))
        return 0;
    return is_postmark(line) ? 80 : 30;
}

const Extractor extractor_mbox = {
    .name = "mbox",
    .title = "Mailbox files (mbox)",
    .extensions = LIST("mbox", "mbx"),
    .media_types = LIST("application/mbox"),
    .sniff = mbox_sniff,
    .extract = mbox_extract,
};
