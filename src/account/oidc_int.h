/* oidc_int.h - what the files of signing in by another service share. */
#pragma once

#include <pthread.h>

#include "account/account_int.h"
#include "account/oidc.h"
#include "net/http_client.h"

#define OIDC_PROVIDERS_MAX 16
#define OIDC_ANSWER_MAX KB(256)

/* What a provider says of itself. */
typedef struct OidcMetadata {
    Str authorization_endpoint, token_endpoint, userinfo_endpoint, end_session_endpoint;
    bool says_issuer;          /* each of its answers does (RFC 9207) */
    bool wants_secret_in_form; /* rather than in a header */
} OidcMetadata;

typedef struct OidcProvider {
    Str name, title, issuer, client_id, client_secret, scopes;
    Str email_claim, role_claim, workspace;
    bool trusts_emails;
    Role role;          /* of new people */
    StrList new_people; /* domains of addresses, or "*" */
    json_t *roles;      /* an object: a role for each value of the claim; NULL: the roles' names */

    pthread_mutex_t lock; /* of what follows; one asks, others wait for what it gets */
    bool is_known;        /* then the rest stays as it is */
    int64_t tried_ms;
    OidcMetadata metadata;
    Issuer *keys;
    Error why; /* it is not known */
} OidcProvider;

struct Oidc {
    Account *account;
    Arena *arena;
    AccountOidc options;
    HttpClient *http;
    OidcProvider at[OIDC_PROVIDERS_MAX];
    size_t count;
};

/* oidc_file.c: the providers of a file. */
MUST_CHECK bool oidc_read_file(Oidc *oidc, Error *err);

/* oidc_provider.c: what is asked of a provider. */
MUST_CHECK bool oidc_discover(Oidc *oidc, OidcProvider *provider, Error *err);
Str oidc_redirect(const Oidc *oidc, Arena *arena, const OidcProvider *provider);
/* The answer of the token endpoint for a code. */
MUST_CHECK bool oidc_exchange(Oidc *oidc, const OidcProvider *provider, Arena *arena, Str code,
                              Str verifier, json_t **tokens_r, Error *err);
/* Adds to the claims what the UserInfo endpoint says of the same subject. */
MUST_CHECK bool oidc_add_userinfo(Oidc *oidc, const OidcProvider *provider, Arena *arena,
                                  Str access_token, Jwt *jwt, Error *err);

/* oidc_token.c: whether the ID token is for us, for this sign-in and for now (Core, 3.1.3.7). */
MUST_CHECK bool oidc_token_holds(const OidcProvider *provider, Arena *arena, const Jwt *jwt,
                                 int64_t skew_s, Str nonce, Str access_token, Error *err);
/* The role that its claim gives; ROLE_NONE when no claim is looked at. ERROR_DENIED: it gives none.
 */
MUST_CHECK bool oidc_role(const OidcProvider *provider, const Jwt *jwt, Role *role_r, Error *err);
