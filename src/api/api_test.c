#include "api/api.h"

#include <criterion/criterion.h>

#include "api/asyncapi.h"
#include "api/contract.h"
#include "api/door.h"
#include "api/openapi.h"
#include "api/page.h"
#include "store/events.h"

static Api api = { .app_name = S_INIT("Lectern"), .shows_docs = true };
static Arena *arena;
static Error err;

static void open_arena(void) { arena = arena_new(MB(256)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(api, .init = open_arena, .fini = close_arena);

/* --- Routes --- */

static HttpRequest request_of(const char *method, const char *path)
{
    return (HttpRequest){
        .arena = arena, .method = str(method), .path = str(path), .target = str(path)
    };
}

static bool begin(HttpRequest *http, HttpPlan *plan)
{
    static char folder[] = "/tmp";
    static Api app = { .upload_max = 1000, .upload_folder = folder };
    err = (Error){ 0 };
    return api_dispatch.begin(&app, http, plan, &err);
}

Test(api, every_route_is_listed_once_and_described)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const ApiRoute *route = &api_routes[i];
        cr_expect(route->path[0] == '/' && route->summary[0] && route->tag[0] && route->handle,
                  "%s", route->path);
        cr_expect(route->body != JSON_BODY || route->body_max > 0, "%s has no limit", route->path);
        cr_expect(strcmp(route->method, "GET") != 0 || route->body == NO_BODY, "%s", route->path);
        for (size_t j = 0; j < i; j++)
            cr_expect(strcmp(route->method, api_routes[j].method) != 0 ||
                          strcmp(route->path, api_routes[j].path) != 0,
                      "%s %s twice", route->method, route->path);
    }
}

Test(api, only_what_must_be_is_open_to_anyone)
{
    static const char *const open[] = {
        "/v1/session",
        "/v1/session/code",
        "/v1/setup",
        "/v1/auth/oidc/:name/start",
        "/v1/auth/oidc/:name/callback",
        "/v1/session/passkey",
        "/v1/session/passkey/options",
        "/v1/auth/invitation",
        "/v1/auth/password/forgot",
        "/v1/auth/password/reset",
        "/v1/auth/invitation",
        "/v1/auth/email/confirm",
        "/health",
        "/api/health",
        "/ping",
        "/live",
        "/ready",
        "/metrics",
        "/docs",
        "/openapi.json",
        "/asyncapi.json",
        "/v1/notices/unsubscribe",
        "/v1/approvals/link",
        "/v1/erasure-proofs",
        "/v1/erasure-proofs/keys",
        "/v1/hooks/:id",
        "/v1/connections/authorized",
        "/v1/meeting-bot-webhooks/:token",
        "/api/version",
        "/v1/task_feeds/:token/tasks.ics",
        "/.well-known/caldav",
    };
    for (size_t i = 0; i < api_route_count; i++) {
        bool listed = false;
        for (size_t j = 0; j < COUNT(open); j++)
            listed |= strcmp(api_routes[i].path, open[j]) == 0;
        /* Calendar programs want to be asked for a password in HTTP's own way, by the handler. */
        listed |= strncmp(api_routes[i].path, "/dav", 4) == 0;
        /* What is spoken is asked before there is a key; nothing else of tus is. */
        listed |= strncmp(api_routes[i].path, "/v1/tus", 7) == 0 &&
                  strcmp(api_routes[i].method, "OPTIONS") == 0;
        cr_expect(listed || api_routes[i].needs > ANYONE, "%s", api_routes[i].path);
    }
}

Test(api, every_route_says_what_goes_in_and_out)
{
    Buf out = buf_new(arena, MB(8));
    json_t *document = NULL;
    cr_assert(openapi_print(&api, arena, &out, &err), "%s", err.message);
    cr_assert(json_parse(buf_str(&out), MB(8), &document, &err), "%s", err.message);
    json_decref(document);
    for (size_t i = 0; i < api_route_count; i++) {
        const ApiRoute *route = &api_routes[i];
        bool answers = false;
        for (size_t j = 0; j < contract_answer_count; j++)
            answers |= contract_answers[j].handle == route->handle;
        cr_expect(answers, "answers.def has nothing of %s %s", route->method, route->path);
        cr_expect(route->body != JSON_BODY || contract_body(route->handle),
                  "bodies.def has nothing of %s %s", route->method, route->path);
    }
}

Test(api, paths_find_their_route)
{
    static const struct {
        const char *method, *path, *route;
    } cases[] = {
        { "GET", "/v1/documents", "/v1/documents" },
        { "HEAD", "/v1/documents", "/v1/documents" },
        { "GET", "/v1/documents/0192-ab", "/v1/documents/:id" },
        { "GET", "/v1/documents/1/pages/2.png", "/v1/documents/:id/pages/:n" },
        { "POST", "/v1/documents/sample", "/v1/documents/sample" },
        { "GET", "/v1/documents/sample", "/v1/documents/:id" },
        { "DELETE", "/v1/keys/1", "/v1/keys/:id" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        HttpRequest http = request_of(cases[i].method, cases[i].path);
        HttpPlan plan = { 0 };
        cr_assert(begin(&http, &plan), "%s: %s", cases[i].path, err.message);
        const ApiRequest *request = http.route;
        cr_expect_str_eq(request->route->path, cases[i].route);
        cr_expect(plan.is_checked);
    }
}

Test(api, what_is_no_route_is_refused)
{
    static const struct {
        const char *method, *path;
        ErrorCode code;
    } cases[] = {
        { "GET", "/v1/nothing", ERROR_NOT_FOUND },
        { "GET", "/v1/documents/", ERROR_NOT_FOUND },
        { "GET", "/v1/documents/%00", ERROR_NOT_FOUND },
        { "GET", "/v1/documents/..%2fetc", ERROR_NOT_FOUND },
        { "GET", "/v1/documents/a b", ERROR_NOT_FOUND },
        { "GET", "/v1/documents/\xff\xfe", ERROR_NOT_FOUND },
        { "GET", "/v1/documents/1/2/3/4", ERROR_NOT_FOUND },
        { "PUT", "/v1/documents", ERROR_INVALID },
        { "POST", "/", ERROR_NOT_FOUND },
        { "TRACE", "/health", ERROR_INVALID },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        HttpRequest http = request_of(cases[i].method, cases[i].path);
        HttpPlan plan = { 0 };
        cr_expect(!begin(&http, &plan) && err.code == cases[i].code, "%s %s", cases[i].method,
                  cases[i].path);
    }
}

/* Its header, or "". */
static Str header_of(const HttpResponse *response, const char *name)
{
    for (size_t i = 0; i < response->headers.count; i++)
        if (str_is(response->headers.at[i].name, name))
            return response->headers.at[i].value;
    return S("");
}

/* What a browser asks before a page of `origin` may call the path. */
static HttpResponse preflight(const char *path, const char *method, const char *origin,
                              bool *good_r)
{
    HttpPair *pairs = arena_new_array(arena, HttpPair, 3);
    HttpRequest http = request_of("OPTIONS", path);
    HttpResponse response = { .status = 200, .body = buf_new(arena, MB(1)) };
    HttpPlan plan = { 0 };
    pairs[0] = (HttpPair){ S("Origin"), str(origin) };
    pairs[1] = (HttpPair){ S("Access-Control-Request-Method"), str(method) };
    pairs[2] = (HttpPair){ S("Access-Control-Request-Headers"), S("authorization, content-type") };
    http.headers = (HttpPairs){ pairs, 3 };
    *good_r = begin(&http, &plan) && !((ApiRequest *)http.route)->route;
    if (!*good_r)
        return response;
    api_dispatch.handle(&api, &http, &response);
    api_dispatch.headers(&api, &http, &response);
    return response;
}

Test(api, a_page_of_this_machine_may_ask_for_every_route_and_one_of_elsewhere_for_none)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const char *path = api_routes[i].path, *method = api_routes[i].method;
        bool good;
        HttpResponse told = preflight(path, method, "http://localhost:5173", &good);
        cr_assert(good && told.status == 204, "%s %s", method, path);
        cr_expect(str_is(header_of(&told, "Access-Control-Allow-Origin"), "http://localhost:5173"));
        cr_expect(str_find(header_of(&told, "Access-Control-Allow-Methods"), S("PATCH")) > 0);
        cr_expect(str_is(header_of(&told, "Access-Control-Allow-Headers"),
                         "authorization, content-type"));
        cr_expect(header_of(&told, "Access-Control-Allow-Credentials").length == 0);
        cr_expect(str_find(header_of(&told, "Access-Control-Expose-Headers"),
                           S("Idempotency-Replayed")) > 0);
        (void)preflight(path, method, "https://elsewhere.example", &good);
        cr_expect(!good, "%s %s", method, path);
    }
}

Test(api, bodies_have_the_limits_of_their_route)
{
    HttpRequest search = request_of("POST", "/v1/search"), get = request_of("GET", "/v1/search");
    HttpRequest upload = request_of("POST", "/v1/documents");
    HttpPlan json = { 0 }, none = { 0 }, parts = { 0 };
    cr_assert(begin(&search, &json) && begin(&get, &none) && begin(&upload, &parts));
    cr_expect(json.body == HTTP_BODY_BUFFER && json.body_max == MB(1));
    cr_expect(none.body == HTTP_BODY_NONE);
    cr_expect(parts.body == HTTP_BODY_PARTS && parts.file_max == 1000 && parts.fields);
}

/* --- Failures --- */

/* The member "error" of the answer; valid until the next one. */
static json_t *answer;

static const json_t *refusal(const char *method, const char *path, ErrorCode code, int *status_r)
{
    HttpRequest http = request_of(method, path);
    HttpResponse response = { .status = 200, .body = buf_new(arena, MB(1)) };
    HttpPlan plan = { 0 };
    Error why = { 0 }, ignored;
    json_decref(answer);
    answer = NULL;
    if (begin(&http, &plan))
        fail_field(&why, "query", "it is \"wrong\"");
    else
        why = err;
    if (code)
        why.code = code;
    api_dispatch.refuse(&api, &http, &why, &response);
    cr_assert(json_parse(buf_str(&response.body), MB(1), &answer, &ignored));
    *status_r = response.status;
    return json_object_get(answer, "error");
}

Test(api, failures_have_the_shape_that_clients_of_the_path_expect)
{
    int status;
    const json_t *ours = refusal("POST", "/v1/search", ERROR_NONE, &status);
    cr_expect(status == 400 && str_is(json_member_text(ours, "code"), "invalid"));
    cr_expect(str_is(json_member_text(ours, "field"), "query"));
    cr_expect(str_is(json_member_text(ours, "message"), "it is \"wrong\""));
    const json_t *theirs = refusal("POST", "/v1/chat/completions", ERROR_NONE, &status);
    cr_expect(status == 400 && str_is(json_member_text(theirs, "param"), "query"));
    cr_expect(str_is(json_member_text(theirs, "type"), "invalid_request_error"));
    (void)refusal("PUT", "/v1/search", ERROR_NONE, &status);
    cr_expect(status == 405);
    (void)refusal("GET", "/v1/nothing", ERROR_NONE, &status);
    cr_expect(status == 404);
    (void)refusal("GET", "/v1/documents", ERROR_NO_LOGIN, &status);
    cr_expect(status == 401);
    json_decref(answer);
}

/* --- The description --- */

static Str answer_of(ApiHandler *handler, Str *type_r)
{
    HttpRequest http = request_of("GET", "/openapi.json");
    ApiRequest request = { .api = &api, .http = &http, .arena = arena };
    HttpResponse response = { .status = 200, .body = buf_new(arena, MB(16)) };
    cr_assert(handler(&request, &response, &err), "%s", err.message);
    *type_r = response.media_type;
    return buf_str(&response.body);
}

/* "#/components/messages/task" */
static const json_t *referred(const json_t *document, Str reference)
{
    const json_t *at = document;
    Str rest = str_from(reference, 2), name;
    while (at && str_next(&rest, '/', &name))
        at = json_object_get(at, str_c(arena, name));
    return at;
}

static size_t count_references(const json_t *document, json_t *value)
{
    size_t count = 0, i;
    const char *name;
    json_t *member;
    if (json_is_object(value) && json_object_get(value, "$ref")) {
        Str reference = json_member_text(value, "$ref");
        cr_expect(referred(document, reference) != NULL, STR_FMT, STR_ARG(reference));
        count++;
    }
    if (json_is_object(value))
        json_object_foreach(value, name, member) count += count_references(document, member);
    else if (json_is_array(value))
        json_array_foreach(value, i, member) count += count_references(document, member);
    return count;
}

Test(api, asyncapi_is_json_that_describes_every_event_and_refers_to_what_is_there)
{
    json_t *json = NULL;
    Str type;
    cr_assert(json_parse(answer_of(asyncapi_show, &type), MB(1), &json, &err), "%s", err.message);
    cr_expect(str_is(json_member_text(json, "asyncapi"), "3.0.0"));
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
        Str place = str_format(arena, "#/channels/socket/messages/%s", event_name(kind));
        cr_expect(referred(json, place) != NULL, STR_FMT, STR_ARG(place));
    }
    cr_expect(count_references(json, json) > 100);
    json_decref(json);
}

Test(api, openapi_is_json_and_lists_every_route_once)
{
    json_t *json = NULL, *operation, *path;
    const char *method, *name;
    size_t count = 0;
    Str type;
    cr_assert(json_parse(answer_of(openapi_show, &type), MB(16), &json, &err), "%s", err.message);
    json_t *ids = json_object();
    json_object_foreach(json_object_get(json, "paths"), name, path)
    {
        json_object_foreach(path, method, operation)
        {
            Str id = json_member_text(operation, "operationId");
            cr_expect(json_object_get(ids, id.at) == NULL, "%s twice", id.at);
            json_object_set_new(ids, id.at, json_true());
            cr_expect(strchr(name, ':') == NULL && json_object_get(operation, "responses"));
            count++;
        }
    }
    size_t nameless = 0; /* methods of WebDAV, for which OpenAPI has no word */
    for (size_t i = 0; i < api_route_count; i++)
        nameless += strcmp(api_routes[i].method, "PROPFIND") == 0 ||
                    strcmp(api_routes[i].method, "REPORT") == 0;
    cr_expect(count == api_route_count - nameless, "%zu of %zu", count, api_route_count);
    json_decref(ids);
    json_decref(json);
}

Test(api, openapi_says_how_each_route_fails)
{
    static const struct {
        const char *path, *method, *media_type, *schema;
    } cases[] = {
        { "/tika", "put", "text/plain", "#/components/schemas/ErrorText" },
        { "/v1/convert/file", "post", "application/json", "#/components/schemas/ErrorDetail" },
        { "/api/v1/documents/process", "post", "application/json",
          "#/components/schemas/ErrorProcess" },
        { "/v1/messages", "post", "application/json", "#/components/schemas/ErrorOfAnthropic" },
    };
    json_t *json = NULL;
    Str type;
    cr_assert(json_parse(answer_of(openapi_show, &type), MB(16), &json, &err), "%s", err.message);
    json_t *schemas = json_object_get(json_object_get(json, "components"), "schemas");
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *steps[] = { "paths", cases[i].path, cases[i].method,     "responses",
                                "400",   "content",     cases[i].media_type, "schema" };
        json_t *at = json;
        for (size_t k = 0; k < COUNT(steps); k++)
            at = json_object_get(at, steps[k]);
        Str reference = json_member_text(at, "$ref");
        cr_expect(str_is(reference, cases[i].schema), "%s: " STR_FMT, cases[i].path,
                  STR_ARG(reference));
        cr_expect(json_object_get(schemas, strrchr(cases[i].schema, '/') + 1));
    }
    json_decref(json);
}

Test(api, docs_name_every_route_and_failure)
{
    Str type, page = answer_of(docs_show, &type);
    cr_expect(str_starts(type, S("text/html")));
    for (size_t i = 0; i < api_route_count; i++)
        cr_expect(str_find(page, openapi_path(arena, api_routes[i].path)) >= 0, "%s",
                  api_routes[i].path);
    cr_expect(str_find(page, S("disk_full")) >= 0);
}

/* --- The page --- */

static HttpResponse page(const char *path, HttpPair header)
{
    HttpRequest http = request_of("GET", path);
    http.headers = (HttpPairs){ &header, header.name.length ? 1 : 0 };
    ApiRequest request = { .api = &api, .http = &http, .arena = arena };
    HttpResponse response = { .status = 200, .body = buf_new(arena, MB(16)) };
    page_respond(&request, &response);
    return response;
}

Test(api, views_are_the_page_and_files_are_files)
{
    HttpPair none = { STR_NONE, STR_NONE };
    cr_expect(str_starts(page("/", none).media_type, S("text/html")));
    cr_expect(str_starts(page("/library/view", none).media_type, S("text/html")));
    cr_expect(page("/no-such.js", none).status == 404);
    cr_expect(page("/../etc/passwd.txt", none).status == 404);
    cr_expect(str_starts(page("/docs.css", none).media_type, S("text/css")));
    HttpResponse root = page("/", (HttpPair){ S("Accept"), S("application/json") });
    cr_expect(str_find(buf_str(&root.body), S("\"openapi\"")) > 0);
}

Test(api, a_page_that_is_known_is_not_sent_again)
{
    HttpResponse first = page("/", (HttpPair){ STR_NONE, STR_NONE });
    Str etag = header_of(&first, "ETag");
    cr_assert(etag.length);
    HttpResponse again = page("/", (HttpPair){ S("If-None-Match"), etag });
    cr_expect(again.status == 304 && again.body.length == 0);
}

/* The page is asked for each time, the files that it names once for each version of the program. */
Test(api, files_of_the_page_are_kept_by_browsers_until_the_program_changes)
{
    HttpPair none = { STR_NONE, STR_NONE };
    HttpResponse root = page("/", none);
    Str html = buf_str(&root.body);
    ptrdiff_t at = str_find(html, S("/assets/"));
    cr_assert(at > 0 && str_find(html, S("src=\"/app.js\"")) < 0);
    Str version = str_slice(html, (size_t)at + 8, (size_t)at + 20);
    static const struct {
        const char *version, *cached;
    } cases[] = {
        { NULL, "public, max-age=31536000, immutable" },
        { "of-another-program", "no-cache" },
    };
    HttpResponse plain = page("/parts/rail.js", none);
    cr_expect_str_eq(str_c(arena, header_of(&root, "Cache-Control")), "no-cache");
    cr_expect_str_eq(str_c(arena, header_of(&plain, "Cache-Control")), "no-cache");
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str named = cases[i].version ? str(cases[i].version) : version;
        HttpResponse file = page(
            str_c(arena, str_format(arena, "/assets/" STR_FMT "/parts/rail.js", STR_ARG(named))),
            none);
        cr_expect(file.status == 200);
        cr_expect_str_eq(str_c(arena, header_of(&file, "Cache-Control")), cases[i].cached);
        cr_expect(str_equal(buf_str(&file.body), buf_str(&plain.body)));
    }
    HttpResponse missing = page(
        str_c(arena, str_format(arena, "/assets/" STR_FMT "/no-such.js", STR_ARG(version))), none);
    cr_expect(missing.status == 404);
}

Test(api, the_door_counts_each_address_for_itself)
{
    Door *door = door_new(3, 0);
    int64_t wait_ms = 0;
    for (int i = 0; i < 3; i++)
        cr_assert(door_lets_address(door, S("10.0.0.1"), &wait_ms, &err));
    cr_assert(!door_lets_address(door, S("10.0.0.1"), &wait_ms, &err));
    cr_assert(err.code == ERROR_LIMITED && wait_ms > 19000 && wait_ms <= 20000);
    cr_assert(door_lets_address(door, S("10.0.0.2"), &wait_ms, &err));
    for (int i = 0; i < 1000; i++)
        cr_assert(door_lets_user(door, S("anybody"), &wait_ms, &err));
    for (int i = 0; i < 100000; i++) /* a crowd pushes out others, and breaks nothing */
        (void)!door_lets_address(door, str_format(arena, "10.1.%d.%d", i / 256, i % 256), &wait_ms,
                                 &err);
    cr_assert(door_lets_address(door, S("10.0.0.1"), &wait_ms, &err));
    door_free(door);
}
