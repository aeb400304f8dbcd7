/* connection_grants_store.h - the `connection_grants` table: what services have granted connections
 * by OAuth 2. Secrets come sealed and stay so. Every change names the version it was made from. */
#pragma once

#include "store/scope.h"

typedef struct ConnectionGrant {
    Str connection;
    Str settings;     /* JSON object */
    Str sealed;       /* JSON object of its secrets */
    Str state_digest; /* of the one that is waited for; empty: none is */
    int64_t state_until_ms;
    int64_t expires_at_ms; /* of the token; 0: never, or there is none */
    int64_t version;
    Str error; /* why it can no longer be refreshed; empty: it can */
    int64_t updated_at_ms;
} ConnectionGrant;

/* Adds or replaces settings, sealed and state; tokens that were there go with `sealed`. */
MUST_CHECK bool connection_grant_begin(DbTx *tx, const Scope *scope, const ConnectionGrant *grant,
                                       Error *err);
MUST_CHECK bool connection_grant_find(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                                      ConnectionGrant *grant_r, Error *err);
/* Sealed, expires_at_ms and error; no state is waited for any more and nobody refreshes.
 * ERROR_CONFLICT: it has changed since grant->version. */
MUST_CHECK bool connection_grant_save(DbTx *tx, const Scope *scope, const ConnectionGrant *grant,
                                      Error *err);
/* Who wins refreshes alone until then; *is_won_r false: another one does, or has. */
MUST_CHECK bool connection_grant_claim(DbTx *tx, const Scope *scope, const ConnectionGrant *grant,
                                       int64_t now_ms, int64_t until_ms, bool *is_won_r,
                                       Error *err);
