#include "store/file_uploads_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/due.h"
#include "store/sql.h"

/* --- Limits --- */

/* The row of the workspace is locked meanwhile (PostgreSQL), so that two uploads do not both find
 * the last room. */
static bool lock_workspace(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t ignored;
    return db_query_int(tx,
                        DB_SQL("SELECT 1 FROM workspaces WHERE id = $1",
                               "SELECT 1 FROM workspaces WHERE id = $1 FOR NO KEY UPDATE"),
                        DB_ARGS(db_text(scope->workspace)), 0, &ignored, err);
}

/* What stood in the place of a document's file before. */
#define EARLIER                                                                                    \
    "SELECT coalesce(sum(v.size_bytes), 0) FROM document_versions v"                               \
    " WHERE v.workspace = $1 AND ($2 = '' OR v.created_by = $2) AND v.document IN"                 \
    " (SELECT l.document FROM document_versions l WHERE l.workspace = $1 AND l.version > 1)"       \
    " AND v.version < (SELECT d.version FROM documents d WHERE d.workspace = v.workspace"          \
    "  AND d.id = v.document)"

/* Members of archives are stored for the archive's sake and count with it. */
static bool check_sum(DbTx *tx, const Scope *scope, Str user, int64_t more, int64_t most,
                      const char *whose, Error *err)
{
    int64_t sum;
    if (!most)
        return true;
    if (!db_query_int(
            tx,
            DB_SAME("SELECT CAST((SELECT coalesce(sum(size_bytes), 0) FROM documents"
                    " WHERE workspace = $1 AND parent IS NULL AND ($2 = '' OR created_by = $2))"
                    " + (" EARLIER ")"
                    " + (SELECT coalesce(sum(size), 0) FROM file_uploads WHERE workspace = $1"
                    " AND document = '' AND size > 0 AND ($2 = '' OR user_id = $2)) AS BIGINT)"),
            DB_ARGS(db_text(scope->workspace), db_text(user)), 0, &sum, err))
        return false;
    return sum + more <= most ||
           fail(err, ERROR_FULL,
                "%s would have more than %" PRId64 " bytes of files (setting %s_bytes); %" PRId64
                " are there: erase some, or have the limit raised",
                whose, most, whose[0] == 't' ? "workspace" : "person", sum);
}

bool storage_check(DbTx *tx, const Scope *scope, int64_t more, const StorageLimits *limits,
                   Error *err)
{
    if (!limits->workspace_bytes && !limits->person_bytes)
        return true;
    return lock_workspace(tx, scope, err) &&
           check_sum(tx, scope, S(""), more, limits->workspace_bytes, "this workspace", err) &&
           (!scope->user.length ||
            check_sum(tx, scope, scope->user, more, limits->person_bytes, "you", err));
}

static bool check_open(DbTx *tx, const Scope *scope, const StorageLimits *limits, Error *err)
{
    int64_t count;
    if (!limits->open_max)
        return true;
    return lock_workspace(tx, scope, err) &&
           db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM file_uploads WHERE workspace = $1"
                                " AND user_id = $2 AND document = '' AND expires_at > $3"),
                        DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_int(now_ms())),
                        0, &count, err) &&
           (count < limits->open_max ||
            fail(err, ERROR_LIMITED,
                 "%" PRId64 " uploads are begun and not finished (setting uploads_open); finish or "
                 "remove some first",
                 count));
}

/* --- Uploads --- */

bool file_upload_add(DbTx *tx, const Scope *scope, Arena *arena, const StorageLimits *limits,
                     FileUpload *upload, Error *err)
{
    FileUpload added = *upload;
    added.id = id_new(arena);
    added.user = scope->user;
    added.created_at_ms = now_ms();
    if (!check_open(tx, scope, limits, err) ||
        !storage_check(tx, scope, MAX(upload->size, (int64_t)0), limits, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO file_uploads (workspace, id, user_id, name, media_type,"
                         " collection, metadata, size, chunk_size, sha256, joined, received,"
                         " document, created_at, expires_at, api_key)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, '', $12, $13,"
                         " $14)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.name), db_text(added.media_type), db_text(added.collection),
                         db_text(added.metadata), db_int(added.size), db_int(added.chunk_size),
                         db_text(added.sha256), db_text(added.joined), db_int(added.created_at_ms),
                         db_int(added.expires_at_ms), db_text(scope->key)),
                 NULL, err))
        return false;
    *upload = added;
    return true;
}

static void read_upload(DbRows *row, Arena *arena, void *item)
{
    *(FileUpload *)item = (FileUpload){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .media_type = db_get_text(row, 3, arena),
        .collection = db_get_text(row, 4, arena),
        .metadata = db_get_text(row, 5, arena),
        .size = db_get_int(row, 6),
        .chunk_size = db_get_int(row, 7),
        .sha256 = db_get_text(row, 8, arena),
        .joined = db_get_text(row, 9, arena),
        .received = db_get_int(row, 10),
        .document = db_get_text(row, 11, arena),
        .created_at_ms = db_get_int(row, 12),
        .expires_at_ms = db_get_int(row, 13),
    };
}

/* A limited key sees what it began itself, and nothing else of its person. */
#define UPLOAD                                                                                     \
    "SELECT id, user_id, name, media_type, collection, metadata, size, chunk_size, sha256, "       \
    "joined,"                                                                                      \
    " received, document, created_at, expires_at FROM file_uploads"                                \
    " WHERE workspace = $1 AND id = $2 AND user_id = $3"                                           \
    " AND (expires_at = 0 OR expires_at > $4) AND ($5 = 0 OR api_key = $6)"

static bool find_upload(DbTx *tx, const Scope *scope, Arena *arena, DbSql sql, Str id,
                        FileUpload *upload_r, Error *err)
{
    return sql_find(tx, arena, sql,
                    DB_ARGS(db_text(scope->workspace), db_text(id), db_text(scope->user),
                            db_int(now_ms()), db_int(scope->collections.length > 0),
                            db_text(scope->key)),
                    read_upload, upload_r, "upload", id, err);
}

bool file_upload_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, FileUpload *upload_r,
                      Error *err)
{
    return find_upload(tx, scope, arena, DB_SAME(UPLOAD), id, upload_r, err);
}

bool file_upload_hold(DbTx *tx, const Scope *scope, Arena *arena, Str id, FileUpload *upload_r,
                      Error *err)
{
    return find_upload(tx, scope, arena, DB_SQL(UPLOAD, UPLOAD " FOR UPDATE"), id, upload_r, err);
}

bool file_upload_set_size(DbTx *tx, const Scope *scope, Str id, int64_t size, Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE file_uploads SET size = $3 WHERE workspace = $1 AND id = $2"
                " AND user_id = $4 AND size < 0"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_int(size), db_text(scope->user)),
        "upload of unknown size", id, err);
}

bool file_upload_end(DbTx *tx, const Scope *scope, Str id, Str document, Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE file_uploads SET document = $3, expires_at = 0,"
                " received = size WHERE workspace = $1 AND id = $2 AND user_id = $4"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_text(document), db_text(scope->user)),
        "upload", id, err);
}

bool file_upload_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM file_uploads WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "upload", id, err);
}

/* --- Parts --- */

static void read_part(DbRows *row, Arena *arena, void *item)
{
    *(FileUploadPart *)item = (FileUploadPart){ .start = db_get_int(row, 0),
                                                .size = db_get_int(row, 1),
                                                .blob = db_get_text(row, 2, arena) };
}

bool file_upload_parts(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                       FileUploadPartList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT start, size, blob FROM file_upload_parts"
                          " WHERE workspace = $1 AND upload = $2 ORDER BY start"),
                  DB_ARGS(db_text(scope->workspace), db_text(id)), read_part,
                  sizeof(FileUploadPart), &items, err))
        return false;
    *list_r = (FileUploadPartList){ .at = items.at, .count = items.count };
    return true;
}

/* The part that is there already has the same bytes. */
static bool check_same(DbTx *tx, const Scope *scope, Arena *arena, const FileUpload *upload,
                       const FileUploadPart *part, Error *err)
{
    FileUploadPart there;
    return sql_find(tx, arena,
                    DB_SAME("SELECT start, size, blob FROM file_upload_parts"
                            " WHERE workspace = $1 AND upload = $2 AND start = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(upload->id), db_int(part->start)),
                    read_part, &there, "part", upload->id, err) &&
           ((there.size == part->size && str_equal(there.blob, part->blob)) ||
            fail(err, ERROR_CONFLICT,
                 "other bytes are there already from byte %" PRId64 " on; begin a new upload",
                 part->start));
}

/* Locks the row of the upload, so that of two parts for the same place one comes first. */
static bool advance(DbTx *tx, const Scope *scope, const FileUpload *upload,
                    const FileUploadPart *part, int64_t expires_at_ms, int64_t *changed_r,
                    Error *err)
{
    bool is_ordered = !upload->chunk_size;
    return db_exec(tx,
                   DB_SAME("UPDATE file_uploads SET received = received + $3, expires_at = $4"
                           " WHERE workspace = $1 AND id = $2 AND user_id = $5 AND document = ''"
                           " AND ($6 = 0 OR received = $7)"),
                   DB_ARGS(db_text(scope->workspace), db_text(upload->id), db_int(part->size),
                           db_int(expires_at_ms), db_text(scope->user), db_int(is_ordered),
                           db_int(part->start)),
                   changed_r, err);
}

static bool take_back(DbTx *tx, const Scope *scope, const FileUpload *upload, int64_t size,
                      Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE file_uploads SET received = received - $3"
                           " WHERE workspace = $1 AND id = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(upload->id), db_int(size)), NULL,
                   err);
}

bool file_upload_part_add(DbTx *tx, const Scope *scope, Arena *arena, const FileUpload *upload,
                          const FileUploadPart *part, int64_t expires_at_ms, Error *err)
{
    int64_t changed, added;
    if (!advance(tx, scope, upload, part, expires_at_ms, &changed, err))
        return false;
    if (!changed)
        return fail(err, ERROR_CONFLICT,
                    "the upload has gone on meanwhile: byte %" PRId64 " is not its next; ask "
                    "how far it is",
                    part->start);
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO file_upload_parts (workspace, upload, start, size, blob)"
                         " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(upload->id), db_int(part->start),
                         db_int(part->size), db_text(part->blob)),
                 &added, err))
        return false;
    return added || (take_back(tx, scope, upload, part->size, err) &&
                     check_same(tx, scope, arena, upload, part, err));
}

bool file_upload_part_remove(DbTx *tx, const Scope *scope, Str id, int64_t start, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM file_upload_parts WHERE workspace = $1 AND upload = $2"
                           " AND start = $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(id), db_int(start)), NULL, err);
}

/* --- Cleaning up --- */

static void read_stale(DbRows *row, Arena *arena, void *item)
{
    *(StaleUpload *)item = (StaleUpload){ .workspace = db_get_text(row, 0, arena),
                                          .id = db_get_text(row, 1, arena),
                                          .is_finished = db_get_int(row, 2) != 0 };
}

bool file_upload_list_stale(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                            int64_t limit, StaleUploadList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT workspace, id, 0 " FILE_UPLOADS_EXPIRED
                          " UNION ALL SELECT DISTINCT u.workspace, u.id, 1 " FILE_UPLOADS_FINISHED
                          " LIMIT $2"),
                  DB_ARGS(db_int(now_ms), db_int(limit)), read_stale, sizeof(StaleUpload), &items,
                  err))
        return false;
    *list_r = (StaleUploadList){ .at = items.at, .count = items.count };
    return true;
}

bool file_upload_blobs(DbTx *tx, const Scope *scope, Arena *arena, StrList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT DISTINCT blob FROM file_upload_parts WHERE workspace = $1"),
                  DB_ARGS(db_text(scope->workspace)), sql_read_text, sizeof(Str), &items, err))
        return false;
    *list_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}
