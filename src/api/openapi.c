/* openapi.c - the API described from routes.def, errors.def and the tables of contract.h: OpenAPI
 * 3.1, whose schemas are JSON Schema 2020-12. */
#include "api/openapi.h"
#include "api/api.h"
#include "api/contract.h"
#include "api/convert.h"
#include "api/etag.h"
#include "api/idempotency.h"
#include "api/route_scopes.h"
#include "api/schema_notation.h"
#include "api/scim.h"

static const char *const needs_text[] = { "anyone",           "a reader", "an editor",
                                          "an administrator", "an owner", "an operator",
                                          "a reader" };

Str openapi_needs(Arena *arena, const ApiRoute *route)
{
    return str_format(arena, "%s%s", needs_text[route->needs],
                      route->is_audited ? " or an auditor" : "");
}

typedef struct Printing {
    JsonWriter json;
    Arena *arena;
    const ApiRoute *route; /* that is written */
    Error *err;
} Printing;

Str openapi_path(Arena *arena, const char *path)
{
    Buf out = buf_new(arena, KB(1));
    for (const char *c = path; *c; c++) {
        if (*c != ':') {
            buf_add_char(&out, *c);
            continue;
        }
        buf_add_char(&out, '{');
        while (c[1] && c[1] != '/' && c[1] != '.')
            buf_add_char(&out, *++c);
        buf_add_char(&out, '}');
    }
    return buf_str(&out);
}

/* --- Parameters --- */

static bool put_parameter(Printing *p, Str name, const char *place, bool is_required, Str notation,
                          const char *title)
{
    put_object(&p->json, NULL);
    put_text(&p->json, "name", name);
    put_text(&p->json, "in", str(place));
    put_bool(&p->json, "required", is_required);
    if (title)
        put_text(&p->json, "description", str(title));
    if (!schema_put(&p->json, "schema", notation, SCHEMA_OF_ANSWER, p->err))
        return false;
    put_end(&p->json);
    return true;
}

static bool put_path_parameters(Printing *p)
{
    Str rest = openapi_path(p->arena, p->route->path);
    for (ptrdiff_t open; (open = str_find_char(rest, '{')) >= 0;) {
        Str name = str_from(rest, (size_t)open + 1);
        size_t length = (size_t)str_find_char(name, '}');
        if (!put_parameter(p, str_slice(name, 0, length), "path", true, S("text 200"), NULL))
            return false;
        rest = str_from(name, length + 1);
    }
    return true;
}

static bool put_query_parameters(Printing *p)
{
    Str names = contract_queries(p->route->handle), name;
    while (str_next(&names, ' ', &name)) {
        bool is_required = str_ends(name, S("!"));
        name = str_slice(name, 0, name.length - is_required);
        const ContractParameter *parameter = contract_parameter(name);
        if (!parameter)
            return fail(p->err, ERROR_INTERNAL, "parameters.def has no '" STR_FMT "'",
                        STR_ARG(name));
        if (!put_parameter(p, name, "query", is_required, str(parameter->notation),
                           parameter->title))
            return false;
    }
    return true;
}

static bool put_parameters(Printing *p)
{
    put_array(&p->json, "parameters");
    if (!put_path_parameters(p) || !put_query_parameters(p) ||
        (etag_reading_route(p->route) &&
         !put_parameter(p, S("If-Match"), "header", false, S("text 1000"),
                        "Only if it is still as it was read: the ETag of its GET")) ||
        (idempotency_serves(p->route) &&
         !put_parameter(p, S("Idempotency-Key"), "header", false, S("text 257"),
                        "A name that this request alone has: sent again with it, it is not done "
                        "again but answered as before")))
        return false;
    put_end(&p->json);
    return true;
}

/* --- Bodies --- */

static const struct {
    ApiBody body;
    const char *media_types[2], *notation;
} kinds_of_bodies[] = {
    { JSON_BODY, { "application/json" }, "{*: any}" },
    { CALL_BODY, { "application/json" }, "{*: any}" },
    { UPLOAD_BODY,
      { "multipart/form-data" },
      "{file: [file], collection?: text, password?: text, tags?: text}" },
    { FORM_BODY, { "multipart/form-data" }, "{file?: file, *: any}" },
    { FILE_BODY, { "application/octet-stream", "multipart/form-data" }, "file" },
    { TEXT_BODY, { "*/*" }, "text" },
};

static bool put_content(Printing *p, const char *media_type, Str notation)
{
    const char *example = contract_example(p->route->handle);
    bool is_form = strcmp(media_type, "multipart/form-data") == 0;
    put_object(&p->json, media_type);
    if (!schema_put(&p->json, "schema",
                    is_form && str_is(notation, "file") ? S("{file?: file, *: any}") : notation,
                    SCHEMA_OF_BODY, p->err))
        return false;
    if (example && strcmp(media_type, "application/json") == 0)
        put_raw(&p->json, "example", str(example));
    put_end(&p->json);
    return true;
}

static bool put_body(Printing *p)
{
    const char *notation = contract_body(p->route->handle);
    for (size_t i = 0; i < COUNT(kinds_of_bodies); i++) {
        if (kinds_of_bodies[i].body != p->route->body)
            continue;
        put_object(&p->json, "requestBody");
        put_object(&p->json, "content");
        for (size_t j = 0; j < COUNT(kinds_of_bodies[i].media_types); j++) {
            const char *media_type = kinds_of_bodies[i].media_types[j];
            bool is_said = notation && p->route->body == JSON_BODY;
            if (media_type &&
                !put_content(p, media_type, str(is_said ? notation : kinds_of_bodies[i].notation)))
                return false;
        }
        put_end(&p->json);
        put_end(&p->json);
    }
    return true;
}

/* --- Answers --- */

static Str status_name(Arena *arena, int status) { return str_format(arena, "%d", status); }

/* What is written by `count` lines for one status, each of a media type of its own. */
static bool put_answer(Printing *p, const ContractAnswer *lines, size_t count)
{
    put_object(&p->json, status_name(p->arena, lines->status).at);
    put_text(&p->json, "description",
             lines->status < 400 ? S("Done") : S("Refused; the answer says why"));
    if (lines->media_type[0])
        put_object(&p->json, "content");
    for (size_t i = 0; i < count && lines[i].media_type[0]; i++) {
        put_object(&p->json, lines[i].media_type);
        if (!schema_put(&p->json, "schema", str(lines[i].notation), SCHEMA_OF_ANSWER, p->err))
            return false;
        put_end(&p->json);
    }
    if (lines->media_type[0])
        put_end(&p->json);
    put_end(&p->json);
    return true;
}

static bool has_answer(const ApiRoute *route, int status)
{
    for (size_t i = 0; i < contract_answer_count; i++)
        if (contract_answers[i].handle == route->handle && contract_answers[i].status == status)
            return true;
    return false;
}

static bool put_answers(Printing *p)
{
    for (size_t i = 0, count; i < contract_answer_count; i += count) {
        const ContractAnswer *first = &contract_answers[i];
        for (count = 1; i + count < contract_answer_count && first[count].handle == first->handle &&
                        first[count].status == first->status;)
            count++;
        if (first->handle == p->route->handle && !put_answer(p, first, count))
            return false;
    }
    return true;
}

/* Routes that stand in for other programs fail as those do: see convert_refuse() and Front. */
static const struct {
    const char *tag, *media_type, *schema;
} failure_shapes[] = {
    { TAG_TIKA, "text/plain", "ErrorText" },
    { TAG_DOCLING, "application/json", "ErrorDetail" },
    { TAG_PROCESS, "application/json", "ErrorProcess" },
    { TAG_ASSISTANT, "application/json", "ErrorAssistant" },
    { "OpenAI", "application/json", "ErrorOfOpenAI" },
    { "Anthropic", "application/json", "ErrorOfAnthropic" },
    { "Ollama", "application/json", "ErrorOfOllama" },
    { TAG_SCIM, "application/scim+json", "ErrorOfScim" },
};

static void put_failure_schema(JsonWriter *json, const char *media_type, const char *schema)
{
    char reference[64];
    snprintf(reference, sizeof reference, "#/components/schemas/%s", schema);
    put_object(json, "content");
    put_object(json, media_type);
    put_object(json, "schema");
    put_text(json, "$ref", str(reference));
    put_end(json);
    put_end(json);
    put_end(json);
}

static void put_failure(JsonWriter *json, const ApiRoute *route)
{
    const char *media_type = "application/json", *schema = "Error";
    for (size_t i = 0; i < COUNT(failure_shapes); i++)
        if (strcmp(route->tag, failure_shapes[i].tag) == 0) {
            media_type = failure_shapes[i].media_type;
            schema = failure_shapes[i].schema;
        }
    put_failure_schema(json, media_type, schema);
}

static bool fails_as_usual(const ApiRoute *route)
{
    for (size_t i = 0; i < COUNT(failure_shapes); i++)
        if (strcmp(route->tag, failure_shapes[i].tag) == 0)
            return false;
    return true;
}

/* What If-None-Match and If-Match may lead to: see etag.h. */
static void put_conditions(Printing *p)
{
    bool is_get = strcmp(p->route->method, "GET") == 0 && p->route->body == NO_BODY;
    if (is_get && !has_answer(p->route, 304)) {
        put_object(&p->json, "304");
        put_text(&p->json, "description", S("It is still what If-None-Match names"));
        put_end(&p->json);
    }
    if (etag_reading_route(p->route) && !has_answer(p->route, 412)) {
        put_object(&p->json, "412");
        put_text(&p->json, "description", S("It has changed: it is no more what If-Match names"));
        put_failure(&p->json, p->route);
        put_end(&p->json);
    }
}

/* Which of the catalogue's failures a route may have: all may be refused for what is asked, by
 * whom and how often, and all may fail. */
static bool may_fail(const ApiRoute *route, int status)
{
    bool is_get = strcmp(route->method, "GET") == 0, has_body = route->body != NO_BODY;
    switch (status) {
    case 401:
    case 403: return route->needs != ANYONE || !is_get || strncmp(route->path, "/dav", 4) == 0;
    case 404: return true;
    case 409:
    case 422:
    case 502:
    case 504: return !is_get || strchr(route->path, ':') || route->needs >= ADMIN;
    case 413:
    case 415:
    case 507: return has_body || !is_get;
    case 499: return has_body;
    default: return true;
    }
}

/* What the catalogue says of a status: some have several codes. "" when it knows none. */
static Str title_of(Arena *arena, int status)
{
    Buf out = buf_new(arena, KB(1));
#define ERROR(name, code, http, exit, retry, title)                                                \
    if ((http) == status)                                                                          \
        buf_addf(&out, "%s`%s`: %s", out.length ? "; " : "", code, title);
#include "base/errors.def"
#undef ERROR
    return buf_str(&out);
}

static void put_failures(Printing *p)
{
    for (int status = 400; status < 600; status++) {
        Str title = title_of(p->arena, status);
        if (!title.length || !may_fail(p->route, status) || has_answer(p->route, status))
            continue;
        put_object(&p->json, status_name(p->arena, status).at);
        if (fails_as_usual(p->route)) {
            put_text(&p->json, "$ref",
                     str_format(p->arena, "#/components/responses/Failure%d", status));
        } else {
            put_text(&p->json, "description", title);
            put_failure(&p->json, p->route);
        }
        put_end(&p->json);
    }
}

/* --- Routes --- */

static Str operation_id(Arena *arena, const ApiRoute *route)
{
    Buf out = buf_new(arena, KB(1));
    buf_add(&out, str_lower(arena, str(route->method)));
    for (const char *c = route->path; *c; c++)
        if (*c == '/' || *c == '.')
            buf_add_char(&out, '_');
        else if (*c != ':')
            buf_add_char(&out, *c);
    return buf_str(&out);
}

/* OpenAPI 3.1 (section 4.8.9) has no word for the methods of WebDAV. */
static bool is_described(const ApiRoute *route)
{
    return strcmp(route->method, "PROPFIND") != 0 && strcmp(route->method, "REPORT") != 0;
}

static bool put_route(Printing *p)
{
    JsonWriter *json = &p->json;
    const ApiRoute *route = p->route;
    Str needs = openapi_needs(p->arena, route);
    put_object(json, str_lower(p->arena, str(route->method)).at);
    put_text(json, "operationId", operation_id(p->arena, route));
    put_text(json, "summary", str(route->summary));
    put_text(json, "description", str_format(p->arena, "For " STR_FMT ".", STR_ARG(needs)));
    put_text(json, "x-scopes", key_scopes_words(p->arena, route_scopes(route)));
    put_bool(json, "x-limited", route->is_limited);
    put_array(json, "tags");
    put_text(json, NULL, str(route->tag));
    put_end(json);
    if (!put_parameters(p) || !put_body(p))
        return false;
    if (route->needs == ANYONE) {
        put_array(json, "security");
        put_end(json);
    }
    put_object(json, "responses");
    if (!put_answers(p))
        return false;
    put_conditions(p);
    put_failures(p);
    put_end(json);
    put_end(json);
    return true;
}

static bool put_paths(Printing *p)
{
    put_object(&p->json, "paths");
    for (size_t i = 0; i < api_route_count; i++) {
        bool first = true;
        for (size_t j = 0; j < i && first; j++)
            first = strcmp(api_routes[j].path, api_routes[i].path) != 0;
        if (!first)
            continue;
        put_object(&p->json, openapi_path(p->arena, api_routes[i].path).at);
        for (size_t j = i; j < api_route_count; j++) {
            p->route = &api_routes[j];
            if (strcmp(api_routes[j].path, api_routes[i].path) == 0 && is_described(p->route) &&
                !put_route(p))
                return fail_in(p->err, "%s %s", p->route->method, p->route->path);
        }
        put_end(&p->json);
    }
    put_end(&p->json);
    return true;
}

/* --- What the routes refer to --- */

static void put_security(JsonWriter *json)
{
    put_raw(json, "securitySchemes",
            S("{\"key\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":"
              "\"An API key (POST /v1/keys)\"},"
              "\"key_header\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Api-Key\"},"
              "\"key_password\":{\"type\":\"http\",\"scheme\":\"basic\",\"description\":"
              "\"The key as the password, with any name\"},"
              "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"lectern_session\","
              "\"description\":\"Of a signed-in browser; every method but GET needs the header "
              "X-CSRF-Token too\"}}"));
}

static bool put_schemas(Printing *p)
{
    put_object(&p->json, "schemas");
    for (size_t i = 0; i < contract_shape_count; i++)
        if (!schema_put(&p->json, contract_shapes[i].name, str(contract_shapes[i].notation),
                        SCHEMA_OF_ANSWER, p->err))
            return fail_in(p->err, "%s", contract_shapes[i].name);
    put_end(&p->json);
    return true;
}

static void put_common_failures(Printing *p)
{
    put_object(&p->json, "responses");
    for (int status = 400; status < 600; status++) {
        Str title = title_of(p->arena, status);
        if (!title.length)
            continue;
        put_object(&p->json, str_format(p->arena, "Failure%d", status).at);
        put_text(&p->json, "description", title);
        put_failure_schema(&p->json, "application/json", "Error");
        put_end(&p->json);
    }
    put_end(&p->json);
}

static void put_about(Printing *p, const Api *api)
{
    put_text(&p->json, "openapi", S("3.1.0"));
    put_object(&p->json, "info");
    put_text(&p->json, "title", api->app_name);
    put_text(&p->json, "version", S(VERSION));
    put_object(&p->json, "license");
    put_text(&p->json, "name", S("AGPL-3.0-or-later"));
    put_text(&p->json, "identifier", S("AGPL-3.0-or-later"));
    put_end(&p->json);
    put_end(&p->json);
    put_raw(&p->json, "security",
            S("[{\"key\":[]},{\"key_header\":[]},{\"key_password\":[]},{\"session\":[]}]"));
}

bool openapi_print(const Api *api, Arena *arena, Buf *out, Error *err)
{
    Printing printing = { .json = put_begin(out), .arena = arena, .err = err };
    put_about(&printing, api);
    if (!put_paths(&printing))
        return false;
    put_object(&printing.json, "components");
    put_security(&printing.json);
    put_common_failures(&printing);
    if (!put_schemas(&printing))
        return false;
    put_end(&printing.json);
    put_end(&printing.json);
    return true;
}

bool openapi_check_shown(const ApiRequest *request, Error *err)
{
    return request->api->shows_docs ||
           fail(err, ERROR_NOT_FOUND, "the API's description is not shown (the setting docs)");
}

bool openapi_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return openapi_check_shown(request, err) &&
           openapi_print(request->api, request->arena, &response->body, err);
}
