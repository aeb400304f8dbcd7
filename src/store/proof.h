/* proof.h - texts that this server vouches for: what was erased of somebody, or with a workspace. A
 * proof is a JSON object whose last member, "signature", is an HMAC of all before it. Any thread.
 */
#pragma once

#include "store/scope.h"

/* Of the whole installation; in transactions of its own. */
MUST_CHECK bool proof_key(Db *db, Arena *arena, Str *key_r, Error *err);
/* `body`: a JSON object with a member at least. */
Str proof_sign(Arena *arena, Str key, Str body);
/* ERROR_DENIED when this server has not signed such a proof, or a letter of it has changed. */
MUST_CHECK bool proof_check(Db *db, Str proof, Error *err);
