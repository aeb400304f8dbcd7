/* file_place.c - see file_place.h. */
#include "blob/file_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "blob/s3_upload.h"
#include "blob/s3_xml.h"

struct FilePlace {
    char *folder;     /* NULL: it is a bucket */
    S3Client *client; /* NULL: it is a folder */
};

bool file_place_open_folder(const char *path, FilePlace **place_r, Error *err)
{
    if (!folder_make(path, 0700, err))
        return false;
    FilePlace *place = heap_alloc(sizeof *place);
    *place = (FilePlace){ .folder = heap_text(path) };
    *place_r = place;
    return true;
}

bool file_place_open_s3(const S3Options *options, FilePlace **place_r, Error *err)
{
    S3Client *client;
    if (!s3_client_open(options, &client, err))
        return false;
    FilePlace *place = heap_alloc(sizeof *place);
    *place = (FilePlace){ .client = client };
    *place_r = place;
    return true;
}

void file_place_free(FilePlace *place)
{
    if (!place)
        return;
    free(place->folder);
    s3_client_free(place->client);
    free(place);
}

static bool check_name(Str name, Error *err)
{
    return (name.length && name.length <= 200 && name.at[0] != '.' &&
            str_find_last_char(name, '/') < 0) ||
           fail(err, ERROR_INVALID, "'" STR_FMT "' is not the name of a file", STR_ARG(name));
}

/* --- In a folder --- */

static bool copy_bytes(int in, int out, Sha256 *sha, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(512));
    char *bytes = arena_alloc(arena, KB(256));
    sha256_begin(sha);
    for (ssize_t got; (got = read(in, bytes, KB(256))) != 0;) {
        if (got < 0)
            return fail_errno(err, "reading a file");
        if (out >= 0 && !fd_write_all(out, (Str){ bytes, (size_t)got }, err))
            return false;
        sha256_add(sha, (Str){ bytes, (size_t)got });
    }
    return true;
}

static bool copy_file(const char *from, const char *to, Error *err)
{
    AUTO_CLOSE int in = open(from, O_RDONLY | O_CLOEXEC);
    AUTO_CLOSE int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    Sha256 sha;
    if (in < 0)
        return fail_errno(err, "opening %s", from);
    if (out < 0)
        return fail_errno(err, "creating %s", to);
    return copy_bytes(in, out, &sha, err) && (fsync(out) == 0 || fail_errno(err, "syncing %s", to));
}

/* Moved where that is possible; copied under another name first where it is another disk. */
static bool put_in_folder(const FilePlace *place, Arena *arena, const char *path, Str name,
                          Error *err)
{
    Str folder = str(place->folder);
    char *whole = path_join(arena, folder, name);
    char *part = path_join(arena, folder, str_format(arena, "." STR_FMT ".part", STR_ARG(name)));
    if (rename(path, whole) != 0) {
        if (errno != EXDEV)
            return fail_errno(err, "storing %s", whole);
        if (!copy_file(path, part, err) ||
            (rename(part, whole) != 0 && !fail_errno(err, "storing %s", whole))) {
            (void)unlink(part);
            return false;
        }
    }
    return folder_sync(place->folder, err);
}

static bool list_folder(const FilePlace *place, Arena *arena, Str begins, StrList *list_r,
                        Error *err)
{
    VEC(Str) names = { 0 };
    DIR *dir = opendir(place->folder);
    if (!dir)
        return fail_errno(err, "listing %s", place->folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (str_starts(str(entry->d_name), begins))
            *vec_push(arena, &names) = str_copy(arena, str(entry->d_name));
    closedir(dir);
    *list_r = (StrList){ names.at, names.count };
    return true;
}

/* --- In a bucket --- */

static Str key_of(const FilePlace *place, Arena *arena, Str name)
{
    Str prefix = s3_client_options(place->client)->prefix;
    return prefix.length ? str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(prefix), STR_ARG(name))
                         : name;
}

static bool hash_file(Arena *arena, const char *path, Str *sha256_r, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t digest[SHA256_SIZE];
    Sha256 sha;
    if (fd < 0)
        return fail_errno(err, "opening %s", path);
    if (!copy_bytes(fd, -1, &sha, err))
        return false;
    sha256_end(&sha, digest);
    *sha256_r = str_hex(arena, digest, sizeof digest);
    return true;
}

static bool put_in_bucket(const FilePlace *place, Arena *arena, const char *path, Str name,
                          Error *err)
{
    Str sha256;
    uint64_t size;
    return hash_file(arena, path, &sha256, err) &&
           s3_upload(place->client, key_of(place, arena, name), path, sha256, &size, err);
}

typedef struct Fetch {
    int fd;
} Fetch;

static bool begin_fetch(void *self, Error *err)
{
    const Fetch *in = self;
    return (ftruncate(in->fd, 0) == 0 && lseek(in->fd, 0, SEEK_SET) == 0) ||
           fail_errno(err, "fetching a file");
}

static bool take_bytes(void *self, Str bytes, Error *err)
{
    const Fetch *in = self;
    return fd_write_all(in->fd, bytes, err);
}

static bool get_from_bucket(const FilePlace *place, Arena *arena, Str name, int fd, Error *err)
{
    HttpAnswer answer;
    Fetch in = { fd };
    S3Call call = { .method = "GET",
                    .key = key_of(place, arena, name),
                    .begin = begin_fetch,
                    .receive = take_bytes,
                    .self = &in };
    return s3_call(place->client, arena, &call, &answer, err);
}

/* The first thousand. */
static bool list_bucket(const FilePlace *place, Arena *arena, Str begins, StrList *list_r,
                        Error *err)
{
    VEC(Str) names = { 0 };
    HttpPair query[] = { { S("list-type"), S("2") },
                         { S("prefix"), key_of(place, arena, begins) } };
    S3Call call = { .method = "GET", .query = { query, COUNT(query) } };
    HttpAnswer answer;
    Str object;
    if (!s3_call(place->client, arena, &call, &answer, err))
        return false;
    size_t before = key_of(place, arena, S("")).length;
    while (s3_xml_next(&answer.body, "Contents", &object)) {
        Str name = str_from(s3_xml_text(arena, object, "Key"), before);
        if (str_find_last_char(name, '/') < 0)
            *vec_push(arena, &names) = name;
    }
    *list_r = (StrList){ names.at, names.count };
    return true;
}

/* --- In either --- */

bool file_place_put(FilePlace *place, const char *path, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    return check_name(name, err) && (place->client ? put_in_bucket(place, arena, path, name, err)
                                                   : put_in_folder(place, arena, path, name, err));
}

bool file_place_get(FilePlace *place, Str name, const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    if (!check_name(name, err))
        return false;
    if (!place->client)
        return copy_file(path_join(arena, str(place->folder), name), path, err);
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(err, "creating %s", path);
    if (get_from_bucket(place, arena, name, fd, err))
        return true;
    (void)unlink(path);
    return false;
}

static int by_bytes(const void *a, const void *b)
{
    return str_compare(*(const Str *)a, *(const Str *)b);
}

bool file_place_list(FilePlace *place, Arena *arena, Str begins, StrList *list_r, Error *err)
{
    bool good = place->client ? list_bucket(place, arena, begins, list_r, err)
                              : list_folder(place, arena, begins, list_r, err);
    if (good)
        qsort((void *)(uintptr_t)list_r->at, list_r->count, sizeof(Str), by_bytes);
    return good;
}

bool file_place_remove(FilePlace *place, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    if (!check_name(name, err))
        return false;
    if (!place->client)
        return unlink(path_join(arena, str(place->folder), name)) == 0 || errno == ENOENT ||
               fail_errno(err, "removing " STR_FMT, STR_ARG(name));
    S3Call call = { .method = "DELETE", .key = key_of(place, arena, name) };
    HttpAnswer answer;
    return s3_call(place->client, arena, &call, &answer, err) || err->code == ERROR_NOT_FOUND;
}
