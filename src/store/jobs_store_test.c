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

static bool finish_one_of(DbTx *tx, World *world, Str type, Error *err)
{
    Scope system = scope_system();
    NewJob job = { .type = type, .attempt_max = 1 };
    JobClaim claim = { .type = type,
                       .workspace = world->ours.workspace,
                       .owner = S("o"),
                       .lease_ms = 1000,
                       .limit = 1 };
    JobRowList list;
    JobLines woken = { 0 };
    bool is_new, is_stale;
    Str id;

    CALL(jobs_store_add(tx, &world->ours, world->arena, &job, &id, &is_new, err));
    CALL(jobs_store_claim(tx, &system, world->arena, &claim, 1000, &list, err));
    EXPECT(list.count == 1);
    JobOutcome outcome = { .id = id, .token = list.at[0].token, .state = JOB_DONE };
    CALL(jobs_store_finish(tx, &system, world->arena, &outcome, 1, 1000, &is_stale, &woken, err));
    CALL(jobs_store_set_result(tx, &world->ours, id, S("{}"), 1000, err));
    return true;
}

STORE_TEST(finished_jobs_go_when_those_of_their_type_are_old)
{
    const JobKeeping keeping[] = { { S("short"), INT64_MAX / 2, INT64_MAX / 2 },
                                   { .done_before_ms = 500, .dead_before_ms = 500 } };
    const JobKeeping all[] = { { .done_before_ms = INT64_MAX / 2, .dead_before_ms = 500 } };
    Scope system = scope_system();
    JobFilter any = { 0 };
    JobRowList list;
    int64_t count;

    CALL(finish_one_of(tx, world, S("short"), err));
    CALL(finish_one_of(tx, world, S("long"), err));
    CALL(jobs_store_purge(tx, &system, world->arena, keeping, 2, 2000, 10, &count, err));
    EXPECT(count == 1);
    CALL(jobs_store_list(tx, &world->ours, world->arena, &any, NULL, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].type, "long"));
    CALL(jobs_store_purge(tx, &system, world->arena, all, 1, 2000, 10, &count, err));
    CALL(jobs_store_list(tx, &world->ours, world->arena, &any, NULL, &list, err));
    EXPECT(!list.count);
    return true;
}
