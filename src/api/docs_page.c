/* docs_page.c - /docs, the API to read and to try: a list that web/docs.js turns into forms. */
#include "api/openapi.h"

static void add_route(Buf *out, Arena *arena, const ApiRoute *route)
{
    Str path = openapi_path(arena, route->path), needs = openapi_needs(arena, route);
    buf_addf(out,
             "<details class=\"call\" data-method=\"%s\" data-path=\"" STR_FMT "\"><summary>"
             "<code>%s</code><code>" STR_FMT "</code><span>",
             route->method, STR_ARG(path), route->method, STR_ARG(path));
    buf_add_escaped(out, str(route->summary));
    buf_addf(out, " (" STR_FMT ")</span></summary></details>", STR_ARG(needs));
}

static bool is_first_of_tag(size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(api_routes[i].tag, api_routes[at].tag) == 0)
            return false;
    return true;
}

static void add_routes(Buf *out, Arena *arena)
{
    for (size_t i = 0; i < api_route_count; i++) {
        const char *tag = api_routes[i].tag;
        if (!is_first_of_tag(i))
            continue;
        buf_addf(out, "<section aria-label=\"%s\" id=\"%s\"><h2>%s</h2>", tag, tag, tag);
        for (size_t j = i; j < api_route_count; j++)
            if (strcmp(api_routes[j].tag, tag) == 0)
                add_route(out, arena, &api_routes[j]);
        buf_add(out, S("</section>"));
    }
}

static void add_failures(Buf *out)
{
    buf_add(out, S("<h2>Failures</h2><table>"));
#define ERROR(name, code, http, exit, retry, title)                                                \
    if (ERROR_##name != ERROR_NONE)                                                                \
        buf_addf(out, "<tr><td><code>%s</code><td>%d<td>%s</tr>", code, http, title);
#include "base/errors.def"
#undef ERROR
    buf_add(out, S("</table>"));
}

bool docs_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Buf *out = &response->body;
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
          "href=\"/docs.css\"><script type=\"module\" src=\"/docs.js\"></script>"
          "<body class=\"docs\"><main><h1>The API</h1><p>Send <code>Authorization: Bearer "
          "KEY</code>. Machine-readable: <a href=\"/openapi.json\">openapi.json</a>. Each line "
          "opens "
          "into a form that calls it, here and now.</p><div id=\"tools\" hidden>"
          "<label for=\"find\">Find a route<input id=\"find\" type=\"search\"></label>"
          "<label for=\"key\">API key; empty: whoever is signed in in this browser<input "
          "id=\"key\" "
          "type=\"password\" autocomplete=\"off\"></label></div>"));
    add_routes(out, request->arena);
    add_failures(out);
    buf_add(out, S("</main></body></html>"));
    return true;
}
