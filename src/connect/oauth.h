/* oauth.h - what a service grants a connection by OAuth 2 (RFC 6749) with PKCE (RFC 7636), for
 * kinds whose line in connectors.def says so.
 *
 *     oauth_begin()  -> an address where a person grants it
 *     oauth_finish() <- the service, with a code for the state that was given to it
 *     oauth_token()  -> a token that is good for a minute at least; refreshed by one at a time
 *
 * A state is good once, for OAUTH_STATE_MINUTES; only its digest is kept. Threads: any. */
#pragma once

#include "connect/connector.h"

#define OAUTH_STATE_MINUTES 15
#define OAUTH_CALLBACK "/v1/connections/authorized"

typedef struct OauthWish {
    Str authorize_url, token_url, client_id, client_secret, scope;
    bool secret_in_header; /* the secret goes as HTTP Basic, not in the form */
} OauthWish;

MUST_CHECK bool oauth_begin(Connect *connect, const Scope *scope, Arena *arena, Str connection,
                            const OauthWish *wish, Str *url_r, Error *err);
/* Of the workspace in `scope`: the caller is one of its administrators. ERROR_DENIED: nobody waits
 * for this state. */
MUST_CHECK bool oauth_finish(Connect *connect, const Scope *scope, Arena *arena, Str state,
                             Str code, Error *err);
/* Empty when nothing was granted; lives in run->kept. ERROR_DENIED: it has to be granted anew. */
MUST_CHECK bool oauth_token(ConnectRun *run, Str *token_r, Error *err);
