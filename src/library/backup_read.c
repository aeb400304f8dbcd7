/* backup_read.c - see backup.h. */
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "library/backup_int.h"
#include "store/migrate.h"
#include "store/move.h"

/* Its name until everything else is there: half a library is none. */
#define DATABASE_PART "lectern.db.part"

/* What a file holds, in its order. */
typedef enum Member { OF_NOBODY, MANIFEST, DATABASE, ORIGINAL, END } Member;

typedef struct Reading {
    struct archive *tar;
    Arena *arena;
    const BackupTarget *target;
    char *part;       /* the database's */
    json_t *manifest; /* NULL: not read yet */
    Member last;
    BackupCounts counts; /* of what was read */
} Reading;

/* False. */
static bool torn(const Reading *in, Error *err)
{
    return tar_failed(in->tar, "the backup is cut off or damaged; take another copy of it", err);
}

/* --- Members --- */

static bool is_part(Str text, size_t length_min, size_t length_max)
{
    if (text.length < length_min || text.length > length_max)
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!HAS_CHAR(text.at[i], "0123456789abcdef-"))
            return false;
    return true;
}

/* "blobs/WORKSPACE/SHA256" */
static bool read_name(Str name, Str *workspace_r, Str *sha256_r)
{
    Str blobs;
    return str_next(&name, '/', &blobs) && str_is(blobs, "blobs") &&
           str_next(&name, '/', workspace_r) && is_part(*workspace_r, 1, 64) &&
           str_next(&name, '/', sha256_r) && is_part(*sha256_r, 64, 64) && !name.at;
}

/* The SHA-256 of what was copied goes to digest_r. */
static bool copy_member(Reading *in, const char *path, uint8_t digest_r[SHA256_SIZE], Error *err)
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
    while ((status = archive_read_data_block(in->tar, &bytes, &size, &offset)) == ARCHIVE_OK) {
        Str part = { bytes, size };
        if (offset != written) /* a sparse file: none of ours is */
            return fail(err, ERROR_DAMAGED, "the backup has a hole");
        if (!fd_write_all(fd, part, err))
            return false;
        sha256_add(&sha, part);
        written += (la_int64_t)size;
    }
    sha256_end(&sha, digest_r);
    in->counts.bytes += written;
    if (status != ARCHIVE_EOF)
        return torn(in, err);
    return fsync(fd) == 0 || fail_errno(err, "syncing %s", path);
}

static bool read_text(Reading *in, json_t **json_r, Error *err)
{
    char *text = arena_alloc(in->arena, BACKUP_TEXT_MAX);
    la_ssize_t got = archive_read_data(in->tar, text, BACKUP_TEXT_MAX);
    if (got < 0)
        return torn(in, err);
    return json_parse((Str){ text, (size_t)got }, BACKUP_TEXT_MAX, json_r, err) ||
           fail_in(err, "the backup is damaged");
}

static int64_t member_int(const json_t *json, const char *name)
{
    return json_integer_value(json_object_get(json, name));
}

static bool read_manifest(Reading *in, Error *err)
{
    if (!read_text(in, &in->manifest, err))
        return false;
    if (member_int(in->manifest, "format") > BACKUP_FORMAT)
        return fail(err, ERROR_UNSUPPORTED,
                    "the backup is of Lectern %.40s and newer than this program (" VERSION
                    "), which cannot read it; restore it with that version",
                    json_member_text(in->manifest, "program").at);
    return json_is_array(json_object_get(in->manifest, "tables")) ||
           fail(err, ERROR_DAMAGED, "the backup is damaged: its manifest names no tables");
}

static bool read_original(Reading *in, Str workspace, Str sha256, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    uint8_t digest[SHA256_SIZE];
    BlobStore *blobs = in->target->blobs;
    char *path = path_join(arena, str(blob_incoming(blobs)), S("restored"));
    if (!copy_member(in, path, digest, err))
        return false;
    if (!str_equal(str_hex(arena, digest, sizeof digest), sha256)) {
        unlink(path);
        return fail(err, ERROR_DAMAGED, "the backup is damaged: the original %.64s is another file",
                    sha256.at);
    }
    BlobItem item = { .sha256 = sha256, .temp_path = path };
    in->counts.originals++;
    return blob_import(blobs, workspace, &item, 1, err);
}

static bool read_end(Reading *in, Error *err)
{
    AUTO_JSON json_t *end = NULL;
    if (!read_text(in, &end, err))
        return false;
    in->counts.missing = member_int(end, "missing");
    if (member_int(end, "originals") == in->counts.originals &&
        member_int(end, "bytes") == in->counts.bytes)
        return true;
    return fail(err, ERROR_DAMAGED,
                "the backup is damaged: it has %" PRId64 " of %" PRId64 " originals and %" PRId64
                " of %" PRId64 " bytes",
                in->counts.originals, member_int(end, "originals"), in->counts.bytes,
                member_int(end, "bytes"));
}

static Member member_of(const char *name, Str *workspace_r, Str *sha256_r)
{
    if (strcmp(name, BACKUP_MANIFEST) == 0)
        return MANIFEST;
    if (strcmp(name, BACKUP_DATABASE) == 0)
        return DATABASE;
    if (strcmp(name, BACKUP_END) == 0)
        return END;
    return read_name(str(name), workspace_r, sha256_r) ? ORIGINAL : OF_NOBODY;
}

/* They come in the order in which they were written. */
static bool read_member(Reading *in, const char *name, Error *err)
{
    uint8_t digest[SHA256_SIZE];
    Str workspace, sha256;
    Member member = member_of(name, &workspace, &sha256);
    if (member == OF_NOBODY)
        return fail(err, ERROR_INVALID, "'%.100s' does not belong into a backup", name);
    if (in->last == OF_NOBODY && member != MANIFEST)
        return fail(err, ERROR_UNSUPPORTED,
                    "the backup has no manifest, so it is of an older Lectern and cannot be "
                    "checked; restore it with the version that wrote it, then back that up with "
                    "this one");
    if (member < in->last || (member == in->last && member != ORIGINAL) ||
        (member > DATABASE && in->last < DATABASE))
        return fail(err, ERROR_DAMAGED, "the backup is damaged: '%.100s' is not in its place",
                    name);
    in->last = member;
    switch (member) {
    case MANIFEST: return read_manifest(in, err);
    case DATABASE: return copy_member(in, in->part, digest, err);
    case ORIGINAL: return read_original(in, workspace, sha256, err);
    case END: return read_end(in, err);
    case OF_NOBODY: break;
    }
    return false;
}

static bool read_members(Reading *in, Error *err)
{
    struct archive_entry *entry;
    int status;
    while ((status = archive_read_next_header(in->tar, &entry)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname_utf8(entry);
        if (!name || archive_entry_filetype(entry) != AE_IFREG)
            return fail(err, ERROR_INVALID, "the file is no backup of Lectern");
        if (!read_member(in, name, err))
            return false;
    }
    if (status != ARCHIVE_EOF)
        return torn(in, err);
    return in->last == END ||
           fail(err, ERROR_DAMAGED,
                in->last == OF_NOBODY ? "the file is no backup of Lectern: it is empty"
                                      : "the backup is torn: its end is missing");
}

/* --- The database --- */

static const json_t *table_named(const json_t *manifest, Str name)
{
    const json_t *table;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)json_object_get(manifest, "tables"), i, table)
    {
        if (str_equal(json_member_text(table, "name"), name))
            return table;
    }
    return NULL;
}

static bool check_tables(Reading *in, Db *db, Error *err)
{
    MoveReport report;
    if (!database_tables(in->arena, db, &report, err))
        return false;
    in->counts.rows = report.rows;
    for (size_t i = 0; i < report.count; i++) {
        const MoveTable *is = &report.tables[i];
        const json_t *was = table_named(in->manifest, is->name);
        if (!was || member_int(was, "rows") != is->rows ||
            !str_is(json_member_text(was, "sha256"), is->sha256))
            return fail(err, ERROR_DAMAGED,
                        "the backup is damaged: the table " STR_FMT
                        " is not what its manifest says",
                        STR_ARG(is->name));
    }
    return report.count == json_array_size(json_object_get(in->manifest, "tables")) ||
           fail(err, ERROR_DAMAGED, "the backup is damaged: tables of its manifest are missing");
}

static bool check_age(Reading *in, Db *db, Error *err)
{
    MigrateStatus status;
    if (!migrate_status(db, &status, err))
        return false;
    if (status.applied <= status.newest)
        return true;
    return fail(err, ERROR_UNSUPPORTED,
                "the backup is of Lectern %.40s, whose tables (migration %d) are newer than those "
                "of this program (" VERSION ", %d); restore it with that version",
                json_member_text(in->manifest, "program").at, status.applied, status.newest);
}

static bool move_into(Reading *in, Db *db, Error *err)
{
    MoveOptions move = { .from = db };
    MoveReport report;
    if (!migrate_up(db, err) || !db_open(in->target->database, NULL, &move.to, err))
        return false;
    bool good = database_move(in->arena, &move, &report, err);
    db_close(move.to);
    return good;
}

static bool finish_database(Reading *in, Error *err)
{
    Db *db;
    if (!db_open(in->part, NULL, &db, err))
        return fail_in(err, "the backup is damaged");
    bool good = check_age(in, db, err) && check_tables(in, db, err) &&
                (!in->target->database || move_into(in, db, err));
    db_close(db);
    if (!good || in->target->database)
        return good;
    char *whole = path_join(in->arena, str(in->target->folder), S(BACKUP_DATABASE));
    if (rename(in->part, whole) != 0)
        return fail_errno(err, "naming %s", whole);
    return folder_sync(in->target->folder, err);
}

bool backup_read(const char *path, const BackupTarget *target, BackupCounts *counts_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Reading in = { .tar = archive_read_new(), .arena = arena, .target = target };
    in.part = path_join(arena, str(target->folder), S(DATABASE_PART));
    archive_read_support_format_tar(in.tar);
    archive_read_support_format_empty(in.tar);
    bool good = (archive_read_open_filename(in.tar, path, KB(64)) == ARCHIVE_OK ||
                 tar_failed(in.tar, path, err)) &&
                read_members(&in, err);
    archive_read_free(in.tar);
    good = good && finish_database(&in, err);
    (void)unlink(in.part);
    json_decref(in.manifest);
    if (good)
        *counts_r = in.counts;
    return good;
}
