/* sign_in_states_store.h - the `sign_in_states` table: answers of other services to sign-ins that
 * were used, until they would be too old anyway. Rows hold the SHA-256 of a state. Only a system
 * scope sees them: nobody is known yet. */
#pragma once

#include "store/scope.h"

/* ERROR_CONFLICT: it was used already. */
MUST_CHECK bool sign_in_state_use(DbTx *tx, const Scope *scope, Str id, int64_t expires_at_ms,
                                  Error *err);
