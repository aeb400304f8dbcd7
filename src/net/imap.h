/* imap.h - mailboxes read over IMAP4rev1 (RFC 3501): connecting, TLS and signing in are libcurl's,
 * the commands are ours, so that a mailbox of any size is listed in one answer and reading a mail
 * leaves it unread.
 *
 * Threads: one session belongs to one thread at a time. Blocks; every wait is bounded. */
#pragma once

#include "base/base.h"

typedef enum ImapSecurity { IMAP_TLS, IMAP_STARTTLS, IMAP_PLAIN } ImapSecurity;

typedef struct ImapServer {
    Str host;
    int port; /* 0: 993 with TLS, else 143 */
    ImapSecurity security;
    Str user, password;
    Str token;           /* of OAuth (XOAUTH2), instead of the password; empty: none */
    Str pinned_address;  /* see HttpCall */
    const char *ca_file; /* NULL: the system's */
    int64_t idle_ms;     /* until IDLE is begun anew; 0: 25 minutes */
} ImapServer;

typedef struct Imap Imap;

/* ERROR_DENIED: user or password are refused. */
MUST_CHECK bool imap_open(const ImapServer *server, Imap **imap_r, Error *err);
void imap_close(Imap *imap); /* NULL is fine */

typedef struct ImapMailbox {
    int64_t validity; /* UIDVALIDITY: another one, and all UIDs are others */
    int64_t count;
} ImapMailbox;
/* Opens one to read; nothing in it is changed. ERROR_NOT_FOUND: there is none. */
MUST_CHECK bool imap_examine(Imap *imap, Str mailbox, ImapMailbox *mailbox_r, Error *err);

typedef struct ImapMail {
    int64_t uid, size;
} ImapMail;
typedef struct ImapMails {
    VEC(ImapMail) all;
} ImapMails;
/* The newest `most` of the mailbox that is open, the oldest of them first. */
MUST_CHECK bool imap_list(Imap *imap, Arena *arena, const ImapMailbox *mailbox, int64_t most,
                          ImapMails *mails_r, Error *err);
/* One mail whole, piece by piece; *is_there_r false: it is gone. */
MUST_CHECK bool imap_fetch(Imap *imap, int64_t uid,
                           bool (*receive)(void *self, Str bytes, Error *err), void *self,
                           bool *is_there_r, Error *err);

/* --- News as they come: IDLE (RFC 2177) --- */

/* Whether the server tells of news by itself. */
MUST_CHECK bool imap_can_idle(Imap *imap, bool *can_r, Error *err);
/* Waits at most `wait_ms` until mails come to the mailbox that is open, or leave it; what came
 * between two calls is told by the second. After the first call no other command may be given. */
MUST_CHECK bool imap_idle(Imap *imap, int64_t wait_ms, bool *is_new_r, Error *err);
