/* folder.c - a folder of the server, with what is below it: one of those that the setting
 * connect_folders names, or inside one. Links are not followed, so nothing outside is reached; a
 * file is taken when it has not been written for a while. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "connect/connector.h"

#define SETTLE_S 10
#define DEPTH_MAX 32
#define PIECE KB(256)

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"path\"],\"properties\":{"
    "\"path\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1000,\"title\":\"Folder\","
    "\"description\":\"A folder of the server, in one that the setting connect_folders names\"},"
    "\"below\":{\"type\":\"boolean\",\"default\":true,\"title\":\"Folders below it too\"},"
    "\"endings\":{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"string\","
    "\"maxLength\":20},\"title\":\"Only names that end with\"},"
    "\"settle_s\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":86400,\"default\":10,"
    "\"title\":\"Seconds without a change until a file is taken\"},"
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200000,\"default\":10000}}}";

/* --- Where it may look --- */

static bool is_inside(Str path, Str root)
{
    return str_equal(path, root) || str_is(root, "/") ||
           (str_starts(path, root) && path.at[root.length] == '/');
}

/* The folder without links and dots, in one of the allowed ones. */
static bool real_path(const ConnectRun *run, Str *path_r, Error *err)
{
    char real[PATH_MAX], allowed[PATH_MAX];
    Str given = connect_text(run, "path"), rest = run->options->folders, root;
    if (!rest.length)
        return fail(err, ERROR_DENIED,
                    "no folder may be watched: the setting connect_folders of "
                    "the server names none");
    bool is_there = realpath(str_c(run->kept, given), real) != NULL;
    while (is_there && str_next(&rest, ':', &root))
        if (root.length && realpath(str_c(run->kept, root), allowed) &&
            is_inside(str(real), str(allowed))) {
            *path_r = str_copy(run->kept, str(real));
            return true;
        }
    /* What lies elsewhere is not told from what is not there. */
    return fail(err, ERROR_DENIED,
                "'" STR_FMT "' is not there, or in none of the folders that the "
                "setting connect_folders names",
                STR_ARG(str_slice(given, 0, 200)));
}

/* --- What is there --- */

typedef struct Walk {
    ConnectRun *run;
    ConnectPage *page;
    int64_t settled_before_ms, most;
    bool below, is_whole;
    const json_t *endings;
} Walk;

static bool is_wanted(const Walk *walk, Str name)
{
    size_t i;
    const json_t *ending;
    if (!json_array_size(walk->endings))
        return true;
    json_array_foreach(walk->endings, i, ending)
    {
        if (str_ends_ignore_case(name, str(json_string_value(ending))))
            return true;
    }
    return false;
}

static int64_t changed_ms(const struct stat *info)
{
    return (int64_t)info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000;
}

static Str version_of(Arena *arena, const struct stat *info)
{
    return str_format(arena, "%lld.%09ld %lld", (long long)info->st_mtim.tv_sec,
                      info->st_mtim.tv_nsec, (long long)info->st_size);
}

static void add_file(Walk *walk, Str name, const struct stat *info)
{
    ConnectionItem item = { .remote = name,
                            .name = name,
                            .listed = version_of(walk->run->arena, info) };
    if (!is_wanted(walk, name) || !utf8_is_valid(name))
        return;
    bool is_busy = changed_ms(info) > walk->settled_before_ms;
    connect_found(walk->run, is_busy ? &walk->page->busy : &walk->page->found, item);
}

static bool walk_folder(Walk *walk, int folder, Str before, int depth, Error *err);

static bool enter(Walk *walk, int parent, const char *name, Str before, int depth, Error *err)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        return walk_folder(walk, fd, before, depth, err);
    if (errno == EMFILE || errno == ENFILE)
        return fail_errno(err, "looking into " STR_FMT, STR_ARG(before));
    walk->is_whole = false; /* what cannot be looked into is not gone */
    walk->page->left_out = str_format(walk->run->arena, "the folder " STR_FMT " cannot be read: %s",
                                      STR_ARG(str_slice(before, 0, 200)), strerror(errno));
    return true;
}

static bool look_at(Walk *walk, int folder, const char *name, Str before, int depth, Error *err)
{
    Arena *arena = walk->run->arena;
    struct stat info;
    Str path = before.length ? str_format(arena, STR_FMT "/%s", STR_ARG(before), name)
                             : str_copy(arena, str(name));
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* gone meanwhile */
    if (S_ISREG(info.st_mode))
        add_file(walk, path, &info);
    if (S_ISDIR(info.st_mode) && walk->below && depth < DEPTH_MAX)
        return enter(walk, folder, name, path, depth + 1, err);
    return true;
}

/* Closes the folder. Names that begin with a dot are of programs, not of people. */
static bool walk_folder(Walk *walk, int folder, Str before, int depth, Error *err)
{
    DIR *entries = fdopendir(folder);
    bool good = true;
    if (!entries) {
        close(folder);
        return fail_errno(err, "looking into " STR_FMT, STR_ARG(before));
    }
    for (struct dirent *entry; good && (entry = readdir(entries));) {
        if ((int64_t)walk->page->found.all.count >= walk->most || connect_is_stopped(walk->run)) {
            walk->is_whole = false;
            break;
        }
        if (entry->d_name[0] != '.')
            good = look_at(walk, dirfd(entries), entry->d_name, before, depth, err);
    }
    closedir(entries);
    return good;
}

static bool folder_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    Walk walk = { .run = run,
                  .page = page_r,
                  .settled_before_ms = now_ms() - connect_number(run, "settle_s", SETTLE_S) * 1000,
                  .most = connect_number(run, "items_max", 10000),
                  .below = connect_is_on(run, "below", true),
                  .is_whole = true,
                  .endings = json_object_get(run->settings, "endings") };
    Str path;
    (void)cursor;
    if (!real_path(run, &path, err))
        return false;
    int fd = open(path.at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "opening the folder " STR_FMT, STR_ARG(path));
    if (!walk_folder(&walk, fd, STR_NONE, 0, err))
        return false;
    page_r->is_last = true;
    page_r->is_whole = walk.is_whole;
    return true;
}

static bool folder_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    if (!folder_list(run, STR_NONE, &page, err))
        return false;
    *says_r = str_format(run->arena, "%zu file%s", page.found.all.count,
                         page.found.all.count == 1 ? "" : "s");
    return true;
}

/* --- Reading one --- */

/* Step by step, so that no part of the way is a link that was put there meanwhile. */
static int open_inside(Arena *arena, Str folder, Str name)
{
    int at = open(folder.at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    Str rest = name, part;
    while (at >= 0 && str_next(&rest, '/', &part)) {
        int next = openat(at, str_c(arena, part), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        close(at);
        at = next;
    }
    return at;
}

static bool copy(ConnectRun *run, ConnectFile *file, int fd, Error *err)
{
    char *piece = arena_alloc_raw(run->arena, PIECE);
    for (ssize_t got; (got = read(fd, piece, PIECE)) != 0;) {
        if (got < 0)
            return fail_errno(err, "reading the file");
        if (!connect_file_add(run, file, (Str){ piece, (size_t)got }, err))
            return false;
    }
    return true;
}

static bool folder_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    struct stat before, after;
    Str path;
    if (!real_path(run, &path, err))
        return false;
    AUTO_CLOSE int fd = open_inside(run->arena, path, item->remote);
    if (fd < 0 && errno == ENOENT) {
        file->is_gone = true;
        return true;
    }
    if (fd < 0 || fstat(fd, &before) != 0)
        return fail_errno(err, "opening the file");
    if (!S_ISREG(before.st_mode))
        return fail(err, ERROR_UNSUPPORTED, "it is no file any more");
    if (!copy(run, file, fd, err))
        return false;
    if (fstat(fd, &after) != 0 || changed_ms(&after) != changed_ms(&before) ||
        after.st_size != before.st_size)
        return fail(err, ERROR_BUSY, "it is being written");
    file->version = version_of(run->arena, &after);
    return true;
}

const Connector connector_folder = {
    .schema = schema,
    .check = folder_check,
    .list = folder_list,
    .fetch = folder_fetch,
};
