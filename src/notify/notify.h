/* notify.h - telling people what happened: on the page, by mail, by webhook.
 *
 *     notify_send() -> event + a notice for each person (one transaction, the caller's)
 *                        |-> "notices" on the page's event stream, once it is committed
 *                        |-> job notify_mail     for each person who wants a mail
 *                        '-> job notify_webhook  for each webhook that listens
 *
 * A mail or call is sent at least once: when the program dies between sending and noting it, it is
 * sent again, with the same Message-ID or Webhook-Id. What fails for good stays a dead job, to be
 * looked at and tried again.
 *
 * A webhook gets POST with the headers
 *     Webhook-Id         of the event: the same for every attempt
 *     Webhook-Timestamp  seconds since 1970
 *     Webhook-Signature  "v1=" + hex of HMAC-SHA256(secret, timestamp + "." + body)
 * and should answer 2xx within 10 seconds.
 *
 * Threads: any. */
#pragma once

#include "jobs/job_queue.h"
#include "net/proxy.h"
#include "net/smtp.h"
#include "notify/event_hub.h"
#include "store/notices_store.h"
#include "store/webhooks_store.h"

typedef enum NoticeKind {
#define NOTICE(name, level, mail, title, text) NOTICE_##name,
#include "notify/notices.def"
#undef NOTICE
    NOTICE_KIND_COUNT
} NoticeKind;

const char *notice_name(NoticeKind kind);
const char *notice_level(NoticeKind kind);
const char *notice_title(NoticeKind kind); /* with its {fields} */
/* What somebody gets who has chosen nothing. */
bool notice_is_mailed(NoticeKind kind);
/* False when there is none of this name. */
bool notice_named(Str name, NoticeKind *kind_r);
/* A text with its {fields}. */
typedef struct NoticeField {
    const char *name;
    Str value;
} NoticeField;
Str notice_fill(Arena *arena, const char *text, const NoticeField *fields, size_t count);

/* --- Sending --- */

typedef struct Notice {
    NoticeKind kind;
    Role audience; /* everybody with this role or a higher one, and the workspace's keys */
    Str user;      /* this person alone; empty: the audience. Webhooks hear of everything */
    StrList users; /* these alone, instead of one */
    Str key;       /* what it is about: webhooks hear of one thing in order; empty: in any order */
    Str dedup;     /* the same is never sent twice; empty: always sent */
    Str link;      /* on the page, "/settings/notices"; empty: none */
    const NoticeField *fields;
    size_t field_count;
} Notice;

/* In the transaction that makes it true. */
MUST_CHECK bool notify_send(DbTx *tx, const Scope *scope, Arena *arena, const Notice *notice,
                            Error *err);

/* --- Delivering --- */

typedef struct Notifier Notifier;

/* Adds to the text of a mail that tells `user` of one event what only they may read: it is neither
 * kept nor told to webhooks. */
typedef bool NotifyMore(void *self, const Scope *scope, Str user, const NoticeEvent *event,
                        Buf *text, Error *err);

typedef struct NotifierOptions {
    Db *db;
    EventHub *events; /* of open pages; NULL: none */
    SmtpServer smtp;  /* url "": mails are not sent */
    Str mail_from;
    Str public_url;     /* for links in mails; empty: none */
    const Proxy *proxy; /* of webhooks; borrowed; NULL: none */
} NotifierOptions;

MUST_CHECK bool notifier_open(const NotifierOptions *options, Notifier **notifier_r, Error *err);
void notifier_close(Notifier *notifier); /* NULL is fine */
bool notifier_has_mail(const Notifier *notifier);
/* One for the whole program, before mails are sent. */
void notifier_set_more(Notifier *notifier, NotifyMore *more, void *self);

/* Job handlers; their argument is a Notifier. */
JobHandler notify_mail_job, notify_webhook_job, notify_tidy_job;

/* --- Webhooks --- */

/* Its address is checked; a private one is for owners. *secret_r is shown once. ERROR_DENIED below
 * ROLE_ADMIN. */
MUST_CHECK bool notifier_add_webhook(Notifier *notifier, const Scope *scope, Arena *arena, Str url,
                                     StrList kinds, Webhook *hook_r, Str *secret_r, Error *err);
/* "v1=...": what a receiver compares with. */
Str webhook_signature(Arena *arena, Str secret, int64_t timestamp_s, Str body);

/* --- Mails that are not wanted --- */

/* The address that ends mails of this kind to this person; empty without a public address. */
MUST_CHECK bool notifier_unsubscribe_url(Notifier *notifier, Arena *arena, const Scope *scope,
                                         Str user, NoticeKind kind, Str *url_r, Error *err);
/* What such an address says. */
typedef struct Unsubscribe {
    Str workspace, user, kind, token;
} Unsubscribe;
/* Fails with ERROR_DENIED unless it was made here. */
MUST_CHECK bool notifier_unsubscribe(Notifier *notifier, Arena *arena, const Unsubscribe *what,
                                     Error *err);
