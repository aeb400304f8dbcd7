/* cors.c - see cors.h. */
#include "api/cors.h"

#define ANSWER_SECONDS "600"

/* http://localhost:5173, http://127.0.0.1:3000, http://[::1]:8080 */
static bool is_of_this_machine(Str origin)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1", "[::1]" };
    ptrdiff_t at = str_find(origin, S("://"));
    Str host = str_from(origin, (size_t)MAX(at + 3, 0));
    for (size_t i = 0; at > 0 && i < COUNT(hosts); i++)
        if (str_is(host, hosts[i]) ||
            (str_starts(host, str(hosts[i])) && host.at[strlen(hosts[i])] == ':'))
            return true;
    return false;
}

static bool is_allowed(const Api *api, Str origin)
{
    Str rest = api->cors_origins, site;
    if (!origin.length || str_is(origin, "null"))
        return false;
    while (str_next(&rest, ',', &site)) {
        site = str_trim(site);
        if (str_ends(site, S("/")))
            site.length--;
        if (site.length && (str_is(site, "*") || str_equal_ignore_case(site, origin)))
            return true;
    }
    return !api->is_strict && is_of_this_machine(origin);
}

bool cors_is_question(const Api *api, const HttpRequest *http)
{
    return str_is(http->method, "OPTIONS") &&
           http_header_in(http, "Access-Control-Request-Method").length &&
           is_allowed(api, http_header_in(http, "Origin"));
}

void cors_answer(const HttpRequest *http, HttpResponse *response)
{
    Str headers = http_header_in(http, "Access-Control-Request-Headers");
    response->status = 204;
    http_header(response, "Access-Control-Allow-Methods", S("GET, HEAD, POST, PUT, PATCH, DELETE"));
    if (headers.length)
        http_header(response, "Access-Control-Allow-Headers", str_slice(headers, 0, 1000));
    http_header(response, "Access-Control-Max-Age", S(ANSWER_SECONDS));
}

void cors_headers(const Api *api, const HttpRequest *http, HttpResponse *response)
{
    Str origin = http_header_in(http, "Origin");
    if (!is_allowed(api, origin))
        return;
    http_header(response, "Access-Control-Allow-Origin", origin);
    http_header(response, "Vary", S("Origin"));
    http_header(response, "Access-Control-Expose-Headers",
                S("Content-Disposition, Content-Range, ETag, Idempotency-Replayed, Link, Location, "
                  "Retry-After, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, "
                  "Upload-Expires, Upload-Length, Upload-Offset, X-Process-Time, X-Request-Id"));
}
