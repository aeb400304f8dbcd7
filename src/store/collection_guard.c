/* collection_guard.c - see collection_guard.h. */
#include "store/collection_guard.h"

#include "store/document_access_sql.h"
#include "store/index_changes_store.h"
#include "store/settings_store.h"
#include "store/sql.h"

static void read_place(DbRows *row, Arena *arena, void *item)
{
    *(GuardPlace *)item =
        (GuardPlace){ db_get_int(row, 0), db_get_int(row, 1), db_get_text(row, 2, arena) };
}

static const GuardPlace first_place = { .deleted_at = -1 };

/* The last document of the step that begins behind `place`; none: no full step is left. */
static bool find_end(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                     const GuardPlace *place, SqlItems *end_r, Error *err)
{
    return sql_list(tx, arena,
                    DB_SAME("SELECT deleted_at, created_at, id FROM documents"
                            " WHERE workspace = $1 AND collection = $2"
                            " AND (deleted_at, created_at, id) > ($3, $4, $5)"
                            " ORDER BY deleted_at, created_at, id LIMIT 1 OFFSET $6"),
                    DB_ARGS(db_text(scope->workspace), db_text(collection),
                            db_int(place->deleted_at), db_int(place->created_at),
                            db_text(place->id), db_int(GUARD_STEP - 1)),
                    read_place, sizeof(GuardPlace), end_r, err);
}

/* The order, and that the guard is no bare column, keep PostgreSQL to the step: else it walks the
 * whole collection, or all that is restricted, for each. */
#define CHANGE                                                                                     \
    "UPDATE documents SET guard = $3, twin = " ACCESS_TWIN_AT(                                     \
        "$3") " WHERE workspace = $1 AND collection = $2 AND guard || '' IN ('', $2) AND guard "   \
              "|| '' <> $3 "                                                                       \
              "AND id IN"                                                                          \
              " (SELECT i.id FROM documents i WHERE i.workspace = $1 AND i.collection = $2"        \
              "  AND (i.deleted_at, i.created_at, i.id) > ($4, $5, $6)"                            \
              "  ORDER BY i.deleted_at, i.created_at, i.id LIMIT $7)"

static bool change_step(DbTx *tx, const Scope *scope, Str collection, Str guard,
                        const GuardPlace *from, Error *err)
{
    return db_exec(tx, DB_SAME(CHANGE),
                   DB_ARGS(db_text(scope->workspace), db_text(collection), db_text(guard),
                           db_int(from->deleted_at), db_int(from->created_at), db_text(from->id),
                           db_int(GUARD_STEP)),
                   NULL, err);
}

/* What is in the collection now. */
static bool change_all(DbTx *tx, const Scope *scope, Arena *arena, Str collection, Str guard,
                       Error *err)
{
    GuardPlace from = first_place;
    SqlItems end;
    do {
        if (!find_end(tx, scope, arena, collection, &from, &end, err) ||
            !change_step(tx, scope, collection, guard, &from, err))
            return false;
        if (end.count)
            from = *(GuardPlace *)end.at;
    } while (end.count);
    return true;
}

/* Whether they are many, and no program of before reads them. */
static bool may_follow(DbTx *tx, const Scope *scope, Arena *arena, Str collection, bool *may_r,
                       Error *err)
{
    SqlItems end;
    int64_t follow = 0;
    if (!find_end(tx, scope, arena, collection, &first_place, &end, err) ||
        (end.count && !db_query_int(tx,
                                    DB_SAME("SELECT coalesce(max(guards_follow), 0) FROM workspaces"
                                            " WHERE id = $1"),
                                    DB_ARGS(db_text(scope->workspace)), 0, &follow, err)))
        return false;
    *may_r = follow > 0;
    return true;
}

bool collection_set_guard(DbTx *tx, const Scope *scope, Str collection, Str guard, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    bool follows;
    return may_follow(tx, scope, arena, collection, &follows, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE collections SET guard = $3, guard_follows = guard_follows + $4"
                           " WHERE workspace = $1 AND id = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(collection), db_text(guard),
                           db_int(follows)),
                   NULL, err) &&
           (follows || change_all(tx, scope, arena, collection, guard, err)) &&
           index_change_hint(tx, scope, err);
}

bool collection_guard_follows(DbTx *tx, const Scope *scope, Str collection, bool *follows_r,
                              Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM collections WHERE workspace = $1 AND id = $2"
                              " AND guard_follows > 0"),
                      DB_ARGS(db_text(scope->workspace), db_text(collection)), 0, &count, err))
        return false;
    *follows_r = count > 0;
    return true;
}

typedef struct Followed {
    Str guard;
    int64_t change;
} Followed;

static void read_followed(DbRows *row, Arena *arena, void *item)
{
    *(Followed *)item = (Followed){ db_get_text(row, 0, arena), db_get_int(row, 1) };
}

#define FOLLOWED                                                                                   \
    "SELECT guard, guard_follows FROM collections WHERE workspace = $1 AND id = $2"                \
    " AND guard_follows > 0"

static bool end_walk(DbTx *tx, const Scope *scope, Str collection, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE collections SET guard_follows = 0"
                           " WHERE workspace = $1 AND id = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(collection)), NULL, err);
}

/* The row is held first, so the guard does not change under the step. */
bool collection_guard_step(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                           GuardWalk *walk, Error *err)
{
    SqlItems rows, end;
    if (!sql_list(tx, arena, DB_SQL(FOLLOWED, FOLLOWED " FOR NO KEY UPDATE"),
                  DB_ARGS(db_text(scope->workspace), db_text(collection)), read_followed,
                  sizeof(Followed), &rows, err))
        return false;
    walk->is_over = !rows.count;
    if (walk->is_over)
        return true;
    const Followed *row = rows.at;
    if (row->change != walk->change)
        *walk = (GuardWalk){ .change = row->change, .place = first_place };
    if (!find_end(tx, scope, arena, collection, &walk->place, &end, err) ||
        !change_step(tx, scope, collection, row->guard, &walk->place, err))
        return false;
    walk->is_over = !end.count;
    if (walk->is_over)
        return end_walk(tx, scope, collection, err);
    walk->place = *(GuardPlace *)end.at;
    walk->done += GUARD_STEP;
    return true;
}

#define HOLD                                                                                       \
    "SELECT id FROM collections WHERE workspace = $1 AND id ="                                     \
    " (SELECT collection FROM documents WHERE workspace = $1 AND id = $2)"

bool collection_guard_hold(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    SqlItems held;
    return sql_list(tx, arena, DB_SQL(HOLD, HOLD " FOR SHARE"),
                    DB_ARGS(db_text(scope->workspace), db_text(document)), sql_read_text,
                    sizeof(Str), &held, err);
}

/* --- Programs of before --- */

#define BEGUN S("guards_follow") /* a setting of the server; workspace_add() asks for it */

static bool begin_work(DbTx *tx, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const Scope *system = argument;
    Str value;
    if (setting_find(tx, system, arena, BEGUN, &value, err))
        return true;
    return err->code == ERROR_NOT_FOUND && setting_set(tx, system, BEGUN, S("true"), err) &&
           db_exec(tx, DB_SAME("UPDATE workspaces SET guards_follow = 1"), DB_NO_ARGS, NULL, err);
}

bool collection_guards_may_follow(Db *db, Error *err)
{
    Scope system = scope_system();
    return store_write(db, &system, begin_work, &system, err);
}
