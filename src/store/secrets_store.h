/* secrets_store.h - the `secrets` table: sealed bytes by name. Sealing is the caller's; nothing
 * here ever sees a secret. A system scope with an empty workspace keeps those of the server. */
#pragma once

#include "store/scope.h"

typedef struct Secret {
    Str workspace, name;
    Str sealed;
    int64_t updated_at_ms;
} Secret;

typedef struct SecretList {
    Secret *at;
    size_t count;
} SecretList;

/* Adds or replaces. */
MUST_CHECK bool secret_set(DbTx *tx, const Scope *scope, Str name, Str sealed, Error *err);
/* The same if it is still this (empty: none); otherwise it fails with ERROR_CONFLICT. */
MUST_CHECK bool secret_replace(DbTx *tx, const Scope *scope, Str name, Str was, Str sealed,
                               Error *err);
MUST_CHECK bool secret_find(DbTx *tx, const Scope *scope, Arena *arena, Str name, Str *sealed_r,
                            Error *err);
/* Names and sealed bytes of the scope's workspace; of all with a system scope (to rotate keys). */
MUST_CHECK bool secret_list(DbTx *tx, const Scope *scope, Arena *arena, SecretList *list_r,
                            Error *err);
/* True also when there was none. */
MUST_CHECK bool secret_remove(DbTx *tx, const Scope *scope, Str name, Error *err);
