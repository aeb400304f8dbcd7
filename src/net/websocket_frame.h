/* websocket_frame.h - the frames of WebSockets (RFC 6455, section 5), as a server reads and writes
 * them. No extensions, so the reserved bits stay empty.
 *
 * Threads: a reader belongs to one. */
#pragma once

#include "base/base.h"

typedef enum WebSocketOpcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
} WebSocketOpcode;

/* Why a connection ends (RFC 6455, section 7.4.1, and IANA's registry). */
#define WEBSOCKET_NORMAL 1000
#define WEBSOCKET_GOING_AWAY 1001
#define WEBSOCKET_PROTOCOL 1002
#define WEBSOCKET_UNSUPPORTED 1003
#define WEBSOCKET_BAD_TEXT 1007
#define WEBSOCKET_POLICY 1008
#define WEBSOCKET_TOO_LARGE 1009
#define WEBSOCKET_TRY_LATER 1013

#define WEBSOCKET_CONTROL_MAX 125 /* bytes of a control frame */

/* One whole message, or a control frame, unmasked; a text is valid UTF-8, and a CLOSE has a code
 * that may be sent and a valid reason, or nothing. It is valid only during the call. 0: go on; else
 * the code to end with. */
typedef int WebSocketTake(void *self, WebSocketOpcode opcode, Str payload);

typedef struct WebSocketReader {
    WebSocketTake *take;
    void *self;
    size_t message_max; /* bytes of a message in all its frames */
    /* The reader's own: */
    unsigned char head[14];
    uint8_t head_length;
    bool is_in_payload;
    bool has_message; /* begun, not ended */
    WebSocketOpcode message_opcode;
    uint64_t left, at; /* of the frame's payload */
    char control[WEBSOCKET_CONTROL_MAX];
    uint8_t control_length;
    char *message; /* heap */
    size_t message_length, message_capacity;
} WebSocketReader;

/* Bytes of the client in any pieces. 0, or the code to end the connection with: then nothing more
 * is to be read. */
MUST_CHECK int websocket_read(WebSocketReader *reader, Str bytes);
void websocket_reader_end(WebSocketReader *reader);

/* One whole frame. */
void websocket_write(Buf *out, WebSocketOpcode opcode, Str payload);
/* A CLOSE with this reason, cut to what fits. */
void websocket_write_close(Buf *out, int code, Str reason);
