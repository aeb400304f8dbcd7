/* crash_work.c - workflows whose process is killed at any moment: crash_work URL [ROUNDS [SEED]]
 *
 * In each round a process starts a few executions and walks whatever is there; after some
 * milliseconds it is killed (SIGKILL). The next takes over. At the end one process walks what is
 * left, and the history is checked: every execution whose start was acknowledged is there once and
 * done; every step stands once and is done; every notice, which is a step's own effect, was given
 * once. Prints what it found; exit status 1 on any fault. */
#include "../bench/must.h"
#include "base/clock.h"
#include "jobs/job_runner.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/workspaces_store.h"
#include "workflow/workflow.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STARTS 4 /* of a round */
#define ROUNDS_MAX 10000
#define KILL_MS 250
#define DRAIN_MS 300000
#define OUTER_STEPS 13
#define NOTICES 8 /* of an execution and the one that it starts */

/* What survives a process. */
typedef struct Shared {
    char workspace[40], user[40], recipe[40];
    atomic_bool is_acknowledged[ROUNDS_MAX * STARTS];
} Shared;

static Shared *shared;
static const char *url;

static Scope scope_of(void)
{
    return (Scope){ .workspace = str(shared->workspace),
                    .user = str(shared->user),
                    .role = ROLE_EDITOR };
}

static Db *open_database(void)
{
    Error err = { 0 };
    Db *db;
    must(db_open(url, NULL, &db, &err) && migrate_up(db, &err), &err);
    return db;
}

/* --- What is walked --- */

#define TELL(id, title)                                                                            \
    "{\"id\":\"" id "\",\"type\":\"notification\",\"with\":{\"title\":\"{{ input.n }}/" title "\"" \
    "}}"

static const char inner[] = "{\"steps\":[" TELL("told", "inner") "]}";
static const char outer[] =
    "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":\"{{ input.n * 2 "
    "}}\"}}," TELL(
        "first", "first") ","
                          "{\"id\":\"w\",\"type\":\"wait\",\"for_s\":0.01},"
                          "{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"[0, 1, "
                          "2]\",\"at_once\":2,\"steps\":[" TELL(
                              "each",
                              "each/{{ item }}") "]},"
                                                 "{\"id\":\"p\",\"type\":\"parallel\",\"branches\":"
                                                 "[{\"steps\":[" TELL(
                                                     "left",
                                                     "left") "]},"
                                                             "{\"steps\":[{\"id\":\"w2\",\"type\":"
                                                             "\"wait\",\"for_s\":0.005}," TELL(
                                                                 "right",
                                                                 "right") "]}]},"
                                                                          "{\"id\":\"s\",\"type\":"
                                                                          "\"workflow\",\"with\":{"
                                                                          "\"workflow\":\"inner\","
                                                                          "\"input\":{\"n\":\"{{ "
                                                                          "input.n }}\"}}}," TELL(
                                                                              "last", "last") "]}";

static bool make_world(DbTx *tx, void *argument, Error *err)
{
    Arena *arena = argument;
    const Scope system = scope_system();
    Workspace workspace = { .name = S("crash") };
    User user = { .email = S("crash@example.org"), .name = S("Crash") };
    Recipe started = {
        .kind = S(RECIPE_WORKFLOW), .name = S("inner"), .body = str(inner), .shares = S("")
    };
    Recipe starting = {
        .kind = S(RECIPE_WORKFLOW), .name = S("outer"), .body = str(outer), .shares = S("")
    };
    if (!workspace_add(tx, &system, arena, &workspace, err) ||
        !user_add(tx, &system, arena, &user, err))
        return false;
    snprintf(shared->workspace, sizeof shared->workspace, STR_FMT, STR_ARG(workspace.id));
    snprintf(shared->user, sizeof shared->user, STR_FMT, STR_ARG(user.id));
    const Scope scope = scope_of();
    if (!membership_set(tx, &scope, user.id, ROLE_EDITOR, err) ||
        !recipe_add(tx, &scope, arena, &started, err) ||
        !recipe_add(tx, &scope, arena, &starting, err))
        return false;
    snprintf(shared->recipe, sizeof shared->recipe, STR_FMT, STR_ARG(starting.id));
    return true;
}

static void prepare(void)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const Scope system = scope_system();
    Error err = { 0 };
    Db *db = open_database();
    must(store_write(db, &system, make_world, arena, &err), &err);
    db_close(db);
}

/* --- A process that is killed --- */

typedef struct Start {
    Arena *arena;
    int number;
} Start;

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    const Start *in = argument;
    const Scope scope = scope_of();
    AUTO_JSON json_t *input = json_pack("{s:i}", "n", in->number);
    const WorkflowStart start = { .input = input,
                                  .started_by = S("api"),
                                  .key = str_format(in->arena, "%d", in->number) };
    Recipe recipe;
    WorkflowExecution execution;
    return recipe_find(tx, &scope, in->arena, S(RECIPE_WORKFLOW), str(shared->recipe), &recipe,
                       err) &&
           workflow_start(tx, &scope, in->arena, &recipe, &start, &execution, err);
}

static void start_one(Db *db, int number)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    const Scope scope = scope_of();
    Start in = { arena, number };
    Error err = { 0 };
    must(store_write(db, &scope, start_work, &in, &err), &err);
    atomic_store(&shared->is_acknowledged[number], true);
}

static JobRunner *begin_walking(Db *db)
{
    static const struct {
        const char *name;
        JobHandler *run;
    } handlers[] = { { "workflow_run", workflow_run_job },
                     { "workflow_timer", workflow_timer_job },
                     { "workflow_sweep", workflow_sweep_job } };
    JobType types[COUNT(handlers)];
    const WorkflowsOptions options = { .db = db };
    Workflows *workflows = workflows_new(&options);
    JobRunner *runner;
    Error err = { 0 };
    for (size_t i = 0; i < COUNT(types); i++)
        types[i] = (JobType){
            .name = handlers[i].name, .run = handlers[i].run, .at_once = 4, .argument = workflows
        };
    const JobRunnerOptions runner_options = {
        .db = db, .owner = S("crash"), .types = types, .type_count = COUNT(types), .poll_ms = 200
    };
    must(jobs_start(&runner_options, &runner, &err), &err);
    return runner;
}

static void live(int round)
{
    Db *db = open_database();
    (void)begin_walking(db);
    for (int i = 0; i < STARTS; i++)
        start_one(db, round * STARTS + i);
    for (;;)
        sleep_ms(1000);
}

/* --- The end --- */

typedef struct History {
    Arena *arena;
    WorkflowExecutionList executions;
    WorkflowStepList steps;
    NoticeList notices;
    Slice slice;
    Str id;
} History;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    History *in = argument;
    const Scope scope = scope_of();
    const WorkflowExecutionFilter all = { .parent = S("*") };
    return workflow_execution_list(tx, &scope, in->arena, &all, &in->slice, &in->executions, err);
}

static bool steps_work(DbTx *tx, void *argument, Error *err)
{
    History *in = argument;
    const Scope scope = scope_of();
    const Slice all = { .limit = SLICE_MAX };
    return workflow_step_list(tx, &scope, in->arena, in->id, -1, &all, &in->steps, err);
}

static bool notices_work(DbTx *tx, void *argument, Error *err)
{
    History *in = argument;
    const Scope scope = scope_of();
    return notice_list(tx, &scope, in->arena, false, &in->slice, &in->notices, err);
}

static int faults;

static void fault(const char *what, Str which)
{
    if (faults++ < 20)
        fprintf(stderr, "crash_work: %s: " STR_FMT "\n", what, STR_ARG(which));
}

static void read_part(Db *db, DbWork *work, History *in)
{
    const Scope scope = scope_of();
    Error err = { 0 };
    must(store_read(db, &scope, work, in, &err), &err);
}

/* Each step of each frame once, and done. */
static void check_steps(Db *db, const WorkflowExecution *execution)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    History in = { .arena = arena, .id = execution->id };
    size_t wanted = execution->parent.length ? 1 : OUTER_STEPS;
    read_part(db, steps_work, &in);
    if (in.steps.count != wanted)
        fault("not as many steps as there should be", execution->id);
    for (size_t i = 0; i < in.steps.count; i++) {
        const WorkflowStep *step = &in.steps.at[i];
        if (!str_is(step->state, "done"))
            fault("a step is not done", execution->id);
        for (size_t j = 0; j < i; j++)
            if (in.steps.at[j].frame == step->frame && str_equal(in.steps.at[j].step, step->step))
                fault("a step stands twice", execution->id);
    }
}

typedef struct Counts {
    int starts[ROUNDS_MAX * STARTS];  /* executions by their number */
    int notices[ROUNDS_MAX * STARTS]; /* by theirs */
    int open, executions, acknowledged;
} Counts;

static void check_execution(Db *db, const WorkflowExecution *execution, Counts *counts, bool is_end)
{
    int64_t number;
    counts->executions++;
    counts->open += execution->finished_at_ms == 0;
    if (!is_end)
        return;
    if (!str_is(execution->state, "done"))
        fault("an execution is not done", execution->id);
    if (str_to_int(execution->key, 0, ROUNDS_MAX * STARTS - 1, &number))
        counts->starts[number]++;
    check_steps(db, execution);
}

static void look(Db *db, Counts *counts, bool is_end)
{
    Str after = STR_NONE;
    AUTO_ARENA Arena *kept = arena_new(MB(16));
    *counts = (Counts){ .open = 0 };
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        History in = { .arena = arena, .slice = { .limit = SLICE_MAX, .after = after } };
        read_part(db, list_work, &in);
        for (size_t i = 0; i < in.executions.count; i++)
            check_execution(db, &in.executions.at[i], counts, is_end);
        after = str_copy(kept, in.executions.next);
    } while (after.length);
}

/* Titles are all different when each notice was given once: those of one execution are counted, and
 * the steps' rows say that each kind was. */
static void count_notices(Db *db, Counts *counts)
{
    Str after = STR_NONE;
    AUTO_ARENA Arena *kept = arena_new(MB(64));
    do {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        History in = { .arena = arena, .slice = { .limit = SLICE_MAX, .after = after } };
        read_part(db, notices_work, &in);
        for (size_t i = 0; i < in.notices.count; i++) {
            Str title = in.notices.at[i].event.title, number;
            int64_t at;
            if (str_next(&title, '/', &number) &&
                str_to_int(number, 0, ROUNDS_MAX * STARTS - 1, &at))
                counts->notices[at]++;
            else
                fault("a notice of no execution", in.notices.at[i].event.title);
        }
        after = str_copy(kept, in.notices.next);
    } while (after.length);
}

static void check_counts(Counts *counts, int rounds)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (int i = 0; i < rounds * STARTS; i++) {
        bool is_acknowledged = atomic_load(&shared->is_acknowledged[i]);
        Str name = str_format(arena, "%d", i);
        counts->acknowledged += is_acknowledged;
        if (counts->starts[i] > 1)
            fault("an execution is there twice", name);
        if (is_acknowledged && !counts->starts[i])
            fault("an acknowledged execution is lost", name);
        if (counts->notices[i] != NOTICES * counts->starts[i])
            fault("not as many notices as there should be", name);
    }
}

static void check(int rounds)
{
    Counts *counts = heap_alloc(sizeof *counts);
    int64_t end_ms = monotonic_ms() + DRAIN_MS;
    Db *db = open_database();
    JobRunner *runner = begin_walking(db);
    do {
        sleep_ms(100);
        look(db, counts, false);
    } while (counts->open && monotonic_ms() < end_ms);
    (void)jobs_stop(runner, 20000);
    look(db, counts, true);
    count_notices(db, counts);
    check_counts(counts, rounds);
    printf("%d kills: %d starts acknowledged, %d executions done, %d faults\n", rounds,
           counts->acknowledged, counts->executions, faults);
    exit(faults ? 1 : 0);
}

/* --- Rounds --- */

static int run_process(void (*body)(int), int argument, int64_t life_ms)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        body(argument);
        exit(0);
    }
    if (life_ms >= 0) {
        sleep_ms(life_ms);
        (void)kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) < 0)
        ;
    return status;
}

static void prepare_round(int round)
{
    (void)round;
    prepare();
}

int main(int count, char **arguments)
{
    int rounds = count > 2 ? (int)strtol(arguments[2], NULL, 10) : 1000;
    if (count < 2 || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: crash_work URL [ROUNDS [SEED]]\n");
        return 2;
    }
    url = arguments[1];
    srandom(count > 3 ? (unsigned)strtoul(arguments[3], NULL, 10) : (unsigned)now_ms());
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || run_process(prepare_round, 0, -1) != 0)
        return 1;
    for (int round = 0; round < rounds; round++) {
        int status = run_process(live, round, 10 + random() % KILL_MS);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
            fprintf(stderr, "crash_work: the process of round %d ended by itself\n", round);
            return 1;
        }
    }
    return run_process(check, rounds, -1) == 0 ? 0 : 1;
}
