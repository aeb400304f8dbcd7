#include "store/person_erasures_store.h"

#include "base/id.h"
#include "store/sql.h"

#define COLUMNS "id, user_id, asked_by, job, asked_at, due_at, began_at, ended_at, removed, proof"
#define WHAT "erasure"

static void read_erasure(DbRows *row, Arena *arena, void *item)
{
    *(PersonErasure *)item = (PersonErasure){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .asked_by = db_get_text(row, 2, arena),
        .job = db_get_text(row, 3, arena),
        .asked_at_ms = db_get_int(row, 4),
        .due_at_ms = db_get_int(row, 5),
        .began_at_ms = db_get_int(row, 6),
        .ended_at_ms = db_get_int(row, 7),
        .removed = db_get_text(row, 8, arena),
        .proof = db_get_text(row, 9, arena),
    };
}

bool person_erasure_add(DbTx *tx, const Scope *scope, Arena *arena, PersonErasure *erasure,
                        Error *err)
{
    int64_t added;

    erasure->id = id_new(arena);
    erasure->removed = S("{}");
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO person_erasures (workspace, " COLUMNS ", hash)"
                         " VALUES ($1, $2, $3, $4, '', $5, $6, 0, 0, '{}', '', $7)"
                         " ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(erasure->id), db_text(erasure->user),
                         db_text(erasure->asked_by), db_int(erasure->asked_at_ms),
                         db_int(erasure->due_at_ms), db_text(erasure->hash)),
                 &added, err))
        return false;
    return added || fail(err, ERROR_CONFLICT, "this person's data is to be erased already");
}

bool person_erasure_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                         PersonErasure *erasure_r, Error *err)
{
    return sql_find(
        tx, arena,
        DB_SAME("SELECT " COLUMNS " FROM person_erasures WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id)), read_erasure, erasure_r, WHAT, id, err);
}

bool person_erasure_find_open(DbTx *tx, const Scope *scope, Arena *arena, Str user,
                              PersonErasure *erasure_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT " COLUMNS " FROM person_erasures WHERE workspace = $1"
                            " AND user_id = $2 AND user_id <> ''"),
                    DB_ARGS(db_text(scope->workspace), db_text(user)), read_erasure, erasure_r,
                    WHAT, user, err);
}

bool person_erasure_list(DbTx *tx, const Scope *scope, Arena *arena, PersonErasureList *list_r,
                         Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT " COLUMNS " FROM person_erasures WHERE workspace = $1"
                          " ORDER BY asked_at DESC, id LIMIT 1000"),
                  DB_ARGS(db_text(scope->workspace)), read_erasure, sizeof(PersonErasure), &items,
                  err))
        return false;
    *list_r = (PersonErasureList){ .at = items.at, .count = items.count };
    return true;
}

bool person_erasure_list_by_hash(DbTx *tx, const Scope *scope, Arena *arena, Str hash,
                                 int64_t ended_after_ms, PersonErasureList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT " COLUMNS " FROM person_erasures WHERE hash = $1 AND hash <> ''"
                          " AND (ended_at = 0 OR ended_at > $2) ORDER BY asked_at, id"),
                  DB_ARGS(db_text(hash), db_int(ended_after_ms)), read_erasure,
                  sizeof(PersonErasure), &items, err))
        return false;
    *list_r = (PersonErasureList){ .at = items.at, .count = items.count };
    return true;
}

bool person_erasure_save(DbTx *tx, const Scope *scope, const PersonErasure *erasure, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE person_erasures SET user_id = $3, job = $4, began_at = $5,"
                              " ended_at = $6, removed = $7, proof = $8"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(erasure->id),
                              db_text(erasure->user), db_text(erasure->job),
                              db_int(erasure->began_at_ms), db_int(erasure->ended_at_ms),
                              db_text(erasure->removed), db_text(erasure->proof)),
                      WHAT, erasure->id, err);
}

bool person_erasure_take_back(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    PersonErasure found;

    if (!person_erasure_find(tx, scope, arena, id, &found, err))
        return false;
    if (found.began_at_ms)
        return fail(err, ERROR_CONFLICT, "the erasure has begun; it cannot be taken back any more");
    return sql_change(tx,
                      DB_SAME("DELETE FROM person_erasures WHERE workspace = $1 AND id = $2"
                              " AND began_at = 0"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), WHAT, id, err);
}

bool person_erasure_count_open(DbTx *tx, const Scope *scope, Str user, int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_query_int(tx, DB_SAME("SELECT count(*) FROM person_erasures WHERE user_id = $1"),
                        DB_ARGS(db_text(user)), 0, count_r, err);
}
