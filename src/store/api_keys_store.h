/* api_keys_store.h - the `api_keys` table. Rows hold the SHA-256 of a key, never the key. */
#pragma once

#include "store/scope.h"

typedef struct ApiKey {
    Str id, workspace;
    Str user; /* whose it is; empty: the workspace's */
    Str name;
    Str prefix; /* the first characters, to tell keys apart */
    Str hash;   /* lower-case hex of the SHA-256 of the key */
    Role role;
    Str scopes;      /* words with spaces between (account/key_scopes.h); empty: as the role */
    Str collections; /* ids with spaces between that it is limited to; empty: all */
    Str last_address;
    int64_t created_at_ms, last_used_at_ms;
    int64_t expires_at_ms, revoked_at_ms; /* 0: never, not */
} ApiKey;

typedef struct ApiKeyList {
    ApiKey *at;
    size_t count;
} ApiKeyList;

/* Adds it to the scope's workspace with a new id, set in *key. */
MUST_CHECK bool api_key_add(DbTx *tx, const Scope *scope, Arena *arena, ApiKey *key, Error *err);
/* Fails with ERROR_NOT_FOUND when there is none, or it is revoked or past now_ms, or its person is
 * disabled. System scope: the workspace is known only afterwards. */
MUST_CHECK bool api_key_find_by_hash(DbTx *tx, const Scope *scope, Arena *arena, Str hash,
                                     int64_t now_ms, ApiKey *key_r, Error *err);
MUST_CHECK bool api_key_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, ApiKey *key_r,
                             Error *err);
/* Whether the key may still be used at now_ms; false also when there is none. */
MUST_CHECK bool api_key_serves(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                               bool *serves_r, Error *err);
/* For work that goes on without whoever began it with this key (empty: with none): *scope, which
 * has their person and role, sees from here on what the key sees, by its grants and its limits, and
 * may do no more than the key. ERROR_DENIED: the key was revoked or is past its time. */
MUST_CHECK bool api_key_act(DbTx *tx, Arena *arena, Str id, Scope *scope, Error *err);
/* Of the scope's workspace, newest first, revoked ones too; `user` empty: everybody's. */
MUST_CHECK bool api_key_list(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                             ApiKeyList *list_r, Error *err);
MUST_CHECK bool api_key_used(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Str address,
                             Error *err);
/* With what it kept, if it is limited to collections. ERROR_NOT_FOUND when there is none; revoking
 * twice is fine and keeps the first time. */
MUST_CHECK bool api_key_revoke(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Error *err);
