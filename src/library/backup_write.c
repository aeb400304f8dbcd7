/* backup_write.c - see backup.h; tar by libarchive (POSIX pax). */
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "library/backup_int.h"
#include "store/damaged_originals_store.h"
#include "store/migrate.h"
#include "store/move.h"
#include "store/workspaces_store.h"

#define AT_ONCE 1000

typedef struct Writing {
    struct archive *tar;
    Arena *arena;
    Db *copy;
    BlobStore *blobs;
    BackupCounts counts;
    WorkspaceList workspaces;
    Scope system, scope;
    Str after;
    StrList page;
} Writing;

/* --- Members --- */

static bool write_header(Writing *out, const char *name, uint64_t size, Error *err)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    bool good = archive_write_header(out->tar, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    return good || tar_failed(out->tar, "writing the backup", err);
}

static bool write_text(Writing *out, const char *name, Str text, Error *err)
{
    return write_header(out, name, text.length, err) &&
           (archive_write_data(out->tar, text.at, text.length) == (la_ssize_t)text.length ||
            tar_failed(out->tar, "writing the backup", err));
}

static bool write_file(Writing *out, const char *name, int fd, uint64_t size, Error *err)
{
    ssize_t got = 0;
    if (!write_header(out, name, size, err))
        return false;
    char *buffer = heap_alloc(KB(256));
    bool good = true;
    while (good && (got = read(fd, buffer, KB(256))) > 0)
        good = archive_write_data(out->tar, buffer, (size_t)got) == got;
    free(buffer);
    out->counts.bytes += (int64_t)size;
    if (!good)
        return tar_failed(out->tar, "writing the backup", err);
    return got >= 0 || fail_errno(err, "reading %s", name);
}

/* --- The database --- */

static bool copy_database(Db *db, const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    MoveOptions move = { .from = db };
    MoveReport report;
    if (db_kind(db) == DB_SQLITE)
        return db_copy(db, path, err);
    if (!db_open(path, NULL, &move.to, err))
        return false;
    bool good = database_move(arena, &move, &report, err);
    db_close(move.to);
    return good;
}

static Str manifest_text(Writing *out, const MigrateStatus *status, const MoveReport *report)
{
    Buf text = buf_new(out->arena, BACKUP_TEXT_MAX);
    JsonWriter json = put_begin(&text);
    put_int(&json, "format", BACKUP_FORMAT);
    put_text(&json, "program", S(VERSION));
    put_int(&json, "migration", status->applied);
    put_time(&json, "created_at", now_ms());
    put_array(&json, "tables");
    for (size_t i = 0; i < report->count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", report->tables[i].name);
        put_int(&json, "rows", report->tables[i].rows);
        put_text(&json, "sha256", str(report->tables[i].sha256));
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return buf_str(&text);
}

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    Writing *out = argument;
    return workspace_list(tx, &out->system, out->arena, &out->workspaces, err);
}

static bool write_manifest(Writing *out, Error *err)
{
    MigrateStatus status;
    MoveReport report;
    if (!migrate_status(out->copy, &status, err) ||
        !database_tables(out->arena, out->copy, &report, err) ||
        !store_read(out->copy, &out->system, list_workspaces, out, err))
        return false;
    out->counts.rows = report.rows;
    return write_text(out, BACKUP_MANIFEST, manifest_text(out, &status, &report), err);
}

static bool write_database(Writing *out, const char *copy, Error *err)
{
    struct stat about;
    AUTO_CLOSE int fd = open(copy, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0)
        return fail_errno(err, "reading the database's copy");
    return write_file(out, BACKUP_DATABASE, fd, (uint64_t)about.st_size, err);
}

/* --- Originals --- */

static bool list_page(DbTx *tx, void *argument, Error *err)
{
    Writing *out = argument;
    return originals_list(tx, &out->scope, out->arena, out->after, AT_ONCE, &out->page, err);
}

/* One that is damaged would make the whole backup one that cannot be restored. */
static bool write_original(Writing *out, Str sha256, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    if (!blob_verify(out->blobs, out->scope.workspace, sha256, NULL, err) ||
        !blob_open(out->blobs, out->scope.workspace, sha256, &fd, &size, err)) {
        out->counts.missing++;
        return err->code == ERROR_NOT_FOUND || err->code == ERROR_DAMAGED;
    }
    out->counts.originals++;
    Str name = str_format(arena, "blobs/" STR_FMT "/" STR_FMT, STR_ARG(out->scope.workspace),
                          STR_ARG(sha256));
    return write_file(out, name.at, fd, size, err);
}

static bool write_originals(Writing *out, Str workspace, Error *err)
{
    out->scope = (Scope){ .workspace = workspace, .role = ROLE_OWNER };
    out->after = S("");
    do {
        if (!store_read(out->copy, &out->scope, list_page, out, err))
            return false;
        for (size_t i = 0; i < out->page.count; i++)
            if (!write_original(out, out->page.at[i], err))
                return false;
        if (out->page.count)
            out->after = out->page.at[out->page.count - 1];
    } while (out->page.count);
    return true;
}

static bool write_end(Writing *out, Error *err)
{
    Buf text = buf_new(out->arena, KB(4));
    JsonWriter json = put_begin(&text);
    put_int(&json, "originals", out->counts.originals);
    put_int(&json, "missing", out->counts.missing);
    put_int(&json, "bytes", out->counts.bytes);
    put_end(&json);
    return write_text(out, BACKUP_END, buf_str(&text), err);
}

static bool write_members(Writing *out, const char *copy, Error *err)
{
    if (!db_open(copy, NULL, &out->copy, err))
        return false;
    bool good = write_manifest(out, err);
    db_close(out->copy); /* what is still in its log goes into the file */
    out->copy = NULL;
    if (!good || !write_database(out, copy, err) || !db_open(copy, NULL, &out->copy, err))
        return false;
    for (size_t i = 0; i < out->workspaces.count && good; i++)
        good = write_originals(out, out->workspaces.at[i].id, err);
    db_close(out->copy);
    return good && write_end(out, err);
}

/* --- The file --- */

static bool write_tar(Writing *out, Db *db, const char *path, int fd, Error *err)
{
    char *copy = str_c(out->arena, str_format(out->arena, "%s.database", path));
    out->tar = archive_write_new();
    archive_write_set_format_pax_restricted(out->tar);
    bool good =
        (archive_write_open_fd(out->tar, fd) == ARCHIVE_OK || tar_failed(out->tar, path, err)) &&
        (copy_database(db, copy, err) || fail_in(err, "copying the database")) &&
        write_members(out, copy, err);
    unlink(copy);
    if (good && archive_write_close(out->tar) != ARCHIVE_OK)
        good = tar_failed(out->tar, "finishing the backup", err);
    archive_write_free(out->tar);
    return good && (fsync(fd) == 0 || fail_errno(err, "syncing %s", path));
}

bool backup_write(Db *db, BlobStore *blobs, const char *path, BackupCounts *counts_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(4));
    /* Only for its owner: it holds everything, password hashes too. */
    AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return fail(err, ERROR_CONFLICT, "%s is there already", path);
    if (fd < 0)
        return fail_errno(err, "creating %s", path);
    Writing out = { .arena = arena, .blobs = blobs, .system = scope_system() };
    if (!write_tar(&out, db, path, fd, err)) {
        unlink(path);
        return false;
    }
    *counts_r = out.counts;
    return true;
}
