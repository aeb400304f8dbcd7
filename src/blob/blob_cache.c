/* blob_cache.c - see blob_cache.h. PATH/WORKSPACE.SHA256, and PATH/boot: the start of the machine
 * that they are of. */
#include "blob/blob_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_FILE "boot"

struct BlobCache {
    char *path;
    uint64_t bytes_max;
    pthread_mutex_t lock;
    uint64_t bytes; /* under lock */
};

/* A copy as the folder has it. */
typedef struct Copy {
    Str name;
    uint64_t size;
    struct timespec used;
} Copy;
typedef VEC(Copy) CopyList;

static char *copy_path(BlobCache *cache, Arena *arena, Str workspace, Str sha256)
{
    return path_join(arena, str(cache->path),
                     str_format(arena, STR_FMT "." STR_FMT, STR_ARG(workspace), STR_ARG(sha256)));
}

static void list_copies(BlobCache *cache, Arena *arena, CopyList *copies)
{
    DIR *folder = opendir(cache->path);
    struct stat about;
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strchr(entry->d_name, '.') && entry->d_name[0] != '.' &&
            fstatat(dirfd(folder), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0)
            *vec_push(arena, copies) = (Copy){ str_copy(arena, str(entry->d_name)),
                                               (uint64_t)about.st_size, about.st_mtim };
    }
    closedir(folder);
}

/* --- Opening --- */

static bool begin_folder(const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *file = path_join(arena, str(path), S(BOOT_FILE));
    Str boot, known = S("");
    Error none;
    if (!file_read(arena, BOOT_ID, 64, &boot, err))
        return false;
    (void)!file_read(arena, file, 64, &known, &none);
    if (str_equal(boot, known))
        return true;
    return folder_remove(path, err) && folder_make(path, 0700, err) &&
           file_write(file, boot, 0600, err);
}

bool blob_cache_open(const char *path, uint64_t bytes_max, BlobCache **cache_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    CopyList copies = { 0 };
    if (!begin_folder(path, err))
        return fail_in(err, "the copies of originals");
    BlobCache *cache = heap_alloc(sizeof *cache);
    cache->path = heap_text(path);
    cache->bytes_max = bytes_max;
    pthread_mutex_init(&cache->lock, NULL);
    list_copies(cache, arena, &copies);
    for (size_t i = 0; i < copies.count; i++)
        cache->bytes += copies.at[i].size;
    *cache_r = cache;
    return true;
}

void blob_cache_free(BlobCache *cache)
{
    if (!cache)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache->path);
    free(cache);
}

/* --- Use --- */

bool blob_cache_find(BlobCache *cache, Str workspace, Str sha256, int *fd_r, uint64_t *size_r)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    int fd = open(copy_path(cache, arena, workspace, sha256), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0) {
        fd_auto(&fd);
        return false;
    }
    (void)futimens(fd, NULL); /* it was used now */
    *fd_r = fd;
    *size_r = (uint64_t)about.st_size;
    return true;
}

/* Under lock: the file, if it is there, is gone. */
static void remove_copy(BlobCache *cache, const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0 || unlink(path) != 0)
        return;
    cache->bytes -= MIN(cache->bytes, (uint64_t)about.st_size);
}

static int by_use(const void *a, const void *b)
{
    const Copy *first = a, *second = b;
    if (first->used.tv_sec != second->used.tv_sec)
        return first->used.tv_sec < second->used.tv_sec ? -1 : 1;
    return (first->used.tv_nsec > second->used.tv_nsec) -
           (first->used.tv_nsec < second->used.tv_nsec);
}

/* Under lock. Some more than has to, so that the folder is not listed for each file. */
static void make_room(BlobCache *cache)
{
    if (cache->bytes <= cache->bytes_max)
        return;
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    CopyList copies = { 0 };
    list_copies(cache, arena, &copies);
    qsort(copies.at, copies.count, sizeof *copies.at, by_use);
    for (size_t i = 0; i < copies.count && cache->bytes > cache->bytes_max / 10 * 9; i++)
        remove_copy(cache, path_join(arena, str(cache->path), copies.at[i].name));
}

void blob_cache_take(BlobCache *cache, Str workspace, Str sha256, const char *path, uint64_t size)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *copy = copy_path(cache, arena, workspace, sha256);
    if (size > cache->bytes_max / 2) {
        (void)unlink(path);
        return;
    }
    pthread_mutex_lock(&cache->lock);
    remove_copy(cache, copy);
    if (rename(path, copy) == 0)
        cache->bytes += size;
    else
        (void)unlink(path); /* it is fetched again when it is wanted */
    make_room(cache);
    pthread_mutex_unlock(&cache->lock);
}

void blob_cache_drop(BlobCache *cache, Str workspace, Str sha256)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    pthread_mutex_lock(&cache->lock);
    remove_copy(cache, copy_path(cache, arena, workspace, sha256));
    pthread_mutex_unlock(&cache->lock);
}

void blob_cache_drop_workspace(BlobCache *cache, Str workspace)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    CopyList copies = { 0 };
    Str prefix = str_format(arena, STR_FMT ".", STR_ARG(workspace));
    pthread_mutex_lock(&cache->lock);
    list_copies(cache, arena, &copies);
    for (size_t i = 0; i < copies.count; i++)
        if (str_starts(copies.at[i].name, prefix))
            remove_copy(cache, path_join(arena, str(cache->path), copies.at[i].name));
    pthread_mutex_unlock(&cache->lock);
}

uint64_t blob_cache_bytes(BlobCache *cache)
{
    pthread_mutex_lock(&cache->lock);
    uint64_t bytes = cache->bytes;
    pthread_mutex_unlock(&cache->lock);
    return bytes;
}
