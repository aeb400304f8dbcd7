/* labels_jobs_test.c - a batch of labels runs with the rights of whoever made it. */
#include "base/clock.h"
#include "classify/labels_int.h"
#include "db/fixture_test.h"
#include "jobs/job_run.h"
#include "store/api_keys_store.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/workspaces_store.h"

#define STOP_MS 20000

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }

TestSuite(labels, .init = open_arena, .fini = close_arena, .timeout = 60);

typedef struct Made {
    Scope scope;
    ClassificationBatch batch;
    ClassificationItemList items;
} Made;

/* A person with a batch, who then is `role`; made with a key, if the scope is to have one. */
static bool make_batch(DbTx *tx, Role role, ApiKey *key, Made *made, Error *err)
{
    const Scope system = scope_system();
    const ClassificationItem items[] = { { .text = S("one") }, { .text = S("two") } };
    Workspace workspace = { .name = S("ours") };
    User user = { .email = S("ann@example.org"), .name = S("Ann") };
    LabelSet set = { .name = S("Mail"), .labels = S("[\"a\",\"b\"]"), .asks = S("encoder") };
    if (!workspace_add(tx, &system, arena, &workspace, err) ||
        !user_add(tx, &system, arena, &user, err))
        return false;
    made->scope = (Scope){ .workspace = workspace.id, .user = user.id, .role = ROLE_EDITOR };
    if (!membership_set(tx, &made->scope, user.id, ROLE_EDITOR, err) ||
        !label_set_add(tx, &made->scope, arena, &set, err) ||
        (key && !api_key_add(tx, &made->scope, arena, key, err)))
        return false;
    made->scope.key = key ? key->id : STR_NONE;
    made->batch.set = set.id;
    return labels_batch_start(tx, &made->scope, arena, &made->batch, items, COUNT(items), err) &&
           (role == ROLE_NONE ? membership_remove(tx, &made->scope, user.id, err)
                              : membership_set(tx, &made->scope, user.id, role, err));
}

static bool make_of_gone(DbTx *tx, void *made, Error *err)
{
    return make_batch(tx, ROLE_NONE, NULL, made, err);
}
static bool make_of_reader(DbTx *tx, void *made, Error *err)
{
    return make_batch(tx, ROLE_READER, NULL, made, err);
}

static bool make_of_revoked_key(DbTx *tx, void *argument, Error *err)
{
    Made *made = argument;
    ApiKey key = { .name = S("k"), .prefix = S("k"), .hash = S("h"), .role = ROLE_EDITOR };
    return make_batch(tx, ROLE_EDITOR, &key, made, err) &&
           api_key_revoke(tx, &made->scope, key.id, now_ms(), err);
}
static bool make_of_expired_key(DbTx *tx, void *made, Error *err)
{
    ApiKey key = {
        .name = S("k"), .prefix = S("k"), .hash = S("h"), .role = ROLE_EDITOR, .expires_at_ms = 1
    };
    return make_batch(tx, ROLE_EDITOR, &key, made, err);
}

static bool find_batch(DbTx *tx, void *argument, Error *err)
{
    Made *made = argument;
    return classification_batch_find(tx, &made->scope, arena, made->batch.id, &made->batch, err) &&
           classification_item_list(tx, &made->scope, arena, made->batch.id, S("failed"), NULL,
                                    &made->items, err);
}

static void expect_refused(const char *url, DbWork *make)
{
    Made made = { 0 };
    Error err = { 0 };
    Db *db;
    JobRunner *runner;
    const Scope system = scope_system();
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    cr_assert(store_write(db, &system, make, &made, &err), "%s", err.message);
    Labels *labels = labels_new(db, NULL, NULL);
    const JobType type = { .name = JOB_LABEL_BATCH, .run = labels_batch_job, .argument = labels };
    JobRunnerOptions options = { .db = db, .types = &type, .type_count = 1, .poll_ms = 100 };
    cr_assert(jobs_start(&options, &runner, &err), "%s", err.message);
    made.batch.state = S("running");
    for (int i = 0; i < 600 && str_is(made.batch.state, "running"); i++) {
        sleep_ms(25);
        cr_assert(store_read(db, &system, find_batch, &made, &err), "%s", err.message);
    }
    cr_assert(jobs_stop(runner, STOP_MS));
    cr_expect(str_is(made.batch.state, "done"));
    cr_assert_eq(made.items.count, 2);
    for (size_t i = 0; i < made.items.count; i++)
        cr_expect(str_is(made.items.at[i].error_code, "forbidden"), STR_FMT,
                  STR_ARG(made.items.at[i].error));
    labels_free(labels);
    db_close(db);
}

/* As a job does that begins again. */
static bool start_twice(DbTx *tx, void *argument, Error *err)
{
    Made *made = argument;
    const ClassificationItem item = { .text = S("one") };
    const Slice all = { .limit = SLICE_MAX };
    ClassificationBatchList list;
    Str job = STR_NONE;
    made->batch.id = S("0190aaaa-0000-7000-8000-000000000001");
    if (!make_batch(tx, ROLE_EDITOR, NULL, made, err))
        return false;
    for (int i = 0; i < 2; i++) {
        ClassificationBatch batch = { .id = made->batch.id, .set = made->batch.set };
        if (!labels_batch_start(tx, &made->scope, arena, &batch, &item, 1, err))
            return false;
        cr_expect_eq(batch.total, 2);
        cr_expect(batch.job.length && (!i || str_equal(batch.job, job)));
        job = batch.job;
    }
    if (!classification_batch_list(tx, &made->scope, arena, &all, &list, err))
        return false;
    cr_expect_eq(list.count, 1);
    return true;
}

TEST_BOTH(labels, a_batch_whose_id_is_said_is_started_once)
{
    Made made = { 0 };
    Error err = { 0 };
    Db *db;
    const Scope system = scope_system();
    cr_assert(db_open(url, NULL, &db, &err) && migrate_up(db, &err), "%s", err.message);
    cr_assert(store_write(db, &system, start_twice, &made, &err), "%s", err.message);
    db_close(db);
}

TEST_BOTH(labels, a_batch_of_somebody_who_left_is_refused) { expect_refused(url, make_of_gone); }
TEST_BOTH(labels, a_batch_of_somebody_who_only_reads_now_is_refused)
{
    expect_refused(url, make_of_reader);
}
TEST_BOTH(labels, a_batch_of_a_key_that_was_revoked_is_refused)
{
    expect_refused(url, make_of_revoked_key);
}
TEST_BOTH(labels, a_batch_of_a_key_that_has_expired_is_refused)
{
    expect_refused(url, make_of_expired_key);
}
