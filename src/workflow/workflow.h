/* workflow.h - documents on their way: workflows started, walked, stopped and told of.
 *
 *     start -> execution + frame 0 + job "workflow_run" EXECUTION/0
 *              job: step after step: result and new position in one transaction
 *                   |-> branch, item: frames of their own, a job for each
 *                   |-> wait: the frame waits; a timer job or workflow_event() wakes it
 *                   '-> end: output; a parent goes on
 *
 * A job that dies is taken over by another, on any node, and goes on with the step that it was at.
 * Steps of ours happen once; steps that ask others may ask again, with the same key. A running
 * execution keeps the definition that it began with.
 *
 * Threads: any. */
#pragma once

#include "classify/labels.h"
#include "fields/run.h"
#include "jobs/job_queue.h"
#include "models/models.h"
#include "net/http_client.h"
#include "notify/notify.h"
#include "store/recipes_store.h"
#include "store/workflows_store.h"
#include "summary/kept.h"
#include "workflow/definition.h"

typedef struct Workflows Workflows;

typedef struct WorkflowsOptions {
    Db *db;
    Library *library;
    Searcher *searcher;
    Labels *labels;
    Models *models;
    Summaries *summaries;
    const FieldReader *field_reader;
    const Proxy *proxy; /* of calls to others; NULL: none */
} WorkflowsOptions;

Workflows *workflows_new(const WorkflowsOptions *options);
void workflows_free(Workflows *workflows); /* NULL is fine */

#define WORKFLOW_INPUT_MAX KB(256)
#define WORKFLOW_OUTPUT_MAX KB(256) /* of a step, too */
#define WORKFLOW_NEST_MAX 5         /* executions started by others' steps */

/* --- Starting and steering; the transaction is the caller's --- */

typedef struct WorkflowStart {
    Str document;        /* empty: none */
    const json_t *input; /* an object; NULL: {} */
    Str started_by, key;
    bool is_dry;
    Str parent; /* execution whose frame waits for it; empty: none */
    int64_t parent_frame, depth;
} WorkflowStart;

/* Starts it for the scope's person. The input is checked by the workflow's schema. A key that was
 * used before finds the execution that it started. */
MUST_CHECK bool workflow_start(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *workflow,
                               const WorkflowStart *start, WorkflowExecution *execution_r,
                               Error *err);
/* Finishes the steps that run, then rests, as do the executions that it waits for.
 * ERROR_CONFLICT when it does not run. */
MUST_CHECK bool workflow_pause(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                               Error *err);
MUST_CHECK bool workflow_resume(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                Error *err);
/* With all that it has begun. */
MUST_CHECK bool workflow_cancel(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                Error *err);
/* One that failed or was cancelled goes on from this step of its own sequence; empty: from the one
 * that failed. */
MUST_CHECK bool workflow_retry_from(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                                    Str step, Error *err);
/* Wakes what waits for an event of this name, in one execution or (empty) in all; `told` is what
 * the step gives as `event`. *woken_r: how many steps. */
MUST_CHECK bool workflow_event(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Str event,
                               const json_t *told, int64_t *woken_r, Error *err);

/* --- Saving (triggers.c) --- */

/* What a recipe's triggers start from now on, by the clock too: after each change of its body, in
 * its transaction. */
MUST_CHECK bool workflow_saved(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *workflow,
                               Error *err);

/* Nothing starts it any more; in the transaction that removes it. */
MUST_CHECK bool workflow_removed(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *workflow,
                                 Error *err);

/* Something happened that workflows may be started by. */
typedef enum WorkflowTriggerKind {
#define TRIGGER(name, meaning) TRIGGER_##name,
#include "workflow/triggers.def"
#undef TRIGGER
    TRIGGER_KIND_COUNT
} WorkflowTriggerKind;
const char *workflow_trigger_name(WorkflowTriggerKind kind);
const char *workflow_trigger_meaning(WorkflowTriggerKind kind);

typedef struct WorkflowFacts {
    const Document *document; /* NULL: none */
    Str source;               /* which one: a hook's or folder's id; empty: it does not matter */
    const json_t *event;      /* what is told of it, an object; NULL: nothing */
    Str key;                  /* the same happening starts each workflow once */
} WorkflowFacts;
/* Starts, in the transaction in which it happened, every workflow of the workspace that has a
 * trigger for it; *started_r (may be NULL): how many. One whose own condition or input is wrong is
 * left out, with a line in the log. */
MUST_CHECK bool workflow_trigger(DbTx *tx, const Scope *scope, Arena *arena,
                                 WorkflowTriggerKind kind, const WorkflowFacts *facts,
                                 int64_t *started_r, Error *err);
/* For LibraryOptions.on_ready. */
MUST_CHECK bool workflow_document_ready(DbTx *tx, const Scope *scope, Arena *arena,
                                        const Document *document, Error *err);

/* For labels_set_listener(); `from` is a label set's id. */
MUST_CHECK bool workflow_classified(DbTx *tx, const Scope *scope, Arena *arena,
                                    const Classification *said, Error *err);
/* An ApprovalEnded: the step that asked for it goes on. */
struct Approval;
bool workflow_approval_ended(DbTx *tx, void *argument, const Scope *scope, Arena *arena,
                             const struct Approval *approval, Error *err);
/* Of an incoming webhook that was called, once: `body` is what came. */
MUST_CHECK bool workflow_hook_called(DbTx *tx, const Scope *scope, Arena *arena, Str hook, Str call,
                                     Str body, Error *err);

/* --- Templates --- */

typedef struct WorkflowTemplate {
    const char *name, *title, *about, *body; /* body: JSON */
} WorkflowTemplate;
const WorkflowTemplate *workflow_template_at(size_t index); /* NULL behind the last */
const WorkflowTemplate *workflow_template(Str name);        /* NULL: there is none */

/* Their argument is the Workflows. workflow_start_job: the subject or the payload's `workflow`
 * names one, the payload may have `input`, or `trigger`, which of its own by the clock it is; for
 * schedules. */
JobHandler workflow_run_job, workflow_timer_job, workflow_start_job;
JobHandler workflow_sweep_job; /* goes on with what nobody walks any more; the server's own */
JobHandler
    workflow_cleanup_job; /* of a workspace: ends what is past its time, clears old ones up */
