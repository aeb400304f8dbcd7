/* dispatch.c - from a request to its handler: what is planned for its body, its answer, errors. */
#include "api/api.h"
#include "api/convert.h"
#include "api/cors.h"
#include "api/door.h"
#include "api/etag.h"
#include "api/here.h"
#include "api/idempotency.h"
#include "api/member_names.h"
#include "api/page.h"
#include "api/request_trace.h"
#include "api/routes.h"
#include "api/scim.h"
#include "api/visitor.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/report.h"
#include "models/models.h"
#include "net/reactor.h"

#include <stdatomic.h>

/* The largest file that is converted for somebody without a key. */
#define STRANGER_FILE_MAX MB(64)

static const char *const upload_fields[] = { "file", "collection", "password", "tags", NULL };

/* --- Before the body --- */

static bool is_form(const HttpRequest *http)
{
    Str type = http_header_in(http, "Content-Type"), form = S("multipart/form-data");
    return str_equal_ignore_case(str_slice(type, 0, form.length), form);
}

static void plan_files(const ApiRequest *request, HttpPlan *plan)
{
    const ApiRoute *route = request->route;
    bool is_one_file = route->body == FILE_BODY && !is_form(request->http);
    plan->body = is_one_file ? HTTP_BODY_FILE : HTTP_BODY_PARTS;
    plan->file_max = (uint64_t)request->api->upload_max;
    if (route->needs == CONVERTER && !visitor_shows_something(request->http))
        plan->file_max = MIN(plan->file_max, (uint64_t)STRANGER_FILE_MAX);
    if (route->body_max)
        plan->file_max = MIN(plan->file_max, (uint64_t)route->body_max);
    plan->body_max = is_one_file ? plan->file_max : plan->file_max + MB(16);
    plan->part_max = 1000;
    plan->fields = route->body == UPLOAD_BODY ? upload_fields : NULL;
    plan->is_patient = route->keeps;
    plan->folder = request->api->upload_folder;
}

static void plan_body(const ApiRequest *request, HttpPlan *plan)
{
    const ApiRoute *route = request->route;
    plan->is_fast = route->is_at_once || route->body == CALL_BODY;
    plan->is_checked = !plan->is_fast;
    plan->is_watch = route->is_watch;
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
    bool is_known = !is_question && route_find(request, &path_known);
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
    request->similar = route_similar(http);
    if (path_known)
        return fail(err, ERROR_INVALID, "there is no " STR_FMT " for " STR_FMT,
                    STR_ARG(http->method), STR_ARG(route_told_path(http)));
    if (is_for_programs(http->path) || request->similar || !str_is(route_method(http), "GET"))
        return fail(err, ERROR_NOT_FOUND, "there is no " STR_FMT "; see /docs",
                    STR_ARG(http->path));
    plan->is_fast = true; /* the page, from memory */
    return true;
}

/* --- Calls of models --- */

bool api_load_caller(void *api, HttpRequest *http, Str secret, struct GatewayCaller **caller_r,
                     Error *err)
{
    /* A limited key is for what rests on documents alone, as its routes are. */
    static const Str library[] = { S_INIT(HERE_MODEL), S_INIT(HERE_QUOTING) };
    ApiRequest *request = http->route;
    (void)secret;
    db_set_patience((DbPatience){ .wait_ms = request->api->wait_ms });
    if (!visitor_check(api, http, err) ||
        !models_caller(request->api->models, request->scope, caller_r, err))
        return false;
    (*caller_r)->is_for_once = request->scope->collections.length > 0;
    if ((*caller_r)->is_for_once)
        (*caller_r)->models[CALLER_ROUTES] = (StrList){ library, COUNT(library) };
    return true;
}

/* --- Running --- */

/* Who asks how the server is wants to be told soon, and with less. */
#define WATCH_WAIT_MS 1000
#define WATCH_ANSWER_MS 2000

/* Threads of requests do nothing else, so it need not be taken back. */
static void set_patience(const ApiRequest *request)
{
    bool is_watch = request->route && request->route->is_watch;
    db_set_patience(is_watch ? (DbPatience){ WATCH_WAIT_MS, WATCH_ANSWER_MS }
                             : (DbPatience){ .wait_ms = request->api->wait_ms });
}

static bool check(void *app, HttpRequest *http, Error *err)
{
    set_patience(http->route);
    return visitor_check(app, http, err);
}

static bool read_json(ApiRequest *request, Error *err)
{
    const HttpRequest *http = request->http;
    if (request->route->body == CALL_BODY)
        return true; /* read by its front */
    if (request->route->body != JSON_BODY || !http->body.length) {
        request->json = json_object();
        return true;
    }
    if (!json_parse(http->body, request->route->body_max, &request->json, err))
        return false;
    member_names_take(request->route->path, request->json);
    return true;
}

/* The tag of the route whose clients ask; "" when there is none. A request whose head was refused
 * has not begun, so its route is looked for here. */
static const char *tag_of(const HttpRequest *http)
{
    const ApiRequest *request = http->route;
    const ApiRoute *route = !request         ? route_similar(http)
                            : request->route ? request->route
                                             : request->similar;
    if (!route && str_starts(http->path, S(SCIM_FOLDER)))
        return TAG_SCIM;
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
        if (route_fits(api_routes[i].path, request->http->path, params))
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

#define BUSY_TOLD_MS 10000

/* That requests are turned away, and for what; one line stands for all of some seconds. */
static void log_busy(const HttpRequest *http, const Error *err)
{
    static atomic_int_fast64_t told_ms, untold;
    int_fast64_t last_ms = atomic_load(&told_ms), now = monotonic_ms();
    if (err->code != ERROR_BUSY)
        return;
    if ((last_ms && now - last_ms < BUSY_TOLD_MS) ||
        !atomic_compare_exchange_strong(&told_ms, &last_ms, now)) {
        atomic_fetch_add(&untold, 1);
        return;
    }
    log_warn("http",
             STR_FMT " " STR_FMT " was answered with 503, and %" PRIdFAST64 " others before: %s",
             STR_ARG(http->method), STR_ARG(route_told_path(http)), atomic_exchange(&untold, 0),
             err->message);
}

/* Whether the path is there, but not for this method. */
static bool has_other_methods(const ApiRequest *request)
{
    bool is_known = false;
    if (!request || request->route)
        return false;
    ApiRequest again = *request;
    (void)route_find(&again, &is_known);
    return is_known;
}

/* When to come again; who has guessed too often, when they may guess again. */
static Str seconds_until_again(const ApiRequest *request, const Error *err)
{
    if (!request)
        return S("1");
    int64_t wait_ms = request->wait_ms;
    if (!wait_ms && err->code == ERROR_LIMITED)
        wait_ms = account_wait_ms(request->api->account, request->http->peer,
                                  request->visitor.scope.user);
    return str_format(request->arena, "%" PRId64, MAX((wait_ms + 999) / 1000, INT64_C(1)));
}

static void refuse(void *app, HttpRequest *http, const Error *failure, HttpResponse *response)
{
    const ApiRequest *request = http->route;
    report_refused(http, failure);
    log_busy(http, failure);
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
    bool is_too_soon = err->code == ERROR_LIMITED || err->code == ERROR_BUSY ||
                       (err->code == ERROR_CONFLICT && request && request->wait_ms);
    if (is_too_soon)
        http_header(response, "Retry-After", seconds_until_again(request, err));
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
    set_patience(request);
    Str path = route_told_path(http);
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
    Str path = route_told_path(http);
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
