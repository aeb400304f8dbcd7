/* mock_s3_test.c - see mock_s3_test.h. */
#include "blob/mock_s3_test.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"

static MockObject *find(MockS3 *mock, Str key, Str upload, int part)
{
    for (size_t i = 0; i < mock->count; i++)
        if (str_equal(mock->objects[i].key, key) && str_equal(mock->objects[i].upload, upload) &&
            mock->objects[i].part == part)
            return &mock->objects[i];
    return NULL;
}

static void put(MockS3 *mock, Str key, Str upload, int part, Str bytes)
{
    MockObject *object = find(mock, key, upload, part);
    if (!object)
        object = &mock->objects[mock->count++];
    cr_assert(mock->count < MOCK_OBJECTS_MAX);
    *object = (MockObject){ str_copy(mock->arena, key), str_copy(mock->arena, bytes),
                            str_copy(mock->arena, upload), part };
    mock->largest_body = MAX(mock->largest_body, bytes.length);
}

static void drop(MockS3 *mock, MockObject *object) { *object = mock->objects[--mock->count]; }

static void answer(HttpResponse *response, int status, const char *code, const char *more)
{
    response->status = status;
    response->media_type = S("application/xml");
    buf_addf(&response->body, "<?xml version=\"1.0\"?><Error><Code>%s</Code>%s</Error>", code,
             more ? more : "");
}

static void add_checksum(MockS3 *mock, HttpRequest *request, HttpResponse *response, bool is_wrong)
{
    Str told = http_header_in(request, "x-amz-checksum-sha256");
    http_header(response, "x-amz-checksum-sha256", is_wrong ? S("AAAA") : told);
    http_header(response, "ETag", S("\"a&b\""));
    if (mock->encrypts)
        http_header(response, "x-amz-server-side-encryption", S("yes"));
}

static void complete(MockS3 *mock, Str key, Str upload)
{
    Buf whole = buf_new(mock->arena, MB(64));
    MockObject *part;
    for (int number = 1; (part = find(mock, key, upload, number)); number++) {
        buf_add(&whole, part->bytes);
        drop(mock, part);
    }
    put(mock, key, S(""), 0, buf_str(&whole));
}

/* Two keys a page; the token is the last key. */
static void list(MockS3 *mock, HttpRequest *request, HttpResponse *response)
{
    Str prefix = http_query(request, "prefix"), after = http_query(request, "continuation-token");
    Str last = S("");
    for (int given = 0;; given++) {
        const MockObject *next = NULL;
        for (size_t i = 0; i < mock->count; i++) {
            Str key = str_from(mock->objects[i].key, strlen("/bucket/"));
            bool fits = str_starts(key, prefix) && str_compare(key, after) > 0 &&
                        str_compare(key, last) > 0;
            if (fits && (!next || str_compare(mock->objects[i].key, next->key) < 0))
                next = &mock->objects[i];
        }
        if (!next)
            return;
        if (given == 2) {
            buf_addf(&response->body,
                     "<IsTruncated>true</IsTruncated><NextContinuationToken>" STR_FMT
                     "</NextContinuationToken>",
                     STR_ARG(last));
            return;
        }
        last = str_from(next->key, strlen("/bucket/"));
        buf_addf(&response->body,
                 "<Contents><Key>" STR_FMT "</Key><LastModified>2026-01-31T10:00:00.000Z"
                 "</LastModified><Size>%zu</Size></Contents>",
                 STR_ARG(last), next->bytes.length);
    }
}

static void handle_parts(MockS3 *mock, HttpRequest *request, HttpResponse *response, bool is_wrong)
{
    Str key = request->path, upload = http_query(request, "uploadId");
    int64_t number = 0;
    (void)!str_to_int(http_query(request, "partNumber"), 1, 10000, &number);
    if (http_has_query(request, "uploads") && str_is(request->method, "GET")) {
        buf_add(&response->body, S("<Upload><Key>old</Key><UploadId>left</UploadId><Initiated>"
                                   "2026-01-01T00:00:00Z</Initiated></Upload>"
                                   "<Upload><Key>new</Key><UploadId>goes-on</UploadId><Initiated>"
                                   "2999-01-01T00:00:00Z</Initiated></Upload>"));
    } else if (http_has_query(request, "uploads")) {
        buf_addf(&response->body, "<UploadId>u&amp;%zu</UploadId>", ++mock->uploads);
        add_checksum(mock, request, response, false);
    } else if (str_is(request->method, "PUT")) {
        put(mock, key, upload, (int)number, request->body);
        add_checksum(mock, request, response, is_wrong);
    } else if (str_is(request->method, "POST")) {
        if (mock->wrong != MOCK_LOSES_PARTS)
            complete(mock, key, upload);
    } else {
        mock->aborted++;
        response->status = 204;
    }
}

static void give(HttpRequest *request, HttpResponse *response, Str bytes)
{
    uint64_t start, length;
    if (http_asks_part(request, bytes.length, STR_NONE, &start, &length)) {
        response->status = 206;
        bytes = str_slice(bytes, start, start + length);
    }
    buf_add(&response->body, bytes);
}

static void handle_object(MockS3 *mock, HttpRequest *request, HttpResponse *response)
{
    bool is_wrong = mock->wrong == MOCK_BREAKS_CHECKSUM || mock->wrong == MOCK_BREAKS_BYTES;
    MockObject *object = find(mock, request->path, S(""), 0);
    if (http_has_query(request, "list-type")) {
        list(mock, request, response);
    } else if (http_has_query(request, "versioning")) {
        buf_add(&response->body, S("<VersioningConfiguration><Status>Enabled</Status>"
                                   "</VersioningConfiguration>"));
    } else if (http_has_query(request, "uploads") || http_has_query(request, "uploadId")) {
        handle_parts(mock, request, response, is_wrong);
    } else if (str_is(request->method, "PUT")) {
        put(mock, request->path, S(""), 0, request->body);
        add_checksum(mock, request, response, is_wrong);
    } else if (!object) {
        answer(response, 404, "NoSuchKey", NULL);
    } else if (str_is(request->method, "DELETE")) {
        drop(mock, object);
        response->status = 204;
    } else {
        if (mock->encrypts)
            http_header(response, "x-amz-server-side-encryption", S("yes"));
        give(request, response, object->bytes);
        if (is_wrong && response->body.length)
            response->body.at[0] ^= 1;
    }
}

static bool has_key(const HttpRequest *request)
{
    return str_starts(http_header_in(request, "authorization"),
                      S("AWS4-HMAC-SHA256 Credential=key/")) &&
           str_equal(http_header_in(request, "x-amz-content-sha256"),
                     sha256_hex(request->arena, request->body));
}

static void handle(void *app, HttpRequest *request, HttpResponse *response)
{
    MockS3 *mock = app;
    bool is_due;
    pthread_mutex_lock(&mock->lock);
    mock->requests++;
    snprintf(mock->last_date, sizeof mock->last_date, STR_FMT,
             STR_ARG(http_header_in(request, "x-amz-date")));
    if (str_is(request->method, "PUT"))
        snprintf(mock->last_encryption, sizeof mock->last_encryption, STR_FMT,
                 STR_ARG(http_header_in(request, "x-amz-server-side-encryption-aws-kms-key-id")));
    is_due =
        mock->wrong_count && (!mock->wrong_method || str_is(request->method, mock->wrong_method));
    if (is_due)
        mock->wrong_count--;
    MockWrong wrong = mock->wrong;
    if (!is_due)
        mock->wrong = MOCK_RIGHT;
    if (mock->wrong == MOCK_ANSWERS) {
        answer(response, mock->status, mock->code, mock->more);
    } else if (!has_key(request)) {
        answer(response, 403, "InvalidAccessKeyId", NULL);
    } else {
        handle_object(mock, request, response);
    }
    mock->wrong = wrong;
    pthread_mutex_unlock(&mock->lock);
}

static bool begin(void *app, HttpRequest *request, HttpPlan *plan, Error *err)
{
    (void)app, (void)err, (void)request;
    *plan = (HttpPlan){ .body = HTTP_BODY_BUFFER, .body_max = MB(32) };
    return true;
}

static const HttpDispatch dispatch = { .begin = begin, .handle = handle };

void mock_s3_start(MockS3 *mock)
{
    Error err;
    *mock = (MockS3){ .arena = arena_new(MB(256)) };
    pthread_mutex_init(&mock->lock, NULL);
    cr_assert(http_server_start(&(HttpServerOptions){ .listen = "127.0.0.1:0" }, &dispatch, mock,
                                &mock->server, &err),
              "%s", err.message);
}

void mock_s3_stop(MockS3 *mock)
{
    cr_assert(http_server_stop(mock->server, 20000));
    pthread_mutex_destroy(&mock->lock);
    arena_free(mock->arena);
}

S3Options mock_s3_options(const MockS3 *mock, Arena *arena)
{
    return (S3Options){ .bucket = S("bucket"),
                        .prefix = S("a/b"),
                        .endpoint = str_format(arena, "http://127.0.0.1:%d",
                                               http_server_port(mock->server)),
                        .region = S("us-east-1"),
                        .keys = { S("key"), S("secret-of-the-key"), S("") },
                        .tries_ms = 1500 };
}

void mock_s3_answer(MockS3 *mock, size_t count, const char *method, int status, const char *code)
{
    pthread_mutex_lock(&mock->lock);
    mock->wrong = MOCK_ANSWERS;
    mock->wrong_count = count;
    mock->wrong_method = method;
    mock->status = status;
    mock->code = code;
    pthread_mutex_unlock(&mock->lock);
}

size_t mock_s3_objects(MockS3 *mock)
{
    size_t count = 0;
    pthread_mutex_lock(&mock->lock);
    for (size_t i = 0; i < mock->count; i++)
        count += !mock->objects[i].part;
    pthread_mutex_unlock(&mock->lock);
    return count;
}
