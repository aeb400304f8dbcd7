/* webhook_test.c - how long a webhook that fails is waited for, and what is told in which order. */
#include "webhook/webhook.h"

#include "db/fixture_test.h"
#include "store/workspaces_store.h"

#define HOUR_MS (INT64_C(3600) * 1000)

Test(webhook, is_tried_twelve_times_in_more_than_a_day)
{
    int64_t sum = 0, attempts = 1;
    for (int64_t delay; (delay = webhook_delay_ms(attempts)) >= 0; attempts++) {
        cr_expect(delay >= webhook_delay_ms(attempts - 1));
        sum += delay;
    }
    cr_expect_eq(attempts, 12);
    cr_expect(sum > 24 * HOUR_MS && sum < 48 * HOUR_MS);
    cr_expect_eq(webhook_delay_ms(0), -1);
}

Test(webhook, that_fails_is_left_alone_longer_each_time_and_at_most_an_hour)
{
    cr_expect_eq(webhook_hold_ms(0), 0);
    cr_expect_eq(webhook_hold_ms(7), 0);
    cr_expect_eq(webhook_hold_ms(8), HOUR_MS / 60);
    for (int64_t i = 8; i < 200; i++)
        cr_expect(webhook_hold_ms(i + 1) >= webhook_hold_ms(i) && webhook_hold_ms(i) <= HOUR_MS);
    cr_expect_eq(webhook_hold_ms(INT64_MAX), HOUR_MS);
}

/* --- Order -------------------------------------------------------------------------------- */

typedef struct Bench {
    Arena *arena;
    Scope scope;
    Webhook hook;
    StrList heads;
} Bench;

static bool add_hook(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace place = { .name = S("Harbour") };
    bench->hook = (Webhook){ .url = S("https://example.org"), .sealed = S("s"), .is_on = true };
    if (!workspace_add(tx, &system, bench->arena, &place, err))
        return false;
    bench->scope = (Scope){ .workspace = place.id, .role = ROLE_OWNER, .is_system = true };
    return webhook_add(tx, &bench->scope, bench->arena, &bench->hook, err);
}

static bool send_all(DbTx *tx, void *argument, Error *err)
{
    static const char *const keys[] = { "a", "a", "b", "", "", "a" };
    Bench *bench = argument;
    for (size_t i = 0; i < COUNT(keys); i++) {
        const WebhookEvent event = { .id = str_format(bench->arena, "%zu", i),
                                     .kind = S("k"),
                                     .key = str(keys[i]),
                                     .body = S("{}") };
        if (!webhooks_send(tx, &bench->scope, bench->arena, &event, 1, err))
            return false;
    }
    return true;
}

static bool list_heads(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    return webhook_delivery_heads(tx, &bench->scope, bench->arena, bench->hook.id, NULL,
                                  &bench->heads, err);
}

static bool end_heads(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    for (size_t i = 0; i < bench->heads.count; i++) {
        const WebhookDelivery ended = { .id = bench->heads.at[i],
                                        .state = WEBHOOK_DELIVERY_delivered };
        if (!webhook_delivery_save(tx, &bench->scope, &ended, err))
            return false;
    }
    return true;
}

/* Whose turn it is, as the messages say. */
static Str turns(Bench *bench, DbTx *tx, Error *err)
{
    Buf out = buf_new(bench->arena, KB(1));
    for (size_t i = 0; i < bench->heads.count; i++) {
        WebhookDelivery delivery;
        if (webhook_delivery_find(tx, &bench->scope, bench->arena, bench->heads.at[i], &delivery,
                                  err))
            buf_add(&out, delivery.message);
    }
    return buf_str(&out);
}

static Str said;

static bool say_turns(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    if (!list_heads(tx, bench, err))
        return false;
    said = turns(bench, tx, err);
    return true;
}

TEST_BOTH(webhook, is_told_of_one_thing_in_order_and_of_others_at_once)
{
    static const char *const wanted[] = { "0234", "1", "5", "" };
    Bench bench = { .arena = arena_new(MB(64)) };
    Scope system = scope_system();
    Error err;
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(store_write(db, &system, add_hook, &bench, &err), "%s", err.message);
    cr_assert(store_write(db, &bench.scope, send_all, &bench, &err), "%s", err.message);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        cr_assert(store_read(db, &bench.scope, say_turns, &bench, &err), "%s", err.message);
        cr_expect(str_is(said, wanted[i]), "%zu: " STR_FMT, i, STR_ARG(said));
        cr_assert(store_write(db, &bench.scope, end_heads, &bench, &err), "%s", err.message);
    }
    db_close(db);
    arena_free(bench.arena);
}

/* --- Told again ----------------------------------------------------------------------------- */

static int64_t replayed, left_from_ms;

static bool replay_all(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const WebhookDeliveryFilter all = { .hook = bench->hook.id };
    return webhooks_replay(tx, &bench->scope, bench->arena, &all, &replayed, &left_from_ms, err);
}

TEST_BOTH(webhook, that_is_told_a_span_again_hears_each_event_once)
{
    Bench bench = { .arena = arena_new(MB(64)) };
    Scope system = scope_system();
    Error err;
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(store_write(db, &system, add_hook, &bench, &err), "%s", err.message);
    cr_assert(store_write(db, &bench.scope, send_all, &bench, &err), "%s", err.message);
    cr_assert(store_write(db, &bench.scope, replay_all, &bench, &err), "%s", err.message);
    cr_expect_eq(replayed, 0, "what waits is told anyhow");
    cr_assert(store_read(db, &bench.scope, list_heads, &bench, &err), "%s", err.message);
    cr_assert(store_write(db, &bench.scope, end_heads, &bench, &err), "%s", err.message);
    for (int i = 0; i < 2; i++) {
        cr_assert(store_write(db, &bench.scope, replay_all, &bench, &err), "%s", err.message);
        cr_expect_eq(replayed, 4, "%" PRId64, replayed);
        cr_expect_eq(left_from_ms, 0);
        cr_assert(store_read(db, &bench.scope, list_heads, &bench, &err), "%s", err.message);
    }
    db_close(db);
    arena_free(bench.arena);
}
