/* identities_store.h - the `identities` table: what a person is called by an issuer of tokens.
 *
 * An issuer's subject is one person for good; a person may have several. Only a system scope sees
 * them: they are read before the workspace is known. They go with their person. */
#pragma once

#include "store/scope.h"

typedef struct Identity {
    Str issuer, subject;
    Str user;
    int64_t created_at_ms, last_seen_at_ms;
} Identity;

/* ERROR_CONFLICT: the subject is somebody already. */
MUST_CHECK bool identity_add(DbTx *tx, const Scope *scope, const Identity *identity, Error *err);
/* ERROR_NOT_FOUND: nobody yet. */
MUST_CHECK bool identity_find(DbTx *tx, const Scope *scope, Arena *arena, Str issuer, Str subject,
                              Identity *identity_r, Error *err);
typedef struct IdentityList {
    Identity *at;
    size_t count;
} IdentityList;
/* A person's, the oldest first. */
MUST_CHECK bool identity_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                              IdentityList *list_r, Error *err);
/* How many a person has. */
MUST_CHECK bool identity_count(DbTx *tx, const Scope *scope, Str user, int64_t *count_r,
                               Error *err);
MUST_CHECK bool identity_seen(DbTx *tx, const Scope *scope, const Identity *identity, int64_t at_ms,
                              Error *err);
