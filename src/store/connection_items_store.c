#include "store/connection_items_store.h"

#include "base/clock.h"
#include "base/hash.h"
#include "store/connections_store.h"
#include "store/events.h"
#include "store/sql.h"

#define UNSEEN_AT_ONCE 100
#define COLUMNS 10 /* of an added item */
#define BUSY_COLUMNS 4

#define ITEMS                                                                                      \
    "SELECT item_key, remote, name, depth, state, listed, version, document, tries, error_code,"   \
    " error, updated_at FROM connection_items WHERE workspace = $1 AND connection = $2 "

static const char *const names[] = {
#define ITEM_STATE(name) #name,
#include "store/connection_item_states.def"
#undef ITEM_STATE
};

const char *item_state_name(ItemState state) { return names[state]; }

ItemState item_state_named(Str name)
{
    size_t i = 0;
    while (i < COUNT(names) && !str_is(name, names[i]))
        i++;
    return (ItemState)i;
}

static void read_item(DbRows *row, Arena *arena, void *item)
{
    *(ConnectionItem *)item = (ConnectionItem){
        .key = db_get_text(row, 0, arena),
        .remote = db_get_text(row, 1, arena),
        .name = db_get_text(row, 2, arena),
        .depth = db_get_int(row, 3),
        .state = item_state_named(db_get_text(row, 4, arena)),
        .listed = db_get_text(row, 5, arena),
        .version = db_get_text(row, 6, arena),
        .document = db_get_text(row, 7, arena),
        .tries = db_get_int(row, 8),
        .error_code = db_get_text(row, 9, arena),
        .error = db_get_text(row, 10, arena),
        .updated_at_ms = db_get_int(row, 11),
    };
}

static bool list(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                 ConnectionItemList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, sql, args, count, read_item, sizeof(ConnectionItem), &items, err))
        return false;
    *list_r = (ConnectionItemList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Found --- */

/* What is ignored may have been erased: nothing of it is written again. */
static const char found_sql[] =
    "INSERT INTO connection_items (workspace, connection, item_key, remote, name, depth, state,"
    " seen, listed, version, document, tries, error_code, error, updated_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '', 0, '', '', $10)"
    " ON CONFLICT (workspace, connection, item_key) DO UPDATE SET"
    " seen = excluded.seen, depth = excluded.depth,"
    " remote = CASE WHEN connection_items.state = 'ignored' THEN connection_items.remote"
    " ELSE excluded.remote END,"
    " listed = CASE WHEN connection_items.state = 'ignored' THEN connection_items.listed"
    " ELSE excluded.listed END,"
    " state = CASE WHEN connection_items.state = 'ignored' THEN 'ignored'"
    " WHEN connection_items.state IN ('sent', 'edited') THEN CASE WHEN connection_items.version"
    " IN ('', excluded.listed) THEN 'sent' ELSE 'edited' END"
    " WHEN connection_items.state IN ('failed', 'gone') OR excluded.listed = ''"
    " OR connection_items.version <> excluded.listed THEN 'waiting'"
    " ELSE connection_items.state END"
    " WHERE connection_items.seen < excluded.seen";

bool connection_items_seen(DbTx *tx, const Scope *scope, const Connection *connection,
                           int64_t *count_r, Error *err)
{
    return db_query_int(
        tx,
        DB_SAME("SELECT count(*) FROM connection_items WHERE workspace = $1"
                " AND connection = $2 AND seen = $3"),
        DB_ARGS(db_text(scope->workspace), db_text(connection->id), db_int(connection->round)), 0,
        count_r, err);
}

bool connection_items_found(DbTx *tx, const Scope *scope, Arena *arena,
                            const Connection *connection, const ConnectionItem *items, size_t count,
                            int64_t most, Error *err)
{
    int64_t seen = 0, now = now_ms();

    if (!connection_items_seen(tx, scope, connection, &seen, err))
        return false;
    count = MIN(count, (size_t)MAX(most - seen, (int64_t)0));
    DbValue *values = arena_new_array(arena, DbValue, count * COLUMNS), *at = values;
    for (size_t i = 0; i < count; i++) {
        *at++ = db_text(scope->workspace);
        *at++ = db_text(connection->id);
        *at++ = db_text(sha256_hex(arena, items[i].remote));
        *at++ = db_text(items[i].remote);
        *at++ = db_text(items[i].name);
        *at++ = db_int(items[i].depth);
        *at++ = db_text(S("waiting"));
        *at++ = db_int(connection->round);
        *at++ = db_text(items[i].listed);
        *at++ = db_int(now);
    }
    return !count || db_exec_many(tx, DB_SAME(found_sql), values, COLUMNS, count, err);
}

bool connection_items_busy(DbTx *tx, const Scope *scope, Arena *arena, const Connection *connection,
                           const ConnectionItem *items, size_t count, Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, count * BUSY_COLUMNS), *at = values;
    for (size_t i = 0; i < count; i++) {
        *at++ = db_text(scope->workspace);
        *at++ = db_text(connection->id);
        *at++ = db_text(sha256_hex(arena, items[i].remote));
        *at++ = db_int(connection->round);
    }
    return !count ||
           db_exec_many(tx,
                        DB_SAME("UPDATE connection_items SET seen = $4 WHERE workspace = $1"
                                " AND connection = $2 AND item_key = $3 AND seen < $4"),
                        values, BUSY_COLUMNS, count, err);
}

bool connection_items_again(DbTx *tx, const Scope *scope, const Connection *connection, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("UPDATE connection_items SET state = 'waiting', seen = $3"
                " WHERE workspace = $1 AND connection = $2 AND seen < $3"
                " AND state IN ('taken', 'skipped', 'failed', 'conflict')"),
        DB_ARGS(db_text(scope->workspace), db_text(connection->id), db_int(connection->round)),
        NULL, err);
}

bool connection_items_waiting(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                              int64_t limit, ConnectionItemList *list_r, Error *err)
{
    return list(tx, arena, DB_SAME(ITEMS "AND state = 'waiting' ORDER BY depth, item_key LIMIT $3"),
                DB_ARGS(db_text(scope->workspace), db_text(connection), db_int(limit)), list_r,
                err);
}

bool connection_item_save(DbTx *tx, const Scope *scope, Str connection, const ConnectionItem *item,
                          Error *err)
{
    return sql_change(
               tx,
               DB_SAME(
                   "UPDATE connection_items SET state = $4, version = $5, name = $6, document = $7,"
                   " tries = $8, error_code = $9, error = $10, updated_at = $11"
                   " WHERE workspace = $1 AND connection = $2 AND item_key = $3"),
               DB_ARGS(db_text(scope->workspace), db_text(connection), db_text(item->key),
                       db_text(str(names[item->state])), db_text(item->version),
                       db_text(item->name), db_text(item->document), db_int(item->tries),
                       db_text(item->error_code), db_text(item->error), db_int(now_ms())),
               "item", item->key, err) &&
           event_tell(tx, scope->workspace, EVENT_connection, connection, STR_NONE, err);
}

bool connection_items_unseen(DbTx *tx, const Scope *scope, Arena *arena,
                             const Connection *connection, ConnectionItemList *list_r, Error *err)
{
    return list(tx, arena,
                DB_SAME(ITEMS "AND seen < $3 AND state IN ('taken', 'skipped', 'failed',"
                              " 'conflict') ORDER BY item_key LIMIT $4"),
                DB_ARGS(db_text(scope->workspace), db_text(connection->id),
                        db_int(connection->round), db_int(UNSEEN_AT_ONCE)),
                list_r, err);
}

/* --- Looked at --- */

bool connection_item_find(DbTx *tx, const Scope *scope, Arena *arena, Str connection, Str key,
                          ConnectionItem *item_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(ITEMS "AND item_key = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(connection), db_text(key)),
                    read_item, item_r, "item", key, err);
}

bool connection_item_list(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                          ItemState state, const Slice *slice, ConnectionItemList *list_r,
                          Error *err)
{
    int64_t limit = slice_limit(slice);
    Str wanted = state < ITEM_STATE_COUNT ? str(names[state]) : S("");

    if (!list(tx, arena,
              DB_SAME(ITEMS "AND ($3 = '' OR state = $3) AND item_key > $4"
                            " ORDER BY item_key LIMIT $5"),
              DB_ARGS(db_text(scope->workspace), db_text(connection), db_text(wanted),
                      db_text(slice ? slice->after : STR_NONE), db_int(limit + 1)),
              list_r, err))
        return false;
    if (list_r->count > (size_t)limit) {
        list_r->count = (size_t)limit;
        list_r->next = list_r->at[limit - 1].key;
    }
    return true;
}

bool connection_item_counts(DbTx *tx, const Scope *scope, Str connection,
                            int64_t counts_r[ITEM_STATE_COUNT], Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step;

    memset(counts_r, 0, ITEM_STATE_COUNT * sizeof *counts_r);
    if (!db_query(tx,
                  DB_SAME("SELECT state, count(*) FROM connection_items WHERE workspace = $1"
                          " AND connection = $2 GROUP BY state"),
                  DB_ARGS(db_text(scope->workspace), db_text(connection)), &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        ItemState state = item_state_named(db_get_text(&rows, 0, arena));
        if (state < ITEM_STATE_COUNT)
            counts_r[state] = db_get_int(&rows, 1);
    }
    return step == DB_END;
}

bool connection_items_of(DbTx *tx, const Scope *scope, Str document, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM connection_items WHERE workspace = $1"
                                " AND document = $2 AND document <> ''"
                                " AND state NOT IN ('gone', 'sent', 'edited')"),
                        DB_ARGS(db_text(scope->workspace), db_text(document)), 0, count_r, err);
}

/* --- Written there --- */

bool connection_item_sent(DbTx *tx, const Scope *scope, Arena *arena, Str connection, Str document,
                          ConnectionItem *item_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME(ITEMS "AND document = $3 AND document <> ''"
                                  " AND state IN ('sent', 'edited')"
                                  " ORDER BY updated_at DESC LIMIT 1"),
                    DB_ARGS(db_text(scope->workspace), db_text(connection), db_text(document)),
                    read_item, item_r, "item", document, err);
}

static const char send_sql[] =
    "INSERT INTO connection_items (workspace, connection, item_key, remote, name, depth, state,"
    " seen, listed, version, document, tries, error_code, error, updated_at)"
    " SELECT $1, $2, $3, $4, $5, 0, $6, 0, $7, $7, $8, 0, $9, $10, $11"
    " FROM connections WHERE workspace = $1 AND id = $2"
    " ON CONFLICT (workspace, connection, item_key) DO UPDATE SET"
    " name = excluded.name, state = excluded.state, version = excluded.version,"
    " document = excluded.document, error_code = excluded.error_code, error = excluded.error,"
    " updated_at = excluded.updated_at";

bool connection_item_send(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                          const ConnectionItem *item, Error *err)
{
    Str key = sha256_hex(arena, item->remote);
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE connection_items SET state = 'ignored' WHERE workspace = $1"
                         " AND connection = $2 AND document = $3 AND document <> ''"
                         " AND item_key <> $4"
                         " AND state IN ('sent', 'edited')"),
                 DB_ARGS(db_text(scope->workspace), db_text(connection), db_text(item->document),
                         db_text(key)),
                 NULL, err) ||
        !db_exec(tx, DB_SAME(send_sql),
                 DB_ARGS(db_text(scope->workspace), db_text(connection), db_text(key),
                         db_text(item->remote), db_text(item->name),
                         db_text(str(names[item->state])), db_text(item->version),
                         db_text(item->document), db_text(item->error_code), db_text(item->error),
                         db_int(now_ms())),
                 &changed, err))
        return false;
    return changed || fail(err, ERROR_NOT_FOUND, "there is no connection " STR_FMT,
                           STR_ARG(str_slice(connection, 0, 40)));
}

bool connection_items_forget(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM connection_items WHERE workspace = $1 AND document = $2"
                           " AND document <> '' AND state = 'gone'"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE connection_items SET state = 'ignored', remote = '', name = '',"
                           " listed = '', version = '', document = '', error_code = '', error = ''"
                           " WHERE workspace = $1 AND document = $2 AND document <> ''"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}
