/* models_alerts_work_test.c - what is found of jobs and workflows that fail or are late. */
#include "base/clock.h"
#include "db/fixture_test.h"
#include "models/models_alerts.h"
#include "store/client_files_store.h"
#include "store/damaged_originals_store.h"
#include "store/jobs_store.h"
#include "store/workflows_store.h"
#include "store/workspaces_store.h"

#define NOW INT64_C(1800000000000)

typedef struct Bench {
    Arena *arena;
    Scope scope;
    Buf found;
} Bench;

static void note(void *self, AlertRule rule, Str subject, double value)
{
    Bench *bench = self;
    buf_addf(&bench->found, "%s " STR_FMT " %.0f; ", alert_rule_name(rule), STR_ARG(subject),
             value);
}

static bool end_one(DbTx *tx, Bench *bench, const char *name, const char *state, int64_t ago_ms,
                    Error *err)
{
    WorkflowExecution execution = {
        .workflow = str(name), .name = str(name), .body = S("{}"), .input = S("{}")
    };
    bool is_new, is_changed;
    clock_set(NOW - ago_ms);
    if (!workflow_execution_add(tx, &bench->scope, bench->arena, &execution, S("a"), &is_new, err))
        return false;
    execution.state = str(state);
    return workflow_execution_end(tx, &bench->scope, &execution, &is_changed, err);
}

static bool fill(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const Scope system = scope_system();
    Workspace place = { .name = S("Harbour") };
    if (!workspace_add(tx, &system, bench->arena, &place, err))
        return false;
    bench->scope = (Scope){ .workspace = place.id, .role = ROLE_OWNER, .is_system = true };
    const JobSum sums[] = {
        { .type = S("extract"), .workspace = place.id, .done = 15, .dead = 5 },
        { .type = S("few"), .workspace = place.id, .dead = 9 },
    };
    const NewJob late = { .type = S("embed"), .attempt_max = 3 };
    Str id;
    bool is_new;
    if (!jobs_store_add_sums(tx, &system, sums, COUNT(sums), NOW - 60000, err) ||
        !jobs_store_add(tx, &bench->scope, bench->arena, &late, &id, &is_new, err))
        return false;
    for (int i = 0; i < 5; i++)
        if (!end_one(tx, bench, "Bills", i < 2 ? "failed" : "done", 60000, err) ||
            !end_one(tx, bench, "Long ago", "failed", 7200000, err) ||
            !end_one(tx, bench, "Stopped", "cancelled", 60000, err))
            return false;
    /* The second is nobody's any more. */
    ClientFile file = { .name = S("a"), .purpose = S("batch"), .blob = S("b"), .size = 6 };
    return client_file_add(tx, &bench->scope, bench->arena, 10, &file, err) &&
           damaged_original_set(tx, &bench->scope, S("b"), S("missing"), NOW, err) &&
           damaged_original_set(tx, &bench->scope, S("c"), S("missing"), NOW, err);
}

static bool judge(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const Scope ours = { .workspace = bench->scope.workspace, .role = ROLE_OWNER };
    return alerts_judge_work(tx, &ours, bench->arena, NOW, note, bench, err);
}

TEST_BOTH(models, alerts_know_which_work_fails_or_is_late)
{
    Bench bench = { .arena = arena_new(MB(64)) };
    const Scope system = scope_system();
    Error err;
    Db *db;
    bench.found = buf_new(bench.arena, KB(4));
    clock_set(NOW - 7200000);
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(store_write(db, &system, fill, &bench, &err), "%s", err.message);
    const Scope ours = { .workspace = bench.scope.workspace, .role = ROLE_OWNER };
    clock_set(NOW);
    cr_assert(store_read(db, &ours, judge, &bench, &err), "%s", err.message);
    cr_expect(str_is(buf_str(&bench.found), "late_work embed 7200; failing_work extract 25; "
                                            "failing_workflow Bills 40; damaged_originals  1; "),
              STR_FMT, STR_ARG(buf_str(&bench.found)));
    db_close(db);
    arena_free(bench.arena);
}
