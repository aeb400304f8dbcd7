/* mail.c - see mail.h. */
#include "extract/formats/mail.h"

#include "base/file.h"
#include "base/utf8.h"
#include "extract/charset/encoding.h"

enum { NAME_MAX_BYTES = 200, EXTRA_HEADERS_MAX = 40 };

/* --- Dates --- */

typedef struct Moment {
    int64_t year, month, day, hour, minute, second;
    bool has_time, has_zone;
    int zone_minutes;
} Moment;

static int month_named(Str word)
{
    static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
                                          "jul", "aug", "sep", "oct", "nov", "dec" };
    for (size_t i = 0; i < COUNT(months); i++)
        if (word.length >= 3 && str_equal_ignore_case(str_slice(word, 0, 3), str(months[i])))
            return (int)i + 1;
    return 0;
}

static bool read_clock(Str word, Moment *moment)
{
    Str piece;
    int64_t *parts[] = { &moment->hour, &moment->minute, &moment->second };
    for (size_t i = 0; i < COUNT(parts) && str_next(&word, ':', &piece); i++)
        if (!str_to_int(piece, 0, i == 0 ? 23 : 60, parts[i]))
            return false;
    moment->has_time = true;
    return true;
}

/* "+0200", "-05:30" and the names of RFC 5322 4.3; others are left out. */
static bool read_zone(Str word, Moment *moment)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = { { "gmt", 0 },    { "ut", 0 },     { "utc", 0 },    { "z", 0 },
                  { "est", -300 }, { "edt", -240 }, { "cst", -360 }, { "cdt", -300 },
                  { "mst", -420 }, { "mdt", -360 }, { "pst", -480 }, { "pdt", -420 } };
    for (size_t i = 0; i < COUNT(zones); i++)
        if (str_equal_ignore_case(word, str(zones[i].name))) {
            moment->zone_minutes = zones[i].minutes;
            return moment->has_zone = true;
        }
    int64_t hours, minutes;
    size_t colon = word.length == 6 && word.at[3] == ':';
    if (word.length != 5 + colon || !HAS_CHAR(word.at[0], "+-") ||
        !str_to_int(str_slice(word, 1, 3), 0, 23, &hours) ||
        !str_to_int(str_from(word, 3 + colon), 0, 59, &minutes))
        return false;
    moment->zone_minutes = (int)(hours * 60 + minutes) * (word.at[0] == '-' ? -1 : 1);
    return moment->has_zone = true;
}

static void read_word(Str word, Moment *moment)
{
    int64_t number;
    if (str_find_char(word, ':') > 0 && !HAS_CHAR(word.at[0], "+-"))
        (void)read_clock(word, moment);
    else if (moment->month == 0 && month_named(word))
        moment->month = month_named(word);
    else if (moment->has_time && !moment->has_zone && read_zone(word, moment))
        return;
    else if (str_to_int(word, 0, 9999, &number)) {
        if (moment->day == 0 && number >= 1 && number <= 31 && word.length <= 2)
            moment->day = number;
        else if (moment->year == 0 && (word.length == 2 || word.length == 4))
            moment->year = word.length == 4 ? number : number + (number < 50 ? 2000 : 1900);
    }
}

Str mail_date(Arena *arena, Str value)
{
    Moment moment = { 0 };
    value = str_trim(value);
    bool is_iso = value.length >= 10 && value.at[4] == '-' && value.at[7] == '-' &&
                  value.at[0] >= '1' && value.at[0] <= '2';
    if (is_iso)
        return str_copy(arena, str_slice(value, 0, 40));
    for (size_t i = 0, start = 0; i <= value.length && i < 200; i++)
        if (i == value.length || HAS_CHAR(value.at[i], " ,\t\r\n()-")) {
            bool is_zone = i < value.length && value.at[i] == '-' && moment.has_time;
            if (i > start)
                read_word(str_slice(value, start, i), &moment);
            start = is_zone ? i : i + 1;
        }
    if (!moment.day || !moment.month || moment.year < 1900)
        return STR_NONE;
    Buf out = buf_new(arena, 64);
    buf_addf(&out, "%04d-%02d-%02d", (int)moment.year, (int)moment.month, (int)moment.day);
    if (moment.has_time)
        buf_addf(&out, "T%02d:%02d:%02d", (int)moment.hour, (int)moment.minute,
                 (int)MIN(moment.second, 59));
    int zone = moment.zone_minutes;
    if (moment.has_time && moment.has_zone && zone == 0)
        buf_add_char(&out, 'Z');
    else if (moment.has_time && moment.has_zone)
        buf_addf(&out, "%c%02d:%02d", zone < 0 ? '-' : '+', abs(zone) / 60, abs(zone) % 60);
    return buf_str(&out);
}

/* --- Headers --- */

static const struct {
    const char *header, *key;
} shown[] = {
    { "From", "from" },
    { "Sender", "sender" },
    { "To", "to" },
    { "Cc", "cc" },
    { "Bcc", "bcc" },
    { "Reply-To", "reply_to" },
    { "Date", "sent" },
    { "Subject", "subject" },
    { "Keywords", "keywords" },
    { "Comments", "comment" },
    { "Message-ID", "message_id" },
    { "In-Reply-To", "in_reply_to" },
    { "References", "references" },
    { "List-Id", "list-id" },
    { "Organization", "company" },
    { "Resent-From", "resent-from" },
    { "Resent-To", "resent-to" },
    { "Importance", "importance" },
    { "X-Mailer", "software" },
    { "User-Agent", "software" },
    { "Return-Path", "return-path" },
    { "Newsgroups", "newsgroups" },
    { "Snapshot-Content-Location", "source" },
};

/* An X- header that says something in words, unlike those that servers write for each other. */
static bool is_prose(const MimeHeader *header)
{
    static const char *const technical[] = { "X-MS-",      "X-Mapi-", "X-Spam",     "X-Google",
                                             "X-Micro",    "X-Virus", "X-Received", "X-Forefront",
                                             "X-Exchange", "X-OLK",   "X-Mailer",   "X-Priority",
                                             "X-Auth",     "X-Proof" };
    int words = 0;
    if (!str_starts(header->name, S("X-")) || header->value.length > 1000)
        return false;
    for (size_t i = 0; i < COUNT(technical); i++)
        if (str_starts(header->name, str(technical[i])))
            return false;
    Str rest = header->value, piece;
    while (str_next(&rest, ' ', &piece)) {
        size_t letters = 0;
        for (size_t i = 0; i < piece.length; i++)
            if (HAS_CHAR(piece.at[i], "=:@<>") && i + 1 < piece.length && piece.at[i + 1] != '/')
                return false;
            else if (HAS_CHAR(piece.at[i] | 32, "abcdefghijklmnopqrstuvwxyz"))
                letters++;
        words += letters >= 2 && letters + 2 >= piece.length;
    }
    return words >= 3;
}

static void write_header(DocWriter *doc, Arena *arena, const char *key, Str value)
{
    Str text = mime_text(arena, value);
    if (strcmp(key, "sent") == 0) {
        Str date = mail_date(arena, text);
        if (date.length)
            text = date;
        else
            key = "date";
    }
    doc_meta(doc, key, text);
}

void mail_write_headers(DocWriter *doc, Arena *arena, const MimePart *message)
{
    int extra = 0;
    for (size_t i = 0; i < COUNT(shown); i++)
        for (size_t k = 0; k < message->headers.count; k++)
            if (str_equal_ignore_case(message->headers.at[k].name, str(shown[i].header)))
                write_header(doc, arena, shown[i].key, message->headers.at[k].value);
    for (size_t k = 0; k < message->headers.count; k++)
        if (str_starts(message->headers.at[k].name, S("X-Mapi-"))) {
            Str key = str_from(message->headers.at[k].name, strlen("X-Mapi-"));
            doc_meta(doc, str_c(arena, key), mime_text(arena, message->headers.at[k].value));
        }
    for (size_t k = 0; k < message->headers.count; k++)
        if (is_prose(&message->headers.at[k]) && extra++ < EXTRA_HEADERS_MAX)
            doc_meta(doc, str_c(arena, message->headers.at[k].name),
                     mime_text(arena, message->headers.at[k].value));
}

/* --- Bodies and attachments --- */

static void write_paragraph(DocWriter *doc, Str text)
{
    text = str_trim(text);
    if (text.length && text.at[0] == '>')
        doc_quote(doc, text);
    else
        doc_paragraph(doc, text);
}

/* Paragraphs end at blank lines and where quoting begins or ends. */
void mail_write_plain(DocWriter *doc, Str text)
{
    Str line, block = STR_NONE;
    while (doc_writer_ok(doc) && text_next_line(&text, &line)) {
        bool is_blank = str_trim(line).length == 0;
        bool turns = block.length && line.length && (block.at[0] == '>') != (line.at[0] == '>');
        if (is_blank || turns) {
            write_paragraph(doc, block);
            block = STR_NONE;
        }
        if (is_blank)
            continue;
        if (!block.length)
            block = line;
        block.length = (size_t)(line.at + line.length - block.at);
    }
    write_paragraph(doc, block);
}

Str mail_safe_name(Arena *arena, Str name)
{
    Buf out = buf_new(arena, NAME_MAX_BYTES);
    name = path_name(name);
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)name.at[i] >= ' ' && name.at[i] != 127)
            buf_add_char(&out, name.at[i]);
    Str safe = str_trim(buf_str(&out));
    safe = str_slice(safe, 0, utf8_floor(safe, safe.length));
    return str_is(safe, ".") || str_is(safe, "..") ? STR_NONE : safe;
}

bool mail_is_git_postmark(Str line)
{
    return str_starts(line, S("From ")) && str_ends(str_trim(line), S(" Mon Sep 17 00:00:00 2001"));
}
