#include "store/api_keys_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/access.h"
#include "store/document_access.h"
#include "store/sql.h"

#define COLUMNS                                                                                    \
    "k.id, k.workspace, k.user_id, k.name, k.prefix, k.hash, k.role, k.created_at,"                \
    " k.last_used_at, k.expires_at, k.revoked_at, k.scopes, k.last_address, k.collections"

static void read_key(DbRows *row, Arena *arena, void *item)
{
    *(ApiKey *)item = (ApiKey){
        .id = db_get_text(row, 0, arena),
        .workspace = db_get_text(row, 1, arena),
        .user = db_get_text(row, 2, arena),
        .name = db_get_text(row, 3, arena),
        .prefix = db_get_text(row, 4, arena),
        .hash = db_get_text(row, 5, arena),
        .role = (Role)db_get_int(row, 6),
        .created_at_ms = db_get_int(row, 7),
        .last_used_at_ms = db_get_int(row, 8),
        .expires_at_ms = db_get_int(row, 9),
        .revoked_at_ms = db_get_int(row, 10),
        .scopes = db_get_text(row, 11, arena),
        .last_address = db_get_text(row, 12, arena),
        .collections = db_get_text(row, 13, arena),
    };
}

bool api_key_add(DbTx *tx, const Scope *scope, Arena *arena, ApiKey *key, Error *err)
{
    ApiKey added = *key;

    added.id = id_new(arena);
    added.workspace = scope->workspace;
    added.created_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO api_keys (id, workspace, user_id, name, prefix, hash, role,"
                         " created_at, last_used_at, expires_at, revoked_at, scopes,"
                         " collections) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, 0, $10,"
                         " $11)"),
                 DB_ARGS(db_text(added.id), db_text(added.workspace), db_text_or_null(added.user),
                         db_text(added.name), db_text(added.prefix), db_text(added.hash),
                         db_int(added.role), db_int(added.created_at_ms),
                         db_int(added.expires_at_ms), db_text(added.scopes),
                         db_text(added.collections)),
                 NULL, err))
        return false;
    *key = added;
    return true;
}

/* A key never allows more than its person may do now: role_covers(). */
bool api_key_find_by_hash(DbTx *tx, const Scope *scope, Arena *arena, Str hash, int64_t now_ms,
                          ApiKey *key_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(
               tx, arena,
               DB_SAME("SELECT " COLUMNS " FROM api_keys k WHERE k.hash = $1"
                       " AND k.revoked_at = 0 AND (k.expires_at = 0 OR k.expires_at > $2)"
                       " AND (k.user_id IS NULL OR EXISTS (SELECT 1 FROM users u"
                       "      JOIN memberships m ON m.user_id = u.id"
                       "      WHERE u.id = k.user_id AND u.is_disabled = 0"
                       "        AND m.workspace = k.workspace AND (m.role = k.role"
                       "         OR m.role >= CASE k.role WHEN $3 THEN $4 ELSE k.role END)))"),
               DB_ARGS(db_text(hash), db_int(now_ms), db_int(ROLE_AUDITOR), db_int(ROLE_ADMIN)),
               read_key, key_r, "API key", str_slice(hash, 0, 8), err);
}

bool api_key_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, ApiKey *key_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT " COLUMNS " FROM api_keys k"
                            " WHERE k.workspace = $1 AND k.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_key, key_r, "API key", id,
                    err);
}

static bool serves(const ApiKey *key, int64_t now_ms)
{
    return !key->revoked_at_ms && (!key->expires_at_ms || key->expires_at_ms > now_ms);
}

bool api_key_serves(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                    bool *serves_r, Error *err)
{
    ApiKey key;

    *serves_r = false;
    if (!api_key_find(tx, scope, arena, id, &key, err))
        return err->code == ERROR_NOT_FOUND;
    *serves_r = serves(&key, now_ms);
    return true;
}

bool api_key_act(DbTx *tx, Arena *arena, Str id, Scope *scope, Error *err)
{
    ApiKey key = { 0 };

    if (!id.length)
        return true;
    if (!api_key_find(tx, scope, arena, id, &key, err) && err->code != ERROR_NOT_FOUND)
        return false;
    if (!key.id.length || !serves(&key, now_ms()))
        return fail(err, ERROR_DENIED,
                    "the API key that began this was revoked or is past its time: begin it again "
                    "with one that serves");
    scope->key = key.id;
    scope->role = role_lower(scope->role, key.role);
    scope->collections = key.collections;
    return true;
}

bool api_key_list(DbTx *tx, const Scope *scope, Arena *arena, Str user, ApiKeyList *list_r,
                  Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT " COLUMNS " FROM api_keys k WHERE k.workspace = $1"
                          " AND ($2 = '' OR k.user_id = $2) ORDER BY k.created_at DESC, k.id DESC"),
                  DB_ARGS(db_text(scope->workspace), db_text(user)), read_key, sizeof(ApiKey),
                  &items, err))
        return false;
    *list_r = (ApiKeyList){ .at = items.at, .count = items.count };
    return true;
}

bool api_key_used(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Str address, Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE api_keys SET last_used_at = $3, last_address = $4"
                " WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_int(now_ms), db_text(address)),
        "API key", id, err);
}

/* What a limited key kept (scope_keeper()) nobody else sees. What hangs on it goes with it. */
static bool forget_kept(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    static const DbSql texts[] = {
        DB_SAME("DELETE FROM conversations WHERE workspace = $1 AND user_id = $2"),
        DB_SAME("DELETE FROM saved_searches WHERE workspace = $1 AND user_id = $2"),
        DB_SAME("DELETE FROM study_decks WHERE workspace = $1 AND user_id = $2"),
        DB_SAME("DELETE FROM study_quizzes WHERE workspace = $1 AND user_id = $2"),
        DB_SAME("DELETE FROM study_made WHERE workspace = $1 AND user_id = $2"),
        DB_SAME("DELETE FROM learner_profiles WHERE workspace = $1 AND user_id = $2"),
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        if (!db_exec(tx, texts[i], DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err))
            return false;
    return true;
}

bool api_key_revoke(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE api_keys SET revoked_at ="
                              " CASE WHEN revoked_at = 0 THEN $3 ELSE revoked_at END"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id), db_int(now_ms)), "API key",
                      id, err) &&
           forget_kept(tx, scope, id, err) && access_forget_subject(tx, scope, id, err) &&
           access_changed(tx, ACCESS_KEY, id, err);
}
