/* http_body.c - a request's body within its plan's limits: memory, one file, or parts. */
#include "net/http_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"

/* How often the free space of the disk is looked at while a file grows. */
#define DISK_CHECK_EVERY MB(16)
#define NO_BODY_MAX 16 /* bytes of a body that says nothing */

int64_t body_promised(const HttpRequest *request)
{
    int64_t length = 0;
    if (http_header_in(request, "Transfer-Encoding").length)
        return -1;
    (void)str_to_int(http_header_in(request, "Content-Length"), 0, INT64_MAX, &length);
    return length;
}

static bool takes_no_body(Error *err)
{
    return fail(err, ERROR_TOO_LARGE, "this address takes no body");
}

static bool too_large(Error *err, uint64_t max)
{
    return fail(err, ERROR_TOO_LARGE, "the body is larger than the limit of %" PRIu64 " bytes",
                max);
}

/* Many clients send "{}" or an empty body in pieces where they have nothing to say. */
static bool check_says_nothing(const HttpExchange *x, Error *err)
{
    Str body = str_trim(buf_str(&x->body.buffer));
    return !body.length || str_is(body, "{}") || takes_no_body(err);
}

/* --- Files --- */

static bool check_disk(HttpExchange *x, uint64_t wanted, Error *err)
{
    struct statvfs about;
    if (statvfs(x->plan.folder, &about) != 0)
        return fail_errno(err, "looking at the disk");
    uint64_t room = (uint64_t)about.f_bavail * about.f_frsize;
    if (room < wanted + x->server->options.disk_reserve)
        return fail(err, ERROR_FULL,
                    "the disk is nearly full: %zu MiB are free and %zu MiB are kept in reserve",
                    (size_t)(room >> 20), (size_t)(x->server->options.disk_reserve >> 20));
    return true;
}

/* The last part of the path that the client sent, fit to be shown and stored. */
static Str safe_name(Arena *arena, Str sent)
{
    Str clean = utf8_clean(arena, path_name(sent));
    Buf name = buf_new(arena, clean.length + 1);
    for (size_t i = 0; i < clean.length; i++)
        if ((unsigned char)clean.at[i] >= ' ' && clean.at[i] != 0x7f)
            buf_add_char(&name, clean.at[i]);
    Str trimmed = str_trim(buf_str(&name));
    trimmed = str_slice(trimmed, 0, utf8_floor(trimmed, MIN(trimmed.length, (size_t)255)));
    if (!trimmed.length || str_is(trimmed, ".") || str_is(trimmed, ".."))
        return S("unnamed");
    return trimmed;
}

static bool open_file(HttpExchange *x, HttpPart *part, Error *err)
{
    char *path = path_join(x->request.arena, str(x->plan.folder), S("upload-XXXXXX"));
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "storing the upload");
    part->temp_path = path;
    x->body.fd = fd;
    sha256_begin(&x->body.sha);
    return true;
}

static bool add_to_file(HttpExchange *x, Str bytes, Error *err)
{
    HttpBody *body = &x->body;
    HttpPart *part = body->part;
    part->size += bytes.length;
    if (part->size > x->plan.file_max)
        return fail(err, ERROR_TOO_LARGE, STR_FMT " is larger than the limit of %" PRIu64 " bytes",
                    STR_ARG(part->file_name), x->plan.file_max);
    body->unchecked += bytes.length;
    if (body->unchecked > DISK_CHECK_EVERY) {
        body->unchecked = 0;
        if (!check_disk(x, 0, err))
            return false;
    }
    sha256_add(&body->sha, bytes);
    return fd_write_all(body->fd, bytes, err) || fail_in(err, "storing the upload");
}

static void close_file(HttpExchange *x)
{
    HttpBody *body = &x->body;
    uint8_t digest[SHA256_SIZE];
    sha256_end(&body->sha, digest);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        snprintf(body->part->sha256 + i * 2, 3, "%02x", digest[i]);
    close(body->fd);
    body->fd = -1;
}

/* --- Parts --- */

static bool field_is_allowed(const char *const *fields, Str field)
{
    for (; fields && *fields; fields++)
        if (str_is(field, *fields))
            return true;
    return false;
}

static bool part_begin(void *self, const MultipartHead *head, Error *err)
{
    HttpExchange *x = self;
    HttpBody *body = &x->body;
    Arena *arena = x->request.arena;
    size_t part_max = x->plan.part_max ? x->plan.part_max : 100;
    if (body->parts.count == part_max)
        return fail(err, ERROR_TOO_LARGE, "more than %zu parts in the form", part_max);
    if (!utf8_is_valid(head->field) || head->field.length > 60)
        return fail(err, ERROR_INVALID, "a field name of the form is not valid");
    const char *const *fields = x->plan.fields;
    if (fields && !field_is_allowed(fields, head->field))
        return fail_field(err, str_c(arena, head->field), "there is no such field");

    HttpPart *part = vec_push(arena, &body->parts);
    *part = (HttpPart){
        .field = str_copy(arena, head->field),
        .file_name = head->has_file_name ? safe_name(arena, head->file_name) : S(""),
        .file_path = str_copy(arena, utf8_clean(arena, str_slice(head->file_name, 0, KB(4)))),
        .media_type = utf8_clean(arena, str_copy(arena, head->media_type)),
    };
    body->part = part;
    if (head->has_file_name)
        return check_disk(x, 0, err) && open_file(x, part, err);
    body->text = buf_new(arena, x->plan.field_max ? x->plan.field_max : KB(64));
    return true;
}

static bool part_bytes(void *self, Str bytes, Error *err)
{
    HttpExchange *x = self;
    if (x->body.fd >= 0)
        return add_to_file(x, bytes, err);
    buf_add(&x->body.text, bytes);
    if (x->body.text.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the field " STR_FMT " has more than %zu bytes",
                    STR_ARG(x->body.part->field), x->body.text.limit);
    return true;
}

static bool part_end(void *self, Error *err)
{
    HttpExchange *x = self;
    HttpBody *body = &x->body;
    if (body->fd >= 0) {
        close_file(x);
        return true;
    }
    body->part->text = buf_str(&body->text);
    body->part->size = body->text.length;
    if (!utf8_is_valid(body->part->text))
        return fail_field(err, str_c(x->request.arena, body->part->field), "is not valid UTF-8");
    return true;
}

/* --- The body --- */

static bool begin_parts(HttpExchange *x, Error *err)
{
    MultipartSink sink = { part_begin, part_bytes, part_end, x };
    return multipart_new(http_header_in(&x->request, "Content-Type"), &sink, &x->body.multipart,
                         err);
}

static bool begin_file(HttpExchange *x, Error *err)
{
    Arena *arena = x->request.arena;
    Str type = http_header_in(&x->request, "Content-Type");
    HttpPart *part = vec_push(arena, &x->body.parts);
    *part = (HttpPart){ .field = S("body"), .file_name = S("body"), .media_type = type };
    x->body.part = part;
    return open_file(x, part, err);
}

bool body_begin(HttpExchange *x, Error *err)
{
    int64_t promised = body_promised(&x->request);
    if (x->plan.body == HTTP_BODY_NONE) {
        x->plan.body_max = NO_BODY_MAX;
        x->body.buffer = buf_new(x->request.arena, NO_BODY_MAX);
        return promised <= NO_BODY_MAX || takes_no_body(err);
    }
    if (promised > 0 && (uint64_t)promised > x->plan.body_max)
        return too_large(err, x->plan.body_max);

    switch (x->plan.body) {
    case HTTP_BODY_NONE: return true;
    case HTTP_BODY_BUFFER:
        x->body.buffer = buf_new(x->request.arena, x->plan.body_max);
        if (promised > 0)
            buf_reserve(&x->body.buffer, (size_t)MIN(promised, (int64_t)KB(64)));
        return true;
    case HTTP_BODY_FILE:
        return check_disk(x, (uint64_t)MAX(promised, 0), err) && begin_file(x, err);
    case HTTP_BODY_PARTS:
        return check_disk(x, (uint64_t)MAX(promised, 0), err) && begin_parts(x, err);
    }
    return true;
}

bool body_add(HttpExchange *x, Str bytes, Error *err)
{
    x->body.size += bytes.length;
    if (x->body.size > x->plan.body_max)
        return x->plan.body == HTTP_BODY_NONE ? takes_no_body(err)
                                              : too_large(err, x->plan.body_max);
    switch (x->plan.body) {
    case HTTP_BODY_NONE:
    case HTTP_BODY_BUFFER: buf_add(&x->body.buffer, bytes); return true;
    case HTTP_BODY_FILE: return add_to_file(x, bytes, err);
    case HTTP_BODY_PARTS: return multipart_read(x->body.multipart, bytes, err);
    }
    return true;
}

bool body_end(HttpExchange *x, Error *err)
{
    if (x->plan.body == HTTP_BODY_PARTS && !multipart_end(x->body.multipart, err))
        return false;
    if (x->plan.body == HTTP_BODY_FILE)
        close_file(x);
    if (x->plan.body == HTTP_BODY_NONE)
        return check_says_nothing(x, err);
    x->request.body = buf_str(&x->body.buffer);
    x->request.parts = x->body.parts.at;
    x->request.part_count = x->body.parts.count;
    return true;
}

void body_release(HttpExchange *x)
{
    if (x->body.fd >= 0)
        close(x->body.fd);
    multipart_free(x->body.multipart);
    for (size_t i = 0; i < x->body.parts.count; i++)
        if (x->body.parts.at[i].temp_path)
            (void)unlink(x->body.parts.at[i].temp_path);
}
