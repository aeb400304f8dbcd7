/* webauthn.h - what an authenticator says (Web Authentication, level 3, sections 7.1 and 7.2): a
 * new credential, and the signature of one that is known.
 *
 * Everything but the challenge is checked here: who made it, that it is used once, and for what, is
 * the caller's (passkeys.c). No statement about the authenticator's make is asked for, and none
 * that comes is believed. Nothing is kept; any thread. Refusals are ERROR_INVALID and say what is
 * wrong. */
#pragma once

#include "base/base.h"

#define WEBAUTHN_CREDENTIAL_BYTES_MAX 1023

/* What an answer is for. */
typedef struct WebauthnRules {
    Str origin, rp_id;   /* as the page's address has them */
    bool needs_verified; /* the authenticator has asked for a PIN, a finger or a face */
} WebauthnRules;

typedef struct WebauthnKey {
    Str id;
    Str public_key;     /* as COSE (RFC 9053): ES256, EdDSA or RS256 */
    int64_t counter;    /* of its signatures; 0: it does not count */
    bool may_be_synced; /* it may be on several devices of its person */
} WebauthnKey;

/* Of "webauthn.create" or "webauthn.get", made by our page and in no frame of another. The
 * challenge as bytes. */
MUST_CHECK bool webauthn_client_data(Arena *arena, Str json, const char *type, Str origin,
                                     Str *challenge_r, Error *err);
/* Texts of the key are parts of `attestation`. */
MUST_CHECK bool webauthn_new_key(const WebauthnRules *rules, Str attestation, WebauthnKey *key_r,
                                 Error *err);
/* Whether it has signed; counter_r is what it has counted to. */
MUST_CHECK bool webauthn_signed(const WebauthnRules *rules, const WebauthnKey *key, Str client_data,
                                Str authenticator_data, Str signature, int64_t *counter_r,
                                Error *err);
