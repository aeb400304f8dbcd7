/* mcp_api.c - the Model Context Protocol over HTTP. */
#include "api/api.h"
#include "mcp/mcp.h"

bool mcp_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Api *api = request->api;
    const HttpRequest *http = request->http;
    const McpParts parts = { .db = api->db,
                             .library = api->library,
                             .searcher = api->searcher,
                             .answers = api->answers,
                             .summaries = api->summaries,
                             .upload_folder = api->upload_folder };
    const McpCall call = { .parts = &parts,
                           .scope = request->scope,
                           .arena = request->arena,
                           .body = http->body,
                           .version = http_header_in(http, "MCP-Protocol-Version"),
                           .method = http_header_in(http, "Mcp-Method"),
                           .name = http_header_in(http, "Mcp-Name") };
    /* A page of another site that has somebody's key must not use it from their browser. */
    if (!api_check_site(request, err))
        return false;
    response->status = mcp_answer(&call, &response->body);
    return true;
}
