/* signature.h - how calls between programs are signed: ours, and those of others (schemes.def).
 *
 * What is signed are the bytes of the body as they came, with the time and the id where the scheme
 * has them; signatures are compared in constant time. Any thread. */
#pragma once

#include "net/http.h"

#define SIGNATURE_WINDOW_MS (INT64_C(5) * 60 * 1000) /* how far a call's time may be off */

typedef enum SignatureScheme {
#define SIGNATURE_SCHEME(name, header, time_header, id_header, between, prefix, said, coding,      \
                         title)                                                                    \
    SIGNATURE_##name,
#include "webhook/schemes.def"
#undef SIGNATURE_SCHEME
    SIGNATURE_SCHEME_COUNT
} SignatureScheme;

const char *signature_scheme_name(SignatureScheme scheme);
const char *signature_scheme_title(SignatureScheme scheme);
/* ERROR_INVALID names those there are. */
MUST_CHECK bool signature_scheme_named(Str name, SignatureScheme *scheme_r, Error *err);
/* Whether its calls say when they were signed. */
bool signature_has_time(SignatureScheme scheme);

/* A new secret of the scheme. */
Str signature_new_secret(Arena *arena, SignatureScheme scheme);
/* A secret that another program has given; ERROR_INVALID, field "secret". */
MUST_CHECK bool signature_check_secret(Arena *arena, SignatureScheme scheme, Str secret,
                                       Error *err);

/* "v1,...": webhook-signature of the Standard Webhooks. */
Str signature_standard(Arena *arena, Str secret, Str id, int64_t timestamp_s, Str body);

/* A call that came in. */
typedef struct SignedCall {
    HttpPairs headers;
    Str body;
    Str address; /* the secret part of the path it came to; empty: none */
    int64_t now_ms;
} SignedCall;

/* Whether it was signed with the secret, within the window. *seen_r tells it from every other: a
 * copy of the call has the same; empty: the scheme has nothing to tell them apart. ERROR_DENIED
 * says what is wrong, never what would be right. */
MUST_CHECK bool signature_check(Arena *arena, SignatureScheme scheme, Str secret,
                                const SignedCall *call, Str *seen_r, Error *err);
