/* trigger_keys_test.c - what is started by itself has no more than the key that its trigger was
 * saved with, on both databases. */
#include "store/api_keys_store.h"
#include "store/people_store.h"
#include "workflow/engine_fixture_test.h"

#define BODY                                                                                       \
    "{\"triggers\":[{\"on\":\"upload\"}],"                                                         \
    "\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}]}"

typedef struct KeyWork {
    Bench *bench;
    ApiKey key;
    bool is_disabled;
    WorkflowFacts facts;
    WorkflowExecutionList list;
} KeyWork;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    Bench *bench = work->bench;
    work->key = (ApiKey){ .user = bench->scope.user,
                          .name = S("robot"),
                          .prefix = S("lk_"),
                          .hash = S("00"),
                          .role = ROLE_EDITOR,
                          .expires_at_ms = work->key.expires_at_ms };
    return api_key_add(tx, &bench->scope, bench->arena, &work->key, err);
}

static bool revoke_work(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    return api_key_revoke(tx, &work->bench->scope, work->key.id, now_ms(), err);
}

static bool happen_work(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    Bench *bench = work->bench;
    int64_t started;
    return workflow_trigger(tx, &bench->scope, bench->arena, TRIGGER_upload, &work->facts, &started,
                            err) &&
           (started == 1 || fail(err, ERROR_INTERNAL, "it did not start"));
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    const WorkflowExecutionFilter all = { .parent = S("*") };
    return workflow_execution_list(tx, &work->bench->scope, work->bench->arena, &all, NULL,
                                   &work->list, err);
}

/* What is started when a document comes. */
static WorkflowExecution started(KeyWork *work, const char *event)
{
    work->facts.key = str(event);
    bench_write(work->bench, happen_work, work);
    bench_write(work->bench, list_work, work);
    return bench_wait(work->bench, work->list.at[0].id);
}

TEST_BOTH(workflow, a_trigger_starts_by_the_key_that_saved_it_and_what_it_starts_fails_when_revoked)
{
    Bench bench = bench_open(url);
    Document document = bench_document(&bench, "a.pdf", "upload");
    KeyWork work = { .bench = &bench, .facts = { .document = &document } };
    bench_write(&bench, add_work, &work);
    bench.scope.key = work.key.id;
    bench_save(&bench, NULL, BODY);
    bench.scope.key = STR_NONE;

    WorkflowExecution run = started(&work, "first");
    cr_expect(str_is(run.state, "done"), STR_FMT, STR_ARG(run.error));
    cr_expect(str_equal(run.api_key, work.key.id));
    bench_write(&bench, revoke_work, &work);
    run = started(&work, "second");
    cr_expect(str_is(run.state, "failed") && str_is(run.error_code, "forbidden"),
              STR_FMT " " STR_FMT, STR_ARG(run.state), STR_ARG(run.error));

    bench_change(&bench, BODY); /* by the person, without a key */
    cr_expect(str_is(started(&work, "third").state, "done"));
    bench_close(&bench);
}

static bool disable_work(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    const Scope system = scope_system();
    User user;
    if (!user_find(tx, &system, work->bench->arena, work->bench->scope.user, &user, err))
        return false;
    user.is_disabled = work->is_disabled;
    return user_update(tx, &system, &user, err);
}

static bool leave_work(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    return membership_remove(tx, &work->bench->scope, work->bench->scope.user, err);
}

static void disable(KeyWork *work, bool is_disabled)
{
    const Scope system = scope_system();
    Error err;
    work->is_disabled = is_disabled;
    cr_assert(store_write(work->bench->db, &system, disable_work, work, &err), "%s", err.message);
}

static void expect_refused(KeyWork *work, const char *why)
{
    WorkflowExecution run = started(work, why);
    cr_expect(str_is(run.state, "failed") && str_is(run.error_code, "forbidden"),
              "%s: " STR_FMT " " STR_FMT, why, STR_ARG(run.state), STR_ARG(run.error));
}

TEST_BOTH(workflow, a_trigger_ends_with_its_key_and_with_its_person)
{
    Bench bench = bench_open(url);
    Document document = bench_document(&bench, "a.pdf", "upload");
    KeyWork work = { .bench = &bench,
                     .key.expires_at_ms = now_ms() - 1,
                     .facts = { .document = &document } };
    bench_write(&bench, add_work, &work);
    bench.scope.key = work.key.id;
    bench_save(&bench, NULL, BODY);
    bench.scope.key = STR_NONE;
    expect_refused(&work, "a key that is past its time");

    bench_change(&bench, BODY); /* by the person, without a key */
    disable(&work, true);
    expect_refused(&work, "an account that is disabled");
    disable(&work, false);
    cr_expect(str_is(started(&work, "let in again").state, "done"));
    bench_write(&bench, leave_work, &work);
    expect_refused(&work, "somebody who has left the workspace");
    bench_close(&bench);
}
