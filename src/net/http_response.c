/* http_response.c - looking things up in requests, and making responses. */
#include "net/http_etag.h"
#include "net/http_packing.h"
#include "net/http_private.h"

#include <assert.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "net/url.h"

static Str find_pair(HttpPairs pairs, const char *name, bool any_case)
{
    for (size_t i = 0; i < pairs.count; i++)
        if (any_case ? str_equal_ignore_case(pairs.at[i].name, str(name))
                     : str_is(pairs.at[i].name, name))
            return pairs.at[i].value;
    return STR_NONE;
}

Str http_header_in(const HttpRequest *request, const char *name)
{
    return find_pair(request->headers, name, true);
}

Str http_query(const HttpRequest *request, const char *name)
{
    return find_pair(request->query, name, false);
}

bool http_has_query(const HttpRequest *request, const char *name)
{
    return find_pair(request->query, name, false).at != NULL;
}

Str http_cookie(const HttpRequest *request, const char *name)
{
    Str rest = http_header_in(request, "Cookie"), piece;
    while (rest.length && str_next(&rest, ';', &piece)) {
        piece = str_trim(piece);
        ptrdiff_t equals = str_find_char(piece, '=');
        if (equals > 0 && str_is(str_slice(piece, 0, (size_t)equals), name))
            return str_from(piece, (size_t)equals + 1);
    }
    return S("");
}

const HttpPart *http_part(const HttpRequest *request, const char *field)
{
    for (size_t i = 0; i < request->part_count; i++)
        if (str_is(request->parts[i].field, field))
            return &request->parts[i];
    return NULL;
}

/* --- Building --- */

void http_header(HttpResponse *response, const char *name, Str value)
{
    Arena *arena = response->body.arena;
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.at[i] < ' ' && value.at[i] != '\t')
            return;
    *vec_push(arena, &response->headers) =
        (HttpPair){ str_copy(arena, str(name)), str_copy(arena, value) };
}

void http_respond_error(HttpResponse *response, const Error *err)
{
    response->status = error_http_status(err->code);
    response->media_type = S("application/json");
    response->body.length = 0;
    JsonWriter json = put_begin(&response->body);
    put_object(&json, "error");
    put_text(&json, "code", str(error_name(err->code)));
    put_text(&json, "message", str(err->message));
    if (err->field[0])
        put_text(&json, "field", str(err->field));
    if (err->end) {
        put_object(&json, "position");
        put_int(&json, "start", err->start);
        put_int(&json, "end", err->end);
        put_end(&json);
    }
    if (response->exchange && response->exchange->request.shown_id.length)
        put_text(&json, "request_id", response->exchange->request.shown_id);
    if (response->exchange && response->exchange->request.trace.is_set)
        put_text(&json, "trace_id",
                 trace_id_text(&response->exchange->request.trace, (char[TRACE_TEXT_SIZE]){ 0 }));
    put_end(&json);
    put_end(&json);
}

void http_respond_file(HttpResponse *response, const HttpFile *file)
{
    if (response->has_file)
        close(response->file.fd);
    response->has_file = true;
    response->file = *file;
    response->media_type = file->media_type;
}

/* --- Files: RFC 9110, sections 13 and 14 --- */

typedef struct Range {
    uint64_t start, length;
    int status; /* 200, 206, 304, 416 */
} Range;

bool http_etag_matches(Str list, Str etag)
{
    Str piece;
    while (etag.length && list.length && str_next(&list, ',', &piece)) {
        piece = str_trim(piece);
        if (str_is(piece, "*"))
            return true;
        if (str_starts(piece, S("W/")))
            piece = str_from(piece, 2);
        if (piece.length == etag.length + 2 &&
            str_equal(str_slice(piece, 1, piece.length - 1), etag))
            return true;
    }
    return false;
}

/* One range "bytes=a-b"; anything else that is well formed may be ignored: the whole is sent. */
static Range read_range(Str header, uint64_t size)
{
    Range whole = { 0, size, 200 };
    if (!str_starts(header, S("bytes=")) || str_find_char(header, ',') >= 0)
        return whole;
    Str spec = str_trim(str_from(header, 6));
    ptrdiff_t dash = str_find_char(spec, '-');
    if (dash < 0)
        return whole;
    Str from = str_slice(spec, 0, (size_t)dash), to = str_from(spec, (size_t)dash + 1);
    int64_t first = 0, last = INT64_MAX;
    if ((from.length && !str_to_int(from, 0, INT64_MAX, &first)) ||
        (to.length && !str_to_int(to, 0, INT64_MAX, &last)) || (!from.length && !to.length))
        return whole;
    if (!from.length) { /* the last bytes */
        uint64_t tail = MIN((uint64_t)last, size);
        return tail ? (Range){ size - tail, tail, 206 } : (Range){ 0, 0, 416 };
    }
    if ((uint64_t)first >= size)
        return (Range){ 0, 0, 416 };
    if (last < first)
        return whole;
    uint64_t end = MIN((uint64_t)last, size - 1);
    return (Range){ (uint64_t)first, end - (uint64_t)first + 1, 206 };
}

static Range choose_range(const HttpRequest *request, const HttpFile *file)
{
    if (http_etag_matches(http_header_in(request, "If-None-Match"), file->etag))
        return (Range){ 0, 0, 304 };
    Str header = http_header_in(request, "Range");
    Str only_if = http_header_in(request, "If-Range");
    if (!header.length || (only_if.length && !http_etag_matches(only_if, file->etag)))
        return (Range){ 0, file->size, 200 };
    return read_range(header, file->size);
}

bool http_asks_part(const HttpRequest *request, uint64_t size, Str etag, uint64_t *start_r,
                    uint64_t *length_r)
{
    Range range = choose_range(request, &(HttpFile){ .size = size, .etag = etag });
    *start_r = range.start;
    *length_r = range.length;
    return range.status == 206;
}

/* RFC 6266: an ASCII form for old programs and the real name beside it. */
Str http_disposition(Arena *arena, Str name, bool is_shown)
{
    Buf plain = buf_new(arena, name.length + 1);
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        buf_add_char(&plain, c < ' ' || c == '"' || c == '\\' || c == 0x7f ? '_' : c);
    }
    Str coded = url_encode(arena, name);
    return str_format(arena, "%s; filename=\"" STR_FMT "\"; filename*=UTF-8''" STR_FMT,
                      is_shown ? "inline" : "attachment", STR_ARG(buf_str(&plain)), STR_ARG(coded));
}

static void prepare_file(HttpExchange *x)
{
    HttpResponse *response = &x->response;
    HttpFile *file = &response->file;
    Arena *arena = response->body.arena;
    Range range = response->status == 200 ? choose_range(&x->request, file)
                                          : (Range){ 0, file->size, response->status };
    response->status = range.status;
    http_header(response, "Accept-Ranges", S("bytes"));
    if (file->etag.length)
        http_header(response, "ETag", str_format(arena, "\"" STR_FMT "\"", STR_ARG(file->etag)));
    if (file->name.length)
        http_header(response, "Content-Disposition",
                    http_disposition(arena, file->name, file->is_shown));
    if (range.status == 206)
        http_header(response, "Content-Range",
                    str_format(arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.start,
                               range.start + range.length - 1, file->size));
    if (range.status == 416)
        http_header(response, "Content-Range", str_format(arena, "bytes */%" PRIu64, file->size));
    x->sending.file_at = range.start - MIN(file->from, range.start);
    x->sending.file_left = range.length;
}

/* --- The head --- */

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
#define STATUS(number, text) { number, text },
#include "net/http_statuses.def"
#undef STATUS
    };
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Other"; /* of a service, as it said */
}

/* RFC 9110, section 5.6.7; made once a second. */
static Str date_now(void)
{
    static _Thread_local char text[40];
    static _Thread_local time_t made_at;
    static _Thread_local size_t length;
    time_t now = time(NULL);
    struct tm parts;
    if (now != made_at && gmtime_r(&now, &parts)) {
        made_at = now;
        length = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    }
    return (Str){ text, length };
}

/* What the head is written into, whose size was counted before. */
typedef struct HeadText {
    char *at, *end;
} HeadText;

static void put(HeadText *text, Str piece)
{
    assert(piece.length <= (size_t)(text->end - text->at));
    if (piece.length)
        memcpy(text->at, piece.at, piece.length);
    text->at += piece.length;
}

static void put_header(HeadText *text, Str name, Str value)
{
    put(text, name);
    put(text, S(": "));
    put(text, value);
    put(text, S("\r\n"));
}

static void put_length(HeadText *text, uint64_t length)
{
    char digits[24];
    char *at = digits + sizeof digits;
    do
        *--at = (char)('0' + length % 10);
    while (length /= 10);
    put_header(text, S("Content-Length"), (Str){ at, (size_t)(digits + sizeof digits - at) });
}

/* The connection speaks another protocol from now on. */
static bool response_is_switch(const HttpResponse *response)
{
    return response->stream && stream_is_two_way(response->stream);
}

/* Seconds from the request's first line to the head of its answer. */
static void put_seconds(HeadText *text, const HttpRequest *request)
{
    char seconds[40];
    int64_t took_us = monotonic_us() - request->started_us, us = MAX(took_us, 0);
    int length =
        snprintf(seconds, sizeof seconds, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
    put_header(text, S("X-Process-Time"), (Str){ seconds, (size_t)length });
}

static bool has_type(const HttpResponse *response)
{
    return response->media_type.length && response->status != 304 && response->status != 204 &&
           response->status != 101;
}

static size_t head_size(const HttpExchange *x, Str reason)
{
    const HttpResponse *response = &x->response;
    size_t size =
        KB(1) / 2 + reason.length + x->request.shown_id.length + response->media_type.length;
    for (size_t i = 0; i < response->headers.count; i++)
        size += response->headers.at[i].name.length + response->headers.at[i].value.length + 4;
    return size;
}

static void put_framing(HeadText *text, const HttpExchange *x, uint64_t length)
{
    if (x->sending.is_chunked)
        put_header(text, S("Transfer-Encoding"), S("chunked"));
    else if (!x->response.stream && x->response.status != 304 && x->response.status != 204)
        put_length(text, length);
    if (response_is_switch(&x->response))
        put_header(text, S("Connection"), S("Upgrade"));
    else if (x->is_last)
        put_header(text, S("Connection"), S("close"));
    else if (x->is_old)
        put_header(text, S("Connection"), S("keep-alive"));
}

/* On the heap, because a stream's handler may go on using the arena while it is sent. */
static void write_head(HttpExchange *x, uint64_t length)
{
    const HttpResponse *response = &x->response;
    Str reason = str(reason_of(response->status));
    size_t size = head_size(x, reason);
    HeadText text = { .at = heap_alloc(size) };
    char *start = text.at;
    text.end = start + size;
    char status[4] = { (char)('0' + response->status / 100 % 10),
                       (char)('0' + response->status / 10 % 10),
                       (char)('0' + response->status % 10), ' ' };
    put(&text, S("HTTP/1.1 "));
    put(&text, (Str){ status, sizeof status });
    put(&text, reason);
    put(&text, S("\r\n"));
    put_header(&text, S("Date"), date_now());
    put_framing(&text, x, length);
    if (has_type(response))
        put_header(&text, S("Content-Type"), response->media_type);
    put_header(&text, S("X-Request-Id"), x->request.shown_id);
    put_seconds(&text, &x->request);
    for (size_t i = 0; i < response->headers.count; i++)
        put_header(&text, response->headers.at[i].name, response->headers.at[i].value);
    put(&text, S("\r\n"));
    x->sending.head_text = start;
    x->sending.parts[0] = (Str){ start, (size_t)(text.at - start) };
}

/* --- Sending --- */

static void refuse_oversize(HttpExchange *x)
{
    Error err;
    fail(&err, ERROR_TOO_LARGE, "the answer would have more than %zu bytes",
         x->response.body.limit);
    x->response.body.length = 0;
    x->response.body.overflowed = false;
    http_respond_error(&x->response, &err);
}

#define PACKED_FROM KB(1)

static HttpPair *find_header(HttpResponse *response, const char *name)
{
    for (size_t i = 0; i < response->headers.count; i++)
        if (str_equal_ignore_case(response->headers.at[i].name, str(name)))
            return &response->headers.at[i];
    return NULL;
}

/* The body as it is sent: see http_packing.h. What is made on the reactor is not packed there. */
static Str packed_body(HttpExchange *x)
{
    HttpResponse *response = &x->response;
    Arena *arena = response->body.arena;
    Str body = buf_str(&response->body), packed;
    bool may_pack = !x->plan.is_fast && http_packs(response->media_type) &&
                    !find_header(response, "Content-Encoding");
    if (!may_pack || (body.length < PACKED_FROM && response->status != 304))
        return body;
    http_header(response, "Vary", S("Accept-Encoding"));
    Str coding = http_best_coding(http_header_in(&x->request, "Accept-Encoding"));
    if (!coding.length || !body.length || !(packed = http_pack(arena, coding, body)).length)
        return body;
    HttpPair *tag = find_header(response, "ETag");
    if (tag && !str_starts(tag->value, S("W/")))
        tag->value = str_format(arena, "W/" STR_FMT, STR_ARG(tag->value));
    http_header(response, "Content-Encoding", coding);
    return packed;
}

void response_prepare(HttpExchange *x)
{
    HttpResponse *response = &x->response;
    HttpSending *sending = &x->sending;
    uint64_t length = 0;
    if (response->has_file) {
        prepare_file(x);
        length = sending->file_left;
    } else if (!response->stream) {
        if (response->body.overflowed)
            refuse_oversize(x);
        sending->parts[1] = packed_body(x);
        length = sending->parts[1].length;
    }
    bool is_switch = response_is_switch(response);
    sending->is_chunked = response->stream && !x->is_old && !is_switch;
    sending->has_no_body =
        str_is(x->request.method, "HEAD") || response->status == 304 || response->status == 204;
    x->is_last =
        x->is_last || x->server->is_leaving || (response->stream && x->is_old) || is_switch;
    write_head(x, length);
    if (sending->has_no_body) {
        sending->parts[1] = S("");
        sending->file_left = length = 0;
    }
    x->bytes_out = length;
}

HttpSent response_send(HttpExchange *x)
{
    HttpSending *sending = &x->sending;
    if (x->response.stream && !sending->has_no_body)
        return stream_send(x);
    HttpSent sent = http_link_send(x->link, sending->parts, COUNT(sending->parts),
                                   sending->file_left ? MSG_MORE : 0);
    return sent == HTTP_SENT && sending->file_left
               ? http_link_send_file(x->link, x->response.file.fd, &sending->file_at,
                                     &sending->file_left)
               : sent;
}

void response_release(HttpExchange *x)
{
    free(x->sending.head_text);
    x->sending.head_text = NULL;
}
