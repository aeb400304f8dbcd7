/* websocket.h - a connection that goes both ways (RFC 6455), without extensions.
 *
 *     handler: websocket_accept(...)           the answer 101 is sent at once
 *     reactor: take_text(argument, text)       each text that comes; may call websocket_send()
 *     any thread: websocket_send(...) ...      false once it has ended
 *     any thread, last: websocket_release(...) gives the handle back; without an end before, ends
 * it
 *
 * It holds no thread. Every heartbeat_ms the client is asked for a sign of life (PING); one that
 * gives none for two and a half of these is cut off. One that sends what is no WebSocket, too large
 * a message or too many, or that takes what it is sent too slowly, is told so by the code of a
 * CLOSE.
 *
 * Threads: websocket_send() and websocket_end() any; websocket_release() not together with another
 * call. */
#pragma once

#include "net/http_stream.h"
#include "net/websocket_frame.h"

typedef struct WebSocket WebSocket;

typedef struct WebSocketOptions {
    size_t message_max;   /* bytes of a message of the client; 0: 4 KiB */
    size_t queue_max;     /* bytes waiting for a slow client; 0: 256 KiB */
    int64_t heartbeat_ms; /* 0: 30,000 */
    int64_t life_ms;      /* then CLOSE 1001, as when the server stops; 0: any */
    int frames_max;       /* of the client in ten seconds; 0: 100 */
    /* From a reactor's thread: they must not block. `on_gone` once, when it has ended from there.
     */
    void (*take_text)(void *argument, WebSocket *socket, Str text);
    void (*on_gone)(void *argument);
    void *argument;
} WebSocketOptions;

/* Whether the client asks for a WebSocket, of the version that we speak. False: *status_r says how
 * to answer, 426 or 400. */
MUST_CHECK bool websocket_is_asked(const HttpRequest *request, int *status_r, Error *err);
/* Once that is so. Headers of `response` are sent now. */
WebSocket *websocket_accept(const HttpRequest *request, HttpResponse *response,
                            const WebSocketOptions *options);
bool websocket_send(WebSocket *socket, Str text);
/* The same for a frame that websocket_write() has made, for many clients. */
bool websocket_send_frame(WebSocket *socket, Str frame);
bool websocket_is_open(WebSocket *socket);
/* CLOSE with this code; the handle stays. */
void websocket_end(WebSocket *socket, int code, Str reason);
/* NULL is fine. */
void websocket_release(WebSocket *socket);
