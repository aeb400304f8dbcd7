/* auth_api.c - signing in by another service: a browser goes there and comes back.
 *
 * Both ways are followed by a browser, so what fails leads to the page too, which says why. The
 * reason travels in a cookie of a minute: nobody can make the page say something by a link. */
#include "api/auth_api.h"

#include "account/oidc.h"
#include "net/url.h"

#define FAILURE_COOKIE "lectern_sign_in_failed"
#define FAILURE_S 60

static void set_cookie(const ApiRequest *request, HttpResponse *response, const char *name,
                       Str value, const char *path, int64_t seconds, bool is_hidden)
{
    http_header(response, "Set-Cookie",
                str_format(request->arena,
                           "%s=" STR_FMT "; Path=%s; SameSite=Lax; Max-Age=%" PRId64 "%s%s", name,
                           STR_ARG(value), path, seconds, is_hidden ? "; HttpOnly" : "",
                           api_is_https(request->api, request->http) ? "; Secure" : ""));
}

static bool lead_to(HttpResponse *response, Str url)
{
    response->status = 303;
    http_header(response, "Location", url);
    http_header(response, "Cache-Control", S("no-store"));
    return true;
}

static bool lead_to_failure(const ApiRequest *request, HttpResponse *response, const Error *why)
{
    set_cookie(request, response, FAILURE_COOKIE, url_encode(request->arena, str(why->message)),
               "/", FAILURE_S, false);
    return lead_to(response, S("/"));
}

bool auth_oidc_start(ApiRequest *request, HttpResponse *response, Error *err)
{
    OidcBegun begun;
    Error why = { 0 };
    if (!account_oidc_begin(request->api->account, request->arena, request->params[0],
                            http_query(request->http, "return"), &begun, &why))
        return why.code == ERROR_NOT_FOUND ? fail(err, why.code, "%s", why.message)
                                           : lead_to_failure(request, response, &why);
    set_cookie(request, response, OIDC_COOKIE, begun.cookie, OIDC_PATH, OIDC_MINUTES * 60, true);
    return lead_to(response, begun.url);
}

bool auth_oidc_callback(ApiRequest *request, HttpResponse *response, Error *err)
{
    const HttpRequest *http = request->http;
    SignIn who = { .user_agent = http_header_in(http, "User-Agent"), .address = http->peer };
    OidcAnswer answer = { .provider = request->params[0],
                          .cookie = http_cookie(http, OIDC_COOKIE),
                          .state = http_query(http, "state"),
                          .code = http_query(http, "code"),
                          .issuer = http_query(http, "iss"),
                          .error = http_query(http, "error"),
                          .who = &who };
    OidcEntry entry;
    Error why = { 0 };
    bool is_in = account_oidc_finish(request->api->account, request->arena, &answer, &entry, &why);
    if (!is_in && why.code == ERROR_NOT_FOUND)
        return fail(err, why.code, "%s", why.message);
    set_cookie(request, response, OIDC_COOKIE, S(""), OIDC_PATH, 0, true);
    if (!is_in)
        return lead_to_failure(request, response, &why);
    api_session_cookie(request, response, entry.token);
    return lead_to(response, entry.return_to);
}

void auth_put_ways(const ApiRequest *request, JsonWriter *json)
{
    OidcWay *ways;
    size_t count = account_oidc_ways(request->api->account, request->arena, &ways);
    put_array(json, "sign_in");
    for (size_t i = 0; i < count; i++) {
        put_object(json, NULL);
        put_text(json, "title", ways[i].title);
        put_text(json, "url",
                 str_format(request->arena, OIDC_PATH STR_FMT "/start", STR_ARG(ways[i].name)));
        put_end(json);
    }
    put_end(json);
}

/* The answer says where to be signed out of the service that vouched, too. */
bool session_end(ApiRequest *request, HttpResponse *response, Error *err)
{
    Account *account = request->api->account;
    Str provider = request->visitor.provider;
    if (!account_sign_out(account, &request->visitor, err))
        return false;
    api_session_cookie(request, response, S(""));
    Str url = provider.length ? account_oidc_leave(account, request->arena, provider) : S("");
    if (!url.length)
        return api_done(response);
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "sign_out_url", url);
    put_end(&json);
    return true;
}
