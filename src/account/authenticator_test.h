/* authenticator_test.h - for tests: an authenticator of passkeys, with keys that OpenSSL makes,
 * that says whatever it is told to. */
#pragma once

#include "account/public_key.h"

/* What one answer says; all that a browser and an authenticator write themselves. */
typedef struct FakeAnswer {
    const char *type, *origin, *rp_id;
    const char *more;   /* of the client data, as `,"crossOrigin":true`; NULL: nothing */
    const char *format; /* of the attestation */
    Str statement;      /* its CBOR */
    Str challenge;      /* as bytes */
    unsigned flags;
    uint32_t counter;
    Str behind;     /* bytes behind the authenticator's data */
    Str public_key; /* instead of its own; empty: its own */
} FakeAnswer;

typedef struct FakeAuthenticator {
    Arena *arena;
    PublicKey *key; /* with the private one */
    JwtAlgorithm algorithm;
    Str credential;
} FakeAuthenticator;

FakeAuthenticator fake_authenticator(Arena *arena, JwtAlgorithm algorithm, const char *credential);
void fake_authenticator_free(FakeAuthenticator *fake);
Str fake_public_key(const FakeAuthenticator *fake);
Str fake_client_data(const FakeAuthenticator *fake, const FakeAnswer *answer);
Str fake_data(const FakeAuthenticator *fake, const FakeAnswer *answer, Str key);
Str fake_attestation(const FakeAuthenticator *fake, const FakeAnswer *answer);
/* Of what a browser and the authenticator have said. */
Str fake_signature(const FakeAuthenticator *fake, Str client_data, Str data);
