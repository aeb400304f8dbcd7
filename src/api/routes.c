/* routes.c - see routes.h. */
#include "api/routes.h"

#include <pthread.h>

#include "base/hash.h"
#include "net/url.h"

const ApiRoute api_routes[] = {
#define ROUTE(method, path, needs, body, body_max, handler, tag, summary)                          \
    { method,                                                                                      \
      path,                                                                                        \
      (needs) & (AUDITED - 1),                                                                     \
      ((needs)&AUDITED) != 0,                                                                      \
      ((needs)&LIMITED) != 0,                                                                      \
      ((needs)&KEEPS) != 0,                                                                        \
      ((needs)&AT_ONCE) != 0,                                                                      \
      ((needs)&WATCH) != 0,                                                                        \
      body,                                                                                        \
      body_max,                                                                                    \
      handler,                                                                                     \
      tag,                                                                                         \
      summary },
#include "api/routes.def"
#undef ROUTE
};
const size_t api_route_count = COUNT(api_routes);

/* Ids, "12.png", "dc:title" and mail addresses need no encoding, so what is encoded names nothing.
 */
static bool is_plain(Str part)
{
    for (size_t i = 0; i < part.length; i++) {
        char c = part.at[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    HAS_CHAR(c, "-_.~:@+");
        if (!good)
            return false;
    }
    return part.length > 0 && part.length <= 200;
}

/* "openai/gpt-5" comes with its slash encoded; nothing but a :model may. */
static bool is_model(Str part)
{
    ptrdiff_t slash = str_find_ignore_case(part, S("%2F"));
    return slash > 0 && is_plain(str_slice(part, 0, (size_t)slash)) &&
           is_plain(str_from(part, (size_t)slash + 3));
}

/* A mail address, which people are named by too; "@" and "+" may come encoded. */
static bool is_mail(Str part)
{
    ptrdiff_t coded = str_find(part, S("%40")), at = coded < 0 ? str_find_char(part, '@') : coded;
    size_t end = (size_t)at + (coded < 0 ? 1 : 3);
    Str name = str_slice(part, 0, at < 0 ? 0 : (size_t)at), piece;
    bool good = name.length > 0 && is_plain(str_from(part, end));
    while (good && name.length) {
        ptrdiff_t plus = str_find_ignore_case(name, S("%2B"));
        if (plus < 0)
            plus = str_find_char(name, '+');
        piece = plus < 0 ? name : str_slice(name, 0, (size_t)plus);
        good = is_plain(piece);
        name = plus < 0 ? S("") : str_from(name, (size_t)plus + (name.at[plus] == '+' ? 1 : 3));
    }
    return good;
}

bool route_fits(const char *pattern, Str path, Str params[2])
{
    size_t same = 0, count = 0;
    while (same < path.length && pattern[same] == path.at[same] && pattern[same] != ':')
        same++;
    if (pattern[same] != ':') /* letter for letter up to the first :part */
        return !pattern[same] && same == path.length;
    Str want = str(pattern), have = path, a, b;
    for (;;) {
        bool more_want = str_next(&want, '/', &a), more_have = str_next(&have, '/', &b);
        if (more_want != more_have)
            return false;
        if (!more_want)
            return true;
        if (a.length && a.at[0] == ':') {
            if (!(is_plain(b) || is_mail(b) || (str_is(a, ":model") && is_model(b))) || count == 2)
                return false;
            params[count++] = b;
        } else if (!str_equal(a, b)) {
            return false;
        }
    }
}

/* Whether it is, were anything a name: who asks so is a client of that route. */
static bool path_resembles(const char *pattern, Str path)
{
    Str want = str(pattern), a, b;
    while (str_next(&want, '/', &a))
        if (!str_next(&path, '/', &b) || !(a.length && a.at[0] == ':' ? b.length : str_equal(a, b)))
            return false;
    return !path.length;
}

Str route_method(const HttpRequest *http)
{
    return str_is(http->method, "HEAD") ? S("GET") : http->method;
}

/* Routes whose paths are written out, by their hash, so that a call of a model compares one path
 * rather than a hundred: the number of each in api_routes, and one; 0: free. */
#define WRITTEN_SLOTS 2048
static uint16_t written[WRITTEN_SLOTS];
static pthread_once_t written_once = PTHREAD_ONCE_INIT;
_Static_assert(COUNT(api_routes) < WRITTEN_SLOTS / 2, "there are free slots");

static void fill_written(void)
{
    for (size_t i = 0; i < COUNT(api_routes); i++) {
        Str path = str(api_routes[i].path);
        size_t slot = str_hash(path) % WRITTEN_SLOTS;
        if (str_find_char(path, ':') >= 0)
            continue;
        while (written[slot])
            slot = (slot + 1) % WRITTEN_SLOTS;
        written[slot] = (uint16_t)(i + 1);
    }
}

/* NULL: there is none. */
static const ApiRoute *written_route(Str method, Str path)
{
    pthread_once(&written_once, fill_written);
    for (size_t slot = str_hash(path) % WRITTEN_SLOTS; written[slot];
         slot = (slot + 1) % WRITTEN_SLOTS) {
        const ApiRoute *route = &api_routes[written[slot] - 1];
        if (str_is(path, route->path) && str_is(method, route->method))
            return route;
    }
    return NULL;
}

static bool decode_mails(ApiRequest *request)
{
    Error ignored;
    for (size_t i = 0; i < COUNT(request->params); i++)
        if (str_find(request->params[i], S("%40")) >= 0 &&
            !url_decode(request->arena, request->params[i], false, &request->params[i], &ignored))
            return false;
    return true;
}

bool route_find(ApiRequest *request, bool *path_known_r)
{
    HttpRequest *http = request->http;
    request->route = written_route(route_method(http), http->path);
    *path_known_r = request->route != NULL;
    if (request->route)
        return true;
    for (size_t i = 0; i < api_route_count; i++) {
        Str params[2] = { STR_NONE, STR_NONE };
        if (!route_fits(api_routes[i].path, http->path, params))
            continue;
        *path_known_r = true;
        if (!request->route && str_is(route_method(http), api_routes[i].method)) {
            request->route = &api_routes[i];
            memcpy(request->params, params, sizeof params);
        }
    }
    return request->route != NULL && decode_mails(request);
}

/* What anybody may ask for by a part of the path, they may ask for because that part is secret. */
static bool has_secret(const ApiRoute *route, Str param)
{
    return route->needs == ANYONE && param.length;
}

Str route_told_path(const HttpRequest *http)
{
    const ApiRequest *request = http->route;
    if (request && request->route)
        return has_secret(request->route, request->params[0]) ? str(request->route->path)
                                                              : http->path;
    for (size_t i = 0; i < api_route_count; i++) {
        Str params[2] = { STR_NONE, STR_NONE };
        if (route_fits(api_routes[i].path, http->path, params) &&
            has_secret(&api_routes[i], params[0]))
            return str(api_routes[i].path);
    }
    return http->path;
}

const ApiRoute *route_similar(const HttpRequest *http)
{
    const ApiRoute *found = NULL;
    for (size_t i = 0; i < api_route_count; i++)
        if (path_resembles(api_routes[i].path, http->path) &&
            (!found || str_is(route_method(http), api_routes[i].method)))
            found = &api_routes[i];
    return found;
}
