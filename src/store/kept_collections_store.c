/* kept_collections_store.c - see kept_collections_store.h. */
#include "store/kept_collections_store.h"

#include "base/clock.h"
#include "store/document_access_sql.h"
#include "store/sql.h"

#define DAY "86400000"
/* Of documents d of a collection c. $1: the time. */
#define LAST_CHANGE "CASE WHEN d.updated_at > d.created_at THEN d.updated_at ELSE d.created_at END"
#define GOES_AT                                                                                    \
    "CASE WHEN (" LAST_CHANGE ") + c.keep_days * " DAY " > c.keep_since + " DAY                    \
    " THEN (" LAST_CHANGE ") + c.keep_days * " DAY " ELSE c.keep_since + " DAY " END"
#define IS_KEPT_HERE                                                                               \
    "c.keep_days > 0 AND d.deleted_at = 0 AND d.parent IS NULL AND d.guard = c.guard"
/* The first condition is that of the index documents_of_collection. */
#define IS_OVER                                                                                    \
    "d.created_at < $1 - c.keep_days * " DAY " AND d.updated_at < $1 - c.keep_days * " DAY         \
    " AND c.keep_since < $1 - " DAY " AND " IS_KEPT_HERE
#define OF_COLLECTION                                                                              \
    " FROM collections c JOIN documents d ON d.workspace = c.workspace AND d.collection = c.id"

static void read_due(DbRows *row, Arena *arena, void *item)
{
    *(DueDocument *)item = (DueDocument){
        .workspace = db_get_text(row, 0, arena),
        .id = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .goes_at_ms = db_get_int(row, 3),
    };
}

/* --- What will go --- */

/* Conditions of a list and of its count. */
static void add_due(SqlBuild *build, const Scope *scope)
{
    sql_add(build, OF_COLLECTION " WHERE c.workspace = $2 AND c.id = $3 AND " IS_OVER);
    access_add(build, scope);
}

bool kept_collection_due(DbTx *tx, const Scope *scope, Arena *arena, const Collection *collection,
                         int64_t before_ms, int64_t limit, DueDocumentList *list_r,
                         int64_t *count_r, Error *err)
{
    const DbValue args[] = { db_int(before_ms), db_text(scope->workspace),
                             db_text(collection->id) };
    SqlBuild count = sql_build_on(tx, arena, "SELECT count(*)", args, COUNT(args));
    SqlBuild list =
        sql_build_on(tx, arena, "SELECT d.workspace, d.id, d.name, " GOES_AT, args, COUNT(args));
    SqlItems items;
    add_due(&count, scope);
    add_due(&list, scope);
    sql_add(&list, " ORDER BY 4, d.id LIMIT ");
    sql_value(&list, db_int(limit));
    if (!db_query_int(tx, sql_text(&count), count.args, count.count, 0, count_r, err) ||
        !sql_list(tx, arena, sql_text(&list), list.args, list.count, read_due, sizeof(DueDocument),
                  &items, err))
        return false;
    *list_r = (DueDocumentList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Whom it is told --- */

static void read_kept(DbRows *row, Arena *arena, void *item)
{
    *(KeptCollection *)item = (KeptCollection){
        .workspace = db_get_text(row, 0, arena),
        .id = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .keep_days = db_get_int(row, 3),
    };
}

bool kept_collections_list(DbTx *tx, const Scope *scope, Arena *arena, Str after,
                           KeptCollectionList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT workspace, id, name, keep_days FROM collections"
                          " WHERE keep_days > 0 AND id > $1 AND ($2 = 1 OR workspace = $3)"
                          " ORDER BY id LIMIT 100"),
                  DB_ARGS(db_text(after), db_int(scope->is_system), db_text(scope->workspace)),
                  read_kept, sizeof(KeptCollection), &items, err))
        return false;
    *list_r = (KeptCollectionList){ .at = items.at, .count = items.count };
    return true;
}

static void read_share(DbRows *row, Arena *arena, void *item)
{
    *(DueShare *)item = (DueShare){
        .user = db_get_text(row, 0, arena),
        .day_ms = db_get_int(row, 1),
        .count = db_get_int(row, 2),
    };
}

bool kept_collection_shares(DbTx *tx, const Scope *scope, Arena *arena, Str collection,
                            int64_t before_ms, DueShareList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT d.created_by, (" GOES_AT ") / " DAY " * " DAY
                          ", count(*)" OF_COLLECTION
                          " WHERE c.workspace = $2 AND c.id = $3 AND " IS_OVER
                          " GROUP BY 1, 2 ORDER BY 2, 1 LIMIT $4"),
                  DB_ARGS(db_int(before_ms), db_text(scope->workspace), db_text(collection),
                          db_int(KEPT_SHARES_MAX)),
                  read_share, sizeof(DueShare), &items, err))
        return false;
    *list_r = (DueShareList){ .at = items.at, .count = items.count };
    return true;
}

/* --- What goes --- */

bool kept_collections_over(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                           int64_t limit, DueDocumentList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT d.workspace, d.id, d.name, " GOES_AT OF_COLLECTION
                          " WHERE " IS_OVER " AND ($2 = 1 OR c.workspace = $3) LIMIT $4"),
                  DB_ARGS(db_int(now_ms), db_int(scope->is_system), db_text(scope->workspace),
                          db_int(limit)),
                  read_due, sizeof(DueDocument), &items, err))
        return false;
    *list_r = (DueDocumentList){ .at = items.at, .count = items.count };
    return true;
}

bool kept_collection_let_go(DbTx *tx, const Scope *scope, Arena *arena, Str document,
                            int64_t now_ms, bool *gone_r, Error *err)
{
    int64_t still;
    Document ignored;
    *gone_r = false;
    if (!document_find(tx, scope, arena, document, &ignored, err))
        return err->code == ERROR_NOT_FOUND;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*)" OF_COLLECTION
                              " WHERE d.workspace = $2 AND d.id = $3 AND " IS_OVER),
                      DB_ARGS(db_int(now_ms), db_text(scope->workspace), db_text(document)), 0,
                      &still, err))
        return false;
    *gone_r = still > 0;
    return !still || document_trash(tx, scope, document, now_ms, err);
}
