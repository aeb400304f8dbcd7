/* http_response.c - looking things up in requests, and making responses. */
#include "net/http_private.h"

#include <unistd.h>

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

static bool etag_matches(Str list, Str etag)
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
    if (etag_matches(http_header_in(request, "If-None-Match"), file->etag))
        return (Range){ 0, 0, 304 };
    Str header = http_header_in(request, "Range");
    Str only_if = http_header_in(request, "If-Range");
    if (!header.length || (only_if.length && !etag_matches(only_if, file->etag)))
        return (Range){ 0, file->size, 200 };
    return read_range(header, file->size);
}

/* RFC 6266: an ASCII form for old programs and the real name beside it. */
static void add_disposition(HttpResponse *response)
{
    const HttpFile *file = &response->file;
    Arena *arena = response->body.arena;
    Buf plain = buf_new(arena, file->name.length + 1);
    for (size_t i = 0; i < file->name.length; i++) {
        char c = file->name.at[i];
        buf_add_char(&plain, c < ' ' || c == '"' || c == '\\' || c == 0x7f ? '_' : c);
    }
    Str coded = url_encode(arena, file->name);
    http_header(response, "Content-Disposition",
                str_format(arena, "%s; filename=\"" STR_FMT "\"; filename*=UTF-8''" STR_FMT,
                           file->is_shown ? "inline" : "attachment", STR_ARG(buf_str(&plain)),
                           STR_ARG(coded)));
}

static struct MHD_Response *file_response(HttpExchange *x)
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
        add_disposition(response);
    if (range.status == 206)
        http_header(response, "Content-Range",
                    str_format(arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.start,
                               range.start + range.length - 1, file->size));
    if (range.status == 416)
        http_header(response, "Content-Range", str_format(arena, "bytes */%" PRIu64, file->size));

    response->has_file = false; /* whatever follows owns the descriptor */
    if (!range.length) {
        close(file->fd);
        return mhd.create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    x->bytes_out = range.length;
    return mhd.create_response_from_fd_at_offset64(range.length, file->fd, range.start);
}

/* --- For libmicrohttpd --- */

static void refuse_oversize(HttpExchange *x)
{
    Error err;
    fail(&err, ERROR_TOO_LARGE, "the answer would have more than %zu bytes",
         x->response.body.limit);
    x->response.body.length = 0;
    x->response.body.overflowed = false;
    http_respond_error(&x->response, &err);
}

struct MHD_Response *response_make(HttpExchange *x)
{
    HttpResponse *response = &x->response;
    struct MHD_Response *made;
    if (response->stream) {
        made = stream_response(x);
    } else if (response->has_file) {
        made = file_response(x);
    } else {
        if (response->body.overflowed)
            refuse_oversize(x);
        x->bytes_out = response->body.length;
        made = mhd.create_response_from_buffer(response->body.length, response->body.at,
                                               MHD_RESPMEM_PERSISTENT);
    }
    if (!made)
        return NULL;
    bool says_type =
        response->media_type.length && response->status != 304 && response->status != 204;
    if (says_type)
        mhd.add_response_header(made, "Content-Type", response->media_type.at);
    mhd.add_response_header(made, "X-Request-Id", x->request.id.at);
    for (size_t i = 0; i < response->headers.count; i++)
        mhd.add_response_header(made, response->headers.at[i].name.at,
                                response->headers.at[i].value.at);
    if (x->server->is_stopping || x->is_last)
        mhd.add_response_header(made, "Connection", "close");
    return made;
}

Str response_bytes(HttpExchange *x)
{
    HttpResponse *response = &x->response;
    Buf out = buf_new(response->body.arena, MB(1));
    buf_addf(&out, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
             response->status, mhd.get_reason_phrase_for((unsigned)response->status),
             response->body.length);
    buf_addf(&out, "Content-Type: " STR_FMT "\r\nX-Request-Id: " STR_FMT "\r\n",
             STR_ARG(response->media_type), STR_ARG(x->request.id));
    for (size_t i = 0; i < response->headers.count; i++)
        buf_addf(&out, STR_FMT ": " STR_FMT "\r\n", STR_ARG(response->headers.at[i].name),
                 STR_ARG(response->headers.at[i].value));
    buf_add(&out, S("\r\n"));
    buf_add(&out, buf_str(&response->body));
    return buf_str(&out);
}
