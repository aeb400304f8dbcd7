/* fetch_api.c - a file that the server fetches from an address becomes a document. */
#include <fcntl.h>
#include <unistd.h>

#include "api/conversions.h"
#include "api/docling_fetch.h"
#include "api/document_json.h"
#include "base/file.h"
#include "base/id.h"

typedef struct Fetched {
    ApiRequest *request;
    NewFile file; /* its collection, tags and name, when the caller gives one */
    DoclingSource source;
} Fetched;

static bool fetch(Fetched *fetched, Error *err)
{
    const ApiRequest *request = fetched->request;
    const DoclingJob job = { .api = request->api,
                             .arena = request->arena,
                             .is_owner = request->scope->role == ROLE_OWNER &&
                                         !request->scope->collections.length };
    Conversions *places = request->api->conversions;
    if (!conversion_begin(places, false, err))
        return false;
    bool good = docling_fetch(&job, &fetched->source, err);
    conversion_end(places, false);
    return good;
}

/* What came has no name on the disk yet; the library takes files by their paths. */
static bool add_at(const Fetched *fetched, const char *path, Document *document_r, bool *is_new_r,
                   Error *err)
{
    const ApiRequest *request = fetched->request;
    const ConvertFile *came = &fetched->source.file;
    NewFile file = fetched->file;
    file.path = path;
    file.name = file.name.length ? file.name : came->name;
    file.name = file.name.length ? file.name : S("fetched");
    file.media_type = came->media_type;
    file.size = came->size;
    file.sha256 = came->sha256;
    return library_accepts(path, file.name, file.media_type, err) &&
           library_add(request->api->library, request->scope, request->arena, &file, document_r,
                       is_new_r, err);
}

static bool add(const Fetched *fetched, Document *document_r, bool *is_new_r, Error *err)
{
    const ApiRequest *request = fetched->request;
    Arena *arena = request->arena;
    Str id = id_new(arena);
    const char *from = str_format(arena, "/proc/self/fd/%d", fetched->source.file.fd).at;
    const char *path =
        str_format(arena, "%s/fetched-" STR_FMT, request->api->upload_folder, STR_ARG(id)).at;
    if (linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0)
        return fail_errno(err, "storing what was fetched");
    bool good = add_at(fetched, path, document_r, is_new_r, err);
    (void)unlink(path); /* the library has taken it, or nobody does */
    return good;
}

bool documents_fetch(ApiRequest *request, HttpResponse *response, Error *err)
{
    Fetched fetched = { .request = request, .source = { .file.fd = -1 } };
    NewFile *file = &fetched.file;
    Document document;
    DocumentView view;
    bool is_new;
    if (!api_fields(request, err,
                    { "url", JSON_STR, &fetched.source.url, .required = true, .length_max = 2000 },
                    { "name", JSON_STR, &file->name, .length_max = 255 },
                    { "collection", JSON_STR, &file->collection, .length_max = 100 },
                    { "tags", JSON_STRS, &file->tags }) ||
        !fetch(&fetched, err))
        return false;
    AUTO_CLOSE int fd = fetched.source.file.fd;
    (void)fd;
    if (!add(&fetched, &document, &is_new, err) ||
        !library_find(request->api->library, request->scope, request->arena, document.id, &view,
                      err))
        return false;
    response->status = 202;
    JsonWriter json = put_begin(&response->body);
    put_document(&json, &view);
    if (!is_new)
        put_bool(&json, "duplicate", true);
    put_end(&json);
    return true;
}
