/* uploads_api.c - /api/files: a file in chunks of 8 MiB, in any order, and what becomes of it.
 *
 * The id that a begun upload has stays good for its document; a document's own id serves too. */
#include "api/document_json.h"
#include "library/file_uploads.h"
#include "models/models.h"

/* So many numbers of chunks stand in an answer; a file of 32 GiB has as many. */
#define NUMBERS_MAX 4096
#define CHUNKS_SHOWN 1000
#define LATER_MS 30000

static int64_t chunks_of(const FileUpload *upload)
{
    return (upload->size + upload->chunk_size - 1) / upload->chunk_size;
}

static int64_t per_cent(int64_t done, int64_t total) { return total > 0 ? done * 100 / total : 0; }

/* --- Beginning --- */

static Str without_prefix(Str text, Str prefix)
{
    return str_starts(text, prefix) ? str_from(text, prefix.length) : text;
}

static void put_upload(JsonWriter *json, const FileUpload *upload)
{
    put_text(json, "file_id", upload->id);
    put_text_or_null(json, "document_id", upload->document);
    put_text(json, "filename", upload->name);
    put_int(json, "size", upload->size);
    put_int(json, "chunk_size", upload->chunk_size);
    put_int(json, "chunk_count", chunks_of(upload));
    put_time(json, "expires_at", upload->expires_at_ms);
}

bool uploads_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileUpload wish = { .size = -1, .chunk_size = UPLOAD_CHUNK_SIZE }, upload;
    if (!api_fields(request, err,
                    { "filename", JSON_STR, &wish.name, .required = true, .length_max = 4096 },
                    { "size", JSON_I64, &wish.size, .required = true, .max = INT64_MAX },
                    { "content_type", JSON_STR, &wish.media_type, .length_max = 200 },
                    { "checksum", JSON_STR, &wish.sha256, .length_max = 100 },
                    { "collection", JSON_STR, &wish.collection, .length_max = 64 }))
        return false;
    wish.sha256 = without_prefix(str_lower(request->arena, str_trim(wish.sha256)), S("sha256:"));
    if (!library_upload_begin(request->api->library, request->scope, request->arena, &wish, &upload,
                              err)) {
        request->wait_ms = LATER_MS;
        return false;
    }
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_upload(&json, &upload);
    put_end(&json);
    return true;
}

/* --- Chunks --- */

static bool find_chunked(const ApiRequest *request, FileUpload *upload, Error *err)
{
    return library_upload_find(request->api->library, request->scope, request->arena,
                               request->params[0], upload, err) &&
           (upload->chunk_size ||
            fail(err, ERROR_CONFLICT, "this upload came by tus; go on with it at /v1/tus/" STR_FMT,
                 STR_ARG(upload->id)));
}

/* A field of the form, or of the address when the body is the chunk itself. */
static Str told(const HttpRequest *http, const char *name)
{
    const HttpPart *part = http_part(http, name);
    return part && !part->temp_path ? part->text : http_query(http, name);
}

static const HttpPart *file_part(const HttpRequest *http)
{
    for (size_t i = 0; i < http->part_count; i++)
        if (http->parts[i].temp_path)
            return &http->parts[i];
    return NULL;
}

static bool read_chunk(const ApiRequest *request, const FileUpload *upload, UploadPart *part_r,
                       Error *err)
{
    const HttpRequest *http = request->http;
    const HttpPart *file = file_part(http);
    Str number = told(http, "chunk_number"), checksum = told(http, "checksum");
    int64_t at;
    if (!file)
        return fail_field(err, "file",
                          "there is no chunk: send it as the body, or as a file in a form");
    if (!str_to_int(number, 0, MAX(chunks_of(upload) - 1, (int64_t)0), &at))
        return fail_field(err, "chunk_number", "chunk_number is 0 to %" PRId64,
                          chunks_of(upload) - 1);
    checksum = without_prefix(str_lower(request->arena, str_trim(checksum)), S("sha256:"));
    if (checksum.length && !str_is(checksum, file->sha256))
        return fail_field(err, "checksum",
                          "chunk %" PRId64 " came with the SHA-256 %s, not as was said; send it "
                          "again",
                          at, file->sha256);
    *part_r = (UploadPart){ .start = at * upload->chunk_size,
                            .size = (int64_t)file->size,
                            .path = file->temp_path,
                            .sha256 = str(file->sha256) };
    return true;
}

static bool put_received(const ApiRequest *request, JsonWriter *json, const FileUpload *upload,
                         Error *err)
{
    FileUploadPartList parts;
    int64_t count = chunks_of(upload);
    if (!library_upload_parts(request->api->library, request->scope, request->arena, upload->id,
                              &parts, err))
        return false;
    put_int(json, "chunk_count", count);
    put_array(json, "received_chunks");
    if (upload->document.length)
        for (int64_t i = 0; i < MIN(count, (int64_t)NUMBERS_MAX); i++)
            put_int(json, NULL, i);
    for (size_t i = 0; !upload->document.length && i < MIN(parts.count, (size_t)NUMBERS_MAX); i++)
        put_int(json, NULL, parts.at[i].start / upload->chunk_size);
    put_end(json);
    put_int(json, "received", upload->received);
    put_int(json, "size", upload->size);
    put_int(json, "progress",
            upload->document.length ? 100 : per_cent(upload->received, upload->size));
    return true;
}

bool uploads_chunk(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileUpload upload;
    UploadPart part;
    if (!find_chunked(request, &upload, err) || !read_chunk(request, &upload, &part, err) ||
        !library_upload_take(request->api->library, request->scope, request->arena, &upload, &part,
                             err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "file_id", upload.id);
    put_text_or_null(&json, "document_id", upload.document);
    put_text(&json, "status", upload.document.length ? S("processing") : S("uploading"));
    bool good = put_received(request, &json, &upload, err);
    put_end(&json);
    return good;
}

/* --- What became of it --- */

/* *document_r: the id of the document, empty while the upload is open. */
static bool resolve(const ApiRequest *request, FileUpload *upload_r, Str *document_r, Error *err)
{
    *document_r = request->params[0];
    if (library_upload_find(request->api->library, request->scope, request->arena,
                            request->params[0], upload_r, err)) {
        *document_r = upload_r->document;
        return true;
    }
    return err->code == ERROR_NOT_FOUND;
}

static bool respond_open(const ApiRequest *request, HttpResponse *response,
                         const FileUpload *upload, Error *err)
{
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "file_id", upload->id);
    put_null(&json, "document_id");
    put_text(&json, "status", S("uploading"));
    put_text(&json, "stage", S("uploading"));
    put_int(&json, "percent", per_cent(upload->received, upload->size));
    put_null(&json, "seconds_left");
    put_null(&json, "error");
    put_time(&json, "expires_at", upload->expires_at_ms);
    bool good = !upload->chunk_size || put_received(request, &json, upload, err);
    put_end(&json);
    return good;
}

static void put_state(JsonWriter *json, const DocumentView *view)
{
    const Document *document = &view->document;
    const DocumentProgress *progress = &view->progress;
    bool is_over = document_state_is_over(document->state);
    put_text(json, "status", str(document_state_name(document->state)));
    put_text(json, "stage",
             progress->is_running ? progress->stage : str(document_state_name(document->state)));
    put_int(json, "percent", is_over ? 100 : per_cent(progress->done, progress->total));
    if (progress->is_running && progress->seconds_left >= 0)
        put_int(json, "seconds_left", progress->seconds_left);
    else
        put_null(json, "seconds_left");
    put_text_or_null(json, "error", document->error_message);
}

bool uploads_status(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileUpload upload;
    DocumentView view;
    Str document;
    if (!resolve(request, &upload, &document, err))
        return false;
    if (!document.length)
        return respond_open(request, response, &upload, err);
    if (!library_find(request->api->library, request->scope, request->arena, document, &view, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "file_id", request->params[0]);
    put_text(&json, "document_id", document);
    put_state(&json, &view);
    put_end(&json);
    return true;
}

static bool find_document(const ApiRequest *request, DocumentView *view_r, Error *err)
{
    FileUpload upload;
    Str document;
    if (!resolve(request, &upload, &document, err))
        return false;
    if (!document.length)
        return fail(err, ERROR_CONFLICT,
                    "its upload is not finished: %" PRId64 " of %" PRId64 " bytes are there",
                    upload.received, upload.size);
    return library_find(request->api->library, request->scope, request->arena, document, view_r,
                        err);
}

bool uploads_content(ApiRequest *request, HttpResponse *response, Error *err)
{
    Library *library = request->api->library;
    Buf text = buf_new(request->arena, MB(32));
    DocumentView view;
    DocumentStructure structure;
    ChunkList chunks;
    int64_t first;
    if (!api_query_int(request, "first", 0, INT32_MAX, 0, &first, err) ||
        !find_document(request, &view, err) ||
        !library_print(library, request->scope, request->arena, view.document.id, 0, TEXT_PLAIN,
                       &text, err) ||
        !library_chunks(library, request->scope, request->arena, view.document.id, 0, first,
                        CHUNKS_SHOWN, &chunks, err) ||
        !library_structure(library, request->scope, view.document.id, 0, &structure, err))
        return false;
    if (text.overflowed)
        return fail(err, ERROR_TOO_LARGE,
                    "the text has more than %d MiB; read it at /v1/documents/" STR_FMT "/text", 32,
                    STR_ARG(view.document.id));
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "file_id", request->params[0]);
    put_text(&json, "text", buf_str(&text));
    put_object(&json, "metadata");
    put_document(&json, &view);
    put_end(&json);
    put_structure(&json, "structure", &structure);
    put_array(&json, "chunks");
    for (size_t i = 0; i < chunks.count; i++) {
        put_object(&json, NULL);
        put_chunk(&json, &chunks.at[i]);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool uploads_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    Library *library = request->api->library;
    FileUpload upload;
    Str document;
    if (!resolve(request, &upload, &document, err) ||
        !(document.length ? library_erase(library, request->scope, document, err)
                          : library_upload_remove(library, request->scope, upload.id, err)))
        return false;
    if (document.length) /* its words may stand in answers */
        gateway_forget_answers(models_gateway(request->api->models), request->scope->workspace);
    return api_done(response);
}
