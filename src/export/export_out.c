/* export_out.c - see export_out.h. */
#include "export/export_out.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define SUMS "SHA256SUMS"
#define MANIFEST "manifest.json"
#define MARK ".lectern-export" /* names the workspace while a folder is not complete */
#define BEFORE MARK "-before"  /* lines of SHA256SUMS of former exports into this folder */
#define MARK_MAX KB(4)
#define COPY_BYTES KB(256)

static const struct {
    const char *name, *what;
} kinds[] = {
#define EXPORT_KIND(id, name, what) { name, what },
#include "export/export_kinds.def"
#undef EXPORT_KIND
};

const char *export_kind_name(ExportOf kind) { return kinds[kind].name; }
const char *export_kind_what(ExportOf kind) { return kinds[kind].what; }

static bool zip_failed(const ExportOut *out, Error *err)
{
    const char *why = archive_error_string(out->zip);
    return fail(err, archive_errno(out->zip) == ENOSPC ? ERROR_FULL : ERROR_IO, "writing %s: %s",
                out->root, why ? why : "unknown reason");
}

/* --- Opening --- */

/* The workspace whose export lies there, "" for an empty folder. */
static bool owner_of(Arena *arena, const char *folder, Str *owner_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    DIR *dir = opendir(folder);
    bool is_empty = true;
    if (!dir)
        return fail_errno(err, "opening the folder %s", folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        is_empty =
            is_empty && (str_is(str(entry->d_name), ".") || str_is(str(entry->d_name), ".."));
    closedir(dir);
    *owner_r = S("");
    return is_empty ||
           file_read(arena, path_join(arena, str(folder), S(MARK)), MARK_MAX, owner_r, err);
}

/* Adds the lines of a file to those of former exports. */
static bool keep_lines(ExportOut *out, Arena *arena, const char *name, Error *err)
{
    char *from = path_join(arena, str(out->root), str(name));
    char *to = path_join(arena, str(out->root), S(BEFORE));
    AUTO_MAP FileMap map = { 0 };
    if (!file_exists(from))
        return true;
    AUTO_CLOSE int fd = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    return (fd >= 0 || fail_errno(err, "creating %s", to)) && file_map(from, &map, err) &&
           fd_write_all(fd, map.bytes, err);
}

static bool open_folder(ExportOut *out, Arena *arena, Str workspace, Error *err)
{
    Str owner;
    if (!folder_make(out->root, 0700, err))
        return false;
    if (!owner_of(arena, out->root, &owner, err) || (owner.length && !str_equal(owner, workspace)))
        return fail(err, ERROR_CONFLICT,
                    "%s holds something else than an export of this workspace; name an empty "
                    "folder",
                    out->root);
    return file_write(path_join(arena, str(out->root), S(MARK)), workspace, 0600, err) &&
           keep_lines(out, arena, SUMS, err) && keep_lines(out, arena, MARK "-sums", err);
}

static bool open_zip(ExportOut *out, Error *err)
{
    out->zip_fd = open(out->root, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out->zip_fd < 0)
        return errno == EEXIST ? fail(err, ERROR_CONFLICT, "%s is there already", out->root)
                               : fail_errno(err, "creating %s", out->root);
    out->zip = archive_write_new();
    return (archive_write_set_format_zip(out->zip) == ARCHIVE_OK &&
            archive_write_open_fd(out->zip, out->zip_fd) == ARCHIVE_OK) ||
           zip_failed(out, err);
}

bool export_out_open(ExportOut *out, const char *path, bool is_zip, Str workspace, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    *out = (ExportOut){ .zip_fd = -1, .sums_fd = -1, .file_fd = -1, .root = heap_text(path) };
    if (!(is_zip ? open_zip(out, err) : open_folder(out, arena, workspace, err)))
        return false;
    (void)export_names_take(&out->names, arena, "", S(SUMS), "");
    (void)export_names_take(&out->names, arena, "", S(MANIFEST), "");
    out->sums_path = heap_text(is_zip ? str_format(arena, "%s.sums", path).at
                                      : path_join(arena, str(path), S(MARK "-sums")));
    out->sums_fd = open(out->sums_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return out->sums_fd >= 0 || fail_errno(err, "creating %s", out->sums_path);
}

/* --- One file --- */

static bool begin_entry(ExportOut *out, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, str_c(arena, out->name));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    bool good = archive_write_header(out->zip, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return good || zip_failed(out, err);
}

static bool begin_file(ExportOut *out, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    out->path = heap_text(path_join(arena, str(out->root), out->name));
    out->part_path = heap_text(path_join(arena, str(out->root), S(MARK "-part")));
    char *slash = strrchr(out->path, '/');
    char *folder = str_c(arena, (Str){ out->path, (size_t)(slash - out->path) });
    if (!folder_make(folder, 0700, err))
        return false;
    out->file_fd =
        open(out->part_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return out->file_fd >= 0 || fail_errno(err, "creating %s", out->part_path);
}

static void forget_file(ExportOut *out)
{
    if (out->file_fd >= 0)
        close(out->file_fd);
    out->file_fd = -1;
    free(out->path);
    free(out->part_path);
    out->path = out->part_path = NULL;
}

bool export_out_begin(ExportOut *out, ExportOf kind, Str name, Error *err)
{
    out->name = name;
    out->kind = kind;
    out->size = 0;
    sha256_begin(&out->sha);
    return (out->zip ? begin_entry(out, err) : begin_file(out, err)) ||
           fail_in(err, STR_FMT, STR_ARG(name));
}

bool export_out_write(ExportOut *out, Str bytes, Error *err)
{
    sha256_add(&out->sha, bytes);
    out->size += bytes.length;
    if (!out->zip)
        return fd_write_all(out->file_fd, bytes, err);
    return !bytes.length ||
           archive_write_data(out->zip, bytes.at, bytes.length) == (la_ssize_t)bytes.length ||
           zip_failed(out, err);
}

static bool add_sum(ExportOut *out, Str sha256, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return fd_write_all(
        out->sums_fd,
        str_format(arena, STR_FMT "  " STR_FMT "\n", STR_ARG(sha256), STR_ARG(out->name)), err);
}

static bool count_file(ExportOut *out, Str sha256, Error *err)
{
    out->counts[out->kind].files++;
    out->counts[out->kind].bytes += (int64_t)out->size;
    return add_sum(out, sha256, err);
}

bool export_out_end(ExportOut *out, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint8_t digest[SHA256_SIZE];
    bool good = true;
    sha256_end(&out->sha, digest);
    if (out->zip)
        good = archive_write_finish_entry(out->zip) == ARCHIVE_OK || zip_failed(out, err);
    else if (rename(out->part_path, out->path) != 0)
        good = fail_errno(err, "naming %s", out->path);
    forget_file(out);
    return good && count_file(out, str_hex(arena, digest, sizeof digest), err);
}

bool export_out_text(ExportOut *out, ExportOf kind, Str name, Str text, Error *err)
{
    return export_out_begin(out, kind, name, err) && export_out_write(out, text, err) &&
           export_out_end(out, err);
}

static bool digest_of(Arena *arena, int fd, Str *sha256_r)
{
    char *buffer = arena_alloc(arena, COPY_BYTES);
    uint8_t digest[SHA256_SIZE];
    Sha256 sha;
    ssize_t got;
    sha256_begin(&sha);
    while ((got = read(fd, buffer, COPY_BYTES)) > 0)
        sha256_add(&sha, (Str){ buffer, (size_t)got });
    sha256_end(&sha, digest);
    *sha256_r = str_hex(arena, digest, sizeof digest);
    return got == 0;
}

bool export_file_digest(Arena *arena, const char *path, Str *sha256_r, int64_t *size_r, Error *err)
{
    struct stat about;
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0 || !digest_of(arena, fd, sha256_r))
        return fail_errno(err, "reading %s", path);
    *size_r = about.st_size;
    return true;
}

bool export_out_has(ExportOut *out, ExportOf kind, Str name, Str sha256, uint64_t size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    struct stat about;
    Error ignored;
    Str there;
    if (out->zip)
        return false;
    AUTO_CLOSE int fd =
        open(path_join(arena, str(out->root), name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &about) != 0 || (uint64_t)about.st_size != size ||
        !digest_of(arena, fd, &there) || !str_equal(there, sha256))
        return false;
    out->name = name;
    out->kind = kind;
    out->size = size;
    return count_file(out, sha256, &ignored);
}

/* --- The end --- */

static bool copy_sums(ExportOut *out, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char *buffer = arena_alloc(arena, COPY_BYTES);
    ssize_t got;
    if (lseek(out->sums_fd, 0, SEEK_SET) != 0)
        return fail_errno(err, "reading %s", out->sums_path);
    while ((got = read(out->sums_fd, buffer, COPY_BYTES)) > 0)
        if (!export_out_write(out, (Str){ buffer, (size_t)got }, err))
            return false;
    return got == 0 || fail_errno(err, "reading %s", out->sums_path);
}

/* Neither is in the list itself, and neither is counted. */
static bool end_uncounted(ExportOut *out, Error *err)
{
    bool good = out->zip ? archive_write_finish_entry(out->zip) == ARCHIVE_OK
                         : rename(out->part_path, out->path) == 0;
    forget_file(out);
    return good || (out->zip ? zip_failed(out, err) : fail_errno(err, "finishing %s", out->root));
}

/* What a former export has left in the folder and this one does not have. */
static bool remove_former(ExportOut *out, Arena *arena, Error *err)
{
    char *path = path_join(arena, str(out->root), S(BEFORE));
    AUTO_MAP FileMap map = { 0 };
    Str line;
    if (!file_exists(path))
        return true;
    if (!file_map(path, &map, err))
        return false;
    for (Str rest = map.bytes; str_next(&rest, '\n', &line);) {
        AUTO_ARENA Arena *one = arena_new(KB(64));
        Str name = str_from(line, 2 * SHA256_SIZE + 2);
        if (!name.length || name.at[0] == '/' || str_find(name, S("..")) >= 0 ||
            export_names_has(&out->names, one, name))
            continue;
        if (unlink(path_join(one, str(out->root), name)) != 0 && errno != ENOENT)
            return fail_errno(err, "removing " STR_FMT, STR_ARG(name));
    }
    return unlink(path) == 0 || fail_errno(err, "removing %s", path);
}

static bool finish_folder(ExportOut *out, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    AUTO_CLOSE int fd = open(out->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return remove_former(out, arena, err) &&
           ((fd >= 0 && syncfs(fd) == 0) || fail_errno(err, "syncing %s", out->root));
}

static bool finish_zip(ExportOut *out, Error *err)
{
    return (archive_write_close(out->zip) == ARCHIVE_OK || zip_failed(out, err)) &&
           (fsync(out->zip_fd) == 0 || fail_errno(err, "syncing %s", out->root));
}

bool export_out_finish(ExportOut *out, Str manifest, Error *err)
{
    return export_out_begin(out, EXPORT_OF_COUNT, S(SUMS), err) && copy_sums(out, err) &&
           end_uncounted(out, err) && (out->zip || finish_folder(out, err)) &&
           export_out_begin(out, EXPORT_OF_COUNT, S(MANIFEST), err) &&
           export_out_write(out, manifest, err) && end_uncounted(out, err) &&
           (!out->zip || finish_zip(out, err));
}

void export_out_close(ExportOut *out)
{
    if (out->part_path)
        (void)unlink(out->part_path);
    forget_file(out);
    if (out->zip)
        archive_write_free(out->zip);
    if (out->zip_fd >= 0)
        close(out->zip_fd);
    if (out->sums_fd >= 0)
        close(out->sums_fd);
    if (out->sums_path)
        (void)unlink(out->sums_path);
    free(out->sums_path);
    free(out->root);
    export_names_free(&out->names);
    *out = (ExportOut){ .zip_fd = -1, .sums_fd = -1, .file_fd = -1 };
}
