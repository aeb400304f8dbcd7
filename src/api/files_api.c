/* files_api.c - /v1/files in OpenAI's shape: files that programs keep here for their calls. */
#include "api/api.h"
#include "base/clock.h"
#include "batch/files.h"
#include "net/url.h"

#define LIST_MAX 10000

bool api_load_file(void *api, Arena *arena, Str workspace, Str id, size_t bytes_max,
                   GatewayFile *file_r, Error *err)
{
    return files_load(((Api *)api)->batches, arena, workspace, id, bytes_max, file_r, err);
}

bool api_prepare_media(void *api, Arena *arena, const MediaWish *wish, PreparedMedia *prepared_r,
                       Error *err)
{
    return library_prepare_media(((Api *)api)->library, arena, wish, prepared_r, err);
}

static void put_file(JsonWriter *json, const ClientFile *file)
{
    put_text(json, "id", file->id);
    put_text(json, "object", S("file"));
    put_int(json, "bytes", file->size);
    put_int(json, "created_at", file->created_at_ms / 1000);
    if (file->expires_at_ms)
        put_int(json, "expires_at", file->expires_at_ms / 1000);
    put_text(json, "filename", file->name);
    put_text(json, "purpose", file->purpose);
    put_text(json, "status", S("processed"));
}

static void respond_file(HttpResponse *response, const ClientFile *file)
{
    JsonWriter json = put_begin(&response->body);
    put_file(&json, file);
    put_end(&json);
}

/* --- Adding --- */

static Str field(const HttpRequest *http, const char *name)
{
    const HttpPart *part = http_part(http, name);
    return part && !part->temp_path ? part->text : S("");
}

static bool read_expiry(const HttpRequest *http, int64_t *seconds_r, Error *err)
{
    Str anchor = field(http, "expires_after[anchor]"),
        seconds = field(http, "expires_after[seconds]");
    if (!anchor.length && !seconds.length)
        return true;
    if (!str_is(anchor, "created_at"))
        return fail_field(err, "expires_after", "the anchor of expires_after is created_at");
    return str_to_int(seconds, 1, INT64_MAX / 2000, seconds_r) ||
           fail_field(err, "expires_after", "the seconds of expires_after are a whole number");
}

bool files_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    const HttpRequest *http = request->http;
    const HttpPart *part = http_part(http, "file");
    ClientFile file;
    if (!part || !part->temp_path)
        return fail_field(err, "file", "the form has no part named 'file' with a file name");
    NewClientFile added = { .path = part->temp_path,
                            .sha256 = str(part->sha256),
                            .name = part->file_path,
                            .media_type = part->media_type,
                            .purpose = field(http, "purpose"),
                            .size = part->size };
    if (!read_expiry(http, &added.expires_after_s, err) ||
        !files_add(request->api->batches, request->scope, request->arena, &added, &file, err))
        return false;
    respond_file(response, &file);
    return true;
}

/* --- Looking --- */

static bool read_ask(const ApiRequest *request, ClientFileAsk *ask_r, Error *err)
{
    const HttpRequest *http = request->http;
    Str order = http_query(http, "order");
    *ask_r = (ClientFileAsk){ .purpose = http_query(http, "purpose"),
                              .after = http_query(http, "after"),
                              .is_ascending = str_is(order, "asc") };
    if (order.length && !ask_r->is_ascending && !str_is(order, "desc"))
        return fail_field(err, "order", "order is asc or desc");
    return api_query_int(request, "limit", 1, LIST_MAX, LIST_MAX, &ask_r->limit, err);
}

bool files_get_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    ClientFileAsk ask;
    ClientFileList list;
    if (!read_ask(request, &ask, err) ||
        !files_list(request->api->batches, request->scope, request->arena, &ask, &list, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "object", S("list"));
    put_array(&json, "data");
    for (size_t i = 0; i < list.count; i++) {
        put_object(&json, NULL);
        put_file(&json, &list.at[i]);
        put_end(&json);
    }
    api_put_list_end(&json, list.count ? list.at[0].id : S(""),
                     list.count ? list.at[list.count - 1].id : S(""), list.has_more);
    return true;
}

bool files_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    ClientFile file;
    if (!files_find(request->api->batches, request->scope, request->arena, request->params[0],
                    &file, err))
        return false;
    respond_file(response, &file);
    return true;
}

bool files_content(ApiRequest *request, HttpResponse *response, Error *err)
{
    ClientFile file;
    int fd;
    if (!files_open(request->api->batches, request->scope, request->arena, request->params[0],
                    &file, &fd, err))
        return false;
    http_respond_file(response,
                      &(HttpFile){ .fd = fd,
                                   .size = (uint64_t)file.size,
                                   .media_type = S("application/octet-stream"), /* never run */
                                   .etag = file.blob,
                                   .name = file.name });
    return true;
}

bool files_delete(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str id = request->params[0];
    if (!files_remove(request->api->batches, request->scope, id, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", id);
    put_text(&json, "object", S("file"));
    put_bool(&json, "deleted", true);
    put_end(&json);
    return true;
}
