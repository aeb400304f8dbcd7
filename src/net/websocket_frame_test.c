#include "net/websocket_frame.h"

#include <criterion/criterion.h>

static Arena *arena;
static char told[4096]; /* "TEXT hello;PING x;" */

static int take(void *self, WebSocketOpcode opcode, Str payload)
{
    static const char *const names[] = {
        [WEBSOCKET_TEXT] = "TEXT", [WEBSOCKET_BINARY] = "BINARY", [WEBSOCKET_CLOSE] = "CLOSE",
        [WEBSOCKET_PING] = "PING", [WEBSOCKET_PONG] = "PONG",
    };
    size_t used = strlen(told);
    (void)self;
    snprintf(told + used, sizeof told - used, "%s %zu " STR_FMT ";", names[opcode], payload.length,
             STR_ARG(str_slice(payload, 0, MIN(payload.length, (size_t)20))));
    return opcode == WEBSOCKET_CLOSE ? WEBSOCKET_NORMAL : 0;
}

static void setup(void) { arena = arena_new(MB(16)); }
static void teardown(void) { arena_free(arena); }
TestSuite(websocket_frame, .init = setup, .fini = teardown);

/* As a client sends it. */
static Str frame(int first, Str payload)
{
    static const char mask[] = { 0x37, (char)0xfa, 0x21, 0x3d };
    Buf out = buf_new(arena, payload.length + 20);
    websocket_write(&out, (WebSocketOpcode)(first & 0xF), payload);
    Buf masked = buf_new(arena, payload.length + 20);
    size_t head = out.length - payload.length;
    buf_add_char(&masked, (char)first);
    buf_add_char(&masked, (char)(out.at[1] | 0x80));
    buf_add_bytes(&masked, out.at + 2, head - 2);
    buf_add_bytes(&masked, mask, 4);
    for (size_t i = 0; i < payload.length; i++)
        buf_add_char(&masked, (char)(payload.at[i] ^ mask[i % 4]));
    return buf_str(&masked);
}

static Str bytes_of(Str a, Str b, Str c)
{
    Buf out = buf_new(arena, MB(1));
    buf_add(&out, a);
    buf_add(&out, b);
    buf_add(&out, c);
    return buf_str(&out);
}

/* What was made of it, in pieces of so many bytes. */
static int read_in(Str bytes, size_t step)
{
    WebSocketReader reader = { .take = take, .message_max = 1000 };
    int code = 0;
    told[0] = '\0';
    for (size_t at = 0; at < bytes.length && !code; at += step)
        code = websocket_read(&reader, str_slice(bytes, at, MIN(at + step, bytes.length)));
    websocket_reader_end(&reader);
    return code;
}

static void expect(const char *name, Str bytes, int code, const char *wanted)
{
    for (size_t step = 1; step <= bytes.length; step = step == 1 ? 3 : step * 7) {
        int had = read_in(bytes, step);
        cr_expect_eq(had, code, "%s in pieces of %zu: %d", name, step, had);
        cr_expect_str_eq(told, wanted, "%s in pieces of %zu: %s", name, step, told);
    }
}

Test(websocket_frame, messages_come_whole_however_they_are_sent)
{
    Str long_text = str_format(arena, "%0500d", 7);
    expect("the example of RFC 6455", S("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), 0,
           "TEXT 5 Hello;");
    expect("empty", frame(0x81, S("")), 0, "TEXT 0 ;");
    expect("125 bytes", frame(0x82, str_slice(long_text, 0, 125)), 0,
           "BINARY 125 00000000000000000000;");
    expect("500 bytes", frame(0x81, long_text), 0, "TEXT 500 00000000000000000000;");
    expect("three frames",
           bytes_of(frame(0x01, S("a\xC3")), frame(0x00, S("\xA9")), frame(0x80, S("b"))), 0,
           "TEXT 4 a\xC3\xA9"
           "b;");
    expect("a PING between two frames",
           bytes_of(frame(0x01, S("a")), frame(0x89, S("p")), frame(0x80, S("b"))), 0,
           "PING 1 p;TEXT 2 ab;");
    expect("two messages", bytes_of(frame(0x81, S("a")), frame(0x81, S("b")), S("")), 0,
           "TEXT 1 a;TEXT 1 b;");
    expect("nothing behind CLOSE", bytes_of(frame(0x88, S("\x03\xe8")), frame(0x81, S("b")), S("")),
           WEBSOCKET_NORMAL, "CLOSE 2 \x03\xe8;");
    expect("a CLOSE that says why",
           frame(0x88, S("\x0f\xa0"
                         "bye")),
           WEBSOCKET_NORMAL,
           "CLOSE 5 \x0f\xa0"
           "bye;");
}

Test(websocket_frame, what_the_protocol_forbids_ends_the_connection)
{
    Str long_text = str_format(arena, "%0900d", 7);
    const struct {
        const char *name;
        Str bytes;
        int code;
    } cases[] = {
        { "not masked", S("\x81\x05Hello"), WEBSOCKET_PROTOCOL },
        { "reserved bit 1", frame(0xC1, S("a")), WEBSOCKET_PROTOCOL },
        { "reserved bit 2", frame(0xA1, S("a")), WEBSOCKET_PROTOCOL },
        { "reserved bit 3", frame(0x91, S("a")), WEBSOCKET_PROTOCOL },
        { "opcode 3", frame(0x83, S("a")), WEBSOCKET_PROTOCOL },
        { "opcode 7", frame(0x87, S("a")), WEBSOCKET_PROTOCOL },
        { "opcode 11", frame(0x8B, S("a")), WEBSOCKET_PROTOCOL },
        { "opcode 15", frame(0x8F, S("a")), WEBSOCKET_PROTOCOL },
        { "a PING in pieces", frame(0x09, S("a")), WEBSOCKET_PROTOCOL },
        { "a PING of 126 bytes", frame(0x89, str_slice(long_text, 0, 126)), WEBSOCKET_PROTOCOL },
        { "goes on with nothing", frame(0x80, S("a")), WEBSOCKET_PROTOCOL },
        { "begins twice", bytes_of(frame(0x01, S("a")), frame(0x81, S("b")), S("")),
          WEBSOCKET_PROTOCOL },
        { "a length that is longer than it needs to be", S("\x81\xFE\x00\x05\x01\x02\x03\x04"),
          WEBSOCKET_PROTOCOL },
        { "the same in eight bytes", S("\x81\xFF\x00\x00\x00\x00\x00\x00\x00\x05\x01\x02\x03\x04"),
          WEBSOCKET_PROTOCOL },
        { "a negative length", S("\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\x03\x04"),
          WEBSOCKET_PROTOCOL },
        { "too large", S("\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\x03\x04"),
          WEBSOCKET_TOO_LARGE },
        { "1,001 bytes", S("\x81\xFE\x03\xE9\x01\x02\x03\x04"), WEBSOCKET_TOO_LARGE },
        { "too large in two frames",
          bytes_of(frame(0x01, long_text), frame(0x80, str_slice(long_text, 0, 101)), S("")),
          WEBSOCKET_TOO_LARGE },
        { "no UTF-8", frame(0x81, S("a\xFF")), WEBSOCKET_BAD_TEXT },
        { "a surrogate", frame(0x81, S("\xED\xA0\x80")), WEBSOCKET_BAD_TEXT },
        { "half a character", frame(0x81, S("a\xC3")), WEBSOCKET_BAD_TEXT },
        { "a CLOSE of one byte", frame(0x88, S("\x03")), WEBSOCKET_PROTOCOL },
        { "a CLOSE of 999", frame(0x88, S("\x03\xE7")), WEBSOCKET_PROTOCOL },
        { "a CLOSE of 1005", frame(0x88, S("\x03\xED")), WEBSOCKET_PROTOCOL },
        { "a CLOSE of 1006", frame(0x88, S("\x03\xEE")), WEBSOCKET_PROTOCOL },
        { "a CLOSE of 2999", frame(0x88, S("\x0B\xB7")), WEBSOCKET_PROTOCOL },
        { "a CLOSE of 5000", frame(0x88, S("\x13\x88")), WEBSOCKET_PROTOCOL },
        { "a CLOSE whose reason is no text", frame(0x88, S("\x03\xE8\xFF")), WEBSOCKET_BAD_TEXT },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect(cases[i].name, cases[i].bytes, cases[i].code, "");
}

Test(websocket_frame, memory_of_a_large_message_goes_with_it)
{
    WebSocketReader reader = { .take = take, .message_max = KB(64) };
    Str large = frame(0x81, str_format(arena, "%060000d", 7));
    cr_expect_eq(websocket_read(&reader, large), 0);
    cr_expect_eq(reader.message_capacity, 0);
    websocket_reader_end(&reader);
}

Test(websocket_frame, frames_are_written_in_their_shortest_form)
{
    const struct {
        size_t size;
        Str head;
    } cases[] = {
        { 0, S("\x81\x00") },
        { 125, S("\x81\x7D") },
        { 126, S("\x81\x7E\x00\x7E") },
        { 65535, S("\x81\x7E\xFF\xFF") },
        { 65536, S("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00") },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Buf payload = buf_new(arena, MB(1)), out = buf_new(arena, MB(1));
        for (size_t n = 0; n < cases[i].size; n++)
            buf_add_char(&payload, 'x');
        websocket_write(&out, WEBSOCKET_TEXT, buf_str(&payload));
        cr_expect_eq(out.length, cases[i].head.length + cases[i].size);
        cr_expect(str_starts(buf_str(&out), cases[i].head), "%zu", cases[i].size);
    }
}

Test(websocket_frame, a_reason_is_cut_between_characters)
{
    Buf out = buf_new(arena, KB(4));
    websocket_write_close(&out, WEBSOCKET_POLICY, str_format(arena, "%0122dé", 7));
    cr_expect_eq(out.length, 2 + 2 + 122);
    cr_expect(str_starts(buf_str(&out), S("\x88\x7C\x03\xF0"
                                          "0000")));
}
