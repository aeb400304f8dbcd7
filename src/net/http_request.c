/* http_request.c - a request of the head that came: a copy of its words, its path and query, the id
 * that follows it. */
#include "net/http_private.h"

#include <ctype.h>

#include "base/utf8.h"
#include "net/forwarded.h"
#include "net/url.h"

#define SHOWN_ID_MAX 64
#define QUERY_MAX 100

static Str copy_text(char **at, Str text)
{
    Str copy = { memcpy(*at, text.length ? text.at : "", text.length), text.length };
    *at += text.length + 1; /* zeroed: with an end for C */
    return copy;
}

/* The bytes of the head go with the next read; a handler may outlive the connection. */
static bool copy_head(HttpRequest *request, const HttpHead *head)
{
    size_t size = head->method.length + head->target.length + 2;
    const HttpPairs *told = &head->headers;
    for (size_t i = 0; i < told->count; i++)
        size += told->at[i].name.length + told->at[i].value.length + 2;
    char *at = arena_alloc(request->arena, size);
    HttpPair *headers = arena_new_array(request->arena, HttpPair, told->count);
    bool is_valid = true;
    request->method = copy_text(&at, head->method);
    request->target = copy_text(&at, head->target);
    for (size_t i = 0; i < told->count; i++) {
        headers[i].name = copy_text(&at, told->at[i].name);
        headers[i].value = copy_text(&at, told->at[i].value);
        is_valid = is_valid && utf8_is_valid(headers[i].value);
    }
    request->headers = (HttpPairs){ headers, told->count };
    return is_valid;
}

/* A proxy sends "http://host/path" (RFC 9112, section 3.2.2): the path of it. */
static Str path_of(Str target)
{
    ptrdiff_t mark = str_find_char(target, '?');
    Str path = mark < 0 ? target : str_slice(target, 0, (size_t)mark);
    ptrdiff_t host = str_find(path, S("://"));
    if (host < 0 || str_starts(path, S("/")))
        return path;
    Str rest = str_from(path, (size_t)host + 3);
    ptrdiff_t slash = str_find_char(rest, '/');
    return slash < 0 ? S("/") : str_from(rest, (size_t)slash);
}

/* What follows a request through many programs; nothing that could forge a line of a log. */
static void take_shown_id(HttpRequest *request)
{
    Str told = http_header_in(request, "X-Request-Id");
    bool is_good = told.length > 0 && told.length <= SHOWN_ID_MAX;
    for (size_t i = 0; i < told.length && is_good; i++)
        is_good = isalnum((unsigned char)told.at[i]) || HAS_CHAR(told.at[i], "-_.:");
    if (is_good)
        request->shown_id = told;
}

bool request_read(HttpExchange *x, const HttpHead *head, Error *err)
{
    HttpRequest *request = &x->request;
    bool is_valid = copy_head(request, head);
    request->path = path_of(request->target);
    take_shown_id(request);
    request->is_https = x->link->tls != NULL;
    forwarded_read(x->server->options.trusted, request);
    ptrdiff_t mark = str_find_char(request->target, '?');
    Str query = mark < 0 ? S("") : str_from(request->target, (size_t)mark + 1);
    if (!is_valid)
        return fail(err, ERROR_INVALID, "a header is not valid UTF-8");
    if (!str_starts(request->path, S("/")) && !str_is(request->path, "*"))
        return fail(err, ERROR_INVALID, "the address does not begin with /");
    return url_query(request->arena, query, QUERY_MAX, &request->query, err);
}
