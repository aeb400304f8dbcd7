/* http_listen.h - the server's sockets: listening, accepting, counting addresses, lingering.
 * Not for other folders. */
#pragma once

#include "net/http_private.h"

/* Take an accepted HttpLink; on its loop's thread. */
void loop_add(void *link);

MUST_CHECK bool listeners_open(HttpServer *server, Error *err);
/* Begin to accept. */
MUST_CHECK bool listeners_watch(HttpServer *server, Error *err);
void listeners_close(HttpServer *server);

void addresses_open(HttpServer *server);
void addresses_close(HttpServer *server);
/* A connection of this address is over. Any thread. */
void address_left(HttpServer *server, uint64_t key);

/* Read and forget what a client still sends after it was refused, for a short time, and then close,
 * so that it gets to read the refusal: closing at once would make the kernel throw the answer away.
 * False: too many are lingering, and fd is still the caller's. */
MUST_CHECK bool linger(HttpLoop *loop, int fd);
void lingers_end(HttpLoop *loop);
