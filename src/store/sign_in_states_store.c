#include "store/sign_in_states_store.h"

#include "store/sql.h"

bool sign_in_state_use(DbTx *tx, const Scope *scope, Str id, int64_t expires_at_ms, Error *err)
{
    int64_t changed;

    if (!sql_needs_system(scope, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO sign_in_states (id, expires_at) VALUES ($1, $2)"
                         " ON CONFLICT (id) DO NOTHING"),
                 DB_ARGS(db_text(id), db_int(expires_at_ms)), &changed, err))
        return false;
    return changed || fail(err, ERROR_CONFLICT, "this answer was used already");
}
