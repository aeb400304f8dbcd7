/* fuzz_websocket.c - frames of a client: the same bytes mean the same in whatever pieces they come;
 * what is handed on keeps what websocket_frame.h says of it. */
#include "base/utf8.h"
#include "net/websocket_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGE_MAX 300

typedef struct Told {
    size_t count;
    uint64_t hash;
} Told;

static int note(void *self, WebSocketOpcode opcode, Str payload)
{
    Told *told = self;
    bool is_control = opcode >= WEBSOCKET_CLOSE;
    if (payload.length > (is_control ? WEBSOCKET_CONTROL_MAX : MESSAGE_MAX) ||
        (opcode == WEBSOCKET_TEXT && !utf8_is_valid(payload)) || opcode == WEBSOCKET_CONTINUATION)
        abort();
    told->count++;
    told->hash = told->hash * 31 + opcode;
    for (size_t i = 0; i < payload.length; i++)
        told->hash = told->hash * 31 + (unsigned char)payload.at[i];
    return opcode == WEBSOCKET_CLOSE ? WEBSOCKET_NORMAL : 0;
}

static int read_in(Str bytes, size_t step, Told *told)
{
    WebSocketReader reader = { .take = note, .self = told, .message_max = MESSAGE_MAX };
    int code = 0;
    for (size_t at = 0; at < bytes.length && !code; at += step)
        code = websocket_read(&reader, str_slice(bytes, at, MIN(at + step, bytes.length)));
    websocket_reader_end(&reader);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    Str bytes = { (const char *)data + 1, size - 1 };
    Told whole = { 0 }, pieces = { 0 };
    int code = read_in(bytes, bytes.length, &whole);
    if (read_in(bytes, 1u + data[0], &pieces) != code || pieces.count != whole.count ||
        pieces.hash != whole.hash)
        abort();
    return 0;
}
