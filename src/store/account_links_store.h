/* account_links_store.h - the `account_links` table: links of mails with which people set a new
 * password or confirm an address. Rows hold the SHA-256 of the link's token. A person has one of
 * each kind; they go with their person. Only a system scope sees them: nobody is known yet. */
#pragma once

#include "store/scope.h"

typedef struct AccountLink {
    Str id; /* lower-case hex of the SHA-256 of the token */
    Str kind, user;
    Str email; /* that it was sent to */
    int64_t created_at_ms, expires_at_ms;
} AccountLink;

/* Instead of the one that the person has of this kind. */
MUST_CHECK bool account_link_put(DbTx *tx, const Scope *scope, const AccountLink *link, Error *err);
/* Takes it: it can be used once. ERROR_NOT_FOUND: there is none, it was used, or is over. */
MUST_CHECK bool account_link_take(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str id,
                                  int64_t now_ms, AccountLink *link_r, Error *err);
/* When the person's link of this kind was made; 0: there is none. */
MUST_CHECK bool account_link_made_at(DbTx *tx, const Scope *scope, Str kind, Str user,
                                     int64_t *made_at_ms_r, Error *err);
MUST_CHECK bool account_link_remove_of_user(DbTx *tx, const Scope *scope, Str user, Error *err);
