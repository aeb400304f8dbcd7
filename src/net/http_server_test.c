#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "net/http_server.h"
#include "net/http_stream.h"

/* A little application that shows what it got. */

static Arena *arena;
static HttpServer *server;
static char folder[64];
static atomic_int finished_count, gone_count, handled_count;
static atomic_bool may_end;
static HttpStream *_Atomic kept_stream;
static bool has_foreign_bytes;
static atomic_size_t used_with_head;

static bool app_begin(void *app, HttpRequest *request, HttpPlan *plan, Error *err)
{
    static const char *const fields[] = { "file", "note", NULL };
    (void)app;
    if (str_is(request->path, "/missing"))
        return fail(err, ERROR_NOT_FOUND, "nothing here");
    plan->is_fast = str_is(request->path, "/fast");
    plan->is_checked = str_is(request->path, "/checked");
    plan->body_max = 1000;
    if (str_equal(request->method, S("POST")))
        plan->body = HTTP_BODY_BUFFER;
    if (str_is(request->path, "/upload"))
        *plan = (HttpPlan){ .body = HTTP_BODY_PARTS,
                            .body_max = MB(20),
                            .file_max = MB(4),
                            .field_max = 100,
                            .part_max = 4,
                            .fields = fields,
                            .folder = folder };
    if (str_is(request->path, "/raw"))
        *plan = (HttpPlan){
            .body = HTTP_BODY_FILE, .body_max = MB(8), .file_max = MB(8), .folder = folder
        };
    return true;
}

static bool app_check(void *app, HttpRequest *request, Error *err)
{
    (void)app;
    return http_header_in(request, "X-Key").length || fail(err, ERROR_NO_LOGIN, "no key");
}

static void count_gone(void *argument)
{
    (void)argument;
    gone_count++;
}

static void send_file(HttpResponse *response)
{
    char path[] = "/tmp/lectern-file-XXXXXX";
    Error err;
    int fd = mkstemp(path);
    unlink(path);
    cr_assert(fd_write_all(fd, S("0123456789"), &err));
    http_respond_file(response, &(HttpFile){ .fd = fd,
                                             .size = 10,
                                             .media_type = S("text/plain"),
                                             .etag = S("abc"),
                                             .name = S("na\xC3\xAFve \"x\".txt") });
}

/* A pattern that no shift of it fits. */
static char large_byte(size_t at) { return (char)(at * 2654435761u >> 13 & 0x7f); }

static void send_large(HttpResponse *response, bool is_file)
{
    enum { SIZE = 6 << 20 };
    char path[] = "/tmp/lectern-file-XXXXXX";
    Error err;
    buf_reserve(&response->body, SIZE);
    for (size_t at = 0; at < SIZE; at++)
        buf_add_char(&response->body, large_byte(at));
    if (!is_file)
        return;
    int fd = mkstemp(path);
    unlink(path);
    cr_assert(fd_write_all(fd, buf_str(&response->body), &err));
    http_respond_file(response,
                      &(HttpFile){ .fd = fd, .size = SIZE, .media_type = S("text/plain") });
}

static void show(HttpRequest *request, HttpResponse *response)
{
    response->media_type = S("text/plain");
    buf_addf(&response->body, STR_FMT " " STR_FMT " q=" STR_FMT " b=" STR_FMT " c=" STR_FMT,
             STR_ARG(request->method), STR_ARG(request->path), STR_ARG(http_query(request, "q")),
             STR_ARG(request->body), STR_ARG(http_cookie(request, "c")));
    for (size_t i = 0; i < request->part_count; i++) {
        const HttpPart *part = &request->parts[i];
        buf_addf(&response->body, "\n" STR_FMT "|" STR_FMT "|" STR_FMT "|%zu|%.8s|" STR_FMT,
                 STR_ARG(part->field), STR_ARG(part->file_name), STR_ARG(part->media_type),
                 (size_t)part->size, part->sha256, STR_ARG(part->text));
    }
}

static void app_handle(void *app, HttpRequest *request, HttpResponse *response)
{
    (void)app;
    handled_count++;
    if (str_is(request->path, "/file")) {
        send_file(response);
    } else if (str_starts(request->path, S("/large"))) {
        send_large(response, str_is(request->path, "/large-file"));
    } else if (str_is(request->path, "/slow")) {
        sleep_ms(300);
        show(request, response);
    } else if (str_is(request->path, "/held")) {
        while (!may_end)
            sleep_ms(5);
        show(request, response);
    } else if (str_is(request->path, "/stream")) {
        HttpStream *stream = http_respond_stream(response, &(HttpStreamOptions){ 0 });
        for (int i = 0; i < 3; i++) {
            http_stream_send(stream, S("tick"), S("a\nb"));
            sleep_ms(5);
        }
        has_foreign_bytes = arena_used(request->arena) != used_with_head;
        http_stream_close(stream);
    } else if (str_is(request->path, "/events")) {
        kept_stream = http_respond_stream(
            response, &(HttpStreamOptions){ .on_gone = count_gone, .heartbeat_ms = 30 });
    } else if (str_is(request->path, "/flood")) {
        kept_stream = http_respond_stream(response, &(HttpStreamOptions){ .queue_max = KB(64) });
    } else {
        show(request, response);
    }
}

static void app_headers(void *app, const HttpRequest *request, HttpResponse *response)
{
    (void)app;
    http_header(response, "X-Content-Type-Options", S("nosniff"));
    used_with_head = arena_used(request->arena);
}

static void app_finish(void *app, const HttpRequest *request, const HttpAccess *access)
{
    (void)app, (void)request, (void)access;
    finished_count++;
}

static const HttpDispatch dispatch = {
    .begin = app_begin,
    .check = app_check,
    .handle = app_handle,
    .headers = app_headers,
    .finish = app_finish,
};

static void open_server(void)
{
    Error err;
    arena = arena_new(MB(64));
    snprintf(folder, sizeof folder, "/tmp/lectern-net-%d", (int)getpid());
    cr_assert(folder_make(folder, 0700, &err));
    HttpServerOptions options = { .listen = "127.0.0.1:0",
                                  .reactor_count = 2,
                                  .connection_max_per_address = 20,
                                  .head_s = 1,
                                  .disk_reserve = 1 };
    cr_assert(http_server_start(&options, &dispatch, NULL, &server, &err), "%s", err.message);
}

static void close_server(void)
{
    Error err;
    cr_assert(http_server_stop(server, 20000));
    cr_assert(folder_remove(folder, &err));
    arena_free(arena);
}

TestSuite(net_server, .init = open_server, .fini = close_server, .timeout = 60);

/* --- A client that sends exactly the bytes it is told --- */

static int dial(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_server_port(server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

#define WAIT_MS 20000 /* on a machine with much else to do */

/* What comes until the end, or until nothing came for a while. */
static Str read_some(int fd, int wait_ms)
{
    Buf out = buf_new(arena, MB(8));
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

/* The same, until it has this part. */
static Str read_until(int fd, const char *part)
{
    Buf out = buf_new(arena, MB(8));
    int64_t end = monotonic_ms() + WAIT_MS;
    while (str_find(buf_str(&out), str(part)) < 0 && monotonic_ms() < end)
        buf_add(&out, read_some(fd, 10));
    return buf_str(&out);
}

/* Until it is so, or much longer than it should take. */
#define WAIT_UNTIL(condition)                                                                      \
    for (int64_t end = monotonic_ms() + WAIT_MS; !(condition) && monotonic_ms() < end;)            \
    sleep_ms(5)

static void say(int fd, Str bytes)
{
    while (bytes.length) {
        ssize_t sent = send(fd, bytes.at, bytes.length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = str_from(bytes, (size_t)sent);
    }
}

static Str ask(Str request)
{
    AUTO_CLOSE int fd = dial();
    say(fd, request);
    return read_some(fd, WAIT_MS);
}

#define CLOSE "Host: x\r\nConnection: close\r\n"
#define HAS(answer, part) (str_find((answer), S(part)) >= 0)

Test(net_server, every_plain_request_gets_its_answer)
{
    static const struct {
        const char *request, *status, *part;
    } cases[] = {
        { "GET /a%20b?q=1%20%C3%A9+x HTTP/1.1\r\nCookie: b=1; c=yes\r\n" CLOSE "\r\n", "200",
          "GET /a%20b q=1 \xC3\xA9 x b= c=yes" },
        { "GET /fast HTTP/1.1\r\n" CLOSE "\r\n", "200", "GET /fast" },
        { "HEAD /x HTTP/1.1\r\n" CLOSE "\r\n", "200", "Content-Length: 16" },
        { "POST /x HTTP/1.1\r\nContent-Length: 2\r\n" CLOSE "\r\nhi", "200", "b=hi" },
        { "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE
          "\r\n2\r\nhi\r\n4\r\n you\r\n0\r\n\r\n",
          "200", "b=hi you" },
        { "GET /missing HTTP/1.1\r\n" CLOSE "\r\n", "404", "nothing here" },
        { "GET /?q=%zz HTTP/1.1\r\n" CLOSE "\r\n", "400", "broken %-escape" },
        { "GET /?q=%ff HTTP/1.1\r\n" CLOSE "\r\n", "400", "UTF-8" },
        { "POST /x HTTP/1.1\r\nContent-Length: 1001\r\n" CLOSE "\r\n", "413", "limit of 1000" },
        { "GET /x HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "\r\nabc", "413", "no body" },
        { "POST /checked HTTP/1.1\r\nContent-Length: 2\r\n" CLOSE "\r\nhi", "401", "no key" },
        { "POST /checked HTTP/1.1\r\nX-Key: 1\r\nContent-Length: 2\r\n" CLOSE "\r\nhi", "200",
          "b=hi" },
        { "POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n" CLOSE "\r\n",
          "413", "limit of 1000" },
        { "POST /checked HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" CLOSE "\r\n",
          "401", "no key" },
        { "POST /checked HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n", "401",
          "no key" },
        { "GET http://x HTTP/1.1\r\n" CLOSE "\r\n", "200", "GET / q=" },
        { "GET HTTP://x:80/a/b?q=c://d/e HTTP/1.1\r\n" CLOSE "\r\n", "200", "GET /a/b q=c://d/e" },
        { "GET //a://b HTTP/1.1\r\n" CLOSE "\r\n", "200", "GET //a://b" },
        { "GET a/b HTTP/1.1\r\n" CLOSE "\r\n", "400", "begin with /" },
        { "GET /x HTTP/1.0\r\nConnection: close\r\n\r\n", "200", "GET /x" },
        { "nonsense\r\n\r\n", "400", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer = ask(str(cases[i].request));
        Str status = str_format(arena, "HTTP/1.1 %s", cases[i].status);
        if (cases[i].part[0])
            cr_expect(str_starts(answer, status), "%zu: " STR_FMT, i, STR_ARG(answer));
        cr_expect(str_find(answer, str(cases[i].part)) >= 0, "%zu: " STR_FMT, i, STR_ARG(answer));
    }
}

/* What is behind it may be another's request, hidden in what a proxy takes for a body. */
Test(net_server, a_request_whose_end_is_not_sure_is_the_last_of_its_connection)
{
    static const struct {
        const char *head, *part;
    } cases[] = {
        { "Host: x\r\nContent-Length: 2\r\nContent-Length: 0\r\n", "told more than once" },
        { "Host: x\r\nContent-Length: 0\r\ncontent-length: 2\r\n", "told more than once" },
        { "Host: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n", "more than once" },
        { "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "than once" },
        { "Host: x\r\nTransfer-Encoding: gzip\r\n", "other than 'chunked'" },
        { "Host: x\r\nTransfer-Encoding: gzip, chunked\r\n", "other than 'chunked'" },
        { "Content-Length: 0\r\n", "Host must be there once" },
        { "Host: x\r\nHost: y\r\n", "Host must be there once" },
        { "Host: x\r\nContent-Length : 2\r\n", "no valid name" },
        { "Host: x\r\nA(b: c\r\n", "no valid name" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer = ask(str_format(
            arena, "POST /x HTTP/1.1\r\n%s\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\n" CLOSE "\r\n",
            cases[i].head));
        cr_expect(str_starts(answer, S("HTTP/1.1 400")) && HAS(answer, "Connection: close"),
                  "%zu: " STR_FMT, i, STR_ARG(answer));
        cr_expect(str_find(answer, str(cases[i].part)) >= 0, "%zu: " STR_FMT, i, STR_ARG(answer));
        cr_expect(!HAS(answer, "/hidden"), "%zu: " STR_FMT, i, STR_ARG(answer));
    }
}

Test(net_server, a_connection_goes_on_after_a_small_request_was_refused)
{
    Str answer =
        ask(S("POST /checked HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
              "GET /checked HTTP/1.1\r\nHost: x\r\n\r\n"
              "POST /missing HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
              "POST /checked HTTP/1.1\r\nX-Key: 1\r\nContent-Length: 2\r\n" CLOSE "\r\nho"));
    ptrdiff_t first = str_find(answer, S("no key")), last = str_find(answer, S("b=ho"));
    cr_assert(str_starts(answer, S("HTTP/1.1 401")) && first > 0 && last > first, STR_FMT,
              STR_ARG(answer));
    Str between = str_slice(answer, (size_t)first + 1, (size_t)last);
    cr_assert(HAS(between, "no key") && HAS(between, "nothing here"));
    cr_assert(!HAS(str_from(answer, 10), "nosniff\r\nX-Content-Type-Options: nosniff"),
              "said twice");
}

Test(net_server, every_answer_carries_its_headers)
{
    Str answer = ask(S("GET / HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(HAS(answer, "X-Request-Id: ") && HAS(answer, "X-Content-Type-Options: nosniff"));
}

Test(net_server, pipelined_requests_are_answered_in_order)
{
    Str answer = ask(S("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /fast HTTP/1.1\r\nHost: x\r\n\r\n"
                       "GET /3 HTTP/1.1\r\n" CLOSE "\r\n"));
    ptrdiff_t one = str_find(answer, S("GET /1")), two = str_find(answer, S("GET /fast")),
              three = str_find(answer, S("GET /3"));
    cr_assert(one > 0 && two > one && three > two, STR_FMT, STR_ARG(answer));
}

Test(net_server, requests_mean_the_same_in_whatever_pieces_they_come)
{
    static const char text[] =
        "\r\n\r\nPOST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nhi\r\n0\r\n\r\nGET /fast HTTP/1.1\r\nHost: x\r\n\r\n"
        "POST /3 HTTP/1.1\r\nContent-Length: 2\r\n" CLOSE "\r\nho";
    for (size_t step = 1; step < sizeof text; step += step < 8 ? 1 : 37) {
        AUTO_CLOSE int fd = dial();
        for (size_t at = 0; at < sizeof text - 1; at += step) {
            say(fd, (Str){ text + at, MIN(step, sizeof text - 1 - at) });
            if (step < 8 && at % 16 == 0)
                sleep_ms(1);
        }
        Str answer = read_some(fd, WAIT_MS);
        ptrdiff_t one = str_find(answer, S("POST /1 q= b=hi")),
                  two = str_find(answer, S("GET /fast")),
                  three = str_find(answer, S("POST /3 q= b=ho"));
        cr_expect(one > 0 && two > one && three > two, "%zu: " STR_FMT, step, STR_ARG(answer));
    }
}

/* So many that they do not fit into what is read at once. */
Test(net_server, thousands_of_pipelined_requests_are_answered)
{
    enum { COUNT_OF_THEM = 4000 };
    static const char one[] = "GET /fast HTTP/1.1\r\nHost: x\r\n\r\n";
    Buf text = buf_new(arena, MB(1));
    for (int i = 0; i < COUNT_OF_THEM; i++)
        buf_add(&text, S(one));
    AUTO_CLOSE int fd = dial();
    int child = fork(); /* so that nobody waits for the other */
    if (child == 0) {
        say(fd, buf_str(&text));
        say(fd, S("GET /last HTTP/1.1\r\n" CLOSE "\r\n"));
        _exit(0);
    }
    Str answer = read_some(fd, WAIT_MS);
    cr_assert(waitpid(child, NULL, 0) == child);
    size_t count = 0;
    for (ptrdiff_t at; (at = str_find(answer, S("GET /fast"))) >= 0; count++)
        answer = str_from(answer, (size_t)at + 1);
    cr_assert_eq(count, COUNT_OF_THEM);
    cr_assert(HAS(answer, "GET /last"));
}

Test(net_server, a_client_of_http_1_0_may_keep_its_connection)
{
    Str answer = ask(S("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"));
    cr_assert(HAS(answer, "Connection: keep-alive") && HAS(answer, "GET /1"), STR_FMT,
              STR_ARG(answer));
    cr_assert(HAS(answer, "Connection: close") && HAS(answer, "GET /2"), STR_FMT, STR_ARG(answer));
}

Test(net_server, what_follows_the_last_request_does_not_cost_its_answer)
{
    Buf text = buf_new(arena, MB(1));
    buf_add(&text, S("GET /large HTTP/1.1\r\n" CLOSE "\r\n"));
    for (int i = 0; i < 30000; i++)
        buf_add(&text, S("and more "));
    Str answer = ask(buf_str(&text));
    cr_assert_gt(answer.length, MB(6), "%zu", answer.length);
}

Test(net_server, a_client_that_has_said_all_still_gets_its_answer)
{
    AUTO_CLOSE int fd = dial();
    say(fd, S("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    cr_assert(shutdown(fd, SHUT_WR) == 0);
    Str answer = read_some(fd, WAIT_MS);
    cr_assert(HAS(answer, "GET /slow") && HAS(answer, "GET /2"), STR_FMT, STR_ARG(answer));
}

Test(net_server, a_large_answer_goes_out_as_fast_as_it_is_taken)
{
    enum { SIZE = 6 << 20 };
    static const char *const paths[] = { "/large", "/large-file" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO_CLOSE int fd = dial();
        say(fd, str_format(arena, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", paths[i]));
        sleep_ms(100);
        Str answer = read_some(fd, WAIT_MS);
        ptrdiff_t end = str_find(answer, S("\r\n\r\n"));
        cr_assert(end > 0 && answer.length == (size_t)end + 4 + SIZE, "%s: %zu", paths[i],
                  answer.length);
        for (size_t at = 0; at < SIZE; at += 997)
            cr_assert_eq(answer.at[(size_t)end + 4 + at], large_byte(at), "%s: %zu", paths[i], at);
    }
}

Test(net_server, continue_is_sent_only_when_the_body_is_wanted)
{
    AUTO_CLOSE int fd = dial();
    say(fd, S("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    cr_assert(HAS(read_until(fd, "100 Continue"), "100 Continue"));
    say(fd, S("hi"));
    cr_assert(HAS(read_until(fd, "b=hi"), "b=hi"));
}

Test(net_server, oversize_headers_are_refused)
{
    Buf request = buf_new(arena, MB(1));
    buf_add(&request, S("GET / HTTP/1.1\r\nHost: x\r\nX-Big: "));
    for (int i = 0; i < 60000; i++)
        buf_add_char(&request, 'x');
    buf_add(&request, S("\r\n\r\n"));
    Str answer = ask(buf_str(&request));
    cr_assert(!answer.length || HAS(answer, " 431 ") || HAS(answer, " 413 "), STR_FMT,
              STR_ARG(answer));
}

Test(net_server, a_chunked_body_over_the_limit_is_cut_with_413)
{
    Buf request = buf_new(arena, MB(2));
    buf_add(&request, S("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 2000; i++)
        buf_add(&request, S("10\r\n0123456789abcdef\r\n"));
    Str answer = ask(buf_str(&request));
    cr_assert(HAS(answer, "HTTP/1.1 413") && HAS(answer, "limit of 1000"), STR_FMT,
              STR_ARG(answer));
}

Test(net_server, a_slow_head_is_cut_off)
{
    AUTO_CLOSE int fd = dial();
    say(fd, S("GET / HT"));
    char byte;
    cr_assert_leq(recv(fd, &byte, 1, 0), 0);
}

Test(net_server, too_many_connections_of_one_address_are_turned_away)
{
    int fds[25];
    for (size_t i = 0; i < COUNT(fds); i++)
        fds[i] = dial();
    cr_assert(HAS(read_until(fds[24], "503"), "503"));
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
}

Test(net_server, a_client_that_leaves_costs_nothing)
{
    for (int i = 0; i < 10; i++) {
        int fd = dial();
        say(fd, S("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
        close(fd);
    }
    sleep_ms(100);
    cr_assert(HAS(ask(S("GET / HTTP/1.1\r\n" CLOSE "\r\n")), "200 OK"));
}

/* A server with one thread, which is held. */
Test(net_server, what_a_client_that_left_asked_for_is_not_begun)
{
    Error err;
    HttpServer *wide = server;
    HttpServerOptions options = { .listen = "127.0.0.1:0", .thread_count = 1 };
    cr_assert(http_server_start(&options, &dispatch, NULL, &server, &err), "%s", err.message);
    AUTO_CLOSE int held = dial();
    say(held, S("GET /held HTTP/1.1\r\n" CLOSE "\r\n"));
    WAIT_UNTIL(handled_count == 1);
    int left = dial();
    say(left, S("GET /left HTTP/1.1\r\nHost: x\r\n\r\n"));
    WAIT_UNTIL(http_server_counts(server).waiting == 1);
    close(left);
    sleep_ms(200); /* one that waited for less is run without a look */
    may_end = true;
    cr_assert(HAS(read_until(held, "GET /held"), "GET /held"));
    cr_assert(HAS(ask(S("GET /last HTTP/1.1\r\n" CLOSE "\r\n")), "GET /last"));
    cr_assert_eq(handled_count, 2);
    WAIT_UNTIL(finished_count == 3);
    cr_assert_eq(finished_count, 3);
    cr_assert(http_server_stop(server, WAIT_MS));
    server = wide;
}

/* --- Files --- */

Test(net_server, ranges_and_tags_follow_rfc_9110)
{
    static const struct {
        const char *header, *status, *part;
    } cases[] = {
        { "", "200", "\r\n\r\n0123456789" },
        { "Range: bytes=2-4\r\n", "206", "\r\n\r\n234" },
        { "Range: bytes=7-\r\n", "206", "Content-Range: bytes 7-9/10" },
        { "Range: bytes=-3\r\n", "206", "\r\n\r\n789" },
        { "Range: bytes=5-100\r\n", "206", "\r\n\r\n56789" },
        { "Range: bytes=10-\r\n", "416", "Content-Range: bytes */10" },
        { "Range: bytes=1-2,4-5\r\n", "200", "\r\n\r\n0123456789" },
        { "Range: bytes=x\r\n", "200", "\r\n\r\n0123456789" },
        { "If-None-Match: \"abc\"\r\n", "304", "ETag: \"abc\"" },
        { "If-None-Match: W/\"abc\"\r\n", "304", "" },
        { "If-None-Match: \"abd\"\r\n", "200", "filename=\"na__ve _x_.txt\"" },
        { "Range: bytes=2-4\r\nIf-Range: \"old\"\r\n", "200", "\r\n\r\n0123456789" },
        { "", "200", "filename*=UTF-8''na%C3%AFve%20%22x%22.txt" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer =
            ask(str_format(arena, "GET /file HTTP/1.1\r\n%s" CLOSE "\r\n", cases[i].header));
        cr_expect(str_starts(answer, str_format(arena, "HTTP/1.1 %s", cases[i].status)),
                  "%zu: " STR_FMT, i, STR_ARG(answer));
        cr_expect(str_find(answer, str(cases[i].part)) >= 0, "%zu: " STR_FMT, i, STR_ARG(answer));
    }
}

/* --- Uploads --- */

static size_t files_left(void)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static Str upload(Str body, const char *type)
{
    return ask(str_format(arena,
                          "POST /upload HTTP/1.1\r\nContent-Type: %s\r\n"
                          "Content-Length: %zu\r\n" CLOSE "\r\n" STR_FMT,
                          type, body.length, STR_ARG(body)));
}

#define FORM "multipart/form-data; boundary=\"B\""
#define PART(head, body) "--B\r\nContent-Disposition: form-data; " head "\r\n\r\n" body "\r\n"

Test(net_server, multipart_bodies_are_read_strictly)
{
    static const struct {
        const char *type, *body, *status, *part;
    } cases[] = {
        { FORM,
          PART("name=\"file\"; filename=\"a.txt\"", "hello") PART("name=note", "hi") "--B--\r\n",
          "200", "file|a.txt||5|2cf24dba|\nnote|||2||hi" },
        { FORM, PART("name=file; filename=\"../../etc/passwd\"", "x") "--B--", "200",
          "file|passwd|" },
        { FORM, PART("name=file; filename=\"C:\\dir\\x.doc\"", "x") "--B--", "200", "file|x.doc|" },
        { FORM, PART("name=file; filename=\"..\"", "x") "--B--", "200", "file|unnamed|" },
        { FORM, PART("name=file; filename=\"\"", "") "--B--", "200", "file|unnamed||0|e3b0c442" },
        { FORM, PART("name=file; filename=\"a\tb\x01\xff.txt\"", "x") "--B--", "200",
          "file|ab\xEF\xBF\xBD.txt" },
        { FORM, PART("name=file; filename=x; filename*=UTF-8''%C3%A9.txt", "x") "--B--", "200",
          "file|\xC3\xA9.txt|" },
        { FORM, PART("name=file; filename=q", "a\r\n--Bx\r\n--") "--B--", "400", "junk" },
        { FORM, PART("name=evil; filename=q", "a") "--B--", "400", "\"field\":\"evil\"" },
        { FORM, PART("filename=q", "a") "--B--", "400", "no name" },
        { FORM, PART("name=note", "\xff") "--B--", "400", "UTF-8" },
        { FORM, PART("name=file; filename=q", "truncated"), "400", "before its last boundary" },
        { FORM, "", "400", "before its last boundary" },
        { FORM, "no boundary at all", "400", "before its last boundary" },
        { "multipart/form-data", PART("name=note", "x") "--B--", "400", "no boundary" },
        { "text/plain", "x", "415", "multipart/form-data" },
        { FORM,
          PART("name=note", "0123456789012345678901234567890123456789012345678901234567890123456"
                            "7890123456789012345678901234567890123456789") "--B--",
          "413", "more than 100 bytes" },
        { FORM,
          PART("name=note", "1") PART("name=note", "2") PART("name=note", "3")
              PART("name=note", "4") PART("name=note", "5") "--B--",
          "413", "more than 4 parts" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer = upload(str(cases[i].body), cases[i].type);
        cr_expect(str_starts(answer, str_format(arena, "HTTP/1.1 %s", cases[i].status)),
                  "%zu: " STR_FMT, i, STR_ARG(answer));
        cr_expect(str_find(answer, str(cases[i].part)) >= 0, "%zu: " STR_FMT, i, STR_ARG(answer));
    }
    WAIT_UNTIL(files_left() == 0);
    cr_assert_eq(files_left(), 0);
}

static Str big_part(size_t size)
{
    Buf body = buf_new(arena, size + KB(1));
    buf_add(&body, S("--B\r\nContent-Disposition: form-data; name=file; filename=big\r\n\r\n"));
    while (body.length < size)
        buf_add(&body, S("\r\n--A 0123456789abcdef 0123456789abcdef 0123456789abcdef\r\r\n\r\n"));
    buf_add(&body, S("\r\n--B--\r\n"));
    return buf_str(&body);
}

Test(net_server, a_large_file_goes_to_disk_with_its_digest)
{
    Str body = big_part(MB(3));
    ptrdiff_t start = str_find(body, S("\r\n\r\n")) + 4;
    Str content = str_slice(body, (size_t)start, body.length - 9);
    Str digest = sha256_hex(arena, content);
    Str answer = upload(body, FORM);
    cr_assert(str_find(answer, str_format(arena, "|%zu|%.8s|", content.length, digest.at)) > 0,
              STR_FMT, STR_ARG(answer));
}

Test(net_server, a_file_over_its_limit_is_cut_and_removed)
{
    Str answer = upload(big_part(MB(6)), FORM);
    cr_assert(HAS(answer, "HTTP/1.1 413") && HAS(answer, "big is larger than the limit"), STR_FMT,
              STR_ARG(answer));
    WAIT_UNTIL(files_left() == 0);
    cr_assert_eq(files_left(), 0);
}

Test(net_server, an_upload_that_breaks_off_leaves_nothing)
{
    int fd = dial();
    say(fd, S("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: " FORM
              "\r\nContent-Length: 5000\r\n\r\n--B\r\nContent-Disposition: form-data; name=file; "
              "filename=x\r\n\r\nhalf a file"));
    WAIT_UNTIL(files_left() == 1);
    cr_assert_eq(files_left(), 1);
    close(fd);
    WAIT_UNTIL(files_left() == 0);
    cr_assert_eq(files_left(), 0);
}

Test(net_server, a_plain_body_may_be_one_file)
{
    Str answer = ask(S("POST /raw HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: 5\r\n" CLOSE
                       "\r\nhello"));
    cr_assert(HAS(answer, "body|body|text/csv|5|2cf24dba|"), STR_FMT, STR_ARG(answer));
}

/* --- Streams --- */

Test(net_server, a_handler_may_stream_events_itself)
{
    Str answer = ask(S("GET /stream HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(HAS(answer, "text/event-stream"));
    cr_assert(HAS(answer, "event: tick\ndata: a\ndata: b\n\n"), STR_FMT, STR_ARG(answer));
}

Test(net_server, a_client_of_http_1_0_gets_a_stream_without_chunks)
{
    Str answer = ask(S("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    cr_assert(HAS(answer, "Connection: close") && !HAS(answer, "chunked"), STR_FMT,
              STR_ARG(answer));
    cr_assert(str_ends(answer, S("\r\n\r\nevent: tick\ndata: a\ndata: b\n\nevent: tick\ndata: a\n"
                                 "data: b\n\nevent: tick\ndata: a\ndata: b\n\n")),
              STR_FMT, STR_ARG(answer));
}

Test(net_server, the_memory_of_a_request_is_its_streaming_handlers_alone)
{
    ask(S("GET /stream HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(!has_foreign_bytes, "the loop's thread used the handler's arena");
}

Test(net_server, a_stream_lives_on_without_a_thread_and_notices_the_client_leaving)
{
    int fd = dial();
    say(fd, S("GET /events HTTP/1.1\r\nHost: x\r\n\r\n"));
    cr_assert(HAS(read_until(fd, "200 OK"), "200 OK"));
    WAIT_UNTIL(kept_stream);
    cr_assert(http_stream_send(kept_stream, S("news"), S("1")));
    cr_assert(HAS(read_until(fd, "data: 1"), "event: news\ndata: 1\n\n"));
    cr_assert(HAS(read_until(fd, ": still here"), ": still here"));
    cr_assert(http_stream_is_open(kept_stream));
    close(fd);
    WAIT_UNTIL(!http_stream_is_open(kept_stream));
    cr_assert(!http_stream_is_open(kept_stream));
    cr_assert(!http_stream_send(kept_stream, S("news"), S("2")));
    http_stream_close(kept_stream);
    WAIT_UNTIL(gone_count);
    cr_assert_eq(gone_count, 1);
}

Test(net_server, a_client_that_does_not_read_is_cut_off)
{
    AUTO_CLOSE int fd = dial();
    say(fd, S("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"));
    WAIT_UNTIL(kept_stream);
    char bytes[KB(16)];
    memset(bytes, 'x', sizeof bytes);
    int sent = 0;
    while (sent < 10000 && http_stream_write(kept_stream, (Str){ bytes, sizeof bytes }))
        sent++;
    cr_assert(sent < 10000);
    http_stream_close(kept_stream);
}

Test(net_server, stopping_ends_streams_and_lets_requests_finish)
{
    AUTO_CLOSE int stream = dial();
    AUTO_CLOSE int slow = dial();
    say(stream, S("GET /events HTTP/1.1\r\nHost: x\r\n\r\n"));
    say(slow, S("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    WAIT_UNTIL(handled_count == 2 && kept_stream);
    cr_assert(http_server_stop(server, WAIT_MS));
    server = NULL;
    cr_assert(HAS(read_some(slow, WAIT_MS), "GET /slow"));
    cr_assert(str_ends(read_some(stream, WAIT_MS), S("0\r\n\r\n")));
    http_stream_close(kept_stream);
}

Test(net_server, a_port_in_use_is_one_clear_sentence)
{
    Error err;
    HttpServer *second;
    HttpServerOptions options = {
        .listen = str_format(arena, "127.0.0.1:%d", http_server_port(server)).at
    };
    cr_assert(!http_server_start(&options, &dispatch, NULL, &second, &err));
    cr_assert(HAS(str(err.message), "is in use by another program"), "%s", err.message);
    options.listen = "192.0.2.1:0";
    cr_assert(!http_server_start(&options, &dispatch, NULL, &second, &err));
    cr_assert(HAS(str(err.message), "is not an address of this machine"), "%s", err.message);
}

Test(net_server, commands_of_this_machine_come_over_the_local_socket)
{
    Error err;
    HttpServer *local;
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    snprintf(where.sun_path, sizeof where.sun_path, "%s/socket", folder);
    cr_assert(http_server_start(&(HttpServerOptions){ .local_path = where.sun_path }, &dispatch,
                                NULL, &local, &err));
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(connect(fd, (struct sockaddr *)&where, sizeof where) == 0);
    say(fd, S("GET /x HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(HAS(read_some(fd, WAIT_MS), "GET /x"));
    cr_assert(http_server_stop(local, 1000));
}
