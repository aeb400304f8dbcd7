/* tls_server.h - TLS 1.2 and 1.3 for the connections of the HTTP server.
 *
 * The certificate and its key are files, which are read again when they have changed; connections
 * that are open keep what they began with. What is wrong with new files is told in the log, and the
 * old ones serve on.
 *
 * Threads: TlsFiles any; a TlsLink belongs to its connection's thread. */
#pragma once

#include "base/base.h"

typedef struct TlsFiles TlsFiles;

/* PEM: the certificate with those between it and the root behind it, and the key that belongs to
 * it, without a password. */
MUST_CHECK bool tls_files_open(const char *certificate, const char *key, TlsFiles **files_r,
                               Error *err);
/* Reads them again; on failure the old ones stay. */
MUST_CHECK bool tls_files_read(TlsFiles *files, Error *err);
/* The same, if they have changed since; looks at most every few seconds. */
void tls_files_look(TlsFiles *files);
void tls_files_free(TlsFiles *files); /* NULL is fine */

typedef struct TlsLink TlsLink;

typedef enum TlsResult {
    TLS_DONE,
    TLS_WANTS_READ, /* nothing more before the socket has something */
    TLS_WANTS_WRITE,
    TLS_ENDED,      /* the client has said that no more comes */
    TLS_PLAIN_HTTP, /* it speaks, but not TLS */
    TLS_BROKEN,
} TlsResult;

/* On a connected, non-blocking socket, which stays the caller's. */
TlsLink *tls_link_new(TlsFiles *files, int fd);
/* Tells the client of the end, unless it is broken. NULL is fine. */
void tls_link_free(TlsLink *link);
/* Goes on with the handshake; TLS_DONE at once after it. */
TlsResult tls_link_greet(TlsLink *link);
TlsResult tls_link_read(TlsLink *link, char *bytes, size_t size, size_t *got_r);
/* Takes some of the parts and moves them on; what it has taken it keeps until it is sent.
 * TLS_DONE: all of them are sent. */
TlsResult tls_link_write(TlsLink *link, Str *parts, size_t count);
