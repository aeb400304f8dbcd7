/* notify.h - telling people what happened: on the page, by mail, by webhook.
 *
 *     notify_send() -> events + a notice for each person (one transaction, the caller's)
 *                        |-> the event `notices` to open pages, once it is committed
 *                        |-> job notify_mail     for each person who wants a mail
 *                        '-> webhooks_send()     for each webhook that listens
 *
 * A mail is sent at least once: when the program dies between sending and noting it, it is sent
 * again, with the same Message-ID. What fails for good stays a dead job, to be looked at and tried
 * again. Calls of webhooks: webhook/webhook.h.
 *
 * Threads: any. */
#pragma once

#include "jobs/job_queue.h"
#include "net/smtp.h"
#include "store/notices_store.h"
#include "webhook/webhook.h"

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
/* A text with its {fields} and {field|one|many} (notices.def), each on one line. */
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
/* The same for several, in their order, with hardly more statements than for one. */
MUST_CHECK bool notify_send_many(DbTx *tx, const Scope *scope, Arena *arena, const Notice *notices,
                                 size_t count, Error *err);

/* --- Delivering --- */

typedef struct Notifier Notifier;

/* Adds to the text of a mail that tells `user` of one event what only they may read: it is neither
 * kept nor told to webhooks. */
typedef bool NotifyMore(void *self, const Scope *scope, Str user, const NoticeEvent *event,
                        Buf *text, Error *err);

typedef struct NotifierOptions {
    Db *db;
    SmtpServer smtp; /* url "": mails are not sent */
    Str mail_from;
    Str public_url; /* for links in mails; empty: none */
} NotifierOptions;

MUST_CHECK bool notifier_open(const NotifierOptions *options, Notifier **notifier_r, Error *err);
void notifier_close(Notifier *notifier); /* NULL is fine */
bool notifier_has_mail(const Notifier *notifier);
/* One for the whole program, before mails are sent. */
void notifier_set_more(Notifier *notifier, NotifyMore *more, void *self);

/* Job handlers; their argument is a Notifier. */
JobHandler notify_mail_job, notify_tidy_job;

/* For WebhooksOptions: administrators are told. */
WebhookHeld notify_webhook_held;

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
