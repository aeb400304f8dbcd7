#include "store/webhooks_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sealed_texts.h"
#include "store/sql.h"

#define WEBHOOKS                                                                                   \
    "SELECT id, url, kinds, sealed, allows_private, is_on, created_at, last_at, last_result,"      \
    " failures, held_until, form, whole FROM webhooks WHERE workspace = $1 "

/* "a,b" as it is kept. */
static StrList split(Arena *arena, Str text)
{
    VEC(Str) names = { 0 };
    for (Str name; text.length && str_next(&text, ',', &name);)
        *vec_push(arena, &names) = name;
    return (StrList){ names.at, names.count };
}

static void read_webhook(DbRows *row, Arena *arena, void *item)
{
    *(Webhook *)item = (Webhook){
        .id = db_get_text(row, 0, arena),
        .url = db_get_text(row, 1, arena),
        .kinds = split(arena, db_get_text(row, 2, arena)),
        .sealed = db_get_blob(row, 3, arena),
        .allows_private = db_get_int(row, 4) != 0,
        .is_on = db_get_int(row, 5) != 0,
        .created_at_ms = db_get_int(row, 6),
        .last_at_ms = db_get_int(row, 7),
        .last_result = db_get_text(row, 8, arena),
        .failures = db_get_int(row, 9),
        .held_until_ms = db_get_int(row, 10),
        .form = db_get_text(row, 11, arena),
        .whole = db_get_blob(row, 12, arena),
    };
}

bool webhook_add(DbTx *tx, const Scope *scope, Arena *arena, Webhook *hook, Error *err)
{
    Webhook added = *hook;
    int64_t count;

    if (!db_query_int(tx, DB_SAME("SELECT count(*) FROM webhooks WHERE workspace = $1"),
                      DB_ARGS(db_text(scope->workspace)), 0, &count, err))
        return false;
    if (count >= WEBHOOKS_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d webhooks already; remove one first",
                    WEBHOOKS_MAX);
    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO webhooks (workspace, id, url, kinds, sealed, allows_private,"
                         " is_on, created_at, last_at, last_result, form, whole)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', $9, $10)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id),
                         db_text(text_stored(arena, added.url, added.whole)),
                         db_text(str_join(arena, added.kinds.at, added.kinds.count, S(","))),
                         db_blob(added.sealed), db_int(added.allows_private), db_int(added.is_on),
                         db_int(added.created_at_ms), db_text(added.form), db_blob(added.whole)),
                 NULL, err))
        return false;
    *hook = added;
    return true;
}

bool webhook_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Webhook *hook_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(WEBHOOKS "AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_webhook, hook_r,
                    "webhook", id, err);
}

bool webhook_list(DbTx *tx, const Scope *scope, Arena *arena, WebhookList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(WEBHOOKS "ORDER BY id"), DB_ARGS(db_text(scope->workspace)),
                  read_webhook, sizeof(Webhook), &items, err))
        return false;
    *list_r = (WebhookList){ .at = items.at, .count = items.count };
    return true;
}

bool webhook_switch(DbTx *tx, const Scope *scope, Str id, bool is_on, Error *err)
{
    return sql_change(
        tx, DB_SAME("UPDATE webhooks SET is_on = $3 WHERE workspace = $1 AND id = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(id), db_int(is_on)), "webhook", id, err);
}

bool webhook_hold(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    int64_t found;

    if (!db_query_int(tx,
                      DB_SQL("SELECT 1 FROM webhooks WHERE workspace = $1 AND id = $2",
                             "SELECT 1 FROM webhooks WHERE workspace = $1 AND id = $2 FOR UPDATE"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), 0, &found, err))
        return false;
    return found || sql_not_found(err, "webhook", id);
}

bool webhook_called(DbTx *tx, const Scope *scope, const Webhook *hook, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE webhooks SET last_at = $3, last_result = $4, failures = $5,"
                           " held_until = $6 WHERE workspace = $1 AND id = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(hook->id), db_int(hook->last_at_ms),
                           db_text(hook->last_result), db_int(hook->failures),
                           db_int(hook->held_until_ms)),
                   NULL, err);
}

bool webhook_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx, DB_SAME("DELETE FROM webhooks WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), "webhook", id, err);
}
