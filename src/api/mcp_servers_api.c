/* mcp_servers_api.c - tools of other servers: which there are, and calling them. */
#include "api/api.h"
#include "mcp/mcp_client.h"

bool mcp_servers_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    McpServerList list;
    if (!mcp_server_list(request->api->mcp_servers, request->scope, request->arena, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", list.at[i].name);
        put_text(&json, "url", list.at[i].url);
        put_array(&json, "tools");
        for (size_t j = 0; j < list.at[i].tools.count; j++)
            put_text(&json, NULL, list.at[i].tools.at[j]);
        put_end(&json);
        put_bool(&json, "token_set", list.at[i].has_token);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, STR_NONE);
    return true;
}

bool mcp_servers_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    McpServer server = { .name = request->params[0] };
    Str token = STR_NONE;
    return api_fields(request, err,
                      { "url", JSON_STR, &server.url, .required = true, .length_max = 2000 },
                      { "token", JSON_STR, &token, .length_max = 2000 },
                      { "tools", JSON_STRS, &server.tools, .required = true, .length_max = 200 }) &&
           mcp_server_set(request->api->mcp_servers, request->scope, request->arena, &server, token,
                          err) &&
           api_done(response);
}

bool mcp_servers_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return mcp_server_remove(request->api->mcp_servers, request->scope, request->arena,
                             request->params[0], err) &&
           api_done(response);
}

bool mcp_servers_tools(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str tools;
    bool is_all = str_is(http_query(request->http, "all"), "1");
    if (!(is_all ? mcp_server_offers : mcp_server_tools)(request->api->mcp_servers, request->scope,
                                                         request->arena, request->params[0], &tools,
                                                         err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_raw(&json, "items", tools);
    put_end(&json);
    return true;
}

bool mcp_servers_call(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str tool = STR_NONE, result;
    json_t *arguments = NULL;
    if (!api_fields(request, err, { "tool", JSON_STR, &tool, .required = true, .length_max = 128 },
                    { "arguments", JSON_ANY, &arguments }))
        return false;
    if (arguments && !json_is_object(arguments))
        return fail_field(err, "arguments", "'arguments' is an object");
    Str text = arguments ? json_print(request->arena, arguments) : S("{}");
    if (!mcp_server_call(request->api->mcp_servers, request->scope, request->arena,
                         request->params[0], tool, text, &result, err))
        return false;
    buf_add(&response->body, result);
    return true;
}
