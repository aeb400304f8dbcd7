/* backup_api.c - a copy of the library, and whether it is whole. Only for the machine's owner. */
#include "api/api.h"
#include "library/library.h"

/* A path of the server's file system is nobody's business but its owner's. */
static bool is_local(const ApiRequest *request, Error *err)
{
    return str_is(request->http->peer, "local") ||
           fail(err, ERROR_DENIED, "only the command line on the server's machine can do this");
}

bool backup_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str path;
    BackupCounts counts;
    if (!is_local(request, err) ||
        !api_fields(request, err,
                    { "path", JSON_STR, &path, .required = true, .length_max = KB(4) }))
        return false;
    if (!str_starts(path, S("/")))
        return fail_field(err, "path", "the path must be absolute");
    if (!library_backup(request->api->library, path.at, &counts, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "originals", counts.originals);
    put_int(&json, "bytes", counts.bytes);
    put_end(&json);
    return true;
}

bool check_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    LibraryCheck found;
    if (!library_check(request->api->library, &found, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "originals", found.originals);
    put_int(&json, "missing", found.missing);
    put_int(&json, "spare", found.spare);
    if (found.vector_store) {
        put_object(&json, "vectors");
        put_text(&json, "store", str(found.vector_store));
        put_int(&json, "rows", found.vectors);
        put_int(&json, "lacking", found.vectors_lacking);
        put_int(&json, "different", found.vectors_different);
        put_int(&json, "spare", found.vectors_spare);
        put_end(&json);
    }
    put_end(&json);
    return true;
}
