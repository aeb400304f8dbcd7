/* webauthn_key.h - public keys as authenticators write them (COSE, RFC 9052 and 9053). Any thread.
 */
#pragma once

#include "account/public_key.h"

/* Takes a key off the rest. The caller frees it with EVP_PKEY_free(). ERROR_INVALID: not a key of
 * webauthn_algorithms.def. */
MUST_CHECK bool webauthn_key_read(Str *rest, PublicKey **key_r, JwtAlgorithm *algorithm_r,
                                  Error *err);
