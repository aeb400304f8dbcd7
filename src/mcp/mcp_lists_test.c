/* mcp_lists_test.c - lists of tools are found until their time is over. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "mcp/mcp_lists.h"

Test(mcp_lists, a_list_is_found_by_its_key_until_it_is_dropped_or_old)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    McpLists *lists = mcp_lists_new();
    Str list;
    mcp_lists_keep(lists, S("a"), S("[1]"), 60000);
    mcp_lists_keep(lists, S("b"), S("[2]"), 1);
    mcp_lists_keep(lists, S("c"), S("[3]"), 0);
    usleep(5000);
    cr_assert(mcp_lists_find(lists, arena, S("a"), &list) && str_is(list, "[1]"));
    cr_assert_not(mcp_lists_find(lists, arena, S("b"), &list));
    cr_assert_not(mcp_lists_find(lists, arena, S("c"), &list));
    mcp_lists_keep(lists, S("a"), S("[4]"), 60000);
    cr_assert(mcp_lists_find(lists, arena, S("a"), &list) && str_is(list, "[4]"));
    mcp_lists_drop(lists, S("a"));
    mcp_lists_drop(lists, S("a"));
    cr_assert_not(mcp_lists_find(lists, arena, S("a"), &list));
    mcp_lists_free(lists);
}

Test(mcp_lists, the_one_that_ends_soonest_makes_room)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    McpLists *lists = mcp_lists_new();
    Str list;
    mcp_lists_keep(lists, S("short"), S("[]"), 10000);
    for (int i = 0; i < 256; i++)
        mcp_lists_keep(lists, str_format(arena, "k%d", i), S("[]"), 60000);
    cr_assert_not(mcp_lists_find(lists, arena, S("short"), &list));
    for (int i = 0; i < 256; i++)
        cr_assert(mcp_lists_find(lists, arena, str_format(arena, "k%d", i), &list));
    mcp_lists_free(lists);
}
