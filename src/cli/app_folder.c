/* app_folder.c - see app_folder.h. */
#include "cli/app_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

bool app_data_path(Arena *arena, const Settings *settings, Str *path_r, Error *err)
{
    const char *home = getenv("HOME");
    if (!settings->data.length && !home)
        return fail_field(err, "data", "HOME is not set; say where the library is with --data");
    *path_r = settings->data.length ? settings->data
                                    : str(path_join(arena, str(home), S(".local/share/lectern")));
    return true;
}

bool app_data_folder(Arena *arena, const Settings *settings, Str *folder_r, Error *err)
{
    Str folder;
    if (!app_data_path(arena, settings, &folder, err))
        return false;
    if (!folder_make(str_c(arena, folder), 0700, err))
        return fail_in(err, "the data folder");
    char *absolute = realpath(str_c(arena, folder), NULL);
    if (!absolute)
        return fail_errno(err, "the data folder " STR_FMT, STR_ARG(folder));
    *folder_r = str_copy(arena, str(absolute));
    free(absolute);
    return true;
}

bool app_has_library(Arena *arena, const Settings *settings, Str folder)
{
    return settings->database.length || file_exists(path_join(arena, folder, S("lectern.db")));
}

/* A local socket's path has at most 107 bytes, so a long folder gets a short name of its own. */
char *app_socket(Arena *arena, Str folder)
{
    if (folder.length < 90)
        return path_join(arena, folder, S("lectern.sock"));
    return str_c(arena, str_format(arena, "/tmp/lectern-%u-%016" PRIx64 ".sock", (unsigned)getuid(),
                                   str_hash(folder)));
}

const char *app_why_unusable(int number)
{
    if (number == EROFS)
        return "is on a file system that is mounted read-only; mount it for writing, or name "
               "another folder with --data";
    return number == EACCES ? "may not be used by this user; run as the user whose it is, or name "
                              "another folder with --data"
                            : NULL;
}

bool app_lock_folder(Str folder, int *fd_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *path = path_join(arena, folder, S("lock"));
    AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const char *why = fd < 0 ? app_why_unusable(errno) : NULL;
    if (why)
        return fail(err, errno == EACCES ? ERROR_DENIED : ERROR_IO,
                    "the data folder " STR_FMT " %s", STR_ARG(folder), why);
    if (fd < 0)
        return fail_errno(err, "the data folder cannot be used: %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return fail(err, ERROR_CONFLICT,
                        "the data folder " STR_FMT
                        " is in use by another Lectern, which may be starting: try again in a "
                        "moment, stop it, or use another folder with --data",
                        STR_ARG(folder));
        return fail_errno(err, "locking %s", path);
    }
    *fd_r = fd;
    fd = -1;
    return true;
}
