/* exports_api.c - everything of the workspace as plain files, for its owners. */
#include "api/api.h"
#include "export/export.h"

bool exports_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str path = S(""), job;
    if (!api_fields(request, err, { "path", JSON_STR, &path, .length_max = KB(4) }) ||
        (path.length && !api_is_local(request, err)) ||
        !export_begin(request->api->exports, request->scope, request->arena, path, &job, err))
        return false;
    response->status = 202;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "job", job);
    put_end(&json);
    return true;
}

bool exports_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ClientFileList list;
    if (!export_files(request->api->exports, request->scope, request->arena, &list, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "id", list.at[i].id);
        put_text(&json, "name", list.at[i].name);
        put_int(&json, "bytes", list.at[i].size);
        put_text(&json, "sha256", list.at[i].blob);
        put_text_or_null(&json, "user", list.at[i].user);
        put_time(&json, "created_at", list.at[i].created_at_ms);
        put_time(&json, "expires_at", list.at[i].expires_at_ms);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)list.count, STR_NONE);
    return true;
}

bool exports_content(ApiRequest *request, HttpResponse *response, Error *err)
{
    ClientFile file;
    int fd;
    if (!export_open(request->api->exports, request->scope, request->arena, request->params[0],
                     &file, &fd, err))
        return false;
    http_respond_file(response, &(HttpFile){ .fd = fd,
                                             .size = (uint64_t)file.size,
                                             .media_type = file.media_type,
                                             .etag = file.blob,
                                             .name = file.name });
    return true;
}

bool exports_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return export_remove(request->api->exports, request->scope, request->arena, request->params[0],
                         err) &&
           api_done(response);
}
