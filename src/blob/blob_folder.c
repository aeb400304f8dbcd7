/* blob_folder.c - blobs in a folder: PATH/WORKSPACE/ab/cdef..., uploads in PATH/incoming/ID. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "blob/blob_incoming.h"
#include "blob/blob_private.h"

/* From this many files on, syncing the file system once costs less than each file and folder. */
#define SYNC_TOGETHER 8

typedef struct Folder {
    char *path, *incoming;
    int lock; /* of `incoming` */
} Folder;

static char *workspace_path(Folder *folder, Arena *arena, Str workspace)
{
    return path_join(arena, str(folder->path), workspace);
}

static char *shelf_path(Folder *folder, Arena *arena, Str workspace, Str sha256)
{
    return path_join(arena, str(workspace_path(folder, arena, workspace)), str_slice(sha256, 0, 2));
}

static char *blob_path(Folder *folder, Arena *arena, Str workspace, Str sha256)
{
    return path_join(arena, str(shelf_path(folder, arena, workspace, sha256)), str_from(sha256, 2));
}

/* --- Adding --- */

static bool sync_file(const char *path, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return fail_errno(err, "syncing %s", path);
    return true;
}

static bool sync_all(Folder *folder, Error *err)
{
    AUTO_CLOSE int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) != 0)
        return fail_errno(err, "syncing %s", folder->path);
    return true;
}

/* The name appears only after the bytes are on the disk, so a blob that is there is whole. */
static bool move_in(Folder *folder, Str workspace, const BlobItem *item, bool syncs, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *shelf = shelf_path(folder, arena, workspace, item->sha256);
    char *path = blob_path(folder, arena, workspace, item->sha256);
    if (syncs && !sync_file(item->temp_path, err))
        return false;
    if (!folder_make(shelf, 0700, err))
        return false;
    if (rename(item->temp_path, path) != 0)
        return fail_errno(err, "storing blob " STR_FMT, STR_ARG(item->sha256));
    /* The folders above too: another thread may have made them and not have synced them yet. */
    return !syncs ||
           (folder_sync(shelf, err) && folder_sync(workspace_path(folder, arena, workspace), err) &&
            folder_sync(folder->path, err));
}

static bool folder_import(void *self, Str workspace, const BlobItem *items, size_t count,
                          Error *err)
{
    Folder *folder = self;
    bool together = count >= SYNC_TOGETHER;
    if (together && !sync_all(folder, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!move_in(folder, workspace, &items[i], !together, err))
            return false;
    return !together || sync_all(folder, err);
}

/* --- Reading and removing --- */

static bool folder_open(void *self, Str workspace, Str sha256, int *fd_r, uint64_t *size_r,
                        Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    int fd = open(blob_path(self, arena, workspace, sha256), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat about;
    if (fd < 0 && errno == ENOENT)
        return fail(err, ERROR_NOT_FOUND, "the original file is not in the store");
    if (fd < 0 || fstat(fd, &about) != 0) {
        fail_errno(err, "opening blob " STR_FMT, STR_ARG(sha256));
        fd_auto(&fd);
        return false;
    }
    *fd_r = fd;
    *size_r = (uint64_t)about.st_size;
    return true;
}

static bool folder_verify(void *self, Str workspace, Str sha256, const BlobReading *reading,
                          Error *err)
{
    AUTO_CLOSE int fd = -1;
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    char *bytes = arena_alloc(arena, KB(64));
    uint64_t size;
    uint8_t digest[SHA256_SIZE];
    Sha256 sha;
    if (!folder_open(self, workspace, sha256, &fd, &size, err))
        return false;
    sha256_begin(&sha);
    for (ssize_t got; (got = read(fd, bytes, KB(64))) != 0;) {
        if (got < 0)
            return fail_errno(err, "reading blob " STR_FMT, STR_ARG(sha256));
        sha256_add(&sha, (Str){ bytes, (size_t)got });
        if (reading && !reading->part(reading->self, (size_t)got, err))
            return false;
    }
    sha256_end(&sha, digest);
    if (!str_equal(str_hex(arena, digest, sizeof digest), sha256))
        return fail(err, ERROR_DAMAGED, "blob " STR_FMT " does not hold the bytes it is named for",
                    STR_ARG(sha256));
    return true;
}

static bool folder_remove_blob(void *self, Str workspace, Str sha256, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (unlink(blob_path(self, arena, workspace, sha256)) != 0) {
        if (errno == ENOENT)
            return true;
        return fail_errno(err, "removing blob " STR_FMT, STR_ARG(sha256));
    }
    return folder_sync(shelf_path(self, arena, workspace, sha256), err);
}

static bool folder_remove_workspace(void *self, Str workspace, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Folder *folder = self;
    return folder_remove(workspace_path(folder, arena, workspace), err) &&
           folder_sync(folder->path, err);
}

/* --- Listing --- */

typedef struct Listing {
    BlobVisit *visit;
    void *visitor;
    Str workspace, shelf; /* names on the way down */
} Listing;

typedef bool EachEntry(Listing *listing, const char *path, Str name, Error *err);

static bool each_entry(Listing *listing, const char *path, EachEntry *each, Error *err)
{
    DIR *dir = opendir(path);
    bool ok = true;
    if (!dir)
        return fail_errno(err, "listing %s", path);
    for (struct dirent *entry; ok && (entry = readdir(dir));) {
        AUTO_ARENA Arena *arena = arena_new(KB(64));
        if (entry->d_name[0] != '.')
            ok = each(listing, path_join(arena, str(path), str(entry->d_name)), str(entry->d_name),
                      err);
    }
    closedir(dir);
    return ok;
}

static bool visit_blob(Listing *listing, const char *path, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    struct stat about;
    if (lstat(path, &about) != 0 || !S_ISREG(about.st_mode))
        return true;
    Str sha256 = str_format(arena, STR_FMT STR_FMT, STR_ARG(listing->shelf), STR_ARG(name));
    BlobFound found = { listing->workspace, sha256, (uint64_t)about.st_size,
                        (int64_t)about.st_mtim.tv_sec * 1000 };
    return listing->visit(listing->visitor, &found, err);
}

static bool visit_shelf(Listing *listing, const char *path, Str name, Error *err)
{
    listing->shelf = name;
    return each_entry(listing, path, visit_blob, err);
}

static bool visit_workspace(Listing *listing, const char *path, Str name, Error *err)
{
    listing->workspace = name;
    return str_is(name, "incoming") || each_entry(listing, path, visit_shelf, err);
}

static bool folder_list(void *self, BlobVisit *visit, void *visitor, Error *err)
{
    Folder *folder = self;
    Listing listing = { .visit = visit, .visitor = visitor };
    return each_entry(&listing, folder->path, visit_workspace, err);
}

/* --- The folder --- */

static bool folder_room(void *self, uint64_t *bytes_r, Error *err)
{
    Folder *folder = self;
    struct statvfs about;
    if (statvfs(folder->path, &about) != 0)
        return fail_errno(err, "looking at the disk of %s", folder->path);
    *bytes_r = (uint64_t)about.f_bavail * about.f_frsize;
    return true;
}

static const char *folder_incoming(void *self)
{
    Folder *folder = self;
    return folder->incoming;
}

static void folder_free(void *self)
{
    Folder *folder = self;
    free(folder->path);
    free(folder->incoming);
    close(folder->lock);
    free(folder);
}

static const BlobDriver folder_driver = {
    .import = folder_import,
    .open = folder_open,
    .verify = folder_verify,
    .remove = folder_remove_blob,
    .remove_workspace = folder_remove_workspace,
    .list = folder_list,
    .room = folder_room,
    .incoming = folder_incoming,
    .free = folder_free,
};

bool blob_open_folder(const char *path, BlobStore **store_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *incoming;
    int lock;
    if (!blob_incoming_open(path_join(arena, str(path), S("incoming")), &incoming, &lock, err))
        return fail_in(err, "opening the store of originals");
    Folder *folder = heap_alloc(sizeof *folder);
    folder->path = heap_text(path);
    folder->incoming = incoming;
    folder->lock = lock;
    *store_r = blob_store_new(&folder_driver, folder);
    return true;
}
