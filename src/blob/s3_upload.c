/* s3_upload.c - see s3_upload.h. */
#include "blob/s3_upload.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "blob/s3_xml.h"

#define PART_BYTES MB(8)
#define PARTS_MAX 10000
#define PARTS_AT_ONCE 4
#define CHECKSUM "x-amz-checksum-sha256"
#define ENCRYPTION "x-amz-server-side-encryption"

/* --- Checksums and encryption --- */

static Str digest_of(Arena *arena, Str sha256)
{
    char *bytes = arena_alloc(arena, SHA256_SIZE);
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        static const char digits[] = "0123456789abcdef";
        ptrdiff_t high = str_find_char(S(digits), sha256.at[2 * i]);
        ptrdiff_t low = str_find_char(S(digits), sha256.at[2 * i + 1]);
        bytes[i] = (char)(high << 4 | low);
    }
    return (Str){ bytes, SHA256_SIZE };
}

typedef VEC(HttpPair) Headers;

static void add_encryption(const S3Client *client, Arena *arena, Headers *headers)
{
    Str wanted = s3_client_options(client)->encryption, key;
    if (!wanted.length)
        return;
    bool is_kms = str_starts(wanted, S("aws:kms"));
    *vec_push(arena, headers) = (HttpPair){ S(ENCRYPTION), is_kms ? S("aws:kms") : wanted };
    key = str_from(wanted, strlen("aws:kms:"));
    if (is_kms && key.length)
        *vec_push(arena, headers) = (HttpPair){ S(ENCRYPTION "-aws-kms-key-id"), key };
}

/* A store that passes over what it does not know would keep the file in the clear. */
static bool check_encryption(const S3Client *client, const HttpAnswer *answer, Error *err)
{
    return !s3_client_options(client)->encryption.length ||
           http_answer_header(answer, ENCRYPTION).length ||
           fail(err, ERROR_UPSTREAM,
                "it did not encrypt the file, as s3_encryption wants; is it known there?");
}

/* --- At once --- */

typedef struct Whole {
    const S3Client *client;
    Str checksum;
} Whole;

static bool check_whole(void *self, const HttpAnswer *answer, Error *err)
{
    const Whole *whole = self;
    Str told = http_answer_header(answer, CHECKSUM);
    if (told.length && !str_equal(told, whole->checksum))
        return fail(err, ERROR_BUSY, "it has kept other bytes than were sent");
    return check_encryption(whole->client, answer, err);
}

static bool put_whole(S3Client *client, Str key, int fd, Str sha256, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AUTO_MAP FileMap map = { 0 };
    Headers headers = { 0 };
    HttpAnswer answer;
    if (!fd_map(fd, &map, err))
        return false;
    Whole whole = { client, base64_encode(arena, digest_of(arena, sha256)) };
    *vec_push(arena, &headers) = (HttpPair){ S("content-type"), S("application/octet-stream") };
    *vec_push(arena, &headers) = (HttpPair){ S(CHECKSUM), whole.checksum };
    add_encryption(client, arena, &headers);
    S3Call call = { .method = "PUT",
                    .key = key,
                    .headers = { headers.at, headers.count },
                    .body = map.bytes,
                    .sha256 = sha256,
                    .finish = check_whole,
                    .self = &whole };
    return s3_call(client, arena, &call, &answer, err);
}

/* --- In parts --- */

typedef struct Part {
    char etag[128], checksum[64];
} Part;

typedef struct Parts {
    S3Client *client;
    Str key, upload;
    int fd;
    uint64_t size, part_size;
    size_t count;
    Part *parts;
} Parts;

static bool begin_parts(Parts *in, Arena *arena, Error *err)
{
    static const HttpPair query[] = { { S_INIT("uploads"), S_INIT("") } };
    Headers headers = { 0 };
    HttpAnswer answer;
    *vec_push(arena, &headers) = (HttpPair){ S("content-type"), S("application/octet-stream") };
    *vec_push(arena, &headers) = (HttpPair){ S("x-amz-checksum-algorithm"), S("SHA256") };
    add_encryption(in->client, arena, &headers);
    S3Call call = { .method = "POST",
                    .key = in->key,
                    .query = { query, 1 },
                    .headers = { headers.at, headers.count } };
    if (!s3_call(in->client, arena, &call, &answer, err))
        return false;
    in->upload = s3_xml_text(arena, answer.body, "UploadId");
    if (!in->upload.length)
        return fail(err, ERROR_UPSTREAM, "the store of originals (S3) began no upload in parts");
    return check_encryption(in->client, &answer, err);
}

static bool check_part(void *self, const HttpAnswer *answer, Error *err)
{
    Part *part = self;
    Str told = http_answer_header(answer, CHECKSUM), etag = http_answer_header(answer, "ETag");
    if (told.length && !str_is(told, part->checksum))
        return fail(err, ERROR_BUSY, "it has kept other bytes than were sent");
    if (!etag.length || etag.length >= sizeof part->etag)
        return fail(err, ERROR_UPSTREAM, "it gave no name to a part");
    snprintf(part->etag, sizeof part->etag, STR_FMT, STR_ARG(etag));
    return true;
}

static bool send_mapped(Parts *in, size_t index, Str bytes, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Part *part = &in->parts[index];
    Str sha256 = sha256_hex(arena, bytes);
    Str checksum = base64_encode(arena, digest_of(arena, sha256));
    HttpAnswer answer;
    snprintf(part->checksum, sizeof part->checksum, STR_FMT, STR_ARG(checksum));
    HttpPair query[] = { { S("partNumber"), str_format(arena, "%zu", index + 1) },
                         { S("uploadId"), in->upload } };
    HttpPair headers[] = { { S("content-type"), S("application/octet-stream") },
                           { S(CHECKSUM), checksum } };
    S3Call call = { .method = "PUT",
                    .key = in->key,
                    .query = { query, COUNT(query) },
                    .headers = { headers, COUNT(headers) },
                    .body = bytes,
                    .sha256 = sha256,
                    .finish = check_part,
                    .self = part };
    return s3_call(in->client, arena, &call, &answer, err);
}

/* Only this part of the file is mapped, so that no more of it counts as our memory. */
static bool send_part(void *self, size_t index, Error *err)
{
    Parts *in = self;
    uint64_t start = index * in->part_size;
    size_t size = (size_t)MIN(in->part_size, in->size - start);
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, in->fd, (off_t)start);
    if (bytes == MAP_FAILED)
        return fail_errno(err, "reading an upload");
    bool good = send_mapped(in, index, (Str){ bytes, size }, err);
    munmap(bytes, size);
    return good;
}

/* It answers 200 before it knows, so a failure comes as a body. */
static bool check_end(void *self, const HttpAnswer *answer, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str code = s3_xml_text(arena, answer->body, "Code");
    (void)self;
    if (code.length)
        return fail(err, ERROR_BUSY, "it could not put the parts together: %.60s",
                    str_c(arena, code));
    return true;
}

static bool is_there(Parts *in, Arena *arena)
{
    S3Call call = { .method = "HEAD", .key = in->key };
    HttpAnswer answer;
    Error none;
    int64_t size;
    return s3_call(in->client, arena, &call, &answer, &none) &&
           str_to_int(http_answer_header(&answer, "Content-Length"), 0, INT64_MAX, &size) &&
           (uint64_t)size == in->size;
}

/* The file decides, not what is answered. After an answer that got lost the upload is gone because
 * it was ended; and a store that was killed while it put parts together may say, when it is asked
 * again, that it is done (versitygw 1.8.0 takes what the killed one left for another call). */
static bool end_parts(Parts *in, Arena *arena, Error *err)
{
    HttpPair query[] = { { S("uploadId"), in->upload } };
    HttpPair headers[] = { { S("content-type"), S("application/xml") } };
    Buf body = buf_new(arena, MB(4));
    HttpAnswer answer;
    buf_add(&body, S("<CompleteMultipartUpload "
                     "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"));
    for (size_t i = 0; i < in->count; i++) {
        buf_addf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
        buf_add_escaped(&body, str(in->parts[i].etag));
        buf_addf(&body, "</ETag><ChecksumSHA256>%s</ChecksumSHA256></Part>", in->parts[i].checksum);
    }
    buf_add(&body, S("</CompleteMultipartUpload>"));
    S3Call call = { .method = "POST",
                    .key = in->key,
                    .query = { query, COUNT(query) },
                    .headers = { headers, COUNT(headers) },
                    .body = buf_str(&body),
                    .finish = check_end };
    bool is_ended = s3_call(in->client, arena, &call, &answer, err);
    if ((is_ended || err->code == ERROR_NOT_FOUND) && is_there(in, arena))
        return true;
    return is_ended && fail(err, ERROR_BUSY,
                            "the store of originals (S3) says that it has put the parts of a file "
                            "together, and does not have it; send the file again");
}

static bool abort_upload(S3Client *client, Arena *arena, Str key, Str upload, Error *err)
{
    HttpPair query[] = { { S("uploadId"), upload } };
    S3Call call = { .method = "DELETE", .key = key, .query = { query, COUNT(query) } };
    HttpAnswer answer;
    return s3_call(client, arena, &call, &answer, err) || err->code == ERROR_NOT_FOUND;
}

uint64_t s3_part_size(uint64_t size)
{
    uint64_t least = (size + PARTS_MAX - 1) / PARTS_MAX;
    return MAX(PART_BYTES, (least + MB(1) - 1) / MB(1) * MB(1));
}

static bool put_parts(S3Client *client, Str key, int fd, uint64_t size, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    Parts in = {
        .client = client, .key = key, .fd = fd, .size = size, .part_size = s3_part_size(size)
    };
    Error none;
    in.count = (size_t)((size + in.part_size - 1) / in.part_size);
    in.parts = arena_new_array(arena, Part, in.count);
    bool good = begin_parts(&in, arena, err) &&
                s3_in_parallel(in.count, PARTS_AT_ONCE, send_part, &in, err) &&
                end_parts(&in, arena, err);
    if (!good && in.upload.length)
        (void)!abort_upload(client, arena, key, in.upload, &none); /* else s3_abort_old() does */
    return good;
}

bool s3_upload(S3Client *client, Str key, const char *path, Str sha256, uint64_t *size_r,
               Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0)
        return fail_errno(err, "reading an upload");
    *size_r = (uint64_t)about.st_size;
    return *size_r <= PART_BYTES ? put_whole(client, key, fd, sha256, err)
                                 : put_parts(client, key, fd, *size_r, err);
}

/* --- What was left --- */

static bool abort_listed(S3Client *client, Arena *arena, Str page, int64_t before_ms, Error *err)
{
    Str upload;
    while (s3_xml_next(&page, "Upload", &upload)) {
        int64_t began_ms;
        if (!time_parse(s3_xml_text(arena, upload, "Initiated"), &began_ms, err))
            return false;
        if (began_ms >= before_ms)
            continue;
        if (!abort_upload(client, arena, s3_xml_text(arena, upload, "Key"),
                          s3_xml_text(arena, upload, "UploadId"), err))
            return false;
    }
    return true;
}

bool s3_abort_old(S3Client *client, Str prefix, int64_t before_ms, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str key = S(""), upload = S("");
    HttpAnswer answer;
    do {
        HttpPair query[] = { { S("uploads"), S("") },
                             { S("prefix"), prefix },
                             { S("key-marker"), key },
                             { S("upload-id-marker"), upload } };
        S3Call call = { .method = "GET", .query = { query, key.length ? 4 : 2 } };
        if (!s3_call(client, arena, &call, &answer, err) ||
            !abort_listed(client, arena, answer.body, before_ms, err))
            return false;
        key = s3_xml_text(arena, answer.body, "NextKeyMarker");
        upload = s3_xml_text(arena, answer.body, "NextUploadIdMarker");
    } while (key.length && str_is(s3_xml_text(arena, answer.body, "IsTruncated"), "true"));
    return true;
}
