/* connections_store_test.c - what a round over a place outside finds, and what becomes of it. */
#include "base/hash.h"
#include "store/connection_grants_store.h"
#include "store/connections_store.h"
#include "store/erase_store.h"
#include "store/world_test.h"

static bool add(DbTx *tx, World *world, Connection *connection, Error *err)
{
    *connection = (Connection){ .kind = S("folder"),
                                .name = S("In"),
                                .settings = S("{}"),
                                .gone = S("trash"),
                                .every_minutes = 5,
                                .is_on = true };
    return connection_add(tx, &world->ours, world->arena, connection, err) &&
           connection_begin(tx, &world->ours, connection, err);
}

static bool find(DbTx *tx, World *world, const Connection *connection, const char *remote,
                 const char *listed, Error *err)
{
    ConnectionItem item = { .remote = str(remote), .name = str(remote), .listed = str(listed) };
    return connection_items_found(tx, &world->ours, world->arena, connection, &item, 1, 100, err);
}

static bool next_round(DbTx *tx, World *world, Connection *connection, Error *err)
{
    const Error well = { 0 };
    CALL(connection_page(tx, &world->ours, connection, S("here"), true, true, err));
    CALL(connection_end(tx, &world->ours, connection, &well, 9, err));
    connection->phase = S("idle");
    return connection_begin(tx, &world->ours, connection, err);
}

/* What item `remote` is, after it was set to a state of version "1" and found again as `listed`. */
static bool found_again(DbTx *tx, World *world, Connection *connection, ItemState state,
                        const char *listed, ItemState *now_r, Error *err)
{
    Str remote = str_format(world->arena, "%s %s", item_state_name(state), listed);
    Str key = sha256_hex(world->arena, remote);
    ConnectionItem item;
    CALL(find(tx, world, connection, remote.at, "1", err));
    CALL(connection_item_find(tx, &world->ours, world->arena, connection->id, key, &item, err));
    item.state = state;
    item.version = S("1");
    CALL(connection_item_save(tx, &world->ours, connection->id, &item, err));
    CALL(next_round(tx, world, connection, err));
    CALL(find(tx, world, connection, remote.at, listed, err));
    CALL(connection_item_find(tx, &world->ours, world->arena, connection->id, key, &item, err));
    *now_r = item.state;
    return true;
}

STORE_TEST(connections_are_listed_part_by_part_by_their_names)
{
    static const char *const names[] = { "b", "a", "b", "c" }, *const sorted = "abbc";
    Slice slice = { .limit = 1 };
    ConnectionList list;
    for (size_t i = 0; i < COUNT(names); i++) {
        Connection one = { .kind = S("folder"), .name = str(names[i]), .settings = S("{}") };
        CALL(connection_add(tx, &world->ours, world->arena, &one, err));
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        CALL(connection_list(tx, &world->ours, world->arena, &slice, &list, err));
        EXPECT(list.total == COUNT(names) && list.count == 1);
        EXPECT(list.at[0].name.at[0] == sorted[i] && !list.next.length == (i == 3));
        slice.after = list.next;
    }
    slice.after = S("nonsense");
    EXPECT_CODE(ERROR_INVALID, connection_list(tx, &world->ours, world->arena, &slice, &list, err));
    return true;
}

STORE_TEST(what_is_found_again_waits_when_it_is_new_or_failed)
{
    static const struct {
        ItemState was;
        const char *listed;
        ItemState now;
    } cases[] = {
        { ITEM_taken, "1", ITEM_taken },       { ITEM_taken, "2", ITEM_waiting },
        { ITEM_taken, "", ITEM_waiting },      { ITEM_failed, "1", ITEM_waiting },
        { ITEM_skipped, "1", ITEM_skipped },   { ITEM_skipped, "2", ITEM_waiting },
        { ITEM_gone, "1", ITEM_waiting },      { ITEM_ignored, "2", ITEM_ignored },
        { ITEM_conflict, "1", ITEM_conflict }, { ITEM_conflict, "2", ITEM_waiting },
        { ITEM_sent, "1", ITEM_sent },         { ITEM_sent, "2", ITEM_edited },
        { ITEM_edited, "1", ITEM_sent },       { ITEM_edited, "2", ITEM_edited },
    };
    Connection connection;
    ItemState now;
    CALL(add(tx, world, &connection, err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(found_again(tx, world, &connection, cases[i].was, cases[i].listed, &now, err));
        if (now != cases[i].now)
            return fail(err, ERROR_INTERNAL, "%s found as '%s' is %s",
                        item_state_name(cases[i].was), cases[i].listed, item_state_name(now));
    }
    return true;
}

STORE_TEST(what_a_round_has_not_seen_is_told_and_more_than_its_room_is_left_out)
{
    Connection connection;
    ConnectionItemList list;
    int64_t seen;
    ConnectionItem many[] = { { .remote = S("x") }, { .remote = S("y") }, { .remote = S("z") } };
    CALL(add(tx, world, &connection, err));
    CALL(find(tx, world, &connection, "a", "1", err));
    ConnectionItem item = { .key = sha256_hex(world->arena, S("a")), .state = ITEM_taken };
    CALL(connection_item_save(tx, &world->ours, connection.id, &item, err));
    CALL(connection_items_unseen(tx, &world->ours, world->arena, &connection, &list, err));
    EXPECT(!list.count);
    CALL(next_round(tx, world, &connection, err));
    CALL(connection_items_unseen(tx, &world->ours, world->arena, &connection, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].remote, "a"));
    CALL(connection_items_busy(tx, &world->ours, world->arena, &connection, list.at, 1, err));
    CALL(connection_items_unseen(tx, &world->ours, world->arena, &connection, &list, err));
    EXPECT(!list.count);
    CALL(connection_items_found(tx, &world->ours, world->arena, &connection, many, 3, 2, err));
    CALL(connection_items_seen(tx, &world->ours, &connection, &seen, err));
    EXPECT(seen == 2);
    return true;
}

STORE_TEST(a_document_that_was_written_there_is_one_thing_there_and_not_what_brought_it)
{
    Connection connection;
    ConnectionItem found;
    ConnectionItem item = { .remote = S("page:1"), .document = S("d"), .state = ITEM_sent };
    int64_t count;
    CALL(add(tx, world, &connection, err));
    EXPECT_CODE(ERROR_NOT_FOUND, connection_item_sent(tx, &world->ours, world->arena, connection.id,
                                                      S("d"), &found, err));
    CALL(connection_item_send(tx, &world->ours, world->arena, connection.id, &item, err));
    CALL(connection_item_sent(tx, &world->ours, world->arena, connection.id, S("d"), &found, err));
    EXPECT(str_is(found.remote, "page:1"));
    CALL(connection_items_of(tx, &world->ours, S("d"), &count, err));
    EXPECT(!count);
    item.remote = S("page:2");
    CALL(connection_item_send(tx, &world->ours, world->arena, connection.id, &item, err));
    CALL(connection_item_sent(tx, &world->ours, world->arena, connection.id, S("d"), &found, err));
    EXPECT(str_is(found.remote, "page:2"));
    Str first = sha256_hex(world->arena, S("page:1"));
    CALL(connection_item_find(tx, &world->ours, world->arena, connection.id, first, &found, err));
    EXPECT(found.state == ITEM_ignored);
    return true;
}

STORE_TEST(a_change_of_settings_voids_the_round_that_goes_on)
{
    const Error well = { 0 };
    Connection connection, found;
    CALL(add(tx, world, &connection, err));
    CALL(connection_update(tx, &world->ours, world->arena, &connection, true, err));
    CALL(connection_find(tx, &world->ours, world->arena, connection.id, &found, err));
    EXPECT(str_is(found.phase, "idle") && found.round == connection.round + 1);
    EXPECT(found.next_at_ms >= found.updated_at_ms + 5 * 60000);
    EXPECT_CODE(ERROR_CONFLICT,
                connection_page(tx, &world->ours, &connection, S("x"), true, true, err));
    EXPECT_CODE(ERROR_CONFLICT, connection_end(tx, &world->ours, &connection, &well, 1, err));
    return true;
}

STORE_TEST(an_erased_document_leaves_nothing_of_its_item_but_that_it_is_not_wanted)
{
    Connection connection;
    Document document;
    Erased erased;
    ConnectionItem item = { .key = sha256_hex(world->arena, S("a")),
                            .name = S("a"),
                            .state = ITEM_taken };
    CALL(add(tx, world, &connection, err));
    CALL(find(tx, world, &connection, "a", "1", err));
    CALL(world_document(tx, world, &world->ours, "a", "content", &document, err));
    item.document = document.id;
    CALL(connection_item_save(tx, &world->ours, connection.id, &item, err));
    CALL(document_erase(tx, &world->ours, world->arena, document.id, &erased, err));
    CALL(next_round(tx, world, &connection, err));
    CALL(find(tx, world, &connection, "a", "2", err));
    CALL(connection_item_find(tx, &world->ours, world->arena, connection.id, item.key, &item, err));
    EXPECT(item.state == ITEM_ignored && !item.remote.length && !item.name.length);
    EXPECT(!item.document.length && !item.listed.length);
    return true;
}

STORE_TEST(a_grant_is_refreshed_by_one_alone_and_changed_by_who_knows_it)
{
    Connection connection;
    bool first, second;
    CALL(add(tx, world, &connection, err));
    ConnectionGrant grant = { .connection = connection.id,
                              .settings = S("{}"),
                              .sealed = S("\1sealed"),
                              .state_digest = S("d"),
                              .state_until_ms = 9 },
                    stale;
    CALL(connection_grant_begin(tx, &world->ours, &grant, err));
    CALL(connection_grant_find(tx, &world->ours, world->arena, connection.id, &grant, err));
    CALL(connection_grant_claim(tx, &world->ours, &grant, 100, 130, &first, err));
    CALL(connection_grant_claim(tx, &world->ours, &grant, 101, 131, &second, err));
    EXPECT(first && !second);
    CALL(connection_grant_claim(tx, &world->ours, &grant, 131, 160, &first, err));
    EXPECT(first); /* who had it has died */
    stale = grant;
    CALL(connection_grant_save(tx, &world->ours, &grant, err));
    EXPECT_CODE(ERROR_CONFLICT, connection_grant_save(tx, &world->ours, &stale, err));
    CALL(connection_grant_find(tx, &world->ours, world->arena, connection.id, &grant, err));
    EXPECT(!grant.state_digest.length && grant.version == stale.version + 1);
    return true;
}
