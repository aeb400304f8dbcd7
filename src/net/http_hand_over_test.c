#include "net/http_app_test.h"
#include "net/http_private.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEPT "Host: x\r\n"

/* A second server on what the first listens with, as another process has it. */
static HttpServer *start_second(void)
{
    HttpServer *second;
    Error err;
    HttpSockets sockets = http_server_sockets(http_app.server);
    sockets.tcp = fcntl(sockets.tcp, F_DUPFD_CLOEXEC, 3);
    HttpServerOptions options = { .listen = "127.0.0.1:0",
                                  .given = &sockets,
                                  .is_held = true,
                                  .reactor_count = 1,
                                  .disk_reserve = 1 };
    cr_assert(http_server_start(&options, &http_app_dispatch, NULL, &second, &err), "%s",
              err.message);
    return second;
}

Test(net_server, a_server_that_has_given_its_sockets_away_serves_who_is_connected)
{
    AUTO_CLOSE int kept = client_dial();
    client_say(kept, S("GET /first HTTP/1.1\r\n" KEPT "\r\n"));
    Str before = client_read_until(kept, "GET /first");
    cr_expect(!HAS(before, "Connection: close"), STR_FMT, STR_ARG(before));

    HttpServer *second = start_second();
    cr_assert_eq(http_server_port(second), http_server_port(http_app.server));
    Str held = client_ask(S("GET /still HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_expect(HAS(held, " 200 ") && http_server_counts(second).requests == 0, "it is held");

    http_server_hand_over(http_app.server);
    AUTO_CLOSE int waiting = client_dial(); /* nobody accepts it yet */
    client_say(waiting, S("GET /waiting HTTP/1.1\r\n" CLOSE "\r\n"));
    http_server_accept(second);
    Str later = client_read_until(waiting, "GET /waiting");
    cr_expect(HAS(later, " 200 "), STR_FMT, STR_ARG(later));
    cr_expect_eq(http_server_counts(second).requests, 1);

    client_say(kept, S("GET /last HTTP/1.1\r\n" KEPT "\r\n"));
    Str last = client_read_until(kept, "GET /last");
    cr_expect(HAS(last, " 200 ") && HAS(last, "Connection: close"), STR_FMT, STR_ARG(last));
    cr_expect_eq(http_server_counts(second).requests, 1, "the first has answered");
    cr_expect(http_server_stop(second, 1000));
}

static void *stop_slowly(void *argument)
{
    http_server_drain(argument, WAIT_MS);
    cr_expect(http_server_stop(argument, WAIT_MS));
    return NULL;
}

Test(net_server, a_server_that_is_replaced_waits_for_connections_without_a_request)
{
    HttpServer *first = http_app.server;
    pthread_t stopping;
    AUTO_CLOSE int kept = client_dial();
    client_say(kept, S("GET /first HTTP/1.1\r\n" KEPT "\r\n"));
    (void)client_read_until(kept, "GET /first");
    HttpServer *second = start_second();
    http_server_hand_over(first);
    http_server_accept(second);
    pthread_create(&stopping, NULL, stop_slowly, first);
    sleep_ms(50); /* it would have closed the connection by now */
    client_say(kept, S("GET /late HTTP/1.1\r\n" KEPT "\r\n"));
    Str late = client_read_until(kept, "GET /late");
    cr_expect(HAS(late, " 200 ") && HAS(late, "Connection: close"), STR_FMT, STR_ARG(late));
    pthread_join(stopping, NULL);
    http_app.server = second;
}

Test(net_server, streams_have_time_to_end_when_the_server_stops_but_endless_ones_end_at_once)
{
    HttpServer *first = http_app.server;
    pthread_t stopping;
    AUTO_CLOSE int endless = client_dial();
    client_say(endless, S("GET /socket HTTP/1.1\r\n" KEPT "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    (void)client_read_until(endless, "\r\n\r\n");
    AUTO_CLOSE int stream = client_dial();
    client_say(stream, S("GET /events HTTP/1.1\r\n" KEPT "\r\n"));
    (void)client_read_until(stream, "\r\n\r\n");
    WAIT_UNTIL(http_app.kept_stream);
    HttpServer *second = start_second();
    http_server_hand_over(first);
    http_server_accept(second);
    pthread_create(&stopping, NULL, stop_slowly, first);
    Str end = client_read_until(endless, "come back soon");
    cr_expect(HAS(end, "come back soon"));
    websocket_release(http_app.kept_socket);
    cr_expect(http_stream_send(http_app.kept_stream, S("x"), S("\"after\"")));
    Str after = client_read_until(stream, "after");
    cr_expect(HAS(after, "after"), STR_FMT, STR_ARG(after));
    http_stream_close(http_app.kept_stream);
    pthread_join(stopping, NULL);
    http_app.server = second;
}

Test(net_server, a_stream_that_does_not_end_in_time_says_so_and_one_that_cannot_is_cut_off)
{
    static const struct {
        const char *path, *last;
        bool is_whole;
    } cases[] = { { "/events", "the end", true }, { "/flood", "", false } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        HttpServer *first = http_app.server;
        http_app.kept_stream = NULL;
        AUTO_CLOSE int stream = client_dial();
        client_say(stream,
                   str_format(http_app.arena, "GET %s HTTP/1.1\r\n" KEPT "\r\n", cases[i].path));
        (void)client_read_until(stream, "\r\n\r\n");
        WAIT_UNTIL(http_app.kept_stream);
        http_app.server = start_second();
        http_server_hand_over(first);
        http_server_accept(http_app.server);
        http_server_drain(first, 50);
        cr_expect(http_server_stop(first, WAIT_MS));
        Str end = client_read_some(stream, WAIT_MS);
        cr_expect(str_find(end, str(cases[i].last)) >= 0, "%s: " STR_FMT, cases[i].path,
                  STR_ARG(end));
        cr_expect_eq(str_ends(end, S("0\r\n\r\n")), cases[i].is_whole, "%s: " STR_FMT,
                     cases[i].path, STR_ARG(end));
        http_stream_close(http_app.kept_stream);
    }
}

/* --- Beats --- */

typedef struct Hang {
    sem_t begun, end;
} Hang;

static void hang(void *argument)
{
    Hang *one = argument;
    sem_post(&one->begun);
    while (sem_wait(&one->end) != 0)
        ;
}

static bool beats_soon(HttpServer *server)
{
    for (int64_t end_ms = monotonic_ms() + WAIT_MS; monotonic_ms() < end_ms; sleep_ms(1))
        if (http_server_beats(server))
            return true;
    return false;
}

Test(net_server, a_loop_that_hangs_does_not_beat_until_it_goes_on)
{
    HttpServer *server = http_app.server;
    Hang one;
    sem_init(&one.begun, 0, 0);
    sem_init(&one.end, 0, 0);
    cr_expect(http_server_beats(server) && beats_soon(server) && beats_soon(server));
    reactor_post(server->loops[server->loop_count - 1].reactor, hang, &one);
    while (sem_wait(&one.begun) != 0)
        ;
    cr_expect(beats_soon(server), "what was asked for before it hung");
    sleep_ms(20);
    cr_expect(!http_server_beats(server) && !http_server_beats(server));
    sem_post(&one.end);
    cr_expect(beats_soon(server));
    sem_destroy(&one.begun);
    sem_destroy(&one.end);
}
