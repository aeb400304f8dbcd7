/* jobs_store_test.c - which unfinished jobs are shown to whom. */
#include "store/jobs_store.h"

#include "store/world_test.h"

STORE_TEST(jobs_are_shown_by_type_and_some_only_to_who_asked)
{
    static const struct {
        const char *type, *subject;
        bool is_ours, is_shown;
    } cases[] = { { "all", "a", true, true },   { "all", "b", false, true },
                  { "own", "c", true, true },   { "own", "d", false, false },
                  { "none", "e", true, false }, { "all", "", true, false } };
    const Str all = S("all"), own = S("own");
    const StrList shared = { &all, 1 }, private = { &own, 1 };
    Scope other = world->ours;
    JobRowList list;
    bool is_new;
    Str id;

    other.user = S("another");
    for (size_t i = 0; i < COUNT(cases); i++) {
        NewJob job = { .type = str(cases[i].type),
                       .subject = str(cases[i].subject),
                       .attempt_max = 3 };
        CALL(jobs_store_add(tx, cases[i].is_ours ? &world->ours : &other, world->arena, &job, &id,
                            &is_new, err));
    }
    CALL(jobs_store_list_open(tx, &world->ours, world->arena, shared, private, &list, err));
    EXPECT(list.count == 3);
    for (size_t i = 0, at = 0; i < COUNT(cases); i++)
        EXPECT(!cases[i].is_shown || str_is(list.at[at++].subject, cases[i].subject));
    return true;
}
