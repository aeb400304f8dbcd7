/* openapi.c - the API described from routes.def and errors.def: OpenAPI 3.1 and a page to read. */
#include "api/api.h"
#include "api/convert.h"
#include "api/route_scopes.h"

static const char *const needs_text[] = { "anyone",           "a reader", "an editor",
                                          "an administrator", "an owner", "a reader" };

/* "/v1/documents/:id" as "/v1/documents/{id}" */
static Str braced(Arena *arena, const char *path)
{
    Buf out = buf_new(arena, KB(1));
    for (const char *c = path; *c; c++) {
        if (*c != ':') {
            buf_add_char(&out, *c);
            continue;
        }
        buf_add_char(&out, '{');
        while (c[1] && c[1] != '/')
            buf_add_char(&out, *++c);
        buf_add_char(&out, '}');
    }
    return buf_str(&out);
}

static void put_parameters(JsonWriter *json, Str path)
{
    Str rest = path, piece;
    put_array(json, "parameters");
    while (str_next(&rest, '/', &piece)) {
        if (!piece.length || piece.at[0] != '{')
            continue;
        put_object(json, NULL);
        put_text(json, "name", str_slice(piece, 1, piece.length - 1));
        put_text(json, "in", S("path"));
        put_bool(json, "required", true);
        put_object(json, "schema");
        put_text(json, "type", S("string"));
        put_end(json);
        put_end(json);
    }
    put_end(json);
}

static void put_body(JsonWriter *json, const ApiRoute *route)
{
    if (route->body == NO_BODY)
        return;
    put_object(json, "requestBody");
    put_object(json, "content");
    put_object(json, route->body == FILE_BODY ? "application/octet-stream"
                     : route->body == UPLOAD_BODY || route->body == FORM_BODY
                         ? "multipart/form-data"
                         : "application/json");
    put_object(json, "schema");
    put_text(json, "type", S("object"));
    if (route->body == UPLOAD_BODY) {
        put_object(json, "properties");
        put_object(json, "file");
        put_text(json, "type", S("array"));
        put_object(json, "items");
        put_text(json, "type", S("string"));
        put_text(json, "format", S("binary"));
        put_end(json);
        put_end(json);
        put_end(json);
    }
    put_end(json);
    put_end(json);
    put_end(json);
    put_end(json);
}

/* Routes that stand in for other programs fail as those do: see convert_refuse(). */
static const struct {
    const char *tag, *media_type, *schema;
} failure_shapes[] = {
    { TAG_TIKA, "text/plain", "ErrorText" },
    { TAG_DOCLING, "application/json", "ErrorDetail" },
    { TAG_PROCESS, "application/json", "ErrorProcess" },
    { TAG_ASSISTANT, "application/json", "ErrorAssistant" },
};

static void put_failure(JsonWriter *json, const ApiRoute *route)
{
    const char *media_type = "application/json", *schema = "Error";
    char reference[64];
    for (size_t i = 0; i < COUNT(failure_shapes); i++)
        if (strcmp(route->tag, failure_shapes[i].tag) == 0) {
            media_type = failure_shapes[i].media_type;
            schema = failure_shapes[i].schema;
        }
    snprintf(reference, sizeof reference, "#/components/schemas/%s", schema);
    put_object(json, "default");
    put_text(json, "description", S("A failure; its code is one of the catalogue"));
    put_object(json, "content");
    put_object(json, media_type);
    put_object(json, "schema");
    put_text(json, "$ref", str(reference));
    put_end(json);
    put_end(json);
    put_end(json);
    put_end(json);
}

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

static void put_route(JsonWriter *json, Arena *arena, const ApiRoute *route)
{
    put_object(json, str_lower(arena, str(route->method)).at);
    put_text(json, "operationId", operation_id(arena, route));
    put_text(json, "summary", str(route->summary));
    put_text(json, "description", str_format(arena, "For %s.", needs_text[route->needs]));
    put_text(json, "x-scopes", key_scopes_words(arena, route_scopes(route)));
    put_array(json, "tags");
    put_text(json, NULL, str(route->tag));
    put_end(json);
    put_parameters(json, braced(arena, route->path));
    put_body(json, route);
    if (route->needs == ANYONE) {
        put_array(json, "security");
        put_end(json);
    }
    put_object(json, "responses");
    put_object(json, "2XX");
    put_text(json, "description", S("Done"));
    put_end(json);
    put_failure(json, route);
    put_end(json);
    put_end(json);
}

static void put_paths(JsonWriter *json, Arena *arena)
{
    put_object(json, "paths");
    for (size_t i = 0; i < api_route_count; i++) {
        bool first = true;
        for (size_t j = 0; j < i && first; j++)
            first = strcmp(api_routes[j].path, api_routes[i].path) != 0;
        if (!first)
            continue;
        put_object(json, braced(arena, api_routes[i].path).at);
        for (size_t j = i; j < api_route_count; j++)
            if (strcmp(api_routes[j].path, api_routes[i].path) == 0 && is_described(&api_routes[j]))
                put_route(json, arena, &api_routes[j]);
        put_end(json);
    }
    put_end(json);
}

static void put_components(JsonWriter *json)
{
    put_object(json, "components");
    put_object(json, "securitySchemes");
    put_object(json, "key");
    put_text(json, "type", S("http"));
    put_text(json, "scheme", S("bearer"));
    put_end(json);
    put_end(json);
    put_raw(json, "schemas",
            S("{\"Error\":{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{"
              "\"type\":\"object\",\"required\":[\"code\",\"message\"],\"properties\":{"
              "\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"
              "\"field\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"}}}}},"
              "\"ErrorText\":{\"type\":\"string\"},"
              "\"ErrorDetail\":{\"type\":\"object\",\"required\":[\"detail\",\"code\"],"
              "\"properties\":{\"detail\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"}}},"
              "\"ErrorProcess\":{\"type\":\"object\",\"required\":[\"success\",\"error\",\"code\"],"
              "\"properties\":{\"success\":{\"const\":false},\"error\":{\"type\":\"string\"},"
              "\"code\":{\"type\":\"string\"}}},"
              "\"ErrorAssistant\":{\"type\":\"object\",\"required\":[\"error\",\"message\","
              "\"details\",\"status_code\",\"timestamp\"],\"properties\":{"
              "\"error\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},"
              "\"details\":{\"type\":[\"string\",\"null\"]},"
              "\"status_code\":{\"type\":\"integer\"},"
              "\"timestamp\":{\"type\":\"string\"}}}}"));
    put_end(json);
}

static bool check_shown(const ApiRequest *request, Error *err)
{
    return request->api->shows_docs ||
           fail(err, ERROR_NOT_FOUND, "the API's description is not shown (the setting docs)");
}

bool openapi_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    if (!check_shown(request, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "openapi", S("3.1.0"));
    put_object(&json, "info");
    put_text(&json, "title", request->api->app_name);
    put_text(&json, "version", S(VERSION));
    put_object(&json, "license");
    put_text(&json, "name", S("AGPL-3.0-or-later"));
    put_text(&json, "identifier", S("AGPL-3.0-or-later"));
    put_end(&json);
    put_end(&json);
    put_array(&json, "security");
    put_object(&json, NULL);
    put_array(&json, "key");
    put_end(&json);
    put_end(&json);
    put_end(&json);
    put_paths(&json, request->arena);
    put_components(&json);
    put_end(&json);
    return true;
}

/* --- The page to read --- */

bool docs_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Buf *out = &response->body;
    const char *tag = "";
    if (!check_shown(request, err))
        return false;
    response->media_type = S("text/html; charset=utf-8");
    buf_add(out,
            S("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
              "content=\"width=device-width\"><title>"));
    buf_add_escaped(out, request->api->app_name);
    buf_add(
        out,
        S(": the API</title><link rel=\"stylesheet\" href=\"/tokens.css\"><link rel=\"stylesheet\" "
          "href=\"/docs.css\"><main><h1>The API</h1><p>Send <code>Authorization: Bearer "
          "KEY</code>. Machine-readable: <a href=\"/openapi.json\">openapi.json</a>.</p>"));
    for (size_t i = 0; i < api_route_count; i++) {
        const ApiRoute *route = &api_routes[i];
        if (strcmp(tag, route->tag) != 0) {
            buf_addf(out, "%s<h2>%s</h2><table>", tag[0] ? "</table>" : "", route->tag);
            tag = route->tag;
        }
        buf_addf(out, "<tr><td><code>%s</code><td><code>%s</code><td>", route->method, route->path);
        buf_add_escaped(out, str(route->summary));
        buf_addf(out, "<td>%s</tr>", needs_text[route->needs]);
    }
    buf_add(out, S("</table><h2>Failures</h2><table>"));
#define ERROR(name, code, http, exit, retry, title)                                                \
    if (ERROR_##name != ERROR_NONE)                                                                \
        buf_addf(out, "<tr><td><code>%s</code><td>%d<td>%s</tr>", code, http, title);
#include "base/errors.def"
#undef ERROR
    buf_add(out, S("</table></main></html>"));
    return true;
}
