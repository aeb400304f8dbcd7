/* workflows_store.h - the tables `workflow_executions`, `workflow_frames` and `workflow_steps`:
 * what became of each start of a workflow. Definitions are recipes of the kind RECIPE_WORKFLOW.
 *
 *     running -> done, failed, cancelled         running <-> paused         failed -> running
 * (retry)
 *
 * A frame is one sequence of steps being walked. Frame 0 is the workflow's own; a parallel step
 * makes one for each branch, a for-each one for each item, and goes on when they are over.
 *
 *     queued -> active -> waiting -> active ...  -> done, failed, cancelled
 *
 * One step moves its frame by workflow_move(), which stores the result and the new position at
 * once, and only when the frame still stands where the step began: whoever comes too late changes
 * nothing. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

#define RECIPE_WORKFLOW "workflow"
#define WORKFLOW_FRAMES_MAX 10000 /* branches and items of an execution */

typedef struct WorkflowExecution {
    Str id, workflow;
    int64_t version;
    Str name, body; /* of the workflow, as it was */
    Str document, user, started_by;
    Str api_key; /* that it was started with; empty: none */
    Str key;     /* another start of the workflow with it finds this one; empty: none */
    bool is_dry;
    Str parent; /* execution that waits for this one; empty: none */
    int64_t parent_frame, depth;
    Str state, input, output;
    Str error_code, error, error_step;
    int64_t created_at_ms, finished_at_ms, expires_at_ms; /* 0: not yet; never */
} WorkflowExecution;

typedef struct WorkflowExecutionList {
    WorkflowExecution *at;
    size_t count;
    Str next;
} WorkflowExecutionList;

typedef struct WorkflowFrame {
    int64_t number, parent; /* parent -1: none */
    Str step;               /* of the parent's */
    int64_t place;
    Str item; /* JSON; empty: none */
    Str position;
    int64_t attempt;
    Str state, wait;
    int64_t wait_until_ms;
    Str wait_event, woken, error;
    int64_t children_left;
    int64_t step_count; /* rows of its steps */
    bool is_step_open;  /* the last of them is under way: it is written over */
} WorkflowFrame;

typedef struct WorkflowFrameList {
    WorkflowFrame *at;
    size_t count;
} WorkflowFrameList;

typedef struct WorkflowStep {
    int64_t frame, number; /* number: of the frame's steps, from 1 */
    Str step, type, state;
    int64_t attempt;
    Str input, output; /* JSON */
    Str error_code, error;
    int64_t tokens, cost_pd;
    int64_t started_at_ms, finished_at_ms;
} WorkflowStep;

typedef struct WorkflowStepList {
    WorkflowStep *at;
    size_t count;
    Str next;
} WorkflowStepList;

/* --- Executions --- */

/* Adds it with a new id, running, with its frame 0 at `position`. When its key was used before,
 * *execution is that one and *is_new_r false. */
MUST_CHECK bool workflow_execution_add(DbTx *tx, const Scope *scope, Arena *arena,
                                       WorkflowExecution *execution, Str position, bool *is_new_r,
                                       Error *err);
MUST_CHECK bool workflow_execution_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                        WorkflowExecution *execution_r, Error *err);

typedef struct WorkflowExecutionFilter {
    Str workflow, document, state, user; /* empty: any */
    Str parent;                          /* empty: none; "*": any */
} WorkflowExecutionFilter;
/* Newest first, without `body`, `input` and `output`. */
MUST_CHECK bool workflow_execution_list(DbTx *tx, const Scope *scope, Arena *arena,
                                        const WorkflowExecutionFilter *filter, const Slice *slice,
                                        WorkflowExecutionList *list_r, Error *err);
/* From one of two states to another, when it is in one of them; *changed_r. `from_b` may be
 * empty. */
MUST_CHECK bool workflow_execution_set_state(DbTx *tx, const Scope *scope, Str id, Str from_a,
                                             Str from_b, Str state, bool *changed_r, Error *err);
/* It is over: state, output, errors and the time. Only one that runs or is paused changes. */
MUST_CHECK bool workflow_execution_end(DbTx *tx, const Scope *scope,
                                       const WorkflowExecution *execution, bool *changed_r,
                                       Error *err);
/* An execution of any workspace, for jobs that serve all of them. */
typedef struct WorkflowKey {
    Str workspace, execution;
    int64_t frame;
    bool is_waiting;
    Str error; /* why its job gave up; empty: it did not */
} WorkflowKey;
typedef struct WorkflowKeyList {
    WorkflowKey *at;
    size_t count;
} WorkflowKeyList;
/* Those that are past their time. */
MUST_CHECK bool workflow_execution_list_expired(DbTx *tx, const Scope *scope, Arena *arena,
                                                int64_t now_ms, int64_t limit,
                                                WorkflowKeyList *list_r, Error *err);
/* Executions that were over before this time; *count_r, at most `limit` at once. */
MUST_CHECK bool workflow_execution_purge(DbTx *tx, const Scope *scope, int64_t before_ms,
                                         int64_t limit, int64_t *count_r, Error *err);

/* How executions ended since a time, by the name of their workflow; dry runs, those that others
 * started and cancelled ones do not count. */
typedef struct WorkflowEnds {
    Str name;
    int64_t done, failed;
} WorkflowEnds;
typedef struct WorkflowEndsList {
    WorkflowEnds *at;
    size_t count;
} WorkflowEndsList;
MUST_CHECK bool workflow_ends(DbTx *tx, const Scope *scope, Arena *arena, int64_t since_ms,
                              WorkflowEndsList *list_r, Error *err);

/* Open pages are told of it: by its id, when everybody may see it; `state` empty: it took a step.
 */
MUST_CHECK bool workflow_tell(DbTx *tx, const Scope *scope, Str id, Str state, Error *err);

/* --- Frames (workflow_frames_store.c) --- */

MUST_CHECK bool workflow_frame_find(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                    int64_t number, WorkflowFrame *frame_r, Error *err);
/* By number, at most one thousand; `state` empty: of any. */
MUST_CHECK bool workflow_frame_list(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                    Str state, WorkflowFrameList *list_r, Error *err);
/* Adds children of a frame, numbered behind those there are, from *first_r on: the first `active`
 * are active, the others queued. */
MUST_CHECK bool workflow_frame_add(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                   const WorkflowFrame *frames, size_t count, size_t active,
                                   int64_t *first_r, Error *err);
/* A queued child of `parent` becomes active; *changed_r false: there is none of this number. */
MUST_CHECK bool workflow_frame_begin(DbTx *tx, const Scope *scope, Str execution, int64_t number,
                                     int64_t parent, bool *changed_r, Error *err);
/* A waiting frame is active again, with what woke it (JSON); *changed_r false: it did not wait for
 * this. `wait` is what it must wait for, `until_ms` until when; empty and -1: anything. */
MUST_CHECK bool workflow_frame_wake(DbTx *tx, const Scope *scope, Str execution, int64_t number,
                                    Str wait, int64_t until_ms, Str woken, bool *changed_r,
                                    Error *err);
/* One child less; *left_r: how many are not over. */
MUST_CHECK bool workflow_frame_child_over(DbTx *tx, const Scope *scope, Str execution,
                                          int64_t number, int64_t *left_r, Error *err);
/* The frames below `top` that are not over get this state, at any depth; -1: all. */
MUST_CHECK bool workflow_frame_stop(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                    int64_t top, Str state, Error *err);
/* The frame `top` and those below it that wait for an approval or another execution, by number. */
MUST_CHECK bool workflow_frame_list_begun(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                          int64_t top, WorkflowFrameList *list_r, Error *err);
/* Frame 0 begins again at this step; empty: at the one where it stands. */
MUST_CHECK bool workflow_frame_restart(DbTx *tx, const Scope *scope, Str execution, Str position,
                                       Error *err);
/* Children of a frame's step from `first` on, with the output of the last step of each as `item`.
 */
MUST_CHECK bool workflow_frame_children(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                        int64_t parent, int64_t first, WorkflowFrameList *list_r,
                                        Error *err);
/* Active frames of executions that run, and waiting ones whose time came before this, that no job
 * will walk: of executions begun before it. System scope. */
MUST_CHECK bool workflow_frame_list_lost(DbTx *tx, const Scope *scope, Arena *arena,
                                         int64_t before_ms, int64_t limit, WorkflowKeyList *list_r,
                                         Error *err);
/* Waits of an event with this name in executions that are not over, at most one thousand. */
typedef struct WorkflowWaiter {
    Str execution;
    int64_t frame;
} WorkflowWaiter;
typedef struct WorkflowWaiterList {
    WorkflowWaiter *at;
    size_t count;
} WorkflowWaiterList;
MUST_CHECK bool workflow_waiters(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                 Str event, WorkflowWaiterList *list_r, Error *err);

/* --- Steps (workflow_steps_store.c) --- */

/* What one step, or several that were walked at once, did to a frame. */
typedef struct WorkflowMove {
    Str execution;
    WorkflowFrame frame; /* as it is to be */
    Str from;            /* the position where it stood, active */
    int64_t attempt;     /* that was being made there */
    int64_t began;       /* its step_count there */
} WorkflowMove;
/* ERROR_CONFLICT when the frame does not stand there any more, or its execution is over. */
MUST_CHECK bool workflow_move(DbTx *tx, const Scope *scope, const WorkflowMove *move, Error *err);
/* What it walked, in the same transaction. */
MUST_CHECK bool workflow_step_save(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                   const WorkflowStep *steps, size_t count, Error *err);
/* By frame, in the order in which it began them; `frame` -1: of all. */
MUST_CHECK bool workflow_step_list(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                   int64_t frame, const Slice *slice, WorkflowStepList *list_r,
                                   Error *err);
/* Only `step` and `output`, of those that are done in a frame, in their order. */
MUST_CHECK bool workflow_step_outputs(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                      int64_t frame, WorkflowStepList *list_r, Error *err);

/* How a workflow's steps did, over executions since a time. */
typedef struct WorkflowStepFigures {
    Str step, type;
    int64_t runs, done, failed, tries;
    int64_t mean_ms, slowest_ms, tokens, cost_pd;
} WorkflowStepFigures;
typedef struct WorkflowErrorFigures {
    Str step, code, error; /* error: the last of them */
    int64_t count;
} WorkflowErrorFigures;
typedef struct WorkflowFigures {
    int64_t runs, done, failed, cancelled, open;
    int64_t mean_ms; /* of those that are done */
    WorkflowStepFigures *steps;
    size_t step_count;
    WorkflowErrorFigures *errors; /* most frequent first, at most 50 */
    size_t error_count;
} WorkflowFigures;
MUST_CHECK bool workflow_figures(DbTx *tx, const Scope *scope, Arena *arena, Str workflow,
                                 int64_t since_ms, WorkflowFigures *figures_r, Error *err);

/* --- Triggers (workflow_triggers_store.c) --- */

typedef struct WorkflowTrigger {
    Str workflow, kind, rule; /* rule: JSON, as the definition has it */
    Str user, api_key;        /* who saved it, and by which key; empty: none */
} WorkflowTrigger;
typedef struct WorkflowTriggerList {
    WorkflowTrigger *at;
    size_t count;
} WorkflowTriggerList;
/* All that a workflow has from now on. */
MUST_CHECK bool workflow_trigger_set(DbTx *tx, const Scope *scope, Str workflow,
                                     const WorkflowTrigger *triggers, size_t count, Error *err);
/* Of a kind; `workflow` empty: of all. */
MUST_CHECK bool workflow_trigger_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind,
                                      Str workflow, WorkflowTriggerList *list_r, Error *err);
