/* runs_store_test.c - runs over many items. */
#include "store/runs_store.h"

#include "store/erase_store.h"
#include "store/world_test.h"

#define FIELDS S("fields")

static bool add_run(DbTx *tx, World *world, size_t count, Run *run, Error *err)
{
    NewJob job = { .type = S("t"), .attempt_max = 3 };
    bool is_new;
    Str id;

    *run = (Run){ .kind = FIELDS, .subject = S("bill"), .request = S("{\"a\":1}") };
    CALL(run_add(tx, &world->ours, world->arena, run, NULL, count, err));
    job.subject = run->id;
    CALL(jobs_store_add(tx, &world->ours, world->arena, &job, &id, &is_new, err));
    return run_set_job(tx, &world->ours, run->id, id, err);
}

static bool set_job(DbTx *tx, const Run *run, int64_t state, Error *err)
{
    return db_exec(tx, DB_SAME("UPDATE jobs SET state = $2 WHERE subject = $1"),
                   DB_ARGS(db_text(run->id), db_int(state)), NULL, err);
}

STORE_TEST(an_item_keeps_what_first_became_of_it)
{
    const Scope *ours = &world->ours;
    const RunItem done = { .number = 1, .state = S("done"), .result = S("{}") };
    const RunItem late = { .number = 1, .state = S("failed"), .error = S("again") };
    Slice slice = { .limit = 2 };
    RunItemList items;
    Run run;

    CALL(add_run(tx, world, 3, &run, err));
    CALL(run_item_save(tx, ours, run.id, &done, err));
    CALL(run_item_save(tx, ours, run.id, &late, err));
    CALL(run_item_list(tx, ours, world->arena, run.id, S("waiting"), NULL, &items, err));
    EXPECT(items.count == 2 && items.at[0].number == 0 && items.at[1].number == 2);
    CALL(run_item_list(tx, ours, world->arena, run.id, S(""), &slice, &items, err));
    EXPECT(items.count == 2 && str_is(items.at[1].state, "done") && str_is(items.next, "1"));
    slice.after = items.next;
    CALL(run_item_list(tx, ours, world->arena, run.id, S(""), &slice, &items, err));
    EXPECT(items.count == 1 && items.at[0].number == 2 && !items.next.length);
    slice.after = S("x");
    EXPECT_CODE(ERROR_INVALID,
                run_item_list(tx, ours, world->arena, run.id, S(""), &slice, &items, err));
    return true;
}

STORE_TEST(how_a_run_does_is_read_from_its_items_and_its_job)
{
    static const struct {
        int64_t job;
        const char *state;
    } cases[] = { { JOB_WAITING, "waiting" },
                  { JOB_DELAYED, "waiting" },
                  { JOB_RUNNING, "running" },
                  { JOB_CANCELLED, "cancelled" },
                  { JOB_DEAD, "failed" } };
    const RunItem failed = { .state = S("failed") };
    Run run, found;

    CALL(add_run(tx, world, 1, &run, err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(set_job(tx, &run, cases[i].job, err));
        CALL(run_find(tx, &world->ours, world->arena, run.id, &found, err));
        if (strcmp(run_state(&found), cases[i].state) != 0)
            return fail(err, ERROR_INTERNAL, "%s is %s", cases[i].state, run_state(&found));
    }
    CALL(db_exec(tx, DB_SAME("DELETE FROM jobs"), DB_NO_ARGS, NULL, err));
    CALL(run_find(tx, &world->ours, world->arena, run.id, &found, err));
    EXPECT(strcmp(run_state(&found), "cancelled") == 0 && str_is(found.request, "{\"a\":1}"));
    CALL(run_item_save(tx, &world->ours, run.id, &failed, err));
    CALL(run_find(tx, &world->ours, world->arena, run.id, &found, err));
    EXPECT(strcmp(run_state(&found), "done") == 0 && found.failed == 1 && found.total == 1);
    return true;
}

STORE_TEST(the_oldest_runs_that_are_over_go)
{
    const Scope *ours = &world->ours;
    Slice all = { .limit = 200 };
    Run first, second, run;
    RunsList list;

    CALL(add_run(tx, world, 1, &first, err));
    CALL(add_run(tx, world, 1, &second, err));
    CALL(set_job(tx, &second, JOB_DONE, err));
    for (int i = 0; i < RUNS_KEPT; i++) {
        CALL(add_run(tx, world, 1, &run, err));
        CALL(set_job(tx, &run, JOB_DONE, err));
    }
    CALL(run_list(tx, ours, world->arena, FIELDS, S("bill"), &all, &list, err));
    EXPECT(list.count == RUNS_KEPT + 1 && str_equal(list.at[RUNS_KEPT].id, first.id));
    EXPECT(!list.at[0].request.length && !list.next.length);
    EXPECT_CODE(ERROR_NOT_FOUND, run_find(tx, ours, world->arena, second.id, &run, err));
    CALL(run_list(tx, ours, world->arena, S("prompt"), S(""), &all, &list, err));
    EXPECT(!list.count);
    return true;
}

STORE_TEST(a_document_that_is_erased_leaves_no_item_behind)
{
    const Scope *ours = &world->ours;
    Run run = { .kind = FIELDS, .request = S("{}") };
    Document document;
    StrList documents = { &document.id, 1 };
    RunItemList items;

    CALL(world_document(tx, world, ours, "a.txt", "a", &document, err));
    CALL(run_add(tx, ours, world->arena, &run, &documents, 0, err));
    CALL(db_exec(tx, DB_SAME("DELETE FROM documents WHERE id = $1"), DB_ARGS(db_text(document.id)),
                 NULL, err));
    CALL(run_item_list(tx, ours, world->arena, run.id, S(""), NULL, &items, err));
    EXPECT(!items.count);
    return true;
}
