/* kept_test.c - answers are given back to whom they belong, and the oldest make room. */
#include <criterion/criterion.h>

#include "gateway/kept.h"

#define REPLY ((KeptAnswer){ S("{}"), S("{\"role\":\"user\"}") })

Test(kept, an_answer_is_its_owners_only)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    KeptAnswers *kept = kept_new();
    KeptAnswer answer;
    kept_add(kept, S("w/anna"), S("resp_1"), REPLY);
    cr_assert(kept_find(kept, arena, S("w/anna"), S("resp_1"), &answer));
    cr_assert(str_equal(answer.items, REPLY.items) && str_equal(answer.reply, REPLY.reply));
    cr_assert_not(kept_find(kept, arena, S("w/berta"), S("resp_1"), &answer));
    cr_assert_not(kept_remove(kept, S("v/anna"), S("resp_1")));
    cr_assert(kept_remove(kept, S("w/anna"), S("resp_1")));
    cr_assert_not(kept_find(kept, arena, S("w/anna"), S("resp_1"), &answer));
    kept_free(kept);
}

Test(kept, the_newest_of_one_name_counts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    KeptAnswers *kept = kept_new();
    KeptAnswer answer;
    kept_add(kept, S("w"), S("resp_1"), REPLY);
    kept_add(kept, S("w"), S("resp_1"), (KeptAnswer){ S("{\"b\":1}"), S("") });
    cr_assert(kept_find(kept, arena, S("w"), S("resp_1"), &answer));
    cr_assert(str_is(answer.reply, "{\"b\":1}"));
    cr_assert(kept_remove(kept, S("w"), S("resp_1")));
    cr_assert_not(kept_remove(kept, S("w"), S("resp_1")));
    kept_free(kept);
}

Test(kept, the_oldest_go_when_there_are_too_many)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    KeptAnswers *kept = kept_new();
    KeptAnswer answer;
    Str large = { arena_alloc(arena, MB(3)), MB(3) };
    size_t count = KEPT_BYTES_MAX / MB(3) + 1;
    for (size_t i = 0; i < count; i++)
        kept_add(kept, S("w"), str_format(arena, "resp_%zu", i), (KeptAnswer){ large, S("") });
    cr_assert_not(kept_find(kept, arena, S("w"), S("resp_0"), &answer));
    cr_assert(kept_find(kept, arena, S("w"), str_format(arena, "resp_%zu", count - 1), &answer));
    kept_add(kept, S("w"), S("huge"), (KeptAnswer){ large, large });
    cr_assert_not(kept_find(kept, arena, S("w"), S("huge"), &answer));
    kept_free(kept);
}
