/* gateway_items_store_test.c - services, models and routes of a workspace. */
#include "store/gateway_items_store.h"
#include "store/world_test.h"

STORE_TEST(a_gateway_item_is_kept_replaced_and_removed)
{
    const Scope *ours = &world->ours;
    GatewayItem item = { .kind = S("service"), .name = S("groq"), .document = S("{}") };
    GatewayItem route = { .kind = S("route"), .name = S("groq"), .document = S("{\"a\":1}") };
    GatewayItemList list;

    CALL(gateway_item_set(tx, ours, &item, err));
    CALL(gateway_item_set(tx, ours, &route, err));
    item.document = S("{\"b\":2}");
    item.sealed = S("\x01\x02");
    CALL(gateway_item_set(tx, ours, &item, err));
    CALL(gateway_item_list(tx, ours, world->arena, &list, err));
    EXPECT(list.count == 2 && str_is(list.at[0].kind, "route"));
    EXPECT(str_is(list.at[1].document, "{\"b\":2}") && list.at[1].sealed.length == 2);
    CALL(gateway_item_remove(tx, ours, S("service"), S("groq"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, gateway_item_remove(tx, ours, S("service"), S("groq"), err));
    CALL(gateway_item_list(tx, ours, world->arena, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].kind, "route"));
    return true;
}

STORE_TEST(all_gateway_items_fit_into_memory)
{
    const Scope *ours = &world->ours;
    Str large = { arena_alloc(world->arena, MB(1)), MB(1) };
    GatewayItem item = { .kind = S("service"), .document = large };

    memset((char *)(uintptr_t)large.at, ' ', large.length);
    for (int i = 0; i < 4; i++) {
        item.name = str_format(world->arena, "s%d", i);
        CALL(gateway_item_set(tx, ours, &item, err));
    }
    CALL(gateway_item_set(tx, ours, &item, err)); /* in its own place */
    item.name = S("one more");
    EXPECT_CODE(ERROR_TOO_LARGE, gateway_item_set(tx, ours, &item, err));
    return true;
}
