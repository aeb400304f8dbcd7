/* backup.c - see backup.h; tar by libarchive (POSIX pax). */
#include "library/backup.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"

#define DATABASE_NAME "lectern.db"
/* Its name until everything else is there: half a library is none. */
#define DATABASE_PART "lectern.db.part"

typedef struct Writing {
    struct archive *tar;
    BlobStore *blobs;
    BackupCounts counts;
} Writing;

static bool tar_failed(struct archive *tar, const char *what, Error *err)
{
    const char *why = archive_error_string(tar);
    return fail(err, archive_errno(tar) == ENOSPC ? ERROR_FULL : ERROR_IO, "%s: %s", what,
                why ? why : "unknown reason");
}

static bool write_file(Writing *out, const char *name, int fd, uint64_t size, Error *err)
{
    char *buffer;
    ssize_t got = 0;
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    bool good = archive_write_header(out->tar, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    buffer = heap_alloc(KB(256));
    while (good && (got = read(fd, buffer, KB(256))) > 0)
        good = archive_write_data(out->tar, buffer, (size_t)got) == got;
    free(buffer);
    out->counts.bytes += (int64_t)size;
    if (!good)
        return tar_failed(out->tar, "writing the backup", err);
    return got >= 0 || fail_errno(err, "reading %s", name);
}

static bool write_database(Writing *out, Db *db, const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    struct stat about;
    if (db_kind(db) != DB_SQLITE)
        return true;
    char *copy = str_c(arena, str_format(arena, "%s.database", path));
    if (!db_copy(db, copy, err))
        return fail_in(err, "copying the database");
    AUTO_CLOSE int fd = open(copy, O_RDONLY | O_CLOEXEC);
    unlink(copy); /* it lives as long as the descriptor */
    if (fd < 0 || fstat(fd, &about) != 0)
        return fail_errno(err, "reading the database's copy");
    return write_file(out, DATABASE_NAME, fd, (uint64_t)about.st_size, err);
}

static bool write_blob(void *self, const BlobFound *found, Error *err)
{
    Writing *out = self;
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    if (!blob_open(out->blobs, found->workspace, found->sha256, &fd, &size, err))
        return err->code == ERROR_NOT_FOUND; /* erased meanwhile */
    out->counts.originals++;
    Str name = str_format(arena, "blobs/" STR_FMT "/" STR_FMT, STR_ARG(found->workspace),
                          STR_ARG(found->sha256));
    return write_file(out, name.at, fd, size, err);
}

bool backup_write(Db *db, BlobStore *blobs, const char *path, BackupCounts *counts_r, Error *err)
{
    /* Only for its owner: it holds everything, password hashes too. */
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return fail(err, ERROR_CONFLICT, "%s is there already", path);
    if (fd < 0)
        return fail_errno(err, "creating %s", path);
    Writing out = { .tar = archive_write_new(), .blobs = blobs };
    archive_write_set_format_pax_restricted(out.tar);
    bool good = archive_write_open_fd(out.tar, fd) == ARCHIVE_OK;
    if (!good)
        tar_failed(out.tar, path, err);
    good = good && write_database(&out, db, path, err) && blob_list(blobs, write_blob, &out, err);
    if (good && archive_write_close(out.tar) != ARCHIVE_OK)
        good = tar_failed(out.tar, "finishing the backup", err);
    archive_write_free(out.tar);
    if (good && fsync(fd) != 0)
        good = fail_errno(err, "syncing %s", path);
    if (!good) {
        unlink(path);
        return false;
    }
    *counts_r = out.counts;
    return true;
}

/* --- Reading --- */

static bool is_part(Str text, size_t length_min, size_t length_max)
{
    if (text.length < length_min || text.length > length_max)
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!HAS_CHAR(text.at[i], "0123456789abcdef-"))
            return false;
    return true;
}

/* Where a member goes; NULL when its name is none of ours. */
static char *target_of(Arena *arena, const char *folder, const char *name)
{
    Str rest = str(name), blobs, workspace, sha256;
    if (strcmp(name, DATABASE_NAME) == 0)
        return path_join(arena, str(folder), S(DATABASE_PART));
    if (!str_next(&rest, '/', &blobs) || !str_is(blobs, "blobs") ||
        !str_next(&rest, '/', &workspace) || !is_part(workspace, 1, 64) ||
        !str_next(&rest, '/', &sha256) || !is_part(sha256, 64, 64) || rest.at)
        return NULL;
    return path_join(arena, str(folder), S("restored"));
}

/* The SHA-256 of what was copied goes to digest_r. */
static bool copy_member(struct archive *tar, const char *path, uint8_t digest_r[SHA256_SIZE],
                        Error *err)
{
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    Sha256 sha;
    const void *bytes;
    size_t size;
    la_int64_t offset, written = 0;
    int status = ARCHIVE_OK;
    if (fd < 0)
        return fail_errno(err, "creating %s", path);
    sha256_begin(&sha);
    while ((status = archive_read_data_block(tar, &bytes, &size, &offset)) == ARCHIVE_OK) {
        Str part = { bytes, size };
        if (offset != written) /* a sparse file: none of ours is */
            return fail(err, ERROR_DAMAGED, "the backup has a hole");
        if (!fd_write_all(fd, part, err))
            return false;
        sha256_add(&sha, part);
        written += (la_int64_t)size;
    }
    sha256_end(&sha, digest_r);
    if (status != ARCHIVE_EOF)
        return tar_failed(tar, "reading the backup", err);
    return fsync(fd) == 0 || fail_errno(err, "syncing %s", path);
}

static bool read_member(struct archive *tar, BlobStore *blobs, const char *folder, const char *name,
                        BackupCounts *counts, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *path = target_of(arena, folder, name);
    if (!path)
        return fail(err, ERROR_INVALID, "'%.100s' does not belong into a backup", name);
    uint8_t digest[SHA256_SIZE];
    if (strcmp(name, DATABASE_NAME) == 0)
        return copy_member(tar, path, digest, err);
    Str rest = str_from(str(name), strlen("blobs/")), workspace;
    path = path_join(arena, str(blob_incoming(blobs)), S("restored"));
    if (!copy_member(tar, path, digest, err) || !str_next(&rest, '/', &workspace))
        return false;
    if (!str_equal(str_hex(arena, digest, sizeof digest), rest)) {
        unlink(path);
        return fail(err, ERROR_DAMAGED, "the backup is damaged: the original %.64s is another file",
                    rest.at);
    }
    BlobItem item = { .sha256 = rest, .temp_path = path };
    counts->originals++;
    return blob_import(blobs, workspace, &item, 1, err);
}

static bool read_members(struct archive *tar, BlobStore *blobs, const char *folder,
                         BackupCounts *counts, Error *err)
{
    struct archive_entry *entry;
    int status;
    while ((status = archive_read_next_header(tar, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname_utf8(entry);
        if (!name || archive_entry_filetype(entry) != AE_IFREG)
            return fail(err, ERROR_INVALID, "the file is no backup of Lectern");
        if (!read_member(tar, blobs, folder, name, counts, err))
            return false;
    }
    return status == ARCHIVE_EOF || tar_failed(tar, "reading the backup", err);
}

static bool finish_database(const char *folder, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    char *part = path_join(arena, str(folder), S(DATABASE_PART));
    char *whole = path_join(arena, str(folder), S(DATABASE_NAME));
    if (!file_exists(part))
        return true; /* of a library in PostgreSQL */
    if (rename(part, whole) != 0)
        return fail_errno(err, "naming %s", whole);
    return folder_sync(folder, err);
}

bool backup_read(const char *path, const char *folder, BlobStore *blobs, BackupCounts *counts_r,
                 Error *err)
{
    BackupCounts counts = { 0 };
    struct archive *tar = archive_read_new();
    archive_read_support_format_tar(tar);
    bool good = archive_read_open_filename(tar, path, KB(64)) == ARCHIVE_OK;
    if (!good)
        tar_failed(tar, path, err);
    good = good && read_members(tar, blobs, folder, &counts, err);
    archive_read_free(tar);
    good = good && finish_database(folder, err);
    if (good)
        *counts_r = counts;
    return good;
}
