/* event_ids_test.c - events that everybody is told name nothing that only some may see. */
#include "store/document_access.h"

#include "base/clock.h"
#include "store/events.h"
#include "store/tasks_store.h"
#include "store/workflows_store.h"
#include "store/world_test.h"

#include <pthread.h>

#define TOLD_MAX 64
#define WAIT_MS 60000

/* What was told, as the database's threads hear it; read when the writing is over. */
static struct {
    pthread_mutex_t lock;
    bool is_over;
    size_t count;
    struct {
        EventKind kind;
        bool has_id, has_state;
    } at[TOLD_MAX];
} told = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void hear(void *argument, const char *channel, Str text)
{
    EventLine line;
    (void)argument, (void)channel;
    pthread_mutex_lock(&told.lock);
    while (event_line_next(&text, &line)) {
        told.is_over = line.kind == EVENT_notices;
        cr_assert_lt(told.count, TOLD_MAX);
        told.at[told.count].kind = line.kind;
        told.at[told.count].has_id = line.id.length > 0;
        told.at[told.count++].has_state = str_find(line.data, S("state")) >= 0;
    }
    pthread_mutex_unlock(&told.lock);
}

/* A task and an execution of one document: each is added, changed and over. */
static bool work_with(DbTx *tx, World *world, Str document, Error *err)
{
    const Scope *ours = &world->ours;
    Task task = { .summary = S("call the harbour"), .made_by = S("person"), .document = document };
    WorkflowExecution run = { .workflow = S("w"),
                              .name = S("w"),
                              .body = S("{}"),
                              .document = document,
                              .started_by = S("api"),
                              .input = S("{}") };
    bool is_new, changed;
    CALL(task_add(tx, ours, world->arena, &task, err));
    CALL(task_update(tx, ours, world->arena, &task, err));
    CALL(task_move(tx, ours, world->arena, &task, STR_NONE, err));
    CALL(workflow_execution_add(tx, ours, world->arena, &run, S("a"), &is_new, err));
    CALL(workflow_execution_set_state(tx, ours, run.id, S("running"), STR_NONE, S("paused"),
                                      &changed, err));
    const WorkflowMove move = { .execution = run.id,
                                .frame = { .position = S("b"), .state = S("active") },
                                .from = S("a"),
                                .attempt = 1 };
    CALL(workflow_move(tx, ours, &move, err));
    run.state = S("done");
    CALL(workflow_execution_end(tx, ours, &run, &changed, err));
    return true;
}

static bool restrict_work(DbTx *tx, World *world, Error *err)
{
    Document hidden;
    CALL(world_ready(tx, world, &world->ours, "hidden.txt", "hidden", 1, &hidden, err));
    CALL(access_restrict(tx, &world->ours, GUARDED_DOCUMENT, hidden.id, NULL, 0, err));
    return work_with(tx, world, hidden.id, err);
}

static bool open_work(DbTx *tx, World *world, Error *err)
{
    Document open;
    CALL(world_ready(tx, world, &world->ours, "open.txt", "open", 1, &open, err));
    return work_with(tx, world, open.id, err) && work_with(tx, world, STR_NONE, err);
}

/* What transactions tell is heard in their order, a little behind them: so what this one tells is
 * heard last. */
static bool end_work(DbTx *tx, World *world, Error *err)
{
    return event_tell(tx, world->ours.workspace, EVENT_notices, STR_NONE, STR_NONE, err);
}

static void hear_all(World *world)
{
    bool is_over = false;
    world_write(world, &world->ours, end_work);
    for (int64_t until = monotonic_ms() + WAIT_MS; !is_over;) {
        cr_assert_lt(monotonic_ms(), until, "the last event was not heard");
        sleep_ms(5);
        pthread_mutex_lock(&told.lock);
        is_over = told.is_over;
        pthread_mutex_unlock(&told.lock);
    }
}

/* Events of a kind were told: all with an id, or none; some with a state, or none. PostgreSQL tells
 * those of one transaction that are alike once. */
static void expect_told(EventKind kind, bool has_ids, bool has_states)
{
    size_t all = 0, with_id = 0, with_state = 0;
    for (size_t i = 0; i < told.count; i++)
        if (told.at[i].kind == kind) {
            all++;
            with_id += told.at[i].has_id;
            with_state += told.at[i].has_state;
        }
    cr_expect(all > 0 && with_id == (has_ids ? all : 0) && (with_state > 0) == has_states,
              "%s: %zu told, %zu with an id, %zu with a state", event_name(kind), all, with_id,
              with_state);
}

TEST_BOTH(store, events_of_tasks_and_workflows_name_them_only_when_everybody_sees_their_document)
{
    World world;
    Error err = { 0 };
    world_open(&world, url);
    cr_assert(db_listen(world.db, EVENTS_CHANGED, hear, NULL, &err), "%s", err.message);
    world_write(&world, &world.ours, restrict_work);
    hear_all(&world);
    expect_told(EVENT_task, false, false);
    expect_told(EVENT_workflow, false, false);
    told.count = 0;
    told.is_over = false;
    world_write(&world, &world.ours, open_work);
    hear_all(&world);
    expect_told(EVENT_task, true, false);
    expect_told(EVENT_workflow, true, true);
    db_unlisten(world.db, EVENTS_CHANGED, hear, NULL);
    world_close(&world);
}
