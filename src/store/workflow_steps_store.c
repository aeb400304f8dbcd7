#include "store/sql.h"
#include "store/workflows_store.h"

#define STEP_COLUMNS 16

/* The row of a step that is under way is written over, so that it stands once however often it was
 * tried. */
bool workflow_step_save(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                        const WorkflowStep *steps, size_t count, Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, count * STEP_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        const WorkflowStep *step = &steps[i];
        const DbValue row[STEP_COLUMNS] = {
            db_text(scope->workspace),    db_text(execution),        db_int(step->frame),
            db_int(step->number),         db_text(step->step),       db_text(step->type),
            db_text(step->state),         db_int(step->attempt),     db_text(step->input),
            db_text(step->output),        db_text(step->error_code), db_text(step->error),
            db_int(step->tokens),         db_int(step->cost_pd),     db_int(step->started_at_ms),
            db_int(step->finished_at_ms),
        };
        memcpy(&values[i * STEP_COLUMNS], row, sizeof row);
    }
    return db_exec_many(
        tx,
        DB_SAME(
            "INSERT INTO workflow_steps (workspace, execution, frame, number, step, type, state,"
            " attempt, input, output, error_code, error, tokens, cost, started_at, finished_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
            " ON CONFLICT (workspace, execution, frame, number) DO UPDATE SET"
            " state = excluded.state, attempt = excluded.attempt, input = excluded.input,"
            " output = excluded.output, error_code = excluded.error_code, error = excluded.error,"
            " tokens = workflow_steps.tokens + excluded.tokens,"
            " cost = workflow_steps.cost + excluded.cost, finished_at = excluded.finished_at"),
        values, STEP_COLUMNS, count, err);
}

bool workflow_move(DbTx *tx, const Scope *scope, const WorkflowMove *move, Error *err)
{
    const WorkflowFrame *to = &move->frame;
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE workflow_frames SET position = $6, attempt = $7, state = $8,"
                         " wait = $9, wait_until = $10, wait_event = $11, woken = $12, error = $13,"
                         " children_left = $14, step_count = $15, is_step_open = $16"
                         " WHERE workspace = $1 AND execution = $2 AND number = $3"
                         " AND state = 'active' AND position = $4 AND attempt = $5"
                         " AND step_count = $17 AND EXISTS (SELECT 1 FROM workflow_executions e"
                         " WHERE e.workspace = $1 AND e.id = $2"
                         " AND e.state IN ('running', 'paused'))"),
                 DB_ARGS(db_text(scope->workspace), db_text(move->execution), db_int(to->number),
                         db_text(move->from), db_int(move->attempt), db_text(to->position),
                         db_int(to->attempt), db_text(to->state), db_text(to->wait),
                         db_int(to->wait_until_ms), db_text(to->wait_event), db_text(to->woken),
                         db_text(to->error), db_int(to->children_left), db_int(to->step_count),
                         db_int(to->is_step_open), db_int(move->began)),
                 &changed, err))
        return false;
    if (!changed)
        return fail(err, ERROR_CONFLICT, "the execution has moved on or is over");
    return workflow_tell(tx, scope, move->execution, STR_NONE, err);
}

#define STEPS                                                                                      \
    "SELECT number, frame, step, type, state, attempt, input, output, error_code, error, tokens,"  \
    " cost, started_at, finished_at FROM workflow_steps"                                           \
    " WHERE workspace = $1 AND execution = $2 "

static void read_step(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowStep *)item = (WorkflowStep){
        .number = db_get_int(row, 0),
        .frame = db_get_int(row, 1),
        .step = db_get_text(row, 2, arena),
        .type = db_get_text(row, 3, arena),
        .state = db_get_text(row, 4, arena),
        .attempt = db_get_int(row, 5),
        .input = db_get_text(row, 6, arena),
        .output = db_get_text(row, 7, arena),
        .error_code = db_get_text(row, 8, arena),
        .error = db_get_text(row, 9, arena),
        .tokens = db_get_int(row, 10),
        .cost_pd = db_get_int(row, 11),
        .started_at_ms = db_get_int(row, 12),
        .finished_at_ms = db_get_int(row, 13),
    };
}

bool workflow_step_list(DbTx *tx, const Scope *scope, Arena *arena, Str execution, int64_t frame,
                        const Slice *slice, WorkflowStepList *list_r, Error *err)
{
    SqlItems items;
    int64_t limit = slice_limit(slice), after = 0;

    if (slice && slice->after.length && !str_to_int(slice->after, 0, INT64_MAX, &after))
        return fail_field(err, "after", "'after' is the 'next' of the part before");
    if (!sql_list(tx, arena,
                  DB_SAME(STEPS "AND ($3 = -1 OR frame = $3) AND frame * 1000000 + number > $4"
                                " ORDER BY frame, number LIMIT $5"),
                  DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(frame),
                          db_int(after), db_int(limit + 1)),
                  read_step, sizeof(WorkflowStep), &items, err))
        return false;
    *list_r = (WorkflowStepList){ .at = items.at, .count = MIN(items.count, (size_t)limit) };
    if (items.count > (size_t)limit)
        list_r->next =
            str_format(arena, "%" PRId64,
                       list_r->at[limit - 1].frame * 1000000 + list_r->at[limit - 1].number);
    return true;
}

static void read_output(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowStep *)item =
        (WorkflowStep){ .step = db_get_text(row, 0, arena), .output = db_get_text(row, 1, arena) };
}

bool workflow_step_outputs(DbTx *tx, const Scope *scope, Arena *arena, Str execution, int64_t frame,
                           WorkflowStepList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT step, output FROM workflow_steps"
                          " WHERE workspace = $1 AND execution = $2 AND frame = $3"
                          " AND state IN ('done', 'skipped') ORDER BY number"),
                  DB_ARGS(db_text(scope->workspace), db_text(execution), db_int(frame)),
                  read_output, sizeof(WorkflowStep), &items, err))
        return false;
    *list_r = (WorkflowStepList){ .at = items.at, .count = items.count };
    return true;
}

/* --- Figures --- */

static void read_figures(DbRows *row, Arena *arena, void *item)
{
    (void)arena;
    *(WorkflowFigures *)item = (WorkflowFigures){
        .runs = db_get_int(row, 0),
        .done = db_get_int(row, 1),
        .failed = db_get_int(row, 2),
        .cancelled = db_get_int(row, 3),
        .open = db_get_int(row, 4),
        .mean_ms = db_get_int(row, 5),
    };
}

static void read_step_figures(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowStepFigures *)item = (WorkflowStepFigures){
        .step = db_get_text(row, 0, arena),
        .type = db_get_text(row, 1, arena),
        .runs = db_get_int(row, 2),
        .done = db_get_int(row, 3),
        .failed = db_get_int(row, 4),
        .tries = db_get_int(row, 5),
        .mean_ms = db_get_int(row, 6),
        .slowest_ms = db_get_int(row, 7),
        .tokens = db_get_int(row, 8),
        .cost_pd = db_get_int(row, 9),
    };
}

static void read_error_figures(DbRows *row, Arena *arena, void *item)
{
    *(WorkflowErrorFigures *)item = (WorkflowErrorFigures){ .step = db_get_text(row, 0, arena),
                                                            .code = db_get_text(row, 1, arena),
                                                            .error = db_get_text(row, 2, arena),
                                                            .count = db_get_int(row, 3) };
}

#define WHEN(column, state) "sum(CASE WHEN " column "state = '" state "' THEN 1 ELSE 0 END)"
/* Executions that count, as `e`; $2 the workflow, $3 the time. */
#define COUNTED "e.workspace = $1 AND e.workflow = $2 AND e.created_at >= $3 AND e.is_dry = 0"
#define THEIR_STEPS                                                                                \
    " FROM workflow_executions e JOIN workflow_steps s"                                            \
    " ON s.workspace = e.workspace AND s.execution = e.id WHERE " COUNTED

bool workflow_figures(DbTx *tx, const Scope *scope, Arena *arena, Str workflow, int64_t since_ms,
                      WorkflowFigures *figures_r, Error *err)
{
    const DbValue args[] = { db_text(scope->workspace), db_text(workflow), db_int(since_ms) };
    WorkflowFigures figures = { 0 };
    SqlItems steps, errors;
    if (!sql_find(
            tx, arena,
            DB_SAME("SELECT count(*), " WHEN("e.", "done") ", " WHEN("e.", "failed") ", " WHEN(
                "e.",
                "cancelled") ", " WHEN("e.",
                                       "running") " + " WHEN("e.",
                                                             "paused") ", CAST(coalesce(avg(CASE "
                                                                       "WHEN e.state = 'done'"
                                                                       " THEN e.finished_at - "
                                                                       "e.created_at END), 0) AS "
                                                                       "BIGINT)"
                                                                       " FROM workflow_executions "
                                                                       "e WHERE " COUNTED),
            args, COUNT(args), read_figures, &figures, "workflow", workflow, err) ||
        !sql_list(
            tx, arena,
            DB_SAME("SELECT s.step, max(s.type), count(*), " WHEN("s.", "done") ", " WHEN(
                "s.", "failed") ", sum(s.attempt),"
                                " CAST(avg(s.finished_at - s.started_at) AS BIGINT),"
                                " max(s.finished_at - s.started_at), CAST(sum(s.tokens) AS BIGINT),"
                                " CAST(sum(s.cost) AS BIGINT)" THEIR_STEPS
                                " AND s.finished_at > 0 GROUP BY s.step"
                                " ORDER BY min(s.frame), min(s.number)"),
            args, COUNT(args), read_step_figures, sizeof(WorkflowStepFigures), &steps, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT s.step, s.error_code, max(s.error), count(*)" THEIR_STEPS
                          " AND s.error_code <> '' GROUP BY s.step, s.error_code"
                          " ORDER BY count(*) DESC, s.step LIMIT 50"),
                  args, COUNT(args), read_error_figures, sizeof(WorkflowErrorFigures), &errors,
                  err))
        return false;
    figures.steps = steps.at;
    figures.step_count = steps.count;
    figures.errors = errors.at;
    figures.error_count = errors.count;
    *figures_r = figures;
    return true;
}
