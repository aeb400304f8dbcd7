#include "store/responses_store.h"

#include "store/sql.h"

#define MINE " WHERE workspace = $1 AND user_id = $2 AND id = $3"
#define MINE_ARGS(scope, id) db_text((scope)->workspace), db_text((scope)->user), db_text(id)

/* An id that somebody else has taken stays his. */
bool response_put(DbTx *tx, const Scope *scope, const StoredResponse *response, Error *err)
{
    return sql_change(
        tx,
        DB_SAME("INSERT INTO responses (workspace, user_id, id, is_running, is_cancelled,"
                " alive_until, reply, items, asked, expires_at)"
                " VALUES ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9)"
                " ON CONFLICT (workspace, id) DO UPDATE SET is_running = excluded.is_running,"
                " is_cancelled = 0, alive_until = excluded.alive_until, reply = excluded.reply,"
                " items = excluded.items, asked = excluded.asked, expires_at = excluded.expires_at"
                " WHERE responses.user_id = excluded.user_id"),
        DB_ARGS(MINE_ARGS(scope, response->id), db_int(response->is_running),
                db_int(response->alive_until_ms), db_blob(response->reply),
                db_blob(response->items), db_int(response->asked), db_int(response->expires_at_ms)),
        "response", response->id, err);
}

bool response_end(DbTx *tx, const Scope *scope, const StoredResponse *response, bool *was_there_r,
                  Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE responses SET is_running = 0, reply = $4, items = $5, asked = $6,"
                         " expires_at = $7" MINE " AND is_running = 1"),
                 DB_ARGS(MINE_ARGS(scope, response->id), db_blob(response->reply),
                         db_blob(response->items), db_int(response->asked),
                         db_int(response->expires_at_ms)),
                 &changed, err))
        return false;
    *was_there_r = changed > 0;
    return true;
}

static void read_response(DbRows *row, Arena *arena, void *item)
{
    *(StoredResponse *)item = (StoredResponse){
        .id = db_get_text(row, 0, arena),
        .is_running = db_get_int(row, 1) != 0,
        .is_cancelled = db_get_int(row, 2) != 0,
        .alive_until_ms = db_get_int(row, 3),
        .reply = db_get_blob(row, 4, arena),
        .items = db_get_blob(row, 5, arena),
        .asked = db_get_int(row, 6),
        .expires_at_ms = db_get_int(row, 7),
    };
}

bool response_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                   StoredResponse *response_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT id, is_running, is_cancelled, alive_until, reply, items, asked,"
                            " expires_at FROM responses" MINE " AND expires_at > $4"),
                    DB_ARGS(MINE_ARGS(scope, id), db_int(now_ms)), read_response, response_r,
                    "response", id, err);
}

bool response_touch(DbTx *tx, const Scope *scope, Str id, int64_t alive_until_ms, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE responses SET alive_until = $4" MINE
                              " AND is_running = 1 AND is_cancelled = 0"),
                      DB_ARGS(MINE_ARGS(scope, id), db_int(alive_until_ms)), "response", id, err);
}

bool response_cancel(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return db_exec(tx, DB_SAME("UPDATE responses SET is_cancelled = 1" MINE " AND is_running = 1"),
                   DB_ARGS(MINE_ARGS(scope, id)), NULL, err);
}

bool response_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM responses" MINE), DB_ARGS(MINE_ARGS(scope, id)),
                      "response", id, err);
}
