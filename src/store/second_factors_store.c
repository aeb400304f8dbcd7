#include "store/second_factors_store.h"

#include "base/clock.h"
#include "store/sql.h"

static void read_factor(DbRows *row, Arena *arena, void *item)
{
    *(SecondFactor *)item = (SecondFactor){
        .user = db_get_text(row, 0, arena),
        .sealed = db_get_blob(row, 1, arena),
        .created_at_ms = db_get_int(row, 2),
        .confirmed_at_ms = db_get_int(row, 3),
        .last_step = db_get_int(row, 4),
        .failures = db_get_int(row, 5),
        .wait_until_ms = db_get_int(row, 6),
    };
}

bool second_factor_set(DbTx *tx, const Scope *scope, Str user, Str sealed, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO second_factors (user_id, sealed, created_at, confirmed_at,"
                           " last_step, failures, wait_until) VALUES ($1, $2, $3, 0, 0, 0, 0)"
                           " ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed,"
                           " created_at = excluded.created_at, confirmed_at = 0, last_step = 0"),
                   DB_ARGS(db_text(user), db_blob(sealed), db_int(now_ms())), NULL, err);
}

bool second_factor_keep(DbTx *tx, const Scope *scope, Str user, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO second_factors (user_id, sealed, created_at, confirmed_at,"
                           " last_step, failures, wait_until) VALUES ($1, $2, $3, 0, 0, 0, 0)"
                           " ON CONFLICT (user_id) DO NOTHING"),
                   DB_ARGS(db_text(user), db_blob(S("")), db_int(now_ms())), NULL, err);
}

bool second_factor_find(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                        SecondFactor *factor_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(tx, arena,
                    DB_SAME("SELECT user_id, sealed, created_at, confirmed_at, last_step, failures,"
                            " wait_until FROM second_factors WHERE user_id = $1"),
                    DB_ARGS(db_text(user)), read_factor, factor_r, "second factor of", user, err);
}

bool second_factor_confirm(DbTx *tx, const Scope *scope, Str user, int64_t now_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE second_factors SET confirmed_at = $2"
                              " WHERE user_id = $1 AND confirmed_at = 0"),
                      DB_ARGS(db_text(user), db_int(now_ms)), "second factor of", user, err);
}

/* The change comes first: it holds the row, so that nobody guesses with an older count. */
bool second_factor_guess(DbTx *tx, const Scope *scope, Arena *arena, Str user, int64_t now_ms,
                         SecondFactor *factor_r, Error *err)
{
    int64_t changed;

    if (!sql_needs_system(scope, err) ||
        !db_exec(tx,
                 DB_SAME("UPDATE second_factors SET failures = failures + 1"
                         " WHERE user_id = $1 AND wait_until <= $2"),
                 DB_ARGS(db_text(user), db_int(now_ms)), &changed, err) ||
        !second_factor_find(tx, scope, arena, user, factor_r, err))
        return false;
    return changed || fail(err, ERROR_LIMITED, "too many wrong codes; try again in %d seconds",
                           (int)((factor_r->wait_until_ms - now_ms) / 1000 + 1));
}

bool second_factor_wait(DbTx *tx, const Scope *scope, Str user, int64_t until_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx, DB_SAME("UPDATE second_factors SET wait_until = $2 WHERE user_id = $1"),
                      DB_ARGS(db_text(user), db_int(until_ms)), "second factor of", user, err);
}

bool second_factor_taken(DbTx *tx, const Scope *scope, Str user, int64_t step, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE second_factors SET last_step = $2, failures = 0,"
                              " wait_until = 0 WHERE user_id = $1"),
                      DB_ARGS(db_text(user), db_int(step)), "second factor of", user, err);
}

bool second_factor_remove(DbTx *tx, const Scope *scope, Str user, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM second_factors WHERE user_id = $1"),
                   DB_ARGS(db_text(user)), NULL, err);
}

/* --- Recovery codes --------------------------------------------------------------------- */

bool recovery_code_replace(DbTx *tx, const Scope *scope, Str user, const Str *hashes, size_t count,
                           Error *err)
{
    bool ok = sql_needs_system(scope, err) &&
              db_exec(tx, DB_SAME("DELETE FROM recovery_codes WHERE user_id = $1"),
                      DB_ARGS(db_text(user)), NULL, err);

    for (size_t i = 0; i < count && ok; i++)
        ok = db_exec(tx, DB_SAME("INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)"),
                     DB_ARGS(db_text(user), db_text(hashes[i])), NULL, err);
    return ok;
}

bool recovery_code_take(DbTx *tx, const Scope *scope, Str user, Str hash, bool *fits_r, Error *err)
{
    int64_t changed = 0;
    bool ok = sql_needs_system(scope, err) &&
              db_exec(tx, DB_SAME("DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2"),
                      DB_ARGS(db_text(user), db_text(hash)), &changed, err);

    *fits_r = ok && changed;
    return ok;
}

bool recovery_code_count(DbTx *tx, const Scope *scope, Str user, int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_query_int(tx, DB_SAME("SELECT count(*) FROM recovery_codes WHERE user_id = $1"),
                        DB_ARGS(db_text(user)), 0, count_r, err);
}

/* --- Half of a sign-in ------------------------------------------------------------------ */

bool half_sign_in_add(DbTx *tx, const Scope *scope, Str id, Str user, int64_t expires_at_ms,
                      Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO half_sign_ins (id, user_id, expires_at)"
                           " VALUES ($1, $2, $3)"),
                   DB_ARGS(db_text(id), db_text(user), db_int(expires_at_ms)), NULL, err);
}

bool half_sign_in_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                       Str *user_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(tx, arena,
                    DB_SAME("SELECT user_id FROM half_sign_ins WHERE id = $1 AND expires_at > $2"),
                    DB_ARGS(db_text(id), db_int(now_ms)), sql_read_text, user_r, "sign-in",
                    str_slice(id, 0, 8), err);
}

bool half_sign_in_remove(DbTx *tx, const Scope *scope, Str user, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM half_sign_ins WHERE user_id = $1"),
                   DB_ARGS(db_text(user)), NULL, err);
}
