#include "store/webhook_deliveries_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

const char *const webhook_delivery_states[WEBHOOK_DELIVERY_STATE_COUNT] = {
#define WEBHOOK_DELIVERY_STATE(name) #name,
#include "store/webhook_delivery_states.def"
#undef WEBHOOK_DELIVERY_STATE
};

#define COLUMNS(body, answer)                                                                      \
    "SELECT d.id, d.workspace, d.hook, d.message, d.kind, d.order_key, " body ", d.state,"         \
    " d.attempts, d.next_at, d.status, " answer ", d.error, d.took_ms, d.created_at, d.ended_at,"  \
    " d.replay_of FROM webhook_deliveries d "
/* None of its key waits before it. */
#define IS_HEAD                                                                                    \
    "d.state = 'waiting' AND (d.order_key = '' OR NOT EXISTS (SELECT 1 FROM webhook_deliveries b"  \
    " WHERE b.workspace = d.workspace AND b.hook = d.hook AND b.order_key = d.order_key"           \
    " AND b.state = 'waiting' AND b.id < d.id))"

static WebhookDeliveryState state_of(Str name)
{
    for (size_t i = 0; i < WEBHOOK_DELIVERY_STATE_COUNT; i++)
        if (str_is(name, webhook_delivery_states[i]))
            return (WebhookDeliveryState)i;
    return WEBHOOK_DELIVERY_failed;
}

static void read_delivery(DbRows *row, Arena *arena, void *item)
{
    *(WebhookDelivery *)item = (WebhookDelivery){
        .id = db_get_text(row, 0, arena),
        .workspace = db_get_text(row, 1, arena),
        .hook = db_get_text(row, 2, arena),
        .message = db_get_text(row, 3, arena),
        .kind = db_get_text(row, 4, arena),
        .order_key = db_get_text(row, 5, arena),
        .body = db_get_text(row, 6, arena),
        .state = state_of(db_get_text(row, 7, arena)),
        .attempts = db_get_int(row, 8),
        .next_at_ms = db_get_int(row, 9),
        .status = db_get_int(row, 10),
        .answer = db_get_text(row, 11, arena),
        .error = db_get_text(row, 12, arena),
        .took_ms = db_get_int(row, 13),
        .created_at_ms = db_get_int(row, 14),
        .ended_at_ms = db_get_int(row, 15),
        .replay_of = db_get_text(row, 16, arena),
    };
}

bool webhook_delivery_add(DbTx *tx, const Scope *scope, Arena *arena, WebhookDelivery *delivery,
                          bool *is_head_r, Error *err)
{
    WebhookDelivery added = *delivery;
    int64_t before = 0;

    added.id = id_new(arena);
    added.workspace = scope->workspace;
    added.created_at_ms = now_ms();
    if (added.order_key.length &&
        !db_query_int(
            tx,
            DB_SAME("SELECT count(*) FROM webhook_deliveries WHERE workspace = $1"
                    " AND hook = $2 AND order_key = $3 AND state = 'waiting'"),
            DB_ARGS(db_text(scope->workspace), db_text(added.hook), db_text(added.order_key)), 0,
            &before, err))
        return false;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO webhook_deliveries (workspace, id, hook, message, kind,"
                         " order_key, body, state, attempts, next_at, status, answer, error,"
                         " took_ms, created_at, ended_at, replay_of) VALUES ($1, $2, $3, $4, $5,"
                         " $6, $7, 'waiting', 0, $8, 0, '', '', 0, $8, 0, $9)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.hook),
                         db_text(added.message), db_text(added.kind), db_text(added.order_key),
                         db_text(added.body), db_int(added.created_at_ms),
                         db_text(added.replay_of)),
                 NULL, err))
        return false;
    *delivery = added;
    *is_head_r = before == 0;
    return true;
}

bool webhook_delivery_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                           WebhookDelivery *delivery_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME(COLUMNS("d.body", "d.answer") "WHERE d.workspace = $1 AND d.id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(id)), read_delivery, delivery_r,
                    "delivery", id, err);
}

bool webhook_delivery_list(DbTx *tx, const Scope *scope, Arena *arena,
                           const WebhookDeliveryFilter *filter, const Slice *slice,
                           WebhookDeliveryList *list_r, Error *err)
{
#define LISTED(beyond, order)                                                                      \
    COLUMNS("''", "''")                                                                            \
    "WHERE d.workspace = $1 AND d.hook = $2 AND ($3 = '' OR d.state = $3)"                         \
    " AND d.created_at >= $4 AND d.created_at < $5"                                                \
    " AND ($8 = 0 OR (d.replay_of = '' AND d.state <> 'waiting'))"                                 \
    " AND ($6 = '' OR d.id " beyond " $6) ORDER BY d.id " order " LIMIT $7"
    Str state = filter->state ? str(webhook_delivery_states[*filter->state]) : S("");
    int64_t limit = slice_limit(slice);
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(filter->oldest_first ? LISTED(">", "") : LISTED("<", "DESC")),
                  DB_ARGS(db_text(scope->workspace), db_text(filter->hook), db_text(state),
                          db_int(filter->from_ms),
                          db_int(filter->to_ms ? filter->to_ms : INT64_MAX),
                          db_text(slice ? slice->after : STR_NONE), db_int(limit + 1),
                          db_int(filter->to_replay)),
                  read_delivery, sizeof(WebhookDelivery), &items, err))
        return false;
    *list_r = (WebhookDeliveryList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next = list_r->at[limit - 1].id;
    return true;
}

bool webhook_delivery_save(DbTx *tx, const Scope *scope, const WebhookDelivery *delivery,
                           Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE webhook_deliveries SET state = $3, attempts = $4,"
                " next_at = $5, status = $6, answer = $7, error = $8, took_ms = $9,"
                " ended_at = $10 WHERE workspace = $1 AND id = $2"
                " AND state = 'waiting'"),
        DB_ARGS(db_text(scope->workspace), db_text(delivery->id),
                db_text(str(webhook_delivery_states[delivery->state])), db_int(delivery->attempts),
                db_int(delivery->next_at_ms), db_int(delivery->status), db_text(delivery->answer),
                db_text(delivery->error), db_int(delivery->took_ms), db_int(delivery->ended_at_ms)),
        "delivery that waits", delivery->id, err);
}

bool webhook_delivery_heads(DbTx *tx, const Scope *scope, Arena *arena, Str hook, const Str *key,
                            StrList *ids_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT d.id FROM webhook_deliveries d WHERE d.workspace = $1"
                          " AND d.hook = $2 AND ($3 = 1 OR d.order_key = $4) AND " IS_HEAD
                          " ORDER BY d.id LIMIT 1000"),
                  DB_ARGS(db_text(scope->workspace), db_text(hook), db_int(key == NULL),
                          db_text(key ? *key : STR_NONE)),
                  sql_read_text, sizeof(Str), &items, err))
        return false;
    *ids_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}

bool webhook_delivery_overdue(DbTx *tx, const Scope *scope, Arena *arena, int64_t before_ms,
                              WebhookDeliveryList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME(COLUMNS("''", "''") "WHERE d.next_at < $1 AND " IS_HEAD
                                              " AND EXISTS (SELECT 1 FROM webhooks w"
                                              " WHERE w.workspace = d.workspace"
                                              " AND w.id = d.hook AND w.is_on = 1)"
                                              " ORDER BY d.id LIMIT 1000"),
                  DB_ARGS(db_int(before_ms)), read_delivery, sizeof(WebhookDelivery), &items, err))
        return false;
    *list_r = (WebhookDeliveryList){ .at = items.at, .count = items.count };
    return true;
}

bool webhook_delivery_forget(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx,
                   DB_SAME("DELETE FROM webhook_deliveries WHERE created_at < $1"
                           " AND state <> 'waiting'"),
                   DB_ARGS(db_int(before_ms)), NULL, err);
}
