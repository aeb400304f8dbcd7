/* blob_folder.c - originals in a folder; see blob_store.h. */
#include "blob/blob_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"

struct BlobStore {
    char *folder, *temp;
};

#define SHA256_DIGITS 64

static bool is_name(Str text, size_t length_max)
{
    if (!text.length || text.length > length_max)
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!HAS_CHAR(text.at[i], "0123456789abcdef-"))
            return false;
    return true;
}

/* Names come from our own database, but a path is never made of anything unchecked. */
static bool blob_path(Arena *arena, const BlobStore *store, Str workspace, Str sha256,
                      char **path_r, Error *err)
{
    if (!is_name(workspace, 64) || sha256.length != SHA256_DIGITS ||
        !is_name(sha256, SHA256_DIGITS))
        return fail(err, ERROR_INVALID, "'" STR_FMT "' names no original", STR_ARG(sha256));
    *path_r = str_c(arena, str_format(arena, "%s/" STR_FMT "/" STR_FMT "/" STR_FMT, store->folder,
                                      STR_ARG(workspace), STR_ARG(str_slice(sha256, 0, 2)),
                                      STR_ARG(str_from(sha256, 2))));
    return true;
}

bool blob_open_folder(const char *folder, BlobStore **store_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *temp = path_join(arena, str(folder), S("temp"));
    if (!folder_make(folder, 0700, err) || !folder_make(temp, 0700, err))
        return false;
    BlobStore *store = heap_alloc(sizeof *store);
    store->folder = heap_text(folder);
    store->temp = heap_text(temp);
    *store_r = store;
    return true;
}

void blob_close(BlobStore *store)
{
    if (!store)
        return;
    free(store->folder);
    free(store->temp);
    free(store);
}

const char *blob_temp_folder(const BlobStore *store) { return store->temp; }

static bool sync_file(const char *path, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fsync(fd) != 0)
        return fail_errno(err, "writing %s to the disk", path);
    return true;
}

static bool move_into_place(const BlobStore *store, Arena *arena, Str workspace,
                            const BlobFile *file, Error *err)
{
    char *path;
    if (!blob_path(arena, store, workspace, file->sha256, &path, err))
        return false;
    char *folder = str_c(arena, str_slice(str(path), 0, strlen(path) - (SHA256_DIGITS - 2) - 1));
    if (mkdir(folder, 0700) != 0 && errno != EEXIST && !folder_make(folder, 0700, err))
        return false;
    if (rename(file->path, path) != 0)
        return fail_errno(err, "keeping the original");
    return true;
}

/* The names are durable once their folder and its parents are; a new folder of two digits is rare,
 * so syncing them all costs little. */
static bool sync_folders(const BlobStore *store, Arena *arena, Str workspace, const BlobFile *files,
                         size_t count, Error *err)
{
    bool done[256] = { false };
    char *home = path_join(arena, str(store->folder), workspace);
    for (size_t i = 0; i < count; i++) {
        Str digits = str_slice(files[i].sha256, 0, 2);
        unsigned number = (unsigned)strtoul(str_c(arena, digits), NULL, 16);
        if (done[number & 255])
            continue;
        done[number & 255] = true;
        if (!folder_sync(path_join(arena, str(home), digits), err))
            return false;
    }
    return folder_sync(home, err) && folder_sync(store->folder, err);
}

bool blob_add_many(BlobStore *store, Str workspace, const BlobFile *files, size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16) + count * KB(2));
    for (size_t i = 0; i < count; i++)
        if (!sync_file(files[i].path, err))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!move_into_place(store, arena, workspace, &files[i], err))
            return false;
    return count == 0 || sync_folders(store, arena, workspace, files, count, err);
}

bool blob_add(BlobStore *store, Str workspace, Str sha256, const char *path, Error *err)
{
    return blob_add_many(store, workspace, &(BlobFile){ sha256, path }, 1, err);
}

bool blob_open(BlobStore *store, Str workspace, Str sha256, int *fd_r, uint64_t *size_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *path;
    struct stat about;
    if (!blob_path(arena, store, workspace, sha256, &path, err))
        return false;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return fail(err, ERROR_NOT_FOUND, "the original " STR_FMT " is missing", STR_ARG(sha256));
    if (fd < 0 || fstat(fd, &about) != 0)
        return fail_errno(err, "opening the original " STR_FMT, STR_ARG(sha256));
    if (size_r)
        *size_r = (uint64_t)about.st_size;
    *fd_r = fd;
    fd = -1;
    return true;
}

bool blob_exists(BlobStore *store, Str workspace, Str sha256)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *path;
    Error ignored;
    return blob_path(arena, store, workspace, sha256, &path, &ignored) && file_exists(path);
}

bool blob_remove(BlobStore *store, Str workspace, Str sha256, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *path;
    if (!blob_path(arena, store, workspace, sha256, &path, err))
        return false;
    if (unlink(path) != 0 && errno != ENOENT)
        return fail_errno(err, "removing the original " STR_FMT, STR_ARG(sha256));
    return true;
}

bool blob_free_bytes(BlobStore *store, uint64_t *bytes_r, Error *err)
{
    struct statvfs about;
    if (statvfs(store->folder, &about) != 0)
        return fail_errno(err, "looking at the disk of %s", store->folder);
    *bytes_r = (uint64_t)about.f_bavail * about.f_frsize;
    return true;
}

/* --- Walking --- */

typedef struct Walk {
    BlobVisit *visit;
    void *self;
    Str workspace, digits;
} Walk;

typedef bool WalkEntry(Walk *walk, Arena *arena, Str folder, Str name, Error *err);

static bool walk_folder(Walk *walk, Arena *arena, Str folder, WalkEntry *entry, Error *err)
{
    DIR *open = opendir(str_c(arena, folder));
    bool good = true;
    if (!open)
        return fail_errno(err, "reading " STR_FMT, STR_ARG(folder));
    for (struct dirent *item; good && (item = readdir(open));)
        if (item->d_name[0] != '.')
            good = entry(walk, arena, folder, str_copy(arena, str(item->d_name)), err);
    closedir(open);
    return good;
}

static bool walk_blob(Walk *walk, Arena *arena, Str folder, Str name, Error *err)
{
    struct stat about;
    Str sha256 = str_join(arena, (Str[]){ walk->digits, name }, 2, S(""));
    if (sha256.length != SHA256_DIGITS || stat(path_join(arena, folder, name), &about) != 0)
        return true;
    return walk->visit(walk->self, walk->workspace, sha256, (uint64_t)about.st_size, err);
}

static bool walk_digits(Walk *walk, Arena *arena, Str folder, Str name, Error *err)
{
    walk->digits = name;
    return name.length != 2 ||
           walk_folder(walk, arena, str(path_join(arena, folder, name)), walk_blob, err);
}

static bool walk_workspace(Walk *walk, Arena *arena, Str folder, Str name, Error *err)
{
    walk->workspace = name;
    return str_is(name, "temp") ||
           walk_folder(walk, arena, str(path_join(arena, folder, name)), walk_digits, err);
}

bool blob_visit(BlobStore *store, BlobVisit *visit, void *self, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Walk walk = { .visit = visit, .self = self };
    return walk_folder(&walk, arena, str(store->folder), walk_workspace, err);
}
