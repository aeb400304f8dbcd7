/* file.c - see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool fd_read_all(Arena *arena, int fd, size_t bytes_max, Str *bytes_r, Error *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return fail_errno(err, "looking at a file");
    size_t capacity = S_ISREG(about.st_mode) ? (size_t)about.st_size + 1 : KB(64);
    size_t length = 0;
    if (S_ISREG(about.st_mode) && (size_t)about.st_size > bytes_max)
        return fail(err, ERROR_TOO_LARGE, "the file has %zu bytes; at most %zu are read",
                    (size_t)about.st_size, bytes_max);
    AUTO_FREE char *bytes = heap_alloc(capacity);
    for (;;) {
        ssize_t got = read(fd, bytes + length, capacity - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(err, "reading");
        if (got == 0)
            break;
        length += (size_t)got;
        if (length > bytes_max)
            return fail(err, ERROR_TOO_LARGE, "more than %zu bytes", bytes_max);
        if (length == capacity)
            bytes = heap_grow(bytes, capacity *= 2);
    }
    *bytes_r = str_copy(arena, (Str){ bytes, length });
    return true;
}

bool file_read(Arena *arena, const char *path, size_t bytes_max, Str *bytes_r, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "opening %s", path);
    if (!fd_read_all(arena, fd, bytes_max, bytes_r, err))
        return fail_in(err, "%s", path);
    return true;
}

bool fd_write_all(int fd, Str bytes, Error *err)
{
    while (bytes.length) {
        ssize_t put = write(fd, bytes.at, bytes.length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail_errno(err, "writing");
        bytes = str_from(bytes, (size_t)put);
    }
    return true;
}

bool folder_sync(const char *path, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return fail_errno(err, "syncing folder %s", path);
    return true;
}

static bool write_synced(const char *path, Str bytes, unsigned mode, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return fail_errno(err, "creating %s", path);
    if (!fd_write_all(fd, bytes, err))
        return fail_in(err, "%s", path);
    if (fsync(fd) != 0)
        return fail_errno(err, "syncing %s", path);
    return true;
}

bool file_write(const char *path, Str bytes, unsigned mode, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *temporary = str_c(arena, str_format(arena, "%s.%d.tmp", path, (int)getpid()));
    ptrdiff_t slash = str_find_last_char(str(path), '/');
    char *folder = slash > 0 ? str_c(arena, str_slice(str(path), 0, (size_t)slash))
                             : str_c(arena, slash == 0 ? S("/") : S("."));

    if (!write_synced(temporary, bytes, mode, err)) {
        unlink(temporary);
        return false;
    }
    if (rename(temporary, path) != 0) {
        fail_errno(err, "renaming %s", temporary);
        unlink(temporary);
        return false;
    }
    return folder_sync(folder, err);
}

bool folder_make(const char *path, unsigned mode, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *copy = str_c(arena, str(path));
    for (char *c = copy + 1; *c; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST)
            return fail_errno(err, "making folder %s", copy);
        *c = '/';
    }
    struct stat about;
    if (mkdir(copy, mode) != 0 && errno != EEXIST)
        return fail_errno(err, "making folder %s", copy);
    if (stat(copy, &about) != 0 || !S_ISDIR(about.st_mode))
        return fail(err, ERROR_INVALID, "%s is not a folder", copy);
    return true;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *where)
{
    (void)about, (void)type, (void)where;
    return remove(path);
}

bool folder_remove(const char *path, Error *err)
{
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
        return fail_errno(err, "removing %s", path);
    return true;
}

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

char *path_join(Arena *arena, Str folder, Str name)
{
    bool slash = folder.length && folder.at[folder.length - 1] == '/';
    return str_c(arena, str_format(arena, STR_FMT "%s" STR_FMT, STR_ARG(folder),
                                   slash || !folder.length ? "" : "/", STR_ARG(name)));
}

Str path_name(Str path)
{
    ptrdiff_t slash = str_find_last_char(path, '/');
    ptrdiff_t back = str_find_last_char(path, '\\');
    return str_from(path, (size_t)(MAX(slash, back) + 1));
}

Str path_extension(Arena *arena, Str path)
{
    Str name = path_name(path);
    ptrdiff_t dot = str_find_last_char(name, '.');
    return dot <= 0 ? S("") : str_lower(arena, str_from(name, (size_t)dot + 1));
}

bool fd_map(int fd, FileMap *map_r, Error *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return fail_errno(err, "looking at a file");
    if (about.st_size == 0) {
        *map_r = (FileMap){ .bytes = S("") };
        return true;
    }
    void *at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return fail_errno(err, "mapping a file");
    *map_r = (FileMap){ .bytes = { at, (size_t)about.st_size } };
    return true;
}

bool file_map(const char *path, FileMap *map_r, Error *err)
{
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "opening %s", path);
    return fd_map(fd, map_r, err) || fail_in(err, "%s", path);
}

void file_unmap(FileMap *map)
{
    if (map->bytes.length)
        munmap((void *)(uintptr_t)map->bytes.at, map->bytes.length);
    map->bytes = STR_NONE;
}
