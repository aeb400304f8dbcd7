/* docs_page.c - /docs, the API to read. */
#include "api/openapi.h"

bool docs_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Buf *out = &response->body;
    const char *tag = "";
    if (!openapi_check_shown(request, err))
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
        buf_addf(out, "<td>%s</tr>", openapi_needs(route));
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
