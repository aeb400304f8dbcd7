#include "store/hooks_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

#define HOOKS                                                                                      \
    "SELECT id, name, scheme, sealed, collection, is_on, created_by, created_at, last_at"          \
    " FROM hooks WHERE workspace = $1 "

static void read_hook(DbRows *row, Arena *arena, void *item)
{
    *(Hook *)item = (Hook){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .scheme = db_get_text(row, 2, arena),
        .sealed = db_get_blob(row, 3, arena),
        .collection = db_get_text(row, 4, arena),
        .is_on = db_get_int(row, 5) != 0,
        .created_by = db_get_text(row, 6, arena),
        .created_at_ms = db_get_int(row, 7),
        .last_at_ms = db_get_int(row, 8),
    };
}

bool hook_add(DbTx *tx, const Scope *scope, Arena *arena, Hook *hook, Error *err)
{
    Hook added = *hook;
    int64_t count;

    if (!db_query_int(tx, DB_SAME("SELECT count(*) FROM hooks WHERE workspace = $1"),
                      DB_ARGS(db_text(scope->workspace)), 0, &count, err))
        return false;
    if (count >= HOOKS_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d hooks already; remove one first", HOOKS_MAX);
    added.id = id_new(arena);
    added.created_by = scope->user;
    added.created_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO hooks (workspace, id, name, scheme, sealed, collection,"
                         " is_on, created_by, created_at, last_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.name),
                         db_text(added.scheme), db_blob(added.sealed), db_text(added.collection),
                         db_int(added.is_on), db_text(added.created_by),
                         db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *hook = added;
    return true;
}

bool hook_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Hook *hook_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(HOOKS "AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_hook, hook_r, "hook", id,
                    err);
}

bool hook_list(DbTx *tx, const Scope *scope, Arena *arena, HookList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(HOOKS "ORDER BY name, id"), DB_ARGS(db_text(scope->workspace)),
                  read_hook, sizeof(Hook), &items, err))
        return false;
    *list_r = (HookList){ .at = items.at, .count = items.count };
    return true;
}

bool hook_update(DbTx *tx, const Scope *scope, const Hook *hook, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE hooks SET name = $3, collection = $4, is_on = $5"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(hook->id), db_text(hook->name),
                              db_text(hook->collection), db_int(hook->is_on)),
                      "hook", hook->id, err);
}

bool hook_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM hooks WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "hook", id, err);
}

/* --- Receipts --------------------------------------------------------------------------- */

bool hook_receipt_add(DbTx *tx, const Scope *scope, Arena *arena, Str hook, HookReceipt *receipt,
                      bool *is_new_r, Error *err)
{
    HookReceipt added = *receipt;
    int64_t count;

    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    if (!sql_change(tx, DB_SAME("UPDATE hooks SET last_at = $3 WHERE workspace = $1 AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(hook), db_int(added.created_at_ms)),
                    "hook", hook, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO hook_receipts (workspace, hook, id, seen, size, document,"
                         " created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
                         " ON CONFLICT DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(hook), db_text(added.id),
                         db_text(added.seen.length ? added.seen : added.id), db_int(added.size),
                         db_text(added.document), db_int(added.created_at_ms)),
                 &count, err))
        return false;
    *is_new_r = count > 0;
    if (*is_new_r)
        *receipt = added;
    return true;
}

bool hook_receipt_seen(DbTx *tx, const Scope *scope, Str hook, Str seen, bool *is_seen_r,
                       Error *err)
{
    int64_t count;

    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM hook_receipts WHERE workspace = $1"
                              " AND hook = $2 AND seen = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(hook), db_text(seen)), 0, &count,
                      err))
        return false;
    *is_seen_r = count > 0;
    return true;
}

static void read_receipt(DbRows *row, Arena *arena, void *item)
{
    *(HookReceipt *)item = (HookReceipt){
        .id = db_get_text(row, 0, arena),
        .seen = db_get_text(row, 1, arena),
        .size = db_get_int(row, 2),
        .document = db_get_text(row, 3, arena),
        .created_at_ms = db_get_int(row, 4),
    };
}

bool hook_receipt_list(DbTx *tx, const Scope *scope, Arena *arena, Str hook, const Slice *slice,
                       HookReceiptList *list_r, Error *err)
{
    int64_t limit = slice_limit(slice);
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, seen, size, document, created_at FROM hook_receipts"
                          " WHERE workspace = $1 AND hook = $2 AND ($3 = '' OR id < $3)"
                          " ORDER BY id DESC LIMIT $4"),
                  DB_ARGS(db_text(scope->workspace), db_text(hook),
                          db_text(slice ? slice->after : STR_NONE), db_int(limit + 1)),
                  read_receipt, sizeof(HookReceipt), &items, err))
        return false;
    *list_r = (HookReceiptList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = list_r->at[limit - 1].id;
    return true;
}

bool hook_receipt_forget(DbTx *tx, const Scope *scope, Arena *arena, int64_t all_ms,
                         StrList schemes, int64_t some_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM hook_receipts WHERE created_at < $1"),
                   DB_ARGS(db_int(all_ms)), NULL, err) &&
           db_exec(tx,
                   SQL_IN_TEXTS("DELETE FROM hook_receipts WHERE created_at < $1 AND EXISTS"
                                " (SELECT 1 FROM hooks h WHERE h.workspace ="
                                " hook_receipts.workspace AND h.id = hook_receipts.hook"
                                " AND h.scheme",
                                2, ")"),
                   DB_ARGS(db_int(some_ms), sql_texts(arena, schemes.at, schemes.count)), NULL,
                   err);
}
