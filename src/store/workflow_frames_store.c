#include "store/sql.h"
#include "store/workflows_store.h"

#define FRAMES                                                                                     \
    "SELECT number, parent, step, place, item, position, attempt, state, wait, wait_until,"        \
    " wait_event, woken, error, children_left, step_count, is_step_open FROM workflow_frames"      \
    " WHERE workspace = $1 AND execution = $2 "

static void read_frame(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowFrame *)item = (WorkflowFrame){
        .number = db_get_int(row, 0),
        .parent = db_get_int(row, 1),
        .step = db_get_text(row, 2, arena),
        .place = db_get_int(row, 3),
        .item = db_get_text(row, 4, arena),
        .position = db_get_text(row, 5, arena),
        .attempt = db_get_int(row, 6),
        .state = db_get_text(row, 7, arena),
        .wait = db_get_text(row, 8, arena),
        .wait_until_ms = db_get_int(row, 9),
        .wait_event = db_get_text(row, 10, arena),
        .woken = db_get_text(row, 11, arena),
        .error = db_get_text(row, 12, arena),
        .children_left = db_get_int(row, 13),
        .step_count = db_get_int(row, 14),
        .is_step_open = db_get_int(row, 15) != 0,
    };
}

bool workflow_frame_find(DbTx *tx, const Scope *scope, Arena *arena, Str execution, int64_t number,
                         WorkflowFrame *frame_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(FRAMES "AND number = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(number)),
                    read_frame, frame_r, "execution", execution, err);
}

bool workflow_frame_list(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Str state,
                         WorkflowFrameList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME(FRAMES "AND ($3 = '' OR state = $3) ORDER BY number LIMIT 1000"),
                  DB_ARGS(db_text(scope->workspace), db_text(execution), db_text(state)),
                  read_frame, sizeof(WorkflowFrame), &items, err))
        return false;
    *list_r = (WorkflowFrameList){ items.at, items.count };
    return true;
}

#define ADDED_COLUMNS 9

/* Two frames may add children at once: the count is raised first, and gives them their numbers. */
static bool take_numbers(DbTx *tx, const Scope *scope, Str execution, size_t count,
                         int64_t *first_r, Error *err)
{
    int64_t all;
    if (!sql_change(tx,
                    DB_SAME("UPDATE workflow_executions SET frame_count = frame_count + $3"
                            " WHERE workspace = $1 AND id = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(execution), db_int((int64_t)count)),
                    "execution", execution, err) ||
        !db_query_int(tx,
                      DB_SAME("SELECT frame_count FROM workflow_executions"
                              " WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(execution)), 0, &all, err))
        return false;
    if (all - 1 > WORKFLOW_FRAMES_MAX)
        return fail(err, ERROR_TOO_LARGE,
                    "an execution has at most %d branches and items; these would be %" PRId64,
                    WORKFLOW_FRAMES_MAX, all - 1);
    *first_r = all - (int64_t)count;
    return true;
}

bool workflow_frame_add(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                        const WorkflowFrame *frames, size_t count, size_t active, int64_t *first_r,
                        Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, count * ADDED_COLUMNS);
    if (!take_numbers(tx, scope, execution, count, first_r, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const DbValue row[ADDED_COLUMNS] = {
            db_text(scope->workspace),
            db_text(execution),
            db_int(*first_r + (int64_t)i),
            db_int(frames[i].parent),
            db_text(frames[i].step),
            db_int(frames[i].place),
            db_text(frames[i].item),
            db_text(frames[i].position),
            db_text(i < active ? S("active") : S("queued")),
        };
        memcpy(&values[i * ADDED_COLUMNS], row, sizeof row);
    }
    return db_exec_many(
        tx,
        DB_SAME("INSERT INTO workflow_frames (workspace, execution, number, parent, step, place,"
                " item, position, attempt, state, wait, wait_until, wait_event, woken, error,"
                " children_left, step_count, is_step_open)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, '', 0, '', '', '', 0, 0, 0)"),
        values, ADDED_COLUMNS, count, err);
}

static bool change_one(DbTx *tx, DbSql sql, const DbValue *args, size_t count, bool *changed_r,
                       Error *err)
{
    int64_t changed;
    if (!db_exec(tx, sql, args, count, &changed, err))
        return false;
    *changed_r = changed == 1;
    return true;
}

bool workflow_frame_begin(DbTx *tx, const Scope *scope, Str execution, int64_t number,
                          int64_t parent, bool *changed_r, Error *err)
{
    return change_one(
        tx,
        DB_SAME("UPDATE workflow_frames SET state = 'active' WHERE workspace = $1"
                " AND execution = $2 AND number = $3 AND parent = $4 AND state = 'queued'"),
        DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(number), db_int(parent)),
        changed_r, err);
}

bool workflow_frame_wake(DbTx *tx, const Scope *scope, Str execution, int64_t number, Str wait,
                         int64_t until_ms, Str woken, bool *changed_r, Error *err)
{
    return change_one(
        tx,
        DB_SAME("UPDATE workflow_frames SET state = 'active', wait = '', wait_until = 0,"
                " wait_event = '', woken = $5 WHERE workspace = $1 AND execution = $2"
                " AND number = $3 AND state = 'waiting' AND ($4 = '' OR wait = $4)"
                " AND ($6 = -1 OR wait_until = $6)"),
        DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(number), db_text(wait),
                db_text(woken), db_int(until_ms)),
        changed_r, err);
}

bool workflow_frame_child_over(DbTx *tx, const Scope *scope, Str execution, int64_t number,
                               int64_t *left_r, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE workflow_frames SET children_left = children_left - 1"
                           " WHERE workspace = $1 AND execution = $2 AND number = $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(number)), NULL,
                   err) &&
           db_query_int(tx,
                        DB_SAME("SELECT children_left FROM workflow_frames"
                                " WHERE workspace = $1 AND execution = $2 AND number = $3"),
                        DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(number)), 0,
                        left_r, err);
}

/* --- Branches and items below a frame --- */

/* Which frames are meant, by number. */
typedef struct Below {
    bool *at;
    int64_t count; /* numbers 0 to count - 1 */
} Below;

static void read_parent(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(WorkflowFrame *)item =
        (WorkflowFrame){ .number = db_get_int(row, 0), .parent = db_get_int(row, 1) };
}

/* All below `top`, at any depth. Children have higher numbers than their parents, so one look at
 * the frames in their order finds them: a recursive query may look at ten thousand items for each
 * of ten thousand items. */
static bool find_below(DbTx *tx, const Scope *scope, Arena *arena, Str execution, int64_t top,
                       Below *below_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT number, parent FROM workflow_frames WHERE workspace = $1"
                          " AND execution = $2 AND parent >= $3 ORDER BY number"),
                  DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(top)), read_parent,
                  sizeof(WorkflowFrame), &items, err))
        return false;
    const WorkflowFrame *frames = items.at;
    Below below = { .count = MAX(top, items.count ? frames[items.count - 1].number : 0) + 1 };
    below.at = arena_new_array(arena, bool, (size_t)below.count);
    for (size_t i = 0; i < items.count; i++)
        below.at[frames[i].number] = frames[i].parent == top || below.at[frames[i].parent];
    *below_r = below;
    return true;
}

bool workflow_frame_list_begun(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                               int64_t top, WorkflowFrameList *list_r, Error *err)
{
    SqlItems items;
    Below below;
    if (!find_below(tx, scope, arena, execution, top, &below, err) ||
        !sql_list(tx, arena,
                  DB_SAME(FRAMES "AND state = 'waiting' AND wait IN ('approval', 'workflow')"
                                 " ORDER BY number"),
                  DB_ARGS(db_text(scope->workspace), db_text(execution)), read_frame,
                  sizeof(WorkflowFrame), &items, err))
        return false;
    WorkflowFrameList list = { items.at, 0 };
    for (size_t i = 0; i < items.count; i++) {
        int64_t number = list.at[i].number;
        if (number == top || (number < below.count && below.at[number]))
            list.at[list.count++] = list.at[i];
    }
    *list_r = list;
    return true;
}

#define STOPPED_COLUMNS 5

/* Those that were added together stand together: one row of values for each run of numbers. */
bool workflow_frame_stop(DbTx *tx, const Scope *scope, Arena *arena, Str execution, int64_t top,
                         Str state, Error *err)
{
    VEC(DbValue) values = { 0 };
    Below below;
    if (!find_below(tx, scope, arena, execution, top, &below, err))
        return false;
    for (int64_t first = 0; first < below.count; first++) {
        int64_t last = first;
        if (!below.at[first])
            continue;
        while (last + 1 < below.count && below.at[last + 1])
            last++;
        const DbValue row[STOPPED_COLUMNS] = { db_text(scope->workspace), db_text(execution),
                                               db_int(first), db_int(last), db_text(state) };
        for (size_t i = 0; i < STOPPED_COLUMNS; i++)
            *vec_push(arena, &values) = row[i];
        first = last;
    }
    return db_exec_many(tx,
                        DB_SAME("UPDATE workflow_frames SET state = $5, wait = '', wait_until = 0,"
                                " wait_event = '' WHERE workspace = $1 AND execution = $2"
                                " AND number BETWEEN $3 AND $4"
                                " AND state IN ('queued', 'active', 'waiting')"),
                        values.at, STOPPED_COLUMNS, values.count / STOPPED_COLUMNS, err);
}

bool workflow_frame_restart(DbTx *tx, const Scope *scope, Str execution, Str position, Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE workflow_frames SET state = 'active', wait = '', wait_until = 0,"
                " wait_event = '', woken = '', error = '', children_left = 0, attempt = 1,"
                " is_step_open = 0, position = CASE WHEN $3 = '' THEN position ELSE $3 END"
                " WHERE workspace = $1 AND execution = $2 AND number = 0"),
        DB_ARGS(db_text(scope->workspace), db_text(execution), db_text(position)), "execution",
        execution, err);
}

static void read_child(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowFrame *)item = (WorkflowFrame){
        .number = db_get_int(row, 0),
        .place = db_get_int(row, 1),
        .state = db_get_text(row, 2, arena),
        .error = db_get_text(row, 3, arena),
        .item = db_get_text(row, 4, arena),
    };
}

bool workflow_frame_children(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                             int64_t parent, int64_t first, WorkflowFrameList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(
            tx, arena,
            DB_SAME("SELECT f.number, f.place, f.state, f.error, coalesce(s.output, '')"
                    " FROM workflow_frames f LEFT JOIN workflow_steps s"
                    " ON s.workspace = f.workspace AND s.execution = f.execution"
                    " AND s.frame = f.number AND s.number = f.step_count"
                    " WHERE f.workspace = $1 AND f.execution = $2 AND f.parent = $3"
                    " AND f.number >= $4 ORDER BY f.number"),
            DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(parent), db_int(first)),
            read_child, sizeof(WorkflowFrame), &items, err))
        return false;
    *list_r = (WorkflowFrameList){ items.at, items.count };
    return true;
}

static void read_lost(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowKey *)item = (WorkflowKey){ .workspace = db_get_text(row, 0, arena),
                                          .execution = db_get_text(row, 1, arena),
                                          .frame = db_get_int(row, 2),
                                          .is_waiting = db_get_int(row, 3) != 0,
                                          .error = db_get_text(row, 4, arena) };
}

/* Jobs of a frame that are waiting, running or delayed (see jobs_store.h). The index of subjects
 * has none that are empty. */
#define HAS_JOB(type, subject)                                                                     \
    " EXISTS (SELECT 1 FROM jobs j WHERE j.workspace = f.workspace AND j.type = '" type            \
    "' AND j.subject = " subject " AND j.subject <> '' AND j.state IN (0, 1, 5))"
#define FRAME_SUBJECT "f.execution || '/' || f.number"
#define TIMER_SUBJECT FRAME_SUBJECT " || '/' || f.step_count || '/' || f.attempt"

bool workflow_frame_list_lost(DbTx *tx, const Scope *scope, Arena *arena, int64_t before_ms,
                              int64_t limit, WorkflowKeyList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_needs_system(scope, err) ||
        !sql_list(
            tx, arena,
            DB_SAME(
                "SELECT f.workspace, f.execution, f.number,"
                " CASE WHEN f.state = 'waiting' THEN 1 ELSE 0 END,"
                " coalesce((SELECT max(j.error) FROM jobs j WHERE j.workspace = f.workspace"
                " AND j.type = 'workflow_run' AND j.subject = " FRAME_SUBJECT
                " AND j.subject <> '' AND j.state = 3), '')"
                " FROM workflow_executions e JOIN workflow_frames f"
                " ON f.workspace = e.workspace AND f.execution = e.id"
                " WHERE e.finished_at = 0 AND e.state = 'running' AND e.created_at < $1"
                " AND ((f.state = 'active' AND NOT" HAS_JOB(
                    "workflow_run",
                    FRAME_SUBJECT) ") OR (f.state = 'waiting' AND f.wait_until > 0 AND "
                                   "f.wait_until < $1"
                                   " AND NOT" HAS_JOB("workflow_timer",
                                                      TIMER_SUBJECT) ")) ORDER BY e.created_at, "
                                                                     "f.number LIMIT $2"),
            DB_ARGS(db_int(before_ms), db_int(limit)), read_lost, sizeof(WorkflowKey), &items, err))
        return false;
    *list_r = (WorkflowKeyList){ items.at, items.count };
    return true;
}

static void read_waiter(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowWaiter *)item = (WorkflowWaiter){ db_get_text(row, 0, arena), db_get_int(row, 1) };
}

bool workflow_waiters(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Str event,
                      WorkflowWaiterList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT f.execution, f.number FROM workflow_frames f"
                          " JOIN workflow_executions e ON e.workspace = f.workspace"
                          " AND e.id = f.execution WHERE f.workspace = $1 AND f.wait_event = $2"
                          " AND f.wait_event <> '' AND ($3 = '' OR f.execution = $3)"
                          " AND f.state = 'waiting' AND e.state IN ('running', 'paused')"
                          " ORDER BY f.execution, f.number LIMIT 1000"),
                  DB_ARGS(db_text(scope->workspace), db_text(event), db_text(execution)),
                  read_waiter, sizeof(WorkflowWaiter), &items, err))
        return false;
    *list_r = (WorkflowWaiterList){ items.at, items.count };
    return true;
}
