/* websocket.c - see websocket.h: the handshake, and what frames bring about. */
#include "net/websocket.h"

#include <openssl/evp.h>

#include "base/base64.h"
#include "base/clock.h"
#include "net/http_private.h"

#define WINDOW_MS 10000 /* in which frames are counted */

/* CLOSE frames that are said by whoever holds the queue. */
static const char close_slow[] = "\x88\x0a\x03\xf5too slow";
static const char close_leaving[] = "\x88\x10\x03\xe9"
                                    "come back soon";

struct WebSocket {
    HttpStream *stream;
    WebSocketOptions options;
    WebSocketReader reader; /* of the loop's thread, as what follows */
    int64_t heard_ms, window_ms;
    int frame_count;
};

/* --- The handshake (RFC 6455, section 4.2) --- */

static bool lists(Str header, Str wanted)
{
    Str piece;
    while (header.length && str_next(&header, ',', &piece))
        if (str_equal_ignore_case(str_trim(piece), wanted))
            return true;
    return false;
}

bool websocket_is_asked(const HttpRequest *request, int *status_r, Error *err)
{
    Str key;
    *status_r = 426;
    if (!str_is(request->method, "GET") ||
        !lists(http_header_in(request, "Upgrade"), S("websocket")) ||
        !lists(http_header_in(request, "Connection"), S("upgrade")))
        return fail(err, ERROR_INVALID,
                    "here a WebSocket begins: send Upgrade: websocket, or listen to /v1/events");
    if (!str_is(http_header_in(request, "Sec-WebSocket-Version"), "13"))
        return fail(err, ERROR_INVALID, "the version of WebSockets that is spoken here is 13");
    *status_r = 400;
    return (base64_decode(request->arena, http_header_in(request, "Sec-WebSocket-Key"), &key) &&
            key.length == 16) ||
           fail(err, ERROR_INVALID, "Sec-WebSocket-Key must be 16 bytes in base64");
}

static Str accept_of(const HttpRequest *request)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    Str text = str_format(request->arena, STR_FMT "258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
                          STR_ARG(str_trim(http_header_in(request, "Sec-WebSocket-Key"))));
    if (!EVP_Digest(text.at, text.length, digest, &size, EVP_sha1(), NULL))
        return S("");
    return base64_encode(request->arena, (Str){ (char *)digest, size });
}

/* --- What comes --- */

static void send_frame(WebSocket *socket, WebSocketOpcode opcode, Str payload)
{
    AUTO_ARENA Arena *arena = arena_new(payload.length * 4 + KB(16));
    Buf frame = buf_new(arena, payload.length + 16);
    websocket_write(&frame, opcode, payload);
    (void)http_stream_write(socket->stream, buf_str(&frame));
}

static void tell_gone(WebSocket *socket)
{
    if (socket->options.on_gone)
        socket->options.on_gone(socket->options.argument);
}

static bool is_too_often(WebSocket *socket)
{
    int64_t now = monotonic_ms();
    if (now - socket->window_ms >= WINDOW_MS) {
        socket->window_ms = now;
        socket->frame_count = 0;
    }
    return ++socket->frame_count > socket->options.frames_max;
}

/* Its own code is sent back (section 5.5.1). */
static int close_code(Str payload)
{
    return payload.length < 2 ? WEBSOCKET_NORMAL
                              : (unsigned char)payload.at[0] << 8 | (unsigned char)payload.at[1];
}

static int take(void *self, WebSocketOpcode opcode, Str payload)
{
    WebSocket *socket = self;
    if (opcode != WEBSOCKET_CLOSE && is_too_often(socket))
        return WEBSOCKET_POLICY;
    switch (opcode) {
    case WEBSOCKET_CLOSE: return close_code(payload);
    case WEBSOCKET_PING: send_frame(socket, WEBSOCKET_PONG, payload); return 0;
    case WEBSOCKET_TEXT:
        if (socket->options.take_text)
            socket->options.take_text(socket->options.argument, socket, payload);
        return 0;
    case WEBSOCKET_BINARY: return WEBSOCKET_UNSUPPORTED;
    default: return 0; /* a PONG; its bytes were a sign of life already */
    }
}

static Str reason_of(int code)
{
    return code == WEBSOCKET_UNSUPPORTED ? S("texts alone are taken")
           : code == WEBSOCKET_TOO_LARGE ? S("the message is too large")
           : code == WEBSOCKET_POLICY    ? S("too many messages")
           : code == WEBSOCKET_BAD_TEXT  ? S("a text is not valid UTF-8")
           : code == WEBSOCKET_PROTOCOL  ? S("this is no frame of a WebSocket")
                                         : S("");
}

static void on_bytes(void *argument, Str bytes)
{
    WebSocket *socket = argument;
    if (!http_stream_is_open(socket->stream))
        return;
    socket->heard_ms = monotonic_ms();
    int code = websocket_read(&socket->reader, bytes);
    if (!code)
        return;
    websocket_end(socket, code, reason_of(code));
    tell_gone(socket);
}

static void on_beat(void *argument)
{
    WebSocket *socket = argument;
    if (monotonic_ms() - socket->heard_ms <= socket->options.heartbeat_ms * 5 / 2) {
        send_frame(socket, WEBSOCKET_PING, S(""));
        return;
    }
    http_stream_cut(socket->stream);
    tell_gone(socket);
}

static void on_gone(void *argument) { tell_gone(argument); }

static void on_end(void *argument)
{
    WebSocket *socket = argument;
    websocket_reader_end(&socket->reader);
    free(socket);
}

/* --- For its owner --- */

WebSocket *websocket_accept(const HttpRequest *request, HttpResponse *response,
                            const WebSocketOptions *options)
{
    WebSocket *socket = heap_alloc(sizeof *socket);
    int64_t now = monotonic_ms();
    *socket = (WebSocket){ .options = *options, .heard_ms = now, .window_ms = now };
    if (!socket->options.heartbeat_ms)
        socket->options.heartbeat_ms = 30000;
    if (!socket->options.frames_max)
        socket->options.frames_max = 100;
    socket->reader =
        (WebSocketReader){ .take = take,
                           .self = socket,
                           .message_max = options->message_max ? options->message_max : KB(4) };
    http_header(response, "Upgrade", S("websocket"));
    http_header(response, "Sec-WebSocket-Accept", accept_of(request));
    HttpStreamOptions stream = { .queue_max = options->queue_max,
                                 .heartbeat_ms = socket->options.heartbeat_ms,
                                 .is_endless = true,
                                 .life_ms = options->life_ms,
                                 .on_bytes = on_bytes,
                                 .on_beat = on_beat,
                                 .on_gone = on_gone,
                                 .on_end = on_end,
                                 .argument = socket,
                                 .handle = &socket->stream,
                                 .last_when_slow = { close_slow, sizeof close_slow - 1 },
                                 .last_when_leaving = { close_leaving, sizeof close_leaving - 1 } };
    (void)http_respond_stream(response, &stream);
    return socket;
}

bool websocket_send_frame(WebSocket *socket, Str frame)
{
    return http_stream_write(socket->stream, frame);
}

bool websocket_send(WebSocket *socket, Str text)
{
    send_frame(socket, WEBSOCKET_TEXT, text);
    return http_stream_is_open(socket->stream);
}

bool websocket_is_open(WebSocket *socket) { return http_stream_is_open(socket->stream); }

void websocket_end(WebSocket *socket, int code, Str reason)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    Buf frame = buf_new(arena, KB(1));
    websocket_write_close(&frame, code, reason);
    http_stream_finish(socket->stream, buf_str(&frame));
}

void websocket_release(WebSocket *socket)
{
    if (!socket)
        return;
    websocket_end(socket, WEBSOCKET_NORMAL, S(""));
    http_stream_close(socket->stream);
}
