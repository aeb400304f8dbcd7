#include "store/vector_leases_store.h"

#include "store/sql.h"

static void read_lease(DbRows *row, Arena *arena, void *item)
{
    *(VectorLease *)item = (VectorLease){ .store = db_get_text(row, 0, arena),
                                          .model = db_get_text(row, 1, arena),
                                          .dims = db_get_int(row, 2),
                                          .holder = db_get_text(row, 3, arena),
                                          .epoch = db_get_int(row, 4),
                                          .beat = db_get_int(row, 5),
                                          .sequence = db_get_int(row, 6) };
}

bool vector_lease_list(DbTx *tx, const Scope *scope, Arena *arena, Str store,
                       VectorLeaseList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT store, model, dims, holder, epoch, beat, sequence"
                          " FROM vector_leases WHERE store = $1 ORDER BY model, dims"),
                  DB_ARGS(db_text(store)), read_lease, sizeof(VectorLease), &items, err))
        return false;
    *list_r = (VectorLeaseList){ items.at, items.count };
    return true;
}

bool vector_lease_take(DbTx *tx, const Scope *scope, const VectorLease *seen, int64_t *epoch_r,
                       Error *err)
{
    int64_t taken = 0;
    *epoch_r = 0;
    if (!sql_needs_system(scope, err))
        return false;
    bool ok = seen->epoch
                  ? db_exec(tx,
                            DB_SAME("UPDATE vector_leases SET holder = $4, epoch = epoch + 1,"
                                    " beat = beat + 1 WHERE store = $1 AND model = $2 AND dims = $3"
                                    " AND epoch = $5 AND beat = $6"),
                            DB_ARGS(db_text(seen->store), db_text(seen->model), db_int(seen->dims),
                                    db_text(seen->holder), db_int(seen->epoch), db_int(seen->beat)),
                            &taken, err)
                  : db_exec(tx,
                            DB_SAME("INSERT INTO vector_leases"
                                    " (store, model, dims, holder, epoch, beat, sequence)"
                                    " VALUES ($1, $2, $3, $4, 1, 1, -1)"
                                    " ON CONFLICT (store, model, dims) DO NOTHING"),
                            DB_ARGS(db_text(seen->store), db_text(seen->model), db_int(seen->dims),
                                    db_text(seen->holder)),
                            &taken, err);
    if (ok && taken)
        *epoch_r = seen->epoch + 1;
    return ok;
}

bool vector_lease_renew(DbTx *tx, const Scope *scope, const VectorLease *held, bool *is_held_r,
                        Error *err)
{
    int64_t changed = 0;
    bool ok = sql_needs_system(scope, err) &&
              db_exec(tx,
                      DB_SAME("UPDATE vector_leases SET beat = beat + 1,"
                              " sequence = CASE WHEN sequence < $6 THEN $6 ELSE sequence END"
                              " WHERE store = $1 AND model = $2 AND dims = $3 AND holder = $4"
                              " AND epoch = $5"),
                      DB_ARGS(db_text(held->store), db_text(held->model), db_int(held->dims),
                              db_text(held->holder), db_int(held->epoch), db_int(held->sequence)),
                      &changed, err);
    *is_held_r = ok && changed;
    return ok;
}

bool vector_lease_give_back(DbTx *tx, const Scope *scope, const VectorLease *held, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE vector_leases SET holder = '',"
                           " sequence = CASE WHEN sequence < $6 THEN $6 ELSE sequence END"
                           " WHERE store = $1 AND model = $2 AND dims = $3 AND holder = $4"
                           " AND epoch = $5"),
                   DB_ARGS(db_text(held->store), db_text(held->model), db_int(held->dims),
                           db_text(held->holder), db_int(held->epoch), db_int(held->sequence)),
                   NULL, err);
}

bool vector_lease_remove(DbTx *tx, const Scope *scope, const VectorLease *held, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("DELETE FROM vector_leases WHERE store = $1 AND model = $2"
                           " AND dims = $3 AND holder = $4 AND epoch = $5"),
                   DB_ARGS(db_text(held->store), db_text(held->model), db_int(held->dims),
                           db_text(held->holder), db_int(held->epoch)),
                   NULL, err);
}
