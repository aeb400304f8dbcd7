/* client.c - see client.h. */
#include "cli/client.h"

#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/app.h"
#include "cli/app_folder.h"
#include "library/library.h"
#include "net/libcurl.h"
#include "net/sse.h"

#define ANSWER_MAX MB(512)
#define INDEX_WAIT_MS 10000

struct Client {
    CommandLine *line;
    App *app; /* started for this command; NULL: somebody else's server */
    CURL *curl;
    char *base, *socket;
    struct curl_slist *headers;
};

bool client_is_alone(const Client *client) { return client->app != NULL; }

void client_wait_indexed(const Client *client)
{
    if (client->app)
        (void)library_wait_indexed(app_api(client->app)->library, INDEX_WAIT_MS);
}

static bool is_listening(CURL *curl, const char *socket)
{
    libcurl.easy_setopt(curl, CURLOPT_URL, "http://lectern/ready");
    libcurl.easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    libcurl.easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    bool good = libcurl.easy_perform(curl) == CURLE_OK;
    libcurl.easy_reset(curl);
    return good;
}

/* A command that only reads, and a folder that was never a library: it was mistyped. */
static bool fail_no_library(Str folder, Error *err)
{
    return fail(err, ERROR_NOT_FOUND,
                "there is no library in " STR_FMT
                "; name its folder with --data, or begin one with `lectern serve` or `lectern add`",
                STR_ARG(folder));
}

static bool open_local(Client *client, Error *err)
{
    CommandLine *line = client->line;
    bool may_begin = line->may_begin || line->settings.database.length;
    Str folder;
    if (!app_data_path(line->arena, &line->settings, &folder, err))
        return false;
    if (!may_begin && !file_exists(str_c(line->arena, folder)))
        return fail_no_library(folder, err);
    if (!app_data_folder(line->arena, &line->settings, &folder, err))
        return false;
    client->base = heap_text("http://lectern");
    client->socket = heap_text(app_socket(line->arena, folder));
    CURL *probe = libcurl.easy_init();
    bool runs = is_listening(probe, client->socket);
    libcurl.easy_cleanup(probe);
    if (runs)
        return true;
    if (!may_begin && !app_has_library(line->arena, &line->settings, folder))
        return fail_no_library(folder, err);
    AppOptions options = { .settings = &line->settings, .is_quiet = true };
    return app_start(&options, &client->app, err);
}

static void add_header(Client *client, const char *name, Str value)
{
    Str header = str_format(client->line->arena, "%s: " STR_FMT, name, STR_ARG(value));
    client->headers = libcurl.slist_append(client->headers, header.at);
}

bool client_open(CommandLine *line, Client **client_r, Error *err)
{
    Client *client = heap_alloc(sizeof *client);
    const char *key = getenv("LECTERN_KEY");
    client->line = line;
    if (!libcurl_load(err)) {
        client_close(client);
        return false;
    }
    if (line->server.length) {
        Str base = line->server;
        while (base.length && base.at[base.length - 1] == '/')
            base.length--;
        client->base = heap_text(str_c(line->arena, base));
        Str secret = line->key.length ? line->key : str(key);
        if (secret.length)
            add_header(client, "Authorization",
                       str_format(line->arena, "Bearer " STR_FMT, STR_ARG(secret)));
    } else if (!open_local(client, err)) {
        client_close(client);
        return false;
    }
    if (line->workspace.length)
        add_header(client, "X-Lectern-Workspace", line->workspace);
    client->curl = libcurl.easy_init();
    *client_r = client;
    return true;
}

void client_close(Client *client)
{
    if (!client)
        return;
    if (client->curl)
        libcurl.easy_cleanup(client->curl);
    if (client->headers)
        libcurl.slist_free_all(client->headers);
    app_stop(client->app);
    free(client->base);
    free(client->socket);
    free(client);
}

/* --- One exchange --- */

typedef struct Answer {
    char *bytes;
    size_t length, capacity;
    bool too_long;
    SseReader *events; /* when the answer is a stream of events */
    const char *mark;  /* an answer that holds this is one, whatever its status; NULL: none */
    Error *err;
    bool stopped;
} Answer;

static size_t receive(char *bytes, size_t size, size_t count, void *argument)
{
    Answer *answer = argument;
    size_t length = size * count;
    if (answer->events) {
        answer->stopped = !sse_read(answer->events, (Str){ bytes, length }, answer->err);
        return answer->stopped ? 0 : length;
    }
    if (answer->length + length > ANSWER_MAX) {
        answer->too_long = true;
        return 0;
    }
    if (answer->length + length > answer->capacity) {
        answer->capacity = (answer->length + length) * 2;
        answer->bytes = heap_grow(answer->bytes, answer->capacity);
    }
    memcpy(answer->bytes + answer->length, bytes, length);
    answer->length += length;
    return length;
}

static bool fail_from(Str body, long status, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    if (json_parse(body, MB(1), &json, &ignored)) {
        const json_t *error = json_object_get(json, "error");
        Str message = json_member_text(error, "message"), code = json_member_text(error, "code");
        if (message.length) {
            AUTO_ARENA Arena *arena = arena_new(KB(64));
            const json_t *place = json_object_get(error, "position");
            (void)fail(err, error_code(str_c(arena, code)), STR_FMT, STR_ARG(message));
            return fail_at(err, (size_t)json_integer_value(json_object_get(place, "start")),
                           (size_t)json_integer_value(json_object_get(place, "end")));
        }
    }
    return fail(err, ERROR_UPSTREAM, "the server answered with status %ld", status);
}

static bool perform(Client *client, const char *path, Answer *answer, Error *err)
{
    CURL *curl = client->curl;
    Str url = str_format(client->line->arena, "%s%s", client->base, path);
    long status = 0;
    libcurl.easy_setopt(curl, CURLOPT_URL, url.at);
    libcurl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    libcurl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    libcurl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    libcurl.easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (client->socket)
        libcurl.easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    CURLcode code = libcurl.easy_perform(curl);
    libcurl.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    libcurl.easy_reset(curl);
    if (answer->stopped)
        return false;
    if (answer->too_long)
        return fail(err, ERROR_TOO_LARGE, "the answer is longer than %zu MB", ANSWER_MAX >> 20);
    if (code != CURLE_OK)
        return fail(err, ERROR_UPSTREAM, "%s: %s", client->base, libcurl.easy_strerror(code));
    Str body = { answer->bytes, answer->length };
    bool is_answer = status < 400 || (answer->mark && str_find(body, str(answer->mark)) >= 0);
    return is_answer || fail_from(body, status, err);
}

static void set_method(Client *client, const char *method, Str body, struct curl_slist **headers)
{
    CURL *curl = client->curl;
    for (struct curl_slist *header = client->headers; header; header = header->next)
        *headers = libcurl.slist_append(*headers, header->data);
    *headers = libcurl.slist_append(*headers, "Expect:");
    if (body.length) {
        *headers = libcurl.slist_append(*headers, "Content-Type: application/json");
        libcurl.easy_setopt(curl, CURLOPT_POSTFIELDS, body.at);
        libcurl.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.length);
    } else if (strcmp(method, "POST") == 0) {
        libcurl.easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
    libcurl.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    libcurl.easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
}

static bool parse_answer(const Answer *answer, json_t **answer_r, Error *err)
{
    Str text = { answer->bytes, answer->length };
    if (!text.length) {
        *answer_r = json_null();
        return true;
    }
    return json_parse(text, ANSWER_MAX, answer_r, err) || fail_in(err, "the server's answer");
}

bool client_call(Client *client, const char *method, const char *path, Str body, json_t **answer_r,
                 Error *err)
{
    Answer answer = { 0 };
    struct curl_slist *headers = NULL;
    set_method(client, method, body, &headers);
    bool good = perform(client, path, &answer, err) && parse_answer(&answer, answer_r, err);
    libcurl.slist_free_all(headers);
    free(answer.bytes);
    return good;
}

bool client_relay(Client *client, const char *path, StrList lines, Str body, Arena *arena,
                  const char *mark, Str *answer_r, Error *err)
{
    Answer answer = { .mark = mark };
    struct curl_slist *headers = NULL;
    for (size_t i = 0; i < lines.count; i++)
        headers = libcurl.slist_append(headers, str_c(arena, lines.at[i]));
    set_method(client, "POST", body, &headers);
    bool good = perform(client, path, &answer, err);
    if (good)
        *answer_r = str_copy(arena, (Str){ answer.bytes, answer.length });
    libcurl.slist_free_all(headers);
    free(answer.bytes);
    return good;
}

/* --- Uploads and streams --- */

static void add_field(curl_mime *form, const char *name, Str value)
{
    if (!value.length)
        return;
    curl_mimepart *part = libcurl.mime_addpart(form);
    libcurl.mime_name(part, name);
    libcurl.mime_data(part, value.at, value.length);
}

bool client_upload(Client *client, const char *file, const UploadFields *fields, json_t **answer_r,
                   Error *err)
{
    Answer answer = { 0 };
    struct curl_slist *headers = NULL;
    Arena *arena = client->line->arena;
    bool is_new = !fields->document.length;
    if (access(file, R_OK) != 0)
        return fail_errno(err, "reading %s", file);
    const char *path = is_new ? "/v1/documents"
                              : str_c(arena, str_format(arena, "/v1/documents/" STR_FMT "/original",
                                                        STR_ARG(fields->document)));
    set_method(client, is_new ? "POST" : "PUT", S(""), &headers);
    curl_mime *form = libcurl.mime_init(client->curl);
    add_field(form, "collection", fields->collection);
    add_field(form, "password", fields->password);
    add_field(form, "tags", fields->tags);
    curl_mimepart *part = libcurl.mime_addpart(form);
    libcurl.mime_name(part, "file");
    libcurl.mime_filedata(part, file);
    libcurl.mime_filename(part, str_c(arena, fields->name));
    libcurl.easy_setopt(client->curl, CURLOPT_MIMEPOST, form);
    bool good = perform(client, path, &answer, err) && parse_answer(&answer, answer_r, err);
    libcurl.mime_free(form);
    libcurl.slist_free_all(headers);
    free(answer.bytes);
    return good;
}

typedef struct StreamPort {
    ClientEvent *event;
    void *self;
} StreamPort;

static bool pass_event(void *self, const SseEvent *event, Error *err)
{
    const StreamPort *port = self;
    return port->event(port->self, event->event, event->data, err);
}

bool client_stream(Client *client, const char *path, Str body, ClientEvent *event, void *self,
                   Error *err)
{
    StreamPort port = { event, self };
    Answer answer = { .events = sse_reader_new(MB(16), pass_event, &port), .err = err };
    struct curl_slist *headers = NULL;
    set_method(client, body.length ? "POST" : "GET", body, &headers);
    headers = libcurl.slist_append(headers, "Accept: text/event-stream");
    bool good = perform(client, path, &answer, err);
    libcurl.slist_free_all(headers);
    sse_reader_free(answer.events);
    return good;
}
