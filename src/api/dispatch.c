/* dispatch.c - from a request to its handler: route, limits, who is asking, errors. */
#include <pthread.h>

#include "api/api.h"
#include "api/convert.h"
#include "api/cors.h"
#include "api/door.h"
#include "api/etag.h"
#include "api/idempotency.h"
#include "api/page.h"
#include "api/request_trace.h"
#include "api/route_scopes.h"
#include "api/scim.h"
#include "base/base64.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/report.h"
#include "models/models.h"
#include "net/reactor.h"
#include "net/url.h"

const ApiRoute api_routes[] = {
#define ROUTE(method, path, needs, body, body_max, handler, tag, summary)                          \
    { method,                                                                                      \
      path,                                                                                        \
      (needs) & (AUDITED - 1),                                                                     \
      ((needs)&AUDITED) != 0,                                                                      \
      ((needs)&LIMITED) != 0,                                                                      \
      body,                                                                                        \
      body_max,                                                                                    \
      handler,                                                                                     \
      tag,                                                                                         \
      summary },
#include "api/routes.def"
#undef ROUTE
};
const size_t api_route_count = COUNT(api_routes);

/* The largest file that is converted for somebody without a key. */
#define STRANGER_FILE_MAX MB(64)

static const char *const upload_fields[] = { "file", "collection", "password", "tags", NULL };

/* --- Routes --- */

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

/* Whether the path is the route's; its :parts go to params. */
static bool path_fits(const char *pattern, Str path, Str params[2])
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

static Str method_of(const HttpRequest *http)
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

/* A path that is written out comes before one with :parts, wherever their lines are. */
static bool find_route(ApiRequest *request, bool *path_known_r)
{
    HttpRequest *http = request->http;
    request->route = written_route(method_of(http), http->path);
    *path_known_r = request->route != NULL;
    if (request->route)
        return true;
    for (size_t i = 0; i < api_route_count; i++) {
        Str params[2] = { STR_NONE, STR_NONE };
        if (!path_fits(api_routes[i].path, http->path, params))
            continue;
        *path_known_r = true;
        if (!request->route && str_is(method_of(http), api_routes[i].method)) {
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

/* The path as logs, spans and answers may tell it, by whichever method it was asked for. */
static Str told_path(const HttpRequest *http)
{
    const ApiRequest *request = http->route;
    if (request && request->route)
        return has_secret(request->route, request->params[0]) ? str(request->route->path)
                                                              : http->path;
    for (size_t i = 0; i < api_route_count; i++) {
        Str params[2] = { STR_NONE, STR_NONE };
        if (path_fits(api_routes[i].path, http->path, params) &&
            has_secret(&api_routes[i], params[0]))
            return str(api_routes[i].path);
    }
    return http->path;
}

static const ApiRoute *similar_route(const HttpRequest *http)
{
    const ApiRoute *found = NULL;
    for (size_t i = 0; i < api_route_count; i++)
        if (path_resembles(api_routes[i].path, http->path) &&
            (!found || str_is(method_of(http), api_routes[i].method)))
            found = &api_routes[i];
    return found;
}

static bool is_form(const HttpRequest *http)
{
    Str type = http_header_in(http, "Content-Type"), form = S("multipart/form-data");
    return str_equal_ignore_case(str_slice(type, 0, form.length), form);
}

/* Says who it is, rightly or not: a wrong key is refused later, not served as a stranger. */
static bool shows_something(const HttpRequest *http)
{
    return http_header_in(http, "Authorization").length ||
           http_header_in(http, "X-Api-Key").length ||
           http_cookie(http, "lectern_session").length || str_is(http->peer, "local");
}

static void plan_files(const ApiRequest *request, HttpPlan *plan)
{
    const ApiRoute *route = request->route;
    bool is_one_file = route->body == FILE_BODY && !is_form(request->http);
    plan->body = is_one_file ? HTTP_BODY_FILE : HTTP_BODY_PARTS;
    plan->file_max = (uint64_t)request->api->upload_max;
    if (route->needs == CONVERTER && !shows_something(request->http))
        plan->file_max = MIN(plan->file_max, (uint64_t)STRANGER_FILE_MAX);
    if (route->body_max)
        plan->file_max = MIN(plan->file_max, (uint64_t)route->body_max);
    plan->body_max = is_one_file ? plan->file_max : plan->file_max + MB(16);
    plan->part_max = 1000;
    plan->fields = route->body == UPLOAD_BODY ? upload_fields : NULL;
    plan->folder = request->api->upload_folder;
}

static void plan_body(const ApiRequest *request, HttpPlan *plan)
{
    const ApiRoute *route = request->route;
    plan->is_fast = route->body == CALL_BODY;
    plan->is_checked = !plan->is_fast;
    if (route->body == JSON_BODY || route->body == TEXT_BODY || route->body == CALL_BODY) {
        plan->body = HTTP_BODY_BUFFER;
        bool is_file = route->body == CALL_BODY && is_form(request->http);
        plan->body_max = is_file ? (uint64_t)request->api->form_max + KB(64) : route->body_max;
    } else if (route->body != NO_BODY) {
        plan_files(request, plan);
    }
}

/* A body that is read into memory is never unpacked: what it grows to would be its sender's choice.
 */
static bool check_coding(const HttpRequest *http, const HttpPlan *plan, Error *err)
{
    Str coding = http_header_in(http, "Content-Encoding");
    return plan->body != HTTP_BODY_BUFFER || !coding.length ||
           str_equal_ignore_case(coding, S("identity")) ||
           fail(err, ERROR_UNSUPPORTED,
                "the body is packed ('" STR_FMT "'); send it as it is, without Content-Encoding",
                STR_ARG(str_slice(coding, 0, 40)));
}

/* Below these are paths of programs only. The page's views have names of their own, and nobody who
 * asks for figures is helped by a page. */
static bool is_for_programs(Str path)
{
    static const char *const folders[] = { "/v1/",         "/api/", "/ai/",
                                           "/monitoring/", "/dav/", "/scim/" };
    for (size_t i = 0; i < COUNT(folders); i++)
        if (str_starts(path, str(folders[i])))
            return true;
    return false;
}

static bool is_tus(const HttpRequest *http)
{
    return str_is(http->path, "/v1/tus") || str_starts(http->path, S("/v1/tus/"));
}

/* Some proxies let only GET and POST through, so tus may say the method in a header. */
static void override_method(HttpRequest *http)
{
    Str wanted = http_header_in(http, "X-HTTP-Method-Override");
    if (is_tus(http) && str_is(http->method, "POST") &&
        (str_is(wanted, "PATCH") || str_is(wanted, "DELETE")))
        http->method = wanted;
}

static bool begin(void *app, HttpRequest *http, HttpPlan *plan, Error *err)
{
    ApiRequest *request = arena_new_one(http->arena, ApiRequest);
    bool path_known;
    *request = (ApiRequest){ .api = app, .http = http, .arena = http->arena };
    request->scope = &request->visitor.scope;
    http->route = request;
    override_method(http);
    /* A browser asks before it calls; tus and WebDAV have an OPTIONS of their own for the rest. */
    bool is_question = cors_is_question(request->api, http);
    bool is_known = !is_question && find_route(request, &path_known);
    request_trace_begin(request);
    if (!str_is(http->peer, "local") &&
        !door_lets_address(request->api->door, http->peer, &request->wait_ms, err))
        return false;
    if (is_known) {
        plan_body(request, plan);
        return check_coding(http, plan, err);
    }
    if (is_question) {
        plan->is_fast = true;
        return true;
    }
    request->similar = similar_route(http);
    if (path_known)
        return fail(err, ERROR_INVALID, "there is no " STR_FMT " for " STR_FMT,
                    STR_ARG(http->method), STR_ARG(told_path(http)));
    if (is_for_programs(http->path) || request->similar || !str_is(method_of(http), "GET"))
        return fail(err, ERROR_NOT_FOUND, "there is no " STR_FMT "; see /docs",
                    STR_ARG(http->path));
    plan->is_fast = true; /* the page, from memory */
    return true;
}

/* --- Who is asking --- */

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
    if (str_is(method_of(http), "GET") && !is_socket(request))
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
    if (str_is(method_of(request->http), "GET"))
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
            !shows_something(request->http));
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

static bool check(void *app, HttpRequest *http, Error *err)
{
    ApiRequest *request = http->route;
    (void)app;
    request_trace_here(http);
    if (!request->route)
        return true;
    if (!identify(request, err)) {
        /* A form in our page from a mail has no token, though its sender may be signed in. */
        bool is_form_here = err->code == ERROR_DENIED && request->route->body == TEXT_BODY;
        bool is_open =
            (err->code == ERROR_NO_LOGIN || is_form_here) && is_open_to_strangers(request);
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

/* --- Calls of models --- */

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

bool api_load_caller(void *api, HttpRequest *http, Str secret, struct GatewayCaller **caller_r,
                     Error *err)
{
    ApiRequest *request = http->route;
    (void)secret;
    return check(api, http, err) &&
           models_caller(request->api->models, request->scope, caller_r, err);
}

/* --- Running --- */

static bool read_json(ApiRequest *request, Error *err)
{
    const HttpRequest *http = request->http;
    if (request->route->body == CALL_BODY)
        return true; /* read by its front */
    if (request->route->body != JSON_BODY || !http->body.length) {
        request->json = json_object();
        return true;
    }
    return json_parse(http->body, request->route->body_max, &request->json, err);
}

/* The tag of the route whose clients ask; "" when there is none. A request whose head was refused
 * has not begun, so its route is looked for here. */
static const char *tag_of(const HttpRequest *http)
{
    const ApiRequest *request = http->route;
    const ApiRoute *route = !request         ? similar_route(http)
                            : request->route ? request->route
                                             : request->similar;
    return route ? route->tag : "";
}

/* Whose clients expect their own shape of errors on this route; NULL: nobody's. */
static const Front *front_of(const char *tag)
{
    static const struct {
        const char *tag;
        const Front *front;
    } fronts[] = { { "OpenAI", &front_openai_chat },
                   { "Anthropic", &front_anthropic },
                   { "Ollama", &front_ollama_chat } };
    for (size_t i = 0; i < COUNT(fronts); i++)
        if (!strcmp(fronts[i].tag, tag))
            return fronts[i].front;
    return NULL;
}

static void write_front_error(const Front *front, const Error *err, HttpResponse *response)
{
    response->status = error_http_status(err->code);
    response->body.length = 0;
    front->write_error(&response->body, err, response->status);
}

/* RFC 9110, section 15.5.6: a 405 says what there is. */
static Str allowed(const ApiRequest *request)
{
    Buf out = buf_new(request->arena, KB(1));
    for (size_t i = 0; i < api_route_count; i++) {
        Str params[2];
        if (path_fits(api_routes[i].path, request->http->path, params))
            buf_addf(&out, "%s%s", out.length ? ", " : "", api_routes[i].method);
    }
    return buf_str(&out);
}

/* In the production profile a failure inside the server is told by its kind: its reason may name
 * files and statements, and stands in the log under the request's id. */
static Error without_details(const Api *api, const Error *err)
{
    Error told = *err;
    if (api->is_strict && (err->code == ERROR_INTERNAL || err->code == ERROR_IO))
        fail(&told, err->code,
             "something failed inside the server; its log says what, by the id of this request");
    return told;
}

/* What is ours or another service's fault; that all is busy, or a disk full, is no defect. */
static void report_refused(const HttpRequest *http, const Error *err)
{
    const ApiRequest *request = http->route;
    bool is_told = err->code == ERROR_INTERNAL || err->code == ERROR_IO ||
                   err->code == ERROR_UPSTREAM || err->code == ERROR_TIMEOUT;
    if (!is_told || !request || !request->route)
        return;
    Failure failure = { .area = "http",
                        .where = str_format(request->arena, "%s %s", request->route->method,
                                            request->route->path),
                        .what = str(error_name(err->code)),
                        .message = str(err->message),
                        .tags = { { "request_id", http->shown_id } } };
    report_failure(&failure);
}

/* Whether the path is there, but not for this method. */
static bool has_other_methods(const ApiRequest *request)
{
    bool is_known = false;
    if (!request || request->route)
        return false;
    ApiRequest again = *request;
    (void)find_route(&again, &is_known);
    return is_known;
}

static void refuse(void *app, HttpRequest *http, const Error *failure, HttpResponse *response)
{
    const ApiRequest *request = http->route;
    report_refused(http, failure);
    const char *tag = tag_of(http);
    const Front *front = front_of(tag);
    const Error told = without_details(app, failure), *err = &told;
    bool is_wrong_method = has_other_methods(request);
    response->status = is_wrong_method ? 405 : error_http_status(err->code);
    if (front)
        write_front_error(front, err, response);
    else if (!convert_refuse(tag, err, response) && !scim_refuse(tag, err, response))
        http_respond_error(response, err);
    if (err->code == ERROR_NO_LOGIN)
        http_header(response, "WWW-Authenticate",
                    str_starts(http->path, S("/dav/")) ? S("Basic realm=\"Lectern\"")
                                                       : S("Bearer"));
    bool is_too_soon =
        err->code == ERROR_LIMITED || err->code == ERROR_BUSY || err->code == ERROR_CONFLICT;
    if (is_too_soon && request && request->wait_ms)
        http_header(response, "Retry-After",
                    str_format(request->arena, "%" PRId64, (request->wait_ms + 999) / 1000));
    else if (err->code == ERROR_BUSY)
        http_header(response, "Retry-After", S("1"));
    if (is_wrong_method) {
        response->status = 405; /* whatever the error's own shape made of it */
        http_header(response, "Allow", allowed(request));
    }
}

static void handle(void *app, HttpRequest *http, HttpResponse *response)
{
    ApiRequest *request = http->route;
    Error err = { 0 };
    if (!request->route) {
        if (cors_is_question(request->api, http))
            cors_answer(http, response);
        else
            page_respond(request, response);
        return;
    }
    request_trace_here(http);
    Str path = told_path(http);
    EtagHold hold = { 0 };
    IdempotencyHold once = { 0 };
    bool good =
        idempotency_answer(request, response, &once, &err) &&
        (once.is_replayed || (read_json(request, &err) && etag_begin_change(request, &hold, &err) &&
                              request->route->handle(request, response, &err)));
    etag_end_change(&hold);
    idempotency_finish(request, response, good ? NULL : &err, &once);
    if (good) {
        etag_answer(request, response);
    } else {
        if (err.code == ERROR_INTERNAL || err.code == ERROR_IO)
            log_error("http", STR_FMT " " STR_FMT ": %s", STR_ARG(http->method), STR_ARG(path),
                      err.message);
        if (!response->stream)
            refuse(app, http, &err, response);
        if (hold.failed && err.code == ERROR_CONFLICT)
            response->status = 412;
    }
    json_decref(request->json);
    request->json = NULL;
    request_trace_here(NULL);
}

static void leave(void *app, Reactor *reactor)
{
    gateway_leave(models_gateway(((Api *)app)->models), reactor);
}

static void add_headers(void *app, const HttpRequest *http, HttpResponse *response)
{
    const Api *api = app;
    const ApiRequest *request = http->route;
    http_header(response, "X-Content-Type-Options", S("nosniff"));
    if (is_tus(http))
        http_header(response, "Tus-Resumable", S("1.0.0"));
    cors_headers(api, http, response);
    if (str_starts(http->path, S("/v1/")) && !response->has_file && !response->stream)
        http_header(response, "Cache-Control", S("no-store"));
    /* A model's answer goes to programs, is no page, and is sent by the ten thousand. */
    if (request && request->route && request->route->body == CALL_BODY)
        return;
    http_header(response, "Referrer-Policy", S("no-referrer"));
    http_header(response, "X-Frame-Options", S("DENY"));
    http_header(response, "Content-Security-Policy",
                S("default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
                  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"));
    if (api_is_https(api, http))
        http_header(response, "Strict-Transport-Security", S("max-age=31536000"));
}

static void finish(void *app, const HttpRequest *http, const HttpAccess *access)
{
    Str path = told_path(http);
    (void)app;
    request_trace_end(http, path, access);
    request_trace_here(http);
    log_debug("http", STR_FMT " " STR_FMT " %d %" PRIu64 " bytes %" PRId64 " us%s",
              STR_ARG(http->method), STR_ARG(path), access->status, access->bytes_out,
              access->duration_us, access->was_cut ? " (cut)" : "");
    request_trace_here(NULL);
}

const HttpDispatch api_dispatch = {
    .begin = begin,
    .check = check,
    .handle = handle,
    .refuse = refuse,
    .headers = add_headers,
    .leave = leave,
    .finish = finish,
};
