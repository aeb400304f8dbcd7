/* smtp.h - sending one mail (RFC 5321, 5322, 2045 to 2047) over libcurl.
 *
 *     smtps://[user:password@]host[:465]       TLS from the start
 *     smtp://[user:password@]host[:587]        STARTTLS, or nothing is sent
 *     smtp+plain://[user:password@]host[:25]   no encryption: for a relay on this machine
 *
 * Certificates are always checked. An address or subject that could end a header line is refused.
 * Any thread; blocks for at most a minute. */
#pragma once

#include "net/http.h"

typedef struct SmtpServer {
    Str url;
    const char *ca_file; /* certificates to trust; NULL: the system's */
} SmtpServer;

typedef struct Mail {
    Str from, to; /* "a@example.org"; `from` may be "Lectern <a@example.org>" */
    Str subject;
    Str text; /* UTF-8; any line ends */
    Str id;   /* of the message, made of letters, digits and '-'; the same for every attempt */
    Str unsubscribe; /* address for one click (RFC 8058); "" for none */
    int64_t sent_at_ms;
} Mail;

/* The server's address says what it must. */
MUST_CHECK bool smtp_check(Str url, Error *err);
/* "a@example.org" of "Lectern <a@example.org>". */
Str mail_address_of(Str from);
/* One mail address, alone: "a@example.org". */
bool mail_is_address(Str text);
/* The message as it goes out, with CRLF; `out` may be limited. */
MUST_CHECK bool mail_write(const Mail *mail, Buf *out, Error *err);
/* Hand it to the server. ERROR_INVALID: refused for good (5xx), else it may be tried again. */
MUST_CHECK bool smtp_send(const SmtpServer *server, const Mail *mail, Error *err);
/* Connects, with TLS as the address says, greets and signs in; sends nothing. */
MUST_CHECK bool smtp_try(const SmtpServer *server, Error *err);
