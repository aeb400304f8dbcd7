/* issuer.h - who signs the tokens that are taken here, and the keys they are checked with.
 *
 * Keys come from an address (JWKS) or a file. They are asked for anew when they are ten minutes
 * old, and when a token names one that is not there, at most once a minute. While nobody answers
 * the old ones hold for a day. Every node keeps its own. Any thread; may block for five seconds. */
#pragma once

#include "account/jwt.h"
#include "net/proxy.h"

typedef struct Issuer Issuer;

typedef struct IssuerOptions {
    Str keys;           /* https://... or a file: a JWKS or a public key in PEM; may be empty */
    Str secret_file;    /* of HS256, may be empty */
    const Proxy *proxy; /* borrowed; may be NULL */
} IssuerOptions;

/* Reads what lies in files, so that a wrong name is known at the start. */
MUST_CHECK bool issuer_open(const IssuerOptions *options, Issuer **issuer_r, Error *err);
/* Whether an issuer's address is safe to ask, as HttpCall.pinned_address wants it. */
MUST_CHECK bool issuer_check_address(Arena *arena, Str url, Str *address_r, Error *err);
void issuer_close(Issuer *issuer); /* NULL is fine */
/* Whether one of its keys has signed the token. ERROR_UPSTREAM: there are no keys at present. */
MUST_CHECK bool issuer_signed(Issuer *issuer, const Jwt *jwt, Error *err);
