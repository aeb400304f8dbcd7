/* etag.c - entity tags; see etag.h. */
#include "api/etag.h"
#include "base/hash.h"
#include "net/http_etag.h"

/* What GET may answer before a change: as much as any answer from memory. */
#define ANSWER_MAX MB(64)
#define LOCKS 64

static pthread_mutex_t locks[LOCKS] = { [0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER };

static Str tag_of(Arena *arena, const HttpResponse *response)
{
    return quick_hash_hex(arena, buf_str(&response->body));
}

static bool has_tag(const HttpResponse *response)
{
    for (size_t i = 0; i < response->headers.count; i++)
        if (str_equal_ignore_case(response->headers.at[i].name, S("ETag")))
            return true;
    return false;
}

static bool is_tagged(const HttpResponse *response)
{
    return response->status == 200 && !response->has_file && !response->stream &&
           response->body.length && !response->body.overflowed &&
           str_starts(response->media_type, S("application/json")) && !has_tag(response);
}

void etag_answer(const ApiRequest *request, HttpResponse *response)
{
    bool is_get = str_is(request->http->method, "GET") || str_is(request->http->method, "HEAD");
    if (!is_get || request->route->body == CALL_BODY || !is_tagged(response))
        return;
    Str tag = tag_of(request->arena, response);
    http_header(response, "ETag", str_format(request->arena, "\"" STR_FMT "\"", STR_ARG(tag)));
    if (http_etag_matches(http_header_in(request->http, "If-None-Match"), tag)) {
        response->status = 304;
        response->body.length = 0;
    }
}

static bool is_change(const ApiRoute *route)
{
    static const char *const methods[] = { "PUT", "PATCH", "DELETE" };
    for (size_t i = 0; i < COUNT(methods); i++)
        if (strcmp(route->method, methods[i]) == 0)
            return true;
    return false;
}

/* Calendar programs and uploads in parts have rules of their own, and a conversion changes nothing.
 */
static bool has_own_rules(const ApiRoute *route)
{
    return strncmp(route->path, "/dav/", 5) == 0 || route->needs == CONVERTER ||
           (route->body == FILE_BODY && strcmp(route->method, "PATCH") == 0);
}

const ApiRoute *etag_reading_route(const ApiRoute *route)
{
    if (!is_change(route) || has_own_rules(route))
        return NULL;
    for (size_t i = 0; i < api_route_count; i++)
        if (strcmp(api_routes[i].path, route->path) == 0 &&
            strcmp(api_routes[i].method, "GET") == 0)
            return &api_routes[i];
    return NULL;
}

static bool check_tag(const ApiRequest *request, Str wanted, Error *err)
{
    HttpRequest http = *request->http;
    HttpResponse now = { .status = 200,
                         .body = buf_new(request->arena, ANSWER_MAX),
                         .media_type = S("application/json") };
    ApiRequest read = *request;
    http.method = S("GET");
    http.query = (HttpPairs){ 0 };
    read.http = &http;
    read.route = etag_reading_route(request->route);
    if (!read.route)
        return fail_field(err, "If-Match", "there is no GET " STR_FMT " to compare If-Match with",
                          STR_ARG(request->http->path));
    read.json = json_object();
    bool is_read = read.route->handle(&read, &now, err);
    json_decref(read.json);
    if (!is_read)
        return false;
    AUTO_CLOSE int file = now.has_file ? now.file.fd : -1;
    if (!now.has_file && !is_tagged(&now))
        return fail_field(err, "If-Match", "GET " STR_FMT " has no ETag",
                          STR_ARG(request->http->path));
    Str tag = now.has_file ? now.file.etag : tag_of(request->arena, &now);
    return http_etag_matches(wanted, tag) ||
           fail(err, ERROR_CONFLICT, "it has changed since you read it: GET " STR_FMT " again",
                STR_ARG(request->http->path));
}

bool etag_begin_change(ApiRequest *request, EtagHold *hold_r, Error *err)
{
    Str wanted = http_header_in(request->http, "If-Match");
    *hold_r = (EtagHold){ 0 };
    if (!wanted.length || !is_change(request->route) || has_own_rules(request->route))
        return true;
    hold_r->lock = &locks[str_hash(request->http->path) % LOCKS];
    pthread_mutex_lock(hold_r->lock);
    hold_r->failed = !check_tag(request, wanted, err);
    return !hold_r->failed;
}

void etag_end_change(EtagHold *hold)
{
    if (hold->lock)
        pthread_mutex_unlock(hold->lock);
    hold->lock = NULL;
}
