/* certificate.h - a server's certificate and its key: two files in PEM.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

struct ssl_ctx_st;

typedef struct CertificateFacts {
    Str subject;        /* the name people read: its first alternative name, else its common name */
    int64_t from_ms;    /* it is good from then */
    int64_t until_ms;   /* and until then */
    size_t chain_count; /* certificates behind the server's own */
    bool is_chain_whole; /* each is signed by the next, and none is lacking that clients need */
    bool is_self_signed;
} CertificateFacts;

/* PEM: the server's certificate, those between it and its root behind it, and the key, which must
 * belong to it. ERROR_INVALID says which file is wrong and how. The texts live in the arena. */
MUST_CHECK bool certificate_look(Arena *arena, const char *certificate, const char *key,
                                 CertificateFacts *facts_r, Error *err);
/* Whether who asks for this name or numeric address takes the certificate for the server's. */
bool certificate_is_for(Arena *arena, const char *certificate, Str host);
/* The same files for an SSL_CTX that is to serve with them. */
MUST_CHECK bool certificate_use(struct ssl_ctx_st *context, const char *certificate,
                                const char *key, Error *err);
