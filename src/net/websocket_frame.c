/* websocket_frame.c - see websocket_frame.h. */
#include "net/websocket_frame.h"

#include "base/utf8.h"

#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0F
#define MASK 0x80
#define LENGTH 0x7F
#define MASK_SIZE 4
#define KEPT KB(1) /* of the memory for messages, between two */

/* --- The head of a frame --- */

static bool is_control(int opcode) { return opcode >= WEBSOCKET_CLOSE; }

static size_t length_size(const WebSocketReader *reader)
{
    int length = reader->head[1] & LENGTH;
    return length == 126 ? 2 : length == 127 ? 8 : 0;
}

static size_t head_size(const WebSocketReader *reader)
{
    return reader->head_length < 2 ? 2 : 2 + length_size(reader) + MASK_SIZE;
}

static uint64_t read_length(const WebSocketReader *reader)
{
    size_t size = length_size(reader);
    uint64_t length = size ? 0 : reader->head[1] & LENGTH;
    for (size_t i = 0; i < size; i++)
        length = length << 8 | reader->head[2 + i];
    return length;
}

/* What its first two bytes allow: before the rest is waited for. */
static int check_start(const WebSocketReader *reader)
{
    int opcode = reader->head[0] & OPCODE;
    bool is_whole = reader->head[0] & FIN;
    bool is_known = opcode <= WEBSOCKET_BINARY || (is_control(opcode) && opcode <= WEBSOCKET_PONG);
    if (reader->head[0] & RESERVED || !is_known || !(reader->head[1] & MASK))
        return WEBSOCKET_PROTOCOL;
    if (is_control(opcode))
        return !is_whole || (reader->head[1] & LENGTH) > WEBSOCKET_CONTROL_MAX ? WEBSOCKET_PROTOCOL
                                                                               : 0;
    return (opcode == WEBSOCKET_CONTINUATION) != reader->has_message ? WEBSOCKET_PROTOCOL : 0;
}

/* Lengths have one form alone, the shortest (section 5.2). */
static int check_length(const WebSocketReader *reader, uint64_t length)
{
    size_t size = length_size(reader);
    if ((size == 2 && length < 126) || (size == 8 && (length <= UINT16_MAX || length >> 63)))
        return WEBSOCKET_PROTOCOL;
    bool fits = is_control(reader->head[0] & OPCODE) ||
                length <= reader->message_max - reader->message_length;
    return fits ? 0 : WEBSOCKET_TOO_LARGE;
}

static int begin_payload(WebSocketReader *reader)
{
    int opcode = reader->head[0] & OPCODE;
    uint64_t length = read_length(reader);
    int code = check_length(reader, length);
    if (code)
        return code;
    reader->is_in_payload = true;
    reader->left = length;
    reader->at = 0;
    reader->control_length = 0;
    if (opcode == WEBSOCKET_TEXT || opcode == WEBSOCKET_BINARY) {
        reader->has_message = true;
        reader->message_opcode = (WebSocketOpcode)opcode;
    }
    return 0;
}

/* --- Its payload --- */

static char *place_for(WebSocketReader *reader, size_t count)
{
    if (is_control(reader->head[0] & OPCODE)) {
        char *at = reader->control + reader->control_length;
        reader->control_length = (uint8_t)(reader->control_length + count);
        return at;
    }
    if (reader->message_length + count > reader->message_capacity) {
        reader->message_capacity =
            MAX(reader->message_capacity * 2, reader->message_length + count);
        reader->message = heap_grow(reader->message, reader->message_capacity);
    }
    char *at = reader->message + reader->message_length;
    reader->message_length += count;
    return at;
}

static void unmask(WebSocketReader *reader, Str bytes)
{
    const unsigned char *mask = reader->head + head_size(reader) - MASK_SIZE;
    char *out = place_for(reader, bytes.length);
    for (size_t i = 0; i < bytes.length; i++)
        out[i] = (char)((unsigned char)bytes.at[i] ^ mask[(reader->at + i) % MASK_SIZE]);
    reader->at += bytes.length;
    reader->left -= bytes.length;
}

/* Codes that say something to the other side (section 7.4); 1005, 1006 and 1015 are never sent. */
static bool is_sendable(int code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

static int check_close(Str payload)
{
    if (!payload.length)
        return 0;
    if (payload.length == 1 ||
        !is_sendable((unsigned char)payload.at[0] << 8 | (unsigned char)payload.at[1]))
        return WEBSOCKET_PROTOCOL;
    return utf8_is_valid(str_from(payload, 2)) ? 0 : WEBSOCKET_BAD_TEXT;
}

static int end_control(WebSocketReader *reader, WebSocketOpcode opcode)
{
    Str payload = { reader->control, reader->control_length };
    int code = opcode == WEBSOCKET_CLOSE ? check_close(payload) : 0;
    return code ? code : reader->take(reader->self, opcode, payload);
}

static int end_message(WebSocketReader *reader)
{
    Str text = { reader->message ? reader->message : "", reader->message_length };
    bool is_good = reader->message_opcode != WEBSOCKET_TEXT || utf8_is_valid(text);
    int code =
        is_good ? reader->take(reader->self, reader->message_opcode, text) : WEBSOCKET_BAD_TEXT;
    reader->has_message = false;
    reader->message_length = 0;
    if (reader->message_capacity > KEPT)
        websocket_reader_end(reader);
    return code;
}

static int end_frame(WebSocketReader *reader)
{
    int opcode = reader->head[0] & OPCODE;
    bool is_whole = reader->head[0] & FIN;
    reader->is_in_payload = false;
    reader->head_length = 0;
    if (is_control(opcode))
        return end_control(reader, (WebSocketOpcode)opcode);
    return is_whole ? end_message(reader) : 0;
}

/* --- Reading --- */

static int read_head(WebSocketReader *reader, char byte)
{
    reader->head[reader->head_length++] = (unsigned char)byte;
    int code = reader->head_length == 2 ? check_start(reader) : 0;
    if (code || reader->head_length < head_size(reader))
        return code;
    return begin_payload(reader);
}

int websocket_read(WebSocketReader *reader, Str bytes)
{
    int code = 0;
    while (!code && bytes.length) {
        size_t count = 1;
        if (!reader->is_in_payload) {
            code = read_head(reader, bytes.at[0]);
        } else {
            count = (size_t)MIN(reader->left, (uint64_t)bytes.length);
            unmask(reader, str_slice(bytes, 0, count));
        }
        bytes = str_from(bytes, count);
        if (!code && reader->is_in_payload && !reader->left)
            code = end_frame(reader);
    }
    return code;
}

void websocket_reader_end(WebSocketReader *reader)
{
    free(reader->message);
    reader->message = NULL;
    reader->message_length = reader->message_capacity = 0;
}

/* --- Writing --- */

void websocket_write(Buf *out, WebSocketOpcode opcode, Str payload)
{
    size_t size = payload.length < 126 ? 0 : payload.length <= UINT16_MAX ? 2 : 8;
    buf_add_char(out, (char)(FIN | opcode));
    buf_add_char(out, (char)(size == 0 ? payload.length : size == 2 ? 126 : 127));
    for (size_t i = size; i > 0; i--)
        buf_add_char(out, (char)(payload.length >> (8 * (i - 1)) & 0xFF));
    buf_add(out, payload);
}

void websocket_write_close(Buf *out, int code, Str reason)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    Buf payload = buf_new(arena, KB(1));
    buf_add_char(&payload, (char)(code >> 8));
    buf_add_char(&payload, (char)(code & 0xFF));
    buf_add(&payload, str_slice(reason, 0, utf8_floor(reason, MIN(reason.length, (size_t)123))));
    websocket_write(out, WEBSOCKET_CLOSE, buf_str(&payload));
}
