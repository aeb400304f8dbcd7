/* mail_message.c - the text of a mail; see smtp.h. */
#include "base/base64.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "net/smtp.h"

#include <time.h>

#define ADDRESS_MAX 254  /* RFC 5321, section 4.5.3.1.3, without the angle brackets */
#define ENCODED_BYTES 39 /* of text in one encoded word: 52 characters of base64 */
#define PLAIN_HEADER_MAX 60
#define QUOTED_LINE_MAX 75 /* RFC 2045, section 6.7: 76 with the "=" at its end */

/* --- Addresses --- */

static bool is_address_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           HAS_CHAR(c, "!#$%&'*+-/=?^_`{|}~.@");
}

bool mail_is_address(Str text)
{
    ptrdiff_t at = str_find_char(text, '@');
    if (at <= 0 || at > 64 || (size_t)at + 1 >= text.length || text.length > ADDRESS_MAX ||
        str_find_last_char(text, '@') != at)
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!is_address_character(text.at[i]))
            return false;
    return text.at[0] != '.' && text.at[0] != '-';
}

/* "Lectern <a@example.org>" is a name and an address. */
static void split_from(Str from, Str *name_r, Str *address_r)
{
    ptrdiff_t open = str_find_char(from, '<');
    *name_r = STR_NONE;
    *address_r = str_trim(from);
    if (open < 0 || !str_ends(str_trim(from), S(">")))
        return;
    *name_r = str_trim(str_slice(from, 0, (size_t)open));
    *address_r = str_slice(str_trim(from), (size_t)open + 1, str_trim(from).length - 1);
}

Str mail_address_of(Str from)
{
    Str name, address;
    split_from(from, &name, &address);
    return address;
}

/* --- Headers --- */

static bool has_control(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return true;
    return false;
}

static bool is_plain(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] >= 0x80)
            return false;
    /* "=?" would be read as the start of an encoded word. */
    return text.length <= PLAIN_HEADER_MAX && str_find(text, S("=?")) < 0;
}

/* RFC 2047: words of at most 75 characters, never cut inside a character, one a line. */
static void add_words(Buf *out, Str text)
{
    if (is_plain(text)) {
        buf_add(out, text);
        return;
    }
    for (size_t at = 0; at < text.length;) {
        size_t end = MIN(at + ENCODED_BYTES, text.length);
        if (end < text.length)
            end = utf8_floor(text, end);
        buf_addf(out, "%s=?UTF-8?B?", at ? "\r\n " : "");
        buf_add(out, base64_encode(out->arena, str_slice(text, at, end)));
        buf_add(out, S("?="));
        at = end;
    }
}

/* A name in front of an address is quoted unless it is encoded. */
static void add_name(Buf *out, Str name)
{
    if (!is_plain(name)) {
        add_words(out, name);
        return;
    }
    buf_add_char(out, '"');
    for (size_t i = 0; i < name.length; i++) {
        if (HAS_CHAR(name.at[i], "\"\\"))
            buf_add_char(out, '\\');
        buf_add_char(out, name.at[i]);
    }
    buf_add_char(out, '"');
}

static void add_date(Buf *out, int64_t time_ms)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    buf_addf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_from(Buf *out, Str name, Str address)
{
    buf_add(out, S("From: "));
    if (name.length) {
        add_name(out, name);
        buf_addf(out, " <" STR_FMT ">\r\n", STR_ARG(address));
    } else {
        buf_addf(out, STR_FMT "\r\n", STR_ARG(address));
    }
}

/* --- The text --- */

/* White space at the end of a line, and whatever is not printable ASCII. */
static bool needs_quoting(Str text, size_t at)
{
    unsigned char c = (unsigned char)text.at[at];
    bool ends_line = at + 1 == text.length || HAS_CHAR(text.at[at + 1], "\r\n");
    return c >= 0x7f || c == '=' || (c < ' ' && c != '\t') ||
           ((c == ' ' || c == '\t') && ends_line);
}

/* Quoted-printable, RFC 2045, section 6.7: no line is longer than 76 characters, so no server has
 * to cut one, and all of it is ASCII. */
static void add_quoted(Buf *out, Str text)
{
    size_t column = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '\r' && i + 1 < text.length && text.at[i + 1] == '\n')
            continue;
        if (text.at[i] == '\n' || text.at[i] == '\r') {
            buf_add(out, S("\r\n"));
            column = 0;
            continue;
        }
        bool is_quoted = needs_quoting(text, i);
        if (column + (is_quoted ? 3 : 1) > QUOTED_LINE_MAX) {
            buf_add(out, S("=\r\n"));
            column = 0;
        }
        if (is_quoted)
            buf_addf(out, "=%02X", (unsigned char)text.at[i]);
        else
            buf_add_char(out, text.at[i]);
        column += is_quoted ? 3 : 1;
    }
    buf_add(out, S("\r\n"));
}

/* --- All of it --- */

static bool check(const Mail *mail, Str name, Str address, Error *err)
{
    if (!mail_is_address(address))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' is no mail address to send from",
                    STR_ARG(str_slice(mail->from, 0, 100)));
    if (!mail_is_address(mail->to))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' is no mail address",
                    STR_ARG(str_slice(mail->to, 0, 100)));
    if (has_control(name) || has_control(mail->subject) || has_control(mail->unsubscribe) ||
        has_control(mail->id) || str_find_char(mail->unsubscribe, '>') >= 0)
        return fail(err, ERROR_INVALID, "a header of the mail holds a control character");
    return true;
}

bool mail_write(const Mail *mail, Buf *out, Error *err)
{
    Str name, address;
    split_from(mail->from, &name, &address);
    if (!check(mail, name, address, err))
        return false;
    Str domain = str_from(address, (size_t)str_find_char(address, '@') + 1);
    add_date(out, mail->sent_at_ms);
    add_from(out, name, address);
    buf_addf(out, "To: " STR_FMT "\r\nSubject: ", STR_ARG(mail->to));
    add_words(out, mail->subject);
    buf_addf(out, "\r\nMessage-ID: <" STR_FMT "@" STR_FMT ">\r\n", STR_ARG(mail->id),
             STR_ARG(domain));
    if (mail->unsubscribe.length)
        buf_addf(out,
                 "List-Unsubscribe: <" STR_FMT ">\r\n"
                 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                 STR_ARG(mail->unsubscribe));
    /* So that nobody's holiday notice answers a program (RFC 3834, section 5). */
    buf_add(out, S("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: quoted-printable\r\n\r\n"));
    add_quoted(out, mail->text);
    return !out->overflowed ||
           fail(err, ERROR_TOO_LARGE, "the mail is longer than %zu bytes", out->limit);
}
