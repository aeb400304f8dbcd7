/* scripted_server_test.h - for tests: a server that does to its clients what it is told, on a
 * thread of its own, plain or with TLS.
 *
 * A script is a row of letters, done one after the other over one connection at a time:
 *     a  accept the next connection      t  begin TLS on it
 *     w  wait 100 ms                     c  close it
 *     h  read the head of a request
 *     r  read a request whole            x  reset it
 *     s  send the next text              e  send back the body that was read last
 *     l  read a line
 *     b  send 10 MB in one chunk each KB (after a head that says so) */
#pragma once

#include <pthread.h>

#include "base/base.h"

typedef struct ScriptedServer {
    int listener, port;
    const char *script;
    const char *const *texts;
    void *tls; /* SSL_CTX */
    pthread_t thread;
    size_t accepted;      /* connections; read it after the end */
    bool ignores_tls_end; /* closes without the notice that TLS wants */
    char head[KB(4)];     /* the first that was read */
    char *body;
    size_t body_size;
} ScriptedServer;

/* Listen on a port of 127.0.0.1; `backlog` as for listen(). */
int scripted_listen(int backlog, int *port_r);
/* Start; script, texts and tls are set by the caller. */
void scripted_start(ScriptedServer *server);
/* Wait for the script's end. */
void scripted_end(ScriptedServer *server);
