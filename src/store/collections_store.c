#include "store/collections_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/index_changes_store.h"
#include "store/sql.h"

#define COLLECTIONS                                                                                \
    "SELECT c.id, c.name, c.description, c.created_at, (SELECT CAST(sum(n.documents) AS BIGINT)"   \
    " FROM document_counts n WHERE n.workspace = c.workspace AND n.in_trash = 0"                   \
    " AND n.collection = c.id),"                                                                   \
    " c.draws_tasks_since"                                                                         \
    " FROM collections c WHERE c.workspace = $1 "

static void read_collection(DbRows *row, Arena *arena, void *item)
{
    *(Collection *)item = (Collection){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .description = db_get_text(row, 2, arena),
        .created_at_ms = db_get_int(row, 3),
        .document_count = db_get_int(row, 4),
        .draws_tasks_since_ms = db_get_int(row, 5),
    };
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
                         " created_at, draws_tasks_since) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                         " ON CONFLICT (workspace, name_fold) DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.name),
                         db_text(utf8_fold(arena, added.name)), db_text(added.description),
                         db_int(added.created_at_ms), db_int(added.draws_tasks_since_ms)),
                 &changed, err))
        return false;
    if (!changed)
        return name_is_taken(err, added.name);
    *collection = added;
    return true;
}

bool collection_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Collection *collection_r,
                     Error *err)
{
    return sql_find(tx, arena, DB_SAME(COLLECTIONS "AND c.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_collection, collection_r,
                    "collection", id, err);
}

bool collection_check(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    int64_t found;
    return db_query_int(tx, DB_SAME("SELECT 1 FROM collections WHERE workspace = $1 AND id = $2"),
                        DB_ARGS(db_text(scope->workspace), db_text(id)), 0, &found, err) &&
           (found || sql_not_found(err, "collection", id));
}

bool collection_find_by_name(DbTx *tx, const Scope *scope, Arena *arena, Str name,
                             Collection *collection_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(COLLECTIONS "AND c.name_fold = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(utf8_fold(arena, name))),
                    read_collection, collection_r, "collection", name, err);
}

bool collection_list(DbTx *tx, const Scope *scope, Arena *arena, CollectionList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(COLLECTIONS "ORDER BY c.name_fold"),
                  DB_ARGS(db_text(scope->workspace)), read_collection, sizeof(Collection), &items,
                  err))
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
    sql_add(&build, "SELECT k.id FROM collections k WHERE k.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    sql_add(&build, " AND (");
    sql_value_in(&build, arena, "k.id", texts);
    sql_add(&build, " OR ");
    sql_value_in(&build, arena, "k.name_fold", (StrList){ folded, texts.count });
    sql_add(&build, ")");
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

    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM collections"
                              " WHERE workspace = $1 AND name_fold = $2 AND id <> $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(folded), db_text(collection->id)),
                      0, &others, err))
        return false;
    if (others)
        return name_is_taken(err, collection->name);
    return sql_change(tx,
                      DB_SAME("UPDATE collections SET name = $3, name_fold = $4, description = $5,"
                              " draws_tasks_since = $6 WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(collection->id),
                              db_text(collection->name), db_text(folded),
                              db_text(collection->description),
                              db_int(collection->draws_tasks_since_ms)),
                      "collection", collection->id, err);
}

bool collection_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM collections WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "collection", id, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE documents SET collection = NULL"
                           " WHERE workspace = $1 AND collection = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err) &&
           index_change_no_collection(tx, scope, id, err);
}
