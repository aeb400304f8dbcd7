/* export_unpack.c - see export_unpack.h. */
#include "export/export_unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define SMALL MB(64) /* bytes that any ZIP file may hold */
#define COPY_BYTES KB(256)

typedef struct Unpack {
    struct archive *zip;
    const char *path, *folder;
    Arena *arena; /* of one entry */
    char *buffer;
    uint64_t bytes, bytes_max;
    int64_t files;
} Unpack;

static bool zip_failed(const Unpack *in, Error *err)
{
    const char *why = archive_error_string(in->zip);
    return fail(err, ERROR_DAMAGED, "%s: %s", in->path, why ? why : "the ZIP file is damaged");
}

/* "a/b.txt", and nothing that leads elsewhere. */
static bool is_safe(Str name)
{
    Str part;
    if (!name.length || name.length > KB(4) || name.at[0] == '/')
        return false;
    for (Str rest = name; str_next(&rest, '/', &part);)
        if (!part.length || str_is(part, ".") || str_is(part, ".."))
            return false;
    return true;
}

static bool open_file(Unpack *in, Str name, int *fd_r, Error *err)
{
    char *path = path_join(in->arena, str(in->folder), name);
    char *slash = strrchr(path, '/');
    char *folder = str_c(in->arena, (Str){ path, (size_t)(slash - path) });
    if (!folder_make(folder, 0700, err))
        return false;
    *fd_r = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd_r >= 0 || fail_errno(err, "unpacking %s", path);
}

static bool copy(Unpack *in, Str name, Error *err)
{
    AUTO_CLOSE int fd = -1;
    la_ssize_t got;
    if (!open_file(in, name, &fd, err))
        return false;
    while ((got = archive_read_data(in->zip, in->buffer, COPY_BYTES)) > 0) {
        in->bytes += (uint64_t)got;
        if (in->bytes > in->bytes_max)
            return fail(err, ERROR_TOO_LARGE,
                        "%s holds more than %d times its own size, which no export does", in->path,
                        EXPORT_UNPACK_RATIO_MAX);
        if (!fd_write_all(fd, (Str){ in->buffer, (size_t)got }, err))
            return false;
    }
    return got == 0 || zip_failed(in, err);
}

static bool take_entry(Unpack *in, struct archive_entry *entry, Error *err)
{
    const char *text = archive_entry_pathname_utf8(entry);
    Str name = str(text ? text : "");
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return true;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
        !is_safe(name))
        return fail(err, ERROR_INVALID, "%s has an entry that is no file below it: " STR_FMT,
                    in->path, STR_ARG(str_slice(name, 0, 100)));
    if (++in->files > EXPORT_UNPACK_FILES_MAX)
        return fail(err, ERROR_TOO_LARGE, "%s has more than %d files", in->path,
                    EXPORT_UNPACK_FILES_MAX);
    return copy(in, name, err);
}

static bool unpack_all(Unpack *in, Error *err)
{
    struct archive_entry *entry;
    int code;
    while ((code = archive_read_next_header(in->zip, &entry)) == ARCHIVE_OK) {
        arena_reset(in->arena);
        in->buffer = arena_alloc(in->arena, COPY_BYTES);
        if (!take_entry(in, entry, err))
            return false;
    }
    return code == ARCHIVE_EOF || zip_failed(in, err);
}

bool export_unpack(const char *zip, const char *folder, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    struct stat about;
    if (stat(zip, &about) != 0 || !S_ISREG(about.st_mode))
        return fail(err, ERROR_NOT_FOUND, "there is no file %s", zip);
    Unpack in = { .zip = archive_read_new(),
                  .path = zip,
                  .folder = folder,
                  .arena = arena,
                  .bytes_max = SMALL + (uint64_t)about.st_size * EXPORT_UNPACK_RATIO_MAX };
    archive_read_support_format_zip(in.zip);
    bool good = (archive_read_open_filename(in.zip, zip, COPY_BYTES) == ARCHIVE_OK ||
                 zip_failed(&in, err)) &&
                unpack_all(&in, err);
    archive_read_free(in.zip);
    return good;
}
