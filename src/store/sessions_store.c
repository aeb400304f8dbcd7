#include "store/sessions_store.h"

#include "store/access.h"
#include "store/second_factors_store.h"
#include "store/sql.h"

#define SESSIONS                                                                                   \
    "SELECT s.id, s.user_id, s.workspace, s.csrf, s.user_agent, s.address, s.created_at,"          \
    " s.last_seen_at, s.expires_at, u.email, u.name, m.role,"                                      \
    " (SELECT count(*) FROM second_factors f WHERE f.user_id = s.user_id AND f.confirmed_at > 0)"  \
    " + (SELECT count(*) FROM passkeys p WHERE p.user_id = s.user_id),"                            \
    " s.provider, s.way FROM sessions s"                                                           \
    " JOIN users u ON u.id = s.user_id"                                                            \
    " JOIN memberships m ON m.workspace = s.workspace AND m.user_id = s.user_id"                   \
    " WHERE u.is_disabled = 0 AND "

static void read_session(DbRows *row, Arena *arena, void *item)
{
    *(Session *)item = (Session){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .workspace = db_get_text(row, 2, arena),
        .csrf = db_get_text(row, 3, arena),
        .user_agent = db_get_text(row, 4, arena),
        .address = db_get_text(row, 5, arena),
        .created_at_ms = db_get_int(row, 6),
        .last_seen_at_ms = db_get_int(row, 7),
        .expires_at_ms = db_get_int(row, 8),
        .email = db_get_text(row, 9, arena),
        .name = db_get_text(row, 10, arena),
        .role = (Role)db_get_int(row, 11),
        .has_second_factor = db_get_int(row, 12) != 0,
        .provider = db_get_text(row, 13, arena),
        .way = db_get_text(row, 14, arena),
    };
}

bool session_add(DbTx *tx, const Scope *scope, const Session *session, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO sessions (id, user_id, workspace, csrf, user_agent,"
                           " address, created_at, last_seen_at, expires_at, provider, way)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
                   DB_ARGS(db_text(session->id), db_text(session->user), db_text(scope->workspace),
                           db_text(session->csrf), db_text(session->user_agent),
                           db_text(session->address), db_int(session->created_at_ms),
                           db_int(session->last_seen_at_ms), db_int(session->expires_at_ms),
                           db_text(session->provider), db_text(session->way)),
                   NULL, err);
}

bool session_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                  Session *session_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(tx, arena, DB_SAME(SESSIONS "s.id = $1 AND s.expires_at > $2"),
                    DB_ARGS(db_text(id), db_int(now_ms)), read_session, session_r, "session",
                    str_slice(id, 0, 8), err);
}

bool session_seen(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, int64_t expires_at_ms,
                  Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE sessions SET last_seen_at = $2, expires_at = $3"
                              " WHERE id = $1 AND ($4 = 1 OR workspace = $5)"),
                      DB_ARGS(db_text(id), db_int(now_ms), db_int(expires_at_ms),
                              db_int(scope->is_system), db_text(scope->workspace)),
                      "session", str_slice(id, 0, 8), err);
}

bool session_move(DbTx *tx, const Scope *scope, const Session *session, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE sessions SET workspace = $3, csrf = $4"
                              " WHERE id = $1 AND user_id = $2"),
                      DB_ARGS(db_text(session->id), db_text(session->user),
                              db_text(session->workspace), db_text(session->csrf)),
                      "session", str_slice(session->id, 0, 8), err) &&
           access_changed(tx, ACCESS_SESSION, session->id, err);
}

bool session_list(DbTx *tx, const Scope *scope, Arena *arena, Str user, SessionList *list_r,
                  Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(SESSIONS "s.workspace = $1 AND s.user_id = $2"
                                   " ORDER BY s.created_at DESC, s.id"),
                  DB_ARGS(db_text(scope->workspace), db_text(user)), read_session, sizeof(Session),
                  &items, err))
        return false;
    *list_r = (SessionList){ .at = items.at, .count = items.count };
    return true;
}

bool session_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM sessions WHERE id = $1 AND ($2 = 1 OR workspace = $3)"),
                      DB_ARGS(db_text(id), db_int(scope->is_system), db_text(scope->workspace)),
                      "session", str_slice(id, 0, 8), err) &&
           access_changed(tx, ACCESS_SESSION, id, err);
}

bool session_remove_of_user(DbTx *tx, const Scope *scope, Str user, Str but, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM sessions WHERE user_id = $1 AND id <> $2"
                           " AND ($3 = 1 OR workspace = $4)"),
                   DB_ARGS(db_text(user), db_text(but), db_int(scope->is_system),
                           db_text(scope->workspace)),
                   NULL, err) &&
           (!scope->is_system || half_sign_in_remove(tx, scope, user, err)) &&
           access_changed(tx, ACCESS_USER, user, err);
}
