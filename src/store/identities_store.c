#include "store/identities_store.h"

#include "store/sql.h"

static void read_identity(DbRows *row, Arena *arena, void *item)
{
    *(Identity *)item = (Identity){
        .issuer = db_get_text(row, 0, arena),
        .subject = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .created_at_ms = db_get_int(row, 3),
        .last_seen_at_ms = db_get_int(row, 4),
    };
}

bool identity_add(DbTx *tx, const Scope *scope, const Identity *identity, Error *err)
{
    int64_t changed;

    if (!sql_needs_system(scope, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO identities (issuer, subject, user_id, created_at,"
                         " last_seen_at) VALUES ($1, $2, $3, $4, $5)"
                         " ON CONFLICT (issuer, subject) DO NOTHING"),
                 DB_ARGS(db_text(identity->issuer), db_text(identity->subject),
                         db_text(identity->user), db_int(identity->created_at_ms),
                         db_int(identity->last_seen_at_ms)),
                 &changed, err))
        return false;
    return changed || fail(err, ERROR_CONFLICT, "this subject is somebody already");
}

bool identity_find(DbTx *tx, const Scope *scope, Arena *arena, Str issuer, Str subject,
                   Identity *identity_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(tx, arena,
                    DB_SAME("SELECT issuer, subject, user_id, created_at, last_seen_at"
                            " FROM identities WHERE issuer = $1 AND subject = $2"),
                    DB_ARGS(db_text(issuer), db_text(subject)), read_identity, identity_r,
                    "person of this issuer", subject, err);
}

bool identity_list(DbTx *tx, const Scope *scope, Arena *arena, Str user, IdentityList *list_r,
                   Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT issuer, subject, user_id, created_at, last_seen_at"
                          " FROM identities WHERE user_id = $1 ORDER BY created_at, issuer,"
                          " subject"),
                  DB_ARGS(db_text(user)), read_identity, sizeof(Identity), &items, err))
        return false;
    *list_r = (IdentityList){ .at = items.at, .count = items.count };
    return true;
}

bool identity_count(DbTx *tx, const Scope *scope, Str user, int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_query_int(tx, DB_SAME("SELECT count(*) FROM identities WHERE user_id = $1"),
                        DB_ARGS(db_text(user)), 0, count_r, err);
}

bool identity_seen(DbTx *tx, const Scope *scope, const Identity *identity, int64_t at_ms,
                   Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE identities SET last_seen_at = $3"
                              " WHERE issuer = $1 AND subject = $2"),
                      DB_ARGS(db_text(identity->issuer), db_text(identity->subject), db_int(at_ms)),
                      "person of this issuer", identity->subject, err);
}
