/* blob_s3.c - blobs in an S3 bucket: PREFIX/WORKSPACE/SHA256; copies and uploads in a folder here.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "blob/blob_cache.h"
#include "blob/blob_incoming.h"
#include "blob/blob_private.h"
#include "blob/s3_upload.h"
#include "blob/s3_xml.h"

#define AT_ONCE 8             /* files stored or removed at the same time */
#define LEFT_OVER_MS 86400000 /* uploads in parts that nobody goes on with */

typedef struct S3 {
    S3Client *client;
    BlobCache *cache;
    char *incoming;
    int lock; /* of `incoming` */
} S3;

/* "PREFIX/" or "". */
static Str key_prefix(const S3 *s3, Arena *arena)
{
    Str prefix = s3_client_options(s3->client)->prefix;
    return prefix.length ? str_format(arena, STR_FMT "/", STR_ARG(prefix)) : S("");
}

static Str key_of(const S3 *s3, Arena *arena, Str workspace, Str sha256)
{
    Str prefix = key_prefix(s3, arena);
    return str_format(arena, STR_FMT STR_FMT "/" STR_FMT, STR_ARG(prefix), STR_ARG(workspace),
                      STR_ARG(sha256));
}

/* --- Adding --- */

typedef struct Importing {
    S3 *s3;
    Str workspace;
    const BlobItem *items;
} Importing;

/* The uploaded file becomes the copy that is read next. */
static bool import_one(void *self, size_t index, Error *err)
{
    Importing *in = self;
    const BlobItem *item = &in->items[index];
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint64_t size;
    if (!s3_upload(in->s3->client, key_of(in->s3, arena, in->workspace, item->sha256),
                   item->temp_path, item->sha256, &size, err))
        return false;
    blob_cache_take(in->s3->cache, in->workspace, item->sha256, item->temp_path, size);
    return true;
}

static bool s3_import(void *self, Str workspace, const BlobItem *items, size_t count, Error *err)
{
    Importing in = { self, workspace, items };
    return s3_in_parallel(count, AT_ONCE, import_one, &in, err);
}

/* --- Reading --- */

typedef struct Fetching {
    int fd; /* -1: it is only compared */
    Str sha256;
    uint64_t size;
    bool is_broken; /* what came last was something else */
    Sha256 sha;
    const BlobReading *reading; /* NULL: nobody wants to know */
} Fetching;

static bool begin_fetch(void *self, Error *err)
{
    Fetching *in = self;
    in->size = 0;
    in->is_broken = false;
    sha256_begin(&in->sha);
    return in->fd < 0 || (ftruncate(in->fd, 0) == 0 && lseek(in->fd, 0, SEEK_SET) == 0) ||
           fail_errno(err, "fetching an original");
}

static bool take_bytes(void *self, Str bytes, Error *err)
{
    Fetching *in = self;
    in->size += bytes.length;
    sha256_add(&in->sha, bytes);
    if (in->reading && !in->reading->part(in->reading->self, bytes.length, err))
        return false;
    return in->fd < 0 || fd_write_all(in->fd, bytes, err);
}

/* Bytes may break on their way: that is tried again. */
static bool end_fetch(void *self, const HttpAnswer *answer, Error *err)
{
    Fetching *in = self;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint8_t digest[SHA256_SIZE];
    (void)answer;
    sha256_end(&in->sha, digest);
    in->is_broken = !str_equal(str_hex(arena, digest, sizeof digest), in->sha256);
    return !in->is_broken ||
           fail(err, ERROR_BUSY, "blob " STR_FMT " does not hold the bytes it is named for",
                STR_ARG(in->sha256));
}

static bool fetch(S3 *s3, Str workspace, Fetching *in, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    HttpAnswer answer;
    S3Call call = { .method = "GET",
                    .key = key_of(s3, arena, workspace, in->sha256),
                    .begin = begin_fetch,
                    .receive = take_bytes,
                    .finish = end_fetch,
                    .self = in };
    if (s3_call(s3->client, arena, &call, &answer, err))
        return true;
    if (in->is_broken)
        err->code = ERROR_DAMAGED; /* each time */
    return false;
}

static bool s3_open(void *self, Str workspace, Str sha256, int *fd_r, uint64_t *size_r, Error *err)
{
    S3 *s3 = self;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (blob_cache_find(s3->cache, workspace, sha256, fd_r, size_r))
        return true;
    char *path = path_join(arena, str(s3->incoming), S("fetch-XXXXXX"));
    AUTO_CLOSE int fd = mkostemp(path, O_CLOEXEC);
    Fetching in = { .fd = fd, .sha256 = sha256 };
    if (fd < 0)
        return fail_errno(err, "fetching an original");
    int read_fd = fetch(s3, workspace, &in, err) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (read_fd < 0) {
        (void)unlink(path);
        return false;
    }
    blob_cache_take(s3->cache, workspace, sha256, path, in.size);
    *fd_r = read_fd;
    *size_r = in.size;
    return true;
}

typedef struct PartFetching {
    int fd;
    uint64_t length, got;
    bool is_refused; /* what came is no part */
} PartFetching;

static bool begin_part(void *self, Error *err)
{
    PartFetching *in = self;
    in->got = 0;
    return (ftruncate(in->fd, 0) == 0 && lseek(in->fd, 0, SEEK_SET) == 0) ||
           fail_errno(err, "fetching a part of an original");
}

/* A store that gives the whole instead is not listened to any longer. */
static bool take_part(void *self, Str bytes, Error *err)
{
    PartFetching *in = self;
    in->got += bytes.length;
    in->is_refused = in->got > in->length;
    return in->is_refused ? fail(err, ERROR_INTERNAL, "more came than was asked for")
                          : fd_write_all(in->fd, bytes, err);
}

static bool end_part(void *self, const HttpAnswer *answer, Error *err)
{
    PartFetching *in = self;
    in->is_refused = answer->status != 206;
    if (in->is_refused)
        return fail(err, ERROR_INTERNAL, "no part came");
    return in->got == in->length ||
           fail(err, ERROR_BUSY, "%" PRIu64 " of %" PRIu64 " bytes came", in->got, in->length);
}

static bool fetch_part(S3 *s3, Str key, const BlobPart *part, PartFetching *in, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str range = str_format(arena, "bytes=%" PRIu64 "-%" PRIu64, part->start,
                           part->start + part->length - 1);
    HttpPair headers[] = { { S("Range"), range } };
    HttpAnswer answer;
    S3Call call = { .method = "GET",
                    .key = key,
                    .headers = { headers, COUNT(headers) },
                    .begin = begin_part,
                    .receive = take_part,
                    .finish = end_part,
                    .self = in };
    return s3_call(s3->client, arena, &call, &answer, err);
}

static bool s3_open_part(void *self, Str workspace, Str sha256, const BlobPart *part, int *fd_r,
                         uint64_t *from_r, Error *err)
{
    S3 *s3 = self;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint64_t size;
    *from_r = 0;
    if (blob_cache_find(s3->cache, workspace, sha256, fd_r, &size))
        return true;
    AUTO_CLOSE int fd = open(s3->incoming, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    PartFetching in = { .fd = fd, .length = part->length };
    if (fd < 0 || !fetch_part(s3, key_of(s3, arena, workspace, sha256), part, &in, err))
        return fd < 0 || in.is_refused ? s3_open(self, workspace, sha256, fd_r, &size, err) : false;
    *fd_r = fd;
    *from_r = part->start;
    fd = -1;
    return true;
}

/* What is kept there, not the copy. */
static bool s3_verify(void *self, Str workspace, Str sha256, const BlobReading *reading, Error *err)
{
    Fetching in = { .fd = -1, .sha256 = sha256, .reading = reading };
    return fetch(self, workspace, &in, err);
}

static bool s3_url(void *self, Arena *arena, Str workspace, Str sha256, const BlobUrl *wanted,
                   Str *url_r, Error *err)
{
    S3 *s3 = self;
    HttpPair query[] = { { S("response-content-disposition"), wanted->disposition },
                         { S("response-content-type"), wanted->media_type },
                         { S("response-cache-control"), S("private, no-store") } };
    return s3_address(s3->client, arena, key_of(s3, arena, workspace, sha256),
                      (HttpPairs){ query, COUNT(query) }, wanted->seconds, url_r, err);
}

/* --- Removing --- */

static bool remove_key(S3 *s3, Str key, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    S3Call call = { .method = "DELETE", .key = key };
    HttpAnswer answer;
    return s3_call(s3->client, arena, &call, &answer, err) || err->code == ERROR_NOT_FOUND;
}

static bool s3_remove(void *self, Str workspace, Str sha256, Error *err)
{
    S3 *s3 = self;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    blob_cache_drop(s3->cache, workspace, sha256);
    return remove_key(s3, key_of(s3, arena, workspace, sha256), err);
}

/* --- Listing --- */

/* One page of keys below `prefix`; *token_r is empty after the last. */
static bool list_page(S3 *s3, Arena *arena, Str prefix, Str token, Str *page_r, Str *token_r,
                      Error *err)
{
    HttpPair query[] = { { S("list-type"), S("2") },
                         { S("prefix"), prefix },
                         { S("continuation-token"), token } };
    S3Call call = { .method = "GET", .query = { query, token.length ? 3 : 2 } };
    HttpAnswer answer;
    if (!s3_call(s3->client, arena, &call, &answer, err))
        return false;
    *page_r = answer.body;
    *token_r = str_is(s3_xml_text(arena, answer.body, "IsTruncated"), "true")
                   ? s3_xml_text(arena, answer.body, "NextContinuationToken")
                   : S("");
    return true;
}

/* False: it is something else in the bucket. */
static bool read_found(Arena *arena, Str object, Str prefix, BlobFound *found_r)
{
    Str key = s3_xml_text(arena, object, "Key");
    Str rest = str_starts(key, prefix) ? str_from(key, prefix.length) : S("");
    int64_t size;
    Error none;
    if (!str_next(&rest, '/', &found_r->workspace) || rest.length != 64 ||
        !str_to_int(s3_xml_text(arena, object, "Size"), 0, INT64_MAX, &size) ||
        !time_parse(s3_xml_text(arena, object, "LastModified"), &found_r->changed_ms, &none))
        return false;
    found_r->sha256 = rest;
    found_r->size = (uint64_t)size;
    return true;
}

static bool visit_page(const S3 *s3, Arena *arena, Str page, BlobVisit *visit, void *visitor,
                       Error *err)
{
    Str object, prefix = key_prefix(s3, arena);
    while (s3_xml_next(&page, "Contents", &object)) {
        BlobFound found;
        if (read_found(arena, object, prefix, &found) && !visit(visitor, &found, err))
            return false;
    }
    return true;
}

static bool s3_list(void *self, BlobVisit *visit, void *visitor, Error *err)
{
    S3 *s3 = self;
    AUTO_ARENA Arena *tokens = arena_new(MB(256)); /* one token for each thousand */
    Str token = S("");
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str page, next;
        if (!list_page(s3, arena, key_prefix(s3, arena), token, &page, &next, err) ||
            !visit_page(s3, arena, page, visit, visitor, err))
            return false;
        token = str_copy(tokens, next);
    } while (token.length);
    return true;
}

typedef struct Keys {
    S3 *s3;
    VEC(Str) list;
} Keys;

static bool remove_one(void *self, size_t index, Error *err)
{
    Keys *keys = self;
    return remove_key(keys->s3, keys->list.at[index], err);
}

/* What was on the page is gone when the next is asked for, so each is the first. */
static void s3_forget_workspace(void *self, Str workspace)
{
    S3 *s3 = self;
    blob_cache_drop_workspace(s3->cache, workspace);
}

static bool s3_remove_workspace(void *self, Str workspace, Error *err)
{
    S3 *s3 = self;
    s3_forget_workspace(self, workspace);
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str page, next, object, prefix = key_of(s3, arena, workspace, S(""));
        Keys keys = { .s3 = s3 };
        if (!list_page(s3, arena, prefix, S(""), &page, &next, err))
            return false;
        while (s3_xml_next(&page, "Contents", &object))
            *vec_push(arena, &keys.list) = s3_xml_text(arena, object, "Key");
        if (!keys.list.count)
            return true;
        if (!s3_in_parallel(keys.list.count, AT_ONCE, remove_one, &keys, err))
            return false;
    }
}

/* --- The store --- */

static bool s3_tidy(void *self, Error *err)
{
    S3 *s3 = self;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return s3_abort_old(s3->client, key_prefix(s3, arena), now_ms() - LEFT_OVER_MS, err);
}

static int64_t s3_failing(void *self)
{
    const S3 *s3 = self;
    return s3_failing_ms(s3->client);
}

static bool s3_probe(void *self, Error *err)
{
    S3 *s3 = self;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    HttpPair query[] = { { S("list-type"), S("2") },
                         { S("max-keys"), S("1") },
                         { S("prefix"), key_prefix(s3, arena) } };
    S3Call call = { .method = "GET", .query = { query, COUNT(query) }, .once = true };
    HttpAnswer answer;
    return s3_call(s3->client, arena, &call, &answer, err);
}

static bool s3_room(void *self, uint64_t *bytes_r, Error *err)
{
    S3 *s3 = self;
    struct statvfs about;
    if (statvfs(s3->incoming, &about) != 0)
        return fail_errno(err, "looking at the disk of %s", s3->incoming);
    *bytes_r = (uint64_t)about.f_bavail * about.f_frsize; /* uploads come here first */
    return true;
}

/* A store that knows no versions, or whose key may not ask, does not say. */
static Str versioning(S3 *s3, Arena *arena)
{
    HttpPair query[] = { { S("versioning"), S("") } };
    S3Call call = { .method = "GET", .query = { query, 1 }, .once = true };
    HttpAnswer answer;
    Error none;
    return s3_call(s3->client, arena, &call, &answer, &none)
               ? s3_xml_text(arena, answer.body, "Status")
               : S("");
}

static bool s3_facts(void *self, Arena *arena, Str workspace, Str sha256, BlobFacts *facts_r,
                     Error *err)
{
    S3 *s3 = self;
    S3Call call = { .method = "HEAD", .key = key_of(s3, arena, workspace, sha256) };
    HttpAnswer answer;
    if (!s3_call(s3->client, arena, &call, &answer, err))
        return false;
    *facts_r =
        (BlobFacts){ .is_bucket = true,
                     .versioning = versioning(s3, arena),
                     .encryption = http_answer_header(&answer, "x-amz-server-side-encryption"),
                     .ahead_ms = s3_clock_ahead_ms(arena, &answer) };
    return true;
}

static const char *s3_incoming(void *self)
{
    S3 *s3 = self;
    return s3->incoming;
}

static void s3_free(void *self)
{
    S3 *s3 = self;
    s3_client_free(s3->client);
    blob_cache_free(s3->cache);
    free(s3->incoming);
    if (s3->lock >= 0)
        close(s3->lock);
    free(s3);
}

static const BlobDriver s3_driver = {
    .import = s3_import,
    .open = s3_open,
    .open_part = s3_open_part,
    .verify = s3_verify,
    .url = s3_url,
    .remove = s3_remove,
    .remove_workspace = s3_remove_workspace,
    .forget_workspace = s3_forget_workspace,
    .list = s3_list,
    .tidy = s3_tidy,
    .probe = s3_probe,
    .failing_ms = s3_failing,
    .room = s3_room,
    .facts = s3_facts,
    .incoming = s3_incoming,
    .free = s3_free,
};

bool blob_open_s3(const S3Options *options, const char *folder, uint64_t cache_bytes,
                  BlobStore **store_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    S3 *s3 = heap_alloc(sizeof *s3);
    s3->lock = -1;
    if (!s3_client_open(options, &s3->client, err) ||
        !blob_incoming_open(path_join(arena, str(folder), S("incoming")), &s3->incoming, &s3->lock,
                            err) ||
        !blob_cache_open(path_join(arena, str(folder), S("copies")), cache_bytes, &s3->cache,
                         err)) {
        s3_free(s3);
        return fail_in(err, "opening the store of originals");
    }
    *store_r = blob_store_new(&s3_driver, s3);
    return true;
}
