/* oidc.h - signing in by another service: OpenID Connect Core 1.0, the authorization code flow with
 * PKCE (RFC 7636), for the providers of the setting oidc.
 *
 *     oidc_begin()  -> an address at the provider, and a cookie that binds it to this browser
 *     oidc_finish() <- the browser with the provider's answer; a session begins
 *
 * The cookie is sealed and good for OIDC_MINUTES; its state is used once, whichever node is asked.
 * What a provider says of itself (Discovery 1.0) is asked for when it is first needed, and again at
 * most every ten seconds until it answers. Any thread; both block for up to 15 seconds. */
#pragma once

#include "account/account.h"

#define OIDC_MINUTES 10
#define OIDC_COOKIE "lectern_sign_in"
#define OIDC_PATH "/v1/auth/oidc/"

/* Reads the file, so that what is wrong in it is known at the start. */
MUST_CHECK bool oidc_open(Account *account, const AccountOidc *options, Oidc **oidc_r, Error *err);
void oidc_close(Oidc *oidc); /* NULL is fine */

typedef struct OidcWay {
    Str name, title; /* of the address, and for people */
} OidcWay;
/* All that are in the file, in its order. */
size_t account_oidc_ways(const Account *account, Arena *arena, OidcWay **ways_r);

typedef struct OidcBegun {
    Str url, cookie;
} OidcBegun;
/* `return_to`: where on the page they want to be afterwards; what is no place on it is "/". */
MUST_CHECK bool account_oidc_begin(Account *account, Arena *arena, Str provider, Str return_to,
                                   OidcBegun *begun_r, Error *err);

typedef struct OidcAnswer {
    Str provider, cookie;
    Str state, code, issuer, error; /* as the browser brings them; each may be empty */
    const SignIn *who;              /* its address and program */
} OidcAnswer;
typedef struct OidcEntry {
    Str token, return_to;
    Visitor visitor;
} OidcEntry;
/* ERROR_DENIED: not begun here, used already, not wanted by the provider, or nobody here;
 * ERROR_NO_LOGIN: the provider's token is not good; ERROR_UPSTREAM: it does not answer;
 * ERROR_LIMITED: too many have failed. */
MUST_CHECK bool account_oidc_finish(Account *account, Arena *arena, const OidcAnswer *answer,
                                    OidcEntry *entry_r, Error *err);
/* Where to go to be signed out at the provider too (OpenID Connect RP-Initiated Logout 1.0); empty
 * when there is no such place. */
Str account_oidc_leave(Account *account, Arena *arena, Str provider);
