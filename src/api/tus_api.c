/* tus_api.c - /v1/tus: uploads that go on where they were broken off, by tus 1.0.
 *
 * Core, creation (with and without the first bytes, also of a size that is told later), expiration,
 * checksum, termination and concatenation. */
#include <openssl/evp.h>

#include <fcntl.h>
#include <unistd.h>

#include "api/api.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "library/file_uploads.h"

#define TUS_PATH "/v1/tus/"
#define TUS_EXTENSIONS                                                                             \
    "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,"         \
    "concatenation"
#define JOIN_MAX 1000
#define STATUS_PRECONDITION 412
#define STATUS_CHECKSUM 460 /* of tus */
#define LATER_MS 30000

/* --- The protocol's own --- */

/* What no error of ours has a status for. */
static bool refuse_as(HttpResponse *response, int status, const Error *err)
{
    http_respond_error(response, err);
    response->status = status;
    return true;
}

static bool is_version(const ApiRequest *request, HttpResponse *response, Error *err)
{
    if (str_is(http_header_in(request->http, "Tus-Resumable"), "1.0.0"))
        return true;
    fail_field(err, "Tus-Resumable", "this address speaks tus 1.0.0: send Tus-Resumable: 1.0.0");
    http_header(response, "Tus-Version", S("1.0.0"));
    (void)refuse_as(response, STATUS_PRECONDITION, err);
    return false;
}

bool tus_options(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)err;
    http_header(response, "Tus-Version", S("1.0.0"));
    http_header(response, "Tus-Extension", S(TUS_EXTENSIONS));
    http_header(response, "Tus-Checksum-Algorithm", S("sha1,sha256"));
    http_header(response, "Tus-Max-Size",
                str_format(request->arena, "%" PRId64, request->api->upload_max));
    return api_done(response);
}

static void header_number(const ApiRequest *request, HttpResponse *response, const char *name,
                          int64_t number)
{
    http_header(response, name, str_format(request->arena, "%" PRId64, number));
}

static bool read_number(const ApiRequest *request, const char *name, int64_t *number_r, Error *err)
{
    return str_to_int(http_header_in(request->http, name), 0, INT64_MAX, number_r) ||
           fail_field(err, name, "the header %s is a whole number of bytes", name);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7). */
static void put_expiry(const ApiRequest *request, HttpResponse *response, int64_t time_ms)
{
    char text[40];
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm broken;
    if (!time_ms || !gmtime_r(&seconds, &broken))
        return;
    size_t length = strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &broken);
    http_header(response, "Upload-Expires", str_copy(request->arena, (Str){ text, length }));
}

static void put_place(const ApiRequest *request, HttpResponse *response, const FileUpload *upload)
{
    header_number(request, response, "Upload-Offset", upload->received);
    put_expiry(request, response, upload->expires_at_ms);
    if (upload->document.length)
        http_header(response, "Lectern-Document", upload->document);
}

/* "filename d29ybGQ=,is_confidential": one value; empty when there is none, or it is no text. */
static Str metadata_value(Arena *arena, Str metadata, const char *name)
{
    for (Str pair; str_next(&metadata, ',', &pair);) {
        Str key, value = str_trim(pair);
        if (str_next(&value, ' ', &key) && str_is(key, name) &&
            base64_decode(arena, value, &value) && utf8_is_valid(value))
            return value;
    }
    return S("");
}

/* --- Checksums --- */

static bool digest_file(Arena *arena, const char *path, const EVP_MD *kind, Str *digest_r,
                        Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char *bytes = arena_alloc(arena, KB(64));
    ssize_t got = fd < 0 || !sum || !EVP_DigestInit_ex(sum, kind, NULL) ? -1 : 1;
    while (got > 0 && (got = read(fd, bytes, KB(64))) > 0)
        EVP_DigestUpdate(sum, bytes, (size_t)got);
    if (got == 0)
        EVP_DigestFinal_ex(sum, digest, &length);
    EVP_MD_CTX_free(sum);
    *digest_r = str_copy(arena, (Str){ (const char *)digest, length });
    return got == 0 || fail_errno(err, "reading the bytes of an upload");
}

/* False: refused, and answered where tus has a status for it. */
static bool is_checked(const ApiRequest *request, HttpResponse *response, const HttpPart *part,
                       Error *err)
{
    Str header = http_header_in(request->http, "Upload-Checksum"), name, wanted, digest;
    if (!header.length)
        return true;
    bool is_read = str_next(&header, ' ', &name) &&
                   base64_decode(request->arena, header, &wanted) && wanted.length;
    const EVP_MD *kind = str_is(name, "sha1")     ? EVP_sha1()
                         : str_is(name, "sha256") ? EVP_sha256()
                                                  : NULL;
    if (!is_read || !kind)
        return fail_field(err, "Upload-Checksum",
                          "Upload-Checksum is sha1 or sha256, a space and the digest in base64");
    if (!digest_file(request->arena, part->temp_path, kind, &digest, err))
        return false;
    if (str_equal(digest, wanted))
        return true;
    fail_field(err, "Upload-Checksum", "the bytes came with another checksum; send them again");
    (void)refuse_as(response, STATUS_CHECKSUM, err);
    return false;
}

/* --- Beginning --- */

static Str location(const ApiRequest *request, Str id)
{
    return str_format(request->arena, TUS_PATH STR_FMT, STR_ARG(id));
}

/* "final;/v1/tus/a /v1/tus/b", with or without the server before the path. */
static bool read_pieces(const ApiRequest *request, Str list, StrList *pieces_r, Error *err)
{
    VEC(Str) pieces = { 0 };
    for (Str piece; str_next(&list, ' ', &piece);) {
        ptrdiff_t slash = str_find_last_char(piece, '/');
        if (!piece.length)
            continue;
        if (pieces.count == JOIN_MAX)
            return fail_field(err, "Upload-Concat", "at most %d uploads are joined", JOIN_MAX);
        *vec_push(request->arena, &pieces) = str_from(piece, (size_t)(slash + 1));
    }
    *pieces_r = (StrList){ pieces.at, pieces.count };
    return pieces.count || fail_field(err, "Upload-Concat", "there is nothing to join");
}

static bool begin_joined(const ApiRequest *request, const FileUpload *wish, FileUpload *upload_r,
                         Error *err)
{
    StrList pieces;
    return read_pieces(request, str_from(wish->joined, S("final;").length), &pieces, err) &&
           library_upload_join(request->api->library, request->scope, request->arena, wish, pieces,
                               upload_r, err);
}

static bool read_wish(const ApiRequest *request, FileUpload *wish, Error *err)
{
    const HttpRequest *http = request->http;
    Str metadata = http_header_in(http, "Upload-Metadata"),
        joined = http_header_in(http, "Upload-Concat");
    Str name = metadata_value(request->arena, metadata, "filename");
    *wish =
        (FileUpload){ .size = UPLOAD_SIZE_UNKNOWN,
                      .name = name.length ? name : metadata_value(request->arena, metadata, "name"),
                      .media_type = metadata_value(request->arena, metadata, "filetype"),
                      .collection = metadata_value(request->arena, metadata, "collection"),
                      .metadata = metadata,
                      .joined = joined };
    if (joined.length && !str_is(joined, "partial") && !str_starts(joined, S("final;")))
        return fail_field(err, "Upload-Concat", "Upload-Concat is partial, or final; and uploads");
    if (str_starts(joined, S("final;")))
        return !http_header_in(http, "Upload-Length").length ||
               fail_field(err, "Upload-Length", "uploads that are joined say their length");
    if (str_is(http_header_in(http, "Upload-Defer-Length"), "1"))
        return !http_header_in(http, "Upload-Length").length ||
               fail_field(err, "Upload-Length", "its length is told now, or later: not both");
    return read_number(request, "Upload-Length", &wish->size, err);
}

static bool is_offset_body(const HttpRequest *http)
{
    return str_equal_ignore_case(http_header_in(http, "Content-Type"),
                                 S("application/offset+octet-stream"));
}

static bool take(ApiRequest *request, HttpResponse *response, FileUpload *upload, Error *err)
{
    const HttpPart *file = &request->http->parts[0];
    UploadPart part = { .start = upload->received,
                        .size = (int64_t)file->size,
                        .path = file->temp_path,
                        .sha256 = str(file->sha256) };
    if (!library_upload_take(request->api->library, request->scope, request->arena, upload, &part,
                             err))
        return false;
    put_place(request, response, upload);
    return true;
}

static bool has_bytes(const HttpRequest *http)
{
    return http->part_count && http->parts[0].size && is_offset_body(http);
}

bool tus_begin(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileUpload wish, upload;
    if (!is_version(request, response, err))
        return response->status == STATUS_PRECONDITION;
    if (has_bytes(request->http) && !is_checked(request, response, &request->http->parts[0], err))
        return response->status == STATUS_CHECKSUM;
    request->wait_ms = LATER_MS;
    if (!read_wish(request, &wish, err) ||
        !(str_starts(wish.joined, S("final;"))
              ? begin_joined(request, &wish, &upload, err)
              : library_upload_begin(request->api->library, request->scope, request->arena, &wish,
                                     &upload, err)))
        return false;
    response->status = 201;
    http_header(response, "Location", location(request, upload.id));
    if (has_bytes(request->http))
        return take(request, response, &upload, err);
    put_place(request, response, &upload);
    return true;
}

/* --- Going on --- */

static bool find(const ApiRequest *request, FileUpload *upload, Error *err)
{
    return library_upload_find(request->api->library, request->scope, request->arena,
                               request->params[0], upload, err) &&
           (!upload->chunk_size || fail(err, ERROR_NOT_FOUND, "this upload does not come by tus"));
}

bool tus_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileUpload upload;
    if (!is_version(request, response, err))
        return response->status == STATUS_PRECONDITION;
    if (!find(request, &upload, err))
        return false;
    put_place(request, response, &upload);
    if (upload.size >= 0)
        header_number(request, response, "Upload-Length", upload.size);
    else
        http_header(response, "Upload-Defer-Length", S("1"));
    if (upload.metadata.length)
        http_header(response, "Upload-Metadata", upload.metadata);
    if (upload.joined.length)
        http_header(response, "Upload-Concat", upload.joined);
    return true;
}

static bool read_size(ApiRequest *request, FileUpload *upload, Error *err)
{
    int64_t size;
    if (!http_header_in(request->http, "Upload-Length").length)
        return true;
    if (!read_number(request, "Upload-Length", &size, err))
        return false;
    if (upload->size >= 0)
        return size == upload->size ||
               fail_field(err, "Upload-Length", "its length is told already: %" PRId64,
                          upload->size);
    return library_upload_set_size(request->api->library, request->scope, request->arena, upload,
                                   size, err);
}

static bool check_place(const ApiRequest *request, const FileUpload *upload, Error *err)
{
    int64_t offset;
    if (!is_offset_body(request->http) || !request->http->part_count)
        return fail(err, ERROR_UNSUPPORTED,
                    "the bytes of an upload come as application/offset+octet-stream");
    if (str_starts(upload->joined, S("final;")))
        return fail(err, ERROR_DENIED, "an upload that was joined takes no bytes");
    return read_number(request, "Upload-Offset", &offset, err) &&
           (offset == upload->received ||
            fail(err, ERROR_CONFLICT, "the upload goes on at byte %" PRId64 ", not at %" PRId64,
                 upload->received, offset));
}

bool tus_patch(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileUpload upload;
    if (!is_version(request, response, err))
        return response->status == STATUS_PRECONDITION;
    if (!find(request, &upload, err) || !check_place(request, &upload, err))
        return false;
    if (!is_checked(request, response, &request->http->parts[0], err))
        return response->status == STATUS_CHECKSUM;
    return read_size(request, &upload, err) && take(request, response, &upload, err) &&
           api_done(response);
}

bool tus_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    FileUpload upload;
    if (!is_version(request, response, err))
        return response->status == STATUS_PRECONDITION;
    return find(request, &upload, err) &&
           library_upload_remove(request->api->library, request->scope, upload.id, err) &&
           api_done(response);
}
