/* visitor.c - see visitor.h. */
#include "api/visitor.h"

#include "api/door.h"
#include "api/request_trace.h"
#include "api/route_scopes.h"
#include "api/routes.h"
#include "base/base64.h"
#include "base/hash.h"

bool visitor_shows_something(const HttpRequest *http)
{
    return http_header_in(http, "Authorization").length ||
           http_header_in(http, "X-Api-Key").length ||
           http_cookie(http, "lectern_session").length || str_is(http->peer, "local");
}

/* "http://any:KEY@host" and "http://KEY@host", for programs that can only be given an address. */
static Str basic_key(Arena *arena, Str encoded)
{
    Str text;
    if (!base64_decode(arena, encoded, &text))
        return S("");
    ptrdiff_t colon = str_find_char(text, ':');
    Str password = colon < 0 ? S("") : str_from(text, (size_t)colon + 1);
    return password.length ? password : str_slice(text, 0, colon < 0 ? text.length : (size_t)colon);
}

/* What a browser opens for a page of any site, with its cookies, and lets that page read. It sends
 * no header of the page's with it, so a key may stand in the address. */
static bool is_socket(const ApiRequest *request)
{
    return request->route && request->route->handle == events_socket;
}

/* *is_basic_r: the browser sends it by itself, as it does a cookie. */
static Str key_of(const HttpRequest *http, bool *is_basic_r)
{
    Str header = http_header_in(http, "Authorization");
    *is_basic_r = header.length > 6 && str_equal_ignore_case(str_slice(header, 0, 6), S("Basic "));
    if (*is_basic_r)
        return basic_key(http->arena, str_trim(str_from(header, 6)));
    if (header.length > 7 && str_equal_ignore_case(str_slice(header, 0, 7), S("Bearer ")))
        return str_trim(str_from(header, 7));
    Str key = http_header_in(http, "X-Api-Key");
    return key.length || !is_socket(http->route) ? key : http_query(http, "token");
}

/* What a browser says of the page that sends the request; programs say nothing. "none": a person
 * typed the address. An Origin that is not the address asked for is another site too. */
bool api_check_site(const ApiRequest *request, Error *err)
{
    const HttpRequest *http = request->http;
    Str site = http_header_in(http, "Sec-Fetch-Site"), origin = http_header_in(http, "Origin");
    ptrdiff_t host = str_find(origin, S("://"));
    if (str_is(route_method(http), "GET") && !is_socket(request))
        return true;
    if (site.length && !str_is(site, "same-origin") && !str_is(site, "none"))
        return fail(err, ERROR_DENIED, "the request comes from another site");
    if (!site.length && origin.length &&
        (host < 0 || !str_equal_ignore_case(str_from(origin, (size_t)host + 3), http->host)))
        return fail(err, ERROR_DENIED, "the request comes from another site");
    return true;
}

/* A browser sends cookies with forms of other sites too; only our page knows the token. */
static bool check_csrf(const ApiRequest *request, Error *err)
{
    if (!api_check_site(request, err))
        return false;
    if (str_is(route_method(request->http), "GET"))
        return true;
    if (!secret_equal(http_header_in(request->http, "X-CSRF-Token"), request->visitor.csrf))
        return fail(err, ERROR_DENIED,
                    "the header X-CSRF-Token is missing or wrong; reload the page");
    return true;
}

static bool identify(ApiRequest *request, Error *err)
{
    HttpRequest *http = request->http;
    bool is_basic;
    Str key = key_of(http, &is_basic), cookie = http_cookie(http, "lectern_session");
    if (is_basic && !api_check_site(request, err))
        return false;
    if (key.length)
        return account_of_key(request->api->account, request->arena, key, http->peer,
                              &request->visitor, err);
    if (str_is(http->peer, "local"))
        return account_of_owner(request->api->account, request->arena,
                                http_header_in(http, "X-Lectern-Workspace"), &request->visitor,
                                err);
    if (cookie.length)
        return account_of_session(request->api->account, request->arena, cookie, &request->visitor,
                                  err) &&
               check_csrf(request, err);
    return fail(err, ERROR_NO_LOGIN, "sign in, or send an API key: Authorization: Bearer KEY");
}

/* Whether somebody who is not known may go on. */
static bool is_open_to_strangers(const ApiRequest *request)
{
    return request->route->needs == ANYONE ||
           (request->route->needs == CONVERTER && request->api->converts_without_key &&
            !visitor_shows_something(request->http));
}

/* Calls of models count where their caller's limits do (GatewayCaller). */
static bool check_rate(ApiRequest *request, Error *err)
{
    bool is_call = request->route->body == CALL_BODY;
    Str who = request->scope->user.length ? request->scope->user : request->scope->key;
    return is_call || !who.length ||
           door_lets_user(request->api->door, who, &request->wait_ms, err);
}

/* Whoever still needs a second factor may make one, see who they are, and leave, for another
 * workspace of theirs too. */
static bool may_enrol_by(const ApiRoute *route)
{
    return route->handle == session_show || route->handle == session_end ||
           route->handle == session_workspace || route->handle == factor_show ||
           route->handle == factor_begin || route->handle == factor_confirm ||
           route->handle == passkeys_list || route->handle == passkeys_begin ||
           route->handle == passkeys_add;
}

/* Where nobody needs to be known, a key that is limited to collections is nobody's. */
static void leave_limited(ApiRequest *request)
{
    if (request->scope->collections.length && is_open_to_strangers(request))
        request->visitor = (Visitor){ 0 };
}

static bool check_enrolled(ApiRequest *request, Error *err)
{
    if (!request->visitor.must_enrol || may_enrol_by(request->route))
        return true;
    request->visitor = (Visitor){ 0 };
    return is_open_to_strangers(request) ||
           fail(err, ERROR_DENIED,
                "this workspace asks everybody for a second factor: set yours up first "
                "(POST /v1/session/second_factor, or a passkey by POST /v1/session/passkeys)");
}

static bool check_role(const ApiRequest *request, Error *err)
{
    static const Role roles[] = { ROLE_NONE,  ROLE_READER, ROLE_EDITOR, ROLE_ADMIN,
                                  ROLE_OWNER, ROLE_OWNER,  ROLE_READER };
    const ApiRoute *route = request->route;
    if (route->needs == ANYONE)
        return true;
    if (request->scope->collections.length && !route->is_limited)
        return fail(err, ERROR_DENIED,
                    "this API key is limited to collections, and is not for this");
    if (route->needs == OPERATOR)
        return account_check_operator(request->api->account, &request->visitor, err);
    return route->is_audited ? scope_may_look(request->scope, roles[route->needs], err)
                             : scope_needs(request->scope, roles[route->needs], err);
}

bool visitor_check(void *app, HttpRequest *http, Error *err)
{
    ApiRequest *request = http->route;
    (void)app;
    request_trace_here(http);
    if (!request->route)
        return true;
    if (!identify(request, err)) {
        /* A form in our page from a mail has no token, though its sender may be signed in. */
        bool is_form_here = err->code == ERROR_DENIED && request->route->body == TEXT_BODY;
        /* How the server is can be asked while the database says of nobody who they are. */
        bool is_unknown =
            request->route->is_watch && (err->code == ERROR_BUSY || err->code == ERROR_TIMEOUT);
        bool is_open = (err->code == ERROR_NO_LOGIN || is_form_here || is_unknown) &&
                       is_open_to_strangers(request);
        request->visitor = (Visitor){ 0 };
        if (!is_open)
            return false;
        *err = (Error){ 0 };
        /* Sign-in and set-up have no token to show. */
        return api_check_site(request, err);
    }
    if (!request->route->is_limited)
        leave_limited(request);
    return check_enrolled(request, err) && check_role(request, err) &&
           route_scopes_check(request, err) && check_rate(request, err);
}

Str api_secret(const HttpRequest *http)
{
    bool is_basic;
    Str key = key_of(http, &is_basic);
    return is_basic ? S("") : key; /* that one needs a look at the site it comes from */
}

Str api_password(const HttpRequest *http)
{
    bool is_basic;
    Str key = key_of(http, &is_basic);
    return is_basic ? key : S("");
}
