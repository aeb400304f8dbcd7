/* label_sets_store_test.c - label sets, what they learn from, what they said, and batches. */
#include "store/label_sets_store.h"

#include "store/classification_batches_store.h"
#include "store/classifications_store.h"
#include "store/erase_store.h"
#include "store/jobs_store.h"
#include "store/world_test.h"

static bool add_set(DbTx *tx, World *world, const char *name, LabelSet *set, Error *err)
{
    *set = (LabelSet){ .name = str(name), .labels = S("[\"a\",\"b\"]"), .asks = S("auto") };
    return label_set_add(tx, &world->ours, world->arena, set, err);
}

STORE_TEST(a_change_that_is_learned_from_is_another_revision)
{
    const Scope *ours = &world->ours;
    LabelSet set, found;
    LabelExample example = { .text = S("t"), .labels = S("[\"a\"]"), .source = S("given") };
    LabelExample again = { .text = S("t"), .labels = S("[\"b\"]"), .source = S("given") };
    LabelExampleList list;

    CALL(add_set(tx, world, "Größe", &set, err));
    EXPECT_CODE(ERROR_CONFLICT, add_set(tx, world, "GRÖSSE", &found, err));
    set.description = S("other words");
    CALL(label_set_update(tx, ours, world->arena, &set, err));
    EXPECT(set.revision == 1);
    set.labels = S("[\"a\",\"c\"]");
    CALL(label_set_update(tx, ours, world->arena, &set, err));
    EXPECT(set.revision == 2);
    CALL(label_example_set(tx, ours, world->arena, set.id, &example, err));
    CALL(label_example_set(tx, ours, world->arena, set.id, &again, err));
    EXPECT(str_equal(example.id, again.id));
    CALL(label_set_find(tx, ours, world->arena, S("grösse"), &found, err));
    EXPECT(found.revision == 4 && found.example_count == 1 && !found.trained_revision);
    CALL(label_example_list(tx, ours, world->arena, set.id, NULL, &list, err));
    EXPECT(list.count == 1 && str_is(list.at[0].labels, "[\"b\"]") && !list.next.length);
    return true;
}

STORE_TEST(an_older_training_does_not_replace_a_newer_one)
{
    const Scope *ours = &world->ours;
    const LabelTraining training = { .way = S("head"), .accuracy = 0.5 };
    LabelTrainingList list;
    LabelSet set;
    Str bytes;

    CALL(add_set(tx, world, "set", &set, err));
    CALL(label_set_trained(tx, ours, world->arena, set.id, 5, S("new"), &training, err));
    CALL(label_set_trained(tx, ours, world->arena, set.id, 4, S("old"), &training, err));
    CALL(label_set_classifier(tx, ours, world->arena, set.id, &bytes, err));
    EXPECT(str_is(bytes, "new"));
    for (int i = 0; i < LABEL_TRAININGS_MAX + 3; i++)
        CALL(label_set_trained(tx, ours, world->arena, set.id, 6 + i, S("x"), &training, err));
    CALL(label_training_list(tx, ours, world->arena, set.id, &list, err));
    EXPECT(list.count == LABEL_TRAININGS_MAX && list.at[0].accuracy == 0.5);
    return true;
}

STORE_TEST(what_a_person_decided_stays_until_the_text_is_another)
{
    const Scope *ours = &world->ours;
    LabelSet set;
    ClassificationDayList days;
    Classification said = { .subject = S("s"), .hash = S("h1"), .state = S("asked") }, next;

    CALL(add_set(tx, world, "set", &set, err));
    said.set = set.id;
    next = said;
    CALL(classification_put(tx, ours, world->arena, &said, err));
    CALL(classification_decide(tx, ours, said.id, S("corrected"), S("[\"b\"]"), err));
    next.state = S("sure");
    CALL(classification_put(tx, ours, world->arena, &next, err));
    EXPECT(str_equal(next.id, said.id) && str_is(next.state, "corrected"));
    CALL(classification_days(tx, ours, world->arena, set.id, &days, err));
    EXPECT(days.count == 1 && days.at[0].corrected == 1 && !days.at[0].confirmed);
    next.hash = S("h2");
    next.state = S("sure");
    CALL(classification_put(tx, ours, world->arena, &next, err));
    EXPECT(str_equal(next.id, said.id) && str_is(next.state, "sure") && !next.decided.length);
    return true;
}

STORE_TEST(what_was_made_of_an_erased_document_goes_with_it)
{
    const Scope *ours = &world->ours;
    LabelSet set;
    Document doc;
    Erased erased;
    ClassificationList said;
    ClassificationItemList items;
    LabelExampleList examples;
    const ClassificationFilter any = { 0 };
    ClassificationBatch batch = { 0 };

    CALL(world_ready(tx, world, ours, "a.txt", "text", 1, &doc, err));
    CALL(add_set(tx, world, "set", &set, err));
    Classification one = { .set = set.id, .subject = doc.id, .document = doc.id };
    LabelExample example = { .text = S("text"), .labels = S("[]"), .document = doc.id };
    ClassificationItem item = { .document = doc.id };
    CALL(classification_put(tx, ours, world->arena, &one, err));
    CALL(label_example_set(tx, ours, world->arena, set.id, &example, err));
    CALL(classification_batch_add(tx, ours, world->arena, &batch, &item, 1, err));
    CALL(document_erase(tx, ours, world->arena, doc.id, &erased, err));
    CALL(classification_list(tx, ours, world->arena, &any, NULL, &said, err));
    CALL(label_example_list(tx, ours, world->arena, set.id, NULL, &examples, err));
    CALL(classification_item_list(tx, ours, world->arena, batch.id, S(""), NULL, &items, err));
    EXPECT(!said.count && !examples.count && !items.count);
    return true;
}

STORE_TEST(a_batch_whose_job_gave_up_has_failed_until_it_is_run_again)
{
    static const struct {
        JobState job;
        const char *state;
    } cases[] = { { JOB_WAITING, "running" }, { JOB_DELAYED, "running" },
                  { JOB_RUNNING, "running" }, { JOB_DEAD, "failed" },
                  { JOB_WAITING, "running" }, { JOB_DONE, "failed" } };
    const Scope *ours = &world->ours;
    const ClassificationItem item = { .text = S("a") };
    const NewJob job = { .type = S("t"), .subject = S("s"), .attempt_max = 3 };
    ClassificationBatch batch = { .set = S("set") }, found;
    bool is_new;
    Str id;

    CALL(classification_batch_add(tx, ours, world->arena, &batch, &item, 1, err));
    CALL(jobs_store_add(tx, ours, world->arena, &job, &id, &is_new, err));
    CALL(classification_batch_set_job(tx, ours, batch.id, id, err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(db_exec(tx, DB_SAME("UPDATE jobs SET state = $2, error_code = 'busy' WHERE id = $1"),
                     DB_ARGS(db_text(id), db_int(cases[i].job)), NULL, err));
        CALL(classification_batch_find(tx, ours, world->arena, batch.id, &found, err));
        if (!str_is(found.state, cases[i].state))
            return fail(err, ERROR_INTERNAL, "%zu is " STR_FMT, i, STR_ARG(found.state));
        EXPECT(str_is(found.error_code, "busy") == str_is(found.state, "failed"));
    }
    CALL(db_exec(tx, DB_SAME("DELETE FROM jobs"), DB_NO_ARGS, NULL, err));
    CALL(classification_batch_find(tx, ours, world->arena, batch.id, &found, err));
    EXPECT(str_is(found.state, "failed"));
    CALL(classification_batch_end(tx, ours, batch.id, S("done"), err));
    CALL(classification_batch_find(tx, ours, world->arena, batch.id, &found, err));
    EXPECT(str_is(found.state, "done"));
    return true;
}

STORE_TEST(items_of_a_batch_that_wait_are_cancelled_with_it)
{
    const Scope *ours = &world->ours;
    const ClassificationItem given[3] = { { .text = S("a") },
                                          { .text = S("b") },
                                          { .text = S("c") } };
    ClassificationBatch batch = { .set = S("set") };
    ClassificationItemList part;
    Slice slice = { .limit = 2 };

    CALL(classification_batch_add(tx, ours, world->arena, &batch, given, 3, err));
    ClassificationItem done = { .number = 1, .state = S("done"), .result = S("{}") };
    CALL(classification_item_save(tx, ours, batch.id, &done, err));
    CALL(classification_item_list(tx, ours, world->arena, batch.id, S(""), &slice, &part, err));
    EXPECT(part.count == 2 && str_is(part.at[1].state, "done") && str_is(part.next, "1"));
    CALL(classification_batch_end(tx, ours, batch.id, S("cancelled"), err));
    CALL(classification_batch_end(tx, ours, batch.id, S("done"), err));
    CALL(classification_batch_find(tx, ours, world->arena, batch.id, &batch, err));
    EXPECT(str_is(batch.state, "cancelled") && batch.done == 1 && batch.cancelled == 2);
    done.number = 0;
    CALL(classification_item_save(tx, ours, batch.id, &done, err));
    CALL(classification_batch_find(tx, ours, world->arena, batch.id, &batch, err));
    EXPECT(batch.done == 1);
    return true;
}
