/* async_link.h - a connection to another service that never blocks: TCP, with or without TLS.
 *
 * Certificates are always checked, for the name that was asked for. Not for other folders.
 *
 * The program must ignore SIGPIPE, which OpenSSL causes when the other side has closed.
 *
 * Threads: a link belongs to one; a TlsContext may be used from any. */
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/base.h"

typedef struct TlsContext TlsContext;
/* `ca_file`: certificates to trust; NULL: the system's. */
MUST_CHECK bool tls_context_new(const char *ca_file, TlsContext **context_r, Error *err);
void tls_context_free(TlsContext *context); /* NULL is fine */
/* Reads the system's certificates, once for the program: some 15 ms, a third of its start, so it
 * is left until somebody needs them, and done by who looks up the first name, as that may block. */
void tls_load_system(void);

typedef struct AsyncLink {
    int fd;                    /* -1: closed */
    struct LinkTunnel *tunnel; /* being made; heap */
    void *tls;
    bool is_connected; /* TCP, and TLS where it is asked for */
    bool wants_write;  /* to connect or to read, it waits until the socket takes bytes */
} AsyncLink;

/* What an operation came to. */
typedef enum LinkResult { LINK_DONE, LINK_LATER, LINK_CLOSED, LINK_FAILED } LinkResult;

/* Start connecting. `tls` NULL: plain; else `host` is the name in the certificate, with NUL.
 * `tunnel`: what to ask the proxy at this address for first (CONNECT ...), which must live until
 * the link is connected; NULL: nothing. */
MUST_CHECK bool link_open(AsyncLink *link, const struct sockaddr *address, socklen_t size,
                          TlsContext *tls, const char *host, const char *tunnel, Error *err);
/* Nothing has come that was not read, its end neither. */
bool link_is_quiet(const AsyncLink *link);
/* Go on connecting once the socket is ready. */
LinkResult link_connect(AsyncLink *link, Error *err);
/* Read at most `max` bytes: LINK_DONE with *count_r > 0, or LINK_CLOSED at the end. */
LinkResult link_read(AsyncLink *link, char *out, size_t max, size_t *count_r, Error *err);
/* Write some of the parts; LINK_DONE with *count_r > 0. */
LinkResult link_write(AsyncLink *link, const struct iovec *parts, int part_count, size_t *count_r,
                      Error *err);
void link_close(AsyncLink *link);
