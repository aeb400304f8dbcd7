/* sealed_texts_test.c - passwords inside addresses and values of headers lie in no row, on both
 * databases. */
#include "store/sealed_texts.h"

#include "base/passwords.h"
#include "base/seal.h"
#include "store/gateway_items_store.h"
#include "store/migrate.h"
#include "store/server_key.h"
#include "store/sql.h"
#include "store/webhooks_store.h"
#include "store/world_test.h"

#define BEFORE 118 /* the migration before secrets in texts were sealed */
#define HOOK "https://ann:hush-hush@example.org/hook"
#define SERVICE "{\"headers\":{\"X-Key\":\"hush-hush\",\"X-Two\":\"hush-hush\"},\"models\":[\"m\"]}"

typedef struct Rows {
    World *world;
    Webhook hook, plain;
    GatewayItem item;
} Rows;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    Rows *rows = argument;
    World *world = rows->world;
    rows->plain.url = S("https://example.org/hook");
    return webhook_add(tx, &world->ours, world->arena, &rows->hook, err) &&
           webhook_add(tx, &world->ours, world->arena, &rows->plain, err) &&
           gateway_item_set(tx, &world->ours, &rows->item, err);
}

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    Rows *rows = argument;
    World *world = rows->world;
    GatewayItemList items;
    return webhook_find(tx, &world->ours, world->arena, rows->hook.id, &rows->hook, err) &&
           webhook_find(tx, &world->ours, world->arena, rows->plain.id, &rows->plain, err) &&
           gateway_item_list(tx, &world->ours, world->arena, &items, err) && items.count == 1 &&
           (rows->item = items.at[0], true);
}

/* How many rows of the columns with texts have the secret in them. */
static bool count_open(DbTx *tx, void *argument, Error *err)
{
    int64_t *count = argument;
    return db_query_int(tx,
                        DB_SAME("SELECT (SELECT count(*) FROM webhooks WHERE url LIKE '%hush%')"
                                " + (SELECT count(*) FROM gateway_items"
                                "    WHERE document LIKE '%hush%')"),
                        DB_NO_ARGS, 0, count, err);
}

static int64_t open_rows(World *world)
{
    const Scope system = scope_system();
    int64_t count = -1;
    Error err;
    cr_assert(store_read(world->db, &system, count_open, &count, &err), "%s", err.message);
    return count;
}

static Rows add_rows(World *world)
{
    Rows rows = { .world = world,
                  .hook = { .url = S(HOOK), .form = S("standard") },
                  .plain = { .form = S("standard") },
                  .item = { .kind = S("service"), .name = S("echo") } };
    Error err;
    Str shown = gateway_document_shown(world->arena, S(SERVICE));
    cr_assert(text_seal(world->db, world->arena, rows.hook.url,
                        passwords_hidden(world->arena, rows.hook.url), &rows.hook.whole, &err) &&
                  text_seal(world->db, world->arena, S(SERVICE), shown, &rows.item.whole, &err),
              "%s", err.message);
    rows.item.document = rows.item.whole.length ? shown : S(SERVICE);
    cr_assert(store_write(world->db, &world->ours, add_work, &rows, &err), "%s", err.message);
    return rows;
}

static void expect_whole(Rows *rows)
{
    World *world = rows->world;
    Error err;
    cr_assert(store_read(world->db, &world->ours, read_work, rows, &err), "%s", err.message);
    cr_expect(str_is(rows->hook.url, "https://ann:***@example.org/hook"), STR_FMT,
              STR_ARG(rows->hook.url));
    cr_expect(!rows->plain.whole.length && str_is(rows->plain.url, "https://example.org/hook"));
    cr_expect_lt(str_find(rows->item.document, S("hush")), 0);
    cr_expect_geq(str_find(rows->item.document, S("\"models\"")), 0);
    cr_assert(text_open(world->db, world->arena, rows->hook.whole, &rows->hook.url, &err) &&
                  text_open(world->db, world->arena, rows->plain.whole, &rows->plain.url, &err) &&
                  text_open(world->db, world->arena, rows->item.whole, &rows->item.document, &err),
              "%s", err.message);
    cr_expect(str_is(rows->hook.url, HOOK) && str_is(rows->item.document, SERVICE));
    cr_expect(str_is(rows->plain.url, "https://example.org/hook"));
}

static void seal_all(World *world)
{
    Error err;
    cr_assert(texts_seal_all(world->db, &err), "%s", err.message);
}

static SealedTexts look(World *world)
{
    SealedTexts texts = { 0 };
    Error err;
    cr_assert(texts_check(world->db, &texts, &err), "%s", err.message);
    return texts;
}

TEST_BOTH(store, texts_with_secrets_are_shown_without_and_opened_whole)
{
    World world;
    world_open(&world, url);
    server_key_set_master(seal_new_key(world.arena));
    seal_all(&world);
    Rows rows = add_rows(&world);
    cr_expect_eq(open_rows(&world), 0);
    expect_whole(&rows);
    world_close(&world);
}

TEST_BOTH(store,
          texts_lie_open_as_older_programs_read_them_until_they_are_sealed_and_after_a_way_back)
{
    World world;
    Error err;
    world_open(&world, url);
    server_key_set_master(seal_new_key(world.arena));
    Rows rows = add_rows(&world);
    cr_expect(!rows.hook.whole.length && !rows.item.whole.length);
    cr_expect_eq(open_rows(&world), 2);
    cr_expect_eq(look(&world).open, 2);
    for (int i = 0; i < 2; i++) {
        seal_all(&world);
        cr_expect_eq(open_rows(&world), 0);
        cr_expect(look(&world).open == 0 && look(&world).count == 2);
        expect_whole(&rows);
    }
    cr_assert(migrate_down(world.db, BEFORE, &err), "%s", err.message);
    cr_expect_eq(open_rows(&world), 2);
    cr_assert(migrate_up(world.db, &err), "%s", err.message);
    cr_expect_eq(open_rows(&world), 2);
    seal_all(&world);
    expect_whole(&rows);
    world_close(&world);
}

/* As a program of before does it, which knows of no sealed part. */
static bool save_as_before(DbTx *tx, void *argument, Error *err)
{
    const Rows *rows = argument;
    return sql_change(tx, DB_SAME("UPDATE webhooks SET url = $2, failures = 0 WHERE id = $1"),
                      DB_ARGS(db_text(rows->hook.id), db_text(rows->hook.url)), "hook",
                      rows->hook.id, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE gateway_items SET document = $2, updated_at = 9"
                              " WHERE name = $1"),
                      DB_ARGS(db_text(rows->item.name), db_text(rows->item.document)), "service",
                      rows->item.name, err);
}

TEST_BOTH(store, what_an_older_program_saves_over_a_sealed_text_holds)
{
    World world;
    Error err;
    world_open(&world, url);
    server_key_set_master(seal_new_key(world.arena));
    seal_all(&world);
    Rows rows = add_rows(&world), other = rows;
    cr_assert(store_read(world.db, &world.ours, read_work, &rows, &err), "%s", err.message);
    cr_assert(store_write(world.db, &world.ours, save_as_before, &rows, &err), "%s", err.message);
    expect_whole(&rows); /* it was as they had read it */

    other.hook.url = S("https://other.example.org/hook");
    other.item.document = S("{\"models\":[\"other\"]}");
    cr_assert(store_write(world.db, &world.ours, save_as_before, &other, &err), "%s", err.message);
    cr_assert(store_read(world.db, &world.ours, read_work, &rows, &err), "%s", err.message);
    cr_expect(!rows.hook.whole.length && str_equal(rows.hook.url, other.hook.url));
    cr_expect(!rows.item.whole.length && str_equal(rows.item.document, other.item.document));
    cr_expect(look(&world).count == 0 && look(&world).open == 0);
    world_close(&world);
}

TEST_BOTH(store,
          with_another_master_key_secrets_of_texts_are_lost_and_counted_and_with_a_new_one_not)
{
    World world;
    bool is_new, fits;
    Error err;
    Str opened;
    world_open(&world, url);
    Str first = seal_new_key(world.arena), second = seal_new_key(world.arena);
    server_key_set_master(first);
    cr_assert(server_key_check(world.db, false, &is_new, &err), "%s", err.message);
    seal_all(&world);
    Rows rows = add_rows(&world);
    cr_assert(server_key_rotate(world.db, second, &err), "%s", err.message);
    cr_assert(server_key_check(world.db, false, &is_new, &err), "%s", err.message);
    expect_whole(&rows);
    cr_expect(look(&world).count == 2 && look(&world).lost == 0);
    cr_expect(server_key_fits(world.db, second, &fits, &err) && fits);
    cr_expect(server_key_fits(world.db, first, &fits, &err) && !fits);

    server_key_set_master(first); /* a node that was not told: it makes no keys anew */
    cr_expect(!text_open(world.db, world.arena, rows.hook.whole, &opened, &err));
    cr_expect_eq(err.code, ERROR_CONFLICT, "%s", err.message);
    server_key_set_master(second);
    expect_whole(&rows);

    server_key_set_master(seal_new_key(world.arena));
    cr_assert(server_key_check(world.db, true, &is_new, &err) && is_new);
    cr_expect(!text_open(world.db, world.arena, rows.hook.whole, &opened, &err));
    cr_expect_eq(err.code, ERROR_DAMAGED, "%s", err.message);
    cr_expect(look(&world).count == 2 && look(&world).lost == 2);
    world_close(&world);
}
