#include "store/connections_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/due.h"
#include "store/events.h"
#include "store/sealed_texts.h"
#include "store/sql.h"

#define COLUMNS                                                                                    \
    "SELECT workspace, id, kind, name, settings, sealed, collection, gone, allows_private, is_on," \
    " every_minutes, phase, round, is_whole, cursor, next_at, started_at, done_at, failures,"      \
    " error_code, error, created_by, created_at, updated_at, whole "

#define CONNECTIONS COLUMNS "FROM connections "

static void read_connection(DbRows *row, Arena *arena, void *item)
{
    *(Connection *)item = (Connection){
        .workspace = db_get_text(row, 0, arena),
        .id = db_get_text(row, 1, arena),
        .kind = db_get_text(row, 2, arena),
        .name = db_get_text(row, 3, arena),
        .settings = db_get_text(row, 4, arena),
        .sealed = db_get_blob(row, 5, arena),
        .collection = db_get_text(row, 6, arena),
        .gone = db_get_text(row, 7, arena),
        .allows_private = db_get_int(row, 8) != 0,
        .is_on = db_get_int(row, 9) != 0,
        .every_minutes = db_get_int(row, 10),
        .phase = db_get_text(row, 11, arena),
        .round = db_get_int(row, 12),
        .is_whole = db_get_int(row, 13) != 0,
        .cursor = db_get_text(row, 14, arena),
        .next_at_ms = db_get_int(row, 15),
        .started_at_ms = db_get_int(row, 16),
        .done_at_ms = db_get_int(row, 17),
        .failures = db_get_int(row, 18),
        .error_code = db_get_text(row, 19, arena),
        .error = db_get_text(row, 20, arena),
        .created_by = db_get_text(row, 21, arena),
        .created_at_ms = db_get_int(row, 22),
        .updated_at_ms = db_get_int(row, 23),
        .whole = db_get_blob(row, 24, arena),
    };
}

static bool count_all(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx, DB_SAME("SELECT count(*) FROM connections WHERE workspace = $1"),
                        DB_ARGS(db_text(scope->workspace)), 0, count_r, err);
}

bool connection_add(DbTx *tx, const Scope *scope, Arena *arena, Connection *connection, Error *err)
{
    Connection added = *connection;
    int64_t count;

    if (!count_all(tx, scope, &count, err))
        return false;
    if (count >= CONNECTIONS_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d connections already; remove one first",
                    CONNECTIONS_MAX);
    added.workspace = scope->workspace;
    added.id = id_new(arena);
    added.phase = S("idle");
    added.created_by = scope->user;
    added.created_at_ms = added.updated_at_ms = now_ms();
    added.next_at_ms = added.every_minutes ? added.created_at_ms + added.every_minutes * 60000 : 0;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO connections (workspace, id, kind, name, settings, sealed,"
                         " collection, gone, allows_private, is_on, every_minutes, phase, round,"
                         " is_whole, cursor, next_at, started_at, done_at, failures, error_code,"
                         " error, created_by, created_at, updated_at, whole)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'idle', 0, 0, '',"
                         " $14, 0, 0, 0, '', '', $13, $12, $12, $15)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.kind),
                         db_text(added.name),
                         db_text(text_stored(arena, added.settings, added.whole)),
                         db_blob(added.sealed), db_text(added.collection), db_text(added.gone),
                         db_int(added.allows_private), db_int(added.is_on),
                         db_int(added.every_minutes), db_int(added.created_at_ms),
                         db_text(added.created_by), db_int(added.next_at_ms), db_blob(added.whole)),
                 NULL, err))
        return false;
    *connection = added;
    return event_tell(tx, scope->workspace, EVENT_connection, connection->id, STR_NONE, err);
}

bool connection_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Connection *connection_r,
                     Error *err)
{
    return sql_find(tx, arena, DB_SAME(CONNECTIONS "WHERE workspace = $1 AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_connection, connection_r,
                    "connection", id, err);
}

static bool list(DbTx *tx, Arena *arena, DbSql sql, const DbValue *args, size_t count,
                 ConnectionList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, sql, args, count, read_connection, sizeof(Connection), &items, err))
        return false;
    *list_r = (ConnectionList){ .at = items.at, .count = items.count };
    return true;
}

bool connection_list(DbTx *tx, const Scope *scope, Arena *arena, const Slice *slice,
                     ConnectionList *list_r, Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    DbValue name = db_text(STR_NONE);
    Str id = STR_NONE;
    int64_t total;

    if ((slice && slice->after.length && !sql_cursor_read(slice->after, false, &name, &id, err)) ||
        !count_all(tx, scope, &total, err) ||
        !list(tx, arena,
              DB_SAME(CONNECTIONS "WHERE workspace = $1 AND (name, id) > ($2, $3)"
                                  " ORDER BY name, id LIMIT $4"),
              DB_ARGS(db_text(scope->workspace), name, db_text(id), db_int((int64_t)limit + 1)),
              list_r, err))
        return false;
    list_r->total = total;
    if (list_r->count > limit) {
        const Connection *last = &list_r->at[limit - 1];
        list_r->count = limit;
        list_r->next = sql_cursor(arena, db_text(last->name), last->id);
    }
    return true;
}

bool connection_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                         ConnectionList *list_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           list(tx, arena, DB_SAME(COLUMNS CONNECTIONS_DUE " ORDER BY next_at LIMIT 200"),
                DB_ARGS(db_int(now_ms)), list_r, err);
}

bool connection_update(DbTx *tx, const Scope *scope, Arena *arena, const Connection *connection,
                       bool is_elsewhere, Error *err)
{
    return sql_change(
               tx,
               DB_SAME(
                   "UPDATE connections SET name = $3, settings = $4, sealed = $5, collection = $6,"
                   " gone = $7, every_minutes = $8, allows_private = $9, is_on = $10,"
                   " updated_at = $11,"
                   " next_at = CASE WHEN $8 = 0 THEN 0 ELSE $11 + $8 * 60000 END,"
                   " phase = CASE WHEN $12 = 1 THEN 'idle' ELSE phase END,"
                   " cursor = CASE WHEN $12 = 1 THEN '' ELSE cursor END,"
                   " round = round + $12, whole = $13"
                   " WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(connection->id),
                       db_text(connection->name),
                       db_text(text_stored(arena, connection->settings, connection->whole)),
                       db_blob(connection->sealed), db_text(connection->collection),
                       db_text(connection->gone), db_int(connection->every_minutes),
                       db_int(connection->allows_private), db_int(connection->is_on),
                       db_int(now_ms()), db_int(is_elsewhere), db_blob(connection->whole)),
               "connection", connection->id, err) &&
           event_tell(tx, scope->workspace, EVENT_connection, connection->id, STR_NONE, err);
}

bool connection_reseal(DbTx *tx, const Scope *scope, Str id, Str was, Str sealed, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE connections SET sealed = $4"
                         " WHERE workspace = $1 AND id = $2 AND sealed = $3"),
                 DB_ARGS(db_text(scope->workspace), db_text(id), db_blob(was), db_blob(sealed)),
                 &changed, err))
        return false;
    return changed || fail(err, ERROR_CONFLICT, "the connection's secrets have changed meanwhile");
}

bool connection_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM connections WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "connection", id, err) &&
           event_tell(tx, scope->workspace, EVENT_connection, id, STR_NONE, err);
}

bool connection_plan(DbTx *tx, const Scope *scope, Str id, int64_t next_at_ms, Error *err)
{
    return sql_change(
               tx, DB_SAME("UPDATE connections SET next_at = $3 WHERE workspace = $1 AND id = $2"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_int(next_at_ms)), "connection",
               id, err) &&
           event_tell(tx, scope->workspace, EVENT_connection, id, STR_NONE, err);
}

/* --- A round --- */

static bool still(int64_t changed, Error *err)
{
    return changed || fail(err, ERROR_CONFLICT, "the connection was changed or removed meanwhile");
}

bool connection_begin(DbTx *tx, const Scope *scope, Connection *connection, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE connections SET phase = 'listing', round = round + 1,"
                         " is_whole = 0, started_at = $4"
                         " WHERE workspace = $1 AND id = $2 AND round = $3 AND phase = 'idle'"),
                 DB_ARGS(db_text(scope->workspace), db_text(connection->id),
                         db_int(connection->round), db_int(now_ms())),
                 &changed, err) ||
        !still(changed, err) ||
        !db_exec(tx,
                 DB_SAME("UPDATE connection_items SET state = 'waiting' WHERE workspace = $1"
                         " AND connection = $2 AND state = 'failed'"),
                 DB_ARGS(db_text(scope->workspace), db_text(connection->id)), NULL, err))
        return false;
    connection->round++;
    connection->phase = S("listing");
    return event_tell(tx, scope->workspace, EVENT_connection, connection->id, STR_NONE, err);
}

bool connection_page(DbTx *tx, const Scope *scope, Connection *connection, Str cursor, bool is_last,
                     bool is_whole, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE connections SET cursor = $4, phase = $5, is_whole = $6"
                         " WHERE workspace = $1 AND id = $2 AND round = $3 AND phase = 'listing'"),
                 DB_ARGS(db_text(scope->workspace), db_text(connection->id),
                         db_int(connection->round), db_text(cursor),
                         db_text(is_last ? S("taking") : S("listing")), db_int(is_whole)),
                 &changed, err) ||
        !still(changed, err))
        return false;
    connection->cursor = cursor;
    connection->phase = is_last ? S("taking") : S("listing");
    connection->is_whole = is_whole;
    return event_tell(tx, scope->workspace, EVENT_connection, connection->id, STR_NONE, err);
}

bool connection_end(DbTx *tx, const Scope *scope, const Connection *connection, const Error *why,
                    int64_t next_at_ms, Error *err)
{
    bool is_good = why->code == ERROR_NONE;
    int64_t changed;

    return db_exec(tx,
                   DB_SAME("UPDATE connections SET"
                           " phase = CASE WHEN $4 = 1 THEN 'idle' ELSE phase END,"
                           " failures = CASE WHEN $4 = 1 THEN 0 ELSE failures + 1 END,"
                           " done_at = CASE WHEN $4 = 1 THEN $5 ELSE done_at END,"
                           " error_code = $6, error = $7, next_at = $8"
                           " WHERE workspace = $1 AND id = $2 AND round = $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(connection->id),
                           db_int(connection->round), db_int(is_good), db_int(now_ms()),
                           db_text(is_good ? S("") : str(error_name(why->code))),
                           db_text(str(why->message)), db_int(next_at_ms)),
                   &changed, err) &&
           still(changed, err) &&
           event_tell(tx, scope->workspace, EVENT_connection, connection->id, STR_NONE, err);
}
