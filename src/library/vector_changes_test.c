/* vector_changes_test.c - what waits is written once, whatever order it was told in. */
#include "library/vector_changes.h"

#include <criterion/criterion.h>

static const int64_t some[] = { 5, 3, 9 };

Test(vector_changes, what_is_told_again_waits_once)
{
    VectorChanges changes = { 0 };
    cr_expect(vector_changes_add(&changes, 7, false, some, 3));
    cr_expect(vector_changes_add(&changes, 7, false, some, 3));
    cr_expect_eq(changes.waiting, 3u);
    VectorBatch batch;
    vector_changes_batch(&changes, &batch);
    vector_changes_wrote(&changes, &batch);
    cr_expect_eq(changes.waiting, 0u);
    cr_expect(vector_changes_add(&changes, 7, false, some, 3)); /* it is not forgotten yet */
    cr_expect_eq(changes.waiting, 0u);
    vector_changes_clear(&changes);
}

Test(vector_changes, a_batch_has_each_chunk_once_and_knows_which_may_be_gone)
{
    static const int64_t gone[] = { 3, 4 };
    VectorChanges changes = { 0 };
    VectorBatch batch;
    vector_changes_add(&changes, 9, false, some, 3);
    vector_changes_add(&changes, 8, true, gone, 2);
    vector_changes_batch(&changes, &batch);
    cr_assert_eq(batch.count, 4u);
    cr_expect_eq(batch.taken, 5u);
    for (size_t i = 0; i < 4; i++)
        cr_expect_eq(batch.removes[i], i < 2, "chunk %d", (int)batch.numbers[i]);
    cr_expect_eq(batch.numbers[0], 3);
    cr_expect_eq(vector_changes_first_waiting(&changes), 8);
    vector_changes_wrote(&changes, &batch);
    cr_expect_eq(vector_changes_first_waiting(&changes), INT64_MAX);
    vector_changes_clear(&changes);
}

Test(vector_changes, a_long_change_is_written_in_parts_and_counts_as_waiting_until_its_end)
{
    static int64_t many[VECTOR_BATCH + 10];
    VectorChanges changes = { 0 };
    VectorBatch batch;
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (int64_t)i;
    vector_changes_add(&changes, 4, false, many, COUNT(many));
    vector_changes_batch(&changes, &batch);
    cr_expect_eq(batch.count, (size_t)VECTOR_BATCH);
    vector_changes_wrote(&changes, &batch);
    cr_expect_eq(vector_changes_first_waiting(&changes), 4);
    vector_changes_batch(&changes, &batch);
    cr_expect_eq(batch.numbers[0], VECTOR_BATCH);
    cr_expect_eq(batch.count, 10u);
    vector_changes_clear(&changes);
}

Test(vector_changes, what_another_node_wrote_is_forgotten_in_any_order)
{
    VectorChanges changes = { 0 };
    int64_t newest[2];
    for (int64_t sequence = 10; sequence > 0; sequence--)
        vector_changes_add(&changes, sequence, false, &sequence, 1);
    vector_changes_forget(&changes, 7);
    cr_expect_eq(changes.waiting, 3u);
    cr_expect_eq(changes.last->sequence, 8);
    vector_changes_add(&changes, 20, false, (int64_t[]){ 20 }, 1);
    cr_expect_eq(vector_changes_newest(&changes, 2, newest), 2u);
    cr_expect_eq(newest[0], 8);
    cr_expect_eq(newest[1], 20);
    vector_changes_forget(&changes, 20);
    cr_expect_null(changes.first);
    cr_expect(vector_changes_add(&changes, 21, false, some, 3));
    vector_changes_clear(&changes);
}

Test(vector_changes, no_more_wait_than_may)
{
    static int64_t many[VECTOR_CHANGES_MAX];
    VectorChanges changes = { 0 };
    cr_expect(vector_changes_add(&changes, 1, false, many, VECTOR_CHANGES_MAX));
    cr_expect(!vector_changes_add(&changes, 2, false, some, 1));
    vector_changes_clear(&changes);
}
