#include "net/http_app_test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include "base/file.h"

HttpApp http_app;

static bool app_begin(void *app, HttpRequest *request, HttpPlan *plan, Error *err)
{
    static const char *const fields[] = { "file", "note", NULL };
    (void)app;
    if (str_is(request->path, "/missing"))
        return fail(err, ERROR_NOT_FOUND, "nothing here");
    plan->is_fast = str_is(request->path, "/fast");
    plan->is_watch = str_is(request->path, "/watch");
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
                            .folder = http_app.folder };
    if (str_is(request->path, "/raw"))
        *plan = (HttpPlan){
            .body = HTTP_BODY_FILE, .body_max = MB(8), .file_max = MB(8), .folder = http_app.folder
        };
    if (str_is(request->path, "/held-file"))
        *plan = (HttpPlan){ .body = HTTP_BODY_FILE,
                            .body_max = MB(20),
                            .file_max = MB(20),
                            .folder = http_app.folder,
                            .is_patient = true };
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
    http_app.gone_count++;
}

static void echo(void *argument, WebSocket *socket, Str text)
{
    (void)argument;
    (void)websocket_send(socket, text);
}

static void open_socket(HttpRequest *request, HttpResponse *response)
{
    WebSocketOptions options = { .take_text = echo,
                                 .on_gone = count_gone,
                                 .message_max = 100,
                                 .queue_max = KB(64),
                                 .heartbeat_ms = http_app.beat_ms,
                                 .frames_max = 20 };
    Error err;
    if (websocket_is_asked(request, &response->status, &err))
        http_app.kept_socket = websocket_accept(request, response, &options);
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

char http_app_large_byte(size_t at) { return (char)(at * 2654435761u >> 13 & 0x7f); }

static void send_large(HttpResponse *response, bool is_file)
{
    enum { SIZE = 6 << 20 };
    char path[] = "/tmp/lectern-file-XXXXXX";
    Error err;
    buf_reserve(&response->body, SIZE);
    for (size_t at = 0; at < SIZE; at++)
        buf_add_char(&response->body, http_app_large_byte(at));
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
    http_app.handled_count++;
    if (str_is(request->path, "/file")) {
        send_file(response);
    } else if (str_starts(request->path, S("/large"))) {
        send_large(response, str_is(request->path, "/large-file"));
    } else if (str_is(request->path, "/text")) {
        http_header(response, "ETag", S("\"t\""));
        for (int i = 0; i < 400; i++)
            buf_addf(&response->body, "{\"line\":%d}", i);
    } else if (str_is(request->path, "/slow")) {
        sleep_ms(300);
        show(request, response);
    } else if (str_starts(request->path, S("/held"))) {
        while (!http_app.may_end)
            sleep_ms(5);
        show(request, response);
    } else if (str_is(request->path, "/long")) {
        while (!http_client_has_left(response) && !http_app.may_end)
            sleep_ms(5);
        http_app.gone_count += http_client_has_left(response);
        show(request, response);
    } else if (str_is(request->path, "/stream")) {
        HttpStream *stream = http_respond_stream(response, &(HttpStreamOptions){ 0 });
        for (int i = 0; i < 3; i++) {
            http_stream_send(stream, S("tick"), S("a\nb"));
            sleep_ms(5);
        }
        http_app.has_foreign_bytes = arena_used(request->arena) != http_app.used_with_head;
        http_stream_close(stream);
    } else if (str_is(request->path, "/events")) {
        http_app.kept_stream = http_respond_stream(
            response, &(HttpStreamOptions){ .on_gone = count_gone,
                                            .heartbeat_ms = 30,
                                            .last_when_leaving = S("data: \"the end\"\n\n") });
    } else if (str_is(request->path, "/socket")) {
        open_socket(request, response);
    } else if (str_is(request->path, "/flood")) {
        http_app.kept_stream =
            http_respond_stream(response, &(HttpStreamOptions){ .queue_max = KB(64) });
    } else {
        show(request, response);
    }
}

static void app_headers(void *app, const HttpRequest *request, HttpResponse *response)
{
    (void)app;
    http_header(response, "X-Content-Type-Options", S("nosniff"));
    http_app.used_with_head = arena_used(request->arena);
}

static void app_finish(void *app, const HttpRequest *request, const HttpAccess *access)
{
    (void)app, (void)request, (void)access;
    http_app.finished_count++;
}

const HttpDispatch http_app_dispatch = {
    .begin = app_begin,
    .check = app_check,
    .handle = app_handle,
    .headers = app_headers,
    .finish = app_finish,
};

static void open_server(void)
{
    Error err;
    http_app.arena = arena_new(MB(64));
    snprintf(http_app.folder, sizeof http_app.folder, "/tmp/lectern-net-%d", (int)getpid());
    cr_assert(folder_make(http_app.folder, 0700, &err));
    HttpServerOptions options = { .listen = "127.0.0.1:0",
                                  .reactor_count = 2,
                                  .connection_max_per_address = 20,
                                  .head_s = 1,
                                  .disk_reserve = 1 };
    cr_assert(http_server_start(&options, &http_app_dispatch, NULL, &http_app.server, &err), "%s",
              err.message);
}

static void close_server(void)
{
    Error err;
    cr_assert(http_server_stop(http_app.server, 20000));
    cr_assert(folder_remove(http_app.folder, &err));
    arena_free(http_app.arena);
}

TestSuite(net_server, .init = open_server, .fini = close_server, .timeout = 60);

/* --- A client that sends exactly the bytes it is told --- */

int client_dial(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_server_port(http_app.server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

Str client_read_some(int fd, int wait_ms)
{
    Buf out = buf_new(http_app.arena, MB(8));
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

Str client_read_until(int fd, const char *part)
{
    Buf out = buf_new(http_app.arena, MB(8));
    int64_t end = monotonic_ms() + WAIT_MS;
    while (str_find(buf_str(&out), str(part)) < 0 && monotonic_ms() < end)
        buf_add(&out, client_read_some(fd, 10));
    return buf_str(&out);
}

void client_say(int fd, Str bytes)
{
    while (bytes.length) {
        ssize_t sent = send(fd, bytes.at, bytes.length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes = str_from(bytes, (size_t)sent);
    }
}

Str client_ask(Str request)
{
    AUTO_CLOSE int fd = client_dial();
    client_say(fd, request);
    return client_read_some(fd, WAIT_MS);
}
