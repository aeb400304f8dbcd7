/* judgements_store_test.c - judged sets, what is judged in them, and their runs. */
#include "store/world_test.h"

#include "store/erase_store.h"
#include "store/judged_sets_store.h"
#include "store/judgements_store.h"
#include "store/lab_runs_store.h"

STORE_TEST(a_judgement_is_changed_by_judging_again_and_goes_with_its_document)
{
    const Scope *ours = &world->ours;
    Arena *arena = world->arena;
    JudgedSet set = { .name = S("Plans") }, again = { .name = S("PLANS") };
    Document one, other;
    JudgementList list;
    Erased erased;

    CALL(world_document(tx, world, ours, "one.txt", "one", &one, err));
    CALL(world_document(tx, world, ours, "other.txt", "other", &other, err));
    CALL(judged_set_add(tx, ours, arena, &set, err));
    EXPECT_CODE(ERROR_CONFLICT, judged_set_add(tx, ours, arena, &again, err));
    Judgement judgements[] = {
        { .query = S("which plan"), .document = one.id, .grade = 1 },
        { .query = S("which plan"), .document = one.id, .start = 0, .end = 20, .grade = 3 },
        { .query = S("what else"), .document = other.id, .grade = 0 },
        { .query = S("which plan"), .document = one.id, .grade = 2 },
    };
    for (size_t i = 0; i < COUNT(judgements); i++)
        CALL(judgement_set(tx, ours, arena, set.id, &judgements[i], err));
    CALL(judgement_list(tx, ours, arena, set.id, S("which plan"), &list, err));
    EXPECT(list.count == 2 && list.at[0].grade == 3 && list.at[0].end == 20);
    EXPECT(list.at[1].grade == 2 && str_is(list.at[1].document_name, "one.txt"));
    CALL(judged_set_find_by_name(tx, ours, arena, S("plans"), &set, err));
    EXPECT(set.query_count == 2 && set.judgement_count == 3);
    CALL(judgement_remove(tx, ours, arena, set.id, &judgements[1], err));
    CALL(document_trash(tx, ours, other.id, 1, err));
    CALL(judgement_list(tx, ours, arena, set.id, STR_NONE, &list, err));
    EXPECT(list.count == 1 && str_equal(list.at[0].document, one.id));
    CALL(document_erase(tx, ours, arena, one.id, &erased, err));
    CALL(judged_set_find(tx, ours, arena, set.id, &set, err));
    EXPECT(set.judgement_count == 1);
    CALL(judgement_clear(tx, ours, set.id, err));
    CALL(judged_set_find(tx, ours, arena, set.id, &set, err));
    EXPECT(set.judgement_count == 0);
    return true;
}

STORE_TEST(the_newest_runs_of_a_set_are_kept_and_go_with_it)
{
    const Scope *ours = &world->ours;
    JudgedSet set = { .name = S("Plans") };
    LabRunList list;
    LabRun found;

    CALL(judged_set_add(tx, ours, world->arena, &set, err));
    for (int i = 0; i < LAB_RUNS_KEPT + 5; i++) {
        LabRun run = { .id = str_format(world->arena, "run-%02d", i),
                       .set = set.id,
                       .job = S("j"),
                       .settings = S("{}") };
        CALL(lab_run_add(tx, ours, &run, err));
    }
    CALL(lab_run_list(tx, ours, world->arena, set.id, &list, err));
    EXPECT(list.count == LAB_RUNS_KEPT && str_is(list.at[0].id, "run-24"));
    CALL(lab_run_save(tx, ours, S("run-24"), S("{}"), err));
    CALL(lab_run_find(tx, ours, world->arena, S("run-24"), &found, err));
    EXPECT(str_is(found.result, "{}") && str_is(found.set_name, "Plans"));
    EXPECT_CODE(ERROR_NOT_FOUND, lab_run_find(tx, ours, world->arena, S("run-04"), &found, err));
    CALL(judged_set_remove(tx, ours, set.id, err));
    CALL(lab_run_list(tx, ours, world->arena, STR_NONE, &list, err));
    EXPECT(list.count == 0);
    return true;
}
