/* proof.h - texts that this server vouches for: what was erased of somebody, or with a workspace.
 *
 * A proof is a JSON object whose last members are "algorithm", "key_id", "public_key" and
 * "signature": an Ed25519 signature of all before `,"signature":`, with a closing brace. Whoever
 * has the server's public key checks it without the server. Proofs of before have only a
 * "signature", an HMAC that this server alone can check. Keys and signatures are in the base64 of
 * addresses (RFC 4648, section 5), the key's id is its thumbprint (RFC 7638). Any thread. */
#pragma once

#include "store/scope.h"

#define PROOF_BYTES_MAX KB(256) /* what is taken for one */

/* The private key of the whole installation; in transactions of its own. */
MUST_CHECK bool proof_key(Db *db, Arena *arena, Str *key_r, Error *err);
/* `body`: a JSON object with a member at least. */
Str proof_sign(Arena *arena, Str key, Str body);
/* ERROR_DENIED when this server has not signed such a proof, or a letter of it has changed. */
MUST_CHECK bool proof_check(Db *db, Str proof, Error *err);
/* The public key that it says itself has signed it: whether that is the server's, the caller knows.
 * ERROR_DENIED: it has not, ERROR_UNSUPPORTED: one of before. */
MUST_CHECK bool proof_verify(Arena *arena, Str proof, Str *public_key_r, Error *err);
/* The public half of the private key, as proofs have it, and its id. */
Str proof_public_key(Arena *arena, Str key);
Str proof_key_id(Arena *arena, Str public_key);
