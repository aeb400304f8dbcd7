/* account_mail.h - mails about somebody's own account (account_mails.def). */
#pragma once

#include "account/account_int.h"

typedef enum AccountMail {
#define MAIL(name, page, minutes, subject, text) ACCOUNT_MAIL_##name,
#include "account/account_mails.def"
#undef MAIL
    ACCOUNT_MAIL_COUNT
} AccountMail;

const char *account_mail_name(AccountMail mail);

/* What mails to be sent are sealed with; before the transaction that adds one. */
MUST_CHECK bool account_mail_key(Account *account, Arena *arena, Str *key_r, Error *err);

typedef struct AccountMailWish {
    AccountMail mail;
    Str user; /* empty: whoever has the address, when somebody does */
    Str to;
} AccountMailWish;
/* Mails it in the background, in the transaction that makes it true. */
MUST_CHECK bool account_mail_add(DbTx *tx, const Scope *system, Arena *arena, Str key,
                                 const AccountMailWish *wish, Error *err);
