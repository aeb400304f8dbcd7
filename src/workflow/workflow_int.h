/* workflow_int.h - what the files of the engine share. Not for others. */
#pragma once

#include "store/schedules_store.h"
#include "workflow/steps.h"

#define JOB_WORKFLOW_RUN "workflow_run"
#define JOB_WORKFLOW_TIMER "workflow_timer"
#define JOB_WORKFLOW_START "workflow_start"

struct Workflows {
    WorkflowsOptions options;
    HttpClient *http;
};

/* One frame being walked by a job. */
typedef struct Walk {
    Workflows *workflows;
    Job *job;
    Arena *arena;
    Scope scope; /* of whoever started it */
    WorkflowExecution execution;
    bool is_due;
    json_t *body;              /* the definition */
    WorkflowFrame frame;       /* as it is now */
    WorkflowFrame stood;       /* as it is stored */
    const json_t *sequence;    /* of the frame; in `body` */
    const json_t *parent_step; /* that the frame belongs to; NULL: none */
    Str said;                  /* the sequence as JSON: what its expressions can ask for */
    json_t *names;             /* what expressions see */
    VEC(WorkflowStep) steps;   /* walked, not yet stored */
    /* Of them, those whose commits are due. */
    VEC(struct StepResult) joined;
    NoticeVec notices; /* of the transaction that stores */
    /* No step joins another: one of several was refused. */
    bool is_alone;
} Walk;

/* How one step ended, for the frame. */
typedef enum StepEnd {
    STEP_DONE,
    STEP_SKIPPED,
    STEP_WAITS, /* as `wait` says */
} StepEnd;

typedef struct StepResult {
    StepEnd end;
    Str next;               /* the step behind it; empty: the end */
    json_t *output, *input; /* input: as it was filled in; both the result's own */
    int64_t tokens, cost_pd, started_at_ms;
    StepWait wait;
    WorkflowFrame *children; /* that it waits for */
    size_t child_count;
    StepRun *run; /* whose commit() is due; NULL: none */
    StepCommit *commit;
    bool joins; /* see StepType */
} StepResult;

/* --- names.c --- */

/* What expressions see in this frame, and the sequence that it walks. */
MUST_CHECK bool walk_names(Walk *walk, DbTx *tx, Error *err);
/* Whether a sequence (as JSON) may ask for what this step gave: by its name, or for all there are.
 */
bool workflow_mentions_step(Str sequence, Str step);
void walk_name_step(Walk *walk, Str step, const json_t *output);
/* A document as expressions see it. */
json_t *workflow_document_names(const Document *document);

/* --- flow.c, step.c: false when the step failed --- */

MUST_CHECK bool walk_flow(Walk *walk, const json_t *step, Str type, StepResult *result, Error *err);
MUST_CHECK bool walk_step(Walk *walk, const json_t *step, StepResult *result, Error *err);
/* The value of an expression that stands under a member of the step. */
MUST_CHECK bool walk_value(Walk *walk, const json_t *step, const char *member, json_t **value_r,
                           Error *err);
/* What woke the frame says that its time was up. */
bool walk_timed_out(const json_t *woken);
/* When a step that waits from now on has waited too long; 0: never. */
int64_t walk_timeout_ms(const json_t *step);
/* At most this many children walk at the same time. */
int64_t workflow_at_once(const json_t *step);

/* --- triggers.c --- */

/* The time of a workflow's trigger by the clock has come: the `number`th of that kind. One that is
 * no longer there starts nothing. */
MUST_CHECK bool workflow_trigger_due(DbTx *tx, const Scope *scope, Arena *arena, Str workflow,
                                     int64_t number, Str key, Error *err);

/* --- schedules.c --- */

/* When a trigger of the kind `schedule` comes: type, rule or interval, and the next time.
 * ERROR_INVALID says what is wrong. */
MUST_CHECK bool workflow_trigger_times(const json_t *trigger, Schedule *schedule_r, Error *err);
/* The schedules of these triggers, and no others, from now on. */
MUST_CHECK bool workflow_schedules_keep(DbTx *tx, const Scope *scope, Arena *arena,
                                        const Recipe *workflow, const WorkflowTrigger *triggers,
                                        size_t count, Error *err);

/* --- over.c --- */

/* In the transaction in which the frame of a walk is done or failed. */
MUST_CHECK bool frame_over(Walk *walk, DbTx *tx, Error *err);
/* A frame that waits goes on with `woken` before what it waits for is over: the approvals that were
 * asked for end, branches and items stop, executions that were started are cancelled. Of *waits
 * number, wait and wait_until_ms count (-1: any). ERROR_CONFLICT when it waits no more. */
MUST_CHECK bool frame_go_on_without(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                    const WorkflowFrame *waits, Str woken, Error *err);
/* An execution is over, as *execution says: its frames, what it asked people, what it has begun,
 * and whoever waits for it. Its `body` is read. */
MUST_CHECK bool execution_over(DbTx *tx, const Scope *scope, Arena *arena,
                               const WorkflowExecution *execution, Error *err);

/* --- steer.c --- */

/* A job for the frame, or one more round of it. */
MUST_CHECK bool frame_job_add(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                              int64_t frame, Error *err);
/* A job that wakes it when its time is up. */
MUST_CHECK bool frame_timer_add(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                const WorkflowFrame *frame, Error *err);
/* The executions that this one waits for, or one of its frames; `frame` -1: any. */
MUST_CHECK bool executions_cancel_started(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                          int64_t frame, Error *err);
/* {"code", "message", "step"} of a failure, as error branches see it. */
Str workflow_error_json(Arena *arena, Str code, Str message, Str step);
