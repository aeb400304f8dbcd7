#include "net/http_app_test.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

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
        { "GET /x HTTP/1.1\r\nContent-Length: 17\r\n" CLOSE "\r\n", "413", "no body" },
        { "GET /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE
          "\r\n14\r\n                    \r\n0\r\n\r\n",
          "413", "no body" },
        { "GET /x HTTP/1.1\r\nContent-Length: 4\r\n" CLOSE "\r\n {}\n", "200", "" },
        { "GET /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n0\r\n\r\n", "200", "" },
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
        Str answer = client_ask(str(cases[i].request));
        Str status = str_format(http_app.arena, "HTTP/1.1 %s", cases[i].status);
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
        Str answer = client_ask(
            str_format(http_app.arena,
                       "POST /x HTTP/1.1\r\n%s\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\n" CLOSE "\r\n",
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
        client_ask(S("POST /checked HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
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
    Str answer = client_ask(S("GET / HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(HAS(answer, "X-Request-Id: ") && HAS(answer, "X-Content-Type-Options: nosniff"));
}

Test(net_server, pipelined_requests_are_answered_in_order)
{
    Str answer =
        client_ask(S("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /fast HTTP/1.1\r\nHost: x\r\n\r\n"
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
        AUTO_CLOSE int fd = client_dial();
        for (size_t at = 0; at < sizeof text - 1; at += step) {
            client_say(fd, (Str){ text + at, MIN(step, sizeof text - 1 - at) });
            if (step < 8 && at % 16 == 0)
                sleep_ms(1);
        }
        Str answer = client_read_some(fd, WAIT_MS);
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
    Buf text = buf_new(http_app.arena, MB(1));
    for (int i = 0; i < COUNT_OF_THEM; i++)
        buf_add(&text, S(one));
    AUTO_CLOSE int fd = client_dial();
    int child = fork(); /* so that nobody waits for the other */
    if (child == 0) {
        client_say(fd, buf_str(&text));
        client_say(fd, S("GET /last HTTP/1.1\r\n" CLOSE "\r\n"));
        _exit(0);
    }
    Str answer = client_read_some(fd, WAIT_MS);
    cr_assert(waitpid(child, NULL, 0) == child);
    size_t count = 0;
    for (ptrdiff_t at; (at = str_find(answer, S("GET /fast"))) >= 0; count++)
        answer = str_from(answer, (size_t)at + 1);
    cr_assert_eq(count, COUNT_OF_THEM);
    cr_assert(HAS(answer, "GET /last"));
}

Test(net_server, a_client_of_http_1_0_may_keep_its_connection)
{
    Str answer =
        client_ask(S("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n"));
    cr_assert(HAS(answer, "Connection: keep-alive") && HAS(answer, "GET /1"), STR_FMT,
              STR_ARG(answer));
    cr_assert(HAS(answer, "Connection: close") && HAS(answer, "GET /2"), STR_FMT, STR_ARG(answer));
}

Test(net_server, what_follows_the_last_request_does_not_cost_its_answer)
{
    Buf text = buf_new(http_app.arena, MB(1));
    buf_add(&text, S("GET /large HTTP/1.1\r\n" CLOSE "\r\n"));
    for (int i = 0; i < 30000; i++)
        buf_add(&text, S("and more "));
    Str answer = client_ask(buf_str(&text));
    cr_assert_gt(answer.length, MB(6), "%zu", answer.length);
}

Test(net_server, a_client_that_has_said_all_still_gets_its_answer)
{
    AUTO_CLOSE int fd = client_dial();
    client_say(fd, S("GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"));
    cr_assert(shutdown(fd, SHUT_WR) == 0);
    Str answer = client_read_some(fd, WAIT_MS);
    cr_assert(HAS(answer, "GET /slow") && HAS(answer, "GET /2"), STR_FMT, STR_ARG(answer));
}

Test(net_server, a_large_answer_goes_out_as_fast_as_it_is_taken)
{
    enum { SIZE = 6 << 20 };
    static const char *const paths[] = { "/large", "/large-file" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        AUTO_CLOSE int fd = client_dial();
        client_say(fd, str_format(http_app.arena, "GET %s HTTP/1.1\r\n" CLOSE "\r\n", paths[i]));
        sleep_ms(100);
        Str answer = client_read_some(fd, WAIT_MS);
        ptrdiff_t end = str_find(answer, S("\r\n\r\n"));
        cr_assert(end > 0 && answer.length == (size_t)end + 4 + SIZE, "%s: %zu", paths[i],
                  answer.length);
        for (size_t at = 0; at < SIZE; at += 997)
            cr_assert_eq(answer.at[(size_t)end + 4 + at], http_app_large_byte(at), "%s: %zu",
                         paths[i], at);
    }
}

Test(net_server, continue_is_sent_only_when_the_body_is_wanted)
{
    AUTO_CLOSE int fd = client_dial();
    client_say(
        fd, S("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
    cr_assert(HAS(client_read_until(fd, "100 Continue"), "100 Continue"));
    client_say(fd, S("hi"));
    cr_assert(HAS(client_read_until(fd, "b=hi"), "b=hi"));
}

Test(net_server, oversize_headers_are_refused)
{
    Buf request = buf_new(http_app.arena, MB(1));
    buf_add(&request, S("GET / HTTP/1.1\r\nHost: x\r\nX-Big: "));
    for (int i = 0; i < 60000; i++)
        buf_add_char(&request, 'x');
    buf_add(&request, S("\r\n\r\n"));
    Str answer = client_ask(buf_str(&request));
    cr_assert(!answer.length || HAS(answer, " 431 ") || HAS(answer, " 413 "), STR_FMT,
              STR_ARG(answer));
}

Test(net_server, a_chunked_body_over_the_limit_is_cut_with_413)
{
    Buf request = buf_new(http_app.arena, MB(2));
    buf_add(&request, S("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 2000; i++)
        buf_add(&request, S("10\r\n0123456789abcdef\r\n"));
    Str answer = client_ask(buf_str(&request));
    cr_assert(HAS(answer, "HTTP/1.1 413") && HAS(answer, "limit of 1000"), STR_FMT,
              STR_ARG(answer));
}

Test(net_server, a_slow_head_is_cut_off)
{
    AUTO_CLOSE int fd = client_dial();
    client_say(fd, S("GET / HT"));
    char byte;
    cr_assert_leq(recv(fd, &byte, 1, 0), 0);
}

Test(net_server, too_many_connections_of_one_address_are_turned_away)
{
    int fds[25];
    for (size_t i = 0; i < COUNT(fds); i++)
        fds[i] = client_dial();
    cr_assert(HAS(client_read_until(fds[24], "503"), "503"));
    for (size_t i = 0; i < COUNT(fds); i++)
        close(fds[i]);
}

Test(net_server, a_client_that_leaves_costs_nothing)
{
    for (int i = 0; i < 10; i++) {
        int fd = client_dial();
        client_say(fd, S("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
        close(fd);
    }
    sleep_ms(100);
    cr_assert(HAS(client_ask(S("GET / HTTP/1.1\r\n" CLOSE "\r\n")), "200 OK"));
}

/* A http_app.server with one thread, which is held. */
Test(net_server, what_a_client_that_left_asked_for_is_not_begun)
{
    Error err;
    HttpServer *wide = http_app.server;
    HttpServerOptions options = { .listen = "127.0.0.1:0", .thread_count = 1 };
    cr_assert(http_server_start(&options, &http_app_dispatch, NULL, &http_app.server, &err), "%s",
              err.message);
    AUTO_CLOSE int held = client_dial();
    client_say(held, S("GET /held HTTP/1.1\r\n" CLOSE "\r\n"));
    WAIT_UNTIL(http_app.handled_count == 1);
    int left = client_dial();
    client_say(left, S("GET /left HTTP/1.1\r\nHost: x\r\n\r\n"));
    WAIT_UNTIL(http_server_counts(http_app.server).waiting == 1);
    close(left);
    sleep_ms(200); /* one that waited for less is run without a look */
    http_app.may_end = true;
    cr_assert(HAS(client_read_until(held, "GET /held"), "GET /held"));
    cr_assert(HAS(client_ask(S("GET /last HTTP/1.1\r\n" CLOSE "\r\n")), "GET /last"));
    cr_assert_eq(http_app.handled_count, 2);
    WAIT_UNTIL(http_app.finished_count == 3);
    cr_assert_eq(http_app.finished_count, 3);
    cr_assert(http_server_stop(http_app.server, WAIT_MS));
    http_app.server = wide;
}

Test(net_server, who_waits_too_long_for_a_thread_is_told_so_and_who_watches_waits_for_none)
{
    Error err;
    HttpServer *wide = http_app.server;
    HttpServerOptions options = { .listen = "127.0.0.1:0", .thread_count = 1, .wait_ms = 150 };
    cr_assert(http_server_start(&options, &http_app_dispatch, NULL, &http_app.server, &err), "%s",
              err.message);
    AUTO_CLOSE int held = client_dial(), late = client_dial(), checked = client_dial();
    client_say(held, S("GET /held HTTP/1.1\r\n" CLOSE "\r\n"));
    WAIT_UNTIL(http_app.handled_count == 1);
    client_say(late, S("GET /late HTTP/1.1\r\n" CLOSE "\r\n"));
    client_say(checked, S("POST /checked HTTP/1.1\r\nX-Key: 1\r\nExpect: 100-continue\r\n"
                          "Content-Length: 2\r\n" CLOSE "\r\n"));
    WAIT_UNTIL(http_server_counts(http_app.server).waiting == 2);
    cr_assert(HAS(client_ask(S("GET /watch HTTP/1.1\r\n" CLOSE "\r\n")), "GET /watch"));
    sleep_ms(200);
    http_app.may_end = true;
    cr_assert(HAS(client_read_until(held, "GET /held"), "GET /held"));
    int waiting[] = { late, checked };
    for (size_t i = 0; i < COUNT(waiting); i++) {
        Str answer = client_read_until(waiting[i], "request_wait");
        cr_expect(str_starts(answer, S("HTTP/1.1 503")) && HAS(answer, "Retry-After: 1") &&
                      HAS(answer, "all 1 threads"),
                  STR_FMT, STR_ARG(answer));
    }
    cr_assert(HAS(client_ask(S("GET /last HTTP/1.1\r\n" CLOSE "\r\n")), "GET /last"));
    cr_assert_eq(http_app.handled_count, 3);
    cr_assert(http_server_stop(http_app.server, WAIT_MS));
    http_app.server = wide;
}

/* Of 16 threads a quarter. */
Test(net_server, many_that_are_patient_leave_threads_to_others_and_a_large_body_waits_for_none)
{
    int fds[8];
    for (size_t i = 0; i < COUNT(fds); i++) {
        fds[i] = client_dial();
        client_say(fds[i], S("POST /held-file HTTP/1.1\r\n" CLOSE "Content-Length: 1\r\n\r\nx"));
    }
    WAIT_UNTIL(http_server_counts(http_app.server).waiting == 4);
    cr_assert(HAS(client_ask(S("GET / HTTP/1.1\r\n" CLOSE "\r\n")), "200 OK"));
    cr_assert_eq(http_app.handled_count, 5);
    AUTO_CLOSE int large = client_dial();
    size_t size = MB(17);
    char *bytes = heap_alloc(size);
    memset(bytes, 'x', size);
    client_say(large, str_format(http_app.arena,
                                 "POST /held-file HTTP/1.1\r\n" CLOSE "Content-Length: %zu\r\n\r\n",
                                 size));
    client_say(large, (Str){ bytes, size });
    free(bytes);
    WAIT_UNTIL(http_app.handled_count == 6);
    cr_assert_eq(http_app.handled_count, 6);
    cr_assert_eq(http_server_counts(http_app.server).waiting, 4);
    http_app.may_end = true;
    cr_assert(HAS(client_read_until(large, "200 OK"), "200 OK"));
    for (size_t i = 0; i < COUNT(fds); i++) {
        cr_assert(HAS(client_read_until(fds[i], "200 OK"), "200 OK"));
        close(fds[i]);
    }
}

Test(net_server, work_learns_that_its_client_has_left_and_of_one_that_says_no_more_that_it_waits)
{
    AUTO_CLOSE int waits = client_dial();
    client_say(waits, S("GET /long HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(shutdown(waits, SHUT_WR) == 0);
    for (int version = 0; version < 2; version++) {
        int left = client_dial();
        client_say(left, version ? S("GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
                                 : S("GET /long HTTP/1.0\r\n\r\n"));
        WAIT_UNTIL(http_app.handled_count == version + 2);
        close(left);
        WAIT_UNTIL(http_app.gone_count == version + 1);
        cr_assert_eq(http_app.gone_count, version + 1);
    }
    http_app.may_end = true;
    cr_assert(HAS(client_read_until(waits, "GET /long"), "200 OK"));
    cr_assert_eq(http_app.gone_count, 2);
}

Test(net_server, a_port_in_use_is_one_clear_sentence)
{
    Error err;
    HttpServer *second;
    HttpServerOptions options = {
        .listen = str_format(http_app.arena, "127.0.0.1:%d", http_server_port(http_app.server)).at
    };
    cr_assert(!http_server_start(&options, &http_app_dispatch, NULL, &second, &err));
    cr_assert(HAS(str(err.message), "is in use by another program"), "%s", err.message);
    options.listen = "192.0.2.1:0";
    cr_assert(!http_server_start(&options, &http_app_dispatch, NULL, &second, &err));
    cr_assert(HAS(str(err.message), "is not an address of this machine"), "%s", err.message);
}

Test(net_server, commands_of_this_machine_come_over_the_local_socket)
{
    Error err;
    HttpServer *local;
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    snprintf(where.sun_path, sizeof where.sun_path, "%s/socket", http_app.folder);
    cr_assert(http_server_start(&(HttpServerOptions){ .local_path = where.sun_path },
                                &http_app_dispatch, NULL, &local, &err));
    AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(connect(fd, (struct sockaddr *)&where, sizeof where) == 0);
    client_say(fd, S("GET /x HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_assert(HAS(client_read_some(fd, WAIT_MS), "GET /x"));
    cr_assert(http_server_stop(local, 1000));
}

Test(net_server, an_answer_carries_the_id_of_the_client_and_the_time_it_took)
{
    const struct {
        const char *sent, *answered; /* NULL: one of ours */
    } cases[] = {
        { "checkout-7f.3:a_B", "checkout-7f.3:a_B" },
        { "", NULL },
        { "a b", NULL },
        { "a[31mb", NULL },
        { "<script>", NULL },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
    };
    static const char *const paths[] = { "/slow", "/missing", "/stream", "/file" };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str answer = client_ask(str_format(http_app.arena,
                                           "GET %s HTTP/1.1\r\n" CLOSE "X-Request-Id: %s\r\n\r\n",
                                           paths[i % COUNT(paths)], cases[i].sent));
        Str line = str_format(http_app.arena, "\r\nX-Request-Id: %s\r\n", cases[i].sent);
        cr_expect_eq(str_find(answer, line) >= 0, cases[i].answered != NULL, "%s: " STR_FMT,
                     cases[i].sent, STR_ARG(answer));
        cr_expect(HAS(answer, "\r\nX-Request-Id: ") && HAS(answer, "\r\nX-Process-Time: 0."),
                  STR_FMT, STR_ARG(answer));
    }
    Str slow = client_ask(S("GET /slow HTTP/1.1\r\n" CLOSE "\r\n"));
    cr_expect(!HAS(slow, "X-Process-Time: 0.0") && !HAS(slow, "X-Process-Time: 0.1"), STR_FMT,
              STR_ARG(slow));
}

Test(net_server, what_is_no_request_is_answered_with_an_id_and_a_time_too)
{
    Str answer = client_ask(S("nonsense\r\n\r\n"));
    cr_expect(HAS(answer, " 400 ") && HAS(answer, "X-Request-Id: ") &&
                  HAS(answer, "X-Process-Time: 0."),
              STR_FMT, STR_ARG(answer));
}
