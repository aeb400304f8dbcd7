/* imap_link.h - a session with a mail server, its bytes and lines. Private to the files of imap.h.
 */
#pragma once

#include "net/imap.h"
#include "net/libcurl.h"

#define IMAP_WAIT_MS 60000 /* for an answer */

struct Imap {
    Arena *arena; /* of the session; what a command needs is small */
    CURL *handle;
    struct curl_slist *pin;
    curl_socket_t socket;
    int command; /* number of the last */
    char *buffer;
    size_t from, to; /* of what was received and not read */
    int64_t count;   /* mails in the mailbox that is open, as last told */
    bool is_idle;
    int64_t idle_ms, idle_since_ms; /* monotonic */
};

MUST_CHECK bool imap_send(Imap *imap, Str bytes, Error *err);
/* More bytes behind those that are there. ERROR_TIMEOUT: none came in time. */
MUST_CHECK bool imap_receive(Imap *imap, int64_t wait_ms, Error *err);
/* The next line, without its end; borrowed until the next one is read. What there is of a line
 * stays when the rest has not come in time (ERROR_TIMEOUT). */
MUST_CHECK bool imap_line(Imap *imap, int64_t wait_ms, Str *line_r, Error *err);
