/* collection_guard.c - see collection_guard.h. */
#include "store/collection_guard.h"

#include "store/index_changes_store.h"
#include "store/sql.h"

/* A place in the order of the index documents_of_collection. */
typedef struct Place {
    int64_t deleted_at, created_at;
    Str id;
} Place;

static void read_place(DbRows *row, Arena *arena, void *item)
{
    *(Place *)item = (Place){ db_get_int(row, 0), db_get_int(row, 1), db_get_text(row, 2, arena) };
}

/* The last document of the step that begins behind `place`; none: no full step is left. */
static bool find_end(DbTx *tx, const Scope *scope, Arena *arena, Str collection, const Place *place,
                     SqlItems *end_r, Error *err)
{
    return sql_list(tx, arena,
                    DB_SAME("SELECT deleted_at, created_at, id FROM documents"
                            " WHERE workspace = $1 AND collection = $2"
                            " AND (deleted_at, created_at, id) > ($3, $4, $5)"
                            " ORDER BY deleted_at, created_at, id LIMIT 1 OFFSET $6"),
                    DB_ARGS(db_text(scope->workspace), db_text(collection),
                            db_int(place->deleted_at), db_int(place->created_at),
                            db_text(place->id), db_int(GUARD_STEP - 1)),
                    read_place, sizeof(Place), end_r, err);
}

#define CHANGE                                                                                     \
    "UPDATE documents SET guard = $3 WHERE workspace = $1 AND collection = $2"                     \
    " AND guard IN ('', $2) AND (deleted_at, created_at, id) > ($4, $5, $6)"

static bool change_step(DbTx *tx, const Scope *scope, Str collection, Str guard, const Place *from,
                        const Place *to, Error *err)
{
    const DbValue args[] = {
        db_text(scope->workspace),
        db_text(collection),
        db_text(guard),
        db_int(from->deleted_at),
        db_int(from->created_at),
        db_text(from->id),
        db_int(to ? to->deleted_at : 0),
        db_int(to ? to->created_at : 0),
        db_text(to ? to->id : S("")),
    };
    return to ? db_exec(tx, DB_SAME(CHANGE " AND (deleted_at, created_at, id) <= ($7, $8, $9)"),
                        args, COUNT(args), NULL, err)
              : db_exec(tx, DB_SAME(CHANGE), args, 6, NULL, err);
}

bool collection_set_guard(DbTx *tx, const Scope *scope, Str collection, Str guard, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Place from = { -1, 0, S("") };
    SqlItems end;
    if (!db_exec(tx, DB_SAME("UPDATE collections SET guard = $3 WHERE workspace = $1 AND id = $2"),
                 DB_ARGS(db_text(scope->workspace), db_text(collection), db_text(guard)), NULL,
                 err))
        return false;
    do {
        if (!find_end(tx, scope, arena, collection, &from, &end, err) ||
            !change_step(tx, scope, collection, guard, &from, end.at, err))
            return false;
        if (end.count)
            from = *(Place *)end.at;
    } while (end.count);
    return index_change_hint(tx, scope, err);
}
