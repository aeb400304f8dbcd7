#include <criterion/criterion.h>

#include "base/clock.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "net/url_safety.h"

static Arena *arena;
static HttpServer *server;
static HttpClient *client;

static bool app_begin(void *app, HttpRequest *request, HttpPlan *plan, Error *err)
{
    (void)app, (void)err, (void)request;
    *plan = (HttpPlan){ .body = HTTP_BODY_BUFFER, .body_max = MB(1) };
    return true;
}

static void app_handle(void *app, HttpRequest *request, HttpResponse *response)
{
    (void)app;
    if (str_is(request->path, "/slow"))
        sleep_ms(500);
    if (str_is(request->path, "/big"))
        for (int i = 0; i < 1000; i++)
            buf_add(&response->body, S("0123456789"));
    if (str_is(request->path, "/moved")) {
        response->status = 302;
        http_header(response, "Location", S("/elsewhere"));
    }
    if (str_is(request->path, "/events") || str_is(request->path, "/stuck")) {
        HttpStream *stream = http_respond_stream(response, &(HttpStreamOptions){ 0 });
        http_stream_send(stream, S("a"), S("one"));
        http_stream_send_id(stream, S("7"), S(""), S("two\nlines"));
        if (str_is(request->path, "/stuck"))
            sleep_ms(600);
        http_stream_close(stream);
        return;
    }
    buf_addf(&response->body, STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(request->method),
             STR_ARG(http_header_in(request, "X-A")), STR_ARG(request->body));
}

static const HttpDispatch dispatch = { .begin = app_begin, .handle = app_handle };

static void open_both(void)
{
    Error err;
    arena = arena_new(MB(64));
    cr_assert(http_server_start(&(HttpServerOptions){ .listen = "127.0.0.1:0" }, &dispatch, NULL,
                                &server, &err));
    client = http_client_new(&(HttpClientOptions){ 0 });
}

static void close_both(void)
{
    http_client_free(client);
    cr_assert(http_server_stop(server, 20000));
    arena_free(arena);
}

TestSuite(net_client, .init = open_both, .fini = close_both, .timeout = 60);

static Str url_of(const char *path)
{
    return str_format(arena, "http://127.0.0.1:%d%s", http_server_port(server), path);
}

Test(net_client, a_call_brings_status_headers_and_body)
{
    HttpPair headers[] = { { S("X-A"), S("yes") }, { S("X-B"), S("bad\r\nX-C: 1") } };
    HttpCall call = {
        .url = url_of("/x"), .headers = headers, .header_count = 2, .body = S("hello")
    };
    HttpAnswer answer;
    Error err;
    for (int i = 0; i < 3; i++)
        cr_assert(http_call(client, arena, &call, &answer, &err), "%s", err.message);
    cr_assert_eq(answer.status, 200);
    cr_assert(str_is(answer.body, "POST yes hello"), STR_FMT, STR_ARG(answer.body));
    cr_assert(str_is(http_answer_header(&answer, "content-type"), "application/json"));
    cr_assert(answer.first_byte_us > 0 && http_server_counts(server).connections == 1);
}

Test(net_client, redirects_are_not_followed)
{
    HttpAnswer answer;
    Error err;
    cr_assert(http_call(client, arena, &(HttpCall){ .url = url_of("/moved") }, &answer, &err));
    cr_assert_eq(answer.status, 302);
}

Test(net_client, every_way_to_fail_has_its_code)
{
    atomic_bool yes = true;
    const struct {
        HttpCall call;
        ErrorCode code;
    } cases[] = {
        { { .url = S("http://127.0.0.1:1/") }, ERROR_UPSTREAM },
        { { .url = S("file:///etc/passwd") }, ERROR_UPSTREAM },
        { { .url = url_of("/slow"), .total_ms = 100 }, ERROR_TIMEOUT },
        { { .url = url_of("/big"), .answer_max = 100 }, ERROR_TOO_LARGE },
        { { .url = url_of("/slow"), .is_cancelled = &yes }, ERROR_CANCELLED },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        HttpAnswer answer;
        Error err = { 0 };
        cr_expect(!http_call(client, arena, &cases[i].call, &answer, &err));
        cr_expect(err.code == cases[i].code, "%zu: %s", i, err.message);
    }
}

static bool on_event(void *self, const SseEvent *event, Error *err)
{
    (void)err;
    buf_addf(self, STR_FMT "=" STR_FMT "#" STR_FMT ";", STR_ARG(event->event), STR_ARG(event->data),
             STR_ARG(event->id));
    return true;
}

static bool feed_events(void *reader, Str bytes, Error *err)
{
    return sse_read(reader, bytes, err);
}

Test(net_client, events_arrive_one_by_one)
{
    Buf out = buf_new(arena, KB(1));
    HttpCall call = { .url = url_of("/events"), .receive = feed_events };
    HttpAnswer answer;
    Error err;
    SseReader *reader = sse_reader_new(KB(64), on_event, &out);
    call.self = reader;
    cr_assert(http_call(client, arena, &call, &answer, &err), "%s", err.message);
    cr_assert_str_eq(buf_c(&out), "a=one#;message=two\nlines#7;");
    sse_reader_free(reader);
}

Test(net_client, events_are_read_in_any_pieces)
{
    static const char stream[] = "\xEF\xBB\xBF: hi\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\n"
                                 "data\n\nid: 5\rdata: x\r\rdata: not finished\n";
    for (size_t piece = 1; piece < sizeof stream; piece++) {
        Buf out = buf_new(arena, KB(1));
        SseReader *reader = sse_reader_new(100, on_event, &out);
        Error err;
        for (Str rest = S(stream); rest.length; rest = str_from(rest, piece))
            cr_assert(sse_read(reader, str_slice(rest, 0, piece), &err));
        cr_expect_str_eq(buf_c(&out), "a=1\n2#;message=#;message=x#5;");
        sse_reader_free(reader);
    }
}

Test(net_client, urls_are_read_strictly)
{
    static const struct {
        const char *text, *again;
    } cases[] = {
        { "HTTP://Example.com", "http://example.com/" },
        { "https://u:p%40@h:8443/a?b#c", "https://h:8443/a?b" },
        { "https://[::1]:443/x", "https://[::1]/x" },
        { "http://h?x", "http://h/?x" },
        { "http://", NULL },
        { "http://h:99999/", NULL },
        { "http://h/a b", NULL },
        { "http://h\\@evil/", NULL },
        { "//h/", NULL },
        { "http://[::1/", NULL },
        { "http://a_b$/", NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Url url;
        Error err;
        bool good = url_parse(arena, str(cases[i].text), &url, &err);
        cr_expect(good == (cases[i].again != NULL), "%s", cases[i].text);
        if (good)
            cr_expect_str_eq(str_c(arena, url_text(arena, &url)), cases[i].again);
    }
}

Test(net_client, only_public_addresses_are_public)
{
    static const struct {
        const char *address;
        AddressKind kind;
    } cases[] = {
        { "93.184.216.34", ADDRESS_PUBLIC },
        { "10.1.2.3", ADDRESS_PRIVATE },
        { "172.31.0.1", ADDRESS_PRIVATE },
        { "172.32.0.1", ADDRESS_PUBLIC },
        { "127.0.0.2", ADDRESS_PRIVATE },
        { "169.254.169.254", ADDRESS_FORBIDDEN },
        { "0.0.0.0", ADDRESS_FORBIDDEN },
        { "100.64.0.1", ADDRESS_PRIVATE },
        { "224.0.0.1", ADDRESS_FORBIDDEN },
        { "255.255.255.255", ADDRESS_FORBIDDEN },
        { "::1", ADDRESS_PRIVATE },
        { "::", ADDRESS_FORBIDDEN },
        { "::ffff:127.0.0.1", ADDRESS_PRIVATE },
        { "::ffff:8.8.8.8", ADDRESS_PUBLIC },
        { "::127.0.0.1", ADDRESS_FORBIDDEN },
        { "2002:7f00:1::", ADDRESS_FORBIDDEN },
        { "64:ff9b::7f00:1", ADDRESS_FORBIDDEN },
        { "2001:0:1::", ADDRESS_FORBIDDEN },
        { "fe80::1", ADDRESS_FORBIDDEN },
        { "3fff::1", ADDRESS_FORBIDDEN },
        { "3fff:1000::1", ADDRESS_PUBLIC },
        { "fd00::1", ADDRESS_PRIVATE },
        { "2606:4700::1111", ADDRESS_PUBLIC },
        { "127.1", ADDRESS_FORBIDDEN },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(address_kind(str(cases[i].address)), cases[i].kind, "%s", cases[i].address);
}

Test(net_client, a_public_host_is_known_by_its_look)
{
    static const struct {
        const char *url;
        bool is_public;
    } cases[] = {
        { "https://example.com/a.png", true },
        { "https://EXAMPLE.co.uk./a", true },
        { "https://xn--bcher-kva.example.xn--p1ai/", true },
        { "http://example.com/a.png", false },
        { "https://example.com:8443/", false },
        { "https://localhost/", false },
        { "https://router.lan/", false },
        { "https://metadata.google.internal/", false },
        { "https://10.0.0.1/", false },
        { "https://2130706433/", false },
        { "https://127.0.0x1/", false },
        { "https://0x7f.1/", false },
        { "https://[::1]/", false },
        { "https://intranet/", false },
        { "file:///etc/passwd", false },
        { "https://", false },
        { "", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(url_looks_public(str(cases[i].url)), cases[i].is_public, "%s", cases[i].url);
}

Test(net_client, private_addresses_need_leave_and_are_pinned)
{
    static const char *const hosts[] = { "localhost", NULL };
    Str address;
    Error err;
    Str url = str_format(arena, "http://localhost:%d/x", http_server_port(server));
    cr_assert(!url_check(arena, url, &(UrlSafety){ 0 }, &address, &err));
    cr_assert_eq(err.code, ERROR_DENIED);
    cr_assert(!url_check(arena, S("http://2130706433/"), &(UrlSafety){ 0 }, &address, &err));
    cr_assert(url_check(arena, url, &(UrlSafety){ .allowed = hosts }, &address, &err));
    HttpCall call = { .url =
                          str_format(arena, "http://no.such.host:%d/x", http_server_port(server)),
                      .pinned_address = S("127.0.0.1") };
    HttpAnswer answer;
    cr_assert(http_call(client, arena, &call, &answer, &err), "%s", err.message);
}
