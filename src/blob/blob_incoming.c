/* blob_incoming.c - see blob_incoming.h. */
#include "blob/blob_incoming.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"

#define LOCK S(".lock")

/* The lock of a file that still has its name: whoever swept may have removed it before we got it.
 */
static int lock_file(const char *path, int flags)
{
    struct stat about;
    int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &about) == 0 && about.st_nlink)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static char *lock_of(Arena *arena, const char *parent, Str name)
{
    return path_join(arena, str(parent), str_format(arena, STR_FMT ".lock", STR_ARG(name)));
}

/* A folder or file of that name, unless its lock is held. */
static bool sweep_one(const char *parent, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    bool is_lock = str_ends(name, LOCK);
    if (is_lock)
        name = str_slice(name, 0, name.length - LOCK.length);
    char *path = lock_of(arena, parent, name);
    AUTO_CLOSE int lock = lock_file(path, 0);
    if (lock < 0 && file_exists(path))
        return true;
    return folder_remove(path_join(arena, str(parent), name), err) && folder_remove(path, err);
}

static bool sweep(const char *parent, Error *err)
{
    bool ok = true;
    DIR *folder = opendir(parent);
    if (!folder)
        return fail_errno(err, "reading %s", parent);
    for (struct dirent *entry; ok && (entry = readdir(folder));)
        if (entry->d_name[0] != '.')
            ok = sweep_one(parent, str(entry->d_name), err);
    closedir(folder);
    return ok;
}

bool blob_incoming_open(const char *parent, char **path_r, int *lock_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    if (!folder_make(parent, 0700, err) || !sweep(parent, err))
        return false;
    for (int tries = 0; tries < 10; tries++) {
        Str name = id_new(arena);
        int lock = lock_file(lock_of(arena, parent, name), O_CREAT);
        char *path = path_join(arena, str(parent), name);
        if (lock < 0)
            continue;
        if (!folder_make(path, 0700, err)) {
            close(lock);
            return false;
        }
        *path_r = heap_text(path);
        *lock_r = lock;
        return true;
    }
    return fail(err, ERROR_IO, "%s: no file there can be locked", parent);
}
