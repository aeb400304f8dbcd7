/* http_listen.h - the server's sockets: listening, accepting, counting addresses, lingering.
 * Not for other folders. */
#pragma once

#include "net/http_private.h"

/* A connection on its way to its loop. */
typedef struct LinkOffer {
    HttpLink *link;
    struct sockaddr_storage address;
    socklen_t address_size;
} LinkOffer;

/* Take an offered connection; on its loop's thread. */
void loop_add(void *offer);

MUST_CHECK bool listeners_open(HttpServer *server, Error *err);
void listeners_close(HttpServer *server);

void addresses_open(HttpServer *server);
void addresses_close(HttpServer *server);
/* One more connection of this address; false when it has too many. Any thread. */
bool address_came(HttpServer *server, uint64_t key);
void address_left(HttpServer *server, uint64_t key);

/* Read and forget what a client still sends after it was refused, for a short time, so that it
 * gets to read the refusal: closing at once would make the kernel throw the answer away. */
void linger(HttpLoop *loop, int fd);
void lingers_end(HttpLoop *loop);
