#include "net/http_app_test.h"

#include <sys/socket.h>
#include <unistd.h>

#define HANDSHAKE                                                                                  \
    "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"             \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
/* Masked with zeros, so that the payload can be read here. */
#define FRAME(head, payload) head "\0\0\0\0" payload
#define PING_FRAME FRAME("\x89\x81", "p")

/* What comes for it, until the end or for so long. */
static Str say(Str bytes, int wait_ms)
{
    AUTO_CLOSE int fd = client_dial();
    client_say(fd, bytes);
    Str answer = client_read_some(fd, wait_ms);
    close(fd);
    fd = -1;
    WAIT_UNTIL(http_app.kept_socket && !websocket_is_open(http_app.kept_socket));
    websocket_release(http_app.kept_socket);
    http_app.kept_socket = NULL;
    return answer;
}

Test(net_server, a_connection_becomes_a_websocket_and_speaks_both_ways)
{
    Str answer = say(
        S(HANDSHAKE FRAME("\x81\x85", "hello") PING_FRAME FRAME("\x88\x82", "\x0f\xa0")), WAIT_MS);
    cr_expect(str_starts(answer, S("HTTP/1.1 101 Switching Protocols\r\n")), STR_FMT,
              STR_ARG(answer));
    cr_expect(HAS(answer, "Connection: Upgrade\r\n") && HAS(answer, "Upgrade: websocket\r\n") &&
              HAS(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    cr_expect(!HAS(answer, "chunked") && !HAS(answer, "Content-Length"), STR_FMT, STR_ARG(answer));
    cr_expect(str_ends(answer, S("\r\n\r\n\x81\x05hello\x8A\x01p\x88\x02\x0f\xa0")), STR_FMT,
              STR_ARG(answer));
    WAIT_UNTIL(http_app.gone_count);
    cr_expect_eq(http_app.gone_count, 1);
}

Test(net_server, a_websocket_that_misbehaves_is_told_why_it_ends)
{
    Buf pings = buf_new(http_app.arena, KB(16));
    buf_add(&pings, S(HANDSHAKE));
    for (int i = 0; i < 21; i++)
        buf_add(&pings, S(PING_FRAME));
    const struct {
        const char *name;
        Str bytes;
        const char *end; /* code and reason */
    } cases[] = {
        { "not masked", S(HANDSHAKE "\x81\x05hello"), "\x03\xEAthis is no frame of a WebSocket" },
        { "bad UTF-8", S(HANDSHAKE FRAME("\x81\x81", "\xFF")),
          "\x03\xEF"
          "a text is not valid UTF-8" },
        { "bytes", S(HANDSHAKE FRAME("\x82\x81", "x")), "\x03\xEBtexts alone are taken" },
        { "too large", S(HANDSHAKE FRAME("\x81\xFE\x00\xFF", "")),
          "\x03\xF1the message is too large" },
        { "too many", buf_str(&pings), "\x03\xF0too many messages" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer = say(cases[i].bytes, WAIT_MS);
        cr_expect(str_ends(answer, str(cases[i].end)), "%s: " STR_FMT, cases[i].name,
                  STR_ARG(answer));
    }
    WAIT_UNTIL(http_app.gone_count == (int)COUNT(cases));
    cr_expect_eq((size_t)http_app.gone_count, COUNT(cases));
}

Test(net_server, a_websocket_whose_client_is_silent_is_asked_and_then_cut_off)
{
    http_app.beat_ms = 40;
    Str answer = say(S(HANDSHAKE), WAIT_MS);
    cr_expect(HAS(answer, "\r\n\r\n\x89\0"), STR_FMT, STR_ARG(answer));
    cr_expect_eq(http_app.gone_count, 1);
}

Test(net_server, a_websocket_whose_client_leaves_is_noticed)
{
    int fd = client_dial();
    client_say(fd, S(HANDSHAKE));
    client_read_until(fd, "\r\n\r\n");
    WAIT_UNTIL(http_app.kept_socket);
    cr_expect(websocket_is_open(http_app.kept_socket));
    close(fd);
    WAIT_UNTIL(http_app.gone_count);
    cr_expect_eq(http_app.gone_count, 1);
    cr_expect(!websocket_send(http_app.kept_socket, S("x")));
    websocket_release(http_app.kept_socket);
}

Test(net_server, a_websocket_that_does_not_read_is_told_so_when_it_does)
{
    char bytes[KB(16)];
    int fd = client_dial(), sent = 0;
    client_say(fd, S(HANDSHAKE));
    WAIT_UNTIL(http_app.kept_socket);
    memset(bytes, 'x', sizeof bytes);
    while (sent < 10000 && websocket_send(http_app.kept_socket, (Str){ bytes, sizeof bytes }))
        sent++;
    cr_assert_lt(sent, 10000);
    websocket_release(http_app.kept_socket);
    char last[16] = "";
    for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        if ((size_t)got >= sizeof last)
            memcpy(last, bytes + got - sizeof last, sizeof last);
    cr_expect(str_ends((Str){ last, sizeof last }, S("\x88\x0A\x03\xF5too slow")));
    close(fd);
}

Test(net_server, a_server_that_stops_says_so_to_its_websockets)
{
    AUTO_CLOSE int fd = client_dial();
    client_say(fd, S(HANDSHAKE));
    WAIT_UNTIL(http_app.kept_socket);
    cr_assert(http_server_stop(http_app.server, WAIT_MS));
    http_app.server = NULL;
    cr_expect(str_ends(client_read_some(fd, WAIT_MS), S("\x88\x10\x03\xE9"
                                                        "come back soon")));
    websocket_release(http_app.kept_socket);
}
