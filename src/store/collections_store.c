#include "store/collections_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/collection_guard.h"
#include "store/document_access_sql.h"
#include "store/index_changes_store.h"
#include "store/sql.h"

static void read_collection(DbRows *row, Arena *arena, void *item)
{
    *(Collection *)item = (Collection){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .description = db_get_text(row, 2, arena),
        .created_at_ms = db_get_int(row, 3),
        .draws_tasks_since_ms = db_get_int(row, 4),
        .is_restricted = db_get_text(row, 5, arena).length > 0,
        .keep_days = db_get_int(row, 6),
        .keep_since_ms = db_get_int(row, 7),
        .document_count = db_get_int(row, 8),
    };
}

/* Those that the scope sees, and meet the condition. */
static bool list_collections(DbTx *tx, const Scope *scope, Arena *arena, const char *condition,
                             const DbValue *args, size_t count, SqlItems *items_r, Error *err)
{
    SqlBuild build =
        sql_build_on(tx, arena,
                     "SELECT c.id, c.name, c.description, c.created_at, c.draws_tasks_since,"
                     " c.guard, c.keep_days, c.keep_since, (",
                     args, count);

    if (access_sees_all(scope))
        sql_add(&build, "SELECT CAST(sum(n.documents) AS BIGINT) FROM document_counts n"
                        " WHERE n.workspace = c.workspace AND n.in_trash = 0"
                        " AND n.collection = c.id");
    else
        sql_add(&build, "SELECT count(*) FROM documents d WHERE d.workspace = c.workspace"
                        " AND d.collection = c.id AND d.deleted_at = 0");
    access_add(&build, scope);
    sql_add(&build, ") FROM collections c WHERE c.workspace = $1");
    access_add_collections(&build, scope);
    sql_add(&build, condition);
    return sql_list(tx, arena, sql_text(&build), build.args, build.count, read_collection,
                    sizeof(Collection), items_r, err);
}

static bool name_is_taken(Error *err, Str name)
{
    return fail(err, ERROR_CONFLICT, "there is a collection '" STR_FMT "' already",
                STR_ARG(str_slice(name, 0, 100)));
}

bool collection_add(DbTx *tx, const Scope *scope, Arena *arena, Collection *collection, Error *err)
{
    Collection added = *collection;
    int64_t changed;

    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    added.document_count = 0;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO collections (workspace, id, name, name_fold, description,"
                         " created_at, draws_tasks_since, keep_days, keep_since)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
                         " ON CONFLICT (workspace, name_fold) DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.name),
                         db_text(utf8_fold(arena, added.name)), db_text(added.description),
                         db_int(added.created_at_ms), db_int(added.draws_tasks_since_ms),
                         db_int(added.keep_days), db_int(added.keep_since_ms)),
                 &changed, err))
        return false;
    if (!changed)
        return name_is_taken(err, added.name);
    *collection = added;
    return true;
}

static bool find_one(DbTx *tx, const Scope *scope, Arena *arena, const char *condition, Str value,
                     Str named, Collection *collection_r, Error *err)
{
    SqlItems items;

    if (!list_collections(tx, scope, arena, condition,
                          DB_ARGS(db_text(scope->workspace), db_text(value)), &items, err))
        return false;
    if (!items.count)
        return sql_not_found(err, "collection", named);
    *collection_r = ((const Collection *)items.at)[0];
    return true;
}

bool collection_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Collection *collection_r,
                     Error *err)
{
    return find_one(tx, scope, arena, " AND c.id = $2", id, id, collection_r, err);
}

bool collection_find_by_name(DbTx *tx, const Scope *scope, Arena *arena, Str name,
                             Collection *collection_r, Error *err)
{
    return find_one(tx, scope, arena, " AND c.name_fold = $2", utf8_fold(arena, name), name,
                    collection_r, err);
}

bool collection_list(DbTx *tx, const Scope *scope, Arena *arena, CollectionList *list_r, Error *err)
{
    SqlItems items;

    if (!list_collections(tx, scope, arena, " ORDER BY c.name_fold",
                          DB_ARGS(db_text(scope->workspace)), &items, err))
        return false;
    *list_r = (CollectionList){ .at = items.at, .count = items.count };
    return true;
}

bool collection_list_ids(DbTx *tx, const Scope *scope, Arena *arena, StrList texts, StrList *ids_r,
                         Error *err)
{
    Str *folded = arena_new_array(arena, Str, texts.count);
    SqlBuild build = sql_build(tx, arena);
    SqlItems items;

    for (size_t i = 0; i < texts.count; i++)
        folded[i] = utf8_fold(arena, texts.at[i]);
    sql_add(&build, "SELECT c.id FROM collections c WHERE c.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    sql_add(&build, " AND (");
    sql_value_in(&build, arena, "c.id", texts);
    sql_add(&build, " OR ");
    sql_value_in(&build, arena, "c.name_fold", (StrList){ folded, texts.count });
    sql_add(&build, ")");
    access_add_collections(&build, scope);
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, sql_read_text, sizeof(Str),
                  &items, err))
        return false;
    *ids_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}

/* Asked first, so that PostgreSQL's transaction goes on after a name that is taken. */
bool collection_update(DbTx *tx, const Scope *scope, const Collection *collection, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str folded = utf8_fold(arena, collection->name);
    int64_t others;

    if (!access_may_change(tx, scope, GUARDED_COLLECTION, collection->id, err) ||
        !db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM collections"
                              " WHERE workspace = $1 AND name_fold = $2 AND id <> $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(folded), db_text(collection->id)),
                      0, &others, err))
        return false;
    if (others)
        return name_is_taken(err, collection->name);
    return sql_change(tx,
                      DB_SAME("UPDATE collections SET name = $3, name_fold = $4, description = $5,"
                              " draws_tasks_since = $6, keep_days = $7, keep_since = $8"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(collection->id),
                              db_text(collection->name), db_text(folded),
                              db_text(collection->description),
                              db_int(collection->draws_tasks_since_ms),
                              db_int(collection->keep_days), db_int(collection->keep_since_ms)),
                      "collection", collection->id, err);
}

/* Its documents would be everybody's all at once. */
static bool check_empty(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    int64_t count;
    bool follows;

    if (!collection_guard_follows(tx, scope, id, &follows, err))
        return false;
    if (follows)
        return fail(err, ERROR_BUSY,
                    "it was shared otherwise just now, and its many documents follow still: try"
                    " again in a minute");
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM documents WHERE workspace = $1 AND guard = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), 0, &count, err))
        return false;
    return !count || fail(err, ERROR_CONFLICT,
                          "its %" PRId64 " documents, with those in the trash, would be open to"
                          " everybody: move them away, or open the collection first",
                          count);
}

bool collection_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return access_may_change(tx, scope, GUARDED_COLLECTION, id, err) &&
           check_empty(tx, scope, id, err) &&
           sql_change(tx, DB_SAME("DELETE FROM collections WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "collection", id, err) &&
           access_forget(tx, scope, id, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE documents SET collection = NULL"
                           " WHERE workspace = $1 AND collection = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err) &&
           index_change_no_collection(tx, scope, id, err);
}
