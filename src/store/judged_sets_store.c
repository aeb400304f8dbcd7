#include "store/judged_sets_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/sql.h"

#define SETS                                                                                       \
    "SELECT s.id, s.name, s.created_at,"                                                           \
    " (SELECT count(DISTINCT query_key) FROM judgements j"                                         \
    " WHERE j.workspace = s.workspace AND j.judged_set = s.id),"                                   \
    " (SELECT count(*) FROM judgements j WHERE j.workspace = s.workspace AND j.judged_set = s.id)" \
    " FROM judged_sets s WHERE s.workspace = $1 "

static void read_set(DbRows *row, Arena *arena, void *item)
{
    *(JudgedSet *)item = (JudgedSet){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .created_at_ms = db_get_int(row, 2),
        .query_count = db_get_int(row, 3),
        .judgement_count = db_get_int(row, 4),
    };
}

bool judged_set_add(DbTx *tx, const Scope *scope, Arena *arena, JudgedSet *set, Error *err)
{
    JudgedSet added = { .id = id_new(arena), .name = set->name, .created_at_ms = now_ms() };
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("INSERT INTO judged_sets (workspace, id, name, name_fold, created_at)"
                         " VALUES ($1, $2, $3, $4, $5)"
                         " ON CONFLICT (workspace, name_fold) DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.name),
                         db_text(utf8_fold(arena, added.name)), db_int(added.created_at_ms)),
                 &changed, err))
        return false;
    if (!changed)
        return fail(err, ERROR_CONFLICT, "there is a judged set '" STR_FMT "' already",
                    STR_ARG(str_slice(added.name, 0, 100)));
    *set = added;
    return true;
}

bool judged_set_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, JudgedSet *set_r,
                     Error *err)
{
    return sql_find(tx, arena, DB_SAME(SETS "AND s.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_set, set_r, "judged set",
                    id, err);
}

bool judged_set_find_by_name(DbTx *tx, const Scope *scope, Arena *arena, Str name, JudgedSet *set_r,
                             Error *err)
{
    return sql_find(tx, arena, DB_SAME(SETS "AND s.name_fold = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(utf8_fold(arena, name))), read_set,
                    set_r, "judged set", name, err);
}

bool judged_set_list(DbTx *tx, const Scope *scope, Arena *arena, JudgedSetList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(SETS "ORDER BY s.name_fold"),
                  DB_ARGS(db_text(scope->workspace)), read_set, sizeof(JudgedSet), &items, err))
        return false;
    *list_r = (JudgedSetList){ .at = items.at, .count = items.count };
    return true;
}

bool judged_set_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM judged_sets WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "judged set", id, err);
}
