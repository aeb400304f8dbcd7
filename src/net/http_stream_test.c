#include "net/http_app_test.h"

#include <unistd.h>

Test(net_server, a_handler_may_stream_events_itself)
{
    Str answer = client_ask(S("GET /stream HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(HAS(answer, "text/event-stream"));
    cr_assert(HAS(answer, "event: tick\ndata: a\ndata: b\n\n"), STR_FMT, STR_ARG(answer));
}

Test(net_server, a_client_of_http_1_0_gets_a_stream_without_chunks)
{
    Str answer = client_ask(S("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    cr_assert(HAS(answer, "Connection: close") && !HAS(answer, "chunked"), STR_FMT,
              STR_ARG(answer));
    cr_assert(str_ends(answer, S("\r\n\r\nevent: tick\ndata: a\ndata: b\n\nevent: tick\ndata: a\n"
                                 "data: b\n\nevent: tick\ndata: a\ndata: b\n\n")),
              STR_FMT, STR_ARG(answer));
}

Test(net_server, the_memory_of_a_request_is_its_streaming_handlers_alone)
{
    client_ask(S("GET /stream HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(!http_app.has_foreign_bytes, "the loop's thread used the handler's http_app.arena");
}

Test(net_server, a_stream_lives_on_without_a_thread_and_notices_the_client_leaving)
{
    int fd = client_dial();
    client_say(fd, S("GET /events HTTP/1.1\r\nHost: x\r\n\r\n"));
    cr_assert(HAS(client_read_until(fd, "200 OK"), "200 OK"));
    WAIT_UNTIL(http_app.kept_stream);
    cr_assert(http_stream_send(http_app.kept_stream, S("news"), S("1")));
    cr_assert(HAS(client_read_until(fd, "data: 1"), "event: news\ndata: 1\n\n"));
    cr_assert(HAS(client_read_until(fd, ": still here"), ": still here"));
    cr_assert(http_stream_is_open(http_app.kept_stream));
    close(fd);
    WAIT_UNTIL(!http_stream_is_open(http_app.kept_stream));
    cr_assert(!http_stream_is_open(http_app.kept_stream));
    cr_assert(!http_stream_send(http_app.kept_stream, S("news"), S("2")));
    http_stream_close(http_app.kept_stream);
    WAIT_UNTIL(http_app.gone_count);
    cr_assert_eq(http_app.gone_count, 1);
}

Test(net_server, a_client_that_does_not_read_is_cut_off)
{
    AUTO_CLOSE int fd = client_dial();
    client_say(fd, S("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"));
    WAIT_UNTIL(http_app.kept_stream);
    char bytes[KB(16)];
    memset(bytes, 'x', sizeof bytes);
    int sent = 0;
    while (sent < 10000 && http_stream_write(http_app.kept_stream, (Str){ bytes, sizeof bytes }))
        sent++;
    cr_assert(sent < 10000);
    http_stream_close(http_app.kept_stream);
}

Test(net_server, stopping_ends_streams_and_lets_requests_finish)
{
    AUTO_CLOSE int stream = client_dial();
    AUTO_CLOSE int slow = client_dial();
    client_say(stream, S("GET /events HTTP/1.1\r\nHost: x\r\n\r\n"));
    client_say(slow, S("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    WAIT_UNTIL(http_app.handled_count == 2 && http_app.kept_stream);
    cr_assert(http_server_stop(http_app.server, WAIT_MS));
    http_app.server = NULL;
    cr_assert(HAS(client_read_some(slow, WAIT_MS), "GET /slow"));
    cr_assert(str_ends(client_read_some(stream, WAIT_MS), S("0\r\n\r\n")));
    http_stream_close(http_app.kept_stream);
}
