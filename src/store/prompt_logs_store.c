#include "store/prompt_logs_store.h"

#include "store/sql.h"

bool prompt_log_add(DbTx *tx, const Scope *scope, const PromptLog *log, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO prompt_logs (workspace, id, user_id, key_id, model, feature,"
                " status, is_hashed, prompt, reply, created_at)"
                " SELECT $1, $2, $3, $4, $5, $6, $7, CAST($8 AS BIGINT), $9, $10,"
                " CAST($11 AS BIGINT)"
                " WHERE $3 = '' OR EXISTS (SELECT 1 FROM memberships"
                " WHERE workspace = $1 AND user_id = $3)"
                " ON CONFLICT (workspace, id) DO NOTHING"),
        DB_ARGS(db_text(scope->workspace), db_text(log->id), db_text(log->user), db_text(log->key),
                db_text(log->model), db_text(log->feature), db_text(log->status),
                db_int(log->is_hashed), db_text(log->prompt), db_text(log->reply),
                db_int(log->created_at_ms)),
        NULL, err);
}

static void read_log(DbRows *row, Arena *arena, void *item)
{
    *(PromptLog *)item = (PromptLog){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .key = db_get_text(row, 2, arena),
        .model = db_get_text(row, 3, arena),
        .feature = db_get_text(row, 4, arena),
        .status = db_get_text(row, 5, arena),
        .is_hashed = db_get_int(row, 6) != 0,
        .prompt = db_get_text(row, 7, arena),
        .reply = db_get_text(row, 8, arena),
        .created_at_ms = db_get_int(row, 9),
    };
}

/* Ids are UUIDv7, so their order is that of time. */
bool prompt_log_list(DbTx *tx, const Scope *scope, Arena *arena, Str user, const Slice *slice,
                     PromptLogList *list_r, Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    Str after = slice ? slice->after : STR_NONE;
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, user_id, key_id, model, feature, status, is_hashed, prompt,"
                          " reply, created_at FROM prompt_logs WHERE workspace = $1"
                          " AND ($2 = '' OR user_id = $2) AND ($3 = '' OR id < $3)"
                          " ORDER BY id DESC LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(user), db_text(after),
                          db_int((int64_t)limit + 1)),
                  read_log, sizeof(PromptLog), &items, err))
        return false;
    PromptLogList list = { .at = items.at, .count = MIN(items.count, limit) };
    if (items.count > limit)
        list.next = list.at[limit - 1].id;
    *list_r = list;
    return true;
}

bool prompt_log_clear(DbTx *tx, const Scope *scope, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM prompt_logs WHERE workspace = $1"),
                   DB_ARGS(db_text(scope->workspace)), NULL, err);
}
