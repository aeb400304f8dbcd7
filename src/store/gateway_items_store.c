#include "store/gateway_items_store.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/sql.h"

#define ITEM                                                                                       \
    "SELECT kind, name, document, sealed, updated_at, whole FROM gateway_items WHERE workspace = " \
    "$1"

static void read_item(DbRows *row, Arena *arena, void *item)
{
    *(GatewayItem *)item = (GatewayItem){ .kind = db_get_text(row, 0, arena),
                                          .name = db_get_text(row, 1, arena),
                                          .document = db_get_text(row, 2, arena),
                                          .sealed = db_get_blob(row, 3, arena),
                                          .updated_at_ms = db_get_int(row, 4),
                                          .whole = db_get_blob(row, 5, arena) };
}

Str gateway_document_shown(Arena *arena, Str document)
{
    AUTO_JSON json_t *json = NULL;
    json_t *headers, *value;
    const char *name;
    Error ignored; /* what is no document has no headers */
    if (!json_parse(document, GATEWAY_BYTES_MAX, &json, &ignored))
        return document;
    headers = json_object_get(json, "headers");
    if (!json_object_size(headers))
        return document;
    json_object_foreach(headers, name, value)
        json_object_set_new(headers, name, json_string(GATEWAY_HIDDEN));
    return json_print(arena, json);
}

bool gateway_tell_change(DbTx *tx, const Scope *scope, Error *err)
{
    return db_notify(tx, GATEWAY_CHANNEL, scope->workspace, err);
}

static bool check_bytes(DbTx *tx, const Scope *scope, const GatewayItem *item, Error *err)
{
    int64_t others;
    return db_query_int(
               tx,
               DB_SQL("SELECT coalesce(sum(length(CAST(document AS BLOB))), 0)"
                      " FROM gateway_items WHERE workspace = $1"
                      " AND NOT (kind = $2 AND name = $3)",
                      "SELECT coalesce(sum(octet_length(document)), 0)::bigint"
                      " FROM gateway_items WHERE workspace = $1"
                      " AND NOT (kind = $2 AND name = $3)"),
               DB_ARGS(db_text(scope->workspace), db_text(item->kind), db_text(item->name)), 0,
               &others, err) &&
           (others + (int64_t)item->document.length <= (int64_t)GATEWAY_BYTES_MAX ||
            fail(err, ERROR_TOO_LARGE,
                 "services, models and routes have more than %zu bytes together",
                 GATEWAY_BYTES_MAX));
}

static bool check_room(DbTx *tx, const Scope *scope, const GatewayItem *item, Error *err)
{
    int64_t others;
    return db_query_int(
               tx,
               DB_SAME("SELECT count(*) FROM gateway_items WHERE workspace = $1"
                       " AND kind = $2 AND name <> $3"),
               DB_ARGS(db_text(scope->workspace), db_text(item->kind), db_text(item->name)), 0,
               &others, err) &&
           (others < GATEWAY_ITEMS_MAX ||
            fail(err, ERROR_CONFLICT, "there are %d of them already; remove one first",
                 GATEWAY_ITEMS_MAX));
}

bool gateway_item_set(DbTx *tx, const Scope *scope, const GatewayItem *item, Error *err)
{
    return check_room(tx, scope, item, err) && check_bytes(tx, scope, item, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO gateway_items"
                           " (workspace, kind, name, document, sealed, updated_at, whole)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7)"
                           " ON CONFLICT (workspace, kind, name) DO UPDATE SET"
                           " document = excluded.document, sealed = excluded.sealed,"
                           " updated_at = excluded.updated_at, whole = excluded.whole"),
                   DB_ARGS(db_text(scope->workspace), db_text(item->kind), db_text(item->name),
                           db_text(item->document), db_blob(item->sealed), db_int(now_ms()),
                           db_blob(item->whole)),
                   NULL, err) &&
           gateway_tell_change(tx, scope, err);
}

bool gateway_item_list(DbTx *tx, const Scope *scope, Arena *arena, GatewayItemList *list_r,
                       Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena, DB_SAME(ITEM " ORDER BY kind, name"),
                  DB_ARGS(db_text(scope->workspace)), read_item, sizeof(GatewayItem), &items, err))
        return false;
    *list_r = (GatewayItemList){ .at = items.at, .count = items.count };
    return true;
}

bool gateway_item_remove(DbTx *tx, const Scope *scope, Str kind, Str name, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return sql_change(tx,
                      DB_SAME("DELETE FROM gateway_items WHERE workspace = $1 AND kind = $2"
                              " AND name = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(kind), db_text(name)),
                      str_c(arena, kind), name, err) &&
           gateway_tell_change(tx, scope, err);
}
