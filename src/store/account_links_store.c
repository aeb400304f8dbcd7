#include "store/account_links_store.h"

#include "store/sql.h"

static void read_link(DbRows *row, Arena *arena, void *item)
{
    *(AccountLink *)item = (AccountLink){
        .id = db_get_text(row, 0, arena),
        .kind = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .email = db_get_text(row, 3, arena),
        .created_at_ms = db_get_int(row, 4),
        .expires_at_ms = db_get_int(row, 5),
    };
}

bool account_link_put(DbTx *tx, const Scope *scope, const AccountLink *link, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO account_links (id, kind, user_id, email, created_at,"
                           " expires_at) VALUES ($1, $2, $3, $4, $5, $6)"
                           " ON CONFLICT (user_id, kind) DO UPDATE SET id = excluded.id,"
                           " email = excluded.email, created_at = excluded.created_at,"
                           " expires_at = excluded.expires_at"),
                   DB_ARGS(db_text(link->id), db_text(link->kind), db_text(link->user),
                           db_text(link->email), db_int(link->created_at_ms),
                           db_int(link->expires_at_ms)),
                   NULL, err);
}

bool account_link_take(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str id, int64_t now_ms,
                       AccountLink *link_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(tx, arena,
                    DB_SAME("DELETE FROM account_links WHERE id = $1 AND kind = $2"
                            " AND expires_at > $3"
                            " RETURNING id, kind, user_id, email, created_at, expires_at"),
                    DB_ARGS(db_text(id), db_text(kind), db_int(now_ms)), read_link, link_r, "link",
                    str_slice(id, 0, 8), err);
}

bool account_link_made_at(DbTx *tx, const Scope *scope, Str kind, Str user, int64_t *made_at_ms_r,
                          Error *err)
{
    return sql_needs_system(scope, err) &&
           db_query_int(tx,
                        DB_SAME("SELECT created_at FROM account_links"
                                " WHERE user_id = $1 AND kind = $2"),
                        DB_ARGS(db_text(user), db_text(kind)), 0, made_at_ms_r, err);
}

bool account_link_remove_of_user(DbTx *tx, const Scope *scope, Str user, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM account_links WHERE user_id = $1"),
                   DB_ARGS(db_text(user)), NULL, err);
}
