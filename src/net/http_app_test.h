/* http_app_test.h - for tests of the server: a little application that shows what it got, on a
 * server that each test of the suite net_server has for itself, and a client that sends exactly the
 * bytes it is told. */
#pragma once

#include <criterion/criterion.h>

#include <stdatomic.h>

#include "base/clock.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "net/websocket.h"

typedef struct HttpApp {
    Arena *arena;
    HttpServer *server;
    char folder[64]; /* of uploads */
    atomic_int finished_count, gone_count, handled_count;
    atomic_bool may_end;             /* what asked for /held */
    HttpStream *_Atomic kept_stream; /* of /events or /flood */
    WebSocket *_Atomic kept_socket;  /* of /socket, which sends back each text */
    int64_t beat_ms;                 /* of it; 0: seldom */
    bool has_foreign_bytes;          /* the loop's thread used the memory of /stream */
    atomic_size_t used_with_head;
} HttpApp;

extern HttpApp http_app;
extern const HttpDispatch http_app_dispatch;

/* What stands at a place of /large and /large-file: a pattern that no shift of it fits. */
char http_app_large_byte(size_t at);

#define WAIT_MS 20000 /* on a machine with much else to do */

/* Until it is so, or much longer than it should take. */
#define WAIT_UNTIL(condition)                                                                      \
    for (int64_t end = monotonic_ms() + WAIT_MS; !(condition) && monotonic_ms() < end;)            \
    sleep_ms(5)

#define CLOSE "Host: x\r\nConnection: close\r\n"
#define HAS(answer, part) (str_find((answer), S(part)) >= 0)

/* A connection to the server; close it. */
int client_dial(void);
/* Send all, or as much as the server takes. */
void client_say(int fd, Str bytes);
/* What comes until the end, or until nothing came for `wait_ms`; of the application's arena. */
Str client_read_some(int fd, int wait_ms);
/* The same, until it has this part. */
Str client_read_until(int fd, const char *part);
/* All that comes for a request on a connection of its own. */
Str client_ask(Str request);
