#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "net/reactor.h"

/* An application whose answers come later, from the reactor that the request came in on. */

#define FLOOD_SIZE MB(100)
#define PIECE_SIZE KB(64)

static Arena *arena;
static HttpServer *server;
static atomic_int gone_count, waiting_count;
static atomic_size_t flooded;
static atomic_bool was_room_told;

typedef struct Waiting {
    HttpRequest *request;
    HttpResponse *response;
    HttpStream *stream;
    ReactorTimer timer;
} Waiting;

static void answer(Waiting *waiting, int status)
{
    reactor_clear_timer((Reactor *)http_reactor(waiting->response), &waiting->timer);
    waiting->response->status = status;
    waiting->response->media_type = S("text/plain");
    buf_addf(&waiting->response->body, "later " STR_FMT, STR_ARG(waiting->request->path));
    waiting_count--;
    http_respond_now(waiting->response);
    http_let_go(waiting->response);
}

static void end_flood(Waiting *waiting)
{
    HttpStream *stream = waiting->stream;
    waiting->stream = NULL;
    waiting_count--;
    http_stream_close(stream);
    http_let_go(waiting->response);
}

/* As much as there is room for. */
static void flood(void *argument)
{
    static const char piece[PIECE_SIZE] = { 1 };
    Waiting *waiting = argument;
    while (flooded < FLOOD_SIZE && !http_stream_is_full(waiting->stream)) {
        if (!http_stream_write(waiting->stream, (Str){ piece, sizeof piece }))
            break;
        flooded += PIECE_SIZE;
    }
    if (flooded == FLOOD_SIZE || !http_stream_is_open(waiting->stream))
        end_flood(waiting);
}

static void on_room(void *argument)
{
    was_room_told = true;
    flood(argument);
}

static void flood_ends(void *argument)
{
    gone_count++;
    end_flood(argument);
}

static void ticks_end(void *argument)
{
    Waiting *waiting = argument;
    reactor_clear_timer((Reactor *)http_reactor(waiting->response), &waiting->timer);
    end_flood(waiting);
}

static void tick(ReactorTimer *timer)
{
    Waiting *waiting = timer->owner;
    (void)http_stream_send(waiting->stream, S("tick"), S("x"));
    timer->fire = tick;
    reactor_set_timer((Reactor *)http_reactor(waiting->response), timer, monotonic_ms() + 500);
}

static void on_time(ReactorTimer *timer)
{
    Waiting *waiting = timer->owner;
    if (str_is(waiting->request->path, "/a") || str_is(waiting->request->path, "/c")) {
        answer(waiting, 200);
        return;
    }
    if (str_is(waiting->request->path, "/ticks")) {
        waiting->stream = http_respond_stream(
            waiting->response,
            &(HttpStreamOptions){ .on_gone = ticks_end, .is_endless = true, .argument = waiting });
        tick(timer);
        return;
    }
    waiting->stream = http_respond_stream(
        waiting->response,
        &(HttpStreamOptions){
            .queue_max = KB(256), .on_room = on_room, .on_gone = flood_ends, .argument = waiting });
    flood(waiting);
}

static void on_gone(void *argument)
{
    gone_count++;
    answer(argument, 503);
}

static bool app_begin(void *app, HttpRequest *request, HttpPlan *plan, Error *err)
{
    (void)app, (void)request, (void)err;
    *plan = (HttpPlan){ .body = HTTP_BODY_BUFFER, .body_max = MB(1), .is_fast = true };
    return true;
}

static void app_handle(void *app, HttpRequest *request, HttpResponse *response)
{
    int64_t ms = 0;
    Waiting *waiting = arena_new_one(request->arena, Waiting);
    (void)app;
    *waiting = (Waiting){ .request = request, .response = response };
    waiting_count++;
    http_respond_later(response, on_gone, waiting);
    if (str_to_int(http_query(request, "ms"), 0, 100000, &ms)) {
        waiting->timer = (ReactorTimer){ .fire = on_time, .owner = waiting };
        reactor_set_timer((Reactor *)http_reactor(response), &waiting->timer, monotonic_ms() + ms);
    } else if (str_is(request->path, "/now")) {
        answer(waiting, 200);
    }
}

static const HttpDispatch dispatch = { .begin = app_begin, .handle = app_handle };

static void open_server(void)
{
    Error err;
    arena = arena_new(MB(64));
    HttpServerOptions options = { .listen = "127.0.0.1:0",
                                  .reactor_count = 2,
                                  .connection_max = 4000,
                                  .connection_max_per_address = 4000 };
    cr_assert(http_server_start(&options, &dispatch, NULL, &server, &err), "%s", err.message);
}

static void close_server(void)
{
    cr_expect(http_server_stop(server, 2000));
    cr_expect_eq(waiting_count, 0);
    arena_free(arena);
}

TestSuite(net_later, .init = open_server, .fini = close_server, .timeout = 60);

static int dial_and_say(Str bytes)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_server_port(server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    cr_assert(send(fd, bytes.at, bytes.length, MSG_NOSIGNAL) == (ssize_t)bytes.length);
    return fd;
}

/* What comes until the end, or until nothing came for so long. */
static Str read_some(int fd, int wait_ms)
{
    Buf out = buf_new(arena, MB(1));
    char bytes[4096];
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    while (poll(&poll_fd, 1, wait_ms) > 0) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0)
            break;
        buf_add_bytes(&out, bytes, (size_t)got);
    }
    return buf_str(&out);
}

static Str ask(Str bytes)
{
    AUTO_CLOSE int fd = dial_and_say(bytes);
    return read_some(fd, 2000);
}

static bool comes_to(atomic_int *count, int wanted)
{
    for (int i = 0; i < 400 && *count != wanted; i++)
        sleep_ms(5);
    return *count == wanted;
}

#define HAS(text, part) (str_find((text), S(part)) >= 0)
#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n"
#define CLOSE "Connection: close\r\n\r\n"

Test(net_later, an_answer_may_come_later_or_at_once)
{
    static const char *const requests[] = { GET("/a?ms=0") CLOSE, GET("/a?ms=30") CLOSE,
                                            GET("/a?ms=200") CLOSE };
    for (size_t i = 0; i < COUNT(requests); i++)
        cr_expect(str_ends(ask(str(requests[i])), S("\r\n\r\nlater /a")), "%zu", i);
    cr_expect(str_ends(ask(S(GET("/now") CLOSE)), S("\r\n\r\nlater /now")));
    cr_expect_eq(gone_count, 0);
}

Test(net_later, a_body_that_was_sent_is_no_leaving)
{
    Str got = ask(S("POST /a?ms=120 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" CLOSE "hello"));
    cr_expect(str_ends(got, S("later /a")), STR_FMT, STR_ARG(got));
}

Test(net_later, head_brings_the_length_alone)
{
    Str got = ask(S("HEAD /a?ms=80 HTTP/1.1\r\nHost: x\r\n" CLOSE));
    cr_expect(HAS(got, "200 OK") && HAS(got, "Content-Length: 8") && str_ends(got, S("\r\n\r\n")),
              STR_FMT, STR_ARG(got));
}

Test(net_later, requests_that_come_together_are_answered_in_their_order)
{
    Str got = ask(S(GET("/a?ms=100") "\r\n" GET("/now") "\r\n" GET("/c?ms=10") CLOSE));
    ptrdiff_t a = str_find(got, S("later /a")), b = str_find(got, S("later /now"));
    cr_expect(a > 0 && b > a && str_find(got, S("later /c")) > b, STR_FMT, STR_ARG(got));
}

Test(net_later, a_connection_goes_on_after_an_answer)
{
    AUTO_CLOSE int fd = dial_and_say(S(GET("/a?ms=70") "\r\n"));
    for (int i = 0; i < 5; i++) {
        Buf got = buf_new(arena, KB(4));
        char bytes[KB(1)];
        while (!str_ends(buf_str(&got), S("later /a"))) {
            ssize_t count = recv(fd, bytes, sizeof bytes, 0);
            cr_assert(count > 0);
            buf_add_bytes(&got, bytes, (size_t)count);
        }
        static const char again[] = GET("/a?ms=1") "\r\n";
        cr_assert(send(fd, again, sizeof again - 1, MSG_NOSIGNAL) > 0);
    }
    cr_expect(comes_to(&waiting_count, 0));
    cr_expect_eq(gone_count, 0);
}

Test(net_later, a_client_that_leaves_is_noticed)
{
    close(dial_and_say(S(GET("/never") "\r\n"))); /* at once */
    cr_expect(comes_to(&gone_count, 1));
    int fd = dial_and_say(S(GET("/never") "\r\n"));
    sleep_ms(300);
    cr_expect_eq(gone_count, 1);
    close(fd);
    cr_expect(comes_to(&gone_count, 2));
    cr_expect(comes_to(&waiting_count, 0));
}

Test(net_later, a_client_that_says_no_more_gets_its_answer)
{
    static const char *const requests[] = { GET("/a?ms=200") CLOSE,
                                            GET("/now") "\r\n" GET("/a?ms=100") CLOSE };
    for (size_t i = 0; i < COUNT(requests); i++) {
        AUTO_CLOSE int fd = dial_and_say(str(requests[i]));
        cr_assert(shutdown(fd, SHUT_WR) == 0);
        Str got = read_some(fd, 20000);
        cr_expect(str_ends(got, S("\r\n\r\nlater /a")), STR_FMT, STR_ARG(got));
    }
    AUTO_CLOSE int fd = dial_and_say(S(GET("/ticks?ms=50") "\r\n"));
    cr_assert(shutdown(fd, SHUT_WR) == 0);
    Buf got = buf_new(arena, KB(64));
    char bytes[KB(1)];
    for (size_t seen = 0; seen < 3;) {
        ssize_t count = recv(fd, bytes, sizeof bytes, 0);
        cr_assert(count > 0, "cut off after %zu", seen);
        buf_add_bytes(&got, bytes, (size_t)count);
        seen = 0;
        for (Str rest = buf_str(&got); str_find(rest, S("event: tick")) >= 0; seen++)
            rest = str_from(rest, (size_t)str_find(rest, S("event: tick")) + 1);
    }
    cr_expect_eq(gone_count, 0);
}

/* It may be a proxy's connection, whose own client has left. */
Test(net_later, a_client_of_http_1_0_that_says_no_more_has_left)
{
    AUTO_CLOSE int fd = dial_and_say(S("GET /never HTTP/1.0\r\n\r\n"));
    cr_assert(shutdown(fd, SHUT_WR) == 0);
    cr_expect(comes_to(&gone_count, 1));
}

Test(net_later, a_server_that_stops_lets_answers_come_and_tells_those_that_do_not)
{
    AUTO_CLOSE int never = dial_and_say(S(GET("/never") "\r\n"));
    AUTO_CLOSE int other = dial_and_say(S(GET("/never") "\r\n"));
    AUTO_CLOSE int soon = dial_and_say(S(GET("/a?ms=250") "\r\n"));
    AUTO_CLOSE int stream = dial_and_say(S(GET("/flood?ms=1") "\r\n"));
    cr_expect(comes_to(&waiting_count, 4));
    sleep_ms(100);
    http_server_drain(server, 1000);
    cr_expect(http_server_stop(server, 1000));
    server = NULL;
    cr_expect_eq(gone_count, 3, "%d", gone_count);
    cr_expect(HAS(read_some(never, 100), "503") && HAS(read_some(other, 100), "503"));
    cr_expect(str_ends(read_some(soon, 100), S("later /a")));
    cr_expect_eq(waiting_count, 0);
}

/* --- Streams from the reactor itself --- */

Test(net_later, a_producer_is_stopped_by_a_client_that_does_not_read_and_goes_on_when_it_does)
{
    AUTO_CLOSE int fd = dial_and_say(S(GET("/flood?ms=1") CLOSE));
    size_t first = 0, before;
    do { /* until it has come to rest */
        before = first;
        sleep_ms(400);
        first = flooded;
    } while (!first || (first != before && first < MB(20)));
    cr_expect(first > 0 && first < MB(20), "%zu bytes are in flight", first);
    was_room_told = false;

    static char bytes[KB(256)];
    size_t count = 0, ends = 0;
    for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0; count += (size_t)got)
        for (ssize_t i = 0; i < got; i++)
            ends += bytes[i] == 1;
    cr_expect_eq(ends, FLOOD_SIZE / PIECE_SIZE, "%zu pieces", ends); /* each begins with one */
    cr_expect_gt(count, FLOOD_SIZE);
    cr_expect(comes_to(&waiting_count, 0));
    cr_expect(was_room_told);
}

Test(net_later, a_client_that_leaves_a_full_stream_is_noticed)
{
    int fd = dial_and_say(S(GET("/flood?ms=1") "\r\n"));
    sleep_ms(200);
    close(fd);
    cr_expect(comes_to(&gone_count, 1));
    cr_expect(comes_to(&waiting_count, 0));
}

#define MANY 2200 /* so many that they are woken together */

Test(net_later, thousands_of_streams_all_get_what_is_theirs_and_all_end_with_the_server)
{
    struct rlimit limit;
    static int fds[MANY];
    cr_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)8192);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * MANY + 100) {
        puts("skipped: needs more open files");
        return;
    }
    for (size_t i = 0; i < MANY; i++)
        fds[i] = dial_and_say(S(GET("/ticks?ms=1") "\r\n"));
    cr_expect(comes_to(&waiting_count, MANY), "%d", waiting_count);
    sleep_ms(1200);
    cr_expect(http_server_stop(server, 20000));
    server = NULL;
    cr_expect_eq(waiting_count, 0);
    for (size_t i = 0; i < MANY; i++) {
        Str got = read_some(fds[i], 1000);
        cr_expect(HAS(got, "data: x\n\n") && str_ends(got, S("0\r\n\r\n")), "%zu: " STR_FMT, i,
                  STR_ARG(got));
        size_t ticks = 0;
        for (ptrdiff_t at; (at = str_find(got, S("event: tick"))) >= 0; ticks++)
            got = str_from(got, (size_t)at + 1);
        cr_expect_geq(ticks, 2, "%zu: %zu", i, ticks);
        close(fds[i]);
        arena_reset(arena);
    }
}
