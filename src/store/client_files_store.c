#include "store/client_files_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/due.h"
#include "store/sql.h"

#define FILES                                                                                      \
    "SELECT id, user_id, name, media_type, purpose, blob, size, created_at, expires_at"            \
    " FROM client_files WHERE workspace = $1 AND (expires_at = 0 OR expires_at > $2) "
#define NO_HIDDEN "AND purpose NOT IN ('" FILE_PURPOSE_VOICE "', '" FILE_PURPOSE_EXPORT "') "

static void read_file(DbRows *row, Arena *arena, void *item)
{
    *(ClientFile *)item = (ClientFile){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .media_type = db_get_text(row, 3, arena),
        .purpose = db_get_text(row, 4, arena),
        .blob = db_get_text(row, 5, arena),
        .size = db_get_int(row, 6),
        .created_at_ms = db_get_int(row, 7),
        .expires_at_ms = db_get_int(row, 8),
    };
}

/* The row of the workspace is locked meanwhile (PostgreSQL), so that two uploads do not both find
 * the last room. */
static bool check_sum(DbTx *tx, const Scope *scope, int64_t more, int64_t sum_max, Error *err)
{
    int64_t ignored, sum;
    if (!db_query_int(tx,
                      DB_SQL("SELECT 1 FROM workspaces WHERE id = $1",
                             "SELECT 1 FROM workspaces WHERE id = $1 FOR NO KEY UPDATE"),
                      DB_ARGS(db_text(scope->workspace)), 0, &ignored, err) ||
        !db_query_int(tx,
                      DB_SAME("SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM client_files"
                              " WHERE workspace = $1 AND (expires_at = 0 OR expires_at > $2)"
                              " AND purpose <> '" FILE_PURPOSE_EXPORT "'"),
                      DB_ARGS(db_text(scope->workspace), db_int(now_ms())), 0, &sum, err))
        return false;
    return sum + more <= sum_max || fail(err, ERROR_FULL,
                                         "the files of this workspace would have more than %" PRId64
                                         " bytes (setting files_sum_max); remove some",
                                         sum_max);
}

bool client_file_add(DbTx *tx, const Scope *scope, Arena *arena, int64_t sum_max, ClientFile *file,
                     Error *err)
{
    ClientFile added = *file;
    Str id = id_new(arena);
    added.id = str_format(arena, "file-" STR_FMT, STR_ARG(id));
    added.created_at_ms = now_ms();
    if (!check_sum(tx, scope, file->size, sum_max, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO client_files (workspace, id, user_id, name, media_type,"
                         " purpose, blob, size, created_at, expires_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.name), db_text(added.media_type), db_text(added.purpose),
                         db_text(added.blob), db_int(added.size), db_int(added.created_at_ms),
                         db_int(added.expires_at_ms)),
                 NULL, err))
        return false;
    *file = added;
    return true;
}

bool client_file_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, ClientFile *file_r,
                      Error *err)
{
    return sql_find(tx, arena, DB_SAME(FILES NO_HIDDEN "AND id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_int(now_ms()), db_text(id)), read_file,
                    file_r, "file", id, err);
}

bool voice_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, ClientFile *file_r, Error *err)
{
    return sql_find(
        tx, arena,
        DB_SAME(FILES "AND id = $3 AND user_id = $4 AND purpose = '" FILE_PURPOSE_VOICE "'"),
        DB_ARGS(db_text(scope->workspace), db_int(now_ms()), db_text(id), db_text(scope->user)),
        read_file, file_r, "recording", id, err);
}

bool voice_keep(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE client_files SET expires_at = 0 WHERE workspace = $1"
                              " AND id = $2 AND user_id = $3 AND purpose = '" FILE_PURPOSE_VOICE
                              "'"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_text(scope->user)),
                      "recording", id, err);
}

bool client_file_list(DbTx *tx, const Scope *scope, Arena *arena, const ClientFileAsk *ask,
                      ClientFileList *list_r, Error *err)
{
    DbSql down = DB_SAME(FILES NO_HIDDEN "AND ($3 = '' OR purpose = $3) AND ($4 = '' OR id < $4)"
                                         " ORDER BY id DESC LIMIT $5");
    DbSql up =
        DB_SAME(FILES NO_HIDDEN "AND ($3 = '' OR purpose = $3) AND id > $4 ORDER BY id LIMIT $5");
    SqlItems items;
    if (!sql_list(tx, arena, ask->is_ascending ? up : down,
                  DB_ARGS(db_text(scope->workspace), db_int(now_ms()), db_text(ask->purpose),
                          db_text(ask->after), db_int(ask->limit + 1)),
                  read_file, sizeof(ClientFile), &items, err))
        return false;
    bool has_more = items.count > (size_t)ask->limit;
    *list_r =
        (ClientFileList){ .at = items.at, .count = items.count - has_more, .has_more = has_more };
    return true;
}

bool export_file_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, ClientFile *file_r,
                      Error *err)
{
    return scope_needs(scope, ROLE_OWNER, err) &&
           sql_find(tx, arena, DB_SAME(FILES "AND id = $3 AND purpose = '" FILE_PURPOSE_EXPORT "'"),
                    DB_ARGS(db_text(scope->workspace), db_int(now_ms()), db_text(id)), read_file,
                    file_r, "export", id, err);
}

bool export_file_list(DbTx *tx, const Scope *scope, Arena *arena, ClientFileList *list_r,
                      Error *err)
{
    SqlItems items;
    if (!scope_needs(scope, ROLE_OWNER, err) ||
        !sql_list(
            tx, arena,
            DB_SAME(FILES "AND purpose = '" FILE_PURPOSE_EXPORT "' ORDER BY id DESC LIMIT 100"),
            DB_ARGS(db_text(scope->workspace), db_int(now_ms())), read_file, sizeof(ClientFile),
            &items, err))
        return false;
    *list_r = (ClientFileList){ .at = items.at, .count = items.count };
    return true;
}

bool client_file_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM client_files WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "file", id, err);
}

static void read_expired(DbRows *row, Arena *arena, void *item)
{
    *(ExpiredFile *)item = (ExpiredFile){ .workspace = db_get_text(row, 0, arena),
                                          .id = db_get_text(row, 1, arena),
                                          .blob = db_get_text(row, 2, arena) };
}

bool client_file_list_expired(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                              int64_t limit, ExpiredFileList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_needs_system(scope, err) ||
        !sql_list(
            tx, arena, DB_SAME("SELECT workspace, id, blob " CLIENT_FILES_EXPIRED " LIMIT $2"),
            DB_ARGS(db_int(now_ms), db_int(limit)), read_expired, sizeof(ExpiredFile), &items, err))
        return false;
    *list_r = (ExpiredFileList){ .at = items.at, .count = items.count };
    return true;
}

bool client_file_blobs(DbTx *tx, const Scope *scope, Arena *arena, StrList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena, DB_SAME("SELECT DISTINCT blob FROM client_files WHERE workspace = $1"),
                  DB_ARGS(db_text(scope->workspace)), sql_read_text, sizeof(Str), &items, err))
        return false;
    *list_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}
