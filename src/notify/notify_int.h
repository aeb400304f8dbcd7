/* notify_int.h - what the files of src/notify share. Not for other folders. */
#pragma once

#include "notify/notify.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define MAIL_ATTEMPTS 12 /* the last about an hour after the first */
#define KEPT_DAYS 90

typedef enum MailHabit { MAIL_NO, MAIL_NOW, MAIL_HOURLY } MailHabit;

struct Notifier {
    Arena *arena; /* of the options */
    NotifierOptions options;
    NotifyMore *more; /* NULL: nothing is added to mails */
    void *more_self;
};

/* The person's mails of this urgency are sent by one job. */
MUST_CHECK bool notify_add_mail_job(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                                    bool is_hourly, Error *err);
