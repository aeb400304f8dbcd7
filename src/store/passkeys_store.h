/* passkeys_store.h - the `passkeys` table: the public keys that people sign in with (Web
 * Authentication). Only a system scope sees them: they are read before the workspace is known. They
 * go with their person. */
#pragma once

#include "store/scope.h"

#define PASSKEYS_MAX 20 /* of one person */

typedef struct Passkey {
    Str id, user;
    Str credential; /* its authenticator's name for it, base64url */
    Str handle;     /* what authenticators know its person by: random, the same in all of theirs */
    Str public_key; /* COSE */
    int64_t counter;
    bool may_be_synced;
    Str transports; /* how it is reached, as its browser has said: "internal,hybrid" */
    Str name;
    int64_t created_at_ms, last_used_at_ms; /* 0: not yet */
} Passkey;

typedef struct PasskeyList {
    Passkey *at;
    size_t count;
} PasskeyList;

/* Gives it an id. ERROR_CONFLICT: the credential is there already, or its person has PASSKEYS_MAX.
 */
MUST_CHECK bool passkey_add(DbTx *tx, const Scope *scope, Arena *arena, Passkey *passkey,
                            Error *err);
/* Of one person, the oldest first. */
MUST_CHECK bool passkey_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                             PasskeyList *list_r, Error *err);
MUST_CHECK bool passkey_count(DbTx *tx, const Scope *scope, Str user, int64_t *count_r, Error *err);
MUST_CHECK bool passkey_find_credential(DbTx *tx, const Scope *scope, Arena *arena, Str credential,
                                        Passkey *passkey_r, Error *err);
/* ERROR_NOT_FOUND also for one of somebody else. */
MUST_CHECK bool passkey_rename(DbTx *tx, const Scope *scope, Str user, Str id, Str name,
                               Error *err);
MUST_CHECK bool passkey_remove(DbTx *tx, const Scope *scope, Str user, Str id, Error *err);
MUST_CHECK bool passkey_remove_of_user(DbTx *tx, const Scope *scope, Str user, Error *err);
/* It has signed: what it has counted to. Of two answers at once with one counter, on any node, the
 * second finds it used: false in *is_newer_r, and nothing is changed, unless both are 0 or the key
 * `may_be_synced`. */
MUST_CHECK bool passkey_used(DbTx *tx, const Scope *scope, const Passkey *passkey, int64_t counter,
                             int64_t now_ms, bool *is_newer_r, Error *err);
