/* page.c - see page.h. */
#include "api/page.h"

#include "base/file.h"
#include "base/hash.h"
#include "net/http_packing.h"

/* Made by tools/embed from web/: plain, and packed by gzip. The row after the last is empty. */
typedef struct WebFile {
    const char *name, *start, *end, *packed, *packed_end;
} WebFile;
extern const WebFile web_files[];
extern const char web_version[];

#define ASSETS "/assets/"

static const struct {
    const char *extension, *media_type;
} media_types[] = {
    { "html", "text/html; charset=utf-8" },
    { "js", "text/javascript; charset=utf-8" },
    { "css", "text/css; charset=utf-8" },
    { "svg", "image/svg+xml" },
    { "json", "application/json" },
    { "png", "image/png" },
    { "webmanifest", "application/manifest+json" },
    { "txt", "text/plain; charset=utf-8" },
};

static const WebFile *find_file(Str name)
{
    for (const WebFile *file = web_files; file->name; file++)
        if (str_is(name, file->name))
            return file;
    return NULL;
}

static Str media_type_of(Arena *arena, const char *name)
{
    Str extension = path_extension(arena, str(name));
    for (size_t i = 0; i < COUNT(media_types); i++)
        if (str_is(extension, media_types[i].extension))
            return str(media_types[i].media_type);
    return S("application/octet-stream");
}

static void respond_root_json(const Api *api, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "name", api->app_name);
    put_text(&json, "version", S(VERSION));
    put_object(&json, "links");
    if (api->shows_docs) {
        put_text(&json, "docs", S("/docs"));
        put_text(&json, "openapi", S("/openapi.json"));
    }
    put_text(&json, "health", S("/health"));
    put_end(&json);
    put_end(&json);
}

static Str contents(const WebFile *file, const HttpRequest *http, HttpResponse *response)
{
    Str plain = { file->start, (size_t)(file->end - file->start) };
    Str packed = { file->packed, (size_t)(file->packed_end - file->packed) };
    http_header(response, "Vary", S("Accept-Encoding"));
    if (packed.length >= plain.length ||
        !http_coding_weight(http_header_in(http, "Accept-Encoding"), S("gzip")))
        return plain;
    http_header(response, "Content-Encoding", S("gzip"));
    return packed;
}

/* Below /assets/VERSION/ as at the root. *is_lasting_r: under this name it never changes. A page of
 * another version gets what is here, as long as it is there. */
static Str name_of(Str path, bool *is_lasting_r)
{
    Str name = str_from(path, 1), version = S("");
    *is_lasting_r = false;
    if (str_starts(path, S(ASSETS))) {
        name = str_from(path, strlen(ASSETS));
        *is_lasting_r = str_next(&name, '/', &version) && str_is(version, web_version);
    }
    return name;
}

void page_respond(const ApiRequest *request, HttpResponse *response)
{
    const HttpRequest *http = request->http;
    Str accept = http_header_in(http, "Accept");
    bool is_root = str_is(http->path, "/");
    if (is_root && str_find(accept, S("application/json")) >= 0 &&
        str_find(accept, S("text/html")) < 0) {
        respond_root_json(request->api, response);
        return;
    }
    bool is_lasting;
    const WebFile *file = find_file(name_of(http->path, &is_lasting));
    /* A path without a dot is a view of the page; the page itself reads it. */
    if (!file && str_find_char(path_name(http->path), '.') < 0)
        file = find_file(S("index.html"));
    if (!file) {
        Error err;
        fail(&err, ERROR_NOT_FOUND, "there is no " STR_FMT, STR_ARG(http->path));
        http_respond_error(response, &err);
        return;
    }
    Str bytes = contents(file, http, response);
    Str etag = str_format(request->arena, "\"%08x\"", crc32c(0, bytes.at, bytes.length));
    response->media_type = media_type_of(request->arena, file->name);
    http_header(response, "ETag", etag);
    http_header(response, "Cache-Control",
                is_lasting ? S("public, max-age=31536000, immutable") : S("no-cache"));
    if (str_equal(http_header_in(http, "If-None-Match"), etag))
        response->status = 304;
    else
        buf_add(&response->body, bytes);
}
